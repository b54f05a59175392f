// std::complex<Var>: made from numbers, mixed with them and with complex numbers of them, and with the derivatives of abs, sqrt
// and pow where the standard library's shortcuts lose them. Include it where complex numbers of variables are met, in every file.
//
// Without it std::complex<Var> is the standard library's template, which takes no 0 and no 2.0 * z, and whose sqrt is a plain
// number's on the imaginary axis, as its pow is on the real one.
#pragma once

#include <complex>
#include <concepts>
#include <limits>
#include <type_traits>

#ifdef _LIBCPP_VERSION
#error "wengert/complex.hpp: libc++'s complex functions take floating-point numbers alone; compile this file with libstdc++"
#endif

#include "wengert/std.hpp"
#include "wengert/var.hpp"

/// As the standard has it, and made from any number.
template <>
class std::complex<wengert::Var> {
 public:
  using value_type = wengert::Var;

  constexpr complex(const wengert::Var& real = 0, const wengert::Var& imag = 0) : real_(real), imag_(imag) {}
  template <wengert::detail::Number Number>
  constexpr complex(const Number& real) : real_(real) {}
  template <class Number>
    requires is_arithmetic_v<Number>
  constexpr complex(const complex<Number>& z) : real_(z.real()), imag_(z.imag()) {}

  constexpr wengert::Var real() const { return real_; }
  constexpr wengert::Var imag() const { return imag_; }
  constexpr void real(const wengert::Var& x) { real_ = x; }
  constexpr void imag(const wengert::Var& x) { imag_ = x; }

  constexpr complex& operator+=(const wengert::Var& x) { return real_ += x, *this; }
  constexpr complex& operator-=(const wengert::Var& x) { return real_ -= x, *this; }
  constexpr complex& operator*=(const wengert::Var& x) { return real_ *= x, imag_ *= x, *this; }
  constexpr complex& operator/=(const wengert::Var& x) { return real_ /= x, imag_ /= x, *this; }
  template <class Number>
  constexpr complex& operator+=(const complex<Number>& z) {
    return real_ += z.real(), imag_ += z.imag(), *this;
  }
  template <class Number>
  constexpr complex& operator-=(const complex<Number>& z) {
    return real_ -= z.real(), imag_ -= z.imag(), *this;
  }
  template <class Number>
  constexpr complex& operator*=(const complex<Number>& z) {
    return *this = complex(real_ * z.real() - imag_ * z.imag(), real_ * z.imag() + imag_ * z.real());
  }
  template <class Number>
  constexpr complex& operator/=(const complex<Number>& z) {
    // squares neither overflow nor vanish; a power of two does not change a digit
    const wengert::Var x = z.real(), y = z.imag();
    const double scale = power_of_two_for(x.value(), y.value());
    if (scale < 1 || scale > 1) return *this = complex(real_ * scale, imag_ * scale) /= complex(x * scale, y * scale);
    const auto square = z.real() * z.real() + z.imag() * z.imag();
    return *this = complex((real_ * z.real() + imag_ * z.imag()) / square, (imag_ * z.real() - real_ * z.imag()) / square);
  }

  /// libstdc++ asks its own for this.
  constexpr const complex& __rep() const { return *this; }

 private:
  static constexpr double power_of_two_for(double x, double y) {
    const double size = wengert::max(x < 0 ? -x : x, y < 0 ? -y : y);
    return size > 0x1p500 && size <= numeric_limits<double>::max() ? 0x1p-520 : size < 0x1p-480 && size > 0 ? 0x1p520 : 1;
  }

  wengert::Var real_, imag_;
};

namespace wengert {

namespace detail {
/// What meets a complex variable beside another one: a number, or a complex one of numbers.
template <class T>
concept ComplexNumber =
    Number<T> || (std::same_as<T, std::complex<typename T::value_type>> && std::is_arithmetic_v<typename T::value_type>);
template <class T>
constexpr decltype(auto) complex_operand(const T& x) {
  if constexpr (Number<T>)
    return Var(x);
  else
    return x;
}
}  // namespace detail

// The complex variable is deduced: a real one must not become complex to get here.
#define WENGERT_X(op)                                                                               \
  template <std::same_as<Var> Variable, detail::ComplexNumber Number>                               \
  constexpr std::complex<Variable> operator op(std::complex<Variable> z, const Number & x) {        \
    return z op## = detail::complex_operand(x);                                                     \
  }                                                                                                 \
  template <detail::ComplexNumber Number, std::same_as<Var> Variable>                               \
  constexpr std::complex<Variable> operator op(const Number & x, const std::complex<Variable>& z) { \
    return std::complex<Variable>(x) op## = z;                                                      \
  }                                                                                                 \
  template <class Number>                                                                           \
    requires std::is_arithmetic_v<Number>                                                           \
  constexpr std::complex<Var> operator op(const std::complex<Number>& z, const Var & x) {           \
    return std::complex<Var>(z) op## = x;                                                           \
  }                                                                                                 \
  template <class Number>                                                                           \
    requires std::is_arithmetic_v<Number>                                                           \
  constexpr std::complex<Var> operator op(const Var & x, const std::complex<Number>& z) {           \
    return std::complex<Var>(x) op## = z;                                                           \
  }
WENGERT_X(+)
WENGERT_X(-)
WENGERT_X(*)
WENGERT_X(/)
#undef WENGERT_X

/// A branch, as any comparison.
template <std::same_as<Var> Variable, detail::ComplexNumber Number>
constexpr bool operator==(const std::complex<Variable>& z, const Number& x) {
  const std::complex<Variable> other = x;
  return z.real() == other.real() && z.imag() == other.imag();
}

}  // namespace wengert

