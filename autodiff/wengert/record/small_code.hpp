// Operators as calls, for files full of other libraries' templates: where WENGERT_SMALL_CODE is set, as <wengert/boost.hpp> does.
// Operands go by reference as they are, so that a call is a few instructions, where two Operands are built of fourteen parts, and
// recording in line takes fifty: such files compile in a quarter of the time, and Boost's functions take 1.2 times as long to
// run. What it costs: a tape that keeps locations does not learn those of + - * /. Comparisons say theirs, which a branch that
// changes is reported with.
#pragma once

#include <concepts>

#include "wengert/record/condition.hpp"
#include "wengert/var.hpp"

#if WENGERT_CALLS
namespace wengert {

namespace detail {
// What only converts to a Var or a number is left to the operators that take Operands.
template <class Type>
concept VarOrNumber = std::derived_from<Type, Var> || Arithmetic<Type>;
template <class First, class Second>
concept VarAndNumber = VarOrNumber<First> && VarOrNumber<Second> && !(Arithmetic<First> && Arithmetic<Second>);

/// The right operand of a comparison, and where it stands.
struct RightVar {
  const Var& var;
  Location at;
  constexpr RightVar(const Var& v, Location here = Location::current()) : var(v), at(here) {}
};
struct RightNumber {
  double var;
  Location at;
  template <Arithmetic Number>
  constexpr RightNumber(Number x, Location here = Location::current()) : var(static_cast<double>(x)), at(here) {}
};
}  // namespace detail

#define WENGERT_X(op, Rule)                                                               \
  template <class First, class Second>                                                    \
    requires detail::VarAndNumber<First, Second>                                          \
  WENGERT_NOINLINE constexpr Var operator op(const First& x, const Second& y) {           \
    return detail::record<ops::Rule>(Operand(x, Location{}), Operand(y, Location{}));     \
  }                                                                                       \
  template <detail::VarOrNumber Second>                                                   \
  WENGERT_NOINLINE constexpr Var& operator op##=(Var & x, const Second & y) {             \
    return x = detail::record<ops::Rule>(Operand(x, Location{}), Operand(y, Location{})); \
  }
WENGERT_X(+, Add)
WENGERT_X(-, Sub)
WENGERT_X(*, Mul)
WENGERT_X(/, Div)
#undef WENGERT_X
template <std::derived_from<Var> Number>
WENGERT_NOINLINE constexpr Var operator-(const Number& x) {
  return detail::record<ops::Neg>(Operand(x, Location{}));
}

#define WENGERT_OPERATOR(op, relation, first, second, Left, Right)           \
  WENGERT_NOINLINE constexpr Condition operator op(Left left, Right right) { \
    const Operand x(left, right.at), y(right.var, right.at);                 \
    return {Op::relation, first, second};                                    \
  }
#define WENGERT_X(op, relation, first, second)                                                                  \
  WENGERT_OPERATOR(op, relation, first, second, const std::derived_from<Var> auto&, const detail::RightVar&)    \
  WENGERT_OPERATOR(op, relation, first, second, const std::derived_from<Var> auto&, const detail::RightNumber&) \
  WENGERT_OPERATOR(op, relation, first, second, detail::Arithmetic auto, const detail::RightVar&)
WENGERT_X(<, Less, x, y)
WENGERT_X(>, Less, y, x)
WENGERT_X(<=, LessEqual, x, y)
WENGERT_X(>=, LessEqual, y, x)
#undef WENGERT_X
#undef WENGERT_OPERATOR

}  // namespace wengert
#endif
