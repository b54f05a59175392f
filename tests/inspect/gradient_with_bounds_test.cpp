// Bounds on the rounding of derivatives, against derivatives known in closed form, and where the digits went.
// (Random programs against wide arithmetic: tests/agreement/random_program_test.cpp.)
#include "wengert/gradient_with_bounds.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "wengert/custom.hpp"
#include "wengert/error.hpp"
#include "wengert/function.hpp"
#include "wengert/fuse.hpp"
#include "wengert/local.hpp"
#include "wengert/reductions.hpp"
#include "wengert/special.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace wengert;
using testing::HasSubstr;

TEST(GradientWithBounds, OfExactComputationsIsExact) {
  Tape tape;
  const Var x = tape.variable(3), y = tape.variable(-5);
  const GradientWithBounds g = gradient_with_bounds(x * y + 2 * x);
  EXPECT_EQ(g.wrt(x).value, -3);
  EXPECT_EQ(g.wrt(y).value, 3);
  EXPECT_EQ(g.wrt(x).error, 0);
  EXPECT_GE(g.wrt(x).digits(), 15.9);
  EXPECT_EQ(gradient_with_bounds(Var(3)).wrt(x).value, 0);
}

// The variance of numbers around m as mean of squares less square of the mean: 2 (x - mean) / n is the difference of numbers of
// size m.
TEST(GradientWithBounds, KnowsHowManyDigitsATextbookCancellationLeaves) {
  for (const double m : {0.0, 1e4, 1e8, 1e12}) {
    Tape tape;
    std::vector<Var> x;
    for (const double offset : {1.0, 2.0, 3.5}) x.push_back(tape.variable(m + offset));
    const Var mean = sum(x) / 3;
    const Var variance = squared_norm(x) / 3 - mean * mean;
    const GradientWithBounds g = gradient_with_bounds(variance);
    const double centre = 6.5 / 3;
    std::size_t k = 0;
    for (const double offset : {1.0, 2.0, 3.5}) {
      const Bounded d = g.wrt(x[k++]);
      const double exact = 2 * (offset - centre) / 3;
      EXPECT_LE(std::abs(d.value - exact), d.error + 1e-15) << m;
      EXPECT_LE(d.error, 20 * 2.3e-16 * (m + 4)) << m;  // some ten roundings of numbers of that size
      // of 16 digits log10(m) are lost, and one or two by the bound
      EXPECT_NEAR(d.digits(), 16 - std::log10(m + 4) + std::log10(std::abs(exact)), 2) << m;
    }
  }
}

// A sum of n terms in any order is off by no more than n u times the sum of their sizes, u = 2^-53, and a bound that leaves the
// order open can't say less (Higham, Accuracy and Stability of Numerical Algorithms, 4.2 and 3.1). Half the square of a reduction
// has it for its derivative, times what is exact here. Terms that cancel, where the sum's own size would say far too little.
TEST(GradientWithBounds, OfReductionsIsTheTextbooksBound) {
  constexpr int n = 1000;
  constexpr double size = 0x1p20, u = 0x1p-53, sizes = n * size;
  const auto bound = [](auto reduce) {
    Tape tape;
    std::vector<Var> x;
    std::vector<double> one(n, 1.0);
    for (int k = 0; k < n; ++k) x.push_back(tape.variable(k % 2 == 0 ? size : -size));
    const Var s = reduce(x, one);
    return gradient_with_bounds(0.5 * s * s).wrt(x[0]).error;
  };
  const double of_sum = bound([](const auto& x, const auto&) { return sum(x); });
  EXPECT_GE(of_sum, (n - 1) * u * sizes);
  EXPECT_LE(of_sum, 2 * n * u * sizes);
  const double of_dot = bound([](const auto& x, const auto& one) { return dot(x, one); });
  EXPECT_GE(of_dot, (n - 1) * u * sizes);
  EXPECT_LE(of_dot, 2 * n * u * sizes);
  // n size^2, off by n^2 u size^2; its partial is 2 size
  const double of_square = bound([](const auto& x, const auto&) { return squared_norm(x); });
  EXPECT_GE(of_square, (n - 1) * u * sizes * size * 2 * size);
  EXPECT_LE(of_square, 2 * n * u * sizes * size * 2 * size);
}

