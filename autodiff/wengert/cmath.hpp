// What <cmath> has beside the operations of the table, for Var: fmod, remainder, remquo, modf, frexp, ldexp, copysign, rint,
// sinpi, hypot of three, lerp, clamp, … Each is made of operations of the table, so it runs in every way that they do.
//
// What gives an integer or a bool (lround, ilogb, signbit, fpclassify) leaves the tape. As with any branch on a value a replay
// finds out whether the outcome is the same there, and otherwise throws BranchChanged.
#pragma once

#include <climits>
#include <cmath>
#include <concepts>
#include <limits>
#include <numbers>

#include "wengert/var.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wfloat-equal"  // what is compared here is meant to the bit

namespace wengert {

namespace detail {
/// Whether the sign bit is set, as data; of NaN: not.
constexpr Condition is_negative(Operand x) { return {Op::Less, atan2(x, Operand(-1.0, x.at)), Operand(0.0, x.at)}; }
}  // namespace detail

// -- rounding: flat, so the derivative is 0

/// rint(), nearbyint(): to the nearest whole number, halves to the even one, whatever the rounding mode.
constexpr Var rint(Operand x) { return select(abs(x - trunc(x)) == 0.5, 2.0 * round(0.5 * x.var), round(x), x.at); }
constexpr Var nearbyint(Operand x) { return rint(x); }
/// To whole numbers that leave the tape, which a replay must find again: lround() and llround() as round, lrint() and llrint() as
/// rint.
inline long lround(Operand x) { return std::lround(detail::leave(Operand(round(x), x.at))); }
inline long long llround(Operand x) { return std::llround(detail::leave(Operand(round(x), x.at))); }
inline long lrint(Operand x) { return std::lrint(detail::leave(Operand(rint(x), x.at))); }
inline long long llrint(Operand x) { return std::llrint(detail::leave(Operand(rint(x), x.at))); }

// -- sign

/// |x| with the sign of y. The derivative in y is 0.
constexpr Var copysign(Operand x, Operand y) { return select(detail::is_negative(y), -abs(x), abs(x), y.at); }
/// Whether the sign bit is set, as a branch; of NaN it is not.
constexpr bool signbit(Operand x) { return detail::is_negative(x); }
/// x - y where that is positive, else 0.
constexpr Var fdim(Operand x, Operand y) { return select(x <= y, 0.0, x - y, y.at); }

// -- remainders

/// x - n y, n the quotient rounded towards 0: derivative 1 in x, -n in y. Exact, as std::fmod, but for the sign of a zero; NaN
/// where the quotient is 2^53 or more, since then n is not known.
constexpr Var fmod(Operand x, Operand y) {
  const Var quotient = trunc(x / y), rest = fma(-quotient, y, x);
  // x / y may have been rounded up to a whole number: then the rest has the other sign
  const Var sound = select((rest < 0.0) & (x > 0.0), rest + abs(y), select((rest > 0.0) & (x < 0.0), rest - abs(y), rest));
  const Var known = select(abs(quotient) < 0x1p53, sound, ops::not_a_number, y.at);
  return select((abs(y) == ops::infinity) & (abs(x) < ops::infinity), x.var, known, y.at);
}
/// The same with the quotient rounded to nearest, halves to even.
constexpr Var remainder(Operand x, Operand y) {
  // the remainder by 2 y, and then one y less, or two
  const Var size = abs(y), start = fmod(x, 2.0 * y.var), once = abs(start), twice = once - size;
  const Condition over = once > size - once;  // more than half, whether or not y / 2 is a number
  const Var times = over + (over & (twice >= size - twice));
  return select(times == 0.0, start, fma(select(x < 0.0, times, -times), size, start), y.at);
}
/// The same, and the last three bits of the quotient, with its sign: they leave the tape, so a replay must find them again.
inline Var remquo(Operand x, Operand y, int* quotient) {
  const Operand rest(remainder(x, y), y.at), times(rint(Operand((x - rest) / y, y.at)), y.at);
  std::remquo(x.var.value(), y.var.value(), quotient);
  *quotient %= 8;
  detail::leave(Operand(times - 8.0 * Operand(trunc(Operand(0.125 * times, y.at)), y.at), y.at));
  return rest.var;
}
/// The fractional part of x, whose whole part goes to `whole`; both have x's sign.
constexpr Var modf(Operand x, Var* whole) {
  *whole = trunc(x);
  return copysign(select(abs(x) == ops::infinity, 0.0, x - *whole), x);
}

// -- powers of 2

/// x 2^n: ldexp(), scalbn(), scalbln().
inline Var ldexp(Operand x, int n) {
  // in three steps: 2^n alone may overflow where x 2^n does not; no further than takes every number to 0 or infinity
  const int most = 2200, within = n < -most ? -most : n > most ? most : n, part = within / 3;
  return x * std::ldexp(1.0, part) * std::ldexp(1.0, part) * std::ldexp(1.0, within - 2 * part);
}
inline Var scalbn(Operand x, int n) { return ldexp(x, n); }
inline Var scalbln(Operand x, long n) { return ldexp(x, static_cast<int>(n < -5000 ? -5000 : n > 5000 ? 5000 : n)); }
/// The exponent of x, as std::ilogb.
inline int ilogb(Operand x) {
  const int exponent = std::ilogb(x.var.value());
  if (exponent == FP_ILOGB0 || exponent == FP_ILOGBNAN || exponent == INT_MAX) {
    detail::leave(x);
  } else {
    const Operand size(abs(x), x.at), half(0.5 * size, x.at), least(std::ldexp(1.0, exponent), x.at);
    static_cast<void>(size >= least && half < least);
  }
  return exponent;
}
/// The same as a number: flat.
inline Var logb(Operand x) {
  ilogb(x);
  return std::logb(x.var.value());
}
/// x = result 2^exponent, 1/2 <= |result| < 1.
inline Var frexp(Operand x, int* exponent) {
  const double size = std::fabs(x.var.value());
  *exponent = 0;
  if (!(size > 0) || size == ops::infinity) return detail::leave(x), x.var;
  *exponent = ilogb(x) + 1;
  return ldexp(x, -*exponent);
}

// -- half turns

namespace detail {
/// x is a whole number, `sign` telling odd ones by -1, and `quarters` / 2, which is -1/2, 0 or 1/2, and `rest`, at most 1/4.
/// Exact.
template <class T>
struct HalfTurns {
  T sign, quarters, rest;

