#include "compare.hpp"
#include "kernels/vae_kl.hpp"

namespace {

using kernels::VaeKl;

/// Recorded once, for one sample of all dimensions; then the mean over the samples.
template <class T>
class Replayed {
 public:
  Replayed(const VaeKl& kernel, int threads)
      : function_(one_sample(kernel)), columns_(kernel.dimensions), eps_(kernel.eps.begin(), kernel.eps.end()) {
    options_.threads = threads;
    options_.standard_errors = false;
  }
  double operator()(std::span<const double> x, std::span<double> gradient) {
    const auto samples = wengert::BasicSamples<T>::rows(eps_, columns_);
    const wengert::BatchResult result = wengert::mean_gradient(function_, x, samples, options_);
    std::copy(result.gradient.begin(), result.gradient.end(), gradient.begin());
    return result.value;
  }

 private:
  static wengert::Function one_sample(const VaeKl& kernel) {
    const auto sum = [&](const auto& x, const auto& eps) {
      const std::size_t D = kernel.dimensions;
      wengert::Var t = kernels::kl(x[0], x[D], eps[0]);
      for (std::size_t d = 1; d < D; ++d) t += kernels::kl(x[d], x[D + d], eps[d]);
      return t;
    };
    return wengert::record(sum, kernel.point(), std::vector<double>(kernel.dimensions, 0.5));
  }

  wengert::Function function_;
  std::size_t columns_;
  std::vector<T> eps_;
  wengert::BasicBatchOptions<T> options_;
};

}  // namespace

void add_vae_kl() {
  for (const auto& [D, S] : {std::pair{1, 1}, {64, 100}, {1000, 1000}}) {
    const auto& kernel = keep<VaeKl>(D, S);
    add_common_ways(kernel);
    add_way(kernel.name(), "simplified by hand", kernel.point(),
            [&kernel](auto x, auto gradient) { return kernel.gradient_simplified(x, gradient); });
    add_way(kernel.name(), "replayed", kernel.point(), Replayed<double>(kernel, 1));
    if (S == 1) continue;
    add_way(kernel.name(), "replayed, 2 threads", kernel.point(), Replayed<double>(kernel, 2));
    add_way(kernel.name(), "replayed, float", kernel.point(), Replayed<float>(kernel, 1), Check::Roughly);
  }
}
