// Pieces recorded to the side: one node, with the derivatives that the same operations have on the tape.
#include "wengert/local.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <vector>

#include "wengert/batch.hpp"
#include "wengert/cursor.hpp"
#include "wengert/error.hpp"
#include "wengert/fuse.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace wengert;
using testing::HasSubstr;
using testing::ThrowsMessage;

// Two branches: sin(a) / b, and a b^2 by a loop.
constexpr auto branching = [](auto a, auto b) {
  if (a > b) return decltype(a)(sin(a) / b);
  auto result = a;
  for (int k = 0; k < 2; ++k) result = result * b;
  return result;
};

TEST(Local, IsOneNodeWithThePartialsOfTheBranchTaken) {
  Tape tape;
  const Var u = tape.variable(2), v = tape.variable(0.5);
  const Var upper = local(branching, u, v), lower = local(branching, v, u);
  EXPECT_EQ(tape.size(), 4);
  EXPECT_TRUE(tape.guards().empty());
  EXPECT_DOUBLE_EQ(upper.value(), std::sin(2.0) / 0.5);
  EXPECT_DOUBLE_EQ(gradient(upper).wrt(u), std::cos(2.0) / 0.5);
  EXPECT_DOUBLE_EQ(gradient(upper).wrt(v), -std::sin(2.0) / 0.25);
  EXPECT_DOUBLE_EQ(gradient(lower).wrt(v), 4);
  EXPECT_DOUBLE_EQ(gradient(lower).wrt(u), 2);   // 2 a b
  const DenseMatrix h = hessian(lower, {v, u});  // of a b^2
  EXPECT_DOUBLE_EQ(h(0, 0), 0);
  EXPECT_DOUBLE_EQ(h(0, 1), 4);
  EXPECT_DOUBLE_EQ(h(1, 1), 1);
}

TEST(Local, WithoutCapturesItRunsAgainAndTakesTheBranchesOfItsNewInputs) {
  const Function f = record([](Var a, Var b) { return 3 * local(branching, a, b); }, 2.0, 0.5);
  for (const auto& [a, b] : {std::pair{2.0, 0.5}, {0.3, 0.4}, {-1.0, 7.0}, {5.0, 1e-3}}) {
    const bool upper = a > b;
    const double by_a = 3 * (upper ? std::cos(a) / b : b * b), by_b = 3 * (upper ? -std::sin(a) / b / b : 2 * a * b);
    const double mixed = 3 * (upper ? -std::cos(a) / b / b : 2 * b);
    EXPECT_DOUBLE_EQ(f(a, b), 3 * (upper ? std::sin(a) / b : a * b * b));
    EXPECT_DOUBLE_EQ(f.gradient(a, b)[0], by_a);
    EXPECT_DOUBLE_EQ(f.gradient(a, b)[1], by_b);
    EXPECT_DOUBLE_EQ(f.hessian(std::array{a, b})(0, 1), mixed);
    const std::vector<double> derivative = f.derivative().values(std::array{a, b});
    EXPECT_DOUBLE_EQ(derivative[1], by_a);
    EXPECT_DOUBLE_EQ(f.derivative().jacobian(std::array{a, b})(1, 1), mixed);
  }
  // in a batch each sample takes its own
  const std::vector<double> samples{-2, -0.5, 0.1, 0.7, 3};
  const BatchResult sum = sum_gradient(f, std::array{0.5}, samples);
  double expected = 0;
  for (const double b : samples) expected += 3 * (0.5 > b ? std::cos(0.5) / b : b * b);
  EXPECT_NEAR(sum.gradient[0], expected, 1e-14 * std::abs(expected));
}

TEST(Local, WithCapturesItsRecordingIsKeptAndRefusesAnotherBranch) {
  Function f;
  {
    double factor = 2;
    const CustomOperation cube{"cube", 1, [](auto x) { return x[0] * x[0] * x[0]; },
                               [](auto x, double, auto p) { p[0] = 3 * x[0] * x[0]; }};
    f = record([&](Var a, Var b) { return local([&](Var x, Var y) { return x > y ? factor * cube(x) : y; }, a, b); }, 2.0, 0.5);
    factor = 1000;  // what is captured counts as it was
  }
  EXPECT_DOUBLE_EQ(f(3.0, 1.0), 54);
  EXPECT_DOUBLE_EQ(f.gradient(3.0, 1.0)[0], 54);
  EXPECT_THAT([&] { f(1.0, 3.0); }, ThrowsMessage<BranchChanged>(HasSubstr("local_test.cpp")));
}

// 2 x^2 y at (3, 5).
TEST(Local, WithCapturesItHasSecondDerivatives) {
  const double factor = 2;
  const Function f =
      record([&](Var a, Var b) { return local([&](Var x, Var y) { return factor * x * x * y; }, a, b); }, 1.0, 1.0);
  const std::array at{3.0, 5.0};
  EXPECT_THAT(f.hessian(at).data, testing::ElementsAre(20, 12, 12, 0));
  EXPECT_THAT(f.hessian_vector(at, std::array{1.0, 10.0}), testing::ElementsAre(20 + 120, 12));
}

