// Fused functions as nodes of a tape: their partials are kept in several ways, by what their arguments are and where these lie.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include "wengert/error.hpp"
#include "wengert/function.hpp"
#include "wengert/fuse.hpp"
#include "wengert/gradient.hpp"
#include "wengert/jacobian.hpp"

using namespace wengert;

namespace {

constexpr std::size_t n = 6;

// b * sum of (k + 1) a_k^2 + sum of a_k c_k
constexpr auto weighed = fuse([](const auto& a, auto b, const auto& c) {
  auto squares = a[0] * a[0];
  auto products = a[0] * c[0];
  for (std::size_t k = 1; k < a.size(); ++k) {
    squares += static_cast<double>(k + 1) * a[k] * a[k];
    products += a[k] * c[k];
  }
  return b * squares + products;
});

struct Derivatives {
  std::array<double, n> a{}, c{};
  double b = 0;
};
Derivatives by_hand(const std::array<double, n>& a, double b, const std::array<double, n>& c) {
  Derivatives result;
  for (std::size_t k = 0; k < n; ++k) {
    const double weight = static_cast<double>(k + 1);
    result.a[k] = 2 * weight * a[k] * b + c[k];
    result.b += weight * a[k] * a[k];
    result.c[k] = a[k];
  }
  return result;
}

constexpr std::array<double, n> a{0.5, -1.25, 2, 0.75, -0.5, 1.5}, c{1, 2, -3, 0.25, 4, -0.125};
constexpr double b = 0.375;

// All numbers here are short binary fractions, so that every way gives the same to the bit.

TEST(Piece, VariablesSideBySide) {
  Tape tape;
  std::array<Var, n> as, cs;
  std::transform(a.begin(), a.end(), as.begin(), [&](double x) { return tape.variable(x); });
  const Var bs = tape.variable(b);
  std::transform(c.begin(), c.end(), cs.begin(), [&](double x) { return tape.variable(x); });
  const Gradient g = gradient(weighed(as, bs, cs));
  const Derivatives expected = by_hand(a, b, c);
  for (std::size_t k = 0; k < n; ++k) {
    EXPECT_EQ(g.wrt(as[k]), expected.a[k]);
    EXPECT_EQ(g.wrt(cs[k]), expected.c[k]);
  }
  EXPECT_EQ(g.wrt(bs), expected.b);
}

// The first index and the last are those of a row, and what lies between is not in order; or a variable stands twice.
TEST(Piece, VariablesInAnyOrder) {
  std::array<std::size_t, n> order;
  std::iota(order.begin(), order.end(), 0);
  do {
    Tape tape;
    std::array<Var, n> made, as;
    for (std::size_t k = 0; k < n; ++k) made[k] = tape.variable(a[k]);
    std::array<double, n> values{};
    for (std::size_t k = 0; k < n; ++k) {
      as[k] = made[order[k]];
      values[k] = a[order[k]];
    }
    const Gradient g = gradient(weighed(as, b, c));
    const Derivatives expected = by_hand(values, b, c);
    for (std::size_t k = 0; k < n; ++k) ASSERT_EQ(g.wrt(as[k]), expected.a[k]);
  } while (std::next_permutation(order.begin(), order.end()));

  Tape tape;
  const Var x = tape.variable(1.5);
  std::array<Var, n> same;
  same.fill(x);
  // 21 x^2 b + x sum(c)
  EXPECT_EQ(gradient(weighed(same, b, c)).wrt(x), 2 * 21 * 1.5 * b + std::accumulate(c.begin(), c.end(), 0.0));
}

// A constant in the place of each input in turn: it takes nothing, and the others what they took before.
TEST(Piece, ConstantsAmongVariables) {
  const Derivatives expected = by_hand(a, b, c);
  for (std::size_t constant = 0; constant <= 2 * n; ++constant) {
    Tape tape;
    const auto enter = [&](double x, std::size_t place) { return place == constant ? Var(x) : tape.variable(x); };
    std::array<Var, n> as, cs;
    for (std::size_t k = 0; k < n; ++k) as[k] = enter(a[k], k);
    const Var bs = enter(b, n);
    for (std::size_t k = 0; k < n; ++k) cs[k] = enter(c[k], n + 1 + k);
    const Gradient g = gradient(weighed(as, bs, cs));
    for (std::size_t k = 0; k < n; ++k) {
      if (k != constant) {
        ASSERT_EQ(g.wrt(as[k]), expected.a[k]);
      }
      if (n + 1 + k != constant) {
        ASSERT_EQ(g.wrt(cs[k]), expected.c[k]);
      }
    }
    if (constant != n) {
      ASSERT_EQ(g.wrt(bs), expected.b);
    }
  }
  // all of them: no tape, and a number
  std::array<Var, n> numbers;
  std::copy(a.begin(), a.end(), numbers.begin());
  const Var t = weighed(numbers, Var(b), c);
  EXPECT_TRUE(t.is_constant());
  EXPECT_EQ(t.value(), weighed(a, b, c));
}

// Each kind of argument in the same place on one tape, one after the other: an operation for each, and none is taken for another.
TEST(Piece, KindsOfArgumentsOnOneTape) {
  Tape tape;
  std::array<Var, n> as, cs;
  for (std::size_t k = 0; k < n; ++k) as[k] = tape.variable(a[k]);
  for (std::size_t k = 0; k < n; ++k) cs[k] = tape.variable(c[k]);
  const Var bs = tape.variable(b);
  const std::span<const Var, n> span(as);
  const std::array<float, n> floats{0.5F, -1.25F, 2, 0.75F, -0.5F, 1.5F};
  const std::reference_wrapper<const Var> reference = bs;
  const Var sum = weighed(as, bs, cs) + 2 * weighed(as, b, c) + 4 * weighed(a, bs, c) + 8 * weighed(floats, b, cs) +
                  16 * weighed(span, reference, std::span<const double, n>(c)) + 32 * weighed(as, 0.375F, cs);
  const Gradient g = gradient(sum);
  const Derivatives expected = by_hand(a, b, c);
  for (std::size_t k = 0; k < n; ++k) {
    EXPECT_EQ(g.wrt(as[k]), (1 + 2 + 16 + 32) * expected.a[k]);
    EXPECT_EQ(g.wrt(cs[k]), (1 + 8 + 32) * expected.c[k]);
  }
  EXPECT_EQ(g.wrt(bs), (1 + 4 + 16) * expected.b);
}

TEST(Piece, ForeignAndStaleVariablesAreRefusedWhereverTheyStand) {
  for (std::size_t wrong = 0; wrong < n; ++wrong) {
    Tape tape, other;
    std::array<Var, n> as;
    for (std::size_t k = 0; k < n; ++k) as[k] = tape.variable(a[k]);
    const Var kept = as[wrong];
    as[wrong] = other.variable(1);
    const NodeId before = tape.size();
    EXPECT_THROW(weighed(as, b, c), ForeignVariable);
    EXPECT_EQ(tape.size(), before);
    tape.clear();
    for (std::size_t k = 0; k < n; ++k) as[k] = tape.variable(a[k]);
    as[wrong] = kept;
    EXPECT_THROW(weighed(as, b, c), StaleVariable);
    as[wrong] = tape.variable(a[wrong]);
    EXPECT_EQ(gradient(weighed(as, b, c)).wrt(as[wrong]), by_hand(a, b, c).a[wrong]);
  }
}

TEST(Piece, ArraysOfAnotherTapeOrRecordingAreRefusedAsAWhole) {
  Tape tape, other;
  const Var b_here = tape.variable(b);
  std::array<Var, n> strangers;
  for (std::size_t k = 0; k < n; ++k) strangers[k] = other.variable(a[k]);
  const NodeId before = tape.size();
  EXPECT_THROW(weighed(a, b_here, strangers), ForeignVariable);
  EXPECT_THROW(weighed(strangers, b_here, c), ForeignVariable);
  EXPECT_EQ(tape.size(), before);
  other.clear();
  EXPECT_THROW(weighed(strangers, other.variable(b), c), StaleVariable);
  EXPECT_THROW(weighed(strangers, b, c), StaleVariable);
}

/// Converting it records: an operation of three arguments, which takes room where pieces do.
struct Late {
  const Var* x;
  operator Var() const { return fma(*x, *x, *x); }
};

// What converts to a variable by recording is converted once, and before anything of the piece is written.
TEST(Piece, ArgumentsThatRecordWhenTheyAreRead) {
  constexpr auto f = fuse([](const auto& x, auto y) { return x[0] * y + x[1] + x[2] + x[3]; });
  Tape tape;
  const Var x = tape.variable(2);
  const Late late{&x};  // x^2 + x
  const NodeId before = tape.size();
  const Var t = f(std::array<Late, 4>{late, late, late, late}, late);
  EXPECT_EQ(tape.size() - before, 6);
  EXPECT_EQ(t.value(), 6 * 6 + 3 * 6);
  // the derivative of u^2 + 3 u, u = x^2 + x: (2 u + 3)(2 x + 1)
  EXPECT_EQ(gradient(t).wrt(x), (2 * 6 + 3) * 5);
}

// A zero adjoint carries nothing back, even by a partial that is infinite; an infinite one that is asked for arrives.
TEST(Piece, InfinitePartials) {
  constexpr auto roots = fuse([](const auto& x) { return sqrt(x[0]) + sqrt(x[1]) + sqrt(x[2]) + sqrt(x[3]); });
  Tape tape;
  std::array<Var, 4> x;
  for (Var& v : x) v = tape.variable(0);
  const Var root = roots(x);
  EXPECT_EQ(gradient(root).wrt(x[2]), std::numeric_limits<double>::infinity());
  EXPECT_EQ(gradient(root * root).wrt(x[2]), 0);
}

// Several outputs: a node each, which share the list of their arguments.
TEST(Piece, OutputsShareTheirList) {
  constexpr auto polar = fuse([](const auto& x, auto y) { return std::array{x[0] * y, x[1] * y, x[2] * y + x[0], x[3] * x[3]}; });
  Tape tape(false);  // locations would count
  std::array<Var, 4> x;
  for (std::size_t k = 0; k < 4; ++k) x[k] = tape.variable(a[k]);
  const Var y = tape.variable(b);
  const std::size_t before = tape.memory().used;
  const auto out = polar(x, y);
  // 4 nodes of 12 bytes with values of 8, a number and 5 indices of 4, and 4 rows of 5 partials of 8
  EXPECT_EQ(tape.memory().used - before, 4U * (12 + 8) + 6 * 4 + 4 * 5 * 8);
  const Gradient g = gradient(out[0] + 2 * out[1] + 4 * out[2] + 8 * out[3]);
  EXPECT_EQ(g.wrt(x[0]), b + 4);
  EXPECT_EQ(g.wrt(x[1]), 2 * b);
  EXPECT_EQ(g.wrt(x[2]), 4 * b);
  EXPECT_EQ(g.wrt(x[3]), 16 * a[3]);
  EXPECT_EQ(g.wrt(y), a[0] + 2 * a[1] + 4 * a[2]);
  // at other values, recorded gradients and second derivatives
  const Function f = record([&](const auto& v) { return polar(std::array{v[0], v[1], v[2], v[3]}, v[4])[3] * v[0]; },
                            std::vector<double>{1, 2, 3, 4, 5});
  const std::vector<double> at{0.5, 1, 1, 3, 2};
  EXPECT_EQ(f.gradient(at)[3], 2 * 3 * 0.5);
  EXPECT_EQ(f.hessian(at)(3, 0), 6);
}

// As many inputs as no register file holds, side by side.
TEST(Piece, ThreeHundredInputs) {
  constexpr std::size_t many = 300;
  constexpr auto squares = fuse([](const auto& x) {
    auto sum = x[0] * x[0];
    for (std::size_t k = 1; k < x.size(); ++k) sum += x[k] * x[k];
    return sum;
  });
  Tape tape;
  std::array<Var, many> x;
  for (std::size_t k = 0; k < many; ++k) x[k] = tape.variable(static_cast<double>(k));
  const Var t = squares(x);
  EXPECT_EQ(t.value(), 299.0 * 300 * 599 / 6);
  const Gradient g = gradient(t);
  for (std::size_t k = 0; k < many; ++k) ASSERT_EQ(g.wrt(x[k]), 2.0 * static_cast<double>(k));
}

}  // namespace