TEST(GradientWithBounds, OfFunctionsIsThatOfTheirRecording) {
  const Function f = record([](Var x, Var y) { return exp(x) * y - 1 / y; }, 1.0, 2.0);
  const std::array at{0.5, 3.0};
  const std::vector<Bounded> g = f.gradient_with_bounds(at);
  EXPECT_LE(std::abs(g[0].value - 3 * std::exp(0.5)), g[0].error);
  EXPECT_LE(std::abs(g[1].value - (std::exp(0.5) + 1.0 / 9)), g[1].error);
  EXPECT_LE(g[1].error, 1e-14);
  EXPECT_EQ(f.gradient_with_bounds(0.5, 3)[1].error, g[1].error);
  EXPECT_THROW(f.gradient_with_bounds(std::array{1.0}), ShapeMismatch);
  const Function two = record([](Var x) { return std::array{x, x * x}; }, 1.0);
  EXPECT_THROW(two.gradient_with_bounds(1.0), ShapeMismatch);
  const Function root = record([](Var x) { return x > 0 ? sqrt(x) : x; }, 1.0);
  EXPECT_THAT([&] { root.gradient_with_bounds(-2.0); }, testing::ThrowsMessage<BranchChanged>(HasSubstr("the input is (-2)")));
}

const CustomOperation square{"square", 1, [](auto v) { return v[0] * v[0]; }, [](auto v, double, auto p) { p[0] = 2 * v[0]; }};

TEST(GradientWithBounds, RefusesWhatItDoesNotKnow) {
  Tape tape;
  const Var x = tape.variable(3);
  EXPECT_THAT([&] { gradient_with_bounds(square(x)); },
              testing::ThrowsMessage<NoSecondOrder>(testing::AllOf(HasSubstr("`square`"), HasSubstr("give it `bounds`"))));
  // an error of the value says nothing of the partial's
  const CustomOperation half_stated{"half",
                                    1,
                                    [](auto v) { return v[0] * v[0]; },
                                    [](auto v, double, auto p) { p[0] = 2 * v[0]; },
                                    {},
                                    [](auto, double result) { return result * 0x1p-53; }};
  EXPECT_THROW(gradient_with_bounds(half_stated(x)), NoSecondOrder);
  EXPECT_THROW(gradient_with_bounds(local([](Var a) { return square(a) * a; }, x)), NoSecondOrder);
  const Var t = x * x;
  tape.clear();
  EXPECT_THROW(gradient_with_bounds(t), StaleVariable);
}

// f(x, y) = sin(x y) exp(y) / x as one node, of every kind.
constexpr auto f = [](auto x, auto y) { return sin(x * y) * exp(y) / x; };
double f_at(std::span<const double> v) { return std::sin(v[0] * v[1]) * std::exp(v[1]) / v[0]; }
void partials_of_f(std::span<const double> v, double value, std::span<double> p) {
  const double c = std::cos(v[0] * v[1]) * std::exp(v[1]);
  p[0] = (v[1] * c - value) / v[0];
  p[1] = c + value;
}
/// As far off as a running error analysis of the formulas says.
Bounded bounds_of_f(const Bounded& x, const Bounded& y, Bounded* p) {
  const Bounded value = f(x, y), c = cos(x * y) * exp(y);
  p[0] = (y * c - value) / x;
  p[1] = c + value;
  return value;
}
double rounding_of_f(std::span<const double> v, double) { return f(Bounded(v[0], 0), Bounded(v[1], 0)).error; }
/// A partial as an operation of its own, with its partials and its error.
CustomOperation partial_of_f(std::size_t k) {
  return {"f'",
          2,
          [k](std::span<const double> v) {
            double p[2];
            partials_of_f(v, f_at(v), p);
            return p[k];
          },
          [k](std::span<const double> v, double, std::span<double> p) {
            const double x = v[0], y = v[1], s = std::sin(x * y) * std::exp(y), c = std::cos(x * y) * std::exp(y);
            const double xy = -y * s + (y * c / x - s / (x * x));
            p[0] = k == 0 ? -y * y * s / x - 2 * (y * c / x - s / (x * x)) / x : xy;
            p[1] = k == 0 ? xy : -x * s + 2 * c + s / x;
          },
          {},
          [k](std::span<const double> v, double) {
            Bounded p[2];
            bounds_of_f({v[0], 0}, {v[1], 0}, p);
            return p[k].error;
          }};
}

