// A number that carries a bound on its own rounding error, so that "equal up to rounding" is a statement about this computation
// and no guess. Sweeps run on it like on any number type: values, and gradients through the tape, arrive with their bounds.
#pragma once

#include <cmath>
#include <limits>
#include <type_traits>

#include "wengert/number_type.hpp"

namespace wengert {

/// A double and a bound on its distance from the exact result, to first order in the unit roundoff: running error analysis
/// (Wilkinson; Higham, Accuracy and Stability of Numerical Algorithms, section 3.3). Each operation passes its arguments' bounds
/// on through its partials and adds its own rounding, which the table of operations states in ulps. A sweep on it throws where it
/// meets a custom operation, whose rounding nobody stated.
struct Bounded : NumberType<Bounded> {
  double value = 0;
  double error = 0;

  constexpr Bounded() = default;
  constexpr Bounded(double v, double e) : value(v), error(e) {}
  /// A constant: half an ulp, as it may be the rounded form of a real number; whole numbers are exact.
  template <class Number>
    requires std::is_arithmetic_v<Number>
  Bounded(Number number)
      : value(static_cast<double>(number)), error(std::floor(value) == value ? 0 : std::fabs(value) * ulp / 2) {}

  template <class Rule, class... Terms>
  static Bounded lift(double result, const Terms&... term) {
    if constexpr (op_of<Rule> == Op::Neg)
      return {result, (... + term.argument.error)};
    else if constexpr (requires { Rule::scale(term.argument.value...); })
      return {result,
              Rule::value_ulps * ulp * Rule::scale(term.argument.value...) + (... + carried(term.argument.error, term.partial))};
    else
      return {result, Rule::value_ulps * ulp * std::fabs(result) + (... + carried(term.argument.error, term.partial))};
  }

 private:
  static constexpr double ulp = std::numeric_limits<double>::epsilon();
  static double carried(double error, double partial) { return error == 0 ? 0 : error * std::fabs(partial); }
};

}  // namespace wengert
