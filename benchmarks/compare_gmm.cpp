#include "compare.hpp"
#include "kernels/gmm.hpp"
#include "wengert/fuse.hpp"

namespace {

using kernels::Gmm;

/// One row of the data recorded once, then summed over the rows; and a function for the terms without data.
class Replayed {
 public:
  Replayed(const Gmm& kernel, int threads)
      : row_(wengert::record(
            [&](const auto& x, const auto& row) {
              return kernel.row_term<wengert::Var, wengert::Var>(x, std::span<const wengert::Var>(row));
            },
            kernel.point(), std::vector<double>(kernel.d, 0.5))),
        others_(wengert::record([&](const auto& x) { return kernel.other_terms<wengert::Var>(x); }, kernel.point())),
        rows_(wengert::Samples::rows(kernel.data, kernel.d)) {
    options_.threads = threads;
    options_.standard_errors = false;
  }
  double operator()(std::span<const double> x, std::span<double> gradient) {
    const wengert::BatchResult sum = wengert::sum_gradient(row_, x, rows_, options_);
    const std::span<const double> others = others_.gradient(x, workspace_);
    for (std::size_t i = 0; i < x.size(); ++i) gradient[i] = sum.gradient[i] + others[i];
    return sum.value + others_(x);
  }

 private:
  wengert::Function row_, others_;
  wengert::Samples rows_;
  wengert::BatchOptions options_;
  wengert::Workspace workspace_;
};

/// Each distance of a row from a component as one node.
template <std::size_t d>
struct FusedDistance {
  static constexpr auto distance = wengert::fuse(kernels::squared_length_of_arrays);

  using Vars = std::span<const wengert::Var>;
  wengert::Var operator()(Vars diagonal, Vars below, Vars mean, std::span<const double> row) const {
    return distance(diagonal.first<d>(), below.first<d*(d - 1) / 2>(), mean.first<d>(), row.first<d>());
  }
};

}  // namespace

void add_gmm() {
  for (const auto& [d, K, n] : {std::tuple{2, 5, 1000}, {10, 25, 1000}}) {
    const auto& kernel = keep<Gmm>(d, K, n);
    add_common_ways(kernel);
    if (d == 2) add_adolc(kernel);  // the larger one spills its tape to disk
    if (d == 2) add_way(kernel.name(), "fused pieces", kernel.point(), ways::OnTape(kernel, FusedDistance<2>()));
    if (d == 10) add_way(kernel.name(), "fused pieces", kernel.point(), ways::OnTape(kernel, FusedDistance<10>()));
    add_way(kernel.name(), "replayed", kernel.point(), Replayed(kernel, 1));
    add_way(kernel.name(), "replayed, 2 threads", kernel.point(), Replayed(kernel, 2));
  }
}
