// Jacobians and Hessians of recorded functions, dense and sparse, many directions at a time: held against closed forms, and
// against one direction at a time.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

#include "support/allocations.hpp"
#include "support/parity_functions.hpp"
#include "wengert/custom.hpp"
#include "wengert/error.hpp"
#include "wengert/function.hpp"
#include "wengert/fuse.hpp"
#include "wengert/instruction_set.hpp"
#include "wengert/reductions.hpp"

namespace {

using namespace wengert;
using ::testing::ElementsAre;

std::vector<double> unit(std::size_t n, std::size_t k) {
  std::vector<double> v(n);
  v[k] = 1;
  return v;
}

/// The Hessian as it comes from one product with a direction after the other.
DenseMatrix hessian_by_columns(const Function& f, const std::vector<double>& x) {
  DenseMatrix result(x.size(), x.size());
  for (std::size_t j = 0; j < x.size(); ++j) {
    const auto column = f.hessian_vector(x, unit(x.size(), j));
    for (std::size_t i = 0; i < x.size(); ++i) result(i, j) = column[i];
  }
  return result;
}

DenseMatrix dense(const CompressedRows& sparse) {
  DenseMatrix result(sparse.rows, sparse.columns);
  for (std::size_t i = 0; i < sparse.rows; ++i)
    for (std::size_t j = 0; j < sparse.columns; ++j) result(i, j) = sparse(i, j);
  return result;
}

template <class Shape>
class DirectionsOf : public ::testing::Test {};
using Shapes = ::testing::Types<Polynomial, Quotient, Exponentials, Logarithms, Roots, Powers, ConstantPowers, Trigonometry,
                                InverseTrigonometry, Hyperbolic, InverseHyperbolic, ErrorFunctions, Lengths, Extremes, Roundings,
                                Choice, Fma, Detached>;
TYPED_TEST_SUITE(DirectionsOf, Shapes);

/// Equal within roundings of the terms, which are as large as the largest entry.
void expect_same(const DenseMatrix& a, const DenseMatrix& b) {
  ASSERT_EQ(a.data.size(), b.data.size());
  double largest = 0;
  for (const double entry : b.data)
    if (std::isfinite(entry)) largest = std::max(largest, std::abs(entry));
  for (std::size_t k = 0; k < a.data.size(); ++k)
    EXPECT_TRUE(std::abs(a.data[k] - b.data[k]) <= 16 * 2.3e-16 * largest || same(a.data[k], b.data[k], 16))
        << "entry " << k << ": " << a.data[k] << ", not " << b.data[k];
}

// Kinks and edges of domains: the rule of the zero adjoint holds in all directions as in one. (Where the gradient is not finite,
// a product with a direction may miss an entry that has no number, or find one where there is none.)
TYPED_TEST(DirectionsOf, AHessianIsItsProductsWithDirections) {
  const Function f = record(TypeParam{}, 0.3, 0.4);
  for (const double x : parity_points)
    for (const double y : parity_points) {
      SCOPED_TRACE(::testing::Message() << "at (" << x << ", " << y << ')');
      const auto gradient = f.gradient(x, y);
      if (!std::isfinite(f(x, y) + gradient[0] + gradient[1])) continue;
      const DenseMatrix h = f.hessian(std::array{x, y});
      expect_same(h, hessian_by_columns(f, {x, y}));
      DenseMatrix mirrored = h;
      mirrored(1, 0) = mirrored(0, 1);
      expect_same(dense(f.sparse_hessian(std::array{x, y})), mirrored);
    }
}

// Nine outputs of two inputs go by tangents, two of nine by adjoints; where a partial is infinite, always by adjoints.
TYPED_TEST(DirectionsOf, AJacobianIsWhatItsRowsPullBack) {
  const auto nine = [](auto x, auto y) {
    std::vector<Var> outputs;
    for (int k = 0; k < 9; ++k) outputs.push_back((k + 1) * TypeParam{}(x, y) - k * x);
    return outputs;
  };
  const Function f = record(nine, 0.3, 0.4);
  for (const double x : parity_points)
    for (const double y : parity_points) {
      SCOPED_TRACE(::testing::Message() << "at (" << x << ", " << y << ')');
      DenseMatrix rows(9, 2);
      for (std::size_t i = 0; i < 9; ++i) {
        const auto row = f.pull_back(unit(9, i), std::array{x, y});
        std::copy(row.begin(), row.end(), &rows(i, 0));
      }
      expect_same(f.jacobian(std::array{x, y}), rows);
      expect_same(dense(f.sparse_jacobian(std::array{x, y})), rows);
    }
}

// -- closed forms, at sizes that people have

/// 1,000 numbers in [0.5, 1.5], times a scale.
std::vector<double> thousand(double scale) {
  std::vector<double> x(1000);
  for (std::size_t k = 0; k < x.size(); ++k) x[k] = scale * (0.5 + static_cast<double>(k * 7919 % 1000) / 1000);
  return x;
}

// Broyden's tridiagonal function (Moré, Garbow and Hillstrom, number 30): r_i = (3 - 2 x_i) x_i - x_{i-1} - 2 x_{i+1} + 1.
TEST(SparseJacobian, OfATridiagonalFunctionTakesThreeColours) {
  const auto x = thousand(1);
  const Function f = record(
      [](const std::vector<Var>& v) {
        std::vector<Var> r;
        for (std::size_t i = 0; i < v.size(); ++i) {
          Var sum = (3 - 2 * v[i]) * v[i] + 1;
          if (i > 0) sum -= v[i - 1];
          if (i + 1 < v.size()) sum -= 2 * v[i + 1];
          r.push_back(sum);
        }
        return r;
      },
      x);
  const CompressedRows j = f.sparse_jacobian(x);
  ASSERT_EQ(j.value.size(), 3 * x.size() - 2);
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_NEAR(j(i, i), 3 - 4 * x[i], 4 * 2.3e-16);  // two products and a sum of numbers up to 3
    EXPECT_EQ(i > 0 ? j(i, i - 1) : -1, -1);
    EXPECT_EQ(i + 1 < x.size() ? j(i, i + 1) : -2, -2);
  }
  EXPECT_EQ(j.directions, 3u);
  EXPECT_EQ(f.jacobian(x), dense(j));  // each entry is one product, in one sweep as in many
}

