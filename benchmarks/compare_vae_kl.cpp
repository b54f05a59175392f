#include "compare.hpp"
#include "kernels/vae_kl.hpp"
#include "wengert/fused_batch.hpp"
#include "wengert/instruction_set.hpp"

namespace {

using kernels::VaeKl;

constexpr auto fused_kl = wengert::fuse(kernels::kl);

/// The samples' eps, dimension by dimension.
template <class T>
std::vector<T> by_dimension(const VaeKl& kernel) {
  std::vector<T> eps(kernel.eps.size());
  for (std::size_t s = 0; s < kernel.samples; ++s)
    for (std::size_t d = 0; d < kernel.dimensions; ++d)
      eps[d * kernel.samples + s] = static_cast<T>(kernel.eps[s * kernel.dimensions + d]);
  return eps;
}

/// t of one sample in one dimension, recorded or fused, averaged over the samples of each dimension in turn.
template <class T, class Function>
class PerDimension {
 public:
  PerDimension(const VaeKl& kernel, Function function)
      : function_(std::move(function)), samples_(kernel.samples), eps_(by_dimension<T>(kernel)) {
    options_.threads = 1;
    options_.standard_errors = false;
  }
  double operator()(std::span<const double> x, std::span<double> gradient) {
    const std::size_t D = x.size() / 2;
    double sum = 0;
    for (std::size_t d = 0; d < D; ++d) {
      const wengert::BasicSamples<T> samples(std::span<const T>(&eps_[d * samples_], samples_));
      const wengert::BatchResult mean = wengert::mean_gradient(function_, std::array{x[d], x[D + d]}, samples, options_);
      sum += mean.value;
      gradient[d] = mean.gradient[0];
      gradient[D + d] = mean.gradient[1];
    }
    return sum;
  }

 private:
  Function function_;
  std::size_t samples_;
  std::vector<T> eps_;
  wengert::BasicBatchOptions<T> options_;
};

/// t of one sample in all dimensions, recorded once, averaged over the samples: one call for a gradient.
class WholeSamples {
 public:
  explicit WholeSamples(const VaeKl& kernel)
      : function_(wengert::record(
            [&](const auto& x, const auto& eps) {
              const std::size_t D = eps.size();
              wengert::Var sum = 0;
              for (std::size_t d = 0; d < D; ++d) sum += kernels::kl(x[d], x[D + d], eps[d]);
              return sum;
            },
            kernel.point(), std::vector<double>(kernel.dimensions, 0.3))),
        eps_(by_dimension<double>(kernel)),
        samples_(wengert::Samples::columns(eps_, kernel.dimensions)) {
    options_.threads = 1;
    options_.standard_errors = false;
  }
  double operator()(std::span<const double> x, std::span<double> gradient) {
    const wengert::BatchResult mean = wengert::mean_gradient(function_, x, samples_, options_);
    std::copy(mean.gradient.begin(), mean.gradient.end(), gradient.begin());
    return mean.value;
  }

 private:
  wengert::Function function_;
  std::vector<double> eps_;
  wengert::Samples samples_;  // of eps_, which keeps its place when a way moves
  wengert::BatchOptions options_;
};

/// The same on another instruction set.
template <class Way>
auto on(wengert::InstructionSet set, Way way) {
  return [set, way](std::span<const double> x, std::span<double> gradient) mutable {
    const wengert::InstructionSet before = wengert::instruction_set();
    wengert::use_instruction_set(set);
    const double value = way(x, gradient);
    wengert::use_instruction_set(before);
    return value;
  };
}

template <class T, class Function>
void add_batches(const VaeKl& kernel, const std::string& way, const Function& function) {
  const auto name = kernel.name();
  const auto point = kernel.point();
  add_way(name, way, point, PerDimension<double, Function>(kernel, function));
  if (kernel.samples == 1) return;
  add_way(name, way + ", float", point, PerDimension<float, Function>(kernel, function), Check::Roughly);
  for (const wengert::InstructionSet set : wengert::instruction_sets)
    if (wengert::supported(set))
      add_way(name, way + ", " + wengert::name(set), point, on(set, PerDimension<double, Function>(kernel, function)));
}

}  // namespace

void add_vae_kl() {
  for (const auto& [D, S] : {std::pair{1, 1}, {64, 100}, {1000, 1000}}) {
    const auto& kernel = keep<VaeKl>(D, S);
    add_common_ways(kernel);
#ifdef WENGERT_HAVE_ADOLC
    if (D < 1000)
      add_adolc(kernel, [](const adouble& mu, const adouble& sigma, double eps) -> adouble {
        const adouble z = mu + sigma * eps;
        const adouble u = (z - mu) / sigma;
        return -0.5 * u * u - log(sigma) + 0.5 * z * z;
      });
#endif
    const auto point = kernel.point();
    add_way(kernel.name(), "simplified by hand", point,
            [&kernel](auto x, auto gradient) { return kernel.gradient_simplified(x, gradient); });
    add_way(kernel.name(), "fused pieces", point, ways::OnTape(kernel, fused_kl));
    add_batches<double>(kernel, "replayed", wengert::record(kernels::kl, 0.5, 0.8, 0.3));
    if (S > 1 && D < 1000) add_way(kernel.name(), "replayed, whole samples", point, WholeSamples(kernel));
    if (S > 1) {
      add_batches<double>(kernel, "fused", fused_kl);
    } else {
      add_way(kernel.name(), "fused", point, [&kernel](std::span<const double> x, std::span<double> gradient) {
        const auto all = fused_kl.value_and_gradient(x[0], x[1], kernel.eps[0]);
        gradient[0] = all[1];
        gradient[1] = all[2];
        return all[0];
      });
    }
  }
}
