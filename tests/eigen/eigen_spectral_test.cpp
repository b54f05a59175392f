// Eigenvalues, singular values and their vectors, at zeros that Eigen's iterations would pass by, against closed forms.
#include <gmock/gmock.h>

#include <Eigen/Dense>
#include <vector>

#include "wengert/eigen.hpp"
#include "wengert/function.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace wengert;
using Eigen::MatrixXd, Eigen::VectorXd;

constexpr double tolerance = 1e-13;  // entries and gaps of order 1

MatrixXv variables(Tape& tape, const MatrixXd& values) {
  return values.unaryExpr([&](double x) { return tape.variable(x); });
}

/// Each of several points: filled, diagonal, with a block, and with an entry that is 0 before it is reached.
const std::vector<MatrixXd> symmetric = {MatrixXd{{4, 1, 0.5}, {1, 5, 1}, {0.5, 1, 7}}, MatrixXd{{1, 0, 0}, {0, 2, 0}, {0, 0, 4}},
                                         MatrixXd{{3, 0, 0}, {0, 1, 2}, {0, 2, -1}}, MatrixXd{{1, 0, 1}, {0, 1, 0}, {1, 0, -2}}};

// d lambda = v' dA v, and V diag(lambda) V' is A, in value and derivatives.
TEST(SymmetricEigen, HasItsClosedFormGradientWhereVariablesAreZero) {
  for (const MatrixXd& a : symmetric) {
    Tape tape;
    const MatrixXv A = variables(tape, a);
    const auto [values, vectors] = symmetric_eigen_decomposition(A);
    const Eigen::SelfAdjointEigenSolver<MatrixXd> numbers(a);
    const MatrixXv product = vectors * values.asDiagonal() * vectors.transpose();
    for (int k = 0; k < 3; ++k) {
      EXPECT_NEAR(values(k).value(), numbers.eigenvalues()(k), tolerance);
      const MatrixXd g = gradient(values(k)).wrt(A);
      const VectorXd v = numbers.eigenvectors().col(k);
      for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 3; ++j) {
          const double expected = i < j ? 0 : i == j ? v(i) * v(i) : 2 * v(i) * v(j);  // the lower triangle stands for both
          EXPECT_NEAR(g(i, j), expected, tolerance) << a << "\nvalue " << k << " in " << i << ", " << j;
          EXPECT_NEAR(product(i, j).value(), a(i, j), tolerance);
          EXPECT_NEAR(gradient(product(i, j)).wrt(A(std::max(i, k), std::min(i, k))), k == j ? 1 : 0, tolerance) << a;
        }
    }
  }
}

// (a t; t b): the lower eigenvalue is (a + b)/2 - sqrt((b - a)^2/4 + t^2), its vector turns by -t/(b - a) + …
TEST(SymmetricEigen, HasDerivativesUpToTheThirdOrder) {
  const auto lower = [](const std::vector<Var>& x) {
    MatrixXv m(2, 2);
    m << x[0], x[1], x[1], x[2];
    const SymmetricEigen solved = symmetric_eigen_decomposition(m);
    const Var sign = solved.vectors(0, 0).value() < 0 ? -1 : 1;
    return std::vector{solved.values(0), sign * solved.vectors(0, 0), sign * solved.vectors(1, 0)};
  };
  const std::vector<double> at{1, 0, 3};  // b - a = 2
  const Function f = record(lower, at);
  const Function value = f.output(0), along = f.output(1), across = f.output(2);
  EXPECT_NEAR(value.hessian(at)(1, 1), -1, tolerance);                     // -2/(b - a)
  EXPECT_NEAR(across.gradient(at)[1], -0.5, tolerance);                    // -1/(b - a)
  EXPECT_NEAR(across.hessian(at)(0, 1), -0.25, tolerance);                 // -1/(b - a)^2
  EXPECT_NEAR(along.hessian(at)(1, 1), -0.25, tolerance);                  // -1/(b - a)^2
  const DenseMatrix third = value.derivative().derivative().jacobian(at);  // value, gradient; their gradients; and once more
  const auto third_in = [&](std::size_t i, std::size_t j, std::size_t k) { return third(third.rows - 9 + 3 * i + j, k); };
  EXPECT_NEAR(third_in(1, 1, 0), -0.5, tolerance);  // -2/(b - a)^2
  EXPECT_NEAR(third_in(1, 1, 2), 0.5, tolerance);
  EXPECT_NEAR(third_in(1, 1, 1), 0, tolerance);
  EXPECT_THROW(f.values(std::vector{1.0, 0.5, 3.0}), BranchChanged) << "recorded for these numbers";
}

