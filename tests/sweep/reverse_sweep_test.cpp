#include "wengert/reverse_sweep.hpp"

#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "support/allocations.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace wengert;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

template <class T>
Adjoints<T> sweep_at(const Tape& tape, const std::vector<T>& point, const std::vector<Seed<T>>& seeds) {
  const Values<T> values = forward_sweep(tape, std::span<const T>(point));
  return reverse_sweep(tape, ValuesView<T>(values), std::span<const Seed<T>>(seeds));
}

TEST(ReverseSweep, AddsUpEveryUseOfAVariable) {
  Tape tape;
  const Var x = tape.variable(3);
  const Var y = x * x + 5 * x - x / 2;
  EXPECT_EQ(gradient(y).wrt(x), 2 * 3 + 5 - 0.5);
}

// Nothing goes back from the variables that a recording begins with: those of this recording, not of the one before.
TEST(ReverseSweep, GoesDownToTheFirstOperationAfterClearingATapeOfMoreVariables) {
  Tape tape;
  for (int k = 0; k < 10; ++k) tape.variable(k);
  tape.clear();
  const Var x = tape.variable(3);
  const Var y = x * x;  // where a variable was
  EXPECT_EQ(gradient(y * y).wrt(x), 4 * 27);
}

TEST(ReverseSweep, VisitsASharedNodeOnceHoweverOftenItIsUsed) {
  Tape tape;
  const Var x = tape.variable(1.0);
  Var y = x;
  for (int i = 0; i < 60; ++i) y = y * y;  // 2^60 paths
  EXPECT_EQ(tape.size(), 61);
  EXPECT_EQ(gradient(y).wrt(x), std::pow(2.0, 60));
}

TEST(ReverseSweep, TakesSeveralSeedsInOneGo) {
  Tape tape;
  const Var x = tape.variable(2), y = tape.variable(5);
  const Var product = x * y, sum = x + y;
  const Gradient g = gradient({{product, 3}, {sum, -1}, {x, 10}, {product, 0.5}});
  EXPECT_EQ(g.wrt(x), 3.5 * 5 - 1 + 10);
  EXPECT_EQ(g.wrt(y), 3.5 * 2 - 1);
}

TEST(ReverseSweep, IsLinearInItsSeeds) {
  Tape tape;
  const Var x = tape.variable(0.3);
  const Var y = exp(sin(x));
  const double once = gradient(y).wrt(x);
  EXPECT_EQ(gradient({{y, 4}}).wrt(x), 4 * once);  // a power of two: exact
  EXPECT_EQ(gradient({{y, 0}}).wrt(x), 0);
}

TEST(ReverseSweep, GivesTheSameBitsEachTime) {
  Tape tape;
  const Var x = tape.variable(0.3), y = tape.variable(1.7);
  const Var t = exp(sin(x) * y) / (x + tanh(y)) + pow(y, x);
  const Gradient first = gradient(t), second = gradient(t);
  for (NodeId i = 0; i < tape.size(); ++i) EXPECT_EQ(first[i], second[i]);
}

TEST(ReverseSweep, LeavesTheTapeAndTheValuesAsTheyWere) {
  Tape tape;
  const Var x = tape.variable(0.3);
  const Var t = x * exp(x);
  const std::vector<double> before(&tape.values()[0], &tape.values()[0] + tape.size());
  gradient(t);
  EXPECT_THAT(std::vector<double>(&tape.values()[0], &tape.values()[0] + tape.size()), testing::ContainerEq(before));
}

TEST(ReverseSweep, TakesTheGradientAtOtherValuesThanTheRecordedOnes) {
  Tape tape;
  const Var x = tape.variable(0.3), y = tape.variable(1.7);
  const Var t = sin(x) * y;
  const auto g = sweep_at<double>(tape, {1.1, -2}, {{t, 1}});
  EXPECT_EQ(g.wrt(x), std::cos(1.1) * -2);
  EXPECT_EQ(g.wrt(y), std::sin(1.1));
}

