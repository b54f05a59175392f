// Var as the scalar of Eigen's matrices: Eigen::Matrix<Var, …> in products, decompositions and solves. Needs Eigen 3.4.
//
// Every scalar operation of Eigen's algorithm is recorded, its pivoting comparisons as guarded branches.
#pragma once

#include <Eigen/Core>

#include "wengert/var.hpp"

namespace Eigen {

template <>
struct NumTraits<wengert::Var> : NumTraits<double> {
  using Real = wengert::Var;
  using NonInteger = wengert::Var;
  using Nested = wengert::Var;
  using Literal = double;
  enum {
    IsComplex = 0,
    IsInteger = 0,
    IsSigned = 1,
    RequireInitialization = 1,
    ReadCost = 1,
    AddCost = 4,  // an operation computes and writes a node
    MulCost = 4
  };
};

/// Matrices of numbers and of variables mix.
template <class Operation>
struct ScalarBinaryOpTraits<wengert::Var, double, Operation> {
  using ReturnType = wengert::Var;
};
template <class Operation>
struct ScalarBinaryOpTraits<double, wengert::Var, Operation> {
  using ReturnType = wengert::Var;
};

}  // namespace Eigen

namespace wengert {

// Eigen asks every scalar for these; a real number is its own conjugate.
constexpr Var conj(const Var& x) { return x; }
constexpr Var real(const Var& x) { return x; }
constexpr Var imag(const Var&) { return 0; }
constexpr Var abs2(const Var& x, Location at = Location::current()) { return detail::record<ops::Mul>(Operand(x, at), Operand(x, at)); }

using MatrixXv = Eigen::Matrix<Var, Eigen::Dynamic, Eigen::Dynamic>;
using VectorXv = Eigen::Matrix<Var, Eigen::Dynamic, 1>;

}  // namespace wengert
