// A number that carries a bound on its own rounding error, so that "equal up to rounding" is a statement about this computation
// and no guess. Sweeps run on it like on any number type: values, and gradients through the tape, arrive with their bounds.
#pragma once

#include <cmath>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include "wengert/nary.hpp"
#include "wengert/number_type.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wfloat-equal"  // what is compared here is meant to the bit

namespace wengert {

/// A double and a bound on its distance from the exact result, to first order in the unit roundoff: running error analysis
/// (Wilkinson; Higham, Accuracy and Stability of Numerical Algorithms, section 3.3). Each operation passes its arguments' bounds
/// on through its partials and adds its own rounding, which the table of operations states in ulps. A sweep on it throws
/// NoSecondOrder where it meets a custom operation whose rounding nobody stated. Comparisons, and what jumps or has a kink, are
/// taken to go the way they went: where rounding decided which, a derivative and its bound are of that side.
struct Bounded : NumberType<Bounded> {
  /// The number, and how far it may be from the exact result: `error`.
  double value = 0;
  double error = 0;

  constexpr Bounded() = default;
  /// A number and the bound on it.
  constexpr Bounded(double v, double e) : value(v), error(e) {}
  /// A constant: half an ulp, as it may be the rounded form of a real number; whole numbers are exact.
  template <class Number>
    requires std::is_arithmetic_v<Number>
  Bounded(Number number)
      : value(static_cast<double>(number)), error(std::floor(value) == value ? 0 : std::fabs(value) * ulp / 2) {}

  /// How many decimal digits of the value are right: from 0 to the 15.95 of a double.
  double digits() const {
    const double most = -std::log10(ulp / 2), size = std::fabs(value);
    if (!(error < size)) return error == 0 ? most : 0;  // NaN has none
    return std::fmin(most, -std::log10(error / size));
  }

  /// Whether it is 0 in exact arithmetic too: a sum that rounding made 0 carries its error back.
  constexpr bool carries_nothing() const { return value == 0 && error == 0; }

  /// Of a sum of arguments, or of minus them: the errors of these are passed on as they are.
  template <class Rule>
  static constexpr bool is_sum = op_of<Rule> == Op::Add || op_of<Rule> == Op::Sub || op_of<Rule> == Op::Neg;

  /// What an operation makes of its result and partials: the bounds of the arguments through the partials, and its own rounding.
  template <class Rule, class... Terms>
  static Bounded lift(double result, const Terms&... term) {
    constexpr Op op = op_of<Rule>;
    const double rounded = rounding<Rule>(result, term.argument.value...);
    const auto as_far_off = [&] { return Bounded(result, rounded + (... + term.argument.error)); };
    if constexpr (op == Op::Hypot)
      if (result == 0) return as_far_off();                           // a corner
    if constexpr (is_sum<Rule> || op == Op::Abs || op == Op::Detach)  // whatever the derivative is taken to be
      return as_far_off();
    else if constexpr (op == Op::Min || op == Op::Max)
      return {result, rounded + of_either(term...)};
    else
      return {result, rounded + (... + carried(term.argument.error, term.partial))};
  }
  /// What goes back through a sum is the adjoint, or minus it, as exact as it was.
  template <class Rule>
    requires(is_sum<Rule>)
  static Bounded carry(const Bounded& adjoint, const Bounded& partial) {
    return {adjoint.value * partial.value, adjoint.error};
  }
  /// An operation's value: the bounds of the arguments through its partials, and its own value_error().
  static Bounded of(const NaryOperation& operation, std::span<const Bounded> x) {
    std::vector<double> at, partials(x.size());
    for (const Bounded& argument : x) at.push_back(argument.value);
    const double result = operation.value(at);
    operation.partials(at, result, partials);
    Bounded total(result, operation.value_error(at, result));
    for (std::size_t k = 0; k < x.size(); ++k) total.error += carried(x[k].error, partials[k]);
    return total;
  }
  /// Reductions by their own bound, others as they say themselves.
  static Bounded evaluate_nary(const NaryOperation& operation, std::span<const Bounded> x) {
    return operation.reduction() != detail::Reduction::None ? of(operation, x) : operation.bounded(x, {});
  }
  /// Its partials: as it says them itself.
  static void partials_nary(const NaryOperation& operation, std::span<const Bounded> x, std::span<Bounded> partials) {
    operation.bounded(x, partials);
  }

 private:
  static constexpr double ulp = std::numeric_limits<double>::epsilon();
  /// How far the result of one operation is from that of exact arithmetic: of sums, products, quotients and roots what is left
  /// over, which is a number itself (Dekker 1971; Knuth's sum), of others as far as the table says.
  template <class Rule>
  static double rounding(double result, double x, [[maybe_unused]] double y = 0, [[maybe_unused]] double z = 0) {
    constexpr Op op = op_of<Rule>;
    const double size = std::fabs(result);
    if (!(size <= 0x1p1000)) [[unlikely]]  // where what is left over overflows, or is NaN
      return ulp * size;
    // a share for what is rounded here, and an ulp for what underflows
    const auto about = [size](double rest) {
      const double share = std::fabs(rest) * (1 + 0x1p-20);
      return size >= 0x1p-960 ? share : share + 0x1p-1074;
    };
    if constexpr (op == Op::Add || op == Op::Sub) {
      const double second = op == Op::Add ? y : -y, part = result - x;
      return std::fabs((x - (result - part)) + (second - part));
    } else if constexpr (op == Op::Mul || op == Op::AbsorbingProduct) {
      if (size < 0x1p-960) [[unlikely]] {
        if (std::fabs(y) == 1) return 0;                  // partials of sums
        if (result == 0 && (x == 0 || y == 0)) return 0;  // also where an absorbing zero meets an infinity
      }
      return about(std::fma(x, y, -result));
    } else if constexpr (op == Op::Div) {
      return about(std::fma(-result, y, x) / y);
    } else if constexpr (op == Op::Sqrt) {
      return result == 0 ? 0 : about(std::fma(-result, result, x) / (2 * result));
    } else if constexpr (op == Op::Neg || op == Op::Abs || op == Op::Min || op == Op::Max || op == Op::Select ||
                         op == Op::Detach || op == Op::Floor || op == Op::Ceil || op == Op::Round || op == Op::Trunc ||
                         op == Op::Less || op == Op::LessEqual || op == Op::Equal) {
      return 0;
    } else if constexpr (op == Op::Fma) {
      return ulp / 2 * size;
    } else if constexpr (requires { Rule::scale(x, y, z); }) {
      return Rule::value_ulps * ulp * Rule::scale(x, y, z);
    } else {
      return Rule::value_ulps * ulp * size;
    }
  }
  /// How far off the lesser or the greater of two may be: as the one that was taken, or as either where rounding may have
  /// decided.
  template <class Term>
  static double of_either(const Term& x, const Term& y) {
    const Bounded &a = x.argument, &b = y.argument;
    if (std::fabs(a.value - b.value) <= a.error + b.error) return std::fmax(a.error, b.error);
    return carried(a.error, x.partial) + carried(b.error, y.partial);
  }
  /// Where nothing depends on the argument, its error is none, however large: select does not pass the other side's on.
  static double carried(double error, double partial) {
    const double through = error * std::fabs(partial);
    if (through == through) [[likely]]
      return through;
    return error == 0 || partial == 0 ? 0 : through;
  }
};

}  // namespace wengert
#pragma GCC diagnostic pop
