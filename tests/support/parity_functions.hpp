// Functions of two numbers that every way of running must agree on, and points that reach kinks, edges, NaN and infinity.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "wengert/var.hpp"

inline constexpr double parity_points[] = {0.3,
                                           -1.7,
                                           1,
                                           0,
                                           -0.0,
                                           2,
                                           40,
                                           1e200,
                                           std::numeric_limits<double>::infinity(),
                                           -std::numeric_limits<double>::infinity(),
                                           std::numeric_limits<double>::quiet_NaN()};

/// Equal within so many units of rounding; NaN only with NaN, infinity only with the same infinity. The sign of zero is free: an
/// adjoint that starts from 0 + (-0) is 0 in a sweep, and -0 where nothing was added.
inline bool same(double a, double b, double roundings) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (std::isinf(a) || std::isinf(b)) return a == b;
  return std::abs(a - b) <=
         roundings * std::numeric_limits<double>::epsilon() * std::abs(b) + 4 * std::numeric_limits<double>::denorm_min();
}

// `roundings`: 0 where the optimised program does the same operations in the same order; a few where it combines terms.
#define PARITY(Name, allowed, ...)                    \
  struct Name {                                       \
    static constexpr const char* name = #Name;        \
    static constexpr double roundings = allowed;      \
    constexpr auto operator()(auto x, auto y) const { \
      using namespace wengert;                        \
      return __VA_ARGS__;                             \
    }                                                 \
  };

PARITY(Polynomial, 4, x* x* y - 3 * x * y + 2 * y * y)
PARITY(Quotient, 4, (x - y) / (1 + y * y))
PARITY(Exponentials, 4, exp(x) * expm1(y) + exp2(x - y))
PARITY(Logarithms, 4, log(x) * log1p(y) + log2(x) * log10(y))
PARITY(Roots, 4, x* sqrt(x) + cbrt(y) * x)
PARITY(Powers, 4, pow(x, y))
PARITY(ConstantPowers, 4, pow(x, 3) + pow(2.5, y) + pow(x, 2) + pow(y, -1))
PARITY(Trigonometry, 4, sin(x) * cos(y) + tan(x - y))
PARITY(InverseTrigonometry, 4, asin(x) * acos(y) + atan(x) + atan2(x, y))
PARITY(Hyperbolic, 4, sinh(x) * tanh(y) + cosh(y))
PARITY(InverseHyperbolic, 4, asinh(x) + acosh(y) + atanh(x * y))
PARITY(ErrorFunctions, 4, erf(x) * erfc(y))
PARITY(Lengths, 4, hypot(x, y) * abs(x))
PARITY(Extremes, 4, max(x, y) * min(x * x, y))
PARITY(Roundings, 4, floor(x) * y + ceil(y) * x + round(x) + trunc(y) * y)
PARITY(Choice, 4, select(x > 0, log(x), y* x) + select((x < y) & (y <= 2), x* x, 0 * x))
PARITY(Fma, 4, fma(x, y, sin(x)))
PARITY(Detached, 4, detach(x* y) * x + y)
PARITY(Vanishing, 4, x + 0 * (x + y))
PARITY(Shared, 4, (x + y) * (y + x) * (x + y))

using ParityFunctions = testing::Types<Polynomial, Quotient, Exponentials, Logarithms, Roots, Powers, ConstantPowers,
                                       Trigonometry, InverseTrigonometry, Hyperbolic, InverseHyperbolic, ErrorFunctions, Lengths,
                                       Extremes, Roundings, Choice, Fma, Detached, Vanishing, Shared>;
