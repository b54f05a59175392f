// <wengert/complex.hpp>: complex numbers of variables, mixed with numbers, and their functions against the complex derivative.
#include <gmock/gmock.h>

#include <complex>
#include <vector>
#include <wengert/complex.hpp>
#include <wengert/wengert.hpp>

namespace {

using namespace wengert;
using Complex = std::complex<double>;
using ComplexVar = std::complex<Var>;

const std::vector<Complex> points = {{0.7, 1.3}, {-0.4, 0.6}, {-0.4, -0.6}, {1.5, -0.25}};

/// f of z has the value and the derivatives of an analytic function: d/dx = f', d/dy = i f'. Up to 16 roundings of a number of
/// either's size.
template <class F>
void is_analytic(const char* name, F f, Complex z, Complex value, Complex slope) {
  SCOPED_TRACE(testing::Message() << name << " at " << z);
  Tape tape;
  const ComplexVar x(tape.variable(z.real()), tape.variable(z.imag())), y = f(x);
  const double small = 16 * 0x1p-52 * (1 + std::abs(value)), less = 16 * 0x1p-52 * (1 + std::abs(slope) + std::abs(value));
  EXPECT_NEAR(y.real().value(), value.real(), small);
  EXPECT_NEAR(y.imag().value(), value.imag(), small);
  const Gradient real = gradient(y.real()), imag = gradient(y.imag());
  EXPECT_NEAR(real.wrt(x.real()), slope.real(), less);
  EXPECT_NEAR(real.wrt(x.imag()), -slope.imag(), less);
  EXPECT_NEAR(imag.wrt(x.real()), slope.imag(), less);
  EXPECT_NEAR(imag.wrt(x.imag()), slope.real(), less);
}

TEST(ComplexVariables, AreMadeFromNumbers) {
  ComplexVar z = 0, w = 1.5, v = Complex(1, 2);
  EXPECT_EQ(z.real().value(), 0);
  EXPECT_EQ(w.real().value(), 1.5);
  EXPECT_EQ(v.imag().value(), 2);
  z = 2;
  EXPECT_TRUE(z == 2.0);
  EXPECT_TRUE(v == Complex(1, 2));
  EXPECT_FALSE(v == z);
  v = Complex(3, 4);
  z += 1;
  z *= 2.0;
  z -= Complex(0, 1);
  EXPECT_TRUE(z == Complex(6, -1));
  static_assert(std::is_same_v<decltype(std::real(Var())), Var>);
}

TEST(ComplexVariables, MixWithNumbersInBothOrders) {
  const Complex d(2, -0.5), one(1);
  for (const Complex z : points) {
    is_analytic("d * z", [&](const auto& x) { return d * x; }, z, d * z, d);
    is_analytic("z * d", [&](const auto& x) { return x * d; }, z, d * z, d);
    is_analytic("z + d", [&](const auto& x) { return x + d; }, z, z + d, one);
    is_analytic("d - z", [&](const auto& x) { return d - x; }, z, d - z, -one);
    is_analytic("z / d", [&](const auto& x) { return x / d; }, z, z / d, one / d);
    is_analytic("d / z", [&](const auto& x) { return d / x; }, z, d / z, -d / (z * z));
    is_analytic("2.0 * z", [](const auto& x) { return 2.0 * x; }, z, 2.0 * z, 2);
    is_analytic("z * 2", [](const auto& x) { return x * 2; }, z, 2.0 * z, 2);
    is_analytic("1 / z", [](const auto& x) { return 1 / x; }, z, 1.0 / z, -1.0 / (z * z));
    is_analytic("z - 1", [](const auto& x) { return x - 1; }, z, z - 1.0, 1);
    is_analytic("z * z / (z + z)", [](const auto& x) { return x * x / (x + x); }, z, z / 2.0, 0.5);
  }
  // d times a real variable, whose derivative is d
  Tape tape;
  const Var x = tape.variable(3);
  EXPECT_EQ(gradient((d * x).imag()).wrt(x), -0.5);
  EXPECT_EQ(gradient((x + d).real()).wrt(x), 1);
  EXPECT_EQ((x * d).real().value(), 6);
}

TEST(ComplexVariables, HaveTheFunctionsOfTheStandardLibrary) {
  const auto log10 = 1 / std::log(10.0);
  for (const Complex z : points) {
    is_analytic("exp", [](const auto& x) { return std::exp(x); }, z, std::exp(z), std::exp(z));
    is_analytic("log", [](const auto& x) { return std::log(x); }, z, std::log(z), 1.0 / z);
    is_analytic("log10", [&](const auto& x) { return std::log10(x); }, z, std::log10(z), log10 / z);
    is_analytic("sqrt", [](const auto& x) { return std::sqrt(x); }, z, std::sqrt(z), 0.5 / std::sqrt(z));
    is_analytic("sin", [](const auto& x) { return std::sin(x); }, z, std::sin(z), std::cos(z));
    is_analytic("cos", [](const auto& x) { return std::cos(x); }, z, std::cos(z), -std::sin(z));
    is_analytic("tan", [](const auto& x) { return std::tan(x); }, z, std::tan(z), 1.0 + std::tan(z) * std::tan(z));
    is_analytic("sinh", [](const auto& x) { return std::sinh(x); }, z, std::sinh(z), std::cosh(z));
    is_analytic("cosh", [](const auto& x) { return std::cosh(x); }, z, std::cosh(z), std::sinh(z));
    is_analytic("tanh", [](const auto& x) { return std::tanh(x); }, z, std::tanh(z), 1.0 - std::tanh(z) * std::tanh(z));
    is_analytic("asin", [](const auto& x) { return std::asin(x); }, z, std::asin(z), 1.0 / std::sqrt(1.0 - z * z));
    is_analytic("atan", [](const auto& x) { return std::atan(x); }, z, std::atan(z), 1.0 / (1.0 + z * z));
    is_analytic("pow 3", [](const auto& x) { return std::pow(x, 3); }, z, z * z * z, 3.0 * z * z);
    is_analytic("pow -2", [](const auto& x) { return std::pow(x, -2); }, z, 1.0 / (z * z), -2.0 / (z * z * z));
    is_analytic("pow 2.5", [](const auto& x) { return std::pow(x, 2.5); }, z, std::pow(z, 2.5), 2.5 * std::pow(z, 1.5));
    is_analytic("pow z", [](const auto& x) { return std::pow(x, x); }, z, std::pow(z, z), std::pow(z, z) * (1.0 + std::log(z)));
    is_analytic("2 ^ z", [](const auto& x) { return std::pow(2.0, x); }, z, std::pow(2.0, z), std::log(2.0) * std::pow(2.0, z));
    const auto polar = [](const auto& x) { return std::polar(exp(x.real()), x.imag()); };
    is_analytic("polar", polar, z, std::exp(z), std::exp(z));
  }
}

// |z|, arg z and |z|^2 of 3 + 4 i, and their derivatives.
TEST(ComplexVariables, HaveSizeAndAngle) {
  Tape tape;
  const Var x = tape.variable(3), y = tape.variable(4);
  const ComplexVar z(x, y);
  EXPECT_EQ(gradient(std::abs(z)).wrt(x), 0.6);
  EXPECT_EQ(gradient(std::abs(z)).wrt(y), 0.8);
  EXPECT_DOUBLE_EQ(gradient(std::arg(z)).wrt(x), -4.0 / 25);
  EXPECT_DOUBLE_EQ(gradient(std::arg(z)).wrt(y), 3.0 / 25);
  EXPECT_DOUBLE_EQ(gradient(std::norm(z)).wrt(y), 8);
  EXPECT_EQ(gradient(std::conj(z).imag()).wrt(y), -1);
}

// Where the standard library's templates take a shorter way, by a plain number or a power of the real part alone.
TEST(ComplexVariables, KeepTheirDerivativesOnTheAxes) {
  for (const Complex z : {Complex(2, 0), Complex(0, 2), Complex(0, -2), Complex(-2, 0)}) {
    is_analytic("sqrt", [](const auto& x) { return std::sqrt(x); }, z, std::sqrt(z), 0.5 / std::sqrt(z));
    is_analytic("pow", [](const auto& x) { return std::pow(x, 1.5); }, z, std::pow(z, 1.5), 1.5 * std::sqrt(z));
    is_analytic("square", [](const auto& x) { return std::pow(x, 2); }, z, z * z, 2.0 * z);
  }
  is_analytic("square of 0", [](const auto& x) { return std::pow(x, 2); }, 0, 0, 0);
}

// Where the standard library's templates divide infinities, or zeros, on the way.
TEST(ComplexVariables, DoNotOverflowOnTheWay) {
  is_analytic("tanh", [](const auto& x) { return std::tanh(x); }, {800, 0.3}, 1, 0);
  is_analytic("tanh", [](const auto& x) { return std::tanh(x); }, {-800, 0.3}, -1, 0);
  is_analytic("tan", [](const auto& x) { return std::tan(x); }, {0.3, 800}, {0, 1}, 0);
  is_analytic("tan", [](const auto& x) { return std::tan(x); }, {0.3, -800}, {0, -1}, 0);
  is_analytic("tanh at 0", [](const auto& x) { return std::tanh(x); }, 0, 0, 1);
  const Complex z(0.3, 0.4);
  for (const double size : {1e200, 1e-200}) {
    const auto quotient = [size](const auto& x) { return size * x / (size * x + Complex(0, size)); };
    is_analytic("quotient", quotient, z, z / (z + Complex(0, 1)), Complex(0, 1) / std::pow(z + Complex(0, 1), 2));
    is_analytic("inverse", [size](const auto& x) { return size * (1.0 / (size * x)); }, z, 1.0 / z, -1.0 / (z * z));
  }
}

}  // namespace
