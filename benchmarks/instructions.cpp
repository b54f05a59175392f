// A small kernel, recorded and swept a known number of times, for counting instructions under callgrind:
//   wengert_instructions KERNEL REPETITIONS
// prints the operations of one repetition.
#include <fmt/format.h>

#include <cstdlib>
#include <string_view>
#include <vector>

#include "kernels/gmm.hpp"
#include "kernels/mlp.hpp"
#include "kernels/reductions.hpp"
#include "kernels/vae_kl.hpp"
#include "ways.hpp"

namespace {

template <class Kernel>
void run(const Kernel& kernel, int repetitions) {
  ways::OnTape<Kernel> way(kernel);
  const std::vector<double> x = kernel.point();
  std::vector<double> gradient(x.size());
  for (int k = 0; k < repetitions; ++k) way(x, gradient);
  fmt::print("{}\n", way.tape().size());
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view kernel = argc == 3 ? argv[1] : "";
  const int repetitions = argc == 3 ? std::atoi(argv[2]) : 0;
  if (repetitions > 0 && kernel == "vae_kl") return run(kernels::VaeKl(8, 25), repetitions), 0;
  if (repetitions > 0 && kernel == "gmm") return run(kernels::Gmm(2, 5, 20), repetitions), 0;
  if (repetitions > 0 && kernel == "product") return run(kernels::Product{1000}, repetitions), 0;
  if (repetitions > 0 && kernel == "mlp") return run(kernels::Mlp{}, repetitions), 0;
  fmt::print(stderr, "usage: wengert_instructions vae_kl|gmm|product|mlp REPETITIONS (more than 0)\n");
  return 2;
}
