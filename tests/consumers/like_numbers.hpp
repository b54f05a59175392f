// Other people's templates with Var in them, held against the same templates with numbers: the value against double, the gradient
// against differences of long doubles, whose 64 bits leave differences about 15 digits.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <tuple>
#include <vector>
#include <wengert/wengert.hpp>

namespace consumers {

struct Limits {
  /// Relative to the value, or to 1 where that is less. A template may go another way for Var than for double (Boost computes
  /// doubles in long double), so equal bits are not asked for: 1e-13 is 450 units in the last place.
  double value = 1e-13;
  /// Relative to the derivative, or to the value over the argument, whichever is more. An approximation that is right to
  /// rounding as a value is less so as a slope, by about the square of its degree: 1e-11 allows for degrees of some two hundred.
  double derivative = 1e-11;
  /// How far the widest difference goes, relative to the argument: within the domain, and not across a kink.
  double reach = 1.0 / 256;
};

struct Difference {
  double value, error;
};

/// The derivative of f at x by central differences at h, h/2, …, h/32, extrapolated to 0 (Richardson), and how far neighbouring
/// entries of the tableau are apart.
template <class F>
Difference differences(F f, long double x, long double h) {
  constexpr int steps = 6;
  long double row[steps] = {}, before[steps] = {};
  long double best = 0, error = std::numeric_limits<long double>::infinity();
  for (int i = 0; i < steps; ++i, h /= 2) {
    std::copy(row, row + i, before);
    const long double above = x + h, below = x - h;
    row[0] = (f(above) - f(below)) / (above - below);
    long double factor = 1;
    for (int k = 1; k <= i; ++k) {
      factor *= 4;
      row[k] = row[k - 1] + (row[k - 1] - before[k - 1]) / (factor - 1);
    }
    if (i > 0) {
      const long double apart = std::max(std::fabs(row[i] - row[i - 1]), std::fabs(row[i] - before[i - 1]));
      if (apart <= error) error = apart, best = row[i];
    }
  }
  return {static_cast<double>(best), static_cast<double>(error)};
}

/// The same for argument i of a function of N.
template <std::size_t N, class F>
Difference differences(F f, const std::array<double, N>& at, std::size_t i, double reach) {
  std::array<long double, N> wide;
  std::copy(at.begin(), at.end(), wide.begin());
  const auto along = [&](long double moved) {
    std::array<long double, N> there = wide;
    there[i] = moved;
    return static_cast<long double>(std::apply(f, there));
  };
  return differences(along, wide[i], reach * std::max(std::fabs(wide[i]), 0.25L));
}

/// f of N variables at each point.
template <std::size_t N, class F>
void like_numbers(const char* name, F f, const std::vector<std::array<double, N>>& points, Limits limits = {}) {
  wengert::Tape tape;
  for (const std::array<double, N>& at : points) {
    SCOPED_TRACE(testing::Message() << name << " at " << testing::PrintToString(at));
    tape.clear();
    std::array<wengert::Var, N> x;
    for (std::size_t i = 0; i < N; ++i) x[i] = tape.variable(at[i]);
    const wengert::Var y = std::apply(f, x);
    const double expected = static_cast<double>(std::apply(f, at));
    EXPECT_NEAR(y.value(), expected, limits.value * std::max(1.0, std::fabs(expected)));
    const wengert::Gradient gradient = wengert::gradient(y);
    for (std::size_t i = 0; i < N; ++i) {
      const Difference slope = differences(f, at, i, limits.reach);
      const double size = std::max(std::fabs(at[i]), 0.25);
      const double scale = std::max(std::fabs(slope.value), std::fabs(expected) / size);
      EXPECT_LE(slope.error, limits.derivative * scale) << "differences are no judge of argument " << i;
      EXPECT_NEAR(gradient.wrt(x[i]), slope.value, 2 * limits.derivative * scale) << "argument " << i;
    }
  }
}

}  // namespace consumers