// A row that reads everything asks for rows, a column that all read asks for columns.
TEST(SparseJacobian, OfArrowsTakesTwoColours) {
  const auto x = thousand(1);
  const Function long_row = record(
      [](const std::vector<Var>& v) {
        std::vector<Var> r;
        for (const Var& x : v) r.push_back(3 * x);
        r.push_back(sum(v));
        return r;
      },
      x);
  const CompressedRows rows = long_row.sparse_jacobian(x);
  EXPECT_EQ(rows.directions, 2u);
  const Function long_column = record(
      [](const std::vector<Var>& v) {
        std::vector<Var> r;
        for (const Var& x : v) r.push_back(x * v[0]);
        return r;
      },
      x);
  const CompressedRows columns = long_column.sparse_jacobian(x);
  EXPECT_EQ(columns.directions, 2u);
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_EQ(rows(i, i), 3);
    EXPECT_EQ(rows(x.size(), i), 1);
    EXPECT_EQ(columns(i, 0), i == 0 ? 2 * x[0] : x[i]);
    EXPECT_EQ(columns(i, i), i == 0 ? 2 * x[0] : x[0]);
  }
}

// f = sum of cosh(x_i / scale): at every scale the Hessian is diagonal, cosh(x_i / scale) / scale^2.
TEST(SparseHessian, IsRightAtAllScales) {
  for (const double scale : {1e-12, 1e-6, 1.0, 1e6, 1e12}) {
    const auto x = thousand(scale);
    const Function f = record(
        [scale](const std::vector<Var>& v) {
          Var sum = 0;
          for (const Var& x : v) sum += cosh(x / scale);
          return sum;
        },
        x);
    const CompressedRows h = f.sparse_hessian(x);
    ASSERT_EQ(h.value.size(), x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double expected = std::cosh(x[i] / scale) / scale / scale;
      EXPECT_NEAR(h(i, i), expected, 8 * 2.3e-16 * expected);  // two divisions and cosh, twice over
    }
  }
}

