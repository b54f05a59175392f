// Var in Boost.Math. Boost has functions of its own for operations of the table; for Var they are the operations: one node, and a
// derivative everywhere, where Boost's shortcuts have none (its erf returns a plain 0 at 0, so that the normal distribution's cdf
// lost its derivative at the mean; its cos_pi a plain 0 at 1/2; its gamma_p of a whole number a sum without the parameter). So do
// the distributions that are made of them. What else its algorithms lose: docs/algorithms.md.
//
// Include it before Boost's headers, which find only what was declared before them, and in every file that hands Var to them.
#pragma once

#if defined(BOOST_MATH_SPECIAL_ERF_HPP) || defined(BOOST_MATH_SIN_PI_HPP) || defined(BOOST_MATH_COS_PI_HPP) ||      \
    defined(BOOST_MATH_EXPM1_INCLUDED) || defined(BOOST_MATH_LOG1P_INCLUDED) || defined(BOOST_MATH_SF_GAMMA_HPP) || \
    defined(BOOST_MATH_SPECIAL_BETA_HPP)
#error "Include <wengert/boost.hpp> before the headers of Boost.Math: they find only what was declared before them"
#endif

#include <concepts>
#include <type_traits>

#include "wengert/cmath.hpp"
#include "wengert/ostream.hpp"  // Boost's messages print numbers
#include "wengert/special.hpp"
#include "wengert/std.hpp"  // and its algorithms call functions by their full names
#include "wengert/var.hpp"

namespace wengert::detail {
/// What Boost's functions take last.
template <class Policy>
concept BoostPolicy = std::is_class_v<Policy> && !std::convertible_to<const Policy&, Var>;
}  // namespace wengert::detail

namespace boost::math {

// As in Boost, each with a policy or without. What Boost reports by its policy (a pole, a parameter that is not positive) is NaN
// or infinite here.
#define WENGERT_X(function, ours)                                      \
  inline wengert::Var function(const wengert::Var& x) { return ours; } \
  template <wengert::detail::BoostPolicy Policy>                       \
  wengert::Var function(const wengert::Var& x, const Policy&) {        \
    return ours;                                                       \
  }
WENGERT_X(erf, wengert::erf(x))
WENGERT_X(erfc, wengert::erfc(x))
WENGERT_X(erf_inv, wengert::erfinv(x))
WENGERT_X(erfc_inv, wengert::erfcinv(x))
WENGERT_X(cbrt, wengert::cbrt(x))
WENGERT_X(expm1, wengert::expm1(x))
WENGERT_X(log1p, wengert::log1p(x))
WENGERT_X(asinh, wengert::asinh(x))
WENGERT_X(acosh, wengert::acosh(x))
WENGERT_X(atanh, wengert::atanh(x))
WENGERT_X(sin_pi, wengert::sinpi(x))
WENGERT_X(cos_pi, wengert::cospi(x))
WENGERT_X(lgamma, wengert::lgamma(x))
WENGERT_X(digamma, wengert::digamma(x))
WENGERT_X(trigamma, wengert::trigamma(x))
#undef WENGERT_X
inline wengert::Var polygamma(int n, const wengert::Var& x) { return wengert::polygamma(n, x); }
template <wengert::detail::BoostPolicy Policy>
wengert::Var polygamma(int n, const wengert::Var& x, const Policy&) {
  return wengert::polygamma(n, x);
}

// Of several arguments some may be numbers. The parameters are Boost's, by value, so that the constraint decides.
#define WENGERT_X(function, ours)                                                      \
  template <class First, class Second>                                                 \
    requires std::WengertAmong<First, Second>                                          \
  wengert::Var function(First a, Second x) {                                           \
    return ours;                                                                       \
  }                                                                                    \
  template <class First, class Second, class Policy>                                   \
    requires(std::WengertAmong<First, Second> && wengert::detail::BoostPolicy<Policy>) \
  wengert::Var function(First a, Second x, const Policy&) {                            \
    return ours;                                                                       \
  }
WENGERT_X(gamma_p, wengert::gamma_p(a, x))
WENGERT_X(gamma_q, wengert::gamma_q(a, x))
WENGERT_X(gamma_p_derivative, wengert::incomplete_gamma(a, x, 1.0))
WENGERT_X(tgamma_lower, wengert::gamma_p(a, x) * wengert::tgamma(wengert::Operand(a)))
#undef WENGERT_X
#define WENGERT_X(function, ours)                                                             \
  template <class First, class Second, class Third>                                           \
    requires std::WengertAmong<First, Second, Third>                                          \
  wengert::Var function(First a, Second b, Third x) {                                         \
    return ours;                                                                              \
  }                                                                                           \
  template <class First, class Second, class Third, class Policy>                             \
    requires(std::WengertAmong<First, Second, Third> && wengert::detail::BoostPolicy<Policy>) \
  wengert::Var function(First a, Second b, Third x, const Policy&) {                          \
    return ours;                                                                              \
  }
WENGERT_X(ibeta, wengert::ibeta(a, b, x))
WENGERT_X(ibetac, wengert::ibetac(a, b, x))
WENGERT_X(ibeta_derivative, wengert::ibeta_derivative(a, b, x))
WENGERT_X(beta, wengert::ibeta(a, b, x) * wengert::beta(wengert::Operand(a), b))
WENGERT_X(betac, wengert::ibetac(a, b, x) * wengert::beta(wengert::Operand(a), b))
#undef WENGERT_X

// The last argument is a policy or a number, which Boost asks later.
inline wengert::Var tgamma(const wengert::Var& x) { return wengert::tgamma(x); }
template <std::derived_from<wengert::Var> Number, wengert::detail::BoostPolicy Policy>
wengert::Var tgamma(Number x, Policy) {
  return wengert::tgamma(x);
}
template <class First, class Second>
  requires std::WengertAmong<First, Second>
wengert::Var tgamma(First a, Second x) {
  return wengert::gamma_q(a, x) * wengert::tgamma(wengert::Operand(a));
}
template <class First, class Second, class Policy>
  requires(std::WengertAmong<First, Second> && wengert::detail::BoostPolicy<Policy>)
wengert::Var tgamma(First a, Second x, const Policy&) {
  return wengert::gamma_q(a, x) * wengert::tgamma(wengert::Operand(a));
}
template <class First, class Second>
  requires std::WengertAmong<First, Second>
wengert::Var beta(First a, Second b) {
  return wengert::beta(wengert::Operand(a), b);
}
template <class First, class Second, class Policy>
  requires(std::WengertAmong<First, Second> && wengert::detail::BoostPolicy<Policy>)
wengert::Var beta(First a, Second b, Policy) {
  return wengert::beta(wengert::Operand(a), b);
}

}  // namespace boost::math
