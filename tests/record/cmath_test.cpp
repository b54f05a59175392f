// What <cmath> has beside the operations of the table: values are those of the C library, derivatives those of the formulas, and
// what leaves the tape is guarded.
#include "wengert/cmath.hpp"

#include <gmock/gmock.h>

#include <climits>
#include <cmath>
#include <complex>
#include <functional>
#include <limits>
#include <numbers>
#include <numeric>
#include <sstream>
#include <vector>

#include "support/wide.hpp"
#include "wengert/batch.hpp"
#include "wengert/error.hpp"
#include "wengert/function.hpp"
#include "wengert/fuse.hpp"
#include "wengert/ostream.hpp"
#include "wengert/std.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace wengert;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr double infinity = std::numeric_limits<double>::infinity();
const double numbers[] = {0.0,  -0.0, 1,      -1,     0.5,    -0.5,       1.5,      2.5,        -2.5,        7.3,
                          -2.1, 3,    1e-310, 5e-324, 1e300,  -1e300,     1e15,     123456.789, -1e-310,     6.283185307179586,
                          0.1,  0.3,  1e-5,   1e12,   -1e-12, 0x1p52 + 1, infinity, -infinity,  std::nan("")};

bool same(double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); }

using Two = std::function<Var(Var, Var)>;
void expect_values(const char* name, const Two& ours, const std::function<double(double, double)>& theirs,
                   const std::function<bool(double, double)>& left_out = {}) {
  for (const double x : numbers)
    for (const double y : numbers) {
      if (left_out && left_out(x, y)) continue;
      Tape tape;
      EXPECT_TRUE(same(ours(tape.variable(x), tape.variable(y)).value(), theirs(x, y)))
          << name << '(' << x << ", " << y << ") is " << ours(tape.variable(x), tape.variable(y)).value() << ", not "
          << theirs(x, y);
    }
}

// All pairs of small, large, whole, halved, subnormal and infinite numbers and NaN. (Zeros compare equal, whatever their sign.)
TEST(Cmath, ValuesAreThoseOfTheCLibrary) {
  const auto quotient_unknown = [](double x, double y) { return std::abs(x / y) >= 0x1p51 && std::isfinite(x); };
  expect_values(
      "fmod", [](Var x, Var y) { return fmod(x, y); }, [](double x, double y) { return std::fmod(x, y); }, quotient_unknown);
  expect_values(
      "remainder", [](Var x, Var y) { return remainder(x, y); }, [](double x, double y) { return std::remainder(x, y); },
      quotient_unknown);
  expect_values("copysign", [](Var x, Var y) { return copysign(x, y); }, [](double x, double y) { return std::copysign(x, y); });
  expect_values("fdim", [](Var x, Var y) { return fdim(x, y); }, [](double x, double y) { return std::fdim(x, y); });
  expect_values(
      "nextafter", [](Var x, Var y) { return nextafter(x, y); }, [](double x, double y) { return std::nextafter(x, y); });
  expect_values("rint", [](Var x, Var) { return rint(x); }, [](double x, double) { return std::rint(x); });
  expect_values("logb", [](Var x, Var) { return logb(x); }, [](double x, double) { return std::logb(x); });
  const auto modf_of = [](auto x, auto weight) {
    auto whole = x;
    using std::modf;
    const auto rest = modf(x, &whole);
    return std::isinf(detail::value_of(Var(whole))) ? whole : rest + 3 * whole + 0 * weight;
  };
  expect_values("modf", [&](Var x, Var) { return modf_of(x, Var(0)); }, [&](double x, double) { return modf_of(x, 0.0); });
  const auto frexp_of = [](auto x) {
    int exponent = 0;
    using std::frexp;
    const auto part = frexp(x, &exponent);
    return std::isfinite(detail::value_of(Var(x))) ? part + 4 * exponent : part;
  };
  expect_values("frexp", [&](Var x, Var) { return frexp_of(x); }, [&](double x, double) { return frexp_of(x); });
  for (const int n : {0, 1, -1, 52, -300, 1023, -1074, 2000, -2000, 5000, -5000, INT_MAX, INT_MIN})
    expect_values("ldexp", [n](Var x, Var) { return ldexp(x, n); }, [n](double x, double) { return std::ldexp(x, n); });
  Tape tape;
  EXPECT_TRUE(signbit(tape.variable(-0.0)));
  EXPECT_FALSE(signbit(tape.variable(0.0)));
  for (const double x : numbers) {
    const Var v = tape.variable(x);
    EXPECT_EQ(fpclassify(v), std::fpclassify(x));
    EXPECT_EQ(ilogb(v), std::ilogb(x));
    if (std::abs(x) < 1e15) {
      EXPECT_EQ(lround(v), std::lround(x));
      EXPECT_EQ(lrint(v), std::lrint(x));
    }
  }
}

