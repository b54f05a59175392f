// Fused functions over elements, against closed forms and against recorded ones.
#include "wengert/fused_elements.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "wengert/error.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace wengert;
using testing::HasSubstr;
using testing::ThrowsMessage;

std::vector<double> waves(std::size_t n, double frequency) {
  std::vector<double> x(n);
  for (std::size_t k = 0; k < n; ++k) x[k] = std::sin(frequency * static_cast<double>(k));
  return x;
}

constexpr auto half_square = fuse([](auto a, auto b) { return 0.5 * (a - b) * (a - b); });

// The sum of (x_i - x_j)^2 / 2 over the edges of a graph: gradient L x, Hessian L, of whole numbers here, at sizes around a
// vector, a block, a chunk and a slice.
TEST(FusedElements, OfTheEdgesOfAGraphGiveItsLaplacian) {
  constexpr std::size_t n = 37;
  std::vector<double> x(n);
  for (std::size_t k = 0; k < n; ++k) x[k] = static_cast<double>((k * k) % 23);
  for (const std::size_t edges : {0u, 1u, 7u, 8u, 9u, 255u, 256u, 257u, 2049u, 8191u, 8193u, 30001u}) {
    std::vector<int> ends;
    std::vector<double> gradient(n, 0.0), laplacian(n * n, 0.0);
    double energy = 0;
    for (std::size_t e = 0; e < edges; ++e) {
      const std::size_t i = (e * 7919) % n, j = (i + 1 + e % 5) % n;
      ends.push_back(static_cast<int>(i));
      ends.push_back(static_cast<int>(j));
      energy += 0.5 * (x[i] - x[j]) * (x[i] - x[j]);
      gradient[i] += x[i] - x[j];
      gradient[j] += x[j] - x[i];
      laplacian[i * n + i] += 1, laplacian[j * n + j] += 1, laplacian[i * n + j] -= 1, laplacian[j * n + i] -= 1;
    }
    const Elements elements = Elements::rows(ends, 2);
    for (const int threads : {1, 2, 3}) {
      const BatchResult sum = sum_gradient(half_square, x, elements, threads);
      ASSERT_EQ(sum.value, energy) << edges;
      ASSERT_EQ(sum.gradient, gradient) << edges;
      ASSERT_EQ(sum.count, edges);
      const CompressedRows h = sum_hessian(half_square, x, elements, threads);
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j) ASSERT_EQ(h(i, j), laplacian[i * n + j]) << edges;
    }
  }
}

// Calls of kernels (log1p, exp), select, and data: the log-likelihood of a logistic model of two weights, one of them shared out
// among many elements. Gradient and Hessian in closed form: sum of (p - y) a_i and of p (1 - p) a_i a_j.
constexpr auto loss = fuse([](auto w, auto v, auto a, auto y) {
  const auto score = w * a + v;
  return select(score > 0, score + log1p(exp(-score)), log1p(exp(score))) - y * score;
});
TEST(FusedElements, LogisticRegression) {
  constexpr std::size_t rows = 5000, groups = 7;
  const std::vector<double> x = waves(1 + groups, 2.1);
  std::vector<long> indices;
  std::vector<double> data;
  std::vector<double> gradient(x.size(), 0.0);
  double value = 0, curvature = 0;
  for (std::size_t e = 0; e < rows; ++e) {
    const std::size_t group = 1 + e % groups;
    const double a = 3 * std::sin(0.7 * static_cast<double>(e)), y = e % 3 == 0 ? 1 : 0;
    indices.push_back(0), indices.push_back(static_cast<long>(group));
    data.push_back(a), data.push_back(y);
    const double score = x[0] * a + x[group], p = 1 / (1 + std::exp(-score));
    value += std::log1p(std::exp(-std::fabs(score))) + (score > 0 ? score : 0) - y * score;
    gradient[0] += (p - y) * a;
    gradient[group] += p - y;
    curvature += p * (1 - p) * a * a;
  }
  const Elements elements = Elements::rows(indices, 2);
  const Samples samples = Samples::rows(data, 2);
  const BatchResult sum = sum_gradient(loss, x, elements, samples), mean = mean_gradient(loss, x, elements, samples);
  // 5,000 terms of order 1, each good to some ulps: 1e-12 leaves room for their sum in another order
  EXPECT_NEAR(sum.value, value, 1e-12 * rows);
  for (std::size_t k = 0; k < x.size(); ++k) EXPECT_NEAR(sum.gradient[k], gradient[k], 1e-12 * rows);
  EXPECT_DOUBLE_EQ(mean.value, sum.value / rows);
  EXPECT_DOUBLE_EQ(mean.gradient[1], sum.gradient[1] / rows);
  ElementHessian hessian(loss, elements, x.size());
  EXPECT_NEAR(hessian(x, samples)(0, 0), curvature, 1e-12 * rows);
  EXPECT_EQ(hessian(x, samples)(0, 3), hessian(x, samples)(3, 0));
  EXPECT_EQ(hessian(x, samples)(1, 2), 0);
  // data made when it is asked for
  const Samples made = Samples::generated(rows, 2, [&](std::size_t first, std::size_t count, double* const* columns) {
    for (std::size_t k = 0; k < count; ++k) columns[0][k] = data[2 * (first + k)], columns[1][k] = data[2 * (first + k) + 1];
  });
  EXPECT_EQ(sum_gradient(loss, x, elements, made).gradient, sum.gradient);
}