struct Piece {
  const char* kind;
  std::function<Var(const Var&, const Var&)> apply;
};
const std::vector<Piece>& pieces() {
  static const CustomOperation of_partials("f", 2, f_at, partials_of_f, {partial_of_f(0), partial_of_f(1)}, rounding_of_f),
      of_bounds("f", 2, f_at, partials_of_f, {}, {}, [](std::span<const Bounded> v, std::span<Bounded> p) {
        Bounded partials[2];
        const Bounded value = bounds_of_f(v[0], v[1], partials);
        std::copy_n(partials, p.size(), p.begin());
        return value;
      });
  static constexpr auto two = [](auto x, auto y) { return std::array{x + y, f(x, y)}; };
  static const std::vector<Piece> all{
      {"operations", f},
      {"fused", fuse(f)},
      {"one output of two, fused", [](const Var& x, const Var& y) { return fuse(two)(x, y)[1]; }},
      {"local", [](const Var& x, const Var& y) { return local(f, x, y); }},
      {"local with captures",
       [](const Var& x, const Var& y) {
         const double one = 1;
         return local([one](auto a, auto b) { return one * f(a, b); }, x, y);
       }},
      {"local of fused", [](const Var& x, const Var& y) { return local([](auto a, auto b) { return fuse(f)(a, b); }, x, y); }},
      {"custom with partial operations", of_partials},
      {"custom with bounds", of_bounds},
  };
  return all;
}

// t = f(x y, log y) f(x, 0.1): what goes into the piece carries errors already.
TEST(GradientWithBounds, HoldsThroughPiecesOfEveryKindAndIsOfUse) {
  using Long = long double;
  for (const Piece& piece : pieces()) {
    SCOPED_TRACE(piece.kind);
    std::mt19937_64 random(5);
    std::uniform_real_distribution<double> uniform(0.3, 3);
    std::vector<double> ratios;
    for (int trial = 0; trial < 2000; ++trial) {
      Tape tape;
      const Var x = tape.variable(uniform(random)), y = tape.variable(uniform(random));
      const GradientWithBounds g = gradient_with_bounds(piece.apply(x * y, log(y)) * piece.apply(x, 0.1));

      const Long at_x = x.value(), at_y = y.value(), tenth = 0.1L;
      const auto value = [](Long a, Long b) { return std::sin(a * b) * std::exp(b) / a; };
      const auto in_a = [](Long a, Long b) { return (b * std::cos(a * b) - std::sin(a * b) / a) * std::exp(b) / a; };
      const auto in_b = [](Long a, Long b) { return (std::cos(a * b) + std::sin(a * b) / a) * std::exp(b); };
      const Long a = at_x * at_y, b = std::log(at_y), first = value(a, b), second = value(at_x, tenth);
      const Long exact[] = {in_a(a, b) * at_y * second + first * in_a(at_x, tenth),
                            (in_a(a, b) * at_x + in_b(a, b) / at_y) * second};
      for (const int k : {0, 1}) {
        const Bounded d = k == 0 ? g.wrt(x) : g.wrt(y);
        const double off = static_cast<double>(std::abs(static_cast<Long>(d.value) - exact[k]));
        ASSERT_LE(off, d.error) << k << " at " << x.value() << ", " << y.value();
        if (off > 0) ratios.push_back(d.error / off);
      }
    }
    ASSERT_GT(ratios.size(), 3000u);
    std::nth_element(ratios.begin(), ratios.begin() + 2000, ratios.end());
    EXPECT_LE(ratios[2000], 30);
  }
}