// f = x_0 * sum of x_i^2, i > 0: an arrow. H_00 = 0, H_0i = 2 x_i, H_ii = 2 x_0.
TEST(SparseHessian, OfAnArrowTakesTwoColours) {
  const auto x = thousand(1);
  const Function f = record(
      [](const std::vector<Var>& v) {
        Var sum = 0;
        for (std::size_t i = 1; i < v.size(); ++i) sum += v[i] * v[i];
        return v[0] * sum;
      },
      x);
  const CompressedRows h = f.sparse_hessian(x);
  EXPECT_EQ(h.value.size(), 3 * (x.size() - 1));
  EXPECT_EQ(h(0, 0), 0);
  for (std::size_t i = 1; i < x.size(); ++i) {
    EXPECT_EQ(h(i, i), 2 * x[0]);
    EXPECT_EQ(h(0, i), 2 * x[i]);
    EXPECT_EQ(h(i, 0), 2 * x[i]);
  }
  EXPECT_EQ(h.directions, 2u);
  EXPECT_EQ(f.hessian(x), dense(h));
}

// The chained Rosenbrock function: H_ii = 1200 x_i^2 - 400 x_{i+1} + 202, H_{i,i+1} = -400 x_i, by hand.
TEST(SparseHessian, OfAChainIsTridiagonal) {
  const auto x = thousand(1);
  const Function f = record(
      [](const std::vector<Var>& v) {
        Var sum = 0;
        for (std::size_t i = 0; i + 1 < v.size(); ++i) sum += 100 * pow(v[i + 1] - v[i] * v[i], 2) + pow(1 - v[i], 2);
        return sum;
      },
      x);
  const CompressedRows h = f.sparse_hessian(x);
  EXPECT_EQ(h.value.size(), 3 * x.size() - 2);
  EXPECT_LE(h.directions, 3u);
  const std::size_t last = x.size() - 1;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double own = i == last ? 200 : 1200 * x[i] * x[i] - 400 * x[i + 1] + (i == 0 ? 2 : 202);
    EXPECT_NEAR(h(i, i), own, 16 * 2.3e-16 * 3000);  // a few roundings of terms up to 2,700
    if (i < last) {
      EXPECT_NEAR(h(i, i + 1), -400 * x[i], 8 * 2.3e-16 * 600);
      EXPECT_EQ(h(i, i + 1), h(i + 1, i));
    }
  }
}

// t = (s a b)^2 with s = 1e155 at b = 0: d2t/db2 = 2 s^2 a^2 overflows, and d2t/da db = 4 s^2 a b is 0 there, not 0 * inf.
TEST(SparseHessian, OverflowsOnlyWhereItsEntryDoes) {
  const Function f = record(
      [](auto a, auto b) {
        const auto u = 1e155 * (a * b);
        return u * u;
      },
      1.0, 0.0);
  const std::array x{1.0, 0.0};
  const DenseMatrix dense = f.hessian(x);
  EXPECT_THAT(dense.data, ElementsAre(0, 0, 0, std::numeric_limits<double>::infinity()));
  const CompressedRows sparse = f.sparse_hessian(x);
  for (const double value : sparse.value) EXPECT_FALSE(std::isnan(value));
  EXPECT_EQ(sparse.value.back(), std::numeric_limits<double>::infinity());
}

TEST(SparseHessian, OfALinearFunctionIsEmpty) {
  const Function f = record([](auto x, auto y) { return 3 * x - y / 2 + abs(x) + max(x, y) + floor(y); }, 1.0, 2.0);
  EXPECT_TRUE(f.sparse_hessian(std::array{1.0, 2.0}).value.empty());
  const Function constant = record([](auto) { return Var(7); }, 1.0);
  EXPECT_TRUE(constant.sparse_hessian(std::array{1.0}).value.empty());
  EXPECT_EQ(constant.hessian(std::array{1.0})(0, 0), 0);
  EXPECT_TRUE(constant.sparse_jacobian(std::array{1.0}).value.empty());
}

