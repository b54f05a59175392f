// What does a second thread bring? Wall time per sample of the demo's graph, replayed and fused, on one thread and on two, from
// 10^4 to 10^7 samples, as columns for gnuplot.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <limits>
#include <vector>

#include "kernels/inputs.hpp"
#include "kernels/vae_kl.hpp"
#include "wengert/fused_batch.hpp"

namespace {

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// Least wall time of a batch on one thread and on two, taken in turns.
template <class Function>
std::array<double, 2> least_times(const Function& f, const std::vector<double>& samples) {
  std::array<double, 2> least{std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};
  std::array<wengert::BatchResult, 2> results;
  const int repetitions = std::clamp<int>(static_cast<int>(20'000'000 / samples.size()), 5, 500);
  for (int k = 0; k < 2 * repetitions; ++k) {
    const int threads = 1 + k % 2;
    const double start = seconds();
    results[static_cast<std::size_t>(threads - 1)] =
        mean_gradient(f, std::array{0.5, 0.8}, samples, wengert::BatchOptions{.threads = threads, .standard_errors = false});
    double& time = least[static_cast<std::size_t>(threads - 1)];
    time = std::min(time, seconds() - start);
  }
  if (results[0].gradient != results[1].gradient) {
    fmt::print(stderr, "wengert_threads: two threads give another gradient than one\n");
    std::exit(1);
  }
  return least;
}

}  // namespace

int main() {
  const wengert::Function replayed = wengert::record(kernels::kl, 0.5, 0.8, 0.3);
  constexpr auto fused = wengert::fuse(kernels::kl);
  fmt::print("# samples  replayed_ns  replayed_2_threads_ns  fused_ns  fused_2_threads_ns\n");
  for (std::size_t samples = 10'000; samples <= 10'000'000; samples *= 10) {
    const std::vector<double> eps = kernels::Random(1).normals(samples);
    const auto [replayed_1, replayed_2] = least_times(replayed, eps);
    const auto [fused_1, fused_2] = least_times(fused, eps);
    const double per_sample = 1e9 / static_cast<double>(samples);
    fmt::print("{} {:.3f} {:.3f} {:.3f} {:.3f}\n", samples, replayed_1 * per_sample, replayed_2 * per_sample,
               fused_1 * per_sample, fused_2 * per_sample);
    std::fflush(stdout);
  }
}