// A recorded gradient holds the partials of a piece as nodes; theirs are rows of the Hessian.
TEST(GradientWithBounds, OfDerivativesOfPieces) {
  const Function first = record([](Var x, Var y) { return fuse(f)(x, y); }, 1.0, 1.0).derivative();
  const double x = 1.3, y = 0.7;
  const long double s = std::sin(static_cast<long double>(x) * y) * std::exp(static_cast<long double>(y)),
                    c = std::cos(static_cast<long double>(x) * y) * std::exp(static_cast<long double>(y));
  const long double xy = -y * s + (y * c / x - s / (x * static_cast<long double>(x))), yy = -x * s + 2 * c + s / x;
  const std::vector<Bounded> row = first.output(2).gradient_with_bounds(x, y);
  EXPECT_LE(static_cast<double>(std::abs(row[0].value - xy)), row[0].error);
  EXPECT_LE(static_cast<double>(std::abs(row[1].value - yy)), row[1].error);
  EXPECT_GE(row[0].digits(), 13.5);
  EXPECT_GE(row[1].digits(), 13.5);
}

// x0 x1 x2 x3 / x4: each row of its Hessian is the function divided by two of its inputs, twice that for the divisor itself.
TEST(GradientWithBounds, OfDerivativesOfPiecesOfManyInputs) {
  static constexpr auto quotient = [](auto a, auto b, auto c, auto d, auto e) { return a * b * c * d / e; };
  const Function f =
      record([](Var a, Var b, Var c, Var d, Var e) { return fuse(quotient)(a, b, c, d, e); }, 1.0, 1.0, 1.0, 1.0, 1.0);
  const std::vector<double> x = {1.3, -0.7, 2.1, 0.1, -0.9};
  const long double whole = static_cast<long double>(x[0]) * x[1] * x[2] * x[3] / x[4];
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::vector<Bounded> row = f.derivative().output(1 + i).gradient_with_bounds(x);
    ASSERT_EQ(row.size(), x.size());
    for (std::size_t j = 0; j < x.size(); ++j) {
      const long double sign = (i == 4) == (j == 4) ? 1 : -1, times = i != j ? 1 : i == 4 ? 2 : 0;
      const long double exact = sign * times * whole / x[i] / x[j];
      const long double own = 8 * std::abs(exact) * std::numeric_limits<long double>::epsilon();  // its seven roundings
      EXPECT_LE(static_cast<double>(std::abs(row[j].value - exact) - own), row[j].error) << i << ' ' << j;
      if (i != j || i == 4) {
        EXPECT_GE(row[j].digits(), 14.5) << i << ' ' << j;  // some ten roundings
      }
    }
  }
}

// (1e16 + x) - 1e16 is 0 in doubles and 0.3 in exact arithmetic: so is the derivative of its product with v in v.
TEST(GradientWithBounds, AZeroThatRoundingMadeCarriesItsErrorBack) {
  Tape tape;
  const Var x = tape.variable(0.3), v = tape.variable(2);
  const Var zero = (1e16 + x) - 1e16;
  ASSERT_EQ(zero.value(), 0);
  const Bounded d = gradient_with_bounds(zero * exp(v)).wrt(v);
  EXPECT_EQ(d.value, 0);
  EXPECT_GE(d.error, 0.3 * std::exp(2));
  EXPECT_LE(d.error, 4 * std::exp(2));
}

TEST(GradientWithBounds, WhatSelectDidNotChooseHasNoErrorToPassOn) {
  for (const double at : {0.0, -1.0}) {
    Tape tape;
    const Var x = tape.variable(at);
    const Bounded d = gradient_with_bounds(select(x > 0, log(x), 2 * x)).wrt(x);
    EXPECT_EQ(d.value, 2);
    EXPECT_EQ(d.error, 0) << at;
    const Bounded fused = gradient_with_bounds(fuse([](auto y) { return select(y > 0.0, log(y), 2 * y); })(x)).wrt(x);
    EXPECT_EQ(fused.value, 2);
    EXPECT_EQ(fused.error, 0) << at;
  }
}

// The README's: -(1 - x^2 / 12 …) x / 12 in exact arithmetic.
TEST(GradientWithBounds, OfTheReadmesExampleIsWhatItSays) {
  Tape tape(true);
  const Var x = tape.variable(1e-3, "x");
  const Var quotient = (1 - cos(x)) / (x * x);
  const Bounded d = gradient_with_bounds(quotient).wrt(x);
  EXPECT_LE(std::abs(d.value + 1e-3 / 12), d.error);
  EXPECT_NEAR(d.digits(), 2.3, 0.1);
  char line[100];
  std::snprintf(line, sizeof line, "`%.5g +- %.2g: %.1f digits`", d.value, d.error, d.digits());
  std::ifstream readme(std::filesystem::path(__FILE__).parent_path() / "../../README.md");
  const std::string text(std::istreambuf_iterator<char>(readme), {});
  EXPECT_THAT(text, HasSubstr(line));
  EXPECT_THAT(explain_cancellation(quotient).message, HasSubstr("the adjoint of variable `x`"));
}

