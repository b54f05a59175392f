// The ways to a gradient that are timed against each other. Each is a callable (point, gradient) -> value, kept between calls as
// a program would keep it: memory of the first call serves all later ones.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "wengert/batch.hpp"
#include "wengert/function.hpp"
#include "wengert/wengert.hpp"

namespace ways {

/// The adjoint written by hand: what every other way is measured against.
template <class Kernel>
struct ByHand {
  const Kernel& kernel;

  double operator()(std::span<const double> x, std::span<double> gradient) { return kernel.gradient_by_hand(x, gradient); }
};

/// The value alone, from the same template.
template <class Kernel>
struct Primal {
  const Kernel& kernel;

  double operator()(std::span<const double> x, std::span<double>) { return kernel.template value<double>(x); }
};

/// Every operation recorded as a node each time, then one reverse sweep: as one steps through it. `inner` is what the kernel's
/// template takes for its inner function, if any: a fused one makes each call of it one node.
template <class Kernel, class... Inner>
class OnTape {
 public:
  explicit OnTape(const Kernel& kernel, Inner... inner) : kernel_(kernel), inner_(std::move(inner)...) {}

  double operator()(std::span<const double> x, std::span<double> gradient) {
    tape_->clear();
    xs_.resize(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) xs_[i] = tape_->variable(x[i]);
    const std::span<const wengert::Var> xs = xs_;
    const wengert::Var t =
        std::apply([&](const Inner&... inner) { return kernel_.template value<wengert::Var>(xs, inner...); }, inner_);
    wengert::gradient(t, result_);
    for (std::size_t i = 0; i < x.size(); ++i) gradient[i] = result_.wrt(xs_[i]);
    return t.value();
  }
  const wengert::Tape& tape() const { return *tape_; }

 private:
  const Kernel& kernel_;
  std::tuple<Inner...> inner_;
  std::unique_ptr<wengert::Tape> tape_ = std::make_unique<wengert::Tape>();  // pinned, where a way moves
  wengert::Gradient result_;
  std::vector<wengert::Var> xs_;
};

/// The whole kernel recorded once, optimised and grouped, then one forward and one reverse sweep for each gradient: where nothing
/// is summed over samples.
template <class Kernel>
class ReplayedWhole {
 public:
  explicit ReplayedWhole(const Kernel& kernel)
      : function_(wengert::record([&](const auto& x) { return kernel.template value<wengert::Var>(x); }, kernel.point())
                      .optimised()
                      .grouped()) {}

  double operator()(std::span<const double> x, std::span<double> gradient) {
    const std::span<const double> result = function_.gradient(x, workspace_);
    std::copy(result.begin(), result.end(), gradient.begin());
    return workspace_.values[function_.dependents()[0]];
  }

 private:
  wengert::Function function_;
  wengert::Workspace workspace_;
};

}  // namespace ways
