// Products and sums of matrices of numbers with matrices of variables.
#include <gmock/gmock.h>

#include <Eigen/Dense>
#include <Eigen/Sparse>
#include <cstdlib>
#include <cstring>
#include <unsupported/Eigen/CXX11/Tensor>

#include "wengert/eigen.hpp"
#include "wengert/function.hpp"
#include "wengert/wengert.hpp"

// As a program that uses both would have it.
using namespace Eigen;
using namespace wengert;

namespace {

constexpr double tolerance = 1e-13;  // sums of at most 40 products of numbers below 4

template <class Numbers>
auto variables(Tape& tape, const Numbers& values) {
  return values.template cast<double>().unaryExpr([&](double x) { return tape.variable(x); }).eval();
}

MatrixXd numbers(int rows, int columns, int seed = 0) {
  MatrixXd result(rows, columns);
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < columns; ++j) result(i, j) = 2 * std::sin(3 * i + 5 * j + seed);
  return result;
}

// Every product below is linear in the variables: value as Eigen has it for numbers, derivatives by moving one entry by 1.
template <class Product, class Numbers>
void expect_linear(const Product& product, const Numbers& at) {
  Tape tape;
  const auto x = variables(tape, at);
  const MatrixXv y = product(x);
  const MatrixXd expected = product(at);
  ASSERT_EQ(y.rows(), expected.rows());
  ASSERT_EQ(y.cols(), expected.cols());
  for (Eigen::Index i = 0; i < y.rows(); ++i)
    for (Eigen::Index j = 0; j < y.cols(); ++j) {
      EXPECT_NEAR(y(i, j).value(), expected(i, j), tolerance);
      if (y(i, j).is_constant()) continue;
      const Gradient g = gradient(y(i, j));
      for (Eigen::Index k = 0; k < x.rows(); ++k)
        for (Eigen::Index l = 0; l < x.cols(); ++l) {
          Numbers moved = at;
          moved(k, l) += 1;
          EXPECT_NEAR(g.wrt(x(k, l)), MatrixXd(product(moved))(i, j) - expected(i, j), 10 * tolerance) << i << j << k << l;
        }
    }
}

// 3 is below and 20 above where Eigen changes its algorithm.
TEST(EigenMixed, ProductsOfAnySizeInBothOrders) {
  for (const int n : {1, 2, 3, 20}) {
    const MatrixXd m = numbers(n, n + 1), square = numbers(n, n, 7);
    const VectorXd v = numbers(n, 1, 3), w = numbers(n + 1, 1, 5);
    expect_linear([&](const auto& x) { return (m * x).eval(); }, w);
    expect_linear([&](const auto& x) { return (x * w).eval(); }, m);
    expect_linear([&](const auto& x) { return (v.transpose() * x).eval(); }, m);
    expect_linear([&](const auto& x) { return (x.transpose() * m).eval(); }, v);
    expect_linear([&](const auto& x) { return (m.transpose() * x).eval(); }, v);
    expect_linear([&](const auto& x) { return (square * (2 * x)).eval(); }, v);
    expect_linear([&](const auto& x) { return (v * x.transpose()).eval(); }, w);
    expect_linear([&](const auto& x) { return (square.template triangularView<Lower>() * x).eval(); }, v);
    expect_linear([&](const auto& x) { return (square.template triangularView<UnitUpper>() * x).eval(); }, v);
    expect_linear([&](const auto& x) { return (square.template triangularView<StrictlyLower>() * x).eval(); }, v);
    expect_linear([&](const auto& x) { return (x.transpose() * square.template triangularView<Upper>()).eval(); }, v);
    expect_linear([&](const auto& x) { return (x.template triangularView<Upper>() * v).eval(); }, square);
    expect_linear([&](const auto& x) { return (x.template triangularView<Lower>() * w).eval(); }, m);
    expect_linear([&](const auto& x) { return (x.template triangularView<UnitUpper>() * w).eval(); }, m);
    expect_linear([&](const auto& x) { return (x.transpose().template triangularView<Lower>() * v).eval(); }, m);
    expect_linear([&](const auto& x) { return (x.transpose().template triangularView<StrictlyUpper>() * v).eval(); }, m);
    expect_linear([&](const auto& x) { return (square.template selfadjointView<Lower>() * x).eval(); }, v);
    expect_linear([&](const auto& x) { return (x.transpose() * square.template selfadjointView<Upper>()).eval(); }, v);
    expect_linear([&](const auto& x) { return (x.template selfadjointView<Upper>() * v).eval(); }, square);
    expect_linear([&](const auto& x) { return (v.asDiagonal() * x).eval(); }, m);
    expect_linear([&](const auto& x) { return (x.asDiagonal() * m).eval(); }, v);
    expect_linear([&](const auto& x) { return (m.sparseView().eval() * x).eval(); }, w);
    expect_linear(
        [&](const auto& x) {
          auto y = (square * x).eval();
          y.noalias() += 2 * square * x;
          y.noalias() -= square * x;
          return y;
        },
        v);
    expect_linear(
        [&](const auto& x) {
          auto y = x.eval();
          y = square * y;
          return y;
        },
        v);
    if (n > 3) continue;  // as many derivatives as n^4
    expect_linear([&](const auto& x) { return (m.transpose() * x).eval(); }, square);
    expect_linear([&](const auto& x) { return (x * m).eval(); }, square);
    expect_linear([&](const auto& x) { return (square.template triangularView<Upper>() * x).eval(); }, m);
    expect_linear([&](const auto& x) { return (square.template selfadjointView<Upper>() * x).eval(); }, m);
  }
  const MatrixXd m = numbers(20, 20);  // one more above Eigen's limit, where only the values count
  Tape tape;
  const MatrixXv x = variables(tape, m);
  EXPECT_LT(((m * x).eval().cast<double>() - m * m).cwiseAbs().maxCoeff(), tolerance);
  EXPECT_LT(((x * m).eval().cast<double>() - m * m).cwiseAbs().maxCoeff(), tolerance);
  EXPECT_LT(((x * x).eval().cast<double>() - m * m).cwiseAbs().maxCoeff(), tolerance);
}