// A camera of six parameters looks at a point of three: two residuals, arrays, data. Against the recorded function.
constexpr auto reprojection = [](const auto& camera, const auto& point, const auto& seen) {
  const auto x = point[0] + camera[0] + camera[3] * point[1] * camera[4], y = point[1] + camera[1] - camera[3] * point[0],
             z = point[2] + camera[2] + 4.0;
  const auto u = x / z, v = y / z, r2 = u * u + v * v, scale = camera[5] * (1.0 + camera[4] * r2);
  return std::array{scale * u - seen[0], scale * v - seen[1]};
};
TEST(FusedElements, ResidualsOfCallablesThatTakeArrays) {
  constexpr std::size_t cameras = 4, points = 300, observations = 1000;
  const std::vector<double> x = waves(6 * cameras + 3 * points, 0.37), seen = waves(2 * observations, 1.1);
  std::vector<unsigned> indices;
  for (std::size_t e = 0; e < observations; ++e) {
    for (std::size_t k = 0; k < 6; ++k) indices.push_back(static_cast<unsigned>(6 * (e % cameras) + k));
    for (std::size_t k = 0; k < 3; ++k) indices.push_back(static_cast<unsigned>(6 * cameras + 3 * ((e * 7) % points) + k));
  }
  const Elements elements = Elements::rows(indices, 9);
  const Samples data = Samples::rows(seen, 2);
  const Function recorded = record(reprojection, std::array<double, 6>{}, std::array<double, 3>{}, std::array<double, 2>{});
  const auto fused = fuse(reprojection, Shape<6, 3, 2>());
  const Residuals expected = residuals(recorded, x, elements, data), r = residuals(fused, x, elements, data),
                  by_three = residuals(fused, x, elements, data, 3);
  ASSERT_EQ(r.values.size(), 2 * observations);
  EXPECT_EQ(r.jacobian.row_begin, expected.jacobian.row_begin);
  EXPECT_EQ(r.jacobian.column, expected.jacobian.column);
  // some 30 operations on numbers of order 1, in another order
  for (std::size_t k = 0; k < r.values.size(); ++k) ASSERT_NEAR(r.values[k], expected.values[k], 1e-14);
  for (std::size_t k = 0; k < r.jacobian.value.size(); ++k)
    ASSERT_NEAR(r.jacobian.value[k], expected.jacobian.value[k], 1e-13 * (1 + std::fabs(expected.jacobian.value[k])));
  // differentiated in what is gathered alone: the same numbers
  const Residuals gathered = residuals(fuse(reprojection, Shape<6, 3, 2>()).gathering<9>(), x, elements, data);
  EXPECT_EQ(gathered.values, r.values);
  EXPECT_EQ(gathered.jacobian.value, r.jacobian.value);
  EXPECT_THAT([&] { residuals(fuse(reprojection, Shape<6, 3, 2>()).gathering<6>(), x, elements, data); },
              ThrowsMessage<ShapeMismatch>(HasSubstr("elements have 9 indices, but the function is given as gathering 6")));
  EXPECT_EQ(r.values, by_three.values);
  EXPECT_EQ(r.jacobian.value, by_three.jacobian.value);
  // J'J and J'r without J, against the products of it; a sum has at most 500 terms of up to 20
  const NormalEquations normal = normal_equations(fused.gathering<9>(), x, elements, data, 1);
  std::vector<double> gradient(x.size(), 0.0);
  CompressedRows squares = normal.matrix;
  std::fill(squares.value.begin(), squares.value.end(), 0.0);
  const auto entry = [&](int row, int column) -> double& {
    const auto begin = squares.column.begin() + squares.row_begin[static_cast<std::size_t>(row)];
    const auto end = squares.column.begin() + squares.row_begin[static_cast<std::size_t>(row) + 1];
    return squares.value[static_cast<std::size_t>(std::lower_bound(begin, end, column) - squares.column.begin())];
  };
  const CompressedRows& j = r.jacobian;
  for (std::size_t row = 0; row < j.rows; ++row)
    for (int a = j.row_begin[row]; a < j.row_begin[row + 1]; ++a) {
      const auto at = static_cast<std::size_t>(a);
      gradient[static_cast<std::size_t>(j.column[at])] += j.value[at] * r.values[row];
      for (int b = j.row_begin[row]; b < j.row_begin[row + 1]; ++b)
        entry(j.column[at], j.column[static_cast<std::size_t>(b)]) += j.value[at] * j.value[static_cast<std::size_t>(b)];
    }
  for (std::size_t k = 0; k < x.size(); ++k) EXPECT_NEAR(normal.gradient[k], gradient[k], 1e-11);
  for (std::size_t k = 0; k < squares.value.size(); ++k) ASSERT_NEAR(normal.matrix.value[k], squares.value[k], 1e-11);
  EXPECT_EQ(normal_equations(fused, x, elements, data, 3).matrix.value, normal.matrix.value);
}

