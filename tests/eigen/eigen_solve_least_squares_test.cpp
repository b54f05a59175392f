// Least squares, ranks, Newton steps and second derivatives by linear solves.
#include <gmock/gmock.h>

#include <Eigen/Dense>
#include <Eigen/Sparse>
#include <vector>

#include "eigen/eigen_systems.hpp"
#include "wengert/eigen.hpp"
#include "wengert/function.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace eigen_systems;

// min |A x - b|: x = (A'A)^-1 A'b, so dx/db = (A'A)^-1 A'.
TEST(EigenSolve, OfLeastSquaresWithZerosToo) {
  const MatrixXd a{{1, 0}, {0, 2}, {0, 0}, {0, 1}};
  const VectorXd b{{1, 2, 0, 1}};  // in the range of A: the residual is 0
  const MatrixXd pseudo = (a.transpose() * a).inverse() * a.transpose();
  Tape tape;
  const MatrixXv A = variables(tape, a);
  const VectorXv B = variables(tape, b);
  for (const VectorXv& x :
       {VectorXv(A.householderQr().solve(B)), VectorXv(A.colPivHouseholderQr().solve(B)),
        VectorXv(A.completeOrthogonalDecomposition().solve(B)),
        solve_sparse<Eigen::SparseQR<Sparse, Eigen::COLAMDOrdering<int>>>(A, B), VectorXv(a.householderQr().solve(B))})
    for (int k = 0; k < 2; ++k) {
      const VectorXd expected = pseudo * b;
      EXPECT_NEAR(x(k).value(), expected(k), tolerance);
      for (int i = 0; i < 4; ++i) EXPECT_NEAR(gradient(x(k)).wrt(B(i)), pseudo(k, i), tolerance);
    }
  const VectorXv x = A.colPivHouseholderQr().solve(B);
  for (int k = 0; k < 2; ++k)
    for (int i = 0; i < 4; ++i)
      for (int j = 0; j < 2; ++j) EXPECT_NEAR(gradient(x(k)).wrt(A(i, j)), -pseudo(k, i) * (pseudo * b)(j), tolerance);
}

TEST(EigenSolve, SparseQrKnowsTheRankAndLeavesZerosOut) {
  Tape tape;
  const Var p = tape.variable(2), q = tape.variable(0);
  Sparse a(3, 3);
  a.insert(0, 0) = p;
  a.insert(1, 0) = q;
  a.insert(0, 1) = 2 * p;
  a.insert(1, 1) = 2 * q;
  a.insert(2, 2) = 3;
  a.makeCompressed();
  const Eigen::SparseQR<Sparse, Eigen::NaturalOrdering<int>> qr(a);
  EXPECT_EQ(qr.rank(), 2);
  const VectorXv x = qr.solve(VectorXv(VectorXd{{4, 0, 6}}));
  EXPECT_NEAR(x(0).value(), 2, tolerance);
  EXPECT_EQ(x(1).value(), 0);
  EXPECT_NEAR(x(2).value(), 2, tolerance);
}

// A Newton step from a root, z - J^-1 F, has the root's own derivatives, J^-1: F = (4 z0 + z1 + z0^2 - p, z0 + 2 z1 + z0 z1 - q)
// at 0.
TEST(EigenSolve, ANewtonStepAtARootDifferentiatesTheRoot) {
  const Solve solvers[] = {
      [](const MatrixXv& a, const VectorXv& b) { return VectorXv(a.partialPivLu().solve(b)); },
      [](const MatrixXv& a, const VectorXv& b) { return VectorXv(a.householderQr().solve(b)); },
      [](const MatrixXv& a, const VectorXv& b) { return VectorXv(a.cast<double>().partialPivLu().solve(b)); },
      [](const MatrixXv& a, const VectorXv& b) { return VectorXv(a.inverse() * b); }};
  for (const Solve solve : solvers) {
    Tape tape;
    const Var p = tape.variable(0), q = tape.variable(0), z0 = tape.variable(0), z1 = tape.variable(0);
    VectorXv residual(2);
    residual << 4 * z0 + z1 + z0 * z0 - p, z0 + 2 * z1 + z0 * z1 - q;
    MatrixXv jacobian(2, 2);
    jacobian << 4 + 2 * z0, 1, 1 + z1, 2 + z0;
    const VectorXv step = solve(jacobian, residual);
    const Var next0 = z0 - step(0), next1 = z1 - step(1);
    EXPECT_NEAR(gradient(next0).wrt(p), 2. / 7, tolerance);
    EXPECT_NEAR(gradient(next0).wrt(q), -1. / 7, tolerance);
    EXPECT_NEAR(gradient(next1).wrt(p), -1. / 7, tolerance);
    EXPECT_NEAR(gradient(next1).wrt(q), 4. / 7, tolerance);
    for (const Var& next : {next0, next1})  // where it starts does not matter
      for (const Var& start : {z0, z1}) EXPECT_NEAR(gradient(next).wrt(start), 0, tolerance);
  }
}

// A = diag(4, 9) + off-diagonal e: x0 = (9 b0 - e b1) / (36 - e^2). At e = b0 = 0, b1 = 5: d2x0/de db1 = -1/36, d2x0/db0 de = 0,
// d2x0/de2 = 0; x1 = (4 b1 - e b0) / (36 - e^2) has d2x1/de2 = 4 b1 2/36^2.
TEST(EigenSolve, HasSecondDerivativesAtZeros) {
  const auto system = [](auto solve, int k) {
    return record(
        [=](const std::vector<Var>& v) {
          MatrixXv a(2, 2);
          a << 4, v[0], v[0], 9;
          VectorXv b(2);
          b << v[1], v[2];
          return VectorXv(solve(a, b))(k);
        },
        std::vector<double>{0, 0, 5});
  };
  const auto check = [&](auto solve) {
    const std::vector<double> point{0, 0, 5};
    const wengert::DenseMatrix first = system(solve, 0).hessian(point), second = system(solve, 1).hessian(point);
    EXPECT_NEAR(first(0, 2), -1. / 36, tolerance);
    EXPECT_NEAR(first(0, 1), 0, tolerance);
    EXPECT_NEAR(first(0, 0), 0, tolerance);
    EXPECT_NEAR(second(0, 0), 40. / 1296, tolerance);
    EXPECT_NEAR(second(0, 1), -1. / 36, tolerance);
  };
  check([](const MatrixXv& a, const VectorXv& b) { return VectorXv(a.partialPivLu().solve(b)); });
  check([](const MatrixXv& a, const VectorXv& b) { return VectorXv(a.householderQr().solve(b)); });
  check([](const MatrixXv& a, const VectorXv& b) { return VectorXv(a.colPivHouseholderQr().solve(b)); });
  check([](const MatrixXv& a, const VectorXv& b) { return VectorXv(a.llt().solve(b)); });
  check([](const MatrixXv& a, const VectorXv& b) { return solve_sparse<Eigen::SimplicialLLT<Sparse>>(a, b); });
  check([](const MatrixXv& a, const VectorXv& b) {
    return solve_sparse<Eigen::SparseQR<Sparse, Eigen::COLAMDOrdering<int>>>(a, b);
  });
}

}  // namespace
