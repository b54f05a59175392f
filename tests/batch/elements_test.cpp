// Sums over elements against closed forms: graph Laplacians, springs, logistic regression, least squares.
#include "wengert/elements.hpp"

#include <gmock/gmock.h>

#include <Eigen/Dense>
#include <Eigen/SparseCholesky>
#include <cmath>
#include <numeric>
#include <vector>

#include "wengert/eigen.hpp"
#include "wengert/error.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace wengert;
using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

/// Edges i – (i + hop) of a ring, some twice, in an order that is none.
std::vector<int> ring(int n, std::size_t edges) {
  std::vector<int> result;
  for (std::size_t e = 0; e < edges; ++e) {
    const int i = static_cast<int>((e * 7919) % static_cast<std::size_t>(n));
    result.push_back(i);
    result.push_back((i + 1 + static_cast<int>(e % 3)) % n);
  }
  return result;
}
std::vector<double> point(std::size_t n) {
  std::vector<double> x(n);
  for (std::size_t k = 0; k < n; ++k) x[k] = std::sin(1.3 * static_cast<double>(k));
  return x;
}

// The sum of (x_i - x_j)^2 / 2 over the edges of a graph is x' L x / 2: gradient L x, Hessian L, the Laplacian of whole numbers.
TEST(Elements, OfTheEdgesOfAGraphGiveItsLaplacian) {
  const Function f = record([](Var a, Var b) { return 0.5 * (a - b) * (a - b); }, 0.0, 1.0);
  for (const std::size_t edges : {0u, 1u, 63u, 64u, 1000u, 65536u, 65537u, 150000u}) {
    const int n = 101;
    const std::vector<int> ends = ring(n, edges);
    const Elements elements = Elements::rows(ends, 2);
    std::vector<double> x = point(static_cast<std::size_t>(n)), laplacian_x(x.size(), 0.0);
    std::vector<double> degree(x.size(), 0.0);
    for (std::size_t e = 0; e < edges; ++e) {
      const auto i = static_cast<std::size_t>(ends[2 * e]), j = static_cast<std::size_t>(ends[2 * e + 1]);
      laplacian_x[i] += x[i] - x[j];
      laplacian_x[j] += x[j] - x[i];
      ++degree[i], ++degree[j];
    }
    double energy = 0;
    for (std::size_t i = 0; i < x.size(); ++i) energy += 0.5 * x[i] * laplacian_x[i];
    BatchResult one;
    for (const int threads : {1, 2, 3}) {
      const BatchResult sum = sum_gradient(f, x, elements, threads);
      if (threads == 1) one = sum;
      EXPECT_EQ(sum.value, one.value);
      EXPECT_EQ(sum.gradient, one.gradient);  // to the bit
      EXPECT_EQ(sum.count, edges);
    }
    const double terms = static_cast<double>(edges) + 1;  // sums of so many numbers of up to 2
    EXPECT_NEAR(one.value, energy, 2 * terms * 2.3e-16 * (std::abs(energy) + 1));
    for (std::size_t i = 0; i < x.size(); ++i)
      EXPECT_NEAR(one.gradient[i], laplacian_x[i], 2 * (degree[i] + 1) * degree[i] * 2.3e-16);
    if (edges > 1000) continue;
    const CompressedRows h = sum_hessian(f, x, elements);
    std::vector<double> dense(x.size() * x.size(), 0.0);
    for (std::size_t e = 0; e < edges; ++e) {
      const auto i = static_cast<std::size_t>(ends[2 * e]), j = static_cast<std::size_t>(ends[2 * e + 1]);
      dense[i * x.size() + i] += 1, dense[j * x.size() + j] += 1;
      dense[i * x.size() + j] -= 1, dense[j * x.size() + i] -= 1;
    }
    for (std::size_t i = 0; i < x.size(); ++i)
      for (std::size_t j = 0; j < x.size(); ++j) EXPECT_EQ(h(i, j), dense[i * x.size() + j]);
    EXPECT_EQ(h.row_begin.back(), static_cast<int>(h.column.size()));
  }
}

