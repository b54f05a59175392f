// Bounds on the rounding of derivatives, against derivatives known in closed form, and where the digits went.
// (Random programs against wide arithmetic: tests/agreement/random_program_test.cpp.)
#include "wengert/gradient_with_bounds.hpp"

#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <vector>

#include "wengert/custom.hpp"
#include "wengert/error.hpp"
#include "wengert/function.hpp"
#include "wengert/reductions.hpp"
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

TEST(GradientWithBounds, OfFunctionsIsThatOfTheirRecording) {
  const Function f = record([](Var x, Var y) { return exp(x) * y - 1 / y; }, 1.0, 2.0);
  const std::array at{0.5, 3.0};
  const std::vector<Bounded> g = gradient_with_bounds(f, at);
  EXPECT_LE(std::abs(g[0].value - 3 * std::exp(0.5)), g[0].error);
  EXPECT_LE(std::abs(g[1].value - (std::exp(0.5) + 1.0 / 9)), g[1].error);
  EXPECT_LE(g[1].error, 1e-14);
  EXPECT_THROW(gradient_with_bounds(f, std::array{1.0}), ShapeMismatch);
  const Function two = record([](Var x) { return std::array{x, x * x}; }, 1.0);
  EXPECT_THROW(gradient_with_bounds(two, std::array{1.0}), ShapeMismatch);
}

TEST(GradientWithBounds, RefusesWhatItDoesNotKnow) {
  Tape tape;
  const Var x = tape.variable(3);
  const CustomOperation square{"square", 1, [](auto v) { return v[0] * v[0]; }, [](auto v, double, auto p) { p[0] = 2 * v[0]; }};
  EXPECT_THROW(gradient_with_bounds(square(x)), NoSecondOrder);
  const Var t = x * x;
  tape.clear();
  EXPECT_THROW(gradient_with_bounds(t), StaleVariable);
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

}  // namespace
