#include "wengert/fuse.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <numbers>
#include <regex>
#include <span>
#include <string>
#include <vector>

#include "support/parity_functions.hpp"
#include "wengert/custom.hpp"
#include "wengert/error.hpp"
#include "wengert/forward_sweep.hpp"
#include "wengert/function.hpp"
#include "wengert/gradient.hpp"
#include "wengert/jacobian.hpp"

namespace {

using namespace wengert;
using ::testing::ElementsAre, ::testing::HasSubstr;

constexpr auto smooth = [](auto x, auto y) {
  using std::exp, std::sin;
  return exp(x * y) + x * x * x * sin(y);
};

constexpr auto inner = fuse(smooth);  // a global: a callable to fuse or record captures nothing

TEST(Fuse, ValueGradientAndHessianVectorMatchTheClosedForm) {
  const double x = 1.3, y = 0.4, e = std::exp(x * y), near = 1e-14;
  constexpr auto f = fuse(smooth);
  EXPECT_DOUBLE_EQ(f(x, y), smooth(x, y));
  EXPECT_DOUBLE_EQ(f.value(x, y), smooth(x, y));
  const auto g = f.gradient(x, y);
  EXPECT_NEAR(g[0], y * e + 3 * x * x * std::sin(y), near);
  EXPECT_NEAR(g[1], x * e + x * x * x * std::cos(y), near);
  const auto h = f.hessian_vector(std::array{x, y}, std::array{2.0, -1.0});
  const double xx = y * y * e + 6 * x * std::sin(y), xy = e * (1 + x * y) + 3 * x * x * std::cos(y),
               yy = x * x * e - x * x * x * std::sin(y);
  EXPECT_NEAR(h[0], 2 * xx - xy, near);
  EXPECT_NEAR(h[1], 2 * xy - yy, near);
}

TEST(Fuse, TakesArraysForSmallVectors) {
  constexpr auto f = fuse([](auto a, auto scale) {
    auto sum = a[0] * a[0];
    for (std::size_t k = 1; k < a.size(); ++k) sum += a[k] * a[k];
    return scale * sqrt(sum);
  });
  const auto g = f.gradient(std::array{1.0, 2.0, 2.0}, 5.0);
  EXPECT_EQ(f(std::array{1.0, 2.0, 2.0}, 5.0), 15);
  EXPECT_DOUBLE_EQ(g[0], 5.0 / 3);
  EXPECT_DOUBLE_EQ(g[3], 3);
  const auto h = f.hessian_vector(Shape<3, 0>(), std::array{1.0, 2.0, 2.0, 5.0}, std::array{0.0, 0.0, 0.0, 1.0});
  EXPECT_DOUBLE_EQ(h[0], 1.0 / 3);
  EXPECT_EQ(h[3], 0);
}

TEST(Fuse, MayReturnAnInputAsItIs) {
  constexpr auto first = fuse([](auto x, auto) { return x; });
  constexpr auto second = fuse([](auto, auto y) { return y; });
  constexpr std::array none{0.0, 0.0};
  EXPECT_EQ(first(3, 5), 3);
  EXPECT_EQ(second(3, 5), 5);
  EXPECT_EQ(first.gradient(3, 5), (std::array{1.0, 0.0}));
  EXPECT_EQ(second.gradient(3, 5), (std::array{0.0, 1.0}));
  EXPECT_EQ(first.hessian(3, 5), (std::array{none, none}));
  EXPECT_EQ(first.hessian_vector(std::array{3.0, 5.0}, std::array{1.0, 1.0}), none);
  Tape tape;
  const Var x = tape.variable(3), y = tape.variable(5);
  const auto g = gradient(7 * first(x, y) + 11 * second(x, y));
  EXPECT_EQ(g.wrt(x), 7);
  EXPECT_EQ(g.wrt(y), 11);
}

TEST(Fuse, SecondDerivativesOfPowersAreTheClosedForms) {
  constexpr auto f = fuse([](auto x, auto y) { return pow(x, y); });
  constexpr auto cube = fuse([](auto x) { return pow(x, 3); });
  constexpr auto exponential = fuse([](auto y) { return pow(2.5, y); });
  for (const double x : {1e-12, 0.3, 1.0, 7.0, 1e12})
    for (const double y : {-1.5, 0.0, 1.0, 2.0, 2.5}) {
      SCOPED_TRACE(testing::Message() << x << ' ' << y);
      const long double a = x, b = y, power = std::pow(a, b), log = std::log(a);
      const long double xx = b * (b - 1) * power / a / a, xy = power / a * (1 + b * log), yy = power * log * log;
      const auto near = [](long double expected, long double terms) {  // some ten roundings of the largest term
        return testing::DoubleNear(static_cast<double>(expected), static_cast<double>(2e-15L * std::abs(terms)));
      };
      const long double terms = power / a * (1 + std::abs(b * log));
      EXPECT_THAT(f.hessian(x, y),
                  ElementsAre(ElementsAre(near(xx, xx), near(xy, terms)), ElementsAre(near(xy, terms), near(yy, yy))));
      EXPECT_THAT(cube.hessian(x), ElementsAre(ElementsAre(near(6 * a, a))));
      const long double slope = std::log(2.5L);
      EXPECT_THAT(exponential.hessian(y), ElementsAre(ElementsAre(near(std::pow(2.5L, b) * slope * slope, std::pow(2.5L, b)))));
    }
}

TEST(Fuse, NodesKeepTheirNames) {
  constexpr auto f = fuse([](auto x, auto y) {
    const auto first = named("first", x * y), second = named("the second", first + y), third = named("3", second * first);
    return third;
  });
  const std::string program = f.program();
  EXPECT_THAT(program, HasSubstr(" first        mul "));
  EXPECT_THAT(program, HasSubstr(" the second   add "));
  EXPECT_THAT(program, HasSubstr(" 3            mul "));
}

TEST(Fuse, ANameOfWhatIsConstantNamesNothing) {
  constexpr auto f = fuse([](auto x) {
    const auto one = named("one", pow(x, 0.0));  // C's pow: 1 for any x
    return x * x + one;
  });
  EXPECT_EQ(f(3), 10);
  EXPECT_EQ(f.gradient(3), std::array{6.0});
  EXPECT_THAT(f.program(), testing::Not(HasSubstr("one")));
}

TEST(Fuse, AppliedToVarsIsOneNodeWithPartialsFromStraightLineCode) {
  constexpr auto f = fuse(smooth);
  Tape tape;
  const Var x = tape.variable(1.3), y = tape.variable(0.4);
  const Var t = 2 * f(x, y);
  EXPECT_EQ(tape.size(), 4);
  EXPECT_EQ(tape[2].op, Op::Custom);
  EXPECT_DOUBLE_EQ(t.value(), 2 * smooth(1.3, 0.4));
  const auto g = f.gradient(1.3, 0.4);
  EXPECT_EQ(gradient(t).wrt(x), 2 * g[0]);
  EXPECT_EQ(gradient(t).wrt(y), 2 * g[1]);
  // second order through the node
  const Var plain = 2 * smooth(x, y);
  const std::array both{x, y};
  const DenseMatrix h = hessian(t, both), expected = hessian(plain, both);
  for (std::size_t k = 0; k < 4; ++k) EXPECT_NEAR(h.data[k], expected.data[k], 1e-14);  // some ten roundings of numbers up to 10
  EXPECT_TRUE(f(Var(1), Var(2)).is_constant());
}

TEST(Fuse, ItsNodeIsReplayedDifferentiatedAndBatchedLikeAnyOther) {
  const Function f = record([](auto x, auto y) { return inner(x, y) * x; }, 1.0, 1.0);
  const Function plain = record([](auto x, auto y) { return smooth(x, y) * x; }, 1.0, 1.0);
  const std::array at{0.7, -0.2};
  EXPECT_DOUBLE_EQ(f(at), plain(at));
  for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(f.derivative().values(at)[k], plain.derivative().values(at)[k], 1e-15);
  EXPECT_NEAR(f.hessian(at)(0, 1), plain.hessian(at)(0, 1), 1e-15);
}

// Recording leaves the partials of a fused node for the sweep. They hold at the values as recorded, and there alone.
TEST(Fuse, PartialsKeptByRecordingServeNoOtherValuesAndNoOtherRecording) {
  Tape tape;
  Gradient g;
  for (const double at : {1.3, -0.7}) {
    tape.clear();
    const Var x = tape.variable(at), y = tape.variable(0.4);
    const Var t = inner(x, y) * x;
    ASSERT_NE(tape[2].constants, 0);
    gradient(t, g);
    const auto partials = inner.gradient(at, 0.4);
    EXPECT_EQ(g.wrt(x), at * partials[0] + inner(at, 0.4));
    EXPECT_EQ(g.wrt(y), at * partials[1]);

    const std::array elsewhere{0.9, -1.1};
    const Values<double> values = forward_sweep(tape, std::span<const double>(elsewhere));
    const Seed<double> seed{t, 1};
    const auto there = inner.gradient(0.9, -1.1);
    EXPECT_EQ(reverse_sweep<double>(tape, values, std::span(&seed, 1)).wrt(y), 0.9 * there[1]);
  }
  // a node of another kind in the place of one whose partials were kept
  tape.clear();
  const Var x = tape.variable(2), y = tape.variable(3);
  const CustomOperation product{"product", 2, [](auto v) { return v[0] * v[1]; },
                                [](auto v, double, auto partials) { partials[0] = v[1], partials[1] = v[0]; }};
  const Var t = product(x, y);
  EXPECT_EQ(tape[2].constants, 0);
  EXPECT_EQ(gradient(t).wrt(x), 3);
  const Var u = inner(x, t) + product(t, t);
  EXPECT_EQ(gradient(u).wrt(y), 2 * inner.gradient(2, 6)[1] + 2 * 6 * 2);
}

// A partial of 1 that an earlier recording left where the next one looks for the mark that partials are kept.
TEST(Fuse, PartialsOfAnEarlierRecordingAreNotMistakenForMarks) {
  constexpr auto sum = fuse([](auto x, auto y) { return x + y; });
  const CustomOperation square{"square", 1, [](auto v) { return v[0] * v[0]; },
                               [](auto v, double, auto partials) { partials[0] = 2 * v[0]; }};
  Tape tape;
  Var x = tape.variable(3);
  EXPECT_EQ(gradient(sum(sum(x, x), x)).wrt(x), 3);
  for (int ternary = 0; ternary < 3; ++ternary) {
    tape.clear();
    x = tape.variable(3);
    Var t = x;
    for (int k = 0; k < ternary; ++k) t = fma(t, 1, x);  // each takes two places
    EXPECT_EQ(gradient(square(t)).wrt(x), 2 * (1 + ternary) * (1 + ternary) * 3);
  }
}

TEST(Fuse, ASecondRecordingOfItsNodesAllocatesNothing) {
  Tape tape(false);
  const auto run = [&] {
    tape.clear();
    Var t = tape.variable(0.3);
    for (int k = 0; k < 100; ++k) t = inner(t, 0.1 * k);
    return tape.memory().reserved;
  };
  const std::size_t once = run();
  EXPECT_EQ(run(), once);
  // the variable and its place among the independents; a piece: its node and value, how many arguments, then index and partial of
  // the variable, index and value of the number
  EXPECT_EQ(tape.memory().used, 20 + 4 + 100 * (20 + 4 + (4 + 8) + (4 + 8)));
}

constexpr auto square_node = fuse([](auto x) { return x * x; });
constexpr auto cube_node = fuse([](auto x) { return x * x * x; });

// Its nodes' operations live as long as the program, custom ones until a recording does without them.
TEST(Fuse, ItsNodesStayThemselvesWhenCustomOperationsBetweenThemAreLetGo) {
  Tape tape(false);
  auto witness = std::make_shared<int>();
  const auto scale = [&](double by) {
    return CustomOperation("scale", 1, [witness, by](auto v) { return by * v[0]; }, [by](auto, double, auto p) { p[0] = by; });
  };
  const CustomOperation five = scale(5);
  const auto holds = [&](const Var& x, const Var& y, double value_at_7, double slope_at_3) {
    EXPECT_EQ(gradient(y).wrt(x), slope_at_3);
    const std::array at{7.0};
    EXPECT_EQ(forward_sweep(tape, std::span<const double>(at))[y.index()], value_at_7);
  };
  for (int turn = 0; turn < 6; ++turn) {
    tape.clear();
    const Var x = tape.variable(3);
    if (turn == 0) scale(4)(x);
    if (turn != 1) holds(x, square_node(x), 49, 6);
    holds(x, five(x), 35, 5);
    if (turn == 3) holds(x, scale(6)(x), 42, 6);
    if (turn != 2) holds(x, cube_node(x), 343, 27);
  }
  EXPECT_EQ(witness.use_count(), 2) << "here and in the rules of five, which the tape shares: four and six are gone";
}

TEST(Fuse, TakesSpansOfFixedSizeAndRowsOfData) {
  constexpr auto f = fuse([](auto a, auto row) {
    auto sum = a[0] * row[0];
    for (std::size_t k = 1; k < a.size(); ++k) sum += a[k] * row[k];
    return sum * sum;
  });
  const std::vector<double> row{1, 2, 2};
  Tape tape;
  const std::vector<Var> a{tape.variable(3), tape.variable(0.5), tape.variable(1)};
  const Var t = f(std::span(a).first<3>(), std::span(row).first<3>());
  EXPECT_EQ(t.value(), 36);
  EXPECT_EQ(tape.size(), 4);
  EXPECT_EQ(gradient(t).wrt(a), (std::vector<double>{12, 24, 24}));
  EXPECT_EQ(f.gradient(std::span(row).first<3>(), std::span(row).first<3>())[0], 18);
}

TEST(Fuse, RefusesVariablesOfAnotherRecording) {
  Tape tape, other;
  const Var stale = tape.variable(1);
  tape.clear();
  const Var x = tape.variable(1);
  EXPECT_THROW(inner(x, stale), StaleVariable);
  EXPECT_THROW(inner(x, other.variable(1)), ForeignVariable);
  EXPECT_EQ(gradient(inner(x, x)).wrt(x), inner.gradient(1, 1)[0] + inner.gradient(1, 1)[1]);
}

TEST(Fuse, MayBeUsedInsideAnotherFusedFunction) {
  constexpr auto outer = fuse([](auto x, auto y) { return inner(x, y) * inner(y, x); });
  EXPECT_DOUBLE_EQ(outer(0.3, 0.6), smooth(0.3, 0.6) * smooth(0.6, 0.3));
  const Function f = record([](auto x, auto y) { return smooth(x, y) * smooth(y, x); }, 1.0, 1.0);
  const auto g = outer.gradient(0.3, 0.6);
  EXPECT_NEAR(g[0], f.gradient(0.3, 0.6)[0], 1e-15);
}

TEST(Fuse, ConstantsThatNeedAFunctionAreComputedAtRunTime) {
  // the derivative of 2^x needs log 2, which the compiler cannot know
  constexpr auto f = fuse([](auto x) { return pow(2.0, x); });
  EXPECT_DOUBLE_EQ(f.gradient(3.0)[0], 8 * std::numbers::ln2);
}

TEST(Fuse, ArithmeticOfConstantsThatACompilerRejectsIsLeftToRunTime) {
  constexpr auto f = fuse([](auto x) {
    const auto one = pow(x, 0.0);  // 1 for any x: what is computed of it is constant
    const auto huge = one * 1e200, tiny = one * 1e-200, none = one - 1.0;
    return std::array{x + huge * huge,  x - huge * huge,         x + tiny * tiny, x + huge / tiny,       x / none,
                      none / none + x,  x + huge / (one * 3.0),  x + none * none, x + (one + 2.0) / 4.0, fma(huge, huge, x),
                      fma(one, 2.0, x), fma(one, huge, 3.0) * x, x + 1.0 / tiny,  x - -huge * huge,      x - none / (one * 3.0)};
  });
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_THAT(f(5), ElementsAre(inf, -inf, 5, inf, inf, testing::IsNan(), 1e200 / 3, 5, 5.75, inf, 7, 5 * 1e200, 1e200, inf, 5));
}

TEST(Fuse, PrintsItsProgramWithNamesAndWhatTheOptimiserDid) {
  constexpr auto f = fuse([](auto mu, auto sigma, auto eps) {
    auto z = named("z", mu + sigma * eps);
    return z * z;
  });
  const std::string text = f.program();
  EXPECT_THAT(text, HasSubstr("v4     z            add                v3, v0"));
  EXPECT_THAT(text, HasSubstr("results v5"));
  EXPECT_THAT(text, HasSubstr("simplified"));
  EXPECT_THAT(text, testing::Not(HasSubstr(" \n")));
  // a difference needs no node for its derivatives
  constexpr auto difference = fuse([](auto x, auto y) { return x - y; });
  EXPECT_THAT(difference.program(), testing::StartsWith("node   name         operation          arguments\n"
                                                        "v0                  independent\n"
                                                        "v1                  independent\n"
                                                        "v2                  sub                v0, v1\n"
                                                        "results v2 1 -1\n"));
  // what was left is what is printed
  for (const std::string& program : {text, difference.program()}) {
    const std::regex line("\nv[0-9]+ ");
    const std::ptrdiff_t printed =
        std::distance(std::sregex_iterator(program.begin(), program.end(), line), std::sregex_iterator());
    EXPECT_THAT(program, testing::EndsWith(fmt::format("; {} left\n", printed)));
  }
  EXPECT_THAT(
      text,
      HasSubstr("\n18 nodes recorded: 0 dead, 0 folded, 0 merged, 9 simplified; 9 left"));  // 9 multiply by 1 or add a first
}

// Every function of the list, stepped, replayed, as the recorded derivative, and fused: the same numbers, NaN and infinity.
template <class F>
void expect_parity(F f) {
  constexpr F callable{};
  const auto fused = fuse(callable);
  const Function recorded = record(callable, 0.5, 0.7);
  const Function derived = recorded.derivative();
  for (const double x : parity_points)
    for (const double y : parity_points) {
      SCOPED_TRACE(testing::Message() << F::name << " at " << x << ", " << y);
      Tape tape(false);
      const Var vx = tape.variable(x), vy = tape.variable(y);
      const Var t = f(vx, vy);
      const Gradient stepped = gradient(t);
      const std::array at{x, y};
      const auto replayed = recorded.gradient(at);
      const auto derivative = derived.values(at);
      const auto straight = fused.value_and_gradient(x, y);
      const std::array<double, 3> expected{t.value(), stepped.wrt(vx), stepped.wrt(vy)};
      const std::array<double, 3> replays{recorded(at), replayed[0], replayed[1]};
      for (std::size_t k = 0; k < 3; ++k) {
        EXPECT_TRUE(same(replays[k], expected[k], 0)) << "replayed, result " << k << ": " << replays[k] << " for " << expected[k];
        EXPECT_TRUE(same(derivative[k], expected[k], F::roundings))
            << "derivative, result " << k << ": " << derivative[k] << " for " << expected[k];
        EXPECT_TRUE(same(straight[k], expected[k], F::roundings))
            << "fused, result " << k << ": " << straight[k] << " for " << expected[k];
      }
    }
}

template <class F>
class Parity : public testing::Test {};
TYPED_TEST_SUITE(Parity, ParityFunctions);
TYPED_TEST(Parity, SteppedReplayedAndFusedAgree) { expect_parity(TypeParam{}); }

// 3 / 2 b is 1.5 b whatever type the 3 has.
constexpr auto halves = fuse([](auto a, auto b) { return a / 2 * b; });

TEST(Fused, TakesEveryNumberForADoubleAlsoWithinAnother) {
  constexpr auto from_int = fuse([](auto x) { return halves(3, x); });
  constexpr auto from_float = fuse([](auto x) { return halves(3.0f, x); });
  constexpr auto from_long = fuse([](auto x) { return halves(3L, x) + halves(x, true); });
  constexpr auto from_array = fuse([](auto x) {
    return fuse([](auto data, auto y) {
      auto sum = data[0];  // a Var, although the array holds numbers: it takes up what comes
      sum += y;
      return sum / 2 + data[1] / 2;
    })(std::array{1, 3}, x);
  });
  Tape tape(false);
  const Var x = tape.variable(1);
  EXPECT_EQ(from_int(1.0), 1.5);
  EXPECT_EQ(from_int.gradient(1.0)[0], 1.5);
  EXPECT_EQ(gradient(from_int(x)).wrt(x), 1.5);
  EXPECT_EQ(gradient(halves(3, x)).wrt(x), 1.5);
  EXPECT_EQ(from_float(1.0), 1.5);
  EXPECT_EQ(from_long(1.0), 2);     // 1.5 x + x / 2
  EXPECT_EQ(from_array(1.0), 2.5);  // (1 + x) / 2 + 3 / 2
  EXPECT_EQ(from_array.gradient(1.0)[0], 0.5);
}

TEST(Fused, ContractsNothing) {
  // a x x + b x at a = -1.25, b = 2, x = 1e308: -inf + inf as it is written, where one operation for product and sum would give
  // -inf
  constexpr auto f = fuse([](auto a, auto b, auto x) { return a * x * x + b * x; });
  volatile double x = 1e308;
  EXPECT_TRUE(std::isnan(f(-1.25, 2.0, x)));
  // 1e308 * 10 - 1e308 overflows before the difference could bring it back
  constexpr auto g = fuse([](auto y) { return y * 10 - y; });
  EXPECT_EQ(g(x), std::numeric_limits<double>::infinity());
}

}  // namespace
