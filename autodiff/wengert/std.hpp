// Functions of Var by their full names: std::exp(x), std::max(x, y), std::isnan(x), for code that spells them so. Opt-in: the
// standard does not sanction overloads of ours in namespace std, though compilers take them. Include it before such code.
//
// std::max, std::min and std::clamp of Vars choose by data, where the templates of <algorithm> branch: a replay follows the
// values instead of refusing them; std::max<Var>(x, y), with the type spelled out, too.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <initializer_list>
#include <string>
#include <type_traits>
#include <utility>

#include "wengert/cmath.hpp"
#include "wengert/var.hpp"

// Templates, so that they take a Var alone: what converts to double, and to Var too, goes to the standard's own functions as
// before.
namespace std {

#define WENGERT_X(result, function)                                                                 \
  template <std::derived_from<wengert::Var> Number>                                                 \
  constexpr result function(const Number& x, wengert::Location at = wengert::Location::current()) { \
    return wengert::function(wengert::Operand(x, at));                                              \
  }
#define WENGERT_VAR(function) WENGERT_X(wengert::Var, function)
#define WENGERT_BOOL(function) WENGERT_X(bool, function)
// clang-format off
WENGERT_VAR(abs) WENGERT_VAR(fabs) WENGERT_VAR(sqrt) WENGERT_VAR(cbrt) WENGERT_VAR(exp) WENGERT_VAR(exp2) WENGERT_VAR(expm1)
WENGERT_VAR(log) WENGERT_VAR(log2) WENGERT_VAR(log10) WENGERT_VAR(log1p) WENGERT_VAR(sin) WENGERT_VAR(cos) WENGERT_VAR(tan)
WENGERT_VAR(asin) WENGERT_VAR(acos) WENGERT_VAR(atan) WENGERT_VAR(sinh) WENGERT_VAR(cosh) WENGERT_VAR(tanh) WENGERT_VAR(asinh)
WENGERT_VAR(acosh) WENGERT_VAR(atanh) WENGERT_VAR(erf) WENGERT_VAR(erfc) WENGERT_VAR(lgamma) WENGERT_VAR(tgamma) WENGERT_VAR(floor) WENGERT_VAR(ceil)
WENGERT_VAR(round) WENGERT_VAR(trunc) WENGERT_VAR(rint) WENGERT_VAR(nearbyint) WENGERT_VAR(logb)
WENGERT_BOOL(isnan) WENGERT_BOOL(isinf) WENGERT_BOOL(isfinite) WENGERT_BOOL(isnormal) WENGERT_BOOL(signbit)
WENGERT_X(int, fpclassify) WENGERT_X(int, ilogb) WENGERT_X(long, lround) WENGERT_X(long, lrint)
WENGERT_X(long long, llround) WENGERT_X(long long, llrint)
// clang-format on
#undef WENGERT_VAR
#undef WENGERT_BOOL
#undef WENGERT_X

    // Of several, at least one of them a variable; the others may be numbers.
    template <class... Numbers>
    concept WengertAmong = (... || std::derived_from<Numbers, wengert::Var>) &&
                           (... && std::convertible_to<const Numbers&, wengert::Var>);
#define WENGERT_X(result, function)                                                                                 \
  template <class First, class Second>                                                                              \
    requires WengertAmong<First, Second>                                                                            \
  constexpr result function(const First& x, const Second& y, wengert::Location at = wengert::Location::current()) { \
    return wengert::function(wengert::Operand(x, at), wengert::Operand(y, at));                                     \
  }
#define WENGERT_VAR(function) WENGERT_X(wengert::Var, function)
#define WENGERT_BOOL(function) WENGERT_X(bool, function)
// clang-format off
WENGERT_VAR(pow) WENGERT_VAR(atan2) WENGERT_VAR(hypot) WENGERT_VAR(fmin) WENGERT_VAR(fmax) WENGERT_VAR(fmod)
WENGERT_VAR(remainder) WENGERT_VAR(copysign) WENGERT_VAR(fdim) WENGERT_VAR(nextafter) WENGERT_VAR(midpoint) WENGERT_VAR(beta)
WENGERT_BOOL(isunordered) WENGERT_BOOL(isless) WENGERT_BOOL(islessequal) WENGERT_BOOL(isgreater)
WENGERT_BOOL(isgreaterequal) WENGERT_BOOL(islessgreater)
// clang-format on
#undef WENGERT_VAR
#undef WENGERT_BOOL
#undef WENGERT_X

#define WENGERT_X(function)                                                                              \
  template <class First, class Second, class Third>                                                      \
    requires WengertAmong<First, Second, Third>                                                          \
  constexpr wengert::Var function(const First& x, const Second& y, const Third& z,                       \
                                  wengert::Location at = wengert::Location::current()) {                 \
    return wengert::function(wengert::Operand(x, at), wengert::Operand(y, at), wengert::Operand(z, at)); \
  }
            WENGERT_X(fma) WENGERT_X(hypot) WENGERT_X(lerp)
#undef WENGERT_X