// One operation on exact numbers: its bound is what rounding took away, in long double, which has 11 bits more or 60.
TEST(Bounded, OfASumProductQuotientOrRootIsItsRounding) {
  std::mt19937_64 random(1);
  const auto number = [&](double scale) {  // 26 bits, so that products are exact in long double
    return std::ldexp(static_cast<double>(random() % (1u << 26) + 1) * (random() % 2 == 0 ? 1 : -1), -26) * scale;
  };
  const auto expect = [](Bounded got, long double exact, const char* what) {
    const auto lost = static_cast<double>(std::fabs(static_cast<long double>(got.value) - exact));
    const double own = std::fabs(got.value) * 0x1p-63;  // of long double
    EXPECT_GE(got.error, lost - own) << what << ' ' << got.value;
    EXPECT_LE(got.error, lost * (1 + 0x1p-19) + own) << what << ' ' << got.value;
  };
  for (const double scale : {1e-12, 1.0, 1e12})
    for (int i = 0; i < 1000; ++i) {
      const double a = number(1), b = number(1), x = a * scale, y = b * 3 * scale;
      const long double wide_x = x, wide_y = y;
      expect(Bounded(x, 0) + Bounded(y, 0), wide_x + wide_y, "sum");
      expect(Bounded(x, 0) - Bounded(y, 0), wide_x - wide_y, "difference");
      expect(Bounded(a, 0) * Bounded(b * 3, 0), static_cast<long double>(a) * (b * 3), "product");
      expect(Bounded(x, 0) / Bounded(y, 0), wide_x / wide_y, "quotient");
      expect(sqrt(Bounded(std::fabs(x), 0)), std::sqrt(std::fabs(wide_x)), "root");
      // an error of an argument comes on top, through the partial
      EXPECT_GE((Bounded(x, 1e-3 * scale) + Bounded(y, 2e-3 * scale)).error, 2.999e-3 * scale);
      EXPECT_LE((Bounded(x, 1e-3 * scale) + Bounded(y, 2e-3 * scale)).error, 3.001e-3 * scale);
      EXPECT_NEAR((Bounded(a, 1e-6) * Bounded(b, 0)).error, 1e-6 * std::fabs(b), 1e-9 * std::fabs(b));
    }
}

// Where the arguments lie within their bounds, the result lies within its own: of every operation, at points of its domain, zeros
// and ties among them. What jumps there is held to its own side, and left out.
template <class Rule, std::size_t... k>
void move_arguments(const std::array<double, sizeof...(k)>& x, std::index_sequence<k...>) {
  constexpr double e = 0x1p-30;  // far beyond rounding; its square far below it
  const Bounded result = detail::evaluate<Rule, Bounded>(Bounded(x[k], e)...);
  for (unsigned corner = 0; corner < 1u << sizeof...(k); ++corner) {
    const std::array<double, sizeof...(k)> there{x[k] + (corner >> k & 1 ? e : -e)...};
    const double moved = detail::evaluate<Rule, double>(there[k]...);
    if (!std::isfinite(moved) || !std::isfinite(result.value)) continue;  // at an end of the domain, or beyond it
    // curvature: second derivatives are below 1,000 at these points, unless the first is infinite
    EXPECT_LE(std::abs(moved - result.value), result.error + 1000 * e * e)
        << Rule::name << " at " << testing::PrintToString(x) << ", moved to " << testing::PrintToString(there);
  }
}
TEST(Bounded, HoldsWhereverTheArgumentsAreWithinTheirBounds) {
  constexpr double points[] = {-2.25, -0.5, 0, 0.25, 0.75, 1.25};
  int asked = 0;
  const auto within = [](const Domain& domain, double x) { return domain.low <= x && x <= domain.high; };
  const auto ask = [&]<class Rule>() {
    constexpr Op jumping[] = {Op::Floor, Op::Ceil, Op::Round, Op::Trunc, Op::Less, Op::LessEqual, Op::Equal};
    if (std::ranges::find(jumping, op_of<Rule>) != std::end(jumping)) return;
    for (const double x : points) {
      if (!within(Rule::domain[0], x)) continue;
      if constexpr (Rule::arity == 1) {
        move_arguments<Rule>(std::array{x}, std::make_index_sequence<1>());
        ++asked;
      } else if constexpr (Rule::arity == 2) {
        for (const double y : points) {
          if (!within(Rule::domain[1], y) || (op_of<Rule> == Op::Atan2 && x == 0 && y <= 0)) continue;  // the cut
          move_arguments<Rule>(std::array{x, y}, std::make_index_sequence<2>());
          ++asked;
        }
      }
    }
  };
#define WENGERT_X(Rule, function) ask.template operator()<ops::Rule>();
  WENGERT_OPERATIONS(WENGERT_X)
#undef WENGERT_X
  EXPECT_GT(asked, 400);
}
TEST(GradientWithBounds, ADetachedNumberIsAsFarOffAsItWas) {
  Tape tape;
  const Var x = tape.variable(1), a = tape.variable(1.05);
  const Bounded d = gradient_with_bounds(x * detach(acosh(a))).wrt(x);
  const long double exact = std::acosh(static_cast<long double>(1.05));
  EXPECT_GT(d.error, 0);
  EXPECT_LE(static_cast<double>(std::abs(d.value - exact)), d.error);
}