TEST(Cmath, AQuotientThatIsNotKnownIsLoud) {
  Tape tape;
  EXPECT_TRUE(std::isnan(fmod(tape.variable(1e300), Var(3)).value()));
}

TEST(Cmath, DerivativesAreThoseOfTheFormulas) {
  struct Case {
    const char* name;
    Two f;
    double x, y, by_x, by_y;
  };
  const Case cases[] = {
      {"fmod", [](Var x, Var y) { return fmod(x, y); }, 7.3, 2, 1, -3},
      {"fmod", [](Var x, Var y) { return fmod(x, y); }, -7.3, 2, 1, 3},
      {"fmod", [](Var x, Var y) { return fmod(x, y); }, 6, -2, 1, 3},
      {"fmod", [](Var x, Var y) { return fmod(x, y); }, 1e-12, 3e-13, 1, -3},
      {"remainder", [](Var x, Var y) { return remainder(x, y); }, 7.3, 2, 1, -4},
      {"remainder", [](Var x, Var y) { return remainder(x, y); }, 6, 2, 1, -3},
      {"remainder", [](Var x, Var y) { return remainder(x, y); }, -5e12, 2e12, 1, 2},  // the half to even
      {"copysign", [](Var x, Var y) { return copysign(x, y); }, 3, -2, -1, 0},
      {"copysign", [](Var x, Var y) { return copysign(x, y); }, -3, -2, 1, 0},
      {"fdim", [](Var x, Var y) { return fdim(x, y); }, 3, 1, 1, -1},
      {"fdim", [](Var x, Var y) { return fdim(x, y); }, 1, 3, 0, 0},
      {"rint", [](Var x, Var y) { return rint(x) * y; }, 2.5, 3, 0, 2},
      {"ldexp", [](Var x, Var y) { return ldexp(x, 5) + y; }, 2.5, 3, 32, 1},
      {"frexp",
       [](Var x, Var) {
         int n;
         return frexp(x, &n);
       },
       12, 0, 0.0625, 0},
      {"modf",
       [](Var x, Var y) {
         Var whole;
         const Var rest = modf(x, &whole);
         return rest + y * whole;
       },
       -3.25, 2, 1, -3},
      {"hypot", [](Var x, Var y) { return hypot(x, y, Var(12)); }, 3, 4, 3. / 13, 4. / 13},
      {"lerp", [](Var x, Var y) { return lerp(x, y, 0.25); }, 3, 4, 0.75, 0.25},
      {"lerp", [](Var x, Var y) { return lerp(2, x, y); }, 3, 0.5, 0.5, 1},
      {"midpoint", [](Var x, Var y) { return midpoint(x, y); }, 1e308, 1.5e308, 0.5, 0.5},
      {"clamp", [](Var x, Var y) { return clamp(x, y, 5); }, 3, 4, 0, 1},
      {"clamp", [](Var x, Var y) { return clamp(x, y, 5); }, 4.5, 4, 1, 0},
      {"exp10", [](Var x, Var y) { return exp10(x) * y; }, 2, 1, 230.25850929940458, 100},
      {"nextafter", [](Var x, Var y) { return nextafter(x, y); }, 1, 2, 1, 0},
  };
  for (const Case& c : cases) {
    Tape tape;
    const Var x = tape.variable(c.x), y = tape.variable(c.y);
    const Gradient g = gradient(c.f(x, y));
    EXPECT_DOUBLE_EQ(g.wrt(x), c.by_x) << c.name;
    EXPECT_DOUBLE_EQ(g.wrt(y), c.by_y) << c.name;
  }
}

