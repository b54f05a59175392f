// Every operation of the table as a function of Var, found by argument-dependent lookup: exp(x), hypot(x, 2), fma(x, y, z),
// detach(x).
#pragma once

#include "wengert/var.hpp"

namespace wengert {

#define WENGERT_X(Rule, function) \
  WENGERT_OPERATION constexpr Var function(Operand x) { return detail::record<ops::Rule>(x); }
WENGERT_UNARY_OPERATIONS(WENGERT_X)
#undef WENGERT_X
#define WENGERT_X(Rule, function) \
  WENGERT_OPERATION constexpr Var function(Operand x, Operand y) { return detail::record<ops::Rule>(x, y); }
WENGERT_BINARY_OPERATIONS(WENGERT_X)
#undef WENGERT_X
#define WENGERT_X(Rule, function) \
  WENGERT_OPERATION constexpr Var function(Operand x, Operand y, Operand z) { return detail::record<ops::Rule>(x, y, z); }
WENGERT_TERNARY_FUNCTIONS(WENGERT_X)
#undef WENGERT_X

/// abs, min and max by their other names: fabs(), fmin(), fmax().
WENGERT_OPERATION constexpr Var fabs(Operand x) { return detail::record<ops::Abs>(x); }
WENGERT_OPERATION constexpr Var fmin(Operand x, Operand y) { return detail::record<ops::Min>(x, y); }
WENGERT_OPERATION constexpr Var fmax(Operand x, Operand y) { return detail::record<ops::Max>(x, y); }
/// min() and max() as exact matches, so that they win over std::min and std::max where `using std::max;` brings those in.
WENGERT_OPERATION constexpr Var min(const Var& x, const Var& y, Location at = Location::current()) {
  return detail::record<ops::Min>(Operand(x, at), Operand(y, at));
}
WENGERT_OPERATION constexpr Var max(const Var& x, const Var& y, Location at = Location::current()) {
  return detail::record<ops::Max>(Operand(x, at), Operand(y, at));
}

}  // namespace wengert