// Derivatives of a power have more roundings than the power itself. Closed forms in long double, 2,000 times finer.
TEST(Bounded, OfDerivativesOfPowersCountsTheirRoundings) {
  using Long = long double;
  const auto power = [](double x, Long y) { return std::pow(static_cast<Long>(x), y); };
  const struct {
    int order;  // m + 256 k: m times in x, k times in y
    std::function<Long(double, double)> exact;
  } cases[] = {
      {0, [=](double x, double y) { return power(x, y); }},
      {1, [=](double x, double y) { return y * power(x, static_cast<Long>(y) - 1); }},
      {2, [=](double x, double y) { return y * (static_cast<Long>(y) - 1) * power(x, static_cast<Long>(y) - 2); }},
      {256, [=](double x, double y) { return power(x, y) * std::log(static_cast<Long>(x)); }},
      {512, [=](double x, double y) { return power(x, y) * std::pow(std::log(static_cast<Long>(x)), 2.0L); }},
      {257, [=](double x, double y) { return power(x, static_cast<Long>(y) - 1) * (1 + y * std::log(static_cast<Long>(x))); }},
  };
  std::mt19937_64 random(8);
  std::uniform_real_distribution<double> base(0.01, 20), exponent(-3, 3);
  for (const auto& [order, exact] : cases) {
    double furthest = 0;
    for (int k = 0; k < 20000; ++k) {
      const double x = base(random), y = exponent(random);
      const auto bound = detail::evaluate<ops::PowDerivative, Bounded>(Bounded(x, 0), Bounded(y, 0), Bounded(order, 0));
      const double off = static_cast<double>(std::abs(bound.value - exact(x, y)));
      ASSERT_LE(off, bound.error) << "order " << order << " at " << x << ", " << y;
      if (off > 0) furthest = std::fmax(furthest, off / bound.error);
    }
    EXPECT_GE(furthest, 0.2) << "order " << order << ": the bound is of use";
  }
}

TEST(Bounded, TheLesserMayBeEitherWhereTheirBoundsMeet) {
  const Bounded sharp(1, 1e-9), near(1 + 1e-10, 1e-3), far(1.01, 1e-3), none(1.01, 1e-12);
  for (const auto& [x, y] : {std::pair(sharp, near), std::pair(near, sharp)}) {
    EXPECT_EQ(min(x, y).value, 1);
    EXPECT_EQ(min(x, y).error, 1e-3);  // it may be 0.999
    EXPECT_EQ(max(x, y).error, 1e-3);
  }
  EXPECT_EQ(min(sharp, far).error, 1e-9);
  EXPECT_EQ(max(sharp, far).error, 1e-3);
  EXPECT_EQ(max(far, sharp).error, 1e-3);
  EXPECT_EQ(max(Bounded(1, 0.006), Bounded(1.01, 0.005)).error, 0.006);  // apart by less than both bounds, by more than each
  EXPECT_EQ(min(near, none).error, 1e-3);
  EXPECT_EQ(max(near, none).error, 1e-12);
  EXPECT_EQ(hypot(Bounded(0, 1e-9), Bounded(0, 2e-9)).error, 1e-9 + 2e-9);
  EXPECT_EQ(abs(Bounded(0, 1e-9)).error, 1e-9);
}