TEST(SparseHessian, AsksForOneOutputAndItsBranches) {
  const Function two = record([](auto x) { return std::array{x, x * x}; }, 1.0);
  EXPECT_THROW(two.sparse_hessian(std::array{1.0}), ShapeMismatch);
  EXPECT_THROW(two.sparse_jacobian(std::array{1.0, 2.0}), ShapeMismatch);
  const Function branch = record([](auto x) { return x > 0 ? x * x : -x; }, 1.0);
  EXPECT_EQ(branch.sparse_hessian(std::array{3.0})(0, 0), 2);
  EXPECT_THROW(branch.sparse_hessian(std::array{-3.0}), BranchChanged);
  EXPECT_THROW(branch.sparse_jacobian(std::array{-3.0}), BranchChanged);
  EXPECT_THROW(Function().sparse_hessian(std::array{1.0}), NotRecorded);
}

// The first call works out the pattern; others may come meanwhile.
TEST(SparseHessian, IsAskedFromSeveralThreadsAtOnce) {
  const Function f = record([](const std::vector<Var>& v) { return v[0] * v[1] + exp(v[1] * v[2]); }, std::vector{1.0, 2.0, 3.0});
  const std::vector<double> x{0.5, 0.25, 2};
  std::vector<DenseMatrix> results(4);
  std::vector<std::thread> threads;
  for (DenseMatrix& result : results) threads.emplace_back([&] { result = dense(f.sparse_hessian(x)); });
  for (std::thread& thread : threads) thread.join();
  const double e = std::exp(0.5);
  for (const DenseMatrix& h : results) {
    EXPECT_EQ(h(0, 1), 1);
    EXPECT_DOUBLE_EQ(h(1, 1), 4 * e);
    EXPECT_DOUBLE_EQ(h(1, 2), 1.5 * e);  // (1 + x1 x2) exp(x1 x2)
    EXPECT_EQ(h, results[0]);
  }
}

// -- nodes of more than three arguments

TEST(Hessian, OfReductions) {
  const auto x = thousand(0.01);
  const auto hessian = [&](auto callable) { return record(callable, x).hessian(x); };
  const auto entries = [&](auto callable) { return record(callable, x).sparse_hessian(x).value.size(); };
  const auto first = [](const std::vector<Var>& v) { return std::vector<Var>(v.begin(), v.begin() + 500); };
  const auto second = [](const std::vector<Var>& v) { return std::vector<Var>(v.begin() + 500, v.end()); };
  const auto summed = [](const std::vector<Var>& v) { return sum(v); };
  const auto squared = [](const std::vector<Var>& v) { return squared_norm(v); };
  const auto dotted = [&](const std::vector<Var>& v) { return dot(first(v), second(v)); };
  EXPECT_EQ(entries(summed), 0u);
  EXPECT_EQ(hessian(summed), DenseMatrix(1000, 1000));
  EXPECT_EQ(entries(squared), 1000u);
  EXPECT_EQ(entries(dotted), 1000u);
  const DenseMatrix h = hessian(squared), d = hessian(dotted);
  for (std::size_t i = 0; i < 1000; ++i)
    for (std::size_t j = 0; j < 1000; ++j) {
      ASSERT_EQ(h(i, j), i == j ? 2 : 0);
      ASSERT_EQ(d(i, j), i + 500 == j || j + 500 == i ? 1 : 0);
    }
  EXPECT_EQ(dense(record(squared, x).sparse_hessian(x)), h);
  EXPECT_EQ(dense(record(dotted, x).sparse_hessian(x)), d);
  // log-sum-exp: p_i (i == j) - p_i p_j, with p the softmax; here of 40 numbers
  const std::vector<double> few(x.begin(), x.begin() + 40);
  const DenseMatrix l = record([](const std::vector<Var>& v) { return log_sum_exp(v); }, few).hessian(few);
  double total = 0;
  for (const double number : few) total += std::exp(number);
  for (std::size_t i = 0; i < 40; ++i)
    for (std::size_t j = 0; j < 40; ++j) {
      const double p = std::exp(few[i]) / total, q = std::exp(few[j]) / total;
      EXPECT_NEAR(l(i, j), (i == j ? p : 0) - p * q, 1e-15);  // some roundings of 1/40
    }
}

