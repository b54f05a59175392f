// Var in Boost.Math. Boost has functions of its own for operations of the table; for Var they are the operations: one node, and a
// derivative everywhere, where Boost's shortcuts have none (its erf returns a plain 0 at 0, so that the normal distribution's cdf
// lost its derivative at the mean; its cos_pi a plain 0 at 1/2; its gamma_p of a whole number a sum without the parameter). So do
// the distributions that are made of them. Quantiles have Boost's values and the derivatives of what they solve, up to the second
// order. What else its algorithms lose: docs/algorithms.md.
//
// Include it before Boost's headers, which find only what was declared before them, and in every file that hands Var to them.
#pragma once

#if defined(BOOST_MATH_SPECIAL_ERF_HPP) || defined(BOOST_MATH_SIN_PI_HPP) || defined(BOOST_MATH_COS_PI_HPP) ||      \
    defined(BOOST_MATH_EXPM1_INCLUDED) || defined(BOOST_MATH_LOG1P_INCLUDED) || defined(BOOST_MATH_SF_GAMMA_HPP) || \
    defined(BOOST_MATH_SPECIAL_BETA_HPP)
#error "Include <wengert/boost.hpp> before the headers of Boost.Math: they find only what was declared before them"
#endif

// Its algorithms are hundreds of operations each: as calls they compile in a quarter of the time (record/small_code.hpp).
#if defined(__OPTIMIZE__) && !defined(WENGERT_SMALL_CODE)
#define WENGERT_SMALL_CODE 1
#endif

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <numbers>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "wengert/cmath.hpp"
#include "wengert/custom.hpp"
#include "wengert/ostream.hpp"  // Boost's messages print numbers
#include "wengert/special.hpp"
#include "wengert/std.hpp"  // and its algorithms call functions by their full names
#include "wengert/var.hpp"

