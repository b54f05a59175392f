// particle: a charge that two others repel is to hit the origin (see descent.hpp). It starts at (0, 8) with speed (0.75, 0); the
// others stay at (10, 10 - w) and (10, 0). Its path is followed by Euler's method, in steps of 0.1, on the gradient of the
// potential, up to the x axis; and w is what the square of the place where it meets the axis is least for. So a gradient is
// within what is differentiated.
#include <fmt/format.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <vector>

#include "gradbench/descent.hpp"
#include "gradbench/input.hpp"
#include "gradbench/module.hpp"
#include "wengert/fuse.hpp"

namespace gradbench {
namespace {

using wengert::Dual;

constexpr double time_step = 0.1;
/// At w = 1 it takes some thousand.
constexpr int most_steps = 100000;

/// Of a charge at (x, y), for w.
constexpr auto potential = [](const auto& x_y_w) {
  using std::sqrt;
  const auto from = [&](const auto& a, const auto& b) { return 1.0 / sqrt(a * a + b * b); };
  const auto x = x_y_w[0] - 10.0, y = x_y_w[1];
  return from(x, y - (10.0 - x_y_w[2])) + from(x, y);
};

/// A step of Euler's method: place, then speed.
template <class Mode>
struct Step {
  template <class T>
  constexpr std::array<T, 4> operator()(const T& x, const T& y, const T& x_speed, const T& y_speed, const T& w) const {
    const auto slope = Mode::template gradient<2>(potential, std::array<T, 3>{x, y, w});
    return {x + time_step * x_speed, y + time_step * y_speed, x_speed - time_step * slope[0], y_speed - time_step * slope[1]};
  }
};
/// The square of the place where it meets the axis, from a place below it and the speed there.
constexpr auto miss = [](const auto& x, const auto& y, const auto& x_speed, const auto& y_speed) {
  const auto at = x - y / y_speed * x_speed;
  return at * at;
};

template <class T>
using State = std::array<T, 4>;

/// The square of the place where the path for w meets the axis. `taken` is told where each step began.
template <class T, class OneStep, class Miss, class Taken>
T follow(const T& w, const OneStep& step, const Miss& square, const Taken& taken) {
  State<T> at{T(0.0), T(8.0), T(0.75), T(0.0)};
  for (int steps = 0; steps < most_steps; ++steps) {
    const State<T> next = step(at[0], at[1], at[2], at[3], w);
    taken(at);
    if (number_of(next[1]) <= 0) return square(next[0], next[1], at[2], at[3]);
    at = next;
  }
  throw std::domain_error(fmt::format("w: at {}, the charge is driven away and never meets the axis", number_of(w)));
}

template <class Inner>
constexpr auto fused_step = wengert::fuse(Step<Inner>());
constexpr auto fused_miss = wengert::fuse(miss);

template <class Inner>
double objective(double w) {
  return follow(w, fused_step<Inner>, fused_miss, [](const State<double>&) {});
}
/// The outer derivative, forward: dual numbers.
template <class Inner>
struct OuterForward {
  double operator()(double w) const {
    return follow(Dual<double>(w, 1.0), Step<Inner>(), miss, [](const State<Dual<double>>&) {}).tangent;
  }
};
/// Reverse: the states are kept, and adjoints pulled back step by step.
template <class Inner>
struct OuterReverse {
  std::shared_ptr<std::vector<State<double>>> states = std::make_shared<std::vector<State<double>>>();

  double operator()(double w) const {
    states->clear();
    follow(w, fused_step<Inner>, fused_miss, [&](const State<double>& at) { states->push_back(at); });
    const State<double>& last = states->back();  // the speed before the last step is that at the axis
    const auto next = fused_step<Inner>(last[0], last[1], last[2], last[3], w);
    const auto slope = fused_miss.gradient(next[0], next[1], last[2], last[3]);
    double result = 0;
    State<double> adjoint{slope[0], slope[1], 0, 0}, beside{0, 0, slope[2], slope[3]};
    for (std::size_t s = states->size(); s-- > 0;) {
      const State<double>& at = (*states)[s];
      const auto back = fused_step<Inner>.pull_back(adjoint, at[0], at[1], at[2], at[3], w);
      for (std::size_t k = 0; k < 4; ++k) adjoint[k] = back[k] + beside[k];
      beside = {};
      result += back[4];
    }
    return result;
  }
};

double read(const Json& input) { return Input(input).number("w"); }

template <class Inner, class Outer>
Task least(const Json& input) {
  return task<double>([w = read(input), derivative = Outer()](double& out) {
    out = argmin([](const std::array<double, 1>& x) { return objective<Inner>(x[0]); },
                 [&](const std::array<double, 1>& x) { return std::array{derivative(x[0])}; }, std::array{w})[0];
  });
}

}  // namespace

Module particle() {
  return {
      "particle",
      {{"ff", least<Forward, OuterForward<Forward>>},
       {"fr", least<Reverse, OuterForward<Reverse>>},
       {"rf", least<Forward, OuterReverse<Forward>>},
       {"rr", least<Reverse, OuterReverse<Reverse>>},
       // one derivative alone, for the table of ratios
       {"objective", [](const Json& input) { return task<double>([w = read(input)](double& y) { y = objective<Reverse>(w); }); }},
       {"gradient",
        [](const Json& input) { return task<double>([w = read(input), d = OuterReverse<Reverse>()](double& y) { y = d(w); }); }}},
      [] {
        return std::vector<Example>{
            {"w 0, reverse on reverse", "objective", "gradient", "a step fused, pulled back", {{"w", 0.0}}}};
      }};
}

}  // namespace gradbench