TEST(Cmath, RunsReplayedDifferentiatedFusedAndInBatches) {
  constexpr auto f = [](auto x, auto y) { return fmod(x, y) * copysign(x, y) + remainder(y, x) + rint(x) * fdim(x, y); };
  const Function recorded = record(f, 1.0, 1.0);
  constexpr auto fused = fuse(f);
  for (const auto& [x, y] : {std::pair{7.3, 2.0}, {-7.5, 0.3}, {0.4, -5.0}, {2.5, 2.5}}) {
    Tape tape;
    const Var u = tape.variable(x), v = tape.variable(y);
    const Var t = f(u, v);
    const double by_x = gradient(t).wrt(u), by_y = gradient(t).wrt(v);
    EXPECT_EQ(recorded(x, y), t.value());
    EXPECT_DOUBLE_EQ(recorded.gradient(x, y)[1], by_y);
    EXPECT_DOUBLE_EQ(recorded.derivative().values(std::array{x, y})[1], by_x);
    EXPECT_DOUBLE_EQ(fused(x, y), t.value());
    EXPECT_DOUBLE_EQ(fused.gradient(x, y)[0], by_x);
    const std::vector<double> column(1500, y);
    EXPECT_NEAR(mean_gradient(recorded, std::array{x}, column).gradient[0], by_x, 1e-14 * std::abs(by_x));
  }
}

// Against sines and cosines of 113 bits, to 2 ulps, and in every way of running; what is recorded at one angle holds at others.
TEST(Cmath, HalfTurnsHaveAllDigitsInEveryWayOfRunning) {
  constexpr auto f = [](auto x) { return sinpi(x) + 2.0 * cospi(3.0 * x) + 0.5 * tanpi(x); };
  const Function recorded = record(f, 0.1);
  constexpr auto fused = fuse(f);
  const wide::Wide pi = 4 * atan(wide::Wide(1));
  for (const double x : {0.0, 0.1, 0.2500001, 0.3, 0.4999, 0.50001, 0.74, 0.9999999, 1.3, -0.7, -2.2, 123456.7, 1e-300, -1e-9}) {
    const wide::Wide angle = pi * (wide::Wide(x) - floor(wide::Wide(x)));
    const double parity = std::fmod(std::floor(x), 2) == 0 ? 1 : -1;
    EXPECT_LE(wide::ulps(sinpi(x), parity * sin(angle)), 2) << x;
    EXPECT_LE(wide::ulps(cospi(x), parity * cos(angle)), 2) << x;
    EXPECT_LE(wide::ulps(tanpi(x), tan(angle)), 3) << x;
    Tape tape;
    const Var v = tape.variable(x);
    EXPECT_EQ(sinpi(v).value(), sinpi(x));
    EXPECT_EQ(cospi(v).value(), cospi(x));
    EXPECT_EQ(tanpi(v).value(), tanpi(x));
    const double t = tanpi(x), slope = std::numbers::pi * (cospi(x) - 6 * sinpi(3 * x) + 0.5 * (1 + t * t));
    const double tolerance = 1e-14 * (30 + t * t);  // of terms up to that
    EXPECT_NEAR(gradient(f(v)).wrt(v), slope, tolerance) << x;
    EXPECT_NEAR(recorded(x), f(x), tolerance) << x;
    EXPECT_NEAR(recorded.gradient(x)[0], slope, tolerance) << x;
    EXPECT_NEAR(recorded.derivative().values(std::array{x})[1], slope, tolerance) << x;
    EXPECT_NEAR(fused.gradient(x)[0], slope, tolerance) << x;
    const std::vector<double> column(100, x);
    EXPECT_NEAR(mean_gradient(recorded, {}, column).value, f(x), tolerance) << x;
    const double bend = std::numbers::pi * std::numbers::pi * (-sinpi(x) - 18 * cospi(3 * x) + t * (1 + t * t));
    EXPECT_NEAR(recorded.hessian(std::array{x})(0, 0), bend, 10 * tolerance * (1 + std::abs(t))) << x;
  }
}