TEST(Hessian, OfFusedPiecesAndCustomOperations) {
  constexpr auto piece = fuse([](auto a, auto b) { return exp(a * b) + a * a * a; });
  const Function f = record([&](auto x, auto y) { return sin(piece(x, y)) * y; }, 0.3, 0.4);
  const Function open = record([](auto x, auto y) { return sin(exp(x * y) + x * x * x) * y; }, 0.3, 0.4);
  expect_same(f.hessian(std::array{0.7, -0.2}), open.hessian(std::array{0.7, -0.2}));
  expect_same(dense(f.sparse_hessian(std::array{0.7, -0.2})), open.hessian(std::array{0.7, -0.2}));

  const CustomOperation slope(
      "slope", 1, [](auto x) { return 3 * x[0] * x[0]; }, [](auto x, double, auto p) { p[0] = 6 * x[0]; });
  const CustomOperation cube(
      "cube", 1, [](auto x) { return x[0] * x[0] * x[0]; }, [](auto x, double, auto p) { p[0] = 3 * x[0] * x[0]; }, {slope});
  const Function g = record([&](auto x) { return cube(x) * x; }, 2.0);
  EXPECT_DOUBLE_EQ(g.hessian(std::array{2.0})(0, 0), 12 * 4);  // x^4
  const CustomOperation first_only(
      "cube", 1, [](auto x) { return x[0] * x[0] * x[0]; }, [](auto x, double, auto p) { p[0] = 3 * x[0] * x[0]; });
  EXPECT_THROW(record([&](auto x) { return first_only(x); }, 2.0).hessian(std::array{2.0}), NoSecondOrder);
  // what does not reach the output is not asked
  EXPECT_EQ(record([&](auto x) { return first_only(x), x * x; }, 2.0).hessian(std::array{2.0})(0, 0), 2);
  EXPECT_EQ(record([&](auto x) { return std::array{first_only(x), x, x}; }, 2.0).jacobian(std::array{2.0})(0, 0), 12);
}

// -- patterns and colours

// Custom operations are taken to vary with each two of their own arguments, and with no other's.
TEST(SparseHessian, HasNoEntriesBetweenCustomOperations) {
  const auto argument = [](std::size_t k) {
    return CustomOperation("argument", 2, [k](auto x) { return x[k]; }, [k](auto, double, auto p) { p[k] = 1, p[1 - k] = 0; });
  };
  const CustomOperation product(
      "product", 2, [](auto x) { return x[0] * x[1]; }, [](auto x, double, auto p) { p[0] = x[1], p[1] = x[0]; },
      {argument(1), argument(0)});
  const std::vector<double> x{2, 3, 5, 7};
  const CompressedRows h =
      record([&](const std::vector<Var>& v) { return product(v[0], v[1]) + product(v[2], v[3]); }, x).sparse_hessian(x);
  EXPECT_THAT(h.row_begin, ElementsAre(0, 2, 4, 6, 8));
  EXPECT_THAT(h.column, ElementsAre(0, 1, 0, 1, 2, 3, 2, 3));
  EXPECT_THAT(h.value, ElementsAre(0, 1, 1, 0, 0, 1, 1, 0));
}

// A random quadratic form: its Hessian is its matrix, whatever the pattern.
TEST(SparseHessian, ReadsEachEntryWhereItStandsAlone) {
  std::mt19937 random(11);
  for (int round = 0; round < 40; ++round) {
    const std::size_t n = 3 + random() % 40;
    DenseMatrix a(n, n);
    for (std::size_t k = 0; k < 2 * n; ++k) {
      const std::size_t i = random() % n, j = random() % n;
      a(i, j) = a(j, i) = 1 + static_cast<double>(random() % 1000);
    }
    const Function f = record(
        [&](const std::vector<Var>& v) {
          Var sum = 0;
          for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = i; j < n; ++j)
              if (a(i, j) != 0) sum += a(i, j) * (i == j ? v[i] * v[i] / 2 : v[i] * v[j]);
          return sum;
        },
        std::vector<double>(n, 1.0));
    const std::vector<double> x(n, 0.25);
    EXPECT_EQ(dense(f.sparse_hessian(x)), a);  // integers and halves: exact
    EXPECT_EQ(f.hessian(x), a);
  }
}

