#include "wengert/custom.hpp"

#include <gmock/gmock.h>

#include <Eigen/Dense>
#include <array>
#include <cmath>
#include <memory>
#include <span>
#include <vector>

#include "wengert/bounded.hpp"
#include "wengert/error.hpp"
#include "wengert/forward_sweep.hpp"
#include "wengert/function.hpp"
#include "wengert/gradient.hpp"
#include "wengert/jacobian.hpp"
#include "wengert/notation.hpp"

namespace {

using namespace wengert;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// Digamma and trigamma by recurrence up to 20 and the asymptotic series there (Abramowitz & Stegun 6.3.18, 6.4.12):
// the first term left out is below 1e-17.
double digamma(double x) {
  double shift = 0;
  for (; x < 20; ++x) shift -= 1 / x;
  const double q = 1 / (x * x);
  return shift + std::log(x) - 0.5 / x - q * (1 / 12.0 - q * (1 / 120.0 - q * (1 / 252.0 - q * (1 / 240.0 - q / 132.0))));
}
double trigamma(double x) {
  double shift = 0;
  for (; x < 20; ++x) shift += 1 / (x * x);
  const double q = 1 / (x * x);
  return shift + 1 / x + q / 2 + q / x * (1 / 6.0 - q * (1 / 30.0 - q * (1 / 42.0 - q * (1 / 30.0 - q * 5 / 66.0))));
}

const CustomOperation digamma_operation(
    "digamma", 1, [](auto x) { return digamma(x[0]); }, [](auto x, double, auto partials) { partials[0] = trigamma(x[0]); });
const CustomOperation lgamma_operation(
    "lgamma", 1, [](auto x) { return std::lgamma(x[0]); }, [](auto x, double, auto partials) { partials[0] = digamma(x[0]); },
    {digamma_operation});

TEST(Custom, IsOneNodeThatIsSweptLikeAnyOther) {
  Tape tape;
  const Var x = tape.variable(2.5);
  const Var y = lgamma_operation(x * 2) * 3;
  EXPECT_EQ(tape.size(), 4);
  EXPECT_DOUBLE_EQ(y.value(), 3 * std::lgamma(5.0));
  EXPECT_DOUBLE_EQ(gradient(y).wrt(x), 6 * digamma(5.0));
  EXPECT_DOUBLE_EQ(digamma(1.0), -0.57721566490153286061);  // -gamma, the oracle of the oracle
}

TEST(Custom, OfNumbersIsThePlainValue) {
  EXPECT_DOUBLE_EQ(lgamma_operation(5.0), std::lgamma(5.0));
  EXPECT_TRUE(lgamma_operation(Var(5)).is_constant());
}

TEST(Custom, KnowsTheLineThatRecordedIt) {
  Tape tape(true);
  const Var x = tape.variable(2.5);
  const unsigned line = __LINE__ + 1;
  const Var y = lgamma_operation(x * 2);
  EXPECT_EQ(tape.location(y.index()).line, line);
}

TEST(Custom, IsReplayedAndDifferentiatedTwiceWhereSecondOrderIsGiven) {
  const Function f = record([](auto x) { return lgamma_operation(x) * x; }, 2.0);
  const double x = 3.25;
  EXPECT_DOUBLE_EQ(f(x), std::lgamma(x) * x);
  EXPECT_DOUBLE_EQ(f.gradient(x)[0], digamma(x) * x + std::lgamma(x));
  EXPECT_DOUBLE_EQ(f.hessian(std::array{x})(0, 0), trigamma(x) * x + 2 * digamma(x));
  EXPECT_DOUBLE_EQ(f.derivative().values(std::array{x})[1], digamma(x) * x + std::lgamma(x));
  EXPECT_DOUBLE_EQ(f.derivative().derivative().values(std::array{x})[3], trigamma(x) * x + 2 * digamma(x));
}

TEST(Custom, WithoutSecondOrderSaysSoWhenAskedForAHessian) {
  const Function f = record([](auto x) { return digamma_operation(x); }, 2.0);
  EXPECT_DOUBLE_EQ(f.derivative().values(std::array{2.0})[1], trigamma(2.0));  // the gradient needs none
  EXPECT_THAT([&] { f.hessian(std::array{2.0}); },
              ThrowsMessage<NoSecondOrder>(HasSubstr("`digamma` has no second derivatives")));
}

TEST(Custom, KeepsWorkingWhenTheObjectIsGone) {
  const Function f = [] {
    const CustomOperation square(
        "square", 1, [](auto x) { return x[0] * x[0]; }, [](auto x, double, auto partials) { partials[0] = 2 * x[0]; });
    return record([&](auto x) { return square(x) + square(2 * x); }, 1.0);
  }();
  EXPECT_EQ(f(3), 45);
  EXPECT_EQ(f.gradient(3)[0], 30);
}

// x of a 2 x 2 system A x = b, first component: dx0/db = row 0 of A^-1, dx0/dA_ij = -(A^-1)_0i x_j.
const CustomOperation solve_first(
    "solve", 6,
    [](std::span<const double> v) {
      const Eigen::Matrix2d a{{v[0], v[1]}, {v[2], v[3]}};
      return a.partialPivLu().solve(Eigen::Vector2d(v[4], v[5]))[0];
    },
    [](std::span<const double> v, double, std::span<double> partials) {
      const Eigen::Matrix2d a{{v[0], v[1]}, {v[2], v[3]}};
      const Eigen::Vector2d x = a.partialPivLu().solve(Eigen::Vector2d(v[4], v[5]));
      const Eigen::Vector2d w = a.transpose().partialPivLu().solve(Eigen::Vector2d(1, 0));
      for (int i = 0; i < 2; ++i) {
        for (int j = 0; j < 2; ++j) partials[static_cast<std::size_t>(2 * i + j)] = -w[i] * x[j];
        partials[static_cast<std::size_t>(4 + i)] = w[i];
      }
    });

TEST(Custom, ASmallLinearSolveAgreesWithCramersRuleThroughTheTape) {
  const std::vector<double> point{2, 0.5, -1, 3, 1, 4};
  const auto cramer = [](const std::vector<Var>& v) { return (v[4] * v[3] - v[1] * v[5]) / (v[0] * v[3] - v[1] * v[2]); };
  const auto solve = [](const std::vector<Var>& v) { return solve_first(std::span<const Var>(v)); };
  const Function f = record(solve, point), g = record(cramer, point);
  EXPECT_DOUBLE_EQ(f(point), g(point));
  for (std::size_t k = 0; k < 6; ++k) EXPECT_NEAR(f.gradient(point)[k], g.gradient(point)[k], 1e-15) << k;  // entries below 1
}

TEST(Custom, ArgumentsMayBeConstantsAndRepeat) {
  Tape tape;
  const Var x = tape.variable(3);
  const CustomOperation product(
      "product", 3, [](auto v) { return v[0] * v[1] * v[2]; },
      [](auto v, double, auto partials) {
        partials[0] = v[1] * v[2];
        partials[1] = v[0] * v[2];
        partials[2] = v[0] * v[1];
      });
  const Var y = product(x, 2, x);
  EXPECT_EQ(y.value(), 18);
  EXPECT_EQ(gradient(y).wrt(x), 12);
}

TEST(Custom, RefusesWhatDoesNotFit) {
  EXPECT_THAT([] { lgamma_operation(1.0, 2.0); }, ThrowsMessage<ShapeMismatch>(HasSubstr("2 arguments, but it takes 1")));
  Tape one, two;
  const Var x = one.variable(1), y = two.variable(2);
  const std::array both{x, y, x, y, x, y};
  EXPECT_THROW(solve_first(both), ForeignVariable);
  one.clear();
  EXPECT_THROW(lgamma_operation(x), StaleVariable);
}

TEST(Custom, RefusesRulesThatDoNotFitItsArguments) {
  const auto value = [](auto x) { return x[0]; };
  const auto partials = [](auto, double, auto out) { out[0] = 1; };
  const CustomOperation one("one", 1, value, partials);
  EXPECT_THAT([&] { CustomOperation("none", 0, value, partials); },
              ThrowsMessage<ShapeMismatch>(HasSubstr("custom operation `none`: 0 arguments")));
  EXPECT_THAT([&] { CustomOperation("two", 2, value, partials, {one}); },
              ThrowsMessage<ShapeMismatch>(HasSubstr("1 partial operations for 2 arguments")));
  EXPECT_THAT([&] { CustomOperation("two", 2, value, partials, {one, one}); }, ThrowsMessage<ShapeMismatch>(HasSubstr("`one`")));
}

TEST(Custom, IsSweptInSinglePrecision) {
  Tape tape;
  const Var x = tape.variable(2.5);
  const Var t = 3 * lgamma_operation(x);
  const std::array<float, 1> at{4.25f};
  const Values<float> values = forward_sweep(tape, std::span<const float>(at));
  EXPECT_FLOAT_EQ(values[t.index()], static_cast<float>(3 * std::lgamma(4.25)));
  const Seed<float> seed{t, 1.0f};
  EXPECT_FLOAT_EQ(reverse_sweep<float>(tape, values, std::span(&seed, 1)).wrt(x), static_cast<float>(3 * digamma(4.25)));
}

TEST(Custom, ReadsAsAFunctionInPrint) {
  Tape tape;
  const Var x = tape.variable(2.5, "x");
  EXPECT_EQ(statement(tape, lgamma_operation(x).index()), "lgamma(x)");
}

TEST(CustomOperation, MadeAnewInEachRecordingIsLetGo) {
  Tape tape(false);
  auto witness = std::make_shared<int>();
  for (int turn = 0; turn < 1000; ++turn) {
    tape.clear();
    const Var x = tape.variable(3);
    const CustomOperation square(
        "square", 1, [witness](auto v) { return v[0] * v[0]; }, [](auto v, double, auto p) { p[0] = 2 * v[0]; });
    EXPECT_EQ(gradient(square(x)).wrt(x), 6);
    // this one's rules in the tape and here, each with two functions of which one holds the witness; the last recording's until
    // then
    ASSERT_LE(witness.use_count(), 4) << turn;
  }
  tape.clear();
  tape.clear();
  EXPECT_EQ(witness.use_count(), 1) << "two recordings later";
}

TEST(CustomOperation, StaysItselfWhenOneBetweenOthersIsLetGo) {
  Tape tape(false);
  std::vector<CustomOperation> scales;
  for (int k = 0; k < 4; ++k)
    scales.emplace_back("scale", 1, [k](auto v) { return (k + 1) * v[0]; }, [k](auto, double, auto p) { p[0] = k + 1; });
  // 1 is used the first time and the last
  for (const std::vector<std::size_t>& used : {std::vector<std::size_t>{0, 1, 2, 3}, {0, 2, 3}, {0, 2, 3}, {3, 2, 1, 0}}) {
    tape.clear();
    const Var x = tape.variable(1);
    for (const std::size_t k : used) {
      const Var y = scales[k](x);
      EXPECT_EQ(gradient(y).wrt(x), k + 1.0);
      const std::array at{7.0};
      EXPECT_EQ(forward_sweep(tape, std::span<const double>(at))[y.index()], 7 * (k + 1.0));
    }
  }
}

TEST(CustomOperation, MetAgainAfterClearAllocatesNothingAndIsFoundAmongMany) {
  Tape tape(false);
  std::vector<CustomOperation> scales;
  for (int k = 0; k < 2000; ++k)
    scales.emplace_back("scale", 1, [k](auto v) { return k * v[0]; }, [k](auto, double, auto p) { p[0] = k; });
  for (int turn = 0; turn < 3; ++turn) {
    tape.clear();
    const Var x = tape.variable(1);
    Var sum = 0;
    for (const CustomOperation& scale : scales) sum += scale(x);
    EXPECT_EQ(gradient(sum).wrt(x), 2000 * 1999 / 2);
  }
}

TEST(CustomOperation, IsAsFarOffAsItsBoundsSayOfExactArguments) {
  const CustomOperation rough(
      "rough", 1, [](auto v) { return v[0]; }, [](auto, double, auto p) { p[0] = 1; }, {}, {},
      [](std::span<const Bounded> v, std::span<Bounded> p) {
        if (!p.empty()) p[0] = 1;
        return Bounded(v[0].value, 1e-3 + v[0].error);
      });
  EXPECT_EQ(rough.value_error(std::array{3.0}, 3), 1e-3);
}

TEST(CustomOperation, ThatRecordsOnTheTapeBeingSweptIsRefused) {
  Tape tape(false);
  const Var x = tape.variable(2);
  const CustomOperation cube(
      "cube", 1, [](auto v) { return v[0] * v[0] * v[0]; },
      [&](auto v, double, auto p) {
        const Var y = tape.variable(v[0]);
        p[0] = gradient(y * y * y).wrt(y);
      });
  const Var z = cube(x * x) * x;
  EXPECT_THAT([&] { gradient(z); }, ThrowsMessage<RecordedMeanwhile>(HasSubstr("cube")));
  const CustomOperation clears("clears", 1, [](auto v) { return v[0]; }, [&](auto, double, auto p) { tape.clear(), p[0] = 1; });
  const Var w = clears(x) * x;
  EXPECT_THAT([&] { jacobian({z, w}, {x}); }, ThrowsMessage<RecordedMeanwhile>(HasSubstr("cube")));
  EXPECT_THROW(gradient(w), RecordedMeanwhile);
}

TEST(CustomOperation, WhoseValueRecordsOnTheTapeBeingSweptIsRefused) {
  Tape tape(false);
  const Var x = tape.variable(2);
  bool records = false;  // recording the operation itself asks for its value
  const CustomOperation copy(
      "copy", 1,
      [&](auto v) {
        if (records) tape.variable(1);
        return v[0];
      },
      [](auto, double, auto p) { p[0] = 1; });
  copy(x);
  records = true;
  const double elsewhere = 3;
  EXPECT_THAT([&] { forward_sweep(tape, std::span(&elsewhere, 1)); }, ThrowsMessage<RecordedMeanwhile>(HasSubstr("copy")));
}

// As of x * x: the root's derivative at 0 is infinite, and 0 * inf is NaN. Where the adjoint is 0, nothing goes through.
TEST(CustomOperation, APartialOfZeroMeetsAnInfiniteAdjointAsInAnyOperation) {
  const CustomOperation square("square", 1, [](auto v) { return v[0] * v[0]; }, [](auto v, double, auto p) { p[0] = 2 * v[0]; });
  const Function custom = record([&](Var x) { return sqrt(square(x)); }, 1.0),
                 plain = record([](Var x) { return sqrt(x * x); }, 1.0);
  EXPECT_TRUE(std::isnan(custom.gradient(0.0)[0]));
  EXPECT_TRUE(std::isnan(plain.gradient(0.0)[0]));
  Tape tape;
  const Var x = tape.variable(0);
  EXPECT_TRUE(std::isnan(gradient(sqrt(square(x))).wrt(x)));
  EXPECT_EQ(gradient(0 * sqrt(square(x))).wrt(x), 0);
}

TEST(CustomOperation, MayRecordOnATapeOfItsOwn) {
  Tape tape(false);
  const Var x = tape.variable(2);
  const CustomOperation cube(
      "cube", 1, [](auto v) { return v[0] * v[0] * v[0]; },
      [](auto v, double, auto p) {
        Tape own(false);
        const Var y = own.variable(v[0]);
        p[0] = gradient(y * y * y).wrt(y);
      });
  EXPECT_EQ(gradient(cube(x * x)).wrt(x), 6 * 32);  // x^6
}

}  // namespace
