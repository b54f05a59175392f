#include "compare.hpp"
#include "kernels/reductions.hpp"
#include "wengert/fused_batch.hpp"
#include "wengert/reductions.hpp"

namespace {

/// exp recorded once, summed over the entries; the logarithm outside.
class ReplayedLogSumExp {
 public:
  double operator()(std::span<const double> x, std::span<double> gradient) {
    wengert::BatchOptions options{.threads = 1, .standard_errors = false, .sample_gradient = {gradient}};
    const wengert::BatchResult sum = wengert::sum_gradient(exp_, {}, wengert::Samples(x), options);
    const double d_sum = 1 / sum.value;
    for (double& g : gradient) g *= d_sum;
    return std::log(sum.value);
  }

 private:
  wengert::Function exp_ = wengert::record([](auto x) { return exp(x); }, 0.5);
};

constexpr auto fused_log_density = wengert::fuse(kernels::normal_log_density);

/// The density of one data point, recorded or fused, summed over the data.
template <class Function>
class SummedLogDensity {
 public:
  SummedLogDensity(const kernels::NormalLogDensity& kernel, Function function)
      : function_(std::move(function)), data_(kernel.data) {
    options_.threads = 1;
    options_.standard_errors = false;
  }
  double operator()(std::span<const double> x, std::span<double> gradient) {
    const wengert::BatchResult sum = wengert::sum_gradient(function_, std::array{x[0], x[1]}, data_, options_);
    std::copy(sum.gradient.begin(), sum.gradient.end(), gradient.begin());
    return sum.value;
  }

 private:
  Function function_;
  wengert::Samples data_;
  wengert::BatchOptions options_;
};

}  // namespace

void add_reductions() {
  const auto& log_sum_exp = keep<kernels::LogSumExp>(1000);
  add_common_ways(log_sum_exp);
  add_adolc(log_sum_exp);
  add_way(log_sum_exp.name(), "reductions", log_sum_exp.point(), ways::OnTape(log_sum_exp, wengert::log_sum_exp));
  add_way(log_sum_exp.name(), "replayed", log_sum_exp.point(), ReplayedLogSumExp());

  const auto& product = keep<kernels::Product>(1000);
  add_common_ways(product);
  add_adolc(product);
  add_way(product.name(), "replayed", product.point(), ways::ReplayedWhole(product));

  const auto& log_density = keep<kernels::NormalLogDensity>(1000);
  add_common_ways(log_density);
  const auto point = log_density.point();
  add_way(log_density.name(), "fused pieces", point, ways::OnTape(log_density, fused_log_density));
  add_way(log_density.name(), "replayed", point,
          SummedLogDensity(log_density, wengert::record(kernels::normal_log_density, 0.25, 1.5, 0.5)));
  add_way(log_density.name(), "fused", point, SummedLogDensity(log_density, fused_log_density));
}
