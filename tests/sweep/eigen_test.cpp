#include "wengert/eigen.hpp"

#include <gmock/gmock.h>

#include <Eigen/Dense>
#include <array>

#include "wengert/function.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace wengert;

// Well conditioned (the diagonal dominates), so that rounding stays within a few ulps of numbers near 1.
Eigen::MatrixXd some_matrix(int n) {
  Eigen::MatrixXd m(n, n);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) m(i, j) = (i == j ? n : 0) + std::sin(3 * i + 5 * j + 1);
  return m;
}

MatrixXv variables(Tape& tape, const Eigen::MatrixXd& values) {
  MatrixXv result(values.rows(), values.cols());
  for (Eigen::Index i = 0; i < values.rows(); ++i)
    for (Eigen::Index j = 0; j < values.cols(); ++j) result(i, j) = tape.variable(values(i, j));
  return result;
}

Eigen::MatrixXd adjoints(const Gradient& g, const MatrixXv& x) {
  return x.unaryExpr([&](const Var& v) { return g.wrt(v); });
}

constexpr double tolerance = 1e-14;  // some 50 ulps of numbers of order 1: n^2 operations of a well-conditioned solve

// f = c'x with A x = b: df/db = A^-T c =: y and df/dA = -y x'.
TEST(Eigen, GradientOfALinearSolveIsTheClosedForm) {
  constexpr int n = 4;
  const Eigen::MatrixXd a = some_matrix(n);
  const Eigen::VectorXd b = Eigen::VectorXd::LinSpaced(n, 1, 2), c = Eigen::VectorXd::LinSpaced(n, -1, 3);
  Tape tape;
  const MatrixXv A = variables(tape, a);
  const VectorXv B = variables(tape, b);
  const VectorXv x = A.partialPivLu().solve(B);
  const Var f = c.dot(x.transpose());
  const Gradient g = gradient(f);

  const Eigen::VectorXd y = a.transpose().fullPivLu().solve(c), expected_x = a.fullPivLu().solve(b);
  EXPECT_NEAR(f.value(), c.dot(expected_x), tolerance);
  EXPECT_LT((adjoints(g, B) - y).cwiseAbs().maxCoeff(), tolerance);
  EXPECT_LT((adjoints(g, A) + y * expected_x.transpose()).cwiseAbs().maxCoeff(), tolerance);
}

TEST(Eigen, SolvesByQrAndCholeskyToo) {
  constexpr int n = 3;
  const Eigen::MatrixXd root = some_matrix(n), a = root * root.transpose() / n;
  const Eigen::VectorXd b = Eigen::VectorXd::LinSpaced(n, 1, 2);
  Tape tape;
  const MatrixXv A = variables(tape, a);
  const VectorXv B = variables(tape, b);
  const Eigen::VectorXd y = a.fullPivLu().solve(Eigen::VectorXd::Ones(n));
  EXPECT_LT((adjoints(gradient(A.householderQr().solve(B).sum()), B) - y).cwiseAbs().maxCoeff(), tolerance);
  EXPECT_LT((adjoints(gradient(VectorXv(A.llt().solve(B)).sum()), B) - y).cwiseAbs().maxCoeff(), tolerance);
}

// d log det A / dA = A^-T
TEST(Eigen, GradientOfALogDeterminantIsTheInverseTransposed) {
  const Eigen::MatrixXd a = some_matrix(3);
  Tape tape;
  const MatrixXv A = variables(tape, a);
  const Gradient g = gradient(log(A.determinant()));
  EXPECT_LT((adjoints(g, A) - a.inverse().transpose()).cwiseAbs().maxCoeff(), tolerance);
}

TEST(Eigen, MixesMatricesOfNumbersAndOfVariables) {
  const Eigen::Matrix2d a{{1, 2}, {3, 4}};
  Tape tape;
  const VectorXv x = variables(tape, Eigen::Vector2d(5, 6));
  const VectorXv y = 2.0 * (a * x) + 3 * x;
  EXPECT_EQ(y(0).value(), 2 * 17 + 15);
  const Gradient g = gradient(y(1));
  EXPECT_EQ(g.wrt(x(0)), 6);
  EXPECT_EQ(g.wrt(x(1)), 11);
}

// d(A B) / dA for 2 x 2 matrices: entries in the order in which Eigen keeps them, column by column.
TEST(Eigen, AFunctionMayReturnAMatrix) {
  const Eigen::Matrix2d b{{5, 6}, {7, 8}};
  const Function f = record(
      [&](const std::array<Var, 4>& v) {
        const Eigen::Matrix<Var, 2, 2> a{{v[0], v[2]}, {v[1], v[3]}};
        return Eigen::Matrix<Var, 2, 2>(a * b);
      },
      std::array{1.0, 2.0, 3.0, 4.0});
  ASSERT_EQ(f.dependents().size(), 4);
  const std::array point{1.0, 2.0, 3.0, 4.0};  // {{1, 3}, {2, 4}}
  EXPECT_THAT(f.values(point), testing::ElementsAre(1 * 5 + 3 * 7, 2 * 5 + 4 * 7, 1 * 6 + 3 * 8, 2 * 6 + 4 * 8));
  const DenseMatrix j = f.jacobian(point);
  EXPECT_THAT(j.data, testing::ElementsAre(5, 0, 7, 0, 0, 5, 0, 7, 6, 0, 8, 0, 0, 6, 0, 8));
}

TEST(Eigen, FindsTheLibrarysFunctionsCoefficientByCoefficient) {
  Tape tape;
  const VectorXv x = variables(tape, Eigen::Vector2d(0.5, -2));
  const Var y = x.array().exp().sum() + x.array().abs().sum() + x.squaredNorm() + x.norm();
  const Gradient g = gradient(y);
  const double norm = std::sqrt(4.25);
  EXPECT_DOUBLE_EQ(g.wrt(x(0)), std::exp(0.5) + 1 + 1 + 0.5 / norm);
  EXPECT_DOUBLE_EQ(g.wrt(x(1)), std::exp(-2) - 1 - 4 - 2 / norm);
  EXPECT_EQ(x.maxCoeff().value(), 0.5);
}

}  // namespace
