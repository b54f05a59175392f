// Var in Boost.Math. Boost has functions of its own for operations of the table; for Var they are the operations: one node, and a
// derivative everywhere, where Boost's shortcuts have none (its erf returns a plain 0 at 0, so that the normal distribution's cdf
// lost its derivative at the mean; its cos_pi a plain 0 at 1/2). What else its algorithms lose: docs/algorithms.md.
//
// Include it before Boost's headers, which find only what was declared before them, and in every file that hands Var to them.
#pragma once

#if defined(BOOST_MATH_SPECIAL_ERF_HPP) || defined(BOOST_MATH_SIN_PI_HPP) || defined(BOOST_MATH_COS_PI_HPP) || \
    defined(BOOST_MATH_EXPM1_INCLUDED) || defined(BOOST_MATH_LOG1P_INCLUDED)
#error "Include <wengert/boost.hpp> before the headers of Boost.Math: they find only what was declared before them"
#endif

#include <numbers>

#include "wengert/cmath.hpp"
#include "wengert/ostream.hpp"  // Boost's messages print numbers
#include "wengert/std.hpp"      // and its algorithms call functions by their full names
#include "wengert/var.hpp"

namespace boost::math {

// As in Boost, each with a policy or without.
#define WENGERT_X(function)                                                            \
  inline wengert::Var function(const wengert::Var& x) { return wengert::function(x); } \
  template <class Policy>                                                              \
  wengert::Var function(const wengert::Var& x, const Policy&) {                        \
    return wengert::function(x);                                                       \
  }
WENGERT_X(erf)
WENGERT_X(erfc)
WENGERT_X(cbrt)
WENGERT_X(expm1)
WENGERT_X(log1p)
WENGERT_X(asinh)
WENGERT_X(acosh)
WENGERT_X(atanh)
#undef WENGERT_X

/// sin(pi x): the distance from the nearest whole number is exact, and so are the zeros.
inline wengert::Var sin_pi(const wengert::Var& x) {
  const wengert::Var whole = wengert::rint(x), sign = 1.0 - 2.0 * abs(whole - 2.0 * wengert::trunc(0.5 * whole));
  return sign * sin(std::numbers::pi * (x - whole));
}
/// cos(pi x), likewise. Near its zeros, where the cosine of a rounded argument has no digits, by way of the sine.
inline wengert::Var cos_pi(const wengert::Var& x) {
  const wengert::Var whole = wengert::rint(x), sign = 1.0 - 2.0 * abs(whole - 2.0 * wengert::trunc(0.5 * whole));
  const wengert::Var rest = abs(x - whole);
  return sign * (rest > 0.25 ? sin(std::numbers::pi * (0.5 - rest)) : cos(std::numbers::pi * rest));
}
template <class Policy>
wengert::Var sin_pi(const wengert::Var& x, const Policy&) {
  return boost::math::sin_pi(x);
}
template <class Policy>
wengert::Var cos_pi(const wengert::Var& x, const Policy&) {
  return boost::math::cos_pi(x);
}

}  // namespace boost::math