// A Hessian in two inputs of four, beside data.
TEST(FusedElements, HessianInWhatIsGathered) {
  constexpr auto f =
      fuse([](const auto& x, const auto& data) { return data[0] * x[0] * x[0] * x[1] + data[1] * x[1] * x[1]; }, Shape<2, 2>());
  const std::vector<double> x{2, 3, 5}, data{1, 2, 4, 8};
  const Elements elements = Elements::rows(std::vector{0, 1, 1, 2}, 2);
  const Samples samples = Samples::rows(data, 2);
  for (const CompressedRows& h : {sum_hessian(f.gathering<2>(), x, elements, samples), sum_hessian(f, x, elements, samples)}) {
    EXPECT_EQ(h(0, 0), 2 * 1 * 3);
    EXPECT_EQ(h(0, 1), 2 * 1 * 2);
    EXPECT_EQ(h(1, 1), 2 * 2 + 2 * 4 * 5);
    EXPECT_EQ(h(1, 2), 2 * 4 * 3);
    EXPECT_EQ(h(2, 2), 2 * 8);
    EXPECT_EQ(h(0, 2), 0);
  }
}

TEST(FusedElements, OneThatReadsAnEntryTwiceAddsBothDerivatives) {
  constexpr auto product = fuse([](auto a, auto b) { return a * b; });
  const std::vector<double> x{5, 3, 7};
  const Elements elements = Elements::rows(std::vector{1, 1}, 2);
  EXPECT_EQ(sum_gradient(product, x, elements).gradient, (std::vector<double>{0, 6, 0}));
  EXPECT_EQ(sum_hessian(product, x, elements)(1, 1), 2);
}