TEST(ReverseSweep, RunsInFloat) {
  Tape tape;
  const Var x = tape.variable(0.3), y = tape.variable(1.7);
  const Var t = exp(x * y) / y;
  const auto g = sweep_at<float>(tape, {0.3f, 1.7f}, {{t, 1}});
  // 6 operations, each within an ulp of numbers below 2
  constexpr double tolerance = 6 * std::numeric_limits<float>::epsilon() * 2;
  EXPECT_NEAR(g.wrt(x), std::exp(0.51), tolerance);
  EXPECT_NEAR(g.wrt(y), std::exp(0.51) * (0.3 / 1.7 - 1 / (1.7 * 1.7)), tolerance);
}

// Forward over reverse: the tangent of the gradient. f = x^3 y: d2f/dx2 = 6xy, d2f/dxdy = 3x^2.
TEST(ReverseSweep, RunsInDualAndYieldsSecondDerivatives) {
  Tape tape;
  const Var x = tape.variable(2), y = tape.variable(5);
  const Var f = x * x * x * y;
  const auto g = sweep_at<Dual<double>>(tape, {{2, 1}, {5, 0}}, {{f, 1}});
  EXPECT_EQ(g.wrt(x).value, 3 * 4 * 5);
  EXPECT_EQ(g.wrt(x).tangent, 6 * 2 * 5);
  EXPECT_EQ(g.wrt(y).tangent, 3 * 4);
}

/// A function of x and y, whichever of them is variable 0.
struct EitherOrder {
  Tape tape;
  bool swapped;
  Var first, second, t;

  template <class Callable>
  EitherOrder(Callable f, bool y_first) : swapped(y_first) {
    first = tape.variable(1.5);
    second = tape.variable(1.5);
    t = swapped ? f(second, first) : f(first, second);
  }

  /// d/dx and d/dy at (x, y).
  template <class T>
  std::array<T, 2> at(T x, T y) const {
    const auto g = swapped ? sweep_at<T>(tape, {y, x}, {{t, T(1)}}) : sweep_at<T>(tape, {x, y}, {{t, T(1)}});
    return swapped ? std::array<T, 2>{g.wrt(second), g.wrt(first)} : std::array<T, 2>{g.wrt(first), g.wrt(second)};
  }
};

TEST(ReverseSweep, DoesNotCareWhichArgumentWasRecordedFirst) {
  const auto expect = [](auto f, double x, double y) {
    const EitherOrder one(f, false), other(f, true);
    EXPECT_EQ(one.at<double>(x, y), other.at<double>(x, y));
    EXPECT_EQ((one.at<float>(x, y)), (other.at<float>(x, y)));
    const auto dual = one.at<Dual<double>>({x, 1}, {y, 2}), as_dual = other.at<Dual<double>>({x, 1}, {y, 2});
    Tape recorded, as_recorded;
    const auto vars = one.at<Var>(recorded.variable(x), recorded.variable(y)),
               as_vars = other.at<Var>(as_recorded.variable(x), as_recorded.variable(y));
    for (std::size_t k = 0; k < 2; ++k) {
      EXPECT_EQ(dual[k].value, as_dual[k].value);
      EXPECT_EQ(dual[k].tangent, as_dual[k].tangent);
      EXPECT_EQ(vars[k].value(), as_vars[k].value());
      EXPECT_DOUBLE_EQ(dual[k].value, vars[k].value());  // a compiler may contract one of them
    }
  };
  expect([](Var x, Var y) { return pow(x, y); }, 1.25, 2.5);
  expect([](Var x, Var y) { return x - y; }, 1.25, 2.5);
  expect([](Var x, Var y) { return x / y; }, 1.25, 2.5);
  expect([](Var x, Var y) { return atan2(x, y); }, 1.25, 2.5);
  expect([](Var x, Var y) { return hypot(x, y); }, 1.25, 2.5);
  expect([](Var x, Var y) { return fma(y, y, x); }, 1.25, 2.5);
  // d/dx = y x^(y - 1), d/dy = x^y log x; along (1, 2) their derivatives by the product rule, to a few roundings
  const auto g = EitherOrder([](Var x, Var y) { return pow(x, y); }, true).at<Dual<double>>({2, 1}, {3, 2});
  const double log2 = std::log(2.0), ulps = 8 * std::numeric_limits<double>::epsilon();
  EXPECT_NEAR(g[0].value, 12, 12 * ulps);
  EXPECT_NEAR(g[0].tangent, 12 + 2 * (4 + 12 * log2), 40 * ulps);
  EXPECT_NEAR(g[1].value, 8 * log2, 6 * ulps);
  EXPECT_NEAR(g[1].tangent, 4 + 12 * log2 + 2 * 8 * log2 * log2, 20 * ulps);
}

