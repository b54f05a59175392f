// What makes a class a number that tapes run on. Dual is one; yours takes ten lines:
//
//   struct Sensitivity : wengert::NumberType<Sensitivity> {   // how much rounding in the inputs can move a result
//     double value = 0, spread = 0;
//     constexpr Sensitivity(double v = 0, double s = 0) : value(v), spread(s) {}
//     template <class Rule, class... Terms>
//     static Sensitivity lift(double result, const Terms&... term) {
//       return {result, (... + std::abs(term.partial * term.argument.spread))};
//     }
//   };
//   const auto values = wengert::forward_sweep<Sensitivity>(tape, point);   // and reverse_sweep, and generic code
//
// After the model of the Jacobian class of Kmett's Haskell library ad: all that a mode says is what it makes of the partials.
#pragma once

#include <span>
#include <type_traits>

#include "wengert/error.hpp"
#include "wengert/operations.hpp"
#include "wengert/sweep/chain_rule.hpp"
#include "wengert/sweep/reduction_rules.hpp"

namespace wengert {

namespace detail {

[[noreturn]] void throw_no_rules_for_custom();

/// select, where a member or friend of that name hides the others.
template <class Condition, class T>
constexpr T choose(const Condition& condition, const T& x, const T& y) {
  return select(condition, x, y);
}

}  // namespace detail

/// An `argument` of an operation and the operation's `partial` in it.
template <class Number, class Part>
struct Term {
  const Number& argument;
  Part partial;
};

/// Base of a number type `Self` that has a member `value` (a number of some type T: double, Dual<double>, …), is made from one
/// number, and says in `static Self lift<Rule>(T result, Term… terms)` what it makes of an operation's result and partials. In
/// return it gets the operators, the comparisons (of the values) and every function of the table. A type that computes operations
/// in another way has `static Self evaluate<Rule>(Self…)` instead; one that can handle custom operations has `static Self
/// evaluate_nary(const NaryOperation&, std::span<const Self>)`.
template <class Self>
struct NumberType {
  /// An operation of the table: its result and partials go to lift.
  template <class Rule>
  static constexpr Self evaluate(const Self& x) {
    const auto result = detail::evaluate<Rule, Part<>>(x.value);
    const auto partial = Rule::template partials<Part<>>(x.value, result);
    return Self::template lift<Rule>(result, term(x, partial.x));
  }
  template <class Rule>
  static constexpr Self evaluate(const Self& x, const Self& y) {
    const auto result = detail::evaluate<Rule, Part<>>(x.value, y.value);
    const auto partial = Rule::template partials<Part<>>(x.value, y.value, result);
    return Self::template lift<Rule>(result, term(x, partial.x), term(y, partial.y));
  }
  template <class Rule>
  static constexpr Self evaluate(const Self& x, const Self& y, const Self& z) {
    const auto result = detail::evaluate<Rule, Part<>>(x.value, y.value, z.value);
    const auto partial = Rule::template partials<Part<>>(x.value, y.value, z.value, result);
    return Self::template lift<Rule>(result, term(x, partial.x), term(y, partial.y), term(z, partial.z));
  }
  /// Reductions are computed by the operations that they are made of. Of other custom operations a type knows nothing, unless it
  /// says otherwise.
  static Self evaluate_nary(const NaryOperation& operation, std::span<const Self> x) {
    if (operation.reduction() != detail::Reduction::None)
      return detail::visit_reduction(operation.reduction(), [x]<class Rule>(Rule) { return Rule::template value<Self>(x); });
    detail::throw_no_rules_for_custom();
  }

  /// The operations of the table, as on any number.
  friend constexpr Self operator+(const Self& x, const Self& y) { return Self::template evaluate<ops::Add>(x, y); }
  friend constexpr Self operator-(const Self& x, const Self& y) { return Self::template evaluate<ops::Sub>(x, y); }
  friend constexpr Self operator*(const Self& x, const Self& y) { return Self::template evaluate<ops::Mul>(x, y); }
  friend constexpr Self operator/(const Self& x, const Self& y) { return Self::template evaluate<ops::Div>(x, y); }
  friend constexpr Self operator-(const Self& x) { return Self::template evaluate<ops::Neg>(x); }
  friend constexpr Self operator+(const Self& x) { return x; }
  friend constexpr Self& operator+=(Self& x, const Self& y) { return x = x + y; }
  friend constexpr Self& operator-=(Self& x, const Self& y) { return x = x - y; }
  friend constexpr Self& operator*=(Self& x, const Self& y) { return x = x * y; }
  friend constexpr Self& operator/=(Self& x, const Self& y) { return x = x / y; }

  /// Comparisons look at the values: bool for numbers, a Condition where the part records.
  friend constexpr auto operator<(const Self& x, const Self& y) { return x.value < y.value; }
  friend constexpr auto operator>(const Self& x, const Self& y) { return x.value > y.value; }
  friend constexpr auto operator<=(const Self& x, const Self& y) { return x.value <= y.value; }
  friend constexpr auto operator>=(const Self& x, const Self& y) { return x.value >= y.value; }
  friend constexpr auto operator==(const Self& x, const Self& y) { return x.value == y.value; }
  friend constexpr auto operator!=(const Self& x, const Self& y) { return x.value != y.value; }

#define WENGERT_X(Rule, function) \
  friend constexpr Self function(const Self& x) { return Self::template evaluate<ops::Rule>(x); }
  WENGERT_UNARY_OPERATIONS(WENGERT_X)
#undef WENGERT_X
#define WENGERT_X(Rule, function) \
  friend constexpr Self function(const Self& x, const Self& y) { return Self::template evaluate<ops::Rule>(x, y); }
  WENGERT_BINARY_OPERATIONS(WENGERT_X)
#undef WENGERT_X
#define WENGERT_X(Rule, function)                                               \
  friend constexpr Self function(const Self& x, const Self& y, const Self& z) { \
    return Self::template evaluate<ops::Rule>(x, y, z);                         \
  }
  WENGERT_TERNARY_FUNCTIONS(WENGERT_X)
#undef WENGERT_X
  /// By their other names: fabs(), fmin(), fmax(). Of the value: isnan(), isinf(), isfinite().
  friend constexpr Self fabs(const Self& x) { return Self::template evaluate<ops::Abs>(x); }
  friend constexpr Self fmin(const Self& x, const Self& y) { return Self::template evaluate<ops::Min>(x, y); }
  friend constexpr Self fmax(const Self& x, const Self& y) { return Self::template evaluate<ops::Max>(x, y); }
  friend constexpr bool isnan(const Self& x) { return x != x; }
  friend constexpr bool isinf(const Self& x) { return x == Self(ops::infinity) || x == Self(-ops::infinity); }
  friend constexpr bool isfinite(const Self& x) { return Self(-ops::infinity) < x && x < Self(ops::infinity); }

  /// x where the condition holds, y elsewhere. Where the condition is no bool but data (a Condition, lanes), part by part: the
  /// type says how, in `static Self choose(condition, x, y)`.
  template <class Condition>
  friend constexpr Self select(const Condition& condition, const Self& x, const Self& y) {
    if constexpr (requires { Self::choose(condition, x, y); })
      return Self::choose(condition, x, y);
    else
      return condition ? x : y;
  }

 private:
  template <class Number = Self>
  using Part = std::remove_cvref_t<decltype(Number::value)>;
  template <class Partial>
  static constexpr Term<Self, Partial> term(const Self& x, const Partial& partial) {
    return {x, partial};
  }
};

}  // namespace wengert