// Many slices, the last of them part of a block; entries of x are shared by elements far apart.
TEST(Elements, HaveTheSameMatricesToTheBitForAnyNumberOfThreads) {
  const Function f = record([](Var a, Var b) { return sin(a) * exp(b); }, 0.1, 0.2);
  const std::vector<double> x = point(257);
  const Elements elements = Elements::rows(ring(257, 30001), 2);
  const CompressedRows hessian = sum_hessian(f, x, elements, 1);
  const Residuals one = residuals(f, x, elements, 1);
  for (const int threads : {2, 3, 4}) {
    SCOPED_TRACE(testing::Message() << threads << " threads");
    EXPECT_EQ(sum_hessian(f, x, elements, threads).value, hessian.value);
    const Residuals r = residuals(f, x, elements, threads);
    EXPECT_EQ(r.values, one.values);
    EXPECT_EQ(r.jacobian.value, one.jacobian.value);
  }
  const auto edge = ring(257, 30001);
  const double a = x[static_cast<std::size_t>(edge[60000])], b = x[static_cast<std::size_t>(edge[60001])];
  EXPECT_NEAR(one.values.back(), std::sin(a) * std::exp(b), 8 * 2.3e-16);  // of the last element: two functions and a product
}

TEST(Elements, OneThatReadsAnEntryTwiceAddsBothDerivatives) {
  const Function product = record([](Var a, Var b) { return a * b; }, 1.0, 1.0);
  const std::vector<long long> same{1, 1};
  const std::vector<double> x{5, 3, 7};
  const Elements elements = Elements::rows(same, 2);
  const BatchResult sum = sum_gradient(product, x, elements);
  EXPECT_EQ(sum.value, 9);
  EXPECT_EQ(sum.gradient, (std::vector<double>{0, 6, 0}));
  EXPECT_EQ(sum_hessian(product, x, elements)(1, 1), 2);
  EXPECT_EQ(sum_hessian(product, x, elements)(0, 1), 0);
  const Residuals r = residuals(product, x, elements);
  EXPECT_EQ(r.jacobian.value, (std::vector<double>{6}));
  // nothing stays of the call before, in which the partials were others
  ElementResiduals again(product, elements, x.size());
  EXPECT_EQ(again(std::vector<double>{5, 10, 7}).jacobian.value, (std::vector<double>{20}));
  EXPECT_EQ(again(x).jacobian.value, (std::vector<double>{6}));
}

// Logistic regression: gradient sum (s(w.z) - y) z, Hessian sum s (1 - s) z z'.
TEST(Elements, WithDataAreALikelihood) {
  const std::size_t count = 5000;
  std::vector<double> data;
  std::vector<int> indices;
  for (std::size_t k = 0; k < count; ++k) {
    data.push_back(std::sin(0.1 * static_cast<double>(k)));
    data.push_back(k % 3 == 0 ? 1 : 0);
    indices.push_back(0);
    indices.push_back(1 + static_cast<int>(k % 4));
  }
  const Function loss = record(
      [](Var slope, Var offset, Var z, Var y) {
        const Var u = slope * z + offset;
        return log1p(exp(u)) - y * u;
      },
      0.1, 0.1, 0.5, 1.0);
  const std::vector<double> x{0.4, 0.1, -0.2, 0.3, 0};
  const Elements rows = Elements::rows(indices, 2);
  std::vector<double> gradient(5, 0.0), by_slope(5, 0.0);
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t group = 1 + k % 4;
    const double s = 1 / (1 + std::exp(-(x[0] * data[2 * k] + x[group])));
    gradient[0] += (s - data[2 * k + 1]) * data[2 * k];
    gradient[group] += s - data[2 * k + 1];
    by_slope[0] += s * (1 - s) * data[2 * k] * data[2 * k];
    by_slope[group] += s * (1 - s) * data[2 * k];
  }
  const Samples in_rows = Samples::rows(data, 2);
  const Samples made = Samples::generated(count, 2, [&](std::size_t first, std::size_t n, double* const* columns) {
    for (std::size_t k = 0; k < n; ++k) columns[0][k] = data[2 * (first + k)], columns[1][k] = data[2 * (first + k) + 1];
  });
  const BatchResult sum = sum_gradient(loss, x, rows, in_rows);
  EXPECT_EQ(sum_gradient(loss, x, rows, made).gradient, sum.gradient);
  const BatchResult mean = mean_gradient(loss, x, rows, in_rows);
  const CompressedRows h = sum_hessian(loss, x, rows, in_rows);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_NEAR(sum.gradient[i], gradient[i], 5000 * 5000 * 1.2e-16 * 0.5);  // sums of 5000 numbers below 1
    EXPECT_DOUBLE_EQ(mean.gradient[i], sum.gradient[i] / 5000);
    EXPECT_NEAR(h(0, i), by_slope[i], 1e-9);
    EXPECT_EQ(h(0, i), h(i, 0));
  }
  EXPECT_EQ(h(1, 2), 0);
  EXPECT_EQ(h.column.size(), 5u + 4 * 2);
}

