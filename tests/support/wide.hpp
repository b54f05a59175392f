// Wide: a number of 113 bits and 15 bits of exponent, the reference that double results are measured against.
//
// It is the platform's quadruple precision: long double where that has 113 bits (aarch64), else __float128, whose functions
// glibc exports as expf128 and so on. They are declared here by their link names, because clang has neither <quadmath.h> nor
// the declarations of glibc for this type; gcc and clang then use the same functions. Their own error, a few units in the 34th
// digit, is nothing beside the 16 digits under test; nor do they share code with the double functions.
#pragma once

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <limits>
#include <type_traits>

#if LDBL_MANT_DIG >= 113
namespace wide {
using Quad = long double;
}
#define WIDE_LINK_NAME(function) #function "l"
#elif defined(__SIZEOF_FLOAT128__) && defined(__GLIBC__)
namespace wide {
using Quad = __float128;
}
#define WIDE_LINK_NAME(function) #function "f128"
#else
#error "the accuracy tests need quadruple precision: glibc on x86-64, or a platform whose long double has 113 bits"
#endif

namespace wide {

struct Wide {
  Quad number = 0;

  Wide() = default;
  template <class Number>
    requires(std::is_arithmetic_v<Number> || std::is_same_v<Number, Quad>)
  Wide(Number x) : number(x) {}
  /// Rounded to nearest; infinite beyond the range of double.
  explicit operator double() const { return static_cast<double>(number); }