TEST(Local, TakesArraysNumbersAndConstants) {
  constexpr auto weighted = [](const auto& x, auto offset, const auto& w) {
    Var result = offset;
    for (std::size_t k = 0; k < x.size(); ++k) result += x[k] * w[k];
    return result * result;
  };
  Tape tape;
  const std::vector<Var> x{tape.variable(3), tape.variable(0.5), Var(7)};
  const std::array w{1.0, 2.0, 0.0};
  const Var t = local(weighted, std::span(x).first<3>(), 1, w);
  EXPECT_EQ(t.value(), 25);
  EXPECT_EQ(gradient(t).wrt(x[0]), 10);
  EXPECT_EQ(gradient(t).wrt(x[1]), 20);
  EXPECT_EQ(tape.size(), 3);
  EXPECT_TRUE(local(branching, 3, 4.0).is_constant());
  EXPECT_EQ(local(branching, 3, 4.0).value(), 48);
}

TEST(Local, Nests) {
  constexpr auto outer = [](auto a, auto b) {
    Var sum = 0;
    for (int k = 0; k < 3; ++k) sum += local([](auto x, auto y) { return local([](auto z) { return z * z; }, x) * y; }, a + k, b);
    return sum;  // b ((a)^2 + (a + 1)^2 + (a + 2)^2)
  };
  Tape tape;
  const Var a = tape.variable(2), b = tape.variable(5);
  const Var t = local(outer, a, b);
  EXPECT_EQ(t.value(), 5 * (4 + 9 + 16));
  EXPECT_EQ(gradient(t).wrt(a), 5 * 2 * (2 + 3 + 4));
  EXPECT_EQ(gradient(t).wrt(b), 29);
  EXPECT_DOUBLE_EQ(hessian(t, {a, b})(0, 1), 18);
  EXPECT_DOUBLE_EQ(hessian(t, {a, b})(0, 0), 30);
}

// A piece whose sweep meets a piece without kept partials: that one's own sweep must leave the outer one's adjoints alone.
TEST(Local, WithinAReplayedFunctionWithinAPieceSweepsOnItsOwn) {
  static const Function inner = record([](Var x) { return local([](Var z) { return z * z * z; }, x); }, 1.0);
  Tape tape;
  const Var x = tape.variable(2), y = tape.variable(3);
  const Var t = local([](Var a, Var b) { return b * inner(a * b) + a; }, x, y);  // a^3 b^4 + a
  EXPECT_EQ(t.value(), 8 * 81 + 2);
  EXPECT_EQ(gradient(t).wrt(x), 3 * 4 * 81 + 1);
  EXPECT_EQ(gradient(t).wrt(y), 8 * 4 * 27);
}

TEST(Local, RefusesVariablesThatItWasNotHanded) {
  Tape tape;
  const Var x = tape.variable(2), hidden = tape.variable(3);
  EXPECT_THROW(local([&](Var y) { return y * hidden; }, x), ForeignVariable);
  EXPECT_THROW(local([&](Var) { return hidden; }, x), ForeignVariable);
  EXPECT_EQ(tape.size(), 2);
  // and works on: the side tapes are free again
  EXPECT_EQ(gradient(local([](Var y) { return y * y; }, x)).wrt(x), 4);
}

TEST(Local, WithinAFusedFunctionItIsPartOfIt) {
  constexpr auto f = fuse([](auto a, auto b) { return local([](auto x, auto y) { return x * x * y; }, a, b) + b; });
  EXPECT_EQ(f.gradient(2.0, 3.0)[0], 12);
  EXPECT_EQ(f.gradient(2.0, 3.0)[1], 5);
}

TEST(Local, DerivativesBeyondTheSecondAreRefused) {
  const Function f = record([](Var a) { return local([](Var x) { return x * x * x; }, a); }, 2.0);
  EXPECT_DOUBLE_EQ(f.hessian(std::array{3.0})(0, 0), 18);
  EXPECT_THROW(f.derivative().derivative().gradient(3.0), Error);
}

// 10^6 operations in pieces of 20: an eighth of the memory at most, since the node of two variables takes 48 bytes, not 400.
TEST(Local, ATapeOfPiecesIsAtMostAnEighthOfTheSize) {
  constexpr auto piece = [](auto x, auto c) {
    auto y = x;
    for (int k = 0; k < 10; ++k) y = y * c + x;  // 20 operations
    return y;
  };
  Tape plain(false), pieces(false);
  for (const bool local_one : {false, true}) {
    Tape& tape = local_one ? pieces : plain;
    const Var c = tape.variable(0.5);
    Var y = tape.variable(0.3);
    for (int k = 0; k < 50000; ++k) y = local_one ? local(piece, y, c) : piece(y, c);
  }
  EXPECT_EQ(plain.size(), 2 + 1000000);
  EXPECT_EQ(pieces.size(), 2 + 50000);
  EXPECT_GE(plain.memory().used, 8 * pieces.memory().used);
}

TEST(Local, TheCursorStepsOverItAsOneNode) {
  Tape tape;
  const Var u = tape.variable(2, "u"), v = tape.variable(0.5, "v");
  const Var t = 3 * local(branching, u, v);
  Cursor cursor = Cursor::reverse(t);
  ASSERT_TRUE(cursor.step());
  ASSERT_TRUE(cursor.step());
  EXPECT_DOUBLE_EQ(cursor.adjoint(u.index()), 3 * std::cos(2.0) / 0.5);
}

}  // namespace
