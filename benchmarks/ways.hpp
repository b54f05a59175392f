// The ways to a gradient that are timed against each other. Each is a callable (point, gradient) -> value, kept between calls as
// a program would keep it: memory of the first call serves all later ones.
#pragma once

#include <memory>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

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
    xs_.clear();
    for (const double value : x) xs_.push_back(tape_->variable(value));
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

}  // namespace ways