// Runs of elements that read the same entries: what depends on these alone is computed once, and the sum is the same, for any
// number of threads, with runs of one element and of thousands, and data in any layout.
TEST(FusedElements, RunsOfElementsAlike) {
  constexpr auto f = fuse([](auto mu, auto sigma, auto eps) { return log(sigma) * eps + mu * exp(sigma * eps); });
  const Function recorded =
      record([](Var mu, Var sigma, Var eps) { return log(sigma) * eps + mu * exp(sigma * eps); }, 0.5, 1.0, 0.1);
  const std::vector<double> x{0.3, -1.2, 0.8, 1.5, 0.7, 1.1};
  std::vector<int> indices;
  int d = 0;
  for (const std::size_t length : {1u, 700u, 33u, 5000u, 1u, 64u}) {
    d = (d + 1) % 3;
    for (std::size_t k = 0; k < length; ++k) indices.insert(indices.end(), {d, 3 + d});
  }
  const std::size_t count = indices.size() / 2;
  const std::vector<double> eps = waves(count, 0.77);
  const Elements elements = Elements::rows(indices, 2);
  ASSERT_EQ(elements.runs().size(), 7u);
  double value = 0;
  std::vector<double> gradient(x.size(), 0.0);
  for (std::size_t e = 0; e < count; ++e) {
    const auto mu = static_cast<std::size_t>(indices[2 * e]), sigma = static_cast<std::size_t>(indices[2 * e + 1]);
    const double power = std::exp(x[sigma] * eps[e]);
    value += std::log(x[sigma]) * eps[e] + x[mu] * power;
    gradient[mu] += power;
    gradient[sigma] += eps[e] / x[sigma] + x[mu] * eps[e] * power;
  }
  const Samples made = Samples::generated(
      count, 1, [&](std::size_t first, std::size_t n, double* const* columns) { std::copy_n(&eps[first], n, columns[0]); });
  const BatchResult one = sum_gradient(f.gathering<2>(), x, elements, Samples(eps), 1);
  for (const BatchResult& sum :
       {one, sum_gradient(f, x, elements, Samples(eps)), sum_gradient(recorded, x, elements, Samples(eps)),
        sum_gradient(f.gathering<2>(), x, elements, made)}) {
    EXPECT_EQ(sum.count, count);
    EXPECT_NEAR(sum.value, value, 1e-12 * static_cast<double>(count));  // terms of order 1, in another order
    for (std::size_t k = 0; k < x.size(); ++k) EXPECT_NEAR(sum.gradient[k], gradient[k], 1e-12 * static_cast<double>(count));
  }
  for (const int threads : {2, 3})
    EXPECT_EQ(sum_gradient(f.gathering<2>(), x, elements, Samples(eps), threads).gradient, one.gradient);
  EXPECT_TRUE(Elements::rows(std::vector{0, 1, 0, 2, 0, 1}, 2).runs().empty());
}

// Infinite and undefined terms arrive, and only where they belong.
TEST(FusedElements, SpecialValues) {
  constexpr auto ratio = fuse([](auto a, auto b) { return a / b; });
  const std::vector<double> x{1, 0, 2, 4};
  const Elements elements = Elements::rows(std::vector{0, 1, 2, 3}, 2);
  const BatchResult sum = sum_gradient(ratio, x, elements);
  EXPECT_EQ(sum.value, INFINITY);
  EXPECT_EQ(sum.gradient[0], INFINITY);
  EXPECT_EQ(sum.gradient[2], 0.25);
  EXPECT_EQ(sum.gradient[3], -0.125);
}

TEST(FusedElements, RefusesWhatDoesNotFit) {
  const std::vector<double> x{1, 2, 3};
  EXPECT_THAT([&] { sum_gradient(half_square, x, Elements::rows(std::vector{0, 3}, 2)); },
              ThrowsMessage<ShapeMismatch>(HasSubstr("index 3 of element 0 in column 1 is beyond the 3 entries of x")));
  EXPECT_THAT([&] { sum_gradient(half_square, x, Elements::rows(std::vector{0, 1, 2}, 3)); },
              ThrowsMessage<ShapeMismatch>(HasSubstr("the function takes 2 inputs, but elements have 3 indices")));
  EXPECT_THAT([&] { sum_hessian(half_square, x, Elements::rows(std::vector{0, 1, 2}, 3)); },
              ThrowsMessage<ShapeMismatch>(HasSubstr("the function takes 2 inputs, but elements have 3 indices")));
  EXPECT_THROW(mean_gradient(half_square, x, Elements::rows(std::vector<int>{}, 2)), ShapeMismatch);
}

}  // namespace