  friend Wide operator+(Wide x, Wide y) { return x.number + y.number; }
  friend Wide operator-(Wide x, Wide y) { return x.number - y.number; }
  friend Wide operator*(Wide x, Wide y) { return x.number * y.number; }
  friend Wide operator/(Wide x, Wide y) { return x.number / y.number; }
  friend Wide operator-(Wide x) { return -x.number; }
  friend Wide operator+(Wide x) { return x; }
  Wide& operator+=(Wide y) { return *this = *this + y; }
  Wide& operator-=(Wide y) { return *this = *this - y; }
  Wide& operator*=(Wide y) { return *this = *this * y; }
  Wide& operator/=(Wide y) { return *this = *this / y; }
  friend bool operator==(Wide x, Wide y) { return x.number == y.number; }
  friend bool operator!=(Wide x, Wide y) { return x.number != y.number; }
  friend bool operator<(Wide x, Wide y) { return x.number < y.number; }
  friend bool operator>(Wide x, Wide y) { return x.number > y.number; }
  friend bool operator<=(Wide x, Wide y) { return x.number <= y.number; }
  friend bool operator>=(Wide x, Wide y) { return x.number >= y.number; }
};

namespace linked {
#define WIDE_1(function) extern "C" Quad wide_##function(Quad) __asm__(WIDE_LINK_NAME(function));
#define WIDE_2(function) extern "C" Quad wide_##function(Quad, Quad) __asm__(WIDE_LINK_NAME(function));
// clang-format off
#define WIDE_FUNCTIONS \
  WIDE_1(sqrt) WIDE_1(cbrt) WIDE_1(exp) WIDE_1(exp2) WIDE_1(expm1) WIDE_1(log) WIDE_1(log2) WIDE_1(log10) WIDE_1(log1p) \
  WIDE_1(sin) WIDE_1(cos) WIDE_1(tan) WIDE_1(asin) WIDE_1(acos) WIDE_1(atan) WIDE_1(sinh) WIDE_1(cosh) WIDE_1(tanh) \
  WIDE_1(asinh) WIDE_1(acosh) WIDE_1(atanh) WIDE_1(erf) WIDE_1(erfc) WIDE_1(floor) WIDE_1(ceil) WIDE_1(round) \
  WIDE_1(trunc) WIDE_1(lgamma) WIDE_1(tgamma) WIDE_2(pow) WIDE_2(atan2) WIDE_2(hypot)
// clang-format on
WIDE_FUNCTIONS
extern "C" Quad wide_fma(Quad, Quad, Quad) __asm__(WIDE_LINK_NAME(fma));
#undef WIDE_1
#undef WIDE_2
}  // namespace linked

#define WIDE_1(function) \
  inline Wide function(Wide x) { return linked::wide_##function(x.number); }
#define WIDE_2(function) \
  inline Wide function(Wide x, Wide y) { return linked::wide_##function(x.number, y.number); }
WIDE_FUNCTIONS
#undef WIDE_1
#undef WIDE_2
#undef WIDE_FUNCTIONS
#undef WIDE_LINK_NAME
inline Wide fma(Wide x, Wide y, Wide z) { return linked::wide_fma(x.number, y.number, z.number); }
inline Wide abs(Wide x) { return x < 0 ? -x : x + Wide(0); }
inline Wide select(bool condition, Wide x, Wide y) { return condition ? x : y; }
inline Wide absorbing_product(Wide x, Wide y) { return x == 0 ? Wide(0) : x * y; }
inline bool is_nan(Wide x) { return x != x; }

/// The derivative of order n of the digamma function, by its recurrence up to 60 and the asymptotic series from there
/// (DLMF 5.15.1, 5.15.8 and 5.11.2); its error is that of the additions.
inline Wide polygamma(Wide order, Wide x) {
  const Wide bernoulli[] = {Wide(1) / 6,       Wide(-1) / 30,       Wide(1) / 42,      Wide(-1) / 30,
                            Wide(5) / 66,      Wide(-691) / 2730,   Wide(7) / 6,       Wide(-3617) / 510,
                            Wide(43867) / 798, Wide(-174611) / 330, Wide(854513) / 138};
  const Wide nan = std::numeric_limits<double>::quiet_NaN();
  if (!(order >= 0 && order < 101) || is_nan(x) || (x <= 0 && floor(x) == x)) return nan;
  const int n = static_cast<int>(static_cast<double>(order));
  if (x > Wide(1e300) * Wide(1e300)) return n == 0 ? x : Wide(0);
  if (x < -10000) return nan;
  Wide factorial = 1;
  for (int k = 2; k <= n; ++k) factorial = factorial * k;
  const Wide sign = n % 2 == 0 ? Wide(-1) : Wide(1);
  Wide sum = 0;
  for (; x < 60 + n; x = x + 1) sum = sum + (n == 0 ? -1 / x : sign * factorial / pow(x, Wide(n + 1)));
  if (n == 0) {
    Wide tail = log(x) - 1 / (2 * x), power = 1;
    for (int k = 1; k <= 11; ++k) tail = tail - bernoulli[k - 1] / (2 * k) / (power = power * x * x);
    return sum + tail;
  }
  Wide term = factorial / pow(x, Wide(n)), tail = term / n + term / (2 * x);
  for (int k = 1; k <= 11; ++k) {
    term = k == 1 ? term * (n + 1) / 2 : term * (2 * k + n - 1) * (2 * k + n - 2) / (Wide(2 * k) * (2 * k - 1));
    term = term / (x * x);
    tail = tail + bernoulli[k - 1] * term;
  }
  return sum + sign * tail;
}

inline Wide beta(Wide x, Wide y) {
  return x > 0 && y > 0 ? exp(lgamma(x) + lgamma(y) - lgamma(x + y)) : Wide(std::numeric_limits<double>::quiet_NaN());
}

/// P, the regularised lower incomplete gamma function, and its derivatives in a, by the series of positive terms x^(a + n) e^-x /
/// gamma(a + n + 1) (DLMF 8.7.1), each term differentiated (Moore, Applied Statistics 31 (1982), algorithm AS 187). The last
/// point is kept.
struct GammaSeries {
  Wide a, x, value = 0, in_a = 0, in_aa = 0;

  static const GammaSeries& at(Wide a, Wide x) {
    static thread_local GammaSeries last;
    if (a != last.a || x != last.x || last.a == 0) last = GammaSeries(a, x);
    return last;
  }
  Wide density() const { return exp((a - 1) * log(x) - x - lgamma(a)); }
  /// log(x) - digamma(a), the logarithmic slope of the density in a.
  Wide slope() const { return log(x) - polygamma(0, a); }

 private:
  GammaSeries() = default;
  GammaSeries(Wide of_a, Wide of_x) : a(of_a), x(of_x) {
    Wide term = exp(a * log(x) - x - lgamma(a + 1)), first = log(x) - polygamma(0, a + 1), second = -polygamma(1, a + 1);
    for (int n = 1; n < 4000 && (n < 50 || term > value * Wide(1e-36)); ++n) {
      value += term;
      in_a += term * first;
      in_aa += term * (first * first + second);
      term *= x / (a + n);
      first -= 1 / (a + n);
      second += 1 / ((a + n) * (a + n));
    }
  }
};

/// I, the regularised incomplete beta function, and its derivatives in a and b, by the series of positive terms x^(a + n) (1 -
/// x)^b gamma(a + b + n) / (gamma(b) gamma(a + n + 1)) (DLMF 8.17.8), each term differentiated. The last point is kept.
struct BetaSeries {
  Wide a, b, x, value = 0, in_a = 0, in_b = 0, in_aa = 0, in_ab = 0, in_bb = 0;

  static const BetaSeries& at(Wide a, Wide b, Wide x) {
    static thread_local BetaSeries last;
    if (a != last.a || b != last.b || x != last.x || last.a == 0) last = BetaSeries(a, b, x);
    return last;
  }
  Wide density() const { return exp((a - 1) * log(x) + (b - 1) * log1p(-x)) / beta(a, b); }
  /// The logarithmic slopes of the density in a, b and x.
  Wide slope_a() const { return log(x) - polygamma(0, a) + polygamma(0, a + b); }
  Wide slope_b() const { return log1p(-x) - polygamma(0, b) + polygamma(0, a + b); }
  Wide slope_x() const { return (a - 1) / x - (b - 1) / (1 - x); }
  /// And their derivatives.
  Wide bend_a() const { return polygamma(1, a + b) - polygamma(1, a); }
  Wide bend_b() const { return polygamma(1, a + b) - polygamma(1, b); }
  Wide bend_ab() const { return polygamma(1, a + b); }
  Wide bend_x() const { return -(a - 1) / (x * x) - (b - 1) / ((1 - x) * (1 - x)); }

 private:
  BetaSeries() = default;
  BetaSeries(Wide of_a, Wide of_b, Wide of_x) : a(of_a), b(of_b), x(of_x) {
    Wide term = exp(a * log(x) + b * log1p(-x) + lgamma(a + b) - lgamma(b) - lgamma(a + 1));
    Wide first = polygamma(0, a + b), second = polygamma(1, a + b), last = polygamma(0, a + 1), bend = polygamma(1, a + 1);
    const Wide log_x = log(x), log_y = log1p(-x) - polygamma(0, b), of_b1 = polygamma(1, b);
    for (int n = 1; n < 20000 && (n < 50 || term > value * Wide(1e-36)); ++n) {
      const Wide u = log_x + first - last, v = log_y + first;
      value += term;
      in_a += term * u;
      in_b += term * v;
      in_aa += term * (u * u + second - bend);
      in_ab += term * (u * v + second);
      in_bb += term * (v * v + second - of_b1);
      const Wide c = a + b + (n - 1), d = a + n;
      term *= c * x / d;
      first += 1 / c;
      second -= 1 / (c * c);
      last += 1 / d;
      bend -= 1 / (d * d);
    }
  }
};

/// Where erf (or erfc, for `tail`) takes the value x: Newton's method from what the double functions give.
inline Wide inverse_of_erf(Wide x, bool tail) {
  const double nearest = static_cast<double>(x);
  if (is_nan(x) || (tail ? nearest < 0 || nearest > 2 : std::abs(nearest) > 1)) return std::numeric_limits<double>::quiet_NaN();
  const bool lower = tail ? nearest > 1 : nearest < 0;
  if (lower) return -inverse_of_erf(tail ? 2 - x : -x, tail);
  if (tail ? nearest == 0 : nearest == 1) return std::numeric_limits<double>::infinity();
  const Wide target = tail ? x : 1 - x, slope = 2 / sqrt(4 * atan(Wide(1)));  // of erfc, whatever is asked
  const Wide small = tail ? 1 - x : x;
  if (abs(small) < Wide(0.5)) {  // erf itself, where erfc is near 1
    Wide y = small / slope;
    for (int k = 0; k < 8; ++k) y = y - (erf(y) - small) / (slope * exp(-y * y));
    return y;
  }
  Wide y = sqrt(-log(target));  // erfc(y) is below exp(-y^2)
  for (int k = 0; k < 8; ++k) y = y + log(erfc(y) / target) * erfc(y) / (slope * exp(-y * y));
  return y;
}
inline Wide erfinv(Wide x) { return inverse_of_erf(x, false); }
inline Wide erfcinv(Wide x) { return inverse_of_erf(x, true); }

/// 2^exponent.
inline Wide power_of_two(int exponent) { return exp2(Wide(exponent)); }

/// The unit in the last place that a double (or float) near x has: the smallest one below the normal numbers, the largest one at
/// and beyond the ends of the range.
template <class T>
Wide ulp_of(Wide x) {
  constexpr int digits = std::numeric_limits<T>::digits, top = std::numeric_limits<T>::max_exponent,
                bottom = std::numeric_limits<T>::min_exponent;
  const double nearest = static_cast<double>(abs(x));
  const int exponent = nearest == 0 ? bottom : std::isinf(nearest) ? top : std::ilogb(nearest) + 1;
  return power_of_two(std::clamp(exponent, bottom, top) - digits);
}

/// How far `computed` is from `exact`, in ulps of a double (or float) there. An infinity counts as 2^1024 (2^128), where rounding
/// begins to give it. Two NaNs agree; a NaN and a number are infinitely far apart.
template <class T>
double ulps(T computed, Wide exact) {
  if (is_nan(exact) || std::isnan(computed)) return is_nan(exact) && std::isnan(computed) ? 0 : HUGE_VAL;
  const Wide most = power_of_two(std::numeric_limits<T>::max_exponent);
  const auto clamped = [&](Wide x) { return std::clamp(x, -most, most); };
  return static_cast<double>(abs(clamped(computed) - clamped(exact)) / ulp_of<T>(exact));
}

}  // namespace wide