// Which two arguments of an operation meet is read from its rule: for each, the entries of its Hessian.
TEST(SparseHessian, HasEntriesWhereAnOperationIsNotLinear) {
  const auto entries = [](auto callable) {
    std::vector<int> result;
    const CompressedRows h = record(callable, 0.3, 0.4, 0.5).sparse_hessian(std::array{0.3, 0.4, 0.5});
    for (int row = 0; row < 3; ++row)
      for (int k = h.row_begin[static_cast<std::size_t>(row)]; k < h.row_begin[static_cast<std::size_t>(row) + 1]; ++k)
        result.push_back(10 * row + h.column[static_cast<std::size_t>(k)]);
    return result;
  };
  EXPECT_THAT(entries([](auto x, auto y, auto z) { return x + y - z / 3; }), ElementsAre());
  EXPECT_THAT(entries([](auto x, auto y, auto) { return x * y; }), ElementsAre(1, 10));
  EXPECT_THAT(entries([](auto x, auto y, auto) { return x / y; }), ElementsAre(1, 10, 11));
  EXPECT_THAT(entries([](auto x, auto y, auto z) { return fma(x, y, z); }), ElementsAre(1, 10));
  EXPECT_THAT(entries([](auto x, auto y, auto z) { return select(x > 0, y, z); }), ElementsAre());
  EXPECT_THAT(entries([](auto x, auto y, auto z) { return abs(x) + max(y, z) + floor(x) * y; }), ElementsAre());
  EXPECT_THAT(entries([](auto x, auto y, auto z) { return sin(x) + detach(x) * y * z; }), ElementsAre(0, 12, 21));
  EXPECT_THAT(entries([](auto x, auto y, auto) { return pow(x, y); }), ElementsAre(0, 1, 10, 11));
  EXPECT_THAT(entries([](auto x, auto y, auto z) { return exp(x + 2 * z) + y; }), ElementsAre(0, 2, 20, 22));
}

TEST(Directions, HaveTheSameBitsOnEveryInstructionSet) {
  const auto x = thousand(1);
  const Function f = record(
      [](const std::vector<Var>& v) {
        Var sum = 0;
        for (std::size_t i = 0; i + 2 < v.size(); ++i) sum += sin(v[i] * v[i + 1]) / v[i + 2] + exp(v[i]) * sum / 1000;
        return sum;
      },
      x);
  const InstructionSet widest = instruction_set();
  const auto expected = f.sparse_hessian(x).value;
  EXPECT_GT(f.sparse_hessian(x).directions, 3u);
  for (const InstructionSet set : instruction_sets) {
    if (!supported(set)) continue;
    use_instruction_set(set);
    EXPECT_EQ(f.sparse_hessian(x).value, expected) << name(set);
  }
  use_instruction_set(widest);
}

/// x0^2 x1, x1^2 x2, … and x0: n outputs of n + 1 inputs, or their sum.
Function chain(std::size_t n, bool summed) {
  return record(
      [&](const std::vector<Var>& x) {
        std::vector<Var> result;
        Var sum = 0;
        for (std::size_t i = 0; i < n; ++i) sum += result.emplace_back(x[i] * x[i] * x[i + 1]);
        return summed ? std::vector<Var>{sum} : result;
      },
      std::vector<double>(n + 1, 1.0));
}

