// Systems of three equations for the tests of Eigen's solvers, and what those of sparse matrices and of mixed ones share.
#pragma once

#include <gmock/gmock.h>

#include <Eigen/Dense>
#include <Eigen/Sparse>
#include <string>
#include <utility>
#include <vector>

#include "wengert/eigen.hpp"
#include "wengert/wengert.hpp"

namespace eigen_systems {

using namespace wengert;
using Eigen::MatrixXd, Eigen::VectorXd;
using Sparse = Eigen::SparseMatrix<Var>;

inline constexpr double tolerance = 1e-12;  // entries of order 1, condition numbers below 30

struct System {
  std::string name;
  MatrixXd a;
  VectorXd b;
};

/// Symmetric and not, triangular and diagonal (zeros inside), and right-hand sides that make the solution a unit vector, or 0.
inline std::vector<System> systems() {
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

inline MatrixXv variables(Tape& tape, const MatrixXd& values) {
  return values.unaryExpr([&](double x) { return tape.variable(x); });
}

using Solve = VectorXv (*)(const MatrixXv&, const VectorXv&);
inline Sparse sparse(const MatrixXv& a) {
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

using OfNumbers = VectorXv (*)(const MatrixXd&, const VectorXv&);
using ForNumbers = VectorXv (*)(const MatrixXv&, const VectorXd&);
/// Holds a solver of numbers for variables, and one of variables for numbers, against the inverse.
inline void expect_on_either_side(const char* name, OfNumbers solve_for_b, ForNumbers solve_for_a) {
  for (const System& system : systems()) {
    SCOPED_TRACE(system.name + (std::string(", ") + name));
    const MatrixXd inverse = system.a.inverse();
    const VectorXd expected = inverse * system.b;
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
  }
}
template <class Both>
void expect_on_either_side(const char* name, Both solve) {
  expect_on_either_side(name, solve, solve);
}

}  // namespace eigen_systems
