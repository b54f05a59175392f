// Linear solves whose matrix, right-hand side or solution holds variables that happen to be 0.
#include <gmock/gmock.h>

#include <Eigen/Dense>
#include <Eigen/Sparse>
#include <functional>
#include <string>

#include "wengert/eigen.hpp"
#include "wengert/function.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace wengert;
using Eigen::MatrixXd, Eigen::VectorXd;
using Sparse = Eigen::SparseMatrix<Var>;

constexpr double tolerance = 1e-12;  // entries of order 1, condition numbers below 30

struct System {
  std::string name;
  MatrixXd a;
  VectorXd b;
};

/// Symmetric and not, triangular and diagonal (zeros inside), and right-hand sides that make the solution a unit vector, or 0.
std::vector<System> systems() {
  const MatrixXd symmetric{{4, 1, 0.5}, {1, 5, 1}, {0.5, 1, 6}}, general{{1, 2, -0.3}, {0.7, -1.5, 2}, {3, 0.2, 1.1}};
  const MatrixXd upper{{2, 1, 3}, {0, 4, 0}, {0, 0, 5}}, banded{{4, 1, 0}, {1, 9, 0}, {0, 0, 2}}, unit = MatrixXd::Identity(3, 3);
  std::vector<System> result;
  for (const auto& [name, a] :
       {std::pair{"symmetric", symmetric}, {"general", general}, {"upper", upper}, {"banded", banded}, {"unit", unit}})
    for (int k = 0; k < 4; ++k)
      result.push_back(
          {std::string(name) + " " + std::to_string(k), a, k < 3 ? VectorXd(a.col(k)) : VectorXd(VectorXd::Zero(3))});
  return result;
}

MatrixXv variables(Tape& tape, const MatrixXd& values) {
  return values.unaryExpr([&](double x) { return tape.variable(x); });
}

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

using Solve = VectorXv (*)(const MatrixXv&, const VectorXv&);
Sparse sparse(const MatrixXv& a) {
  Sparse result(a.rows(), a.cols());
  for (Eigen::Index j = 0; j < a.cols(); ++j)
    for (Eigen::Index i = 0; i < a.rows(); ++i) result.insert(i, j) = a(i, j);
  result.makeCompressed();
  return result;
}
template <class Solver>
VectorXv solve_sparse(const MatrixXv& a, const VectorXv& b) {
  const Sparse matrix = sparse(a);
  Solver solver;
  solver.compute(matrix);
  return solver.solve(b);
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

TEST(EigenSolve, TakesNumbersOnEitherSide) {
  for (const System& system : systems()) {
    SCOPED_TRACE(system.name);
    const MatrixXd inverse = system.a.inverse();
    const VectorXd expected = inverse * system.b;
    const auto expect = [&](const char* name, auto solve_for_b, auto solve_for_a) {
      SCOPED_TRACE(name);
      Tape tape;
      const MatrixXv a = variables(tape, system.a);
      const VectorXv b = variables(tape, system.b);
      const VectorXv x = solve_for_b(system.a, b), y = solve_for_a(a, system.b);
      for (int k = 0; k < 3; ++k)
        for (int i = 0; i < 3; ++i) {
          EXPECT_NEAR(x(k).value(), expected(k), tolerance);
          EXPECT_NEAR(y(k).value(), expected(k), tolerance);
          EXPECT_NEAR(gradient(x(k)).wrt(b(i)), inverse(k, i), tolerance);
          for (int j = 0; j < 3; ++j) EXPECT_NEAR(gradient(y(k)).wrt(a(i, j)), -inverse(k, i) * expected(j), tolerance);
        }
    };
    const auto both = [&](const char* name, auto solve) { expect(name, solve, solve); };
    both("partialPivLu", [](const auto& a, const auto& b) { return VectorXv(a.partialPivLu().solve(b)); });
    both("fullPivLu", [](const auto& a, const auto& b) { return VectorXv(a.fullPivLu().solve(b)); });
    both("householderQr", [](const auto& a, const auto& b) { return VectorXv(a.householderQr().solve(b)); });
    both("colPivHouseholderQr", [](const auto& a, const auto& b) { return VectorXv(a.colPivHouseholderQr().solve(b)); });
    both("fullPivHouseholderQr", [](const auto& a, const auto& b) { return VectorXv(a.fullPivHouseholderQr().solve(b)); });
    both("completeOrthogonal",
         [](const auto& a, const auto& b) { return VectorXv(a.completeOrthogonalDecomposition().solve(b)); });
    both("transposed",
         [](const auto& a, const auto& b) { return VectorXv(a.transpose().eval().colPivHouseholderQr().transpose().solve(b)); });
    both("in an expression",
         [](const auto& a, const auto& b) { return VectorXv(2 * a.partialPivLu().solve(b) - a.partialPivLu().solve(b)); });
    expect(
        "svd",
        [](const MatrixXd& a, const VectorXv& b) {
          return VectorXv(a.jacobiSvd(Eigen::ComputeThinU | Eigen::ComputeThinV).solve(b));
        },
        [](const MatrixXv& a, const VectorXd& b) { return VectorXv(a.inverse() * b); });
    if (system.a.isApprox(system.a.transpose())) {
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