  constexpr explicit HalfTurns(const T& x) {
    using std::abs, std::round, std::trunc;
    const T whole = round(x), apart = x - whole;
    sign = T(1) - T(2) * abs(whole - T(2) * trunc(T(0.5) * whole));
    quarters = round(T(2) * apart);
    rest = apart - T(0.5) * quarters;
  }
};
template <class T>
constexpr T sinpi(const T& x) {
  using std::cos, std::sin;
  const HalfTurns<T> turns(x);
  const T angle = T(std::numbers::pi) * turns.rest;
  return turns.sign * select(turns.quarters == T(0), sin(angle), turns.quarters * cos(angle));
}
template <class T>
constexpr T cospi(const T& x) {
  using std::cos, std::sin;
  const HalfTurns<T> turns(x);
  const T angle = T(std::numbers::pi) * turns.rest;
  return turns.sign * select(turns.quarters == T(0), cos(angle), -turns.quarters * sin(angle));
}
template <class T>
constexpr T tanpi(const T& x) {
  using std::tan;
  const HalfTurns<T> turns(x);
  const T slope = tan(T(std::numbers::pi) * turns.rest);
  return select(turns.quarters == T(0), slope, T(-1) / slope);
}
}  // namespace detail

/// sinpi(), cospi(), tanpi(): of pi x, whose multiple of pi / 2 is taken off exactly: so they and their derivatives are exact at
/// whole numbers and halves. tanpi has its poles, +-inf, at halves; the derivative there is +inf. NaN at infinity.
constexpr Var sinpi(Operand x) { return detail::sinpi(x.var); }
constexpr Var cospi(Operand x) { return detail::cospi(x.var); }
constexpr Var tanpi(Operand x) { return detail::tanpi(x.var); }
// Templates, so that those of a C library that has them are the better match.
template <std::floating_point Number>
Number sinpi(Number x) {
  return detail::sinpi(x);
}
template <std::floating_point Number>
Number cospi(Number x) {
  return detail::cospi(x);
}
template <std::floating_point Number>
Number tanpi(Number x) {
  return detail::tanpi(x);
}

// -- others

/// Written so that it does not overflow where the result does not.
constexpr Var hypot(Operand x, Operand y, Operand z) { return hypot(hypot(x, y), z); }
/// a + t (b - a) for finite a and b: exactly a at t = 0 and b at t = 1.
constexpr Var lerp(Operand a, Operand b, Operand t) { return fma(t, b, fma(-t, a, a)); }
/// The mean of the two, without overflow between.
constexpr Var midpoint(Operand a, Operand b) { return 0.5 * a.var + 0.5 * b.var; }
/// x within [low, high], as data: no branch.
constexpr Var clamp(Operand x, Operand low, Operand high) { return min(max(x, low), high); }
/// 10^x.
constexpr Var exp10(Operand x) { return pow(Operand(10.0, x.at), x); }
/// The number next to x in the direction of y: x and a step that does not depend on it, nor on y.
inline Var nextafter(Operand x, Operand y) {
  const double here = x.var.value(), next = std::nextafter(here, y.var.value());
  if (x < y || y < x) ilogb(x);
  if (next == here) return x.var;
  return std::isfinite(next - here) ? x + (next - here) : Var(next);
}

// -- questions: branches

/// Whether x is neither 0, subnormal, infinite nor NaN.
inline bool isnormal(Operand x) {
  return isfinite(x) && Operand(abs(x), x.at) >= Operand(std::numeric_limits<double>::min(), x.at);
}
/// FP_NAN, FP_INFINITE, FP_ZERO, FP_NORMAL or FP_SUBNORMAL, as std::fpclassify.
inline int fpclassify(Operand x) {
  if (isnan(x)) return FP_NAN;
  if (isinf(x)) return FP_INFINITE;
  if (x == Operand(0.0, x.at)) return FP_ZERO;
  return isnormal(x) ? FP_NORMAL : FP_SUBNORMAL;
}
/// As those of <cmath>: isunordered(), isless(), islessequal(), isgreater(), isgreaterequal(), islessgreater().
constexpr bool isunordered(Operand x, Operand y) { return isnan(x) || isnan(y); }
constexpr bool isless(Operand x, Operand y) { return x < y; }
constexpr bool islessequal(Operand x, Operand y) { return x <= y; }
constexpr bool isgreater(Operand x, Operand y) { return x > y; }
constexpr bool isgreaterequal(Operand x, Operand y) { return x >= y; }
constexpr bool islessgreater(Operand x, Operand y) { return x < y || x > y; }

}  // namespace wengert
#pragma GCC diagnostic pop
