// Linear solves whose matrix, right-hand side or solution holds variables that happen to be 0.
#include <gmock/gmock.h>

#include <Eigen/Dense>
#include <Eigen/Sparse>
#include <utility>

#include "eigen/eigen_systems.hpp"
#include "wengert/eigen.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace eigen_systems;

double derivative(const Gradient& g, const Var& x) { return g.wrt(x); }

// x = A^-1 b: dx/db = A^-1, dx/dA_ij = -A^-1 e_i x_j.
void expect_solution(const System& system, const MatrixXv& a, const VectorXv& b, const VectorXv& x) {
  const MatrixXd inverse = system.a.fullPivLu().inverse();
  const VectorXd expected = inverse * system.b;
  for (int k = 0; k < 3; ++k) {
    EXPECT_NEAR(x(k).value(), expected(k), tolerance) << system.name;
    const Gradient g = gradient(x(k));
    for (int i = 0; i < 3; ++i) {
      EXPECT_NEAR(derivative(g, b(i)), inverse(k, i), tolerance) << system.name << ": dx" << k << "/db" << i;
      for (int j = 0; j < 3; ++j)
        if (!a(i, j).is_constant()) {
          EXPECT_NEAR(derivative(g, a(i, j)), -inverse(k, i) * expected(j), tolerance)
              << system.name << ": dx" << k << "/dA" << i << j;
        }
    }
  }
}

TEST(EigenSolve, HasItsClosedFormGradientWhereVariablesAreZero) {
  const std::pair<const char*, Solve> solvers[] = {
      {"partialPivLu", [](const MatrixXv& a, const VectorXv& b) { return VectorXv(a.partialPivLu().solve(b)); }},
      {"transposed", [](const MatrixXv& a,
                        const VectorXv& b) { return VectorXv(MatrixXv(a.transpose()).partialPivLu().transpose().solve(b)); }},
      {"fullPivLu", [](const MatrixXv& a, const VectorXv& b) { return VectorXv(a.fullPivLu().solve(b)); }},
      {"householderQr", [](const MatrixXv& a, const VectorXv& b) { return VectorXv(a.householderQr().solve(b)); }},
      {"colPivHouseholderQr", [](const MatrixXv& a, const VectorXv& b) { return VectorXv(a.colPivHouseholderQr().solve(b)); }},
      {"fullPivHouseholderQr", [](const MatrixXv& a, const VectorXv& b) { return VectorXv(a.fullPivHouseholderQr().solve(b)); }},
      {"completeOrthogonal",
       [](const MatrixXv& a, const VectorXv& b) { return VectorXv(a.completeOrthogonalDecomposition().solve(b)); }},
      {"inverse", [](const MatrixXv& a, const VectorXv& b) { return VectorXv(a.inverse() * b); }},
      {"fixed inverse", [](const MatrixXv& a, const VectorXv& b) { return VectorXv(Eigen::Matrix<Var, 3, 3>(a).inverse() * b); }},
      {"fixed",
       [](const MatrixXv& a, const VectorXv& b) { return VectorXv(Eigen::Matrix<Var, 3, 3>(a).householderQr().solve(b)); }},
      {"by rows",
       [](const MatrixXv& a, const VectorXv& b) {
         return VectorXv(Eigen::Matrix<Var, -1, -1, Eigen::RowMajor>(a).colPivHouseholderQr().solve(b));
       }},
      {"SparseLU", solve_sparse<Eigen::SparseLU<Sparse>>},
      {"SparseQR", solve_sparse<Eigen::SparseQR<Sparse, Eigen::COLAMDOrdering<int>>>},
      {"SparseQR, natural", solve_sparse<Eigen::SparseQR<Sparse, Eigen::NaturalOrdering<int>>>},
  };
  for (const auto& [name, solve] : solvers)
    for (const System& system : systems()) {
      SCOPED_TRACE(name);
      Tape tape;
      const MatrixXv a = variables(tape, system.a);
      const VectorXv b = variables(tape, system.b);
      expect_solution(system, a, b, solve(a, b));
    }
}