namespace wengert::detail {
/// What Boost's functions take last.
template <class Policy>
concept BoostPolicy = std::is_class_v<Policy> && !std::convertible_to<const Policy&, Var>;

/// What Boost makes of the values, to some 16 units in the last place: a node whose derivatives are 0, up to the second order.
inline CustomOperation without_derivatives(std::string name, int arity, CustomOperation::Value value) {
  const auto flat = [](auto, double, auto partials) { std::ranges::fill(partials, 0.0); };
  const CustomOperation zero("0", arity, [](auto) { return 0.0; }, flat, {}, [](auto, double) { return 0.0; });
  const auto error = [](auto, double result) { return 0x1p-48 * std::abs(result); };
  return {std::move(name), arity, std::move(value), flat, std::vector(static_cast<std::size_t>(arity), zero), error};
}

/// What has the value of x, which is 0, and the derivatives of x.
inline Var derivatives_of(Var x) { return x - detach(x); }

/// x, of which newton(x) is 0 but for rounding, with the derivatives up to the second order of what solves newton(x) = 0, where
/// newton(x) = f(x) / f'(x): a step gives an order.
template <class Newton>
Var solution(Var x, Newton newton) {
  for (int order = 0; order < 2; ++order) x = x - derivatives_of(newton(x));
  return x;
}

/// The x below which lies p, or above which if `upper`, where gamma_p rises. `x` is its value. In whichever tail is smaller.
inline Var gamma_quantile(Operand a, Operand p, Var x, bool upper) {
  if (!(x > 0.0 && isfinite(x))) return x;
  const Condition given = p < 0.5;
  const Var tail = select(given, p.var, 1.0 - p.var), order = select(given, upper ? 65536.0 : 0.0, upper ? 0.0 : 65536.0);
  const Var sign = 1.0 - order / 32768.0;
  return solution(x, [&](Var here) { return sign * (incomplete_gamma(a, here, order) - tail) / incomplete_gamma(a, here, 1.0); });
}

/// The same of ibeta, where `x` and `y` are the values of x and 1 - x; the less of the two is solved for.
inline std::pair<Var, Var> beta_quantile(Operand a, Operand b, Operand p, Var x, Var y, bool upper) {
  if (!(x > 0.0 && y > 0.0)) return {x, y};
  const Condition left = x < y;
  const Var first = select(left, a.var, b.var), second = select(left, b.var, a.var);
  const Var rest = 1.0 - p.var, less = upper ? rest : p.var, more = upper ? p.var : rest;
  const Var below = select(left, less, more), above = select(left, more, less);
  const Var start = select(left, x, y);
  const Var root = solution(start, [&](Var here) {
    return select(below < above, ibeta(first, second, here) - below, above - ibetac(first, second, here)) /
           ibeta_derivative(first, second, here);
  });
  const Var moved = derivatives_of(root), moved_x = select(left, moved, -moved);
  return {x + moved_x, y - moved_x};
}
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

// Quantiles. Boost's functions of numbers are found by this policy, though declared later.
template <class Policy>
struct WengertPolicy : Policy {};

#define WENGERT_X(function, upper)                                                                              \
  template <class First, class Second, class Policy>                                                            \
    requires(std::WengertAmong<First, Second> && wengert::detail::BoostPolicy<Policy>)                          \
  wengert::Var function(First a, Second p, const Policy&) {                                                     \
    static const auto value = wengert::detail::without_derivatives(                                             \
        #function, 2, [](std::span<const double> x) { return function(x[0], x[1], WengertPolicy<Policy>()); }); \
    return wengert::detail::gamma_quantile(a, p, value(wengert::detach(a), wengert::detach(p)), upper);         \
  }
WENGERT_X(gamma_p_inv, false)
WENGERT_X(gamma_q_inv, true)
#undef WENGERT_X
#define WENGERT_X(function, upper)                                                                                               \
  template <class First, class Second, class Third, class Fourth, class Policy>                                                  \
    requires(std::WengertAmong<First, Second, Third> && wengert::detail::BoostPolicy<Policy>)                                    \
  wengert::Var function(First a, Second b, Third p, Fourth* py, const Policy&) {                                                 \
    const auto boosts = [](bool other, std::span<const double> at) {                                                             \
      double y = 0, x = function(at[0], at[1], at[2], &y, WengertPolicy<Policy>());                                              \
      return other ? y : x;                                                                                                      \
    };                                                                                                                           \
    static const auto value =                                                                                                    \
        wengert::detail::without_derivatives(#function, 3, [=](std::span<const double> at) { return boosts(false, at); });       \
    static const auto other =                                                                                                    \
        wengert::detail::without_derivatives("1 - " #function, 3, [=](std::span<const double> at) { return boosts(true, at); }); \
    const wengert::Var at[] = {wengert::detach(a), wengert::detach(b), wengert::detach(p)};                                      \
    const auto [x, y] = wengert::detail::beta_quantile(a, b, p, value(at), other(at), upper);                                    \
    if (py != nullptr) *py = y;                                                                                                  \
    return x;                                                                                                                    \
  }
WENGERT_X(ibeta_inv, false)
WENGERT_X(ibetac_inv, true)
#undef WENGERT_X

// Student's distribution: Boost's has no derivative at 0, and its quantile none in a whole number of degrees of freedom.
template <class Number, class Policy>
class students_t_distribution;
template <class Policy>
wengert::Var cdf(const students_t_distribution<wengert::Var, Policy>& law, const wengert::Var& t) {
  using namespace wengert;
  const Var freedom = law.degrees_of_freedom();
  if (freedom > 0x1p52) return normal_cdf(t);
  // what lies beyond -|t|: as smooth at 0 from either side, which |t| is not
  const Condition right = t > 0.0;
  const Var size = select(right, t, -t), radius = hypot(t, sqrt(freedom));
  const Var half = 0.5 * freedom, tail = wengert::ibeta(half, half, half / (radius * (radius + size)));
  return select(right, 1.0 - tail, tail);
}
template <class Policy>
wengert::Var quantile(const students_t_distribution<wengert::Var, Policy>& law, const wengert::Var& p) {
  using namespace wengert;
  static const auto value = wengert::detail::without_derivatives("students_t_quantile", 2, [](std::span<const double> x) {
    return quantile(students_t_distribution<double, Policy>(x[0]), x[1]);
  });
  const Var t = value(detach(law.degrees_of_freedom()), detach(p));
  if (!isfinite(t)) return t;
  return wengert::detail::solution(
      t, [&](const Var& here) { return select(p < 0.5, cdf(law, here) - p, 1.0 - p - cdf(law, -here)) / pdf(law, here); });
}

// Cauchy's, whose median is such a point.
template <class Number, class Policy>
class cauchy_distribution;
template <class Distribution, class Number>
struct complemented2_type;
template <class Policy>
wengert::Var cdf(const cauchy_distribution<wengert::Var, Policy>& law, const wengert::Var& x) {
  return atan2(law.scale(), law.location() - x) / std::numbers::pi;
}
template <class Policy>
wengert::Var cdf(const complemented2_type<cauchy_distribution<wengert::Var, Policy>, wengert::Var>& c) {
  return atan2(c.dist.scale(), c.param - c.dist.location()) / std::numbers::pi;
}
template <class Policy>
wengert::Var quantile(const cauchy_distribution<wengert::Var, Policy>& law, const wengert::Var& p) {
  return law.location() - law.scale() * (wengert::cospi(p) / wengert::sinpi(p));
}
template <class Policy>
wengert::Var quantile(const complemented2_type<cauchy_distribution<wengert::Var, Policy>, wengert::Var>& c) {
  return c.dist.location() + c.dist.scale() * (wengert::cospi(c.param) / wengert::sinpi(c.param));
}

// Owen's function by its partials, exact to the second order at the middle between the point and the point without derivatives.
template <class First, class Second, class Policy>
  requires(std::WengertAmong<First, Second> && wengert::detail::BoostPolicy<Policy>)
wengert::Var owens_t(First h, Second a, const Policy&) {
  using namespace wengert;
  static const auto value = wengert::detail::without_derivatives(
      "owens_t", 2, [](std::span<const double> x) { return owens_t(x[0], x[1], WengertPolicy<Policy>()); });
  const Var h0 = detach(h), a0 = detach(a), in_h = 0.5 * (h + h0), in_a = 0.5 * (a + a0);
  const Var bell = exp(-0.5 * in_h * in_h), square = 1.0 + in_a * in_a;
  const Var partial_h = -0.25 * std::numbers::sqrt2 * std::numbers::inv_sqrtpi * bell * erf(in_a * in_h / std::numbers::sqrt2);
  const Var partial_a = 0.5 * std::numbers::inv_pi * exp(-0.5 * in_h * in_h * square) / square;
  return value(h0, a0) + absorbing_product(h - h0, partial_h) + absorbing_product(a - a0, partial_a);
}

// Ratios of gamma functions: Boost's are products and tables at whole numbers.
template <std::derived_from<wengert::Var> Number, class Policy>
wengert::Var tgamma1pm1(Number x, const Policy&) {
  static const auto value = wengert::detail::without_derivatives(
      "tgamma1pm1", 1, [](std::span<const double> at) { return tgamma1pm1(at[0], WengertPolicy<Policy>()); });
  return value(wengert::detach(x)) + wengert::detail::derivatives_of(wengert::tgamma(1.0 + x));
}
template <class First, class Second, class Policy>
  requires(std::WengertAmong<First, Second> && wengert::detail::BoostPolicy<Policy>)
wengert::Var tgamma_delta_ratio(First z, Second delta, const Policy&) {
  using namespace wengert;
  static const auto value = wengert::detail::without_derivatives("tgamma_delta_ratio", 2, [](std::span<const double> at) {
    return tgamma_delta_ratio(at[0], at[1], WengertPolicy<Policy>());
  });
  const Var log = wengert::lgamma(Operand(z)) - wengert::lgamma(z + delta);
  return value(detach(z), detach(delta)) * exp(wengert::detail::derivatives_of(log));
}

// What the series of non-central distributions ask for.
namespace detail {
template <class Policy>
wengert::Var ibeta_imp(wengert::Var a, wengert::Var b, wengert::Var x, const Policy&, bool upper, bool normalised,
                       wengert::Var* density) {
  if (density != nullptr) *density = wengert::ibeta_derivative(a, b, x);
  const wengert::Var share = upper ? wengert::ibetac(a, b, x) : wengert::ibeta(a, b, x);
  return normalised ? share : share * wengert::beta(a, b);
}
}  // namespace detail

}  // namespace boost::math