TEST(Elements, RefusesWhatDoesNotFitBeforeAnythingRuns) {
  const std::vector<double> x{1, 2, 3};
  const Function f = record([](Var a, Var b) { return a * b; }, 1.0, 1.0);
  // 2^32 + 1 is not 1
  EXPECT_THAT([&] { Elements::rows(std::vector<std::int64_t>{0, 4294967297}, 2); },
              ThrowsMessage<ShapeMismatch>(AllOf(HasSubstr("4294967297"), HasSubstr("column 1"))));
  EXPECT_EQ(Elements::rows(std::vector<std::int64_t>{0, 4294967295}, 2).index(0, 1), 4294967295u);
  EXPECT_THAT([&] { Elements::rows(std::vector<int>{0, 1, 2}, 2); }, ThrowsMessage<ShapeMismatch>(HasSubstr("3 indices")));
  EXPECT_THAT([&] { Elements::columns(std::vector<int>{0, 1, -2, 2}, 2); },
              ThrowsMessage<ShapeMismatch>(AllOf(HasSubstr("-2"), HasSubstr("element 0"), HasSubstr("column 1"))));
  const Elements beyond = Elements::rows(std::vector<std::int64_t>{0, 1, 2, 1, 3, 0}, 2);
  const auto says = [](const char* text) { return ThrowsMessage<ShapeMismatch>(HasSubstr(text)); };
  EXPECT_THAT([&] { sum_gradient(f, x, beyond); }, says("index 3 of element 2 in column 0 is beyond the 3 entries of x"));
  EXPECT_THAT([&] { ElementResiduals(f, beyond, 3); }, says("residuals: index 3 of element 2"));
  EXPECT_THAT([&] { ElementHessian(f, beyond, 3); }, says("ElementHessian: index 3 of element 2"));
  const Elements triples = Elements::rows(std::vector<int>{0, 1, 2}, 3);
  EXPECT_THAT([&] { ElementHessian(f, triples, 3); }, says("takes 2 inputs, but elements have 3 indices"));
  const Function two_outputs = record([](Var a, Var b) { return std::array{a, b}; }, 1.0, 1.0);
  EXPECT_THAT([&] { sum_gradient(two_outputs, x, Elements::rows(std::vector<int>{0, 1}, 2)); }, says("f.output(k)"));
  const Elements good = Elements::rows(std::vector<int>{0, 1, 2, 0}, 2);
  EXPECT_THROW(sum_gradient(f, x, good, Samples(std::vector<double>{1})), ShapeMismatch);
  const std::vector<double> two{1, 2};
  EXPECT_THROW(sum_gradient(f, x, good, Samples(two)), ShapeMismatch);  // one input too many
  EXPECT_THROW(mean_gradient(f, x, Elements::rows(std::vector<int>(), 2)), ShapeMismatch);
  const Function branch = record([](Var a) { return a > 0 ? a : -a; }, 1.0);
  const Elements each = Elements::rows(std::vector<int>{0, 1}, 1);
  EXPECT_THAT([&] { sum_gradient(branch, std::vector<double>{1, -1}, each); },
              ThrowsMessage<BranchChanged>(AllOf(HasSubstr("sample 1"), HasSubstr("element 0"))));
}