// What holds one half of a symmetric matrix: an entry off the diagonal stands for two.
TEST(EigenSolve, OfASymmetricMatrixToo) {
  const std::pair<const char*, Solve> solvers[] = {
      {"llt", [](const MatrixXv& a, const VectorXv& b) { return VectorXv(a.llt().solve(b)); }},
      {"ldlt", [](const MatrixXv& a, const VectorXv& b) { return VectorXv(a.ldlt().solve(b)); }},
      {"llt of the upper half",
       [](const MatrixXv& a, const VectorXv& b) { return VectorXv(a.selfadjointView<Eigen::Upper>().llt().solve(b)); }},
      {"SimplicialLLT", solve_sparse<Eigen::SimplicialLLT<Sparse>>},
      {"SimplicialLDLT", solve_sparse<Eigen::SimplicialLDLT<Sparse>>},
  };
  for (const auto& [name, solve] : solvers)
    for (const System& system : systems()) {
      if (!system.a.isApprox(system.a.transpose())) continue;
      SCOPED_TRACE(name + (" " + system.name));
      Tape tape;
      MatrixXv a = variables(tape, system.a);
      for (int i = 0; i < 3; ++i)
        for (int j = 0; j < i; ++j) a(j, i) = a(i, j);
      const VectorXv b = variables(tape, system.b), x = solve(a, b);
      const MatrixXd inverse = system.a.inverse();
      const VectorXd expected = inverse * system.b;
      for (int k = 0; k < 3; ++k) {
        const Gradient g = gradient(x(k));
        EXPECT_NEAR(x(k).value(), expected(k), tolerance);
        for (int i = 0; i < 3; ++i) {
          EXPECT_NEAR(g.wrt(b(i)), inverse(k, i), tolerance);
          for (int j = 0; j <= i; ++j)
            EXPECT_NEAR(g.wrt(a(i, j)), -inverse(k, i) * expected(j) - (i == j ? 0 : inverse(k, j) * expected(i)), tolerance)
                << k << i << j;
        }
      }
    }
}

// d det A / dA_ij is the cofactor, in singular matrices too.
TEST(EigenDeterminant, HasTheCofactorsForItsGradient) {
  const auto check = [](const MatrixXd& a) {
    Tape tape;
    const MatrixXv A = variables(tape, a);
    const Var determinant = A.determinant();
    EXPECT_NEAR(determinant.value(), a.determinant(), tolerance);
    const Gradient g = gradient(determinant);
    const Eigen::Index n = a.rows();
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < n; ++j) {
        MatrixXd one = a;  // row i replaced by the unit vector j: its determinant is the cofactor
        one.row(i).setZero();
        one(i, j) = 1;
        EXPECT_NEAR(g.wrt(A(i, j)), one.fullPivLu().determinant(), tolerance) << a << "\n" << i << j;
      }
  };
  for (int n = 1; n <= 6; ++n) {
    check(MatrixXd::Identity(n, n));
    check(MatrixXd::Zero(n, n));
    MatrixXd a(n, n);
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < n; ++j) a(i, j) = (i == j ? 2 : 0) + std::sin(3 * i + 5 * j + 1) / 2;
    check(a);
    a.col(0).setZero();
    check(a);
    a.row(n - 1).setZero();
    check(a);
  }
  check(MatrixXd{{0, 1}, {0, 1}});
}

// A Q R is what it was, and so is each of its derivatives: d(Q R)_ij / dA_kl = 1 where (i, j) = (k, l).
TEST(EigenQr, FactorsMultiplyBackToTheMatrixAndItsDerivatives) {
  for (const System& system : systems()) {
    Tape tape;
    const MatrixXv A = variables(tape, system.a);
    const auto qr = A.householderQr();
    const MatrixXv q = qr.householderQ() * MatrixXv::Identity(3, 3), r = qr.matrixQR().triangularView<Eigen::Upper>();
    const MatrixXv product = q * r, identity = q.transpose() * q;
    for (int i = 0; i < 3; ++i)
      for (int j = 0; j < 3; ++j) {
        EXPECT_NEAR(product(i, j).value(), system.a(i, j), tolerance);
        EXPECT_NEAR(identity(i, j).value(), i == j, tolerance);
        const Gradient g = gradient(product(i, j)), h = gradient(identity(i, j));
        for (int k = 0; k < 3; ++k)
          for (int l = 0; l < 3; ++l) {
            EXPECT_NEAR(g.wrt(A(k, l)), i == k && j == l, tolerance) << system.name;
            EXPECT_NEAR(h.wrt(A(k, l)), 0, tolerance) << system.name;
          }
      }
  }
}

}  // namespace
