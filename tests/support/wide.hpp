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
  WIDE_1(trunc) WIDE_2(pow) WIDE_2(atan2) WIDE_2(hypot)
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
