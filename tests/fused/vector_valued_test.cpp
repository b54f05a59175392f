// Fused functions of several outputs: values, Jacobians and products with them, against closed forms and the recorded Function.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "support/reprojection.hpp"
#include "wengert/function.hpp"
#include "wengert/fuse.hpp"
#include "wengert/gradient.hpp"

namespace {

using namespace wengert;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto polar = [](auto r, auto a) {
  using std::cos, std::sin;
  return std::array{r * cos(a), r * sin(a)};
};
// Outputs in a tuple and an array within it; of 15 entries 7 are 0 by structure.
constexpr auto mixed = [](const std::array<Var, 3>& x) {
  return std::tuple(x[0] * x[1], std::array{x[2] * x[2] * x[0], exp(x[1]), x[0] * 2.0, x[1]});
};

TEST(VectorValued, HasTheValuesAndTheJacobianOfPolarCoordinates) {
  constexpr auto fused = fuse(polar);
  for (const double r : {1e-12, 2.0, 1e12})
    for (const double a : {0.0, 0.5, -3.0}) {
      const auto [values, jacobian] = fused.values_and_jacobian(r, a);
      EXPECT_DOUBLE_EQ(values[0], r * std::cos(a));
      EXPECT_DOUBLE_EQ(values[1], r * std::sin(a));
      EXPECT_EQ(values, fused(r, a));
      EXPECT_EQ(values, fused.values(r, a));
      EXPECT_EQ(jacobian, fused.jacobian(r, a));
      EXPECT_DOUBLE_EQ(jacobian[0][0], std::cos(a));
      EXPECT_DOUBLE_EQ(jacobian[0][1], -r * std::sin(a));
      EXPECT_DOUBLE_EQ(jacobian[1][0], std::sin(a));
      EXPECT_DOUBLE_EQ(jacobian[1][1], r * std::cos(a));
    }
}

TEST(VectorValued, TakesTuplesOfNumbersAndArraysAndKnowsWhatIsZero) {
  constexpr auto fused = fuse(mixed);
  const std::array x{3.0, 0.5, 7.0};
  EXPECT_THAT(fused.values(x), ElementsAre(1.5, 147, std::exp(0.5), 6, 0.5));
  EXPECT_THAT(fused.jacobian(x), ElementsAre(ElementsAre(0.5, 3, 0), ElementsAre(49, 0, 42), ElementsAre(0, std::exp(0.5), 0),
                                             ElementsAre(2, 0, 0), ElementsAre(0, 1, 0)));
  constexpr auto pattern = fused.jacobian_pattern(Shape<3>());
  EXPECT_THAT(pattern,
              ElementsAre(ElementsAre(true, true, false), ElementsAre(true, false, true), ElementsAre(false, true, false),
                          ElementsAre(true, false, false), ElementsAre(false, true, false)));
}

TEST(VectorValued, PullsBackAndPushesForward) {
  constexpr auto fused = fuse(mixed);
  const std::array x{3.0, 0.5, 7.0};
  const std::array w{1.0, 10.0, 100.0, 1000.0, 1e4};
  EXPECT_THAT(fused.pull_back(w, x), ElementsAre(0.5 + 490 + 2000, testing::DoubleEq(3 + 100 * std::exp(0.5) + 1e4), 420));
  const std::array v{1.0, 10.0, 100.0};
  EXPECT_THAT(fused.push_forward(v, x), ElementsAre(30.5, 49 + 4200, testing::DoubleEq(10 * std::exp(0.5)), 2, 10));
}

TEST(VectorValued, ReturnsInputsAsTheyAre) {
  constexpr auto fused = fuse([](auto x, auto y) { return std::array{x, y, x}; });
  EXPECT_THAT(fused(3, 5), ElementsAre(3, 5, 3));
  EXPECT_THAT(fused.jacobian(3, 5), ElementsAre(ElementsAre(1, 0), ElementsAre(0, 1), ElementsAre(1, 0)));
  EXPECT_THAT(fused.pull_back(std::array{1.0, 10.0, 100.0}, 3, 5), ElementsAre(101, 10));
  EXPECT_THAT(fused.push_forward(std::array{7.0, 11.0}, 3, 5), ElementsAre(7, 11, 7));
}

/// Largest difference of two Jacobians, in units in the last place of the largest entry.
template <class Fused, class... Point>
double ulps_apart(const Fused& fused, const Function& recorded, const std::vector<double>& all, const Point&... x) {
  const auto jacobian = fused.jacobian(x...);
  const DenseMatrix expected = recorded.jacobian(all);
  double difference = 0, largest = 0;
  for (std::size_t i = 0; i < expected.rows; ++i)
    for (std::size_t k = 0; k < expected.columns; ++k) {
      difference = std::fmax(difference, std::fabs(jacobian[i][k] - expected(i, k)));
      largest = std::fmax(largest, std::fabs(expected(i, k)));
    }
  return difference / (largest * std::numeric_limits<double>::epsilon());
}

// The same tape and rules, other orders of addition: some ten roundings of the largest entry.
TEST(VectorValued, AgreesWithTheRecordedFunctionOnAReprojection) {
  constexpr auto fused = fuse(reprojection);
  const auto check = [&](std::array<double, 9> camera, std::array<double, 3> point) {
    const Function recorded = record(reprojection, camera, point, 0.1, -0.2);
    std::vector<double> all(camera.begin(), camera.end());
    all.insert(all.end(), point.begin(), point.end());
    all.insert(all.end(), {0.1, -0.2});
    EXPECT_LT(ulps_apart(fused, recorded, all, camera, point, 0.1, -0.2), 16);
    const auto values = fused.values(camera, point, 0.1, -0.2);
    EXPECT_DOUBLE_EQ(values[0], recorded.values(all)[0]);
    EXPECT_DOUBLE_EQ(values[1], recorded.values(all)[1]);
  };
  check({0.01, -0.02, 0.3, 0.5, -0.1, -5, 800, -0.05, 0.001}, {0.2, 0.7, -1.5});
  check({1e-12, 2e-12, -1e-12, 0.5, -0.1, -5, 800, -0.05, 0.001}, {0.2, 0.7, -1.5});
  check({2, 1, -0.5, 1, 2, -9, 5e5, 1e-7, 1e-13}, {20, -70, -150});
}

// One input and many outputs: one forward sweep instead of as many reverse ones.
TEST(VectorValued, UsesForwardModeWhereThatIsLess) {
  constexpr auto curve = [](auto x) {
    for (int k = 0; k < 8; ++k) x = sin(x);
    return std::array{x * x, exp(x), cos(x), x / (x + 2.0), x * x * x, tanh(x)};
  };
  constexpr auto fused = fuse(curve);
  const Function recorded = record(curve, 0.7);
  EXPECT_LT(ulps_apart(fused, recorded, {0.7}, 0.7), 8);
  // The chain of seven products that gives x' is there once, not for each of six outputs.
  const std::string program = fused.program(Shape<0>());
  const auto lines = std::count(program.begin(), program.end(), '\n');  // the nodes, a heading, results and a report
  EXPECT_LT(lines, recorded.derivative().tape().size() - 5 * 7 + 10) << program;
}

// A zero adjoint carries nothing back, whatever the partial: sqrt' is infinite at 0, and x sqrt(x) has the derivative 0 there.
// Forward mode could not know: then it is not taken, however many outputs there are.
TEST(VectorValued, KeepsTheRuleOfZeroAdjoints) {
  constexpr auto powers = [](auto x) {
    const auto root = sqrt(x);
    return std::array{x * root, 2.0 * x * root, x * x * root, root * x * 3.0};
  };
  const auto jacobian = fuse(powers).jacobian(0.0);
  for (const auto& row : jacobian) EXPECT_EQ(row[0], 0);
  const DenseMatrix recorded = record(powers, 1.0).jacobian(std::array{0.0});
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(recorded(i, 0), 0);
}

// sin(x y) + x z^3: second derivatives by hand.
TEST(VectorValued, HessiansAreSymmetricToTheBit) {
  constexpr auto fused = fuse([](auto x, auto y, auto z) { return sin(x * y) + z * z * z * x; });
  const double x = 1.1, y = 2.3, z = -0.7;
  const auto h = fused.hessian(x, y, z);
  const double s = std::sin(x * y), c = std::cos(x * y);
  const double expected[3][3] = {
      {-y * y * s, c - x * y * s, 3 * z * z}, {c - x * y * s, -x * x * s, 0}, {3 * z * z, 0, 6 * z * x}};
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t k = 0; k < 3; ++k) {
      EXPECT_NEAR(h[i][k], expected[i][k], 1e-14) << i << k;  // ten roundings of numbers up to 6
      EXPECT_EQ(h[i][k], h[k][i]);
    }
}