TEST(Bounded, OfWhatRoundsNothingIsNothing) {
  const Bounded x(0.1, 0), y(-0.7, 0), z(2.5, 0);  // none becomes 0, of which an ulp is nothing
  for (const Bounded& exact : {-x,
                               abs(y),
                               min(x, y),
                               max(x, y),
                               select(x < y, x, y),
                               select(y < x, x, y),
                               floor(z),
                               ceil(x),
                               round(y),
                               trunc(z),
                               detach(x),
                               is_less(y, x),
                               is_less_equal(y, x),
                               is_equal(x, x),
                               detail::evaluate<ops::Select, Bounded>(Bounded(1, 0), x, y),
                               x * Bounded(1, 0),
                               x * Bounded(-1, 0),
                               x * Bounded(0, 0),
                               Bounded(0, 0) * y,
                               sqrt(Bounded(0, 0)),
                               x - x,
                               x + x})
    EXPECT_EQ(exact.error, 0) << exact.value;
}

// Half an ulp for fma, and for functions what the table states: no less than is lost, no more than some ulps.
TEST(Bounded, OfAFunctionIsSomeUlps) {
  const auto expect = [](Bounded got, long double exact, double ulps) {
    EXPECT_GE(got.error, std::fabs(static_cast<double>(got.value - exact)));
    EXPECT_LE(got.error, ulps * 0x1p-52 * std::fabs(got.value)) << got.value;
  };
  for (const double at : {1e-12, 0.01, 0.3, 1.7, 20.0}) {
    const Bounded x(at, 0);
    const long double wide = at;
    expect(fma(x, Bounded(3, 0), Bounded(0.1, 0)), wide * 3 + 0.1, 0.5);
    expect(exp(x), std::exp(wide), 4);
    expect(log(x), std::log(wide), 4);
    expect(sin(x), std::sin(wide), 4);
    expect(tanh(x), std::tanh(wide), 4);
    expect(pow(x, Bounded(1.5, 0)), std::pow(wide, 1.5L), 4);
    expect(gamma_p(Bounded(1, 0), x), -std::expm1(-wide), 8);
  }
}

// Where a product underflows it is off by no more than the smallest number; where it overflows nothing is known.
TEST(Bounded, AtTheEndsOfTheRange) {
  EXPECT_GE((Bounded(1e-200, 0) * Bounded(1e-200, 0)).error, 0x1p-1074);
  EXPECT_GE((Bounded(1.1e-160, 0) * Bounded(1.1e-160, 0)).error, 0x1p-1074);
  EXPECT_LE((Bounded(1.1e-160, 0) * Bounded(1.1e-160, 0)).error, 0x1p-1073);
  EXPECT_FALSE((Bounded(1e200, 0) * Bounded(1e200, 0)).error < std::numeric_limits<double>::max());
  const Bounded large = Bounded(1e303, 0) + Bounded(1.1e302, 0);
  EXPECT_GE(large.error, 0x1p-53 * 1e303);
  EXPECT_LE(large.error, 0x1p-51 * 1e303);
}

TEST(Bounded, DigitsAreWhatTheErrorLeaves) {
  EXPECT_NEAR(Bounded(1.0, 0.0).digits(), 15.95, 0.01);
  EXPECT_NEAR(Bounded(-200.0, 2e-3).digits(), 5, 1e-12);
  EXPECT_EQ(Bounded(1.0, 2.0).digits(), 0);
  EXPECT_EQ(Bounded(0.0, 1e-300).digits(), 0);
  EXPECT_EQ(Bounded(std::nan(""), std::nan("")).digits(), 0);
}

