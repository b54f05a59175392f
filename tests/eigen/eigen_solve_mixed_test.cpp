// Linear solves of numbers for variables, and of variables for numbers.
#include <gmock/gmock.h>

#include <Eigen/Dense>
#include <Eigen/Sparse>

#include "eigen/eigen_systems.hpp"
#include "wengert/eigen.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace eigen_systems;

TEST(EigenSolve, TakesNumbersOnEitherSide) {
  expect_on_either_side("partialPivLu", [](const auto& a, const auto& b) { return VectorXv(a.partialPivLu().solve(b)); });
  expect_on_either_side("fullPivLu", [](const auto& a, const auto& b) { return VectorXv(a.fullPivLu().solve(b)); });
  expect_on_either_side("in an expression", [](const auto& a, const auto& b) {
    return VectorXv(2 * a.partialPivLu().solve(b) - a.partialPivLu().solve(b));
  });
  expect_on_either_side(
      "svd",
      [](const MatrixXd& a, const VectorXv& b) {
        return VectorXv(a.jacobiSvd(Eigen::ComputeThinU | Eigen::ComputeThinV).solve(b));
      },
      [](const MatrixXv& a, const VectorXd& b) { return VectorXv(a.inverse() * b); });
}

TEST(EigenSolve, TakesNumbersInASymmetricMatrix) {
  for (const System& system : systems()) {
    SCOPED_TRACE(system.name);
    if (!system.a.isApprox(system.a.transpose())) continue;
    const MatrixXd inverse = system.a.inverse();
    Tape tape;
    const VectorXv b = variables(tape, system.b);
    const Eigen::SparseMatrix<double> matrix = system.a.sparseView();
    Eigen::SimplicialLLT<Eigen::SparseMatrix<double>> sparse_llt(matrix);
    Eigen::SparseLU<Eigen::SparseMatrix<double>> sparse_lu(matrix);
    Eigen::SparseQR<Eigen::SparseMatrix<double>, Eigen::COLAMDOrdering<int>> sparse_qr(matrix);
    const VectorXv solutions[] = {system.a.llt().solve(b), system.a.ldlt().solve(b), sparse_llt.solve(b), sparse_lu.solve(b),
                                  sparse_qr.solve(b)};
    for (const VectorXv& x : solutions)
      for (int k = 0; k < 3; ++k)
        for (int i = 0; i < 3; ++i) EXPECT_NEAR(gradient(x(k)).wrt(b(i)), inverse(k, i), tolerance);
  }
}

TEST(EigenSolve, TakesSeveralRightHandSides) {
  const MatrixXd a{{4, 1, 0.5}, {1, 5, 1}, {0.5, 1, 6}}, b = MatrixXd::Identity(3, 2), inverse = a.inverse();
  Tape tape;
  const MatrixXv B = variables(tape, b);
  for (const MatrixXv& x :
       {MatrixXv(a.llt().solve(B)), MatrixXv(a.partialPivLu().solve(B)), MatrixXv(a.householderQr().solve(B))})
    for (int i = 0; i < 3; ++i)
      for (int j = 0; j < 2; ++j)
        for (int k = 0; k < 3; ++k) {
          EXPECT_NEAR(gradient(x(i, j)).wrt(B(k, j)), inverse(i, k), tolerance);
          EXPECT_EQ(gradient(x(i, j)).wrt(B(k, 1 - j)), 0);
        }
}

TEST(EigenSolve, OfATriangleHasTheGradientOfSubstitution) {
  Tape tape;
  const Var b0 = tape.variable(1), b1 = tape.variable(0);
  MatrixXv a(2, 2);
  a << 2, 1, 0, 4;  // upper: x1 = b1 / 4, x0 = (b0 - x1) / 2
  VectorXv b(2);
  b << b0, b1;
  const MatrixXd numbers{{2, 1}, {0, 4}};
  const VectorXv solutions[] = {a.triangularView<Eigen::Upper>().solve(b), numbers.triangularView<Eigen::Upper>().solve(b),
                                a.transpose().triangularView<Eigen::Lower>().transpose().solve(b),
                                a.triangularView<Eigen::Upper>().transpose().solve<Eigen::OnTheRight>(b.transpose()).transpose(),
                                sparse(a).triangularView<Eigen::Upper>().solve(b)};
  for (const VectorXv& x : solutions) {
    EXPECT_EQ(gradient(x(0)).wrt(b0), 0.5);
    EXPECT_EQ(gradient(x(0)).wrt(b1), -0.125);
    EXPECT_EQ(gradient(x(1)).wrt(b1), 0.25);
  }
  Sparse column(2, 1);
  column.insert(0, 0) = b0;
  column.insert(1, 0) = b1;
  sparse(a).triangularView<Eigen::Upper>().solveInPlace(column);
  EXPECT_EQ(gradient(column.coeff(0, 0)).wrt(b1), -0.125);
  const Eigen::Vector2d ones(1, 1);
  const MatrixXv t = variables(tape, numbers);
  const VectorXv y = t.triangularView<Eigen::Upper>().solve(ones);  // y0 = (1 - t01 / t11) / t00
  EXPECT_EQ(y(0).value(), 0.375);
  EXPECT_EQ(gradient(y(0)).wrt(t(0, 1)), -0.125);
}

}  // namespace