TEST(VectorValued, OnVariablesIsANodeForEachOutput) {
  constexpr auto fused = fuse(polar);
  Tape tape(true);
  const Var r = tape.variable(2, "r"), a = tape.variable(0.5, "a");
  const NodeId before = tape.size();
  const std::array<Var, 2> xy = fused(r, a);
  EXPECT_EQ(tape.location(xy[1].index()).line, __LINE__ - 1);
  EXPECT_EQ(tape.size(), before + 2);
  // x y = r^2 sin(a) cos(a) = r^2 sin(2a) / 2
  const Gradient g = gradient(xy[0] * xy[1]);
  EXPECT_DOUBLE_EQ(g.wrt(r), 2 * std::sin(1.0));
  EXPECT_DOUBLE_EQ(g.wrt(a), 4 * std::cos(1.0));
  const Function f = record(
      [&](Var p, Var q) {
        const auto point = fused(p, q);
        return point[0] * point[1];
      },
      1.0, 1.0);
  EXPECT_DOUBLE_EQ(f(2.0, 0.5), 2 * std::sin(1.0));
  const DenseMatrix h = f.hessian(std::array{2.0, 0.5});
  EXPECT_NEAR(h(0, 0), std::sin(1.0), 1e-15);
  EXPECT_NEAR(h(0, 1), 4 * std::cos(1.0), 1e-15 * 4);
  EXPECT_NEAR(h(1, 1), -8 * std::sin(1.0), 1e-15 * 8);
  EXPECT_EQ(fused(Var(2), Var(0.0))[0].value(), 2) << "constants only: no tape";
}

TEST(VectorValued, WithinAFusedFunctionIsPartOfIt) {
  static constexpr auto inner = fuse(polar);
  constexpr auto outer = fuse([](auto r, auto a) {
    const auto xy = inner(r, a);
    return xy[0] * xy[0] + xy[1] * xy[1] + inner(3, a)[0];
  });
  EXPECT_DOUBLE_EQ(outer(2.0, 0.5), 4 + 3 * std::cos(0.5));
  EXPECT_NEAR(outer.gradient(2.0, 0.5)[1], -3 * std::sin(0.5), 1e-15 * 8);
}

TEST(VectorValued, BranchesByDataDifferByPoint) {
  constexpr auto fused = fuse([](auto x, auto y) { return std::array{max(x, y), select(x > 0, x * y, y)}; });
  EXPECT_THAT(fused.jacobian(3.0, 2.0), ElementsAre(ElementsAre(1, 0), ElementsAre(2, 3)));
  EXPECT_THAT(fused.jacobian(-3.0, 2.0), ElementsAre(ElementsAre(0, 1), ElementsAre(0, 1)));
}

}  // namespace