// Run with T = Var, the sweep records: the gradient is a tape of its own, to be replayed and differentiated again.
TEST(ReverseSweep, RunOnVariablesRecordsTheGradient) {
  Tape tape;
  const Var x = tape.variable(0.3), y = tape.variable(1.7);
  const Var t = sin(x) * y * y;

  Tape of_gradient;
  const Var a = of_gradient.variable(0.3), b = of_gradient.variable(1.7);
  const auto g = sweep_at<Var>(tape, {a, b}, {{t, 1}});
  const Var dx = g.wrt(x), dy = g.wrt(y);
  EXPECT_EQ(dx.tape(), &of_gradient);
  EXPECT_EQ(dx.value(), gradient(t).wrt(x));
  EXPECT_EQ(dy.value(), gradient(t).wrt(y));
  const double ulps = 4 * std::numeric_limits<double>::epsilon();
  EXPECT_NEAR(gradient(dx).wrt(a), -std::sin(0.3) * 1.7 * 1.7, ulps);
  EXPECT_NEAR(gradient(dx).wrt(b), 2 * 1.7 * std::cos(0.3), 4 * ulps);
  EXPECT_NEAR(gradient(dy).wrt(b), 2 * std::sin(0.3), ulps);

  const std::vector<double> elsewhere{1.1, -2};
  const double replayed = forward_sweep(of_gradient, std::span<const double>(elsewhere))[dx.index()];
  EXPECT_NEAR(replayed, std::cos(1.1) * 4, 4 * ulps);
}

TEST(ReverseSweep, CarriesNothingBackThroughAZeroAdjoint) {
  Tape tape;
  const Var x = tape.variable(0);
  EXPECT_EQ(gradient({{sqrt(x), 0}}).wrt(x), 0);                // 0 * inf
  EXPECT_EQ(gradient(x * log(x)).wrt(x), -HUGE_VAL);            // adjoint of x: log 0; adjoint of log(x): x = 0, carries nothing
  EXPECT_EQ(gradient(0 * sqrt(x) + x).wrt(x), 1);               // a constant zero does the same
  EXPECT_EQ(gradient(sqrt(x)).wrt(x), HUGE_VAL);                // and an adjoint of 1 does not
  EXPECT_TRUE(std::isnan(gradient(sqrt(x) - sqrt(x)).wrt(x)));  // inf - inf: everything else follows IEEE
}

TEST(ReverseSweep, LetsNanAndInfinityTravel) {
  Tape tape;
  const Var x = tape.variable(std::nan("")), y = tape.variable(2);
  const Gradient g = gradient(x * y + y);
  EXPECT_EQ(g.wrt(x), 2);
  EXPECT_TRUE(std::isnan(g.wrt(y)));
  EXPECT_EQ(gradient({{y, HUGE_VAL}}).wrt(y), HUGE_VAL);
}

// A variable may be recorded just before the operation that uses it: t becomes v v - t, and so dt/dv = 2 v (-1)^(later ones).
TEST(ReverseSweep, ReachesVariablesThatWereRecordedAmongOperations) {
  for (const int n : {1, 2, 3, 400, 1500}) {
    Tape tape;
    Var t = 0;
    std::vector<Var> variables;
    for (int k = 0; k < n; ++k) {
      variables.push_back(tape.variable(1 + k % 7));
      t = variables.back() * variables.back() - t;
    }
    const Gradient g = gradient(t);
    for (int k = 0; k < n; ++k) EXPECT_EQ(g.wrt(variables[k]), ((n - 1 - k) % 2 == 0 ? 2 : -2) * (1 + k % 7)) << k << " of " << n;
  }
}

TEST(ReverseSweep, GivesZeroForWhatTheDependentDoesNotUse) {
  Tape tape;
  const Var unused = tape.variable(1), x = tape.variable(2);
  const Var t = x * x;
  const Var later = tape.variable(3);
  const Var beyond = t * later;
  const Gradient g = gradient(t);
  EXPECT_EQ(g.wrt(unused), 0);
  EXPECT_EQ(g.wrt(later), 0);
  EXPECT_EQ(g.wrt(beyond), 0);
  EXPECT_THAT(g.wrt(std::vector<Var>{unused, x, later}), ElementsAre(0, 4, 0));
}