TEST(Cmath, WhatLeavesTheTapeIsGuarded) {
  const Function whole = record([](Var x) { return x * static_cast<int>(x); }, 3.5);
  EXPECT_EQ(whole.gradient(3.9)[0], 3);
  EXPECT_THROW(whole(4.0), BranchChanged);
  const Function rounded = record([](Var x) { return x * lround(x); }, 3.5);
  EXPECT_EQ(rounded.gradient(4.3)[0], 4);
  EXPECT_THROW(rounded(4.6), BranchChanged);
  EXPECT_THAT([&] { rounded(4.6); }, ThrowsMessage<BranchChanged>(HasSubstr("cmath_test.cpp")));
  const Function value = record([](Var x) { return x * static_cast<double>(x); }, 3.5);
  EXPECT_EQ(value.gradient(3.5)[0], 3.5);
  EXPECT_THROW(value(3.6), BranchChanged);
  const Function truth = record([](Var x) { return x ? 1 / x : Var(0); }, 3.5);
  EXPECT_EQ(truth.gradient(0.5)[0], -4);
  EXPECT_THROW(truth(0.0), BranchChanged);
  const Function binade = record([](Var x) { return x * ilogb(x); }, 5.0);
  EXPECT_EQ(binade.gradient(7.9)[0], 2);
  EXPECT_THROW(binade(8.0), BranchChanged);
  EXPECT_THROW(binade(3.9), BranchChanged);
  const Function sign = record([](Var x) { return signbit(x) ? -x : x; }, -5.0);
  EXPECT_EQ(sign.gradient(-0.0)[0], -1);
  EXPECT_THROW(sign(0.0), BranchChanged);
}

TEST(Cmath, NumbersAreCountedOrderedAndNegated) {
  Tape tape;
  const Var x = tape.variable(2), y = tape.variable(3);
  Var z = x;
  EXPECT_EQ((z++).value(), 2);
  EXPECT_EQ((++z).value(), 4);
  EXPECT_EQ((z--).value(), 4);
  EXPECT_EQ((--z).value(), 2);
  EXPECT_EQ(gradient(z).wrt(x), 1);
  EXPECT_TRUE((x <=> y) < 0);
  EXPECT_TRUE((y <=> 3) == 0);
  EXPECT_TRUE((y <=> x) > 0);
  EXPECT_TRUE((x <=> std::nan("")) == std::partial_ordering::unordered);
  EXPECT_TRUE(!tape.variable(0) && x && !!y);
  static_assert(std::is_same_v<std::common_type_t<Var, double>, Var> && std::is_same_v<std::common_type_t<int, Var>, Var>);
  static_assert(!std::is_convertible_v<Var, double> && std::is_constructible_v<double, Var>);
}

TEST(Cmath, IsReadFromStreams) {
  std::istringstream in("2.5 -1e3 nothing");
  Var x, y, z = 7;
  in >> x >> y;
  EXPECT_EQ(x.value(), 2.5);
  EXPECT_EQ(y.value(), -1000);
  in >> z;
  EXPECT_TRUE(in.fail());
  EXPECT_EQ(z.value(), 7);
}

// Code that knows nothing of us, and spells out every name.
template <class T>
T spelled_out(T x, T y) {
  return std::exp(x) * std::pow(y, 2) + std::max(x, y) + std::fma(x, 2.0, y) + std::hypot(x, y) + std::pow(2, x) +
         std::sqrt(std::fabs(x)) + std::atan2(x, 1) + std::clamp(x, y, T(9)) + std::max({x, y, T(3)}) + std::ldexp(x, 3) +
         std::lerp(x, y, 0.5) + (std::isnan(x) ? 1 : 0) + std::fmod(x, 0.3) + std::min(x, y) * std::log1p(y) +
         std::midpoint(x, y);
}
TEST(Std, GenericCodeThatSpellsOutEveryName) {
  Tape tape;
  const Var x = tape.variable(0.7), y = tape.variable(1.3);
  const Gradient g = gradient(spelled_out(x, y));
  EXPECT_DOUBLE_EQ(spelled_out(x, y).value(), spelled_out(0.7, 1.3));
  const double h = 1e-5;  // of central differences: h^2 times third derivatives of some 10, rounding 1e-15 / h
  EXPECT_NEAR(g.wrt(x), (spelled_out(0.7 + h, 1.3) - spelled_out(0.7 - h, 1.3)) / 2 / h, 4e-9);
  EXPECT_NEAR(g.wrt(y), (spelled_out(0.7, 1.3 + h) - spelled_out(0.7, 1.3 - h)) / 2 / h, 4e-9);
  EXPECT_EQ(std::to_string(x), std::to_string(0.7));
}

