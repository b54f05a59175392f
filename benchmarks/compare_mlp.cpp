#include "compare.hpp"
#include "kernels/mlp.hpp"
#include "wengert/fuse.hpp"
#include "wengert/reductions.hpp"

namespace {

using kernels::Mlp;

/// One example recorded once, then the mean over the examples.
class Replayed {
 public:
  Replayed(const Mlp& kernel, int threads)
      : function_(wengert::record(
            [&](const auto& x, const auto& row) {
              const std::span<const wengert::Var> numbers = row;
              return kernel.squared_error<wengert::Var, wengert::Var>(x, numbers.first(Mlp::inputs), numbers.back());
            },
            kernel.point(), std::vector<double>(Mlp::inputs + 1, 0.5))) {
    for (std::size_t e = 0; e < Mlp::examples; ++e) {
      rows_.insert(rows_.end(), &kernel.data[e * Mlp::inputs], &kernel.data[e * Mlp::inputs] + Mlp::inputs);
      rows_.push_back(kernel.targets[e]);
    }
    options_.threads = threads;
    options_.standard_errors = false;
  }
  double operator()(std::span<const double> x, std::span<double> gradient) {
    const wengert::BatchResult mean =
        wengert::mean_gradient(function_, x, wengert::Samples::rows(rows_, Mlp::inputs + 1), options_);
    std::copy(mean.gradient.begin(), mean.gradient.end(), gradient.begin());
    return mean.value;
  }

 private:
  wengert::Function function_;
  std::vector<double> rows_;
  wengert::BatchOptions options_;
};

/// Each hidden unit as one node.
struct FusedUnit {
  static constexpr auto unit = wengert::fuse(kernels::hidden_unit);

  wengert::Var operator()(std::span<const wengert::Var> weights, const wengert::Var& bias, std::span<const double> row) const {
    return unit(weights.first<Mlp::inputs>(), bias, row.first<Mlp::inputs>());
  }
};

/// The same with its sum of products as one node.
struct UnitOfReductions {
  wengert::Var operator()(std::span<const wengert::Var> weights, const wengert::Var& bias, std::span<const double> row) const {
    return tanh(wengert::dot(weights, row) + bias);
  }
};

}  // namespace

void add_mlp() {
  const auto& kernel = keep<Mlp>();
  add_common_ways(kernel);
  add_adolc(kernel);
  add_way(kernel.name(), "fused pieces", kernel.point(), ways::OnTape(kernel, FusedUnit()));
  add_way(kernel.name(), "reductions", kernel.point(), ways::OnTape(kernel, UnitOfReductions()));
  add_way(kernel.name(), "replayed", kernel.point(), Replayed(kernel, 1));
}
