#include "wengert/function.hpp"

#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <sstream>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "wengert/error.hpp"
#include "wengert/format.hpp"
#include "wengert/gradient.hpp"
#include "wengert/notation.hpp"
#include "wengert/ostream.hpp"

namespace {

using namespace wengert;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// f = exp(x y) + x^3 sin y, with derivatives by hand.
constexpr auto smooth = [](auto x, auto y) {
  using std::exp, std::pow, std::sin;
  return exp(x * y) + x * x * x * sin(y);
};
constexpr double near = 1e-14;  // some ten roundings of numbers of size 1 to 10

TEST(Function, ReplaysTheValueAtNewInputs) {
  const Function f = record(smooth, 1.2, 0.7);
  EXPECT_EQ(f.inputs(), 2u);
  EXPECT_EQ(f.outputs(), 1u);
  EXPECT_DOUBLE_EQ(f(1.3, 0.4), smooth(1.3, 0.4));
  EXPECT_DOUBLE_EQ(f(-2, 3.5), smooth(-2.0, 3.5));
}

TEST(Function, GradientAndHessianMatchTheClosedForm) {
  const Function f = record(smooth, 1.2, 0.7);
  const double x = 1.3, y = 0.4, e = std::exp(x * y);
  const std::array at{x, y};
  const auto g = f.gradient(at);
  EXPECT_NEAR(g[0], y * e + 3 * x * x * std::sin(y), near);
  EXPECT_NEAR(g[1], x * e + x * x * x * std::cos(y), near);
  const DenseMatrix h = f.hessian(at);
  EXPECT_NEAR(h(0, 0), y * y * e + 6 * x * std::sin(y), near);
  EXPECT_NEAR(h(0, 1), e * (1 + x * y) + 3 * x * x * std::cos(y), near);
  EXPECT_EQ(h(0, 1), h(1, 0));
  EXPECT_NEAR(h(1, 1), x * x * e - x * x * x * std::sin(y), near);
  const auto hv = f.hessian_vector(at, std::array{2.0, -1.0});
  EXPECT_NEAR(hv[0], 2 * h(0, 0) - h(0, 1), near);
}

TEST(Function, IsCopiedAndAssigned) {
  const Function square = record([](auto x) { return x * x; }, 3.0);
  Function f = record([](auto x, auto y) { return x + y; }, 1.0, 2.0);
  f = square;
  EXPECT_EQ(f(std::array{4.0}), 16);
  EXPECT_EQ(square(std::array{5.0}), 25);
  f = Function(f);
  EXPECT_EQ(f.gradient(std::array{4.0})[0], 8);
}

TEST(Function, TakesScalarsAndRangesAndReturnsRanges) {
  const Function f =
      record([](Var scale, const std::vector<Var>& x,
                const std::array<Var, 2>& w) { return std::vector<Var>{scale * x[0] * w[1], x[1] + x[2] * w[0], Var(7)}; },
             2, std::vector{1.0, 2.0, 3.0}, std::array{0.5, 0.25});
  EXPECT_EQ(f.inputs(), 6u);
  EXPECT_EQ(f.outputs(), 3u);
  const std::vector<double> at{3, 1, 2, 3, 5, 7};
  EXPECT_EQ(f.values(at), (std::vector<double>{21, 17, 7}));
  const DenseMatrix j = f.jacobian(at);
  EXPECT_EQ(j.data, (std::vector<double>{7, 21, 0, 0, 0, 3, 0, 0, 1, 5, 3, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(Function, SaysWhatIsMissingWhenTheInputHasTheWrongSize) {
  const Function f = record(smooth, 1.2, 0.7);
  EXPECT_THAT([&] { f(1.0); }, ThrowsMessage<ShapeMismatch>(HasSubstr("the tape has 2 independents, got 1 values")));
  const Function two = record([](auto x) { return std::vector{x, 2 * x}; }, 1.0);
  EXPECT_THAT([&] { two.gradient(1.0); }, ThrowsMessage<ShapeMismatch>(HasSubstr("2 outputs, not 1; ask for jacobian")));
  EXPECT_THAT([&] { two(1.0); }, ThrowsMessage<ShapeMismatch>(HasSubstr("2 outputs, not 1; ask for values")));
  Tape tape;
  const std::array<const Var, 1> x{tape.variable(1)};
  EXPECT_THROW(two(std::span<const Var>(x)), ShapeMismatch);
  const std::array three{1.0, 2.0, 3.0};
  const std::array direction{1.0, 0.0};
  EXPECT_THROW(f.push_forward(direction, three), ShapeMismatch);
  EXPECT_THROW(f.hessian_vector(three, direction), ShapeMismatch);
}

TEST(Function, RefusesAReplayThatWouldTakeTheOtherBranch) {
  const Function larger = record([](auto x, auto y) { return x > y ? x * x : y; }, 2.0, 1.0);
  EXPECT_EQ(larger(3, -1), 9);
  EXPECT_THAT([&] { larger(1, 2.5); }, ThrowsMessage<BranchChanged>(testing::AllOf(
                                           HasSubstr("was true when recorded"), HasSubstr("2.5 < 1 is false"),
                                           HasSubstr("the input is (1, 2.5)"), HasSubstr("select(condition, a, b)"))));
  EXPECT_THROW(larger.gradient(1, 2.5), BranchChanged);
  EXPECT_THROW(larger.hessian(std::array{1.0, 2.5}), BranchChanged);
}

TEST(Function, ABranchThatChangesTellsAtMostEightInputs) {
  const auto first = [](const std::vector<Var>& x) { return x[0] > 0 ? x[0] : x[1]; };
  const auto said = [&](std::vector<double> x) {
    const Function f = record(first, std::vector(x.size(), 1.0));
    x[0] = -1;
    try {
      f(x);
    } catch (const BranchChanged& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(said({0, 2}), testing::EndsWith("; the input is (-1, 2)"));
  EXPECT_THAT(said({0, 2, 3, 4, 5, 6, 7, 8}), testing::EndsWith("; the input is (-1, 2, 3, 4, 5, 6, 7, 8)"));
  EXPECT_THAT(said({0, 2, 3, 4, 5, 6, 7, 8, 9}), testing::EndsWith("; the input is (-1, 2, 3, 4, 5, 6, 7, 8, …)"));
}

TEST(Function, GuardNamesTheSourceLineOfTheComparison) {
  unsigned line = 0;
  Recorder recorder(true);
  const Var x = recorder.tape().variable(1);
  line = __LINE__ + 1;
  const Var y = x < 2 ? 3 * x : x;
  const Function f = recorder.finish(std::span(&y, 1));
  EXPECT_THAT([&] { f(5); }, ThrowsMessage<BranchChanged>(HasSubstr("function_test.cpp:" + std::to_string(line))));
}

TEST(Function, RefusesALoopWhoseLengthDependsOnAValue) {
  const Function halvings = record(
      [](auto x) {
        Var n = 0;
        for (; x > 1; x /= 2) n += x;
        return n;
      },
      10.0);  // 10, 5, 2.5, 1.25
  EXPECT_DOUBLE_EQ(halvings(9), 9 * (1 + 0.5 + 0.25 + 0.125));
  EXPECT_THROW(halvings(17), BranchChanged);
  EXPECT_THROW(halvings(3), BranchChanged);
}

TEST(Function, ANanInAComparisonIsTheFalseBranch) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Function above = record([](auto x) { return x > 0 ? x : -x; }, 1.0);
  EXPECT_THROW(above(nan), BranchChanged);
  const Function below = record([](auto x) { return x > 0 ? x : -x; }, -1.0);
  EXPECT_TRUE(std::isnan(below(nan)));
}

TEST(Function, SelectFollowsTheData) {
  const Function f = record([](auto x) { return select(x > 0, log(x), 3 * x); }, 2.0);
  EXPECT_DOUBLE_EQ(f(0.5), std::log(0.5));
  EXPECT_DOUBLE_EQ(f(-2), -6);
  EXPECT_EQ(f.gradient(-2)[0], 3);
  EXPECT_EQ(f.gradient(4)[0], 0.25);
}

TEST(Function, DerivativeIsAFunctionOfValueAndGradient) {
  const Function f = record(smooth, 1.2, 0.7);
  const Function d = f.derivative();
  ASSERT_EQ(d.outputs(), 3u);
  for (const std::array at : {std::array{1.3, 0.4}, std::array{-0.5, 2.0}, std::array{0.0, 1.0}}) {
    const auto values = d.values(at);
    EXPECT_DOUBLE_EQ(values[0], f(at));
    EXPECT_NEAR(values[1], f.gradient(at)[0], near);
    EXPECT_NEAR(values[2], f.gradient(at)[1], near);
  }
}

TEST(Function, DerivativeOfTheDerivativeIsTheHessianAndThenTheThirdOrder) {
  const Function f = record([](auto x, auto y) { return exp(x * y) * x; }, 1.0, 1.0);
  const double x = 0.7, y = -1.1, e = std::exp(x * y);
  const std::array at{x, y};
  // outputs of d: f, fx, fy; of dd: those, then the gradient of each
  const auto second = f.derivative().derivative().values(at);
  const DenseMatrix h = f.hessian(at);
  EXPECT_NEAR(second[3 + 2], h(0, 0), near);
  EXPECT_NEAR(second[3 + 3], h(0, 1), near);
  EXPECT_NEAR(second[3 + 5], h(1, 1), near);
  // third order in x thrice: d3/dx3 x e^(xy) = (3 y^2 + x y^3) e^(xy)
  const Function fxx = record([&](auto a, auto b) { return (2 * b + a * b * b) * exp(a * b); }, 1.0, 1.0);
  const auto third = f.derivative().derivative().derivative();
  EXPECT_NEAR(third.values(at)[9 + 2 * 5], (3 * y * y + x * y * y * y) * e, near);
  EXPECT_NEAR(fxx(at), h(0, 0), near);
}

// exp(x + x^2) = 1 + x + 3/2 x^2 + 7/6 x^3 + 25/24 x^4 + …, and at 0 the partial 2x passes through 0: its own derivative must not
// get lost.
TEST(Function, HigherDerivativesAreRightWhereAPartialIsZero) {
  const Function third = record([](auto x) { return exp(x + x * x); }, 0.5).derivative().derivative().derivative();
  EXPECT_DOUBLE_EQ(third.values(std::array{0.0}).back(), 7);
  EXPECT_DOUBLE_EQ(third.derivative().values(std::array{0.0}).back(), 25);
}

TEST(Function, DerivativeKeepsGuardsAndTheZeroAdjointRule) {
  const Function guarded = record([](auto x) { return x > 1 ? x * x : x; }, 2.0).derivative();
  EXPECT_EQ(guarded.values(std::array{3.0}), (std::vector<double>{9, 6}));
  EXPECT_THROW(guarded.values(std::array{0.0}), BranchChanged);

  const Function root = record([](auto x) { return x * sqrt(x); }, 2.0).derivative();
  EXPECT_EQ(root.values(std::array{0.0}), (std::vector<double>{0, 0}));
  const Function choice = record([](auto x) { return select(x > 0, log(x), 0); }, 2.0).derivative();
  EXPECT_EQ(choice.values(std::array{-1.0}), (std::vector<double>{0, 0}));
}

TEST(Function, ConstantOutputsAndUnusedInputsHaveDerivativeZero) {
  const Function f = record([](auto, auto) { return Var(3); }, 1.0, 2.0);
  EXPECT_EQ(f(5, 6), 3);
  EXPECT_EQ(f.gradient(5, 6), (std::vector<double>{0, 0}));
  EXPECT_EQ(f.derivative().values(std::array{5.0, 6.0}), (std::vector<double>{3, 0, 0}));
}

TEST(Function, MayBeCalledFromSeveralThreads) {
  const Function f = record(smooth, 1.2, 0.7);
  std::array<double, 4> sums{};
  std::vector<std::thread> threads;
  for (std::size_t k = 0; k < sums.size(); ++k)
    threads.emplace_back([&, k, own = f] {
      for (int i = 0; i < 1000; ++i) sums[k] += own.gradient(0.001 * i, 0.5)[0];
    });
  for (auto& thread : threads) thread.join();
  for (const double sum : sums) EXPECT_EQ(sum, sums[0]);
}

TEST(Function, IsEmptyUntilAssignedTo) {
  Function f;
  EXPECT_THROW(f(1.0), NotRecorded);
  EXPECT_THROW(f.tape(), NotRecorded);
  f = record([](Var x) { return x * x; }, 3.0);
  EXPECT_EQ(f(3.0), 9);
}

TEST(Function, GivesValueAndGradientAtOnce) {
  const Function f = record([](Var x, Var y) { return x * x * y; }, 1.0, 1.0);
  const auto [value, gradient] = f.value_and_gradient(std::array{3.0, 5.0});
  EXPECT_EQ(value, 45);
  EXPECT_THAT(gradient, ElementsAre(30, 9));
}

TEST(Function, OnVariablesReturnsEveryOutputAndRefusesHessianVectorsOfSeveral) {
  const Function f = record([](Var x, Var y) { return std::array{x * y, x - y}; }, 1.0, 1.0);
  Tape tape;
  const std::array at{tape.variable(3), tape.variable(4)};
  const std::vector<Var> outputs = f.values(at);
  ASSERT_EQ(outputs.size(), 2u);
  EXPECT_EQ(outputs[0].value(), 12);
  EXPECT_EQ(outputs[1].value(), -1);
  EXPECT_EQ(gradient(outputs[1]).wrt(at[1]), -1);
  EXPECT_THROW(f.hessian_vector(std::array{1.0, 2.0}, std::array{1.0, 0.0}), ShapeMismatch);
}

TEST(Function, GivesOneOfItsOutputsAsAFunction) {
  const Function f = record([](Var x, Var y) { return std::array{x * y, x * x, y}; }, 1.0, 1.0);
  const Function square = f.output(1);
  EXPECT_EQ(square.inputs(), 2u);
  EXPECT_EQ(square(3.0, 5.0), 9);
  EXPECT_THAT(square.gradient(3.0, 5.0), ElementsAre(6, 0));
  EXPECT_THAT(f.output(2).gradient(3.0, 5.0), ElementsAre(0, 1)) << "an input itself";
  EXPECT_THAT([&] { f.output(3); }, ThrowsMessage<ShapeMismatch>(HasSubstr("3 outputs")));
  EXPECT_THAT([&] { f.hessian(std::array{1.0, 2.0}); }, ThrowsMessage<ShapeMismatch>(HasSubstr("f.output(k)")));
  EXPECT_THAT([&] { f.pull_back(std::array{1.0, 2.0}, std::array{1.0, 2.0}); },
              ThrowsMessage<ShapeMismatch>(HasSubstr("3 outputs, but 2 weights")));
}

// What pictures, cursors and traces of a Function look at: the recording, at values of the caller's.
TEST(Function, LaysItsRecordingOnATapeToBeLookedAt) {
  const Function f = record<true>(
      [](Var x, Var y) {
        const Var product = named("product", x * y);
        return std::array{product + 2, product};
      },
      1.0, 1.0);
  const unsigned line = __LINE__ - 4;
  Tape tape(true);
  const std::vector<Var> outputs = f.on(tape, std::array{3.0, 5.0});
  ASSERT_EQ(outputs.size(), 2u);
  EXPECT_EQ(outputs[0].value(), 17);
  EXPECT_EQ(tape.value(tape.find("product")), 15);
  EXPECT_EQ(tape.location(outputs[1].index()).line, line);
  EXPECT_THAT(tape.location(outputs[1].index()).file, testing::EndsWith("function_test.cpp"));
  EXPECT_EQ(gradient(outputs[0]).adjoints[tape.independents()[0]], 5);
  EXPECT_THROW(f.on(tape, std::array{3.0}), ShapeMismatch);
  const Function root = record([](Var x) { return x > 0 ? sqrt(x) : x; }, 1.0);
  EXPECT_THROW(root.on(tape, std::array{-1.0}), BranchChanged);
}

TEST(Function, ReadsAsAProgram) {
  const Function f = record(
      [](Var x, Var y) {
        const Var product = named("product", x * y);
        return std::array{sin(product) - 2, y};
      },
      1.0, 1.0);
  EXPECT_EQ(to_string(f), "(v0, v1) ->\n  product = v0 * v1\n  v3 = sin(product)\n  v4 = v3 - 2\n  (v4, v1)");
  const Function chain = record(
      [](Var x) {
        for (int k = 0; k < 10; ++k) x = sin(x);
        return x;
      },
      1.0);
  EXPECT_EQ(to_string(chain, 3), "v0 ->\n  v1 = sin(v0)\n  ... 7 more ...\n  v9 = sin(v8)\n  v10 = sin(v9)\n  v10");
  EXPECT_EQ(fmt::format("{}", f), to_string(f));
  std::wostringstream wide;
  wide << chain;
  EXPECT_EQ(wide.str().substr(0, 7), L"v0 ->\n ");
}

// f = x y + sin(x): with tangents u and v the outputs move by (y + cos x) u + x v.
TEST(Function, TakesDualNumbersAmongNumbers) {
  using D = Dual<double>;
  const Function f = record([](Var x, Var y) { return x * y + sin(x); }, 0.5, 2.0);
  for (const double x : {1e-12, 0.3, -40.0}) {
    const D both = f(D(x, 2.0), D(3.0, -1.0)), one = f(D(x, 1.0), 3), other = f(std::vector<D>{{x, 0.0}, {3.0, 1.0}});
    EXPECT_DOUBLE_EQ(both.value, x * 3 + std::sin(x));
    EXPECT_DOUBLE_EQ(both.tangent, (3 + std::cos(x)) * 2 - x);
    EXPECT_DOUBLE_EQ(one.tangent, 3 + std::cos(x));
    EXPECT_DOUBLE_EQ(other.tangent, x);
    EXPECT_DOUBLE_EQ(both.value, f(x, 3));
  }
  const Function two = record([](Var x) { return std::array{x * x, Var(7.0)}; }, 1.0);
  const std::vector<D> outputs = two.values(std::vector<D>{{3.0, 1.0}});
  ASSERT_EQ(outputs.size(), 2u);
  EXPECT_EQ(outputs[0].tangent, 6);
  EXPECT_EQ(outputs[1].value, 7);
  EXPECT_EQ(outputs[1].tangent, 0);
  EXPECT_THROW(f(std::vector<D>{{1.0, 0.0}}), ShapeMismatch);
  EXPECT_THROW(two(std::vector<D>{{1.0, 0.0}}), ShapeMismatch);
  const Function branch = record([](Var x) { return x > 0 ? x : -x; }, 1.0);
  EXPECT_THROW(branch(D(-1.0, 1.0)), BranchChanged);
}

TEST(Function, PullsWeightsBackAndPushesDirectionsForward) {
  // (x y, x^2, y) at (3, 5): J = [5 3; 6 0; 0 1]
  const Function f = record([](Var x, Var y) { return std::array{x * y, x * x, y}; }, 1.0, 1.0);
  const std::array x{3.0, 5.0};
  EXPECT_THAT(f.pull_back(std::array{1.0, 10.0, 100.0}, x), ElementsAre(5 + 60, 3 + 100));
  EXPECT_THAT(f.push_forward(std::array{1.0, 10.0}, x), ElementsAre(5 + 30, 6, 10));
  EXPECT_THROW(f.pull_back(std::array{1.0, 10.0}, x), ShapeMismatch);
  EXPECT_THROW(f.push_forward(std::array{1.0, 10.0, 100.0}, x), ShapeMismatch);
}

TEST(Function, TakesOutputsFromTuplesNestedRangesAndConditions) {
  const Function f =
      record([](Var x, Var y) { return std::tuple{x + y, std::vector{std::vector{x}, std::vector{y, x * y}}, x < y}; }, 1.0, 2.0);
  EXPECT_THAT(f.values(std::array{3.0, 5.0}), ElementsAre(8, 3, 5, 15, 1));
  EXPECT_THAT(f.values(std::array{5.0, 3.0}), ElementsAre(8, 5, 3, 15, 0)) << "a condition is data, and decided anew";
}

TEST(Function, TellsWhetherItStillIsItsProgram) {
  double factor = 2;
  const auto program = [&](Var x) { return factor * x * x; };
  const Function f = record(program, 3.0);
  EXPECT_TRUE(f.verify(program, 3.0));
  EXPECT_TRUE(f.verify(program, -7.0));
  factor = 3;
  EXPECT_FALSE(f.verify(program, 3.0));
  const auto branching = [](Var x) { return x > 0 ? x : -x; };
  EXPECT_FALSE(record(branching, 1.0).verify(branching, -1.0)) << "the other branch";
}

TEST(Function, IsNotTheProgramThatMeetsItAtAPointOrHasMoreOutputs) {
  const Function f = record([](Var x) { return x * x; }, 2.0);
  EXPECT_FALSE(f.verify([](Var x) { return 2 * x; }, 2.0)) << "the value is the same, the derivative is not";
  EXPECT_FALSE(f.verify([](Var x) { return std::array{x * x, 2 * x}; }, 2.0));
  EXPECT_FALSE(record([](Var x) { return std::array{x * x, 2 * x}; }, 2.0).verify([](Var x) { return x * x; }, 2.0));
}

TEST(Function, VerifyTakesVectorsAndArraysAsRecordDoes) {
  const auto f = [](const std::vector<Var>& x, Var y, std::array<Var, 2> z) { return x[0] * y + x[1] * z[0] * z[1]; };
  const Function recorded = record(f, std::vector{1.0, 2.0}, 3.0, std::array{4.0, 5.0});
  EXPECT_TRUE(recorded.verify(f, std::vector{2.0, 1.0}, -1.0, std::array{0.5, 0.25}));
  const auto other = [](const std::vector<Var>& x, Var y, std::array<Var, 2> z) { return x[0] * y + x[1] * z[0] * z[0]; };
  EXPECT_FALSE(recorded.verify(other, std::vector{2.0, 1.0}, -1.0, std::array{0.5, 0.25}));
}

TEST(Function, ItsDerivativeKeepsNamesAndLines) {
  const Function f = record<true>([](Var x, Var y) { return sin(named("product", x * y)); }, 0.5, 0.25);
  const auto product = [](const Function& of) {
    NodeId found = -1;
    for (NodeId i = 0; i < of.tape().size(); ++i)
      if (of.tape().name(i) == "product") {
        EXPECT_EQ(found, -1) << "twice";
        found = i;
      }
    return found;
  };
  const Function derivative = f.derivative();
  const NodeId there = product(derivative);
  ASSERT_GE(there, 0);
  EXPECT_EQ(derivative.tape()[there].op, Op::Mul);
  EXPECT_EQ(derivative.tape().location(there).line, f.tape().location(product(f)).line);
  EXPECT_GT(derivative.tape().location(there).line, 0u);
}

TEST(Function, VerifiesThatNanIsNanAndNoNumber) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  double factor = 2;
  const auto program = [&](Var x) { return factor * x; };
  const Function number = record(program, 3.0);
  factor = nan;
  const Function none = record(program, 3.0);
  EXPECT_FALSE(number.verify(program, 3.0));
  EXPECT_TRUE(none.verify(program, 3.0));
  factor = std::copysign(nan, -1);
  EXPECT_TRUE(none.verify(program, 3.0)) << "of other bits";
  factor = 2;
  EXPECT_FALSE(none.verify(program, 3.0));
}

// What it records on the caller's tape keeps the places of the recording; the caller's variables keep their own, and what is a
// constant there has none.
TEST(Function, RecordedAnewLeavesTheCallersVariablesWhereTheyAre) {
  const Function f = record<true>([](Var x, Var y) { return sin(x) * y; }, 1.0, 1.0);
  const unsigned line = __LINE__ - 1;
  Tape tape(true);
  const std::array<const Var, 2> at{Var(0.5), tape.variable(4)};
  const unsigned line_of_y = __LINE__ - 1;
  const Var result = f(std::span<const Var>(at));
  EXPECT_EQ(result.value(), 4 * std::sin(0.5));
  EXPECT_EQ(gradient(result).wrt(at[1]), std::sin(0.5));
  EXPECT_EQ(tape.location(result.index()).line, line);
  EXPECT_EQ(tape.location(at[1].index()).line, line_of_y);
}

TEST(Function, NamesTheUsersLineWhenABranchOfItsDerivativeChanges) {
  const Function f = record<true>([](Var x) { return x > 0 ? x * x : x; }, 1.0);
  const std::string line = "function_test.cpp:" + std::to_string(__LINE__ - 1);
  try {
    f.derivative().values(std::array{-1.0});
    FAIL() << "no BranchChanged";
  } catch (const BranchChanged& error) {
    EXPECT_THAT(error.what(), HasSubstr(line));
  }
}

}  // namespace