TEST(SymmetricEigen, OfEqualValuesIsRightInSum) {
  Tape tape;
  const MatrixXv A = variables(tape, MatrixXd::Identity(3, 3));
  const SymmetricEigen solved = symmetric_eigen_decomposition(A);
  EXPECT_EQ(MatrixXd(gradient(solved.values.sum()).wrt(A)), MatrixXd(MatrixXd::Identity(3, 3)));
  EXPECT_EQ(gradient(solved.vectors.sum()).wrt(A(1, 0)), 0);
}

// d sigma = u' dA v, and U diag(sigma) V' is A, in value and derivatives.
TEST(SingularValues, HaveTheirClosedFormGradientWhereVariablesAreZero) {
  for (const MatrixXd& a : {MatrixXd{{2, 0}, {0, 1}, {0, 0}}, MatrixXd{{1, 2}, {-0.5, 3}, {0, 1}}, MatrixXd{{3, 0}, {1, 2}},
                            MatrixXd{{0, 2, 0}, {1, 0, 0}}, MatrixXd{{1, 0.5, -1}, {2, 0, 1}}}) {
    Tape tape;
    const MatrixXv A = variables(tape, a);
    const SingularValues svd = singular_value_decomposition(A);
    const Eigen::JacobiSVD<MatrixXd> numbers(a, Eigen::ComputeThinU | Eigen::ComputeThinV);
    const MatrixXv product = svd.u * svd.values.asDiagonal() * svd.v.transpose();
    for (int k = 0; k < 2; ++k) {
      EXPECT_NEAR(svd.values(k).value(), numbers.singularValues()(k), tolerance);
      const MatrixXd expected = numbers.matrixU().col(k) * numbers.matrixV().col(k).transpose();
      EXPECT_LT((gradient(svd.values(k)).wrt(A) - expected).cwiseAbs().maxCoeff(), tolerance) << a << "\nvalue " << k;
    }
    for (int i = 0; i < a.rows(); ++i)
      for (int j = 0; j < a.cols(); ++j) {
        EXPECT_NEAR(product(i, j).value(), a(i, j), tolerance);
        MatrixXd expected = MatrixXd::Zero(a.rows(), a.cols());
        expected(i, j) = 1;
        EXPECT_LT((gradient(product(i, j)).wrt(A) - expected).cwiseAbs().maxCoeff(), tolerance) << a;
      }
  }
}

// u_0 = A v_0 / sigma_0 turns out of the plane by dA_20 / 2, and within it by (2 dA_10 + dA_01) / (4 - 1).
TEST(SingularValues, VectorsTurnAsTheyShould) {
  Tape tape;
  const MatrixXv A = variables(tape, MatrixXd{{2, 0}, {0, 1}, {0, 0}});
  const SingularValues svd = singular_value_decomposition(A);
  const double sign = svd.u(0, 0).value();
  EXPECT_NEAR(sign * gradient(svd.u(2, 0)).wrt(A(2, 0)), 0.5, tolerance);
  EXPECT_NEAR(sign * gradient(svd.u(1, 0)).wrt(A(1, 0)), 2.0 / 3, tolerance);
  EXPECT_NEAR(sign * gradient(svd.u(1, 0)).wrt(A(0, 1)), 1.0 / 3, tolerance);
}

// log |det A| = sum of log sigma, whose second derivative in A_ij and A_kl is -(A^-1)_jk (A^-1)_li.
TEST(SingularValues, SumsOfTheirLogarithmsHaveTheDerivativesOfTheDeterminant) {
  const MatrixXd a{{2, 0}, {1, -3}}, inverse = a.inverse();
  Tape tape;
  const MatrixXv A = variables(tape, a);
  const Var log_det = singular_value_decomposition(A).values.array().log().sum();
  EXPECT_LT((gradient(log_det).wrt(A) - MatrixXd(inverse.transpose())).cwiseAbs().maxCoeff(), tolerance);
  const std::vector<Var> x{A(0, 0), A(0, 1), A(1, 0), A(1, 1)};
  const DenseMatrix h = hessian(log_det, x);
  for (int p = 0; p < 4; ++p)
    for (int q = 0; q < 4; ++q)
      EXPECT_NEAR(h(static_cast<std::size_t>(p), static_cast<std::size_t>(q)), -inverse(p % 2, q / 2) * inverse(q % 2, p / 2),
                  tolerance);
}

}  // namespace