TEST(ReverseSweep, IgnoresSeedsOnConstants) {
  Tape tape;
  const Var x = tape.variable(2);
  EXPECT_EQ(gradient({{Var(7), 3}, {x * x, 1}}).wrt(x), 4);
  EXPECT_EQ(gradient({{Var(7), 3}}).wrt(x), 0);
}

TEST(ReverseSweep, IntoOldAdjointsAllocatesNothing) {
  Tape tape;
  const Var x = tape.variable(2);
  const Var square = x * x;
  Var t = x;
  for (int i = 0; i < 100; ++i) t = sin(t) * x;
  Gradient g;
  gradient(t, g);
  EXPECT_EQ(allocations_of([&] { gradient(t, g); }), 0u);
  EXPECT_EQ(allocations_of([&] { gradient(square, g); }), 0u);
  EXPECT_EQ(g.wrt(x), 4);
}

TEST(ReverseSweep, RefusesValuesOfAnotherSize) {
  Tape tape;
  const Var x = tape.variable(2);
  const double two = 2;
  const Values<double> values = forward_sweep(tape, std::span(&two, 1));
  const Var t = 3 * x;
  const Seed<double> seed{t, 1};
  EXPECT_THAT([&] { reverse_sweep(tape, ValuesView<double>(values), std::span(&seed, 1)); },
              ThrowsMessage<ShapeMismatch>(AllOf(HasSubstr("reverse_sweep"), HasSubstr("1 nodes"), HasSubstr("forward_sweep"))));
}

TEST(ReverseSweep, RefusesSeedsOfAnotherRecording) {
  Tape tape, other;
  const Var stale = tape.variable(1);
  tape.clear();
  tape.variable(2);
  const Seed<double> old{stale, 1}, foreign{other.variable(1), 1};
  EXPECT_THROW(reverse_sweep(tape, tape.values(), std::span(&old, 1)), StaleVariable);
  EXPECT_THROW(reverse_sweep(tape, tape.values(), std::span(&foreign, 1)), ForeignVariable);
}

TEST(ReverseSweep, AnErrorLeavesTheResultOfBefore) {
  Tape tape, other;
  const Var x = tape.variable(3), y = other.variable(1);
  Gradient g = gradient(x * x);
  const Seed<double> seeds[] = {{x, 1}, {y, 1}};
  EXPECT_THROW(reverse_sweep(tape, tape.values(), std::span<const Seed<double>>(seeds), g), ForeignVariable);
  EXPECT_EQ(g.wrt(x), 6);
}

constexpr NodeId nodes_of_a_recorded_gradient() {
  Tape tape, of_gradient;
  const Var x = tape.variable(0);
  const Var t = x * exp(x);
  const Var a = of_gradient.variable(0);
  const Values<Var> values = forward_sweep(tape, std::span<const Var>(&a, 1));
  const Seed<Var> seed{t, Var(1)};
  const Adjoints<Var> g = reverse_sweep(tape, ValuesView<Var>(values), std::span<const Seed<Var>>(&seed, 1));
  return g.wrt(x).is_constant() ? -1 : of_gradient.size();
}

TEST(ReverseSweep, RecordsAGradientInConstantEvaluation) {
  static_assert(nodes_of_a_recorded_gradient() > 3);
  EXPECT_GT(nodes_of_a_recorded_gradient(), 3);
}

TEST(ReverseSweep, IsRightForTapesOfEveryLength) {
  // y = x + x + …, n times: dy/dx = n + 1; lengths around the stretches that the sweep is done in, and far beyond any stack
  for (const int n : {1, 2, 1022, 1023, 1024, 1025, 2047, 2048, 2049, 5000, 3000000}) {
    Tape tape(false);
    const Var x = tape.variable(1), unused = tape.variable(2);
    Var y = x;
    for (int k = 0; k < n; ++k) y = y + x;
    const Gradient g = gradient(y);
    EXPECT_EQ(g.wrt(x), n + 1);
    EXPECT_EQ(g.wrt(unused), 0);
    EXPECT_EQ(g[tape.size() - 1 - n / 2], 1) << "a sum on the way";
  }
}

}  // namespace
