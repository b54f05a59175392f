// A value and its derivative in one direction: the number type of forward mode, and of forward over reverse.
#pragma once

#include <limits>
#include <span>
#include <type_traits>

#include "wengert/number_type.hpp"

namespace wengert {

/// value + tangent * h with h^2 = 0. Every operation of the table works on it, by the table's own rules.
template <class T>
struct Dual : NumberType<Dual<T>> {
  /// The number, and the derivative that it carries: `tangent`.
  T value = T(0);
  T tangent = T(0);

  constexpr Dual() = default;
  /// From both; of a number alone, the tangent is 0.
  constexpr Dual(T v, T d) : value(v), tangent(d) {}
  constexpr Dual(T v) : value(v) {}
  template <class Number>
    requires(std::is_arithmetic_v<Number> && !std::is_same_v<Number, T>)
  constexpr Dual(Number v) : value(static_cast<T>(v)) {}

  /// The tangent goes through the partials.
  template <class Rule, class... Terms>
  static constexpr Dual lift(const T& result, const Terms&... term) {
    return {result, (... + detail::carry<Rule>(term.argument.tangent, term.partial))};
  }
  /// value and tangent by the condition.
  template <class Condition>
  static constexpr Dual choose(const Condition& condition, const Dual& x, const Dual& y) {
    return {detail::choose(condition, x.value, y.value), detail::choose(condition, x.tangent, y.tangent)};
  }
  /// By its partials, and theirs. Throws NoSecondOrder where the operation has no second derivatives and they are asked for.
  static Dual evaluate_nary(const NaryOperation& operation, std::span<const Dual> x);
};

}  // namespace wengert

// Without it, generic code that asks for epsilon() of a Dual would be told 0.
template <class T>
class std::numeric_limits<wengert::Dual<T>> : public std::numeric_limits<T> {};