TEST(ExplainCancellation, NamesTheDifferenceAndItsLine) {
  Tape tape(true);
  const Var x = tape.variable(1e-5, "x");
  const Var difference = 1 - cos(x);
  const int line = __LINE__ - 1;
  const Cancellation c = explain_cancellation(difference / (x * x));
  EXPECT_EQ(c.node, difference.index());
  EXPECT_FALSE(c.on_the_way_back);
  EXPECT_EQ(c.location.line, line);
  // x^2 / 2 = 5e-11 is 10.3 digits below 1
  EXPECT_NEAR(c.digits_before - c.digits_after, 10.3, 0.8);
  EXPECT_THAT(c.message, HasSubstr("1 - v"));
}

// log(x + y) - log(x - y) at y far below x: values near log(x), but d/dx = 1 / (x + y) - 1 / (x - y) cancels to -2 y / x^2.
TEST(ExplainCancellation, NamesAnAdjointWhosePartsCancel) {
  Tape tape;
  const Var x = tape.variable(3, "x");
  const Var a = log(x + 1e-9), b = log(x - 1e-9);
  const Cancellation c = explain_cancellation(3 * a - 3 * b + 10);
  EXPECT_TRUE(c.on_the_way_back || c.node > b.index());
  EXPECT_GE(c.digits_before - c.digits_after, 8);
  const Cancellation back = explain_cancellation(a * 0.5 + b * -0.5 + x * 0 + 10);
  EXPECT_GE(back.digits_before - back.digits_after, 8);
  EXPECT_FALSE(back.message.empty());
}

TEST(ExplainCancellation, WhereNothingIsLostSaysSo) {
  Tape tape;
  const Var x = tape.variable(2), y = tape.variable(3);
  const Cancellation c = explain_cancellation(exp(x) * y + sqrt(x));
  EXPECT_EQ(c.node, -1);
  EXPECT_THAT(c.message, HasSubstr("no digits were lost"));
}

// x^2 / 2 - (3 - 1e-9) x at 3: values of 4.5 and 9, but in the derivative 1.5 + 1.5 - (3 - 1e-9) leaves 1e-9.
TEST(ExplainCancellation, SaysThatItWasOnTheWayBack) {
  Tape tape;
  const Var x = tape.variable(3, "x");
  const Cancellation c = explain_cancellation(0.5 * x * x - (3 - 1e-9) * x);
  EXPECT_EQ(c.node, x.index());
  EXPECT_TRUE(c.on_the_way_back);
  EXPECT_NEAR(c.digits_before - c.digits_after, 9.5, 1);  // log10(3e9), and some roundings
  EXPECT_THAT(c.message, HasSubstr("backwards, the adjoint of variable `x`"));
}

// The parts of x's adjoint are 1, -1.00000001 and 1.0001e-8. The last is right to 8 digits alone, but so much smaller that it
// doesn't matter: what goes in has 16 digits, and of the sum, 1e-12 give or take 1e-16, some 4 are left.
TEST(ExplainCancellation, PartsThatAreFarSmallerDoNotCount) {
  Tape tape;
  const Var x = tape.variable(3, "x"), a = tape.variable(1), b = tape.variable(1.00000001), y = tape.variable(1.0001e-8);
  const Var small = exp(y) - 1;
  const Cancellation c = explain_cancellation(a * x - b * x + small * x);
  EXPECT_EQ(c.node, x.index());
  EXPECT_TRUE(c.on_the_way_back);
  EXPECT_GE(c.digits_before, 15);
  EXPECT_NEAR(c.digits_after, 4, 1);
}

TEST(ExplainCancellation, WhatASelectDidNotChooseLosesNothing) {
  Tape tape;
  const Var x = tape.variable(2), y = tape.variable(1e-5);
  EXPECT_EQ(explain_cancellation(select(x > 0, 2 * x, 1 - cos(y))).node, -1);
  EXPECT_GE(explain_cancellation(select(x < 0, 2 * x, 1 - cos(y))).node, 0);
}

TEST(ExplainCancellation, NamesItselfWhereTheVariableIsStale) {
  Tape tape;
  const Var t = tape.variable(2) * 3;
  tape.clear();
  EXPECT_THAT([&] { gradient_with_bounds(t); }, testing::ThrowsMessage<StaleVariable>(HasSubstr("gradient_with_bounds")));
  EXPECT_THROW(explain_cancellation(t), StaleVariable);
}

}  // namespace
