// Special functions beside erf and erfc: the gamma function, its logarithm and the derivatives of that; the beta function; the
// incomplete gamma and beta functions; inverses of erf and erfc; the normal distribution. Of variables, of plain numbers, and of
// every number type, in every way of running.
//
// lgamma(x), tgamma(x), erfinv(x), erfcinv(x), polygamma(n, x), beta(a, b), ibeta(a, b, x) and ibetac(a, b, x) are operations of
// the table, there without this header: CONVENTIONS.md says how accurate they are. The others are made of them.
#pragma once

#include <cmath>
#include <concepts>
#include <numbers>
#include <type_traits>

#include "wengert/number_type.hpp"
#include "wengert/var.hpp"

namespace wengert {

namespace detail {
/// Number types of the library and of the user: Dual, Bounded, …
template <class T>
concept TableNumber = !std::derived_from<T, Var> && requires(const T& x) { T::template evaluate<ops::Neg>(x); };
inline constexpr double minus_sqrt2 = -std::numbers::sqrt2;
}  // namespace detail

/// The derivative of order n of the digamma function, n from 0 to 100: NaN for other n, at the poles 0, -1, -2, …, and below 0
/// for n > 20. Of a variable n is a number too, and flat.
inline double polygamma(int n, double x) { return detail::special::polygamma(static_cast<double>(n), x); }

/// lgamma'(x). NaN at the poles.
inline double digamma(double x) { return detail::special::polygamma(0.0, x); }
constexpr Var digamma(Operand x) { return polygamma(0.0, x); }
template <detail::TableNumber T>
constexpr T digamma(const T& x) {
  return polygamma(T(0), x);
}

/// lgamma''(x). NaN at the poles.
inline double trigamma(double x) { return detail::special::polygamma(1.0, x); }
constexpr Var trigamma(Operand x) { return polygamma(1.0, x); }
template <detail::TableNumber T>
constexpr T trigamma(const T& x) {
  return polygamma(T(1), x);
}

/// log of the beta function, for x, y > 0. Off by a few units in the last place of the largest of its three terms.
inline double log_beta(double x, double y) {
  return detail::special::lgamma(x) + detail::special::lgamma(y) - detail::special::lgamma(x + y);
}
constexpr Var log_beta(Operand x, Operand y) {
  const Var both = lgamma(x) + Operand(lgamma(y), y.at);
  return both - Operand(lgamma(Operand(x.var + y, y.at)), y.at);
}
template <detail::TableNumber T>
constexpr T log_beta(const T& x, const T& y) {
  return lgamma(x) + lgamma(y) - lgamma(x + y);
}

/// gamma(a) gamma(b) / gamma(a + b), for a, b > 0.
// A template as std::beta is one, and more constrained: so it is no ambiguity where both are in sight.
template <class First, class Second>
  requires(std::is_arithmetic_v<First> && std::is_arithmetic_v<Second>)
double beta(First a, Second b) {
  return detail::special::beta(static_cast<double>(a), static_cast<double>(b));
}

/// gamma_p(): the regularised lower incomplete gamma function, the integral of t^(a - 1) exp(-t) from 0 to x over gamma(a), for
/// a > 0 and x >= 0; NaN elsewhere. gamma_q(): what is missing to 1, to all digits where that is little. Derivatives of any order
/// below 16 in each argument, by quadrature with as many digits: some 5 microseconds each.
inline double gamma_p(double a, double x) { return detail::special::incomplete_gamma(a, x, 0); }
constexpr Var gamma_p(Operand a, Operand x) { return incomplete_gamma(a, x, Operand(0.0, x.at)); }
template <detail::TableNumber T>
constexpr T gamma_p(const T& a, const T& x) {
  return incomplete_gamma(a, x, T(0));
}
inline double gamma_q(double a, double x) { return detail::special::incomplete_gamma(a, x, 65536); }
constexpr Var gamma_q(Operand a, Operand x) { return incomplete_gamma(a, x, Operand(65536.0, x.at)); }
template <detail::TableNumber T>
constexpr T gamma_q(const T& a, const T& x) {
  return incomplete_gamma(a, x, T(65536));
}

/// ibeta(): the regularised incomplete beta function, the integral of t^(a - 1) (1 - t)^(b - 1) from 0 to x over beta(a, b), for
/// a, b >= 1e-290 and x from 0 to 1; NaN elsewhere. ibetac(): what is missing to 1. By quadrature, some 10 microseconds each.
/// Derivatives of any order in x, and in a and b up to the second; those of third order in a and b alone are not there, and NaN.
inline double ibeta(double a, double b, double x) { return detail::special::ibeta(a, b, x); }
inline double ibetac(double a, double b, double x) { return detail::special::ibetac(a, b, x); }

/// Where erf, for erfcinv() erfc, takes the value x. NaN outside [-1, 1] ([0, 2]), infinite at the ends.
inline double erfinv(double x) { return detail::special::erfinv(x); }
inline double erfcinv(double x) { return detail::special::erfcinv(x); }

/// The probability that a standard normal number is at most x. Keeps its digits in the lower tail, but for the x^2 units in the
/// last place that the rounding of x itself makes.
inline double normal_cdf(double x) { return 0.5 * std::erfc(0.5 * detail::minus_sqrt2 * x); }
constexpr Var normal_cdf(Operand x) { return 0.5 * Operand(erfc(Operand(0.5 * detail::minus_sqrt2 * x, x.at)), x.at); }
template <detail::TableNumber T>
constexpr T normal_cdf(const T& x) {
  return T(0.5) * erfc(T(0.5 * detail::minus_sqrt2) * x);
}

/// The x that it is p of: normal_cdf(normal_quantile(p)) = p. NaN outside [0, 1], infinite at the ends.
inline double normal_quantile(double p) { return detail::minus_sqrt2 * detail::special::erfcinv(2 * p); }
constexpr Var normal_quantile(Operand p) { return detail::minus_sqrt2 * Operand(erfcinv(Operand(2.0 * p, p.at)), p.at); }
template <detail::TableNumber T>
constexpr T normal_quantile(const T& p) {
  return T(detail::minus_sqrt2) * erfcinv(T(2) * p);
}

}  // namespace wengert