// Of residuals x_i - x_j - 1 over the edges, J is the incidence matrix and J'J the Laplacian: all of it whole numbers, so exact,
// loops too, whose two partials cancel.
TEST(Elements, NormalEquationsOfAGraphAreItsLaplacian) {
  const Function g = record([](Var a, Var b) { return std::array{a - b - 1, 2 * (b - a)}; }, 0.0, 1.0);
  const Function one_output = record([](Var a, Var b) { return a - b - 1; }, 0.0, 1.0);
  for (const std::size_t edges : {0u, 1u, 1000u, 70001u}) {
    const int n = 101;
    std::vector<int> ends = ring(n, edges);
    if (edges > 1) ends[1] = ends[0];
    const Elements elements = Elements::rows(ends, 2);
    std::vector<double> x, gradient(101, 0.0), dense(101 * 101, 0.0);
    for (std::size_t k = 0; k < 101; ++k) x.push_back(static_cast<double>(k * k % 17));
    double value = 0;
    for (std::size_t e = 0; e < edges; ++e) {
      const auto i = static_cast<std::size_t>(ends[2 * e]), j = static_cast<std::size_t>(ends[2 * e + 1]);
      const double first = x[i] - x[j] - 1, second = 2 * (x[j] - x[i]);
      value += (first * first + second * second) / 2;
      gradient[i] += first - 2 * second, gradient[j] += 2 * second - first;
      dense[i * 101 + i] += 5, dense[j * 101 + j] += 5, dense[i * 101 + j] -= 5, dense[j * 101 + i] -= 5;
    }
    for (const int threads : {1, 2, 3}) {
      const NormalEquations normal = normal_equations(g, x, elements, threads);
      EXPECT_EQ(normal.value, value);
      EXPECT_EQ(normal.gradient, gradient);
      for (std::size_t i = 0; i < 101; ++i)
        for (std::size_t j = 0; j < 101; ++j) ASSERT_EQ(normal.matrix(i, j), dense[i * 101 + j]) << i << ' ' << j;
    }
    ElementNormalEquations again(g, elements, x.size());
    again(std::vector<double>(101, 3.0));
    const CompressedRows& matrix = again(x).matrix;  // nothing stays of the call before
    EXPECT_EQ(again(x).gradient, gradient);
    EXPECT_EQ(again(x).value, value);
    for (std::size_t i = 0; i < 101; ++i) ASSERT_EQ(matrix(i, i), dense[i * 102]);
  }
  const std::vector<double> x{1, 2, 3};
  const Elements pair = Elements::rows(std::vector<int>{0, 2}, 2);
  EXPECT_THAT([&] { ElementNormalEquations(one_output, pair, 3)(std::vector<double>{1, 2}); },
              ThrowsMessage<ShapeMismatch>(HasSubstr("x has 2 entries, the pattern was made for 3")));
  EXPECT_THAT([&] { normal_equations(one_output, x, Elements::rows(std::vector<int>{0, 3}, 2)); },
              ThrowsMessage<ShapeMismatch>(AllOf(HasSubstr("normal_equations"), HasSubstr("index 3"))));
  EXPECT_THROW(normal_equations(one_output, x, pair, -1), ShapeMismatch);
}

