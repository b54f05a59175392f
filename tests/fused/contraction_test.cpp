// Compiled for the processor at hand, with what it has for a product and a sum in one operation: a compiler that contracted the
// two would give other numbers than every other way, and other special values where the product overflows.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "wengert/function.hpp"
#include "wengert/fuse.hpp"
#include "wengert/gradient.hpp"

using namespace wengert;

namespace {

constexpr std::size_t n = 64;
constexpr double infinity = std::numeric_limits<double>::infinity();

constexpr auto products = [](auto a, auto b, auto c, auto d) { return a * b + c * d; };
constexpr auto fused = fuse(products);
constexpr auto difference = fuse([](auto a, auto b, auto c) { return c - a * b; });
constexpr auto rows = fuse([](const auto& a, const auto& b, const auto& c) {
  std::array result{a[0] * b[0] + c[0], a[1] * b[1] + c[1], a[2] * b[2] + c[2], a[3] * b[3] + c[3]};
  return result;
});

using Column = std::array<double, n>;

// Loops and rows that an optimiser turns into vectors: there gcc forgets what it was told of single numbers.
[[gnu::noinline]] void call_all(Column& out, const Column& a, const Column& b, const Column& c, const Column& d) {
  for (std::size_t i = 0; i < n; ++i) out[i] = fused(a[i], b[i], c[i], d[i]);
}
[[gnu::noinline]] void differ_all(Column& out, const Column& a, const Column& b, const Column& c) {
  for (std::size_t i = 0; i < n; ++i) out[i] = difference(a[i], b[i], c[i]);
}
[[gnu::noinline]] void call_rows(std::array<double, 4>& out, const std::array<double, 4>& a, const std::array<double, 4>& b,
                                 const std::array<double, 4>& c) {
  out = rows(a, b, c);
}

TEST(Contraction, AProductThatOverflowsDoesSoInLoopsAndRows) {
  Column a, out;
  a.fill(1e200);
  Column minus = a;
  for (double& x : minus) x = -x;
  call_all(out, a, a, minus, a);  // inf - inf
  for (const double x : out) EXPECT_TRUE(std::isnan(x)) << x;
  Column c;
  c.fill(infinity);
  differ_all(out, a, a, c);
  for (const double x : out) EXPECT_TRUE(std::isnan(x)) << x;
  std::array<double, 4> row;
  call_rows(row, {1e200, 1e200, 1e200, 1e200}, {1e200, 1e200, 1e200, 1e200}, {-infinity, -infinity, -infinity, -infinity});
  for (const double x : row) EXPECT_TRUE(std::isnan(x)) << x;
}

// Products that round: with the product exact, what is left over would show.
TEST(Contraction, TheSameBitsAsReplayed) {
  const Function f = record(products, 1.0, 1.0, 1.0, 1.0);
  Column a, b, c, d, out;
  for (std::size_t i = 0; i < n; ++i) {
    const double k = static_cast<double>(i + 1);
    a[i] = 1 + k / 3;
    b[i] = 1 / k + 0.1;
    c[i] = -a[i] * (1 + 0x1p-30);
    d[i] = b[i] * (1 - 0x1p-30);
  }
  call_all(out, a, b, c, d);
  for (std::size_t i = 0; i < n; ++i) EXPECT_EQ(out[i], f(std::array{a[i], b[i], c[i], d[i]})) << i;
}

// What a piece carries back is added to what is there: adjoints of infinity, and products that overflow.
TEST(Contraction, WhatAPieceCarriesBack) {
  constexpr auto sum = fuse([](const auto& x) { return 1e200 * x[0] + 1e200 * x[1] + 1e200 * x[2] + 1e200 * x[3]; });
  constexpr auto single = fuse([](auto x) { return 1e200 * x; });
  Tape tape;
  std::array<Var, 4> x;
  for (Var& v : x) v = tape.variable(1);
  const auto minus_infinite = [&](const Var& v) { return -infinity * v; };
  const Var t = 1e200 * sum(x) + minus_infinite(x[1]) + 1e200 * single(x[3]) + minus_infinite(x[3]);
  const Gradient g = gradient(t);
  EXPECT_EQ(g.wrt(x[0]), infinity);
  EXPECT_TRUE(std::isnan(g.wrt(x[1])));
  EXPECT_TRUE(std::isnan(g.wrt(x[3])));
}

}  // namespace
