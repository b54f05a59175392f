// saddle: min over x of max over y of f(x, y) = (x1^2 + x2^2) - (y1^2 + y2^2), both by descent (see descent.hpp), so that the
// gradient of the maximum goes through all steps of a descent, which has gradients within.
#include <array>
#include <memory>
#include <vector>

#include "gradbench/descent.hpp"
#include "gradbench/input.hpp"
#include "gradbench/module.hpp"
#include "wengert/fuse.hpp"

namespace gradbench {
namespace {

using wengert::Dual;
using Point = std::array<double, 2>;

/// -f of y, then x: what a maximum over y descends.
constexpr auto depth = [](const auto& y_x) { return (y_x[0] * y_x[0] + y_x[1] * y_x[1]) - (y_x[2] * y_x[2] + y_x[3] * y_x[3]); };

/// Its gradient in y.
template <class Mode>
struct Slope {
  template <class T>
  constexpr std::array<T, 2> operator()(const T& y1, const T& y2, const T& x1, const T& x2) const {
    return Mode::template gradient<2>(depth, std::array<T, 4>{y1, y2, x1, x2});
  }
};
template <class Mode>
constexpr auto fused_slope = wengert::fuse(Slope<Mode>());

/// Where a step of the descent leads, `rate` times the gradient long.
template <class Mode>
constexpr auto fused_step = wengert::fuse([](auto y1, auto y2, auto x1, auto x2, auto rate) {
  const auto slope = Slope<Mode>()(y1, y2, x1, x2);
  return std::array{y1 - rate * slope[0], y2 - rate * slope[1]};
});
constexpr auto fused_maximum =
    wengert::fuse([](auto y1, auto y2, auto x1, auto x2) { return -depth(std::array{y1, y2, x1, x2}); });

/// The y of the maximum at x, from a start.
template <class T, class Gradient, class Taken>
std::array<T, 2> argmax(const std::array<T, 2>& x, const Point& start, const Gradient& slope, const Taken& taken) {
  const Point numbers{number_of(x[0]), number_of(x[1])};
  return argmin([&](const Point& y) { return depth(std::array{y[0], y[1], numbers[0], numbers[1]}); },
                [&](const std::array<T, 2>& y) { return slope(y[0], y[1], x[0], x[1]); }, std::array{T(start[0]), T(start[1])},
                taken);
}
constexpr auto nothing = [](const auto&, double) {};
/// The maximum itself.
template <class T, class Gradient>
T maximum(const std::array<T, 2>& x, const Point& start, const Gradient& slope) {
  const std::array<T, 2> y = argmax(x, start, slope, nothing);
  return -depth(std::array{y[0], y[1], x[0], x[1]});
}

/// The gradient of the maximum, forward: dual numbers, a direction at a time.
template <class Inner>
struct OuterForward {
  Point operator()(const Point& x, const Point& start) const {
    Point result;
    for (std::size_t k = 0; k < 2; ++k)
      result[k] = maximum(std::array{Dual<double>(x[0], k == 0 ? 1.0 : 0.0), Dual<double>(x[1], k == 1 ? 1.0 : 0.0)}, start,
                          Slope<Inner>())
                      .tangent;
    return result;
  }
};
/// Reverse: the steps are kept, and adjoints pulled back one by one. (How long a step is, is a choice among lengths: no
/// derivative.)
template <class Inner>
struct OuterReverse {
  struct Step {
    Point y;
    double rate;
  };
  std::shared_ptr<std::vector<Step>> steps = std::make_shared<std::vector<Step>>();

  Point operator()(const Point& x, const Point& start) const {
    steps->clear();
    const Point y = argmax(x, start, fused_slope<Inner>, [&](const Point& at, double rate) { steps->push_back({at, rate}); });
    const auto slope = fused_maximum.gradient(y[0], y[1], x[0], x[1]);
    Point adjoint{slope[0], slope[1]}, result{slope[2], slope[3]};
    for (std::size_t s = steps->size(); s-- > 0;) {
      const Step& step = (*steps)[s];
      const auto back = fused_step<Inner>.pull_back(adjoint, step.y[0], step.y[1], x[0], x[1], step.rate);
      adjoint = {back[0], back[1]};
      for (std::size_t k = 0; k < 2; ++k) result[k] += back[2 + k];
    }
    return result;
  }
};

Point read(const Json& input) {
  const std::vector<double> start = Input(input).numbers("start", 2);
  return {start[0], start[1]};
}

template <class Inner, class Outer>
Task find(const Json& input) {
  return task<std::vector<double>>([start = read(input), derivative = Outer()](std::vector<double>& out) {
    const Point x = argmin([&](const Point& at) { return maximum(at, start, fused_slope<Inner>); },
                           [&](const Point& at) { return derivative(at, start); }, start);
    const Point y = argmax(x, start, fused_slope<Inner>, nothing);
    out = {x[0], x[1], y[0], y[1]};
  });
}

}  // namespace

Module saddle() {
  return {
      "saddle",
      {{"ff", find<Forward, OuterForward<Forward>>},
       {"fr", find<Reverse, OuterForward<Reverse>>},
       {"rf", find<Forward, OuterReverse<Forward>>},
       {"rr", find<Reverse, OuterReverse<Reverse>>},
       // one derivative of the maximum alone, for the table of ratios
       {"objective",
        [](const Json& input) {
          return task<double>([start = read(input)](double& y) { y = maximum(start, start, fused_slope<Reverse>); });
        }},
       {"gradient",
        [](const Json& input) {
          return task<std::vector<double>>([start = read(input), d = OuterReverse<Reverse>()](std::vector<double>& out) {
            const Point g = d(start, start);
            out.assign(g.begin(), g.end());
          });
        }}},
      [] {
        return std::vector<Example>{
            {"from (1, 1), reverse on reverse", "objective", "gradient", "a step fused, pulled back", {{"start", {1.0, 1.0}}}}};
      }};
}

}  // namespace gradbench
