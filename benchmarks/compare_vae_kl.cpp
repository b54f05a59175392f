#include "compare.hpp"
#include "kernels/vae_kl.hpp"

void add_vae_kl() {
  for (const auto& [D, S] : {std::pair{1, 1}, {64, 100}, {1000, 1000}}) {
    const auto& kernel = keep<kernels::VaeKl>(D, S);
    add_common_ways(kernel);
    add_way(kernel.name(), "simplified by hand", kernel.point(),
            [&kernel](auto x, auto gradient) { return kernel.gradient_simplified(x, gradient); });
  }
}
