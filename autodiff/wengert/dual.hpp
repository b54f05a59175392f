// A value and its derivative in one direction: the number type of forward mode, and of forward over reverse.
#pragma once

#include <limits>
#include <type_traits>

#include "wengert/sweep/chain_rule.hpp"
#include "wengert/operations.hpp"

namespace wengert {

/// value + tangent * h with h^2 = 0. Every operation of the table works on it, by the table's own rules.
template <class T>
struct Dual {
  T value = T(0);
  T tangent = T(0);

  constexpr Dual() = default;
  constexpr Dual(T v, T d) : value(v), tangent(d) {}
  constexpr Dual(T v) : value(v) {}
  template <class Number>
  requires(std::is_arithmetic_v<Number> && !std::is_same_v<Number, T>) constexpr Dual(Number v) : value(static_cast<T>(v)) {}

  /// How a sweep on the number type Dual computes an operation: value by the value rule, tangent by the partials.
  template <class Rule>
  static constexpr Dual evaluate(const Dual& x) {
    const T result = wengert::evaluate<Rule, T>(x.value);
    const auto partial = Rule::template partials<T>(x.value, result);
    return {result, carry<Rule>(x.tangent, partial.x)};
  }
  template <class Rule>
  static constexpr Dual evaluate(const Dual& x, const Dual& y) {
    const T result = wengert::evaluate<Rule, T>(x.value, y.value);
    const auto partial = Rule::template partials<T>(x.value, y.value, result);
    return {result, carry<Rule>(x.tangent, partial.x) + carry<Rule>(y.tangent, partial.y)};
  }
  template <class Rule>
  static constexpr Dual evaluate(const Dual& x, const Dual& y, const Dual& z) {
    const T result = wengert::evaluate<Rule, T>(x.value, y.value, z.value);
    const auto partial = Rule::template partials<T>(x.value, y.value, z.value, result);
    return {result, carry<Rule>(x.tangent, partial.x) + carry<Rule>(y.tangent, partial.y) + carry<Rule>(z.tangent, partial.z)};
  }

  friend constexpr Dual operator+(const Dual& x, const Dual& y) { return evaluate<ops::Add>(x, y); }
  friend constexpr Dual operator-(const Dual& x, const Dual& y) { return evaluate<ops::Sub>(x, y); }
  friend constexpr Dual operator*(const Dual& x, const Dual& y) { return evaluate<ops::Mul>(x, y); }
  friend constexpr Dual operator/(const Dual& x, const Dual& y) { return evaluate<ops::Div>(x, y); }
  friend constexpr Dual operator-(const Dual& x) { return evaluate<ops::Neg>(x); }
  friend constexpr Dual operator+(const Dual& x) { return x; }
  constexpr Dual& operator+=(const Dual& y) { return *this = *this + y; }
  constexpr Dual& operator-=(const Dual& y) { return *this = *this - y; }
  constexpr Dual& operator*=(const Dual& y) { return *this = *this * y; }
  constexpr Dual& operator/=(const Dual& y) { return *this = *this / y; }

  // Comparisons look at the values: bool for numbers, a Condition where T records.
  friend constexpr auto operator<(const Dual& x, const Dual& y) { return x.value < y.value; }
  friend constexpr auto operator>(const Dual& x, const Dual& y) { return x.value > y.value; }
  friend constexpr auto operator<=(const Dual& x, const Dual& y) { return x.value <= y.value; }
  friend constexpr auto operator>=(const Dual& x, const Dual& y) { return x.value >= y.value; }
  friend constexpr auto operator==(const Dual& x, const Dual& y) { return x.value == y.value; }
  friend constexpr auto operator!=(const Dual& x, const Dual& y) { return x.value != y.value; }

#define X(Rule, function) \
  friend constexpr Dual function(const Dual& x) { return evaluate<ops::Rule>(x); }
  WENGERT_UNARY_OPERATIONS(X)
#undef X
#define X(Rule, function) \
  friend constexpr Dual function(const Dual& x, const Dual& y) { return evaluate<ops::Rule>(x, y); }
  WENGERT_BINARY_OPERATIONS(X)
#undef X
  friend constexpr Dual fma(const Dual& x, const Dual& y, const Dual& z) { return evaluate<ops::Fma>(x, y, z); }
  template <class Condition>
  friend constexpr Dual select(const Condition& condition, const Dual& x, const Dual& y) {
    return {wengert::select(condition, x.value, y.value), wengert::select(condition, x.tangent, y.tangent)};
  }
};

/// The plain number inside.
template <class T>
constexpr double value_of(const Dual<T>& x) {
  return value_of(x.value);
}

}  // namespace wengert

// Without it, generic code that asks for epsilon() of a Dual would be told 0.
template <class T>
class std::numeric_limits<wengert::Dual<T>> : public std::numeric_limits<T> {};
