// The operations of the table on complex numbers, from the functions' complex continuations and not from any derivative: what
// imag(f(x + ih)) / h says about f' owes nothing to the rules that it checks.
#pragma once

#include <algorithm>
#include <cmath>
#include <complex>
#include <concepts>
#include <numbers>

#include "wengert/operations.hpp"
#include "wengert/sweep/nary_sweep.hpp"

namespace wengert::detail {

/// Thrown where an operation has no complex continuation here; says which.
struct NoComplexStep {
  const char* operation;
};

/// A complex number as the number type of a forward sweep. Choices and roundings look at the real part.
struct ComplexStep {
  using Complex = std::complex<double>;
  Complex value;

  /// The step for a number of this size: its square vanishes beside the number's, and a partial times the step does not
  /// underflow. At 0 nothing says how small is small.
  static double step(double size) { return size == 0 ? 0x1p-300 : std::ldexp(std::abs(size), -100); }

  constexpr ComplexStep() = default;
  constexpr ComplexStep(double real) : value(real) {}
  constexpr ComplexStep(Complex z) : value(z) {}

  template <class Rule, class... Zs>
  static ComplexStep evaluate(const Zs&... z) {
    return compute(Rule(), z.value...);
  }
  static ComplexStep evaluate_nary(const NaryOperation& operation, std::span<const ComplexStep>) {
    throw NoComplexStep{operation.name()};
  }

 private:
  static Complex compute(ops::Add, Complex x, Complex y) { return x + y; }
  static Complex compute(ops::Sub, Complex x, Complex y) { return x - y; }
  static Complex compute(ops::Mul, Complex x, Complex y) { return x * y; }
  static Complex compute(ops::Div, Complex x, Complex y) { return x / y; }
  static Complex compute(ops::Neg, Complex x) { return -x; }
  static Complex compute(ops::Fma, Complex x, Complex y, Complex z) { return x * y + z; }
  static Complex compute(ops::AbsorbingProduct, Complex x, Complex y) { return x == 0.0 ? 0.0 : x * y; }

  static Complex compute(ops::Sqrt, Complex x) { return std::sqrt(x); }
  static Complex compute(ops::Cbrt, Complex x) {  // the real branch, on both sides of 0
    return x.real() < 0 ? -std::polar(std::cbrt(std::abs(x)), std::arg(-x) / 3)
                        : std::polar(std::cbrt(std::abs(x)), std::arg(x) / 3);
  }
  static Complex compute(ops::Exp, Complex x) { return std::exp(x); }
  static Complex compute(ops::Exp2, Complex x) {
    const double turn = x.imag() * std::numbers::ln2;
    return std::exp2(x.real()) * Complex(std::cos(turn), std::sin(turn));
  }
  static Complex compute(ops::Expm1, Complex x) {
    const double half = std::sin(x.imag() / 2);
    const double power = std::exp(x.real());
    return {std::expm1(x.real()) - 2 * power * half * half, power * std::sin(x.imag())};
  }
  static Complex compute(ops::Log, Complex x) { return std::log(x); }
  static Complex compute(ops::Log2, Complex x) { return std::log(x) * std::numbers::log2e; }
  static Complex compute(ops::Log10, Complex x) { return std::log(x) * std::numbers::log10e; }
  static Complex compute(ops::Log1p, Complex x) {
    const double a = x.real(), b = x.imag();
    return {a > -0.5 ? 0.5 * std::log1p(a * (2 + a) + b * b) : std::log(std::hypot(1 + a, b)), std::atan2(b, 1 + a)};
  }
  static Complex compute(ops::Pow, Complex x, Complex y) {
    if (x.real() == 0) throw NoComplexStep{"pow at 0"};
    if (x.real() > 0) return std::exp(y * std::log(x));
    // a negative base has real powers at whole exponents only
    const double whole = y.real();
    if (whole != std::floor(whole) || y.imag() != 0) throw NoComplexStep{"pow of a negative number"};
    return (std::fmod(whole, 2) == 0 ? 1.0 : -1.0) * std::exp(y * std::log(-x));
  }

  static Complex compute(ops::PowDerivative, Complex x, Complex y, Complex z) {
    if (!(z.real() >= 0 && z.real() < 4096)) throw NoComplexStep{"pow_derivative of an order that there is not"};
    const int m = static_cast<int>(z.real()) % 256, k = static_cast<int>(z.real()) / 256;
    const Complex log = k > 0 ? std::log(x) : 0.0;
    return pow_derivative(compute(ops::Pow(), x, y), x, [y](int i) { return y - static_cast<double>(i); }, log, m, k);
  }

  static Complex compute(ops::Sin, Complex x) { return std::sin(x); }
  static Complex compute(ops::Cos, Complex x) { return std::cos(x); }
  static Complex compute(ops::Tan, Complex x) { return std::tan(x); }
  static Complex compute(ops::Asin, Complex x) { return std::asin(x); }
  static Complex compute(ops::Acos, Complex x) { return std::acos(x); }
  static Complex compute(ops::Atan, Complex x) { return std::atan(x); }
  static Complex compute(ops::Atan2, Complex x, Complex y) {
    if (std::abs(x.real()) <= std::abs(y.real())) {
      const double turn = y.real() > 0 ? 0 : std::copysign(std::numbers::pi, x.real());
      return std::atan(x / y) + turn;
    }
    return std::copysign(std::numbers::pi / 2, x.real()) - std::atan(y / x);
  }
  static Complex compute(ops::Sinh, Complex x) { return std::sinh(x); }
  static Complex compute(ops::Cosh, Complex x) { return std::cosh(x); }
  static Complex compute(ops::Tanh, Complex x) { return std::tanh(x); }
  static Complex compute(ops::Asinh, Complex x) { return std::asinh(x); }
  static Complex compute(ops::Acosh, Complex x) { return std::acosh(x); }
  static Complex compute(ops::Atanh, Complex x) { return std::atanh(x); }
  static Complex compute(ops::Hypot, Complex x, Complex y) {
    const double scale = std::max(std::abs(x.real()), std::abs(y.real()));
    return scale == 0 ? Complex() : scale * std::sqrt(x / scale * (x / scale) + y / scale * (y / scale));
  }

  static Complex compute(ops::Abs, Complex x) { return x.real() < 0 ? -x : x; }
  static Complex compute(ops::Min, Complex x, Complex y) { return x.real() < y.real() ? x : y; }
  static Complex compute(ops::Max, Complex x, Complex y) { return x.real() > y.real() ? x : y; }
  static Complex compute(ops::Select, Complex x, Complex y, Complex z) { return x.real() == 0 ? z : y; }
  static Complex compute(ops::Detach, Complex x) { return x.real(); }
  template <std::derived_from<ops::Rounding> Rule>
  static Complex compute(Rule, Complex x) {
    return Rule::template value<double>(x.real());
  }
  template <std::derived_from<ops::Comparison> Rule>
  static Complex compute(Rule, Complex x, Complex y) {
    return Rule::template value<double>(x.real(), y.real());
  }
  /// erf, erfc, and whatever joins the table without a continuation here.
  template <class Rule, class... Zs>
  static Complex compute(Rule, const Zs&...) {
    throw NoComplexStep{Rule::name};
  }
};

}  // namespace wengert::detail
