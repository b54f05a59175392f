#include "inside/inspect.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <random>
#include <typeinfo>

#include "wengert/wengert.hpp"

namespace {

using namespace wengert;
using detail::contributions, detail::contributions_to;

TEST(Contributions, AreAdjointTimesPartialForEachArgument) {
  Tape tape;
  const Var x = tape.variable(3), y = tape.variable(4);
  const Var product = x * y;
  const auto parts = contributions(tape, tape.values(), product.index(), 10);
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].to, x.index());
  EXPECT_EQ(parts[0].partial, 4);
  EXPECT_EQ(parts[0].amount, 40);
  EXPECT_EQ(parts[1].to, y.index());
  EXPECT_EQ(parts[1].argument, 1);
  EXPECT_EQ(parts[1].partial, 3);
  EXPECT_EQ(parts[1].amount, 30);
}

TEST(Contributions, CountAnArgumentThatIsUsedTwiceTwice) {
  Tape tape;
  const Var x = tape.variable(3);
  const auto parts = contributions(tape, tape.values(), (x * x).index(), 1);
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].to, parts[1].to);
  EXPECT_EQ(parts[0].amount + parts[1].amount, 6);
}

TEST(Contributions, AreZeroWhereTheAdjointIsZeroWhateverThePartial) {
  Tape tape;
  const Var root = sqrt(tape.variable(0));
  const auto parts = contributions(tape, tape.values(), root.index(), 0);
  EXPECT_EQ(parts.at(0).partial, INFINITY);
  EXPECT_EQ(parts.at(0).amount, 0);
}

TEST(Contributions, OfATernaryNodeReachAllThreeArguments) {
  Tape tape;
  const Var x = tape.variable(2), y = tape.variable(5), z = tape.variable(7);
  const auto parts = contributions(tape, tape.values(), fma(x, y, z).index(), 1);
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0].partial, 5);
  EXPECT_EQ(parts[1].partial, 2);
  EXPECT_EQ(parts[2].partial, 1);
  EXPECT_EQ(parts[2].to, z.index());
}

TEST(Contributions, OfAnIndependentAreNone) {
  Tape tape;
  const Var x = tape.variable(2);
  EXPECT_TRUE(contributions(tape, tape.values(), x.index(), 1).empty());
}

/// A scalar product of two vectors, laid end to end: the partial in each number is its partner.
struct ScalarProduct final : NaryOperation {
  const char* name() const override { return "scalar_product"; }
  int arity() const override { return 4; }
  double value(std::span<const double> x) const override { return x[0] * x[2] + x[1] * x[3]; }
  void partials(std::span<const double> x, double, std::span<double> out) const override {
    for (std::size_t k = 0; k < 4; ++k) out[k] = x[(k + 2) % 4];
  }
  const NaryOperation* partial(int) const override { return nullptr; }
  Identity identity() const override { return {&typeid(*this)}; }
  const NaryOperation* clone() const override { return new ScalarProduct(*this); }
};

TEST(Contributions, OfACustomNodeAreOnePerArgument) {
  Tape tape;
  const Var a = tape.variable(2), b = tape.variable(3);
  const Var x[] = {a, b, Var(10), a};
  const Var product = detail::record_nary(ScalarProduct(), x);
  EXPECT_EQ(product.value(), 26);
  const auto parts = contributions(tape, tape.values(), product.index(), 2);
  ASSERT_EQ(parts.size(), 4u);
  EXPECT_EQ(parts[0].amount, 20);
  EXPECT_EQ(parts[1].amount, 4);
  EXPECT_LT(parts[2].to, 0);
  EXPECT_EQ(parts[3].to, a.index());
  EXPECT_EQ(parts[3].amount, 6);
}

// The sweep adds up what contributions() tells apart: the same numbers in the same order give the same adjoints to the bit.
TEST(Contributions, AddUpToTheAdjointsOfTheSweepBitForBit) {
  std::mt19937 random(20240611);
  std::uniform_real_distribution<double> number(0.1, 2);
  for (int trial = 0; trial < 50; ++trial) {
    Tape tape;
    std::vector<Var> pool;
    for (int k = 0; k < 4; ++k) pool.push_back(tape.variable(number(random)));
    for (int k = 0; k < 60; ++k) {
      const Var x = pool[random() % pool.size()], y = pool[random() % pool.size()], z = pool[random() % pool.size()];
      switch (random() % 8) {
        case 0:
          pool.push_back(x + y);
          break;
        case 1:
          pool.push_back(x * sin(y));
          break;
        case 2:
          pool.push_back(x / (2.0 + y * y));
          break;
        case 3:
          pool.push_back(fma(x, cos(y), z));
          break;
        case 4:
          pool.push_back(max(x, y));
          break;
        case 5:
          pool.push_back(select(x < y, z, log(2.0 + x * x)));
          break;
        case 6:
          pool.push_back(tanh(x));
          break;
        default:
          pool.push_back(detail::record_nary(ScalarProduct(), std::vector<Var>{x, tanh(y), z, Var(0.25)}));
          break;
      }
    }
    const Gradient g = gradient(pool.back());
    for (NodeId i = 0; i + 1 < g.adjoints.nodes(); ++i) {
      double sum = 0;
      for (const auto& part : contributions_to(tape, tape.values(), g.adjoints, i)) sum += part.amount;
      ASSERT_EQ(sum, g.adjoints[i]) << "node " << i << " of trial " << trial;
    }
  }
}

}  // namespace