                template <std::derived_from<wengert::Var> Number>
                constexpr wengert::Var ldexp(const Number& x, int n) {
  return wengert::ldexp(x, n);
}
template <std::derived_from<wengert::Var> Number>
constexpr wengert::Var scalbn(const Number& x, int n) {
  return wengert::scalbn(x, n);
}
template <std::derived_from<wengert::Var> Number>
constexpr wengert::Var scalbln(const Number& x, long n) {
  return wengert::scalbln(x, n);
}
template <std::derived_from<wengert::Var> Number>
constexpr wengert::Var frexp(const Number& x, int* exponent) {
  return wengert::frexp(x, exponent);
}
template <class First, class Second>
  requires WengertAmong<First, Second>
constexpr wengert::Var remquo(const First& x, const Second& y, int* quotient) {
  return wengert::remquo(x, y, quotient);
}
constexpr wengert::Var modf(const wengert::Var& x, wengert::Var* whole) { return wengert::modf(x, whole); }

// Templates: where our namespace is open too, the functions there are the better match.
template <same_as<wengert::Var> Number>
constexpr Number min(const Number& x, const Number& y) {
  return wengert::min(x, y);
}
template <same_as<wengert::Var> Number>
constexpr Number max(const Number& x, const Number& y) {
  return wengert::max(x, y);
}
template <class First, class Second>
  requires(WengertAmong<First, Second> && !same_as<First, Second>)
constexpr wengert::Var min(const First& x, const Second& y) {
  return wengert::min(wengert::Operand(x), wengert::Operand(y));
}
template <class First, class Second>
  requires(WengertAmong<First, Second> && !same_as<First, Second>)
constexpr wengert::Var max(const First& x, const Second& y) {
  return wengert::max(wengert::Operand(x), wengert::Operand(y));
}
constexpr wengert::Var min(std::initializer_list<wengert::Var> xs) {
  wengert::Var least = *xs.begin();
  for (auto x = xs.begin() + 1; x != xs.end(); ++x) least = wengert::min(least, *x);
  return least;
}
constexpr wengert::Var max(std::initializer_list<wengert::Var> xs) {
  wengert::Var largest = *xs.begin();
  for (auto x = xs.begin() + 1; x != xs.end(); ++x) largest = wengert::max(largest, *x);
  return largest;
}
constexpr wengert::Var clamp(const wengert::Var& x, const wengert::Var& low, const wengert::Var& high) {
  return wengert::clamp(x, low, high);
}

inline string to_string(const wengert::Var& x) { return to_string(x.value()); }

// Pointers to them: T (*f)(T) = std::sin, as other templates take them. No call finds these: it cannot tell Result.
#define WENGERT_X(function)                              \
  template <same_as<wengert::Var> Result>                \
  constexpr Result function(type_identity_t<Result> x) { \
    return wengert::function(x);                         \
  }
#define WENGERT_XY(function)                                                        \
  template <same_as<wengert::Var> Result>                                           \
  constexpr Result function(type_identity_t<Result> x, type_identity_t<Result> y) { \
    return wengert::function(x, y);                                                 \
  }
// clang-format off
WENGERT_X(abs) WENGERT_X(fabs) WENGERT_X(sqrt) WENGERT_X(cbrt) WENGERT_X(exp) WENGERT_X(exp2) WENGERT_X(expm1)
WENGERT_X(log) WENGERT_X(log2) WENGERT_X(log10) WENGERT_X(log1p) WENGERT_X(sin) WENGERT_X(cos) WENGERT_X(tan)
WENGERT_X(asin) WENGERT_X(acos) WENGERT_X(atan) WENGERT_X(sinh) WENGERT_X(cosh) WENGERT_X(tanh) WENGERT_X(asinh)
WENGERT_X(acosh) WENGERT_X(atanh) WENGERT_X(erf) WENGERT_X(erfc) WENGERT_X(lgamma) WENGERT_X(tgamma) WENGERT_X(floor) WENGERT_X(ceil)
WENGERT_X(round) WENGERT_X(trunc) WENGERT_X(rint) WENGERT_X(nearbyint) WENGERT_X(logb)
WENGERT_XY(pow) WENGERT_XY(atan2) WENGERT_XY(hypot) WENGERT_XY(fmin) WENGERT_XY(fmax) WENGERT_XY(fmod)
WENGERT_XY(remainder) WENGERT_XY(copysign) WENGERT_XY(fdim) WENGERT_XY(nextafter)
// clang-format on
#undef WENGERT_XY
#undef WENGERT_X

}  // namespace std