TEST(Std, FunctionsByTheirFullNamesFuse) {
  constexpr auto f = [](auto x, auto y) {
    return std::exp(-x * x) * std::max(x, y) + std::pow(std::abs(y), 2.0) + std::clamp(x, x, y) + std::hypot(x, y, x) +
           std::fmod(x, y);
  };
  // x < y: exp(-x^2) y + y^2 + x + sqrt(2 x^2 + y^2) + x
  const double x = 0.5, y = 0.8, root = std::sqrt(2 * x * x + y * y);
  const auto all = fuse(f).value_and_gradient(x, y);
  // some ten roundings of terms of size 1
  EXPECT_NEAR(all[0], std::exp(-x * x) * y + y * y + 2 * x + root, 1e-14);
  EXPECT_NEAR(all[1], -2 * x * std::exp(-x * x) * y + 2 + 2 * x / root, 1e-14);
  EXPECT_NEAR(all[2], std::exp(-x * x) + 2 * y + y / root, 1e-14);
}

TEST(Std, LargestAndSmallestAreDataSoThatReplaysFollowThem) {
  const Function f = record(
      [](Var x, Var y) {
        const Var largest = std::max(x, y);
        return std::log(std::exp(x - largest) + std::exp(y - largest)) + largest;
      },
      1.0, 2.0);
  EXPECT_DOUBLE_EQ(f.gradient(5.0, 3.0)[0], 1 / (1 + std::exp(-2.0)));
  const Function spelled =
      record([](Var x, Var y) { return std::max<Var>(x, y) - std::min<Var>(x, y) + std::max(x, 0.5); }, 1.0, 2.0);
  EXPECT_EQ(spelled(5.0, 3.0), 7);
}

// What templates that map a function over a vector ask for: T (*)(T).
TEST(Std, FunctionsHaveAPointer) {
  Var (*const sine)(Var) = std::sin;
  Var (*const power)(Var, Var) = std::pow;
  double (*const of_numbers)(double) = std::sin;
  Tape tape;
  const Var x = tape.variable(0.5);
  EXPECT_EQ(gradient(sine(x)).wrt(x), std::cos(0.5));
  EXPECT_EQ(power(x, 2).value(), 0.25);
  EXPECT_EQ(of_numbers(0.5), std::sin(0.5));
}

TEST(Std, TheStandardsOwnCallsAreAsBefore) {
  double two = 2;
  const std::reference_wrapper<double> reference = two;
  static_assert(std::is_same_v<decltype(std::exp(reference)), double>);
  static_assert(std::is_same_v<decltype(std::pow(1, 2.0f)), double>);
  static_assert(std::is_same_v<decltype(std::max(1.0, 2.0)), const double&>);
  EXPECT_EQ(std::exp(reference), std::exp(2.0));
  Tape tape;
  const std::complex<Var> z(tape.variable(3), tape.variable(4));
  EXPECT_DOUBLE_EQ(gradient(std::abs(z)).wrt(z.real()), 0.6);
  EXPECT_DOUBLE_EQ(gradient(std::norm(z)).wrt(z.imag()), 8);
  // d/dx Re exp(x + i y) = e^x cos y
  EXPECT_DOUBLE_EQ(gradient(std::exp(z).real()).wrt(z.real()), std::exp(3) * std::cos(4));
  const std::vector<Var> v{z.real(), z.imag(), z.real() * z.imag()};
  EXPECT_EQ(gradient(std::accumulate(v.begin(), v.end(), Var(0))).wrt(z.real()), 5);
  EXPECT_EQ(gradient(std::inner_product(v.begin(), v.end(), v.begin(), Var(0))).wrt(z.real()), 6 + 2 * 12 * 4);
}

}  // namespace
