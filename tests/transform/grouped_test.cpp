// Functions whose equal operations stand side by side: the same functions, in loops.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "support/parity_functions.hpp"
#include "wengert/batch.hpp"
#include "wengert/custom.hpp"
#include "wengert/error.hpp"
#include "wengert/function.hpp"

namespace {

using namespace wengert;

/// sum of tanh(w_k x): one layer.
Function layer(std::size_t units) {
  return record(
      [](const std::vector<Var>& w, Var x) {
        Var sum = 0;
        for (const Var& weight : w) sum += tanh(weight * x);
        return sum;
      },
      std::vector<double>(units, 0.5), 1.0);
}

std::vector<double> ramp(std::size_t n, double from, double to) {
  std::vector<double> result(n);
  for (std::size_t k = 0; k < n; ++k) result[k] = from + (to - from) * static_cast<double>(k) / static_cast<double>(n);
  return result;
}

TEST(Grouped, PutsTheUnitsOfALayerSideBySide) {
  const Function f = layer(40).grouped();
  std::vector<std::pair<Op, NodeId>> found;
  for (const NodeGroup& group : f.groups()) found.emplace_back(group.op, group.count);
  // the sum is a chain, and stays one by one; so the whole is what a person would have grouped
  EXPECT_THAT(found, testing::ElementsAre(std::pair(Op::Mul, 40), std::pair(Op::Tanh, 40), std::pair(Op::Independent, 40)));
  EXPECT_THAT(layer(40).groups(), testing::IsEmpty());
}

TEST(Grouped, NoNodeOfAGroupIsAnArgumentOfAnotherAndAllNodesAreInOne) {
  const Function f = layer(300).derivative().grouped();
  NodeId next = f.tape().leading_independents();
  EXPECT_EQ(next, 301);
  for (const NodeGroup& group : f.groups()) {
    EXPECT_EQ(group.first, next);
    next += group.count;
    if (group.op == Op::Independent) continue;
    for (NodeId i = group.first; i < group.first + group.count; ++i) {
      EXPECT_EQ(f.tape()[i].op, group.op);
      for (const NodeId argument : f.tape().arguments(i)) EXPECT_LT(argument, group.first);
    }
  }
  EXPECT_EQ(next, f.tape().size());
}

TEST(Grouped, HasTheGradientThatTheFormulaGives) {
  constexpr std::size_t units = 1000;
  const Function f = layer(units).grouped();
  std::vector<double> point = ramp(units, -3, 3);
  point.push_back(0.7);
  const auto [value, gradient] = f.value_and_gradient(point);
  long double sum = 0, by_x = 0, size = 0;
  for (std::size_t k = 0; k < units; ++k) {
    const long double w = point[k], cosh = std::cosh(w * 0.7L * 1.0L), partial = 1 / (cosh * cosh);
    sum += std::tanh(w * static_cast<long double>(point.back()));
    by_x += w * partial, size += std::fabs(w * partial);
    // a product that is rounded moves tanh' by at most 2 |wx| ulps, which is 4.2 here; its own rule states 5
    EXPECT_NEAR(gradient[k], static_cast<double>(0.7L * partial), 12 * 0x1p-53 * 0.7 * static_cast<double>(partial)) << k;
  }
  // sums of 1,000 terms of size below 1, one after the other
  EXPECT_NEAR(value, static_cast<double>(sum), 1000 * 0x1p-53 * 1000);
  EXPECT_NEAR(gradient.back(), static_cast<double>(by_x), 1000 * 0x1p-53 * static_cast<double>(size));
}

TEST(Grouped, ComputesAChainAsBefore) {
  const Function f = record(
      [](Var x) {
        for (int k = 0; k < 5000; ++k) x = x + 0.001 * sin(x);
        return x;
      },
      0.3);
  const Function g = f.grouped();
  EXPECT_THAT(g.groups(), testing::IsEmpty());
  EXPECT_EQ(f(0.4), g(0.4));
  EXPECT_EQ(f.gradient(0.4), g.gradient(0.4));
}

/// A function of two numbers at n points at once.
template <class F>
Function side_by_side(std::size_t n) {
  return record(
      [n](const std::vector<Var>& x) {
        std::vector<Var> results;
        for (std::size_t k = 0; k < n; ++k) results.push_back(F()(x[2 * k], x[2 * k + 1]));
        return results;
      },
      std::vector<double>(2 * n, 0.3));
}

template <class F>
class GroupedParity : public testing::Test {};
TYPED_TEST_SUITE(GroupedParity, ParityFunctions);

TYPED_TEST(GroupedParity, AgreesWithOnePointAtATimeAtKinksEdgesNanAndInfinity) {
  std::vector<double> point;
  for (const double x : parity_points)
    for (const double y : parity_points) point.insert(point.end(), {x, y});
  const std::size_t n = point.size() / 2;
  const Function all = side_by_side<TypeParam>(n).grouped(), one = record(TypeParam(), 0.3, 0.3);
  EXPECT_FALSE(all.groups().empty());
  const std::vector<double> values = all.values(point), gradient = all.pull_back(std::vector<double>(n, 1.0), point);
  for (std::size_t k = 0; k < n; ++k) {
    const double x = point[2 * k], y = point[2 * k + 1];
    // lanes and the standard library are within 1 ulp each; a sum of two such terms may cancel: 1e4 ulps leave 12 digits
    EXPECT_TRUE(same(values[k], one(x, y), 1e4)) << x << ", " << y << ": " << values[k] << " for " << one(x, y);
    const std::vector<double> expected = one.gradient(x, y);
    for (std::size_t j = 0; j < 2; ++j)
      EXPECT_TRUE(same(gradient[2 * k + j], expected[j], 1e4))
          << j << " at " << x << ", " << y << ": " << gradient[2 * k + j] << " for " << expected[j];
  }
}

TEST(Grouped, LetsNoNodePassAGuardAndNamesTheBranchThatChanges) {
  const auto callable = [](const std::vector<Var>& x) {
    Var sum = 0;
    for (const Var& each : x) sum += each > 0 ? log(each) : each;
    return sum;
  };
  const std::vector<double> point(8, 2.0);
  const Function f = record(callable, point), g = f.grouped();
  EXPECT_EQ(g.tape().guards().size(), 8u);
  EXPECT_DOUBLE_EQ(g(std::vector<double>(8, 3.0)), 8 * std::log(3.0));
  std::vector<double> moved = point;
  moved[5] = -1;
  std::string complaint, expected;
  try {
    g.gradient(moved);
  } catch (const BranchChanged& error) {
    complaint = error.what();
  }
  try {
    f.gradient(moved);
  } catch (const BranchChanged& error) {
    expected = error.what();
  }
  EXPECT_EQ(complaint, expected);
  EXPECT_THAT(complaint, testing::HasSubstr("-1"));
}

TEST(Grouped, GroupsOnBothSidesOfAGuard) {
  // exp(x_k) side by side, a branch on the first, and exp of these: two groups of exp that must not meet
  const Function f = record(
                         [](const std::vector<Var>& x) {
                           std::vector<Var> y;
                           for (const Var& each : x) y.push_back(exp(each));
                           const bool large = y[0] > 0.5;
                           for (Var& each : y) each = exp(large ? -each : each);
                           return y;
                         },
                         std::vector<double>(5, 0.0))
                         .grouped();
  std::vector<NodeId> wide;
  for (const NodeGroup& group : f.groups())
    if (group.op == Op::Exp) wide.push_back(group.count);
  EXPECT_THAT(wide, testing::ElementsAre(5, 5));
  EXPECT_NEAR(f.values(std::vector<double>(5, 0.1))[4], std::exp(-std::exp(0.1)), 1e-15);  // two functions, 1 ulp each
  EXPECT_THROW(f.values(std::vector<double>(5, -1.0)), BranchChanged);
}

TEST(Grouped, TakesWhatIsNoOperationOfTheTable) {
  const CustomOperation cube(
      "cube", 1, [](auto x) { return x[0] * x[0] * x[0]; }, [](auto x, double, auto out) { out[0] = 3 * x[0] * x[0]; });
  const Function f = record(
                         [&](const std::vector<Var>& x) {
                           Var sum = 0;
                           for (const Var& each : x) sum += cube(exp(each));
                           return sum;
                         },
                         std::vector<double>(6, 0.0))
                         .grouped();
  const std::vector<double> point = ramp(6, -1, 1), gradient = f.gradient(point);
  for (std::size_t k = 0; k < 6; ++k)
    EXPECT_NEAR(gradient[k], 3 * std::exp(3 * point[k]), 1e-14 * std::exp(3 * point[k]));  // exp and its cube: some ulps
}

TEST(Grouped, KeepsNamesPlacesAndOutputsAndEverythingElseThatAFunctionDoes) {
  const Function f = record(
      [](const std::vector<Var>& x) {
        std::vector<Var> y;
        for (std::size_t k = 0; k < x.size(); ++k) {
          Var here = exp(x[k]);
          here.tape()->set_name(here.index(), "e" + std::to_string(k));
          y.push_back(here * x[(k + 1) % x.size()]);
        }
        y.push_back(7);
        return y;
      },
      std::vector<double>(9, 0.5));
  const Function g = f.grouped();
  const std::vector<double> point = ramp(9, -2, 2);
  EXPECT_EQ(g.outputs(), 10u);
  EXPECT_EQ(g.values(point)[9], 7);
  std::vector<std::string> names;
  for (NodeId i = 0; i < g.tape().size(); ++i)
    if (g.tape()[i].op == Op::Exp) names.emplace_back(g.tape().name(i));
  EXPECT_THAT(names, testing::ElementsAre("e0", "e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8"));
  const DenseMatrix J = g.jacobian(point);
  for (std::size_t row = 0; row < 9; ++row)
    for (std::size_t column = 0; column < 9; ++column) {
      const double e = std::exp(point[row]);
      const double expected = (column == row ? e * point[(row + 1) % 9] : 0) + (column == (row + 1) % 9 ? e : 0);
      EXPECT_NEAR(J(row, column), expected, 1e-14) << row << ", " << column;  // numbers below 8, a few ulps
    }
  EXPECT_EQ(g.sparse_jacobian(point).value.size(), 18u);
  EXPECT_THAT(g.optimised().groups(), testing::IsEmpty());
}

TEST(Grouped, IsTheSameFunctionInBatchesAndSecondDerivatives) {
  const Function f = layer(20), g = f.grouped();
  std::vector<double> point = ramp(20, -1, 1);
  point.push_back(0.3);
  const DenseMatrix a = f.hessian(point), b = g.hessian(point);
  for (std::size_t k = 0; k < a.data.size(); ++k) EXPECT_NEAR(a.data[k], b.data[k], 1e-14);  // sums of 20 terms below 1
  const std::vector<double> weights = ramp(20, -1, 1), samples = ramp(500, -2, 2);
  const BatchResult p = mean_gradient(f, weights, samples), q = mean_gradient(g, weights, samples);
  for (std::size_t k = 0; k < 20; ++k) EXPECT_NEAR(p.gradient[k], q.gradient[k], 1e-14);
}

TEST(Grouped, TwoCallsGiveTheSameBitsAndTakeNoMemory) {
  const Function f = layer(100).grouped();
  std::vector<double> point = ramp(100, -1, 1);
  point.push_back(0.3);
  Workspace workspace;
  const auto first = f.gradient(point, workspace);
  const std::vector<double> kept(first.begin(), first.end());
  const double* const place = workspace.values.base();
  const auto second = f.gradient(point, workspace);
  EXPECT_EQ(kept, std::vector<double>(second.begin(), second.end()));
  EXPECT_EQ(place, workspace.values.base());
}

}  // namespace