namespace std {

// No templates where the standard library has one of the same signature.
inline wengert::Var abs(const complex<wengert::Var>& z) { return wengert::hypot(z.real(), z.imag()); }

/// The principal root: its real part is not negative.
inline complex<wengert::Var> sqrt(const complex<wengert::Var>& z) {
  const wengert::Var x = z.real(), y = z.imag();
  const bool right = x >= 0.0;
  const wengert::Var size = right ? x : -x;  // where x = 0, that of abs would be flat
  const wengert::Var larger = sqrt(0.5 * (abs(z) + size)), smaller = 0.5 * y / larger;
  if (right) return {larger, smaller};
  return y < 0.0 ? complex<wengert::Var>(-smaller, -larger) : complex<wengert::Var>(smaller, larger);
}

/// (1 - e^2 + 2 i e sin(2 y)) / (1 + 2 e cos(2 y) + e^2), e = exp(-2 |x|), which does not overflow.
inline complex<wengert::Var> tanh(const complex<wengert::Var>& z) {
  const wengert::Condition right = z.real() >= 0.0;
  const wengert::Var size = select(right, z.real(), -z.real());  // smooth at 0 from either side, which |x| is not
  const wengert::Var e = exp(-2.0 * size), gap = -expm1(-2.0 * size), cosine = cos(z.imag());
  const wengert::Var below = gap * gap + 4.0 * e * cosine * cosine, across = -expm1(-4.0 * size) / below;
  return {select(right, across, -across), 4.0 * e * sin(z.imag()) * cosine / below};
}
inline complex<wengert::Var> tan(const complex<wengert::Var>& z) {
  const complex<wengert::Var> turned = tanh(complex<wengert::Var>(-z.imag(), z.real()));
  return {turned.imag(), -turned.real()};
}

inline complex<wengert::Var> pow(const complex<wengert::Var>& z, const wengert::Var& exponent) { return exp(exponent * log(z)); }
/// By products where the exponent is a whole number: 0 too has its powers.
template <same_as<wengert::Var> Variable, wengert::detail::Number Number>
complex<Variable> pow(const complex<Variable>& z, const Number& exponent) {
  if constexpr (is_integral_v<Number>) {
    const bool inverse = exponent < Number(0);
    complex<Variable> result = 1, square = z;
    for (auto rest = static_cast<unsigned long long>(exponent) * (inverse ? -1ull : 1ull); rest > 0;) {
      if (rest % 2 == 1) result *= square;
      if ((rest /= 2) > 0) square *= square;
    }
    return inverse ? 1.0 / result : result;
  } else {
    return pow(z, Variable(exponent));
  }
}
template <wengert::detail::Number Number, same_as<wengert::Var> Variable>
complex<Variable> pow(const Number& base, const complex<Variable>& exponent) {
  return pow(Variable(base), exponent);
}
template <wengert::detail::Number Number, same_as<wengert::Var> Variable>
complex<Variable> polar(const Number& size, const Variable& angle) {
  return polar(Variable(size), angle);
}
template <same_as<wengert::Var> Variable, wengert::detail::Number Number>
complex<Variable> polar(const Variable& size, const Number& angle) {
  return polar(size, Variable(angle));
}

// A real variable as a complex one.
template <derived_from<wengert::Var> Number>
constexpr wengert::Var real(const Number& x) {
  return x;
}
template <derived_from<wengert::Var> Number>
constexpr wengert::Var imag(const Number&) {
  return 0;
}
template <derived_from<wengert::Var> Number>
constexpr wengert::Var norm(const Number& x) {
  return x * x;
}
template <derived_from<wengert::Var> Number>
constexpr wengert::Var arg(const Number& x) {
  return wengert::atan2(0.0, x);
}
template <derived_from<wengert::Var> Number>
constexpr complex<wengert::Var> conj(const Number& x) {
  return complex<wengert::Var>(x);
}

}  // namespace std
