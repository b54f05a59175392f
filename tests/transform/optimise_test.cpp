#include "inside/transform.hpp"

#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "wengert/forward_sweep.hpp"
#include "wengert/function.hpp"
#include "wengert/gradient.hpp"

namespace {

using namespace wengert;
constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

TEST(Optimise, LeavesOutWhatNoOutputNeeds) {
  const Function f = record(
                         [](auto x, auto y) {
                           sin(y);
                           return 2 * x;
                         },
                         1.0, 2.0)
                         .optimised();
  EXPECT_EQ(f.report().dead, 1);
  EXPECT_EQ(f.report().before, 4);
  EXPECT_EQ(f.tape().size(), 3);  // both independents stay
  EXPECT_EQ(f(5, 6), 10);
}

TEST(Optimise, CountsWhatAnIdentityLeftDead) {
  const Function f = record([](auto x) { return -(-sin(x)); }, 1.0).optimised();  // the inner sign is needed no more
  EXPECT_EQ(f.report().before, 4);
  EXPECT_EQ(f.report().simplified, 1);
  EXPECT_EQ(f.report().dead, 1);
  EXPECT_EQ(f.report().after, 2);
}

TEST(Optimise, WhereADerivativeIsEmittedEveryNodeIsCountedOnce) {
  Tape tape, to;
  const Var x = tape.variable(0.5), one = pow(x, 0.0);
  const NodeId dependent = (sin(x) * exp(one) + sin(x) * x * -1.0).index();
  OptimiseReport report;
  optimised_derivative(tape, std::span(&dependent, 1), 1, to, report);
  EXPECT_GT(report.dead, 0);
  EXPECT_GT(report.folded, 0);
  EXPECT_GT(report.merged, 0);
  EXPECT_GT(report.simplified, 0);
  EXPECT_EQ(report.after, to.size());
  EXPECT_EQ(report.before, report.after + report.dead + report.folded + report.merged + report.simplified);
}

TEST(Optimise, AnEmittedDerivativeMayBeManyTimesAsLong) {
  Tape tape, to;
  const Var x = tape.variable(1.5), y = tape.variable(0.75);
  Var sum = pow(x, y);
  for (int k = 0; k < 300; ++k) sum = pow(sum, y) + x;
  const NodeId dependent = sum.index();
  OptimiseReport report;
  const std::vector<NodeId> results = optimised_derivative(tape, std::span(&dependent, 1), 2, to, report);
  EXPECT_GT(to.size(), 8 * tape.size());
  const Gradient g = gradient(sum);
  const Values<double> values = forward_sweep<double>(to, std::array{x.value(), y.value()});
  EXPECT_EQ(values[results[0]], sum.value());
  EXPECT_NEAR(values[results[1]], g.wrt(x), 1e-12 * std::abs(g.wrt(x)));  // a thousand roundings
  EXPECT_NEAR(values[results[2]], g.wrt(y), 1e-12 * std::abs(g.wrt(y)));
}

TEST(Optimise, ComputesWhatConstantsGive) {
  const Function f = record(
                         [](auto x) {
                           const Var one = pow(x, 0.0);  // C's pow: 1 for any x
                           return std::vector<Var>{exp(one), one + 2.0, fma(one, 2.0, 3.0), fma(2.0, 3.0, x)};
                         },
                         0.5)
                         .optimised();
  EXPECT_EQ(f.report().folded, 3);
  EXPECT_EQ(f.values(std::array{4.0}), (std::vector<double>{std::exp(1.0), 3, 5, 10}));
}

TEST(Optimise, TellsApartWhatDiffersInOneArgument) {
  // so many that they meet in any table
  const auto many = [](const Var& x, const Var& y) {
    Var sum = 0;
    for (int k = 1; k <= 1000; ++k)
      sum = sum + k * select(x < y, y, x * (1.0 / k)) + k * select(x < y, x * (1.0 + k), y) + fma(x, y, k * 0.25) +
            fma(x, 0.5 * k, y) + x * (3.0 * k) + y / (x + 7.0 * k);
    return sum;
  };
  const Function f = record(many, 1.0, 2.0), g = f.optimised();
  for (const double x : {0.75, 2.5}) EXPECT_EQ(g(x, 2.0), f(x, 2.0)) << x;
}

TEST(Optimise, MergesCommonSubexpressionsUpToTheOrderOfCommutativeArguments) {
  const Function f = record([](auto x, auto y) { return (x + y) * (y + x); }, 1.0, 2.0).optimised();
  EXPECT_EQ(f.report().merged, 1);
  EXPECT_EQ(f(3, 4), 49);
}

TEST(Optimise, AppliesOnlyIdentitiesThatHoldAtNanInfinityAndMinusZero) {
  const Function f = record([](auto x) { return std::vector{x * 0, x - x, 0 + x, x * 1, x - 0, x / 4, pow(x, 2)}; }, 1.0);
  const Function g = f.optimised();
  for (const double x : {1.5, 0.0, -0.0, inf, -inf, nan, 5e-324, 1e308}) {
    const auto before = f.values(std::array{x}), after = g.values(std::array{x});
    for (std::size_t k = 0; k < before.size(); ++k) {
      EXPECT_TRUE(before[k] == after[k] || (std::isnan(before[k]) && std::isnan(after[k]))) << "output " << k << " at " << x;
      if (std::isnan(before[k])) continue;
      EXPECT_EQ(std::signbit(before[k]), std::signbit(after[k])) << "output " << k << " at " << x;
    }
  }
  EXPECT_EQ(g.report().simplified, 4);  // x * 1, x - 0, x / 4 -> x * 0.25, pow(x, 2) -> x * x
}

// What identities simplify, and what looks like it and is something else: what it computes is what C++ computes, to the bit. It
// is recorded where every input is a power of two, which no identity may take for a constant.
double select(bool condition, double x, double y) { return condition ? x : y; }
double absorbing_product(double x, double y) { return x == 0 ? 0 : x * y; }
double is_less(double x, double y) { return x < y; }

constexpr auto look_alikes = [](const auto& a, const auto& b, const auto& c, const auto& d) {
  using std::fma;
  return std::vector{
      // signs
      -a - b, -a - a, a - -b, a + -b, -a + b, -a + -b, -a * b, a * -b, -a * -b, -a / b, a / -b, a * -1.0, -1.0 * b, -(-a),
      // scales
      a + a, 2 * (a * b), 2 * (b * c), (b * c) * 2, (0.5 * b) * a, a * (0.5 * b), (0.5 * a) * b, b * (0.5 * a), 4 * (0.25 * a),
      0.5 * (2 * a), 0.5 * (0.25 * b), 3 * (0.5 * a), 0.1 * (3 * a), 0.5 * (3 * a), (a * 4) * 0.125, -2 * (0.5 * a),
      4 * (-0.25 * a),
      // quotients
      a / 3, a / 4, a / -0.5, a / 0x1p1023, a / 0x1p-1022, a / 0x1p-1074, a / 0x1p1022, a / 0x1p-1021, a / 0x1.8p3,
      // choices
      select(a != 0, b, c), select(a, b, c), select(a < b, select(c < d, a, b), c), select(a < b, select(a < b, c, d), a),
      select(a < b, c, select(c < d, a, b)), select(a < b, c, select(a < b, d, a)), select(a < b, d, d),
      select(a < b, c, d) - select(a < b, c, b), select(a < b, c, d) - select(a < b, b, d),
      select(a < b, c, d) - select(b < a, c, d),
      // of three arguments
      fma(a, b, c) - fma(a, b, d), fma(a, b, c) - fma(a, d, c), fma(a, b, c) - fma(d, b, c), fma(2.0, 3.0, a),
      // where zero absorbs
      absorbing_product(a, b), absorbing_product(a, b + 0.0), absorbing_product(a - a, b), absorbing_product(2 * a, 3 * b),
      absorbing_product(is_less(a, b), c), absorbing_product(b, a), absorbing_product(a, inf),
      absorbing_product(a, select(b < c, inf, 2.0)), absorbing_product(a, select(b < c, 2.0, inf))};
};

TEST(Optimise, ChangesNoBitOfWhatLooksLikeAnIdentity) {
  const Function f = record(look_alikes, 1.0, 2.0, 0.5, 4.0);
  const Function g = f.optimised();
  EXPECT_EQ(g.report().before, f.tape().size());
  EXPECT_EQ(g.report().after, g.tape().size());
  const std::vector<double> numbers = {0.0,       -0.0,    1,   3,    -2.7, 5,
                                       0x1p-1030, 1.5e308, inf, -inf, nan};  // joined scales round once below the normal numbers
  std::size_t seen = 0;
  for (const double a : numbers)
    for (const double b : numbers)
      for (const double c : {0.3, -1.0, nan})
        for (const double d : {-0.7, 0.3, inf}) {
          const std::vector<double> here = look_alikes(a, b, c, d), there = g.values(std::array{a, b, c, d});
          ASSERT_EQ(there.size(), here.size());
          for (std::size_t k = 0; k < here.size(); ++k) {
            const bool same = std::isnan(here[k]) ? std::isnan(there[k])
                                                  : here[k] == there[k] && std::signbit(here[k]) == std::signbit(there[k]);
            EXPECT_TRUE(same) << k << ": " << there[k] << ", not " << here[k] << " at " << a << ' ' << b << ' ' << c << ' ' << d;
            seen += same ? 1 : 0;
          }
        }
  EXPECT_EQ(seen, 1089 * look_alikes(1.0, 1.0, 1.0, 1.0).size());
}

// What is left of an identity: one of the inputs, a constant, or a cheaper operation.
TEST(Optimise, LeavesWhatIsCheaper) {
  const Function g = record(
                         [](Var x, Var y) {
                           return std::vector<Var>{x + -0.0,
                                                   -0.0 + x,
                                                   x - 0.0,
                                                   1.0 * x,
                                                   x * 1.0,
                                                   x / 1.0,
                                                   pow(x, 1.0),
                                                   -(-x),
                                                   select(y, x, x),
                                                   pow(x, 0.0),
                                                   0.0 * detach(Var(3)),
                                                   x + x,
                                                   -1.0 * x,
                                                   x * -1.0,
                                                   -x * y,
                                                   x * -y,
                                                   -x / y,
                                                   x / -y,
                                                   pow(x, -1.0),
                                                   x - -y,
                                                   x + -y,
                                                   -x + y,
                                                   4 * (0.25 * x)};
                         },
                         2.0, 3.0)
                         .optimised();
  const std::size_t inputs = 9, constants = 2;
  const std::vector<Op> operations = {Op::Mul, Op::Neg, Op::Neg, Op::Neg, Op::Neg, Op::Neg,
                                      Op::Neg, Op::Div, Op::Add, Op::Sub, Op::Sub};
  const auto left = g.dependents();
  ASSERT_EQ(left.size(), inputs + constants + operations.size() + 1);
  for (std::size_t k = 0; k < inputs; ++k) EXPECT_EQ(left[k], 0) << k;
  for (std::size_t k = inputs; k < inputs + constants; ++k) EXPECT_LT(left[k], 0) << k;
  for (std::size_t k = 0; k < operations.size(); ++k) {
    const NodeId i = left[inputs + constants + k];
    ASSERT_GE(i, 2) << k;
    EXPECT_EQ(g.tape()[i].op, operations[k]) << k;
  }
  EXPECT_EQ(left.back(), 0);  // 4 (x / 4)
}

TEST(Optimise, KeepsInfinitiesThatConstantsMake) {
  const Function f = record([](auto x) { return std::vector{x / 0.0, 1 / (x * 0)}; }, 1.0).optimised();
  EXPECT_EQ(f.values(std::array{2.0})[0], inf);
  EXPECT_EQ(f.values(std::array{2.0})[1], inf);
}

TEST(Optimise, TurnsSelectOfConstantsIntoDataFlow) {
  // max's derivative: the adjoint goes one way or the other
  const Function d = record([](auto x, auto y) { return max(x, y) * 3; }, 1.0, 2.0).derivative();
  EXPECT_EQ(d.values(std::array{5.0, 2.0}), (std::vector<double>{15, 3, 0}));
  EXPECT_EQ(d.values(std::array{2.0, 2.0}), (std::vector<double>{6, 1.5, 1.5}));
}

TEST(Optimise, SharesEqualConstantsHoweverManyThereAre) {
  const auto f = record(
      [](auto x) {
        Var sum = 0;
        for (int k = 0; k < 3000; ++k) sum += x * (1 + k % 1000);
        return sum;
      },
      1.0);
  const auto g = f.optimised();
  EXPECT_EQ(g(std::array{2.0}), f(std::array{2.0}));
  EXPECT_EQ(g.tape().constants(), 1000);       // 0, where the sum began, and 2 to 1000: x * 1 is x
  EXPECT_EQ(g.tape().size(), 1 + 999 + 3000);  // x, its multiples, sums
}

TEST(Optimise, KeepsNamesAndGuards) {
  Tape tape;
  const Var x = tape.variable(2, "x");
  Var y = named("double", 2 * x);
  if (y > 3) y = named("square", y * y);
  std::vector<NodeId> outputs{y.index()};
  Tape to;
  optimise(tape, outputs, to);
  EXPECT_GE(to.find("double"), 0);
  EXPECT_EQ(to.find("square"), outputs[0]);
  EXPECT_EQ(to.guards().size(), 1u);
}

TEST(Optimise, OfTwoNamesForOneNumberTheFirstStays) {
  Tape tape;
  const Var x = tape.variable(2, "x");
  const Var first = named("first", sin(x)), again = named("again", sin(x)), itself = named("itself", x * 1.0);
  std::vector<NodeId> outputs{first.index(), again.index(), itself.index()};
  Tape to;
  optimise(tape, outputs, to);
  EXPECT_EQ(to.find("first"), outputs[0]);
  EXPECT_EQ(outputs[1], outputs[0]);
  EXPECT_LT(to.find("again"), 0);
  EXPECT_EQ(to.find("x"), outputs[2]);
}

// A branch on the first input, either way around, and one after the last node: every form refuses the other side.
TEST(Optimise, KeepsEveryBranch) {
  const auto refuses = [](const Function& f, double same_side, double other_side) {
    for (const Function& g : {f, f.optimised(), f.derivative(), f.derivative().derivative()}) {
      EXPECT_NO_THROW(g.values(std::array{same_side}));
      EXPECT_THROW(g.values(std::array{other_side}), BranchChanged);
    }
  };
  refuses(record([](auto x) { return x > 3 ? x * x : sin(x); }, 4.0), 5, 1);
  refuses(record([](auto x) { return 3 > x ? x * x : sin(x); }, 4.0), 5, 1);
  refuses(record([](auto x) { return x <= 3 ? x * x : sin(x); }, 4.0), 5, 1);
  refuses(record([](auto x) { return 3 <= x ? x * x : sin(x); }, 4.0), 5, 1);
  refuses(record([](auto x) { return x == 4 ? x * x : sin(x); }, 4.0), 4, 1);
  refuses(record(
              [](auto x) {
                Var y = 2 * x;
                return y > 3 ? y : x;
              },
              4.0),
          5, 1);
}

// The same passes in constant evaluation.
constexpr NodeId nodes_of_a_derivative() {
  Tape tape(false);
  const Var x = tape.variable(0), y = tape.variable(0);
  const NodeId dependent = (x * y + pow(2.0, x)).index();
  Tape to(false);
  OptimiseReport report;
  optimised_derivative(tape, std::span(&dependent, 1), 2, to, report);
  return to.size();
}
constexpr NodeId at_compile_time = nodes_of_a_derivative();

TEST(Optimise, WorksInConstantEvaluation) {
  // log(2) is left to run time there, and folded here
  EXPECT_EQ(at_compile_time, nodes_of_a_derivative() + 1);
}

}  // namespace