TEST(EigenMixed, ProductsOfVariablesHaveTheProductRule) {
  Tape tape;
  const MatrixXd a = numbers(3, 2), b = numbers(2, 4, 1);
  const MatrixXv A = variables(tape, a), B = variables(tape, b), C = A * B;
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 4; ++j)
      for (int k = 0; k < 2; ++k) {
        const Gradient g = gradient(C(i, j));
        EXPECT_EQ(g.wrt(A(i, k)), b(k, j));
        EXPECT_EQ(g.wrt(B(k, j)), a(i, k));
      }
  // two products and one sum for each entry, and nothing else
  EXPECT_EQ(tape.size(), 6 + 8 + 12 * 3);
}

TEST(EigenMixed, EveryKindOfNumberMixes) {
  Tape tape;
  const VectorXv x = variables(tape, VectorXd{{5, 6}});
  const Matrix2f floats{{1, 2}, {3, 4}};
  const Matrix2i integers{{1, 2}, {3, 4}};
  const VectorXv sum = floats * x + integers * x + floats.cast<double>() * x;
  EXPECT_EQ(sum(1).value(), 3 * 39);
  EXPECT_EQ(gradient(sum(1)).wrt(x(0)), 9);
  const VectorXv scaled = 2 * x + x * 3L + x * 0.5f - x / 2;
  EXPECT_EQ(scaled(0).value(), 25);
  const MatrixXv mixed = x * RowVector2i(1, 2) + MatrixXi::Identity(2, 2).cwiseProduct(floats.cast<int>());
  EXPECT_EQ(mixed(0, 0).value(), 6);
  EXPECT_EQ(gradient(mixed(1, 1)).wrt(x(1)), 2);
  const VectorXv array = (VectorXf::Ones(2).array() * x.array() / Array2d(2, 3)).matrix();
  EXPECT_EQ(gradient(array(1)).wrt(x(1)), 1. / 3);
}

TEST(EigenMixed, SparseProductsMix) {
  Tape tape;
  const MatrixXd a{{1, 0}, {3, 4}};
  const Eigen::SparseMatrix<double> numbers = a.sparseView();
  const VectorXv x = variables(tape, VectorXd{{5, 0}});
  const VectorXv y = numbers * x;
  EXPECT_EQ(gradient(y(1)).wrt(x(1)), 4);  // which is 0
  Eigen::SparseMatrix<Var> s(2, 2);
  const Var entry = tape.variable(0);
  s.insert(0, 1) = entry;
  const VectorXv z = s * VectorXd{{1, 2}}, w = s * x;
  EXPECT_EQ(gradient(z(0)).wrt(entry), 2);
  EXPECT_EQ(gradient(w(0)).wrt(x(1)), 0);
  EXPECT_EQ(gradient(w(0)).wrt(entry), 0);
  const Eigen::SparseMatrix<Var> square = s * s.transpose();
  EXPECT_EQ(square.nonZeros(), 1);
}

TEST(EigenMixed, CastsToNumbersWithoutTheirDerivatives) {
  Tape tape;
  const MatrixXv x = variables(tape, MatrixXd{{1.5, -2}, {0, 4}});
  EXPECT_EQ(x.cast<double>(), (MatrixXd{{1.5, -2}, {0, 4}}));
  EXPECT_EQ(x.cast<float>()(0, 0), 1.5f);
  EXPECT_EQ(x.cast<int>()(0, 1), -2);
  EXPECT_EQ(gradient((x.cast<double>() * x.col(0)).sum()).wrt(x(0, 0)), 1.5);
}

// Eigen's tensors take memory and set its bytes to 0. C_ij = sum_k A_ik B_kj.
TEST(EigenMixed, TensorsContract) {
  Tape tape;
  for (const int n : {2, 9}) {
    const MatrixXd a = numbers(n, n), b = numbers(n, n, 2);
    Tensor<Var, 2> A(n, n), B(n, n);
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < n; ++j) {
        A(i, j) = tape.variable(a(i, j));
        B(i, j) = tape.variable(b(i, j));
      }
    const std::array<IndexPair<int>, 1> inner{IndexPair<int>(1, 0)};
    const Tensor<Var, 2> C = A.contract(B, inner);
    const MatrixXd c = a * b;
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < n; ++j) {
        EXPECT_NEAR(C(i, j).value(), c(i, j), tolerance);
        const Gradient g = gradient(C(i, j));
        for (int k = 0; k < n; ++k) {
          EXPECT_EQ(g.wrt(A(i, k)), b(k, j));
          EXPECT_EQ(g.wrt(B(k, j)), a(i, k));
        }
      }
  }
}

TEST(EigenMixed, ZeroBytesAreTheConstantZero) {
  Tape tape;
  const Var x = tape.variable(3);
  Var* const cells = static_cast<Var*>(std::calloc(2, sizeof(Var)));
  Map<VectorXv> mapped(cells, 2);
  mapped(1) = x;
  std::memset(static_cast<void*>(&mapped(1)), 0, sizeof(Var));
  const Var sum = mapped.sum() + x;
  EXPECT_EQ(sum.value(), 3);
  EXPECT_EQ(gradient(sum).wrt(x), 1);
  std::free(cells);
}

}  // namespace
