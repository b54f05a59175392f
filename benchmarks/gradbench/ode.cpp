// ode: y0' = x0, yi' = xi y(i-1), from y = 0 at time 0 to time 2 by s steps of the classical Runge-Kutta method; the gradient is
// that of the last component. (After an_ode of cmpad, https://cmpad.readthedocs.io/an_ode.html.)
//
// Component i after a step depends on y(i-4) … y(i) and x(i-3) … x(i) before it: that is fused. Forwards, the states are kept;
// backwards, each step pulls the adjoints of the components back, from the first on that is not 0.
#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "gradbench/input.hpp"
#include "gradbench/module.hpp"
#include "kernels/inputs.hpp"
#include "wengert/fuse.hpp"

namespace gradbench {
namespace {

/// Components in front of y0 and x0, so that all are alike: y(-1) is the constant 1, all others 0.
constexpr std::size_t before = 4;

struct Problem {
  std::size_t n, steps;
  double h;
  std::vector<double> x;  ///< after those in front

  explicit Problem(const Json& input) {
    const Input object(input);
    steps = object.count("s", 1);
    x = object.numbers("x");
    n = x.size();
    if (n == 0) object.refuse("x", "must have a number at least");
    x.insert(x.begin(), before, 0.0);
    h = 2.0 / static_cast<double>(steps);
  }
  std::vector<double> start() const {
    std::vector<double> y(before + n);
    y[before - 1] = 1;
    return y;
  }
};

/// One step of all components, stage after stage.
class Stepper {
 public:
  explicit Stepper(const Problem& problem) : problem_(problem), k1_(problem.start()), k2_(k1_), k3_(k1_), k4_(k1_), stage_(k1_) {
    for (std::vector<double>* k : {&k1_, &k2_, &k3_, &k4_}) (*k)[before - 1] = 0;
  }
  /// From y to next.
  void operator()(const double* y, double* next) {
    const double h = problem_.h;
    const std::size_t end = before + problem_.n;
    slope(y, k1_);
    for (std::size_t i = before; i < end; ++i) stage_[i] = y[i] + h / 2 * k1_[i];
    slope(stage_.data(), k2_);
    for (std::size_t i = before; i < end; ++i) stage_[i] = y[i] + h / 2 * k2_[i];
    slope(stage_.data(), k3_);
    for (std::size_t i = before; i < end; ++i) stage_[i] = y[i] + h * k3_[i];
    slope(stage_.data(), k4_);
    for (std::size_t i = before; i < end; ++i) next[i] = y[i] + h / 6 * (k1_[i] + 2 * k2_[i] + 2 * k3_[i] + k4_[i]);
  }

 private:
  void slope(const double* y, std::vector<double>& k) const {
    for (std::size_t i = before; i < before + problem_.n; ++i) k[i] = problem_.x[i] * y[i - 1];
  }

  const Problem& problem_;
  std::vector<double> k1_, k2_, k3_, k4_, stage_;
};

class Primal {
 public:
  explicit Primal(Problem problem) : problem_(std::make_shared<Problem>(std::move(problem))), step_(*problem_) {}
  void operator()(std::vector<double>& result) {
    y_ = problem_->start();
    next_ = y_;
    for (std::size_t s = 0; s < problem_->steps; ++s) {
      step_(y_.data(), next_.data());
      y_.swap(next_);
    }
    result.assign(y_.begin() + before, y_.end());
  }

 private:
  std::shared_ptr<Problem> problem_;  // its place stays
  Stepper step_;
  std::vector<double> y_, next_;
};

/// Component i after a step, from y(i-4) … y(i), x(i-3) … x(i) and the length of the step.
constexpr auto component = wengert::fuse(
    [](const auto& y, const auto& x, auto h) {
      const auto k1 = [&](std::size_t back) { return x[3 - back] * y[3 - back]; };
      const auto k2 = [&](std::size_t back) { return x[3 - back] * (y[3 - back] + 0.5 * h * k1(back + 1)); };
      const auto k3 = [&](std::size_t back) { return x[3 - back] * (y[3 - back] + 0.5 * h * k2(back + 1)); };
      const auto k4 = x[3] * (y[3] + h * k3(1));
      return y[4] + h / 6.0 * (k1(0) + 2.0 * k2(0) + 2.0 * k3(0) + k4);
    },
    wengert::Shape<5, 4, 0>());

class Gradient {
 public:
  explicit Gradient(Problem problem) : problem_(std::make_shared<Problem>(std::move(problem))), step_(*problem_) {
    const std::size_t size = before + problem_->n;
    states_.resize((problem_->steps + 1) * size);
    for (std::size_t s = 0; s <= problem_->steps; ++s) states_[s * size + before - 1] = 1;
    adjoint_.resize(size);
    earlier_.resize(size);
    x_adjoint_.resize(size);
  }
  void operator()(std::vector<double>& gradient) {
    const Problem& problem = *problem_;
    const std::size_t size = before + problem.n;
    for (std::size_t s = 0; s < problem.steps; ++s) step_(&states_[s * size], &states_[(s + 1) * size]);

    std::fill(adjoint_.begin(), adjoint_.end(), 0.0);
    std::fill(x_adjoint_.begin(), x_adjoint_.end(), 0.0);
    adjoint_[size - 1] = 1;
    std::size_t first = size - 1;  // below it, adjoints are 0
    for (std::size_t s = problem.steps; s-- > 0;) {
      const double* const y = &states_[s * size];
      std::fill(earlier_.begin() + static_cast<std::ptrdiff_t>(first - before), earlier_.end(), 0.0);
      for (std::size_t i = first; i < size; ++i) pull_back(y, i);
      first = std::max(first - before, before);
      adjoint_.swap(earlier_);
    }
    gradient.assign(x_adjoint_.begin() + before, x_adjoint_.end());
  }

 private:
  /// Carries the adjoint of component i after the step to what it was computed from.
  void pull_back(const double* y, std::size_t i) {
    const auto partial = component.pull_back(std::array{adjoint_[i]}, std::span<const double, 5>(y + i - 4, 5),
                                             std::span<const double, 4>(&problem_->x[i - 3], 4), problem_->h);
    for (std::size_t k = 0; k < 5; ++k) earlier_[i - 4 + k] += partial[k];
    for (std::size_t k = 0; k < 4; ++k) x_adjoint_[i - 3 + k] += partial[5 + k];
  }

  std::shared_ptr<Problem> problem_;
  Stepper step_;
  std::vector<double> states_;  // of all steps, one after the other
  std::vector<double> adjoint_, earlier_, x_adjoint_;
};

Json input(std::size_t n, int steps) { return {{"x", kernels::Random(44).uniforms(n, 0, 1)}, {"s", steps}}; }

}  // namespace

Module ode() {
  return {"ode",
          {{"primal", [](const Json& input) { return task<std::vector<double>>(Primal(Problem(input))); }},
           {"gradient", [](const Json& input) { return task<std::vector<double>>(Gradient(Problem(input))); }}},
          [] {
            return std::vector<Example>{{"n 1000, s 100", "primal", "gradient", "a step fused, pulled back", input(1000, 100)},
                                        {"n 10000, s 10", "primal", "gradient", "a step fused, pulled back", input(10000, 10)}};
          }};
}

}  // namespace gradbench
