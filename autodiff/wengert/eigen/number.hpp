// What Eigen asks of a scalar: its traits, its functions, and when it may be taken for zero.
#pragma once

#include <Eigen/Core>
#include <concepts>
#include <limits>
#include <numbers>
#include <type_traits>

#include "wengert/cmath.hpp"  // Eigen asks for fmod
#include "wengert/var.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wfloat-equal"  // what is compared here is meant to the bit

namespace wengert::detail {

/// Expressions whose coefficients are Vars.
template <class Expression>
concept OfVars = std::same_as<std::remove_cv_t<typename Eigen::internal::traits<Expression>::Scalar>, Var>;
template <class Lhs, class Rhs>
concept WithVars = OfVars<Lhs> || OfVars<Rhs>;

/// What an algorithm may skip as zero. A variable that happens to be 0 is none: its derivative would be skipped too.
constexpr bool always_zero(const Var& x) { return x.is_constant() && x.value() == 0; }
template <std::floating_point T>
constexpr bool always_zero(T x) {
  return x == 0;
}

}  // namespace wengert::detail

namespace Eigen {

template <>
struct NumTraits<wengert::Var> : GenericNumTraits<wengert::Var> {
  using Real = wengert::Var;
  using NonInteger = wengert::Var;
  using Nested = wengert::Var;
  using Literal = double;
  enum {
    IsComplex = 0,
    IsInteger = 0,
    IsSigned = 1,
    RequireInitialization = 1,
    ReadCost = 1,
    AddCost = 4,  // an operation computes and writes a node
    MulCost = 4
  };
  static Real epsilon() { return std::numeric_limits<double>::epsilon(); }
  static Real dummy_precision() { return NumTraits<double>::dummy_precision(); }
  static Real highest() { return std::numeric_limits<double>::max(); }
  static Real lowest() { return std::numeric_limits<double>::lowest(); }
  static Real infinity() { return std::numeric_limits<double>::infinity(); }
  static Real quiet_NaN() { return std::numeric_limits<double>::quiet_NaN(); }
  static constexpr int digits10() { return std::numeric_limits<double>::digits10; }
  static constexpr int max_digits10() { return std::numeric_limits<double>::max_digits10; }
};

/// Matrices of numbers, of any arithmetic type, and of variables mix.
template <class Number, class Operation>
  requires std::is_arithmetic_v<Number>
struct ScalarBinaryOpTraits<wengert::Var, Number, Operation> {
  using ReturnType = wengert::Var;
};
template <class Number, class Operation>
  requires std::is_arithmetic_v<Number>
struct ScalarBinaryOpTraits<Number, wengert::Var, Operation> {
  using ReturnType = wengert::Var;
};

#if EIGEN_VERSION_AT_LEAST(3, 4, 0)
// Eigen compares strictly where it skips what is exactly zero, or one.
namespace numext {
template <>
inline bool equal_strict(const wengert::Var& x, const wengert::Var& y) {
  return x.is_constant() && y.is_constant() && x.value() == y.value();
}
template <>
inline bool not_equal_strict(const wengert::Var& x, const wengert::Var& y) {
  return !equal_strict(x, y);
}
}  // namespace numext
#endif

namespace internal {

/// cast<double>() gives the values: it detaches.
template <class Number>
  requires std::is_arithmetic_v<Number>
struct cast_impl<wengert::Var, Number> {
  static Number run(const wengert::Var& x) { return static_cast<Number>(x.value()); }
};

// Eigen's own versions, for numbers that it does not know, are less accurate or branch on the value. Some are declared in headers
// that may not be here.
template <class Scalar>
struct erf_impl;
template <class Scalar>
struct erfc_impl;
template <class Scalar>
struct lgamma_impl;
template <class Scalar>
struct digamma_impl;
template <class Scalar>
struct polygamma_impl;
template <class Scalar>
struct ndtri_impl;
template <class Scalar>
struct igamma_impl;
template <class Scalar>
struct igammac_impl;
template <class Scalar>
struct igamma_der_a_impl;
template <class Scalar>
struct gamma_sample_der_alpha_impl;
template <class Scalar>
struct betainc_impl;
template <class Scalar>
struct cephes_helper;
template <class Scalar>
struct scalar_log2_op;
template <class Scalar>
struct scalar_logistic_op;

template <>
struct expm1_impl<wengert::Var> {
  static wengert::Var run(const wengert::Var& x) { return expm1(x); }
};
template <>
struct log1p_impl<wengert::Var> {
  static wengert::Var run(const wengert::Var& x) { return log1p(x); }
};
template <>
struct erf_impl<wengert::Var> {
  static wengert::Var run(const wengert::Var& x) { return erf(x); }
};
template <>
struct erfc_impl<wengert::Var> {
  static wengert::Var run(const wengert::Var& x) { return erfc(x); }
};
template <>
struct lgamma_impl<wengert::Var> {
  static wengert::Var run(const wengert::Var& x) { return lgamma(x); }
};
template <>
struct digamma_impl<wengert::Var> {
  static wengert::Var run(const wengert::Var& x) { return polygamma(0.0, x); }
};
template <>
struct polygamma_impl<wengert::Var> {
  static wengert::Var run(const wengert::Var& n, const wengert::Var& x) { return polygamma(n, x); }
};
template <>
struct ndtri_impl<wengert::Var> {
  static wengert::Var run(const wengert::Var& p) { return -std::numbers::sqrt2 * erfcinv(2.0 * p); }
};
template <>
struct igamma_impl<wengert::Var> {
  static wengert::Var run(const wengert::Var& a, const wengert::Var& x) { return incomplete_gamma(a, x, 0.0); }
};
template <>
struct igammac_impl<wengert::Var> {
  static wengert::Var run(const wengert::Var& a, const wengert::Var& x) { return incomplete_gamma(a, x, 65536.0); }
};
template <>
struct igamma_der_a_impl<wengert::Var> {
  static wengert::Var run(const wengert::Var& a, const wengert::Var& x) { return incomplete_gamma(a, x, 256.0); }
};
template <>
struct gamma_sample_der_alpha_impl<wengert::Var> {
  static wengert::Var run(const wengert::Var& a, const wengert::Var& x) {
    return -incomplete_gamma(a, x, 256.0) / incomplete_gamma(a, x, 1.0);
  }
};
template <>
struct betainc_impl<wengert::Var> {
  static wengert::Var run(const wengert::Var& a, const wengert::Var& b, const wengert::Var& x) { return ibeta(a, b, x); }
};
// What zeta asks for first. Its sum ends where the value is exact, before its derivatives are.
template <>
struct cephes_helper<wengert::Var> {
  template <class Scalar = wengert::Var>
  static Scalar machep() {
    static_assert(!std::same_as<Scalar, wengert::Var>,
                  "zeta of Eigen loses derivatives of variables; use zeta of Boost, with <wengert/boost.hpp>");
    return 0;
  }
};
template <>
struct hypot_impl<wengert::Var> {
  static wengert::Var run(const wengert::Var& x, const wengert::Var& y) { return hypot(x, y); }
};
template <>
struct scalar_log2_op<wengert::Var> {
  wengert::Var operator()(const wengert::Var& x) const { return log2(x); }
};
template <>
struct scalar_logistic_op<wengert::Var> {
  /// 1 / (1 + exp(-x)), and for x < 0 exp(x) / (1 + exp(x)): no exponential overflows, whose derivative would be lost.
  wengert::Var operator()(const wengert::Var& x) const {
    const wengert::Condition negative = x < 0;
    const wengert::Var small = exp(select(negative, x, -x)), large = 1 / (1 + small);
    return select(negative, small * large, large);
  }
};

}  // namespace internal
}  // namespace Eigen

namespace wengert {

// Eigen asks every scalar for these; a real number is its own conjugate.
constexpr Var conj(const Var& x) { return x; }
constexpr Var real(const Var& x) { return x; }
constexpr Var imag(const Var&) { return 0; }
constexpr Var abs2(const Var& x, Location at = Location::current()) {
  return detail::record<ops::Mul>(Operand(x, at), Operand(x, at));
}

}  // namespace wengert
#pragma GCC diagnostic pop
