// A number that carries a bound on its own rounding error, so that "equal up to rounding" is a statement about this computation
// and no guess. Sweeps run on it like on any number type: values, and gradients through the tape, arrive with their bounds.
#pragma once

#include <cmath>
#include <limits>
#include <span>
#include <stdexcept>
#include <type_traits>

#include "wengert/sweep/chain_rule.hpp"
#include "wengert/nary.hpp"
#include "wengert/operations.hpp"

namespace vae_kl {

namespace ops = wengert::ops;

/// A double and a bound on its distance from the exact result, to first order in the unit roundoff: running error analysis
/// (Wilkinson; Higham, Accuracy and Stability of Numerical Algorithms, section 3.3). Each operation passes its arguments' bounds
/// on through its partials and adds its own rounding, which the table of operations states in ulps.
struct Bounded {
  double value = 0;
  double error = 0;

  constexpr Bounded() = default;
  constexpr Bounded(double v, double e) : value(v), error(e) {}
  /// A constant: half an ulp, as it may be the rounded form of a real number; whole numbers are exact.
  template <class Number>
  requires std::is_arithmetic_v<Number> Bounded(Number number)
      : value(static_cast<double>(number)), error(std::floor(value) == value ? 0 : std::fabs(value) * ulp / 2) {}

  template <class Rule, class... Arguments>
  static Bounded evaluate(const Arguments&... x) {
    const double result = Rule::template value<double>(x.value...);
    const auto partial = Rule::template partials<double>(x.value..., result);
    double error = Rule::value_ulps * ulp * std::fabs(result);
    if constexpr (sizeof...(x) == 1) {
      ((error += carried(x.error, partial.x)), ...);
    } else if constexpr (sizeof...(x) == 2) {
      [&](const Bounded& a, const Bounded& b) { error += carried(a.error, partial.x) + carried(b.error, partial.y); }(x...);
    } else {
      [&](const Bounded& a, const Bounded& b, const Bounded& c) {
        error += carried(a.error, partial.x) + carried(b.error, partial.y) + carried(c.error, partial.z);
      }(x...);
    }
    return {result, error};
  }

  friend Bounded operator+(const Bounded& x, const Bounded& y) { return evaluate<ops::Add>(x, y); }
  friend Bounded operator-(const Bounded& x, const Bounded& y) { return evaluate<ops::Sub>(x, y); }
  friend Bounded operator*(const Bounded& x, const Bounded& y) { return evaluate<ops::Mul>(x, y); }
  friend Bounded operator/(const Bounded& x, const Bounded& y) { return evaluate<ops::Div>(x, y); }
  friend Bounded operator-(const Bounded& x) { return {-x.value, x.error}; }
  Bounded& operator+=(const Bounded& y) { return *this = *this + y; }
  Bounded& operator-=(const Bounded& y) { return *this = *this - y; }

  friend bool operator<(const Bounded& x, const Bounded& y) { return x.value < y.value; }
  friend bool operator>(const Bounded& x, const Bounded& y) { return x.value > y.value; }
  friend bool operator<=(const Bounded& x, const Bounded& y) { return x.value <= y.value; }
  friend bool operator>=(const Bounded& x, const Bounded& y) { return x.value >= y.value; }
  friend bool operator==(const Bounded& x, const Bounded& y) { return x.value == y.value; }
  friend bool operator!=(const Bounded& x, const Bounded& y) { return x.value != y.value; }
  friend double value_of(const Bounded& x) { return x.value; }

#define X(Rule, function) \
  friend Bounded function(const Bounded& x) { return evaluate<ops::Rule>(x); }
  WENGERT_UNARY_OPERATIONS(X)
#undef X
#define X(Rule, function) \
  friend Bounded function(const Bounded& x, const Bounded& y) { return evaluate<ops::Rule>(x, y); }
  WENGERT_BINARY_OPERATIONS(X)
#undef X
  friend Bounded fma(const Bounded& x, const Bounded& y, const Bounded& z) { return evaluate<ops::Fma>(x, y, z); }
  friend Bounded select(bool condition, const Bounded& x, const Bounded& y) { return condition ? x : y; }

 private:
  static constexpr double ulp = std::numeric_limits<double>::epsilon();
  static double carried(double error, double partial) { return error == 0 ? 0 : error * std::fabs(partial); }
};

/// Custom operations do not state their rounding.
inline Bounded evaluate_nary(const wengert::NaryOperation&, std::span<const Bounded>) {
  throw std::logic_error("a sweep with error bounds met a custom operation, whose rounding nobody stated");
}

/// |x - y| in units of the rounding that both may hold: at most 1 if they are the same real number.
/// 0 where they are equal to the bit, and infinite where they differ although neither was rounded, or where one is NaN.
inline double discrepancy(const Bounded& x, const Bounded& y) {
  if (x.value == y.value) return 0;
  const double units = std::fabs(x.value - y.value) / (x.error + y.error);
  return std::isnan(units) ? std::numeric_limits<double>::infinity() : units;
}

}  // namespace vae_kl