// A line through points, by Gauss and Newton, which is exact in one step: compared with the normal equations.
TEST(Elements, ResidualsAreLeastSquares) {
  const std::size_t count = 100;
  std::vector<double> data;
  for (std::size_t k = 0; k < count; ++k) {
    const double t = 0.1 * static_cast<double>(k);
    data.push_back(t);
    data.push_back(2 * t - 3 + std::sin(9 * t));
  }
  const Function g =
      record([](Var slope, Var offset, Var t, Var y) { return std::array{slope * t + offset - y, 0.1 * slope}; }, 1., 1., 1., 1.);
  const Elements all = Elements::columns(
      [&] {
        std::vector<int> indices(2 * count, 0);
        std::fill(indices.begin() + static_cast<std::ptrdiff_t>(count), indices.end(), 1);
        return indices;
      }(),
      2);
  const std::vector<double> x{0.5, 0.5};
  const Residuals r = residuals(g, x, all, Samples::rows(data, 2));
  ASSERT_EQ(r.values.size(), 2 * count);
  ASSERT_EQ(r.jacobian.rows, 2 * count);
  EXPECT_EQ(r.jacobian.column.size(), 4 * count);
  for (std::size_t k = 0; k < count; ++k) {
    EXPECT_DOUBLE_EQ(r.values[2 * k], 0.5 * data[2 * k] + 0.5 - data[2 * k + 1]);
    EXPECT_EQ(r.jacobian(2 * k, 0), data[2 * k]);
    EXPECT_EQ(r.jacobian(2 * k, 1), 1);
    EXPECT_EQ(r.values[2 * k + 1], 0.05);
    EXPECT_EQ(r.jacobian(2 * k + 1, 0), 0.1);
    EXPECT_EQ(r.jacobian(2 * k + 1, 1), 0);
  }
  const auto J = as_eigen(r.jacobian);
  const Eigen::Map<const Eigen::VectorXd> values(r.values.data(), static_cast<Eigen::Index>(r.values.size()));
  const Eigen::MatrixXd normal = (J.transpose() * J).toDense();
  const Eigen::VectorXd step = normal.ldlt().solve(-J.transpose() * values);
  const NormalEquations direct = normal_equations(g, x, all, Samples::rows(data, 2));
  const double rounding = 200 * 2.3e-16 * 3300;  // sums of two hundred numbers that stay below 3300
  EXPECT_NEAR(direct.value, values.squaredNorm() / 2, rounding);
  for (Eigen::Index i = 0; i < 2; ++i) {
    const auto row = static_cast<std::size_t>(i);
    EXPECT_NEAR(direct.gradient[row], (J.transpose() * values)[i], rounding);
    for (Eigen::Index j = 0; j < 2; ++j) EXPECT_NEAR(direct.matrix(row, static_cast<std::size_t>(j)), normal(i, j), rounding);
  }
  // by hand: the sums of the normal equations
  double tt = 0.01 * count, t1 = 0, ty = 0, y1 = 0;
  for (std::size_t k = 0; k < count; ++k) {
    tt += data[2 * k] * data[2 * k], t1 += data[2 * k], ty += data[2 * k] * data[2 * k + 1], y1 += data[2 * k + 1];
  }
  const double determinant = tt * count - t1 * t1;
  EXPECT_NEAR(x[0] + step[0], (ty * count - t1 * y1) / determinant, 1e-12);
  EXPECT_NEAR(x[1] + step[1], (tt * y1 - t1 * ty) / determinant, 1e-12);
}

// A hanging chain of springs: Newton with Eigen's sparse solver finds the rest position, which statics knows.
TEST(Elements, NewtonFindsTheRestOfAHangingChain) {
  const std::size_t n = 50;
  std::vector<int> ends;
  for (int i = 0; i + 1 < static_cast<int>(n); ++i) ends.insert(ends.end(), {i, i + 1});
  const double stiffness = 1000, weight = 0.5;
  const Function spring =
      record([&](Var a, Var b) { return 0.5 * stiffness * (b - a - 1) * (b - a - 1) - weight * b; }, 0.0, 1.0);
  const Elements springs = Elements::rows(ends, 2);
  std::vector<double> x(n, 0.0);
  ElementHessian hessian(spring, springs, n);
  for (int iteration = 0; iteration < 2; ++iteration) {
    const BatchResult energy = sum_gradient(spring, x, springs);
    Eigen::SparseMatrix<double> h = as_eigen(hessian(x));
    h.coeffRef(0, 0) += 1e9;  // the first one is held
    const Eigen::Map<const Eigen::VectorXd> force(energy.gradient.data(), static_cast<Eigen::Index>(n));
    const Eigen::VectorXd step = Eigen::SimplicialLDLT<Eigen::SparseMatrix<double>>(h).solve(-force);
    for (std::size_t i = 0; i < n; ++i) x[i] += step[static_cast<Eigen::Index>(i)];
  }
  // spring i carries the weights below it
  double position = x[0];
  for (std::size_t i = 1; i < n; ++i) {
    position += 1 + weight * static_cast<double>(n - i) / stiffness;
    EXPECT_NEAR(x[i], position, 1e-8);
  }
}

TEST(Function, OnVariablesIsAppendedToTheirTape) {
  const Function f = record([](Var x, Var y) { return x > 0 ? sin(x) * y : y; }, 1.0, 2.0);
  Tape tape;
  const Var u = tape.variable(0.5), v = tape.variable(3);
  const Var t = f(u, v) + f(v, 2);
  EXPECT_DOUBLE_EQ(t.value(), 3 * std::sin(0.5) + 2 * std::sin(3));
  EXPECT_DOUBLE_EQ(gradient(t).wrt(v), std::sin(0.5) + 2 * std::cos(3));
  EXPECT_EQ(tape.guards().size(), 2u);
  EXPECT_THROW(f(-u, v), BranchChanged);
  EXPECT_DOUBLE_EQ(f.derivative().values(std::vector<Var>{u, v})[2].value(), std::sin(0.5));
}

}  // namespace