/// One workspace, asked for what has more and fewer rows, outputs and entries, and for what has infinite partials.
TEST(Workspace, GivesMatricesWhateverItHeldBefore) {
  Workspace workspace;
  const Function root =
      record([](const std::vector<Var>& x) { return std::vector<Var>{sqrt(x[0]), x[0] * x[1], x[1], x[0], x[0] + x[1]}; },
             std::vector{1.0, 2.0});
  for (const std::size_t n : {5, 300, 2, 40, 7}) {
    const Function outputs = chain(n, false), one = chain(n, true);
    std::vector<double> x(n + 1);
    for (std::size_t i = 0; i <= n; ++i) x[i] = static_cast<double>(i + 2);
    DenseMatrix jacobian(n, n + 1), hessian(n + 1, n + 1);
    for (std::size_t i = 0; i < n; ++i) {
      jacobian(i, i) = 2 * x[i] * x[i + 1];
      jacobian(i, i + 1) = x[i] * x[i];
      hessian(i, i) = 2 * x[i + 1];
      hessian(i, i + 1) = hessian(i + 1, i) = 2 * x[i];
    }
    EXPECT_EQ(outputs.jacobian(x, workspace), jacobian);  // whole numbers: exact
    EXPECT_EQ(one.hessian(x, workspace), hessian);
    EXPECT_EQ(dense(outputs.sparse_jacobian(x, workspace)), jacobian);
    EXPECT_EQ(dense(one.sparse_hessian(x, workspace)), hessian);
    const DenseMatrix& infinite = root.jacobian(std::array{0.0, 2.0}, workspace);
    EXPECT_EQ(infinite(0, 0), std::numeric_limits<double>::infinity());
    EXPECT_EQ(infinite(1, 0), 2);
    EXPECT_EQ(outputs.jacobian(x, workspace), jacobian);
    EXPECT_EQ(&one.hessian(x, workspace), &workspace.matrix);
    EXPECT_EQ(workspace.matrix, hessian);
  }
}

TEST(Workspace, IsOfUseAfterACallThatThrew) {
  Workspace workspace;
  const CustomOperation picky{"picky", 1, [](auto v) { return 2 * v[0]; },
                              [](auto v, double, auto p) {
                                if (v[0] < 0) throw std::domain_error("below 0");
                                p[0] = 2;
                              }};
  const Function f = record(
      [&](const std::vector<Var>& x) { return std::vector<Var>{x[0], x[0] * x[0], exp(x[0]), picky(x[0]), x[0] + 1, x[0]}; },
      std::vector{1.0});
  const Function g = chain(7, false);
  const std::vector<double> x(8, 1.5);
  g.jacobian(x, workspace);
  EXPECT_THROW(f.jacobian(std::array{-1.0}, workspace), std::domain_error);
  EXPECT_EQ(g.jacobian(x, workspace), g.jacobian(x));
  EXPECT_EQ(f.jacobian(std::array{2.0}, workspace), f.jacobian(std::array{2.0}));
}

TEST(Workspace, KeepsTheMemoryOfMatrices) {
  if (!counts_arrays) GTEST_SKIP() << "a sanitizer counts for itself";
  Workspace workspace;
  const Function outputs = chain(300, false), one = chain(300, true);
  const std::vector<double> x(301, 1.5);
  const auto all = [&] {
    outputs.jacobian(x, workspace);
    one.hessian(x, workspace);
    outputs.sparse_jacobian(x, workspace);
    one.sparse_hessian(x, workspace);
  };
  all();
  all();
  EXPECT_EQ(allocations_of(all), 0u);
}

TEST(Workspace, ACopyHasMemoryOfItsOwn) {
  const Function f = chain(300, false);
  const std::vector<double> x(301, 1.5), y(301, 2.5);
  const DenseMatrix at_x = f.jacobian(x), at_y = f.jacobian(y);
  Workspace first;
  f.jacobian(x, first);
  Workspace second = first;
  EXPECT_EQ(second.matrix, at_x);
  std::thread other([&] {
    for (int i = 0; i < 20; ++i) EXPECT_EQ(f.jacobian(y, second), at_y);
  });
  for (int i = 0; i < 20; ++i) EXPECT_EQ(f.jacobian(x, first), at_x);
  other.join();
  first = second;
  EXPECT_EQ(first.matrix, at_y);
  EXPECT_EQ(f.jacobian(x, first), at_x);
}

}  // namespace
