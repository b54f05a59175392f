// Triangular substitution, determinants, and solves that mix numbers and variables. Eigen's skip what is exactly zero, and with
// it the derivatives of a variable that happens to be 0. Here only what is zero for good is skipped.
#pragma once

#include "wengert/eigen/number.hpp"
#include "wengert/eigen/reflections.hpp"

namespace wengert::detail {

/// x with T x = x, in place, T the lower or upper triangle of a matrix.
template <unsigned Mode, class Matrix, class Argument>
void substitute(const Matrix& matrix, Argument& x) {
  const Eigen::Index n = matrix.rows();
  for (Eigen::Index column = 0; column < x.cols(); ++column)
    for (Eigen::Index k = 0; k < n; ++k) {
      constexpr bool lower = (Mode & Eigen::Lower) != 0;
      const Eigen::Index i = lower ? k : n - 1 - k;
      Var sum = x.coeff(i, column);
      for (Eigen::Index j = lower ? 0 : i + 1; j < (lower ? i : n); ++j)
        if (!always_zero(matrix.coeff(i, j)) && !always_zero(x.coeff(j, column))) sum -= matrix.coeff(i, j) * x.coeff(j, column);
      if (!(Mode & Eigen::UnitDiag) && !always_zero(sum)) sum /= matrix.coeff(i, i);
      x.coeffRef(i, column) = sum;
    }
}

template <class Lhs, class Rhs, int Side, unsigned Mode>
struct TriangularSolve {
  static void run(const Lhs& lhs, Rhs& rhs) {
    const typename Eigen::internal::nested_eval<Lhs, Eigen::Dynamic>::type matrix(lhs);
    if constexpr (Side == Eigen::OnTheLeft) {
      substitute<Mode>(matrix, rhs);
    } else {  // Argument T = B is T' Argument' = B'
      Eigen::Transpose<Rhs> transposed(rhs);
      substitute<Mode ^ (Eigen::Lower | Eigen::Upper)>(matrix.transpose(), transposed);
    }
  }
};

/// By elimination, pivots sought in the column, and where all of that is 0, in all that is left: right in singular matrices too.
template <class Derived>
Var determinant(const Derived& given) {
  using Square = Eigen::Matrix<Var, Eigen::Dynamic, Eigen::Dynamic>;
  Square m = given;
  Var product = 1;
  for (; m.rows() > 3; m = Square(m.bottomRightCorner(m.rows() - 1, m.cols() - 1))) {
    Eigen::Index row = 0, column = 0;
    Var largest = 0;
    for (Eigen::Index j = 0; j == 0 || (j < m.cols() && largest == 0); ++j)
      for (Eigen::Index i = 0; i < m.rows(); ++i)
        if (const Var size = abs(m(i, j)); size > largest || size != size) {
          largest = size;
          row = i;
          column = j;
        }
    // Four rows and more of zeros: no derivative of an order below four, nor has this product one.
    if (largest == 0) return product * m.diagonal().prod();
    if (row != 0) m.row(row).swap(m.row(0)), product = -product;
    if (column != 0) m.col(column).swap(m.col(0)), product = -product;
    product *= m(0, 0);
    for (Eigen::Index i = 1; i < m.rows(); ++i)
      if (!always_zero(m(i, 0))) m.row(i).tail(m.cols() - 1) -= (m(i, 0) / m(0, 0)) * m.row(0).tail(m.cols() - 1);
  }
  if (m.rows() == 0) return product;
  if (m.rows() == 1) return product * m(0, 0);
  const auto minor = [&m](Eigen::Index i, Eigen::Index j) { return m(0, i) * m(1, j) - m(0, j) * m(1, i); };
  if (m.rows() == 2) return product * minor(0, 1);
  return product * (minor(1, 2) * m(2, 0) - minor(0, 2) * m(2, 1) + minor(0, 1) * m(2, 2));
}

template <class Decomposition>
concept SolvesForVars = std::same_as<typename Decomposition::Scalar, Var>;
/// Those that Eigen lets solve for their own type of scalar only: with reflections, rotations, or supernodes.
template <class Decomposition>
inline constexpr bool wants_its_scalar =
    requires(const Decomposition& d) { d.householderQ(); } || requires(const Decomposition& d) { d.matrixQ(); } ||
    requires(const Decomposition& d) { d.singularValues(); } || requires(const Decomposition& d) { d.rowsPermutation(); };
template <class Decomposition>
inline constexpr bool wants_its_scalar<Eigen::Transpose<const Decomposition>> = wants_its_scalar<Decomposition>;
/// Variables in the decomposition and numbers on the right-hand side, or the reverse where Eigen cannot mix them.
template <class Decomposition, class Rhs>
concept MixedSolve = (SolvesForVars<Decomposition> && !OfVars<Rhs>) ||
                     (!SolvesForVars<Decomposition> && OfVars<Rhs> && wants_its_scalar<Decomposition>);

template <class Expression>
using AsVars = typename Eigen::internal::plain_matrix_type_column_major<
    Eigen::CwiseUnaryOp<Eigen::internal::scalar_cast_op<typename Expression::Scalar, Var>, const Expression>>::type;

template <class Decomposition, class Rhs>
auto mixed_solve(const Decomposition& decomposition, const Rhs& rhs) {
  if constexpr (SolvesForVars<Decomposition>) {
    const AsVars<Rhs> variables = rhs.template cast<Var>();
    return decomposition.solve(variables).eval();
  } else {  // linear in the right-hand side, by the inverse
    using Numbers = Eigen::Matrix<typename Decomposition::Scalar, Eigen::Dynamic, Eigen::Dynamic>;
    const Numbers unit = Numbers::Identity(rhs.rows(), rhs.rows());
    return (Numbers(decomposition.solve(unit)) * rhs).eval();
  }
}

}  // namespace wengert::detail

namespace Eigen {

namespace internal {

template <class Lhs, class Rhs, int Side, int Mode>
  requires wengert::detail::OfVars<Rhs>
struct triangular_solver_selector<Lhs, Rhs, Side, Mode, NoUnrolling, 1> : wengert::detail::TriangularSolve<Lhs, Rhs, Side, Mode> {
};
template <class Lhs, class Rhs, int Side, int Mode>
  requires wengert::detail::OfVars<Rhs>
struct triangular_solver_selector<Lhs, Rhs, Side, Mode, NoUnrolling, Dynamic>
    : wengert::detail::TriangularSolve<Lhs, Rhs, Side, Mode> {};

/// Solves with variables on either side have variables for a result.
template <int Side, class Triangular, class Rhs>
  requires(wengert::detail::OfVars<Triangular> && !wengert::detail::OfVars<Rhs>)
struct traits<triangular_solve_retval<Side, Triangular, Rhs>> {
  using ReturnType = wengert::detail::AsVars<Rhs>;
};
template <class Decomposition, class Rhs>
  requires(wengert::detail::SolvesForVars<Decomposition> && !wengert::detail::OfVars<Rhs>)
struct solve_traits<Decomposition, Rhs, Dense> : solve_traits<Decomposition, wengert::detail::AsVars<Rhs>, Dense> {};

template <class Decomposition, class Rhs>
  requires wengert::detail::MixedSolve<Decomposition, Rhs>
struct evaluator<Solve<Decomposition, Rhs>> : evaluator<typename Solve<Decomposition, Rhs>::PlainObject> {
  using PlainObject = typename Solve<Decomposition, Rhs>::PlainObject;
  using Base = evaluator<PlainObject>;
  enum { Flags = Base::Flags | EvalBeforeNestingBit };

  explicit evaluator(const Solve<Decomposition, Rhs>& solve) : solution_(wengert::detail::mixed_solve(solve.dec(), solve.rhs())) {
    ::new (static_cast<Base*>(this)) Base(solution_);
  }

 private:
  PlainObject solution_;
};
template <class Result, class Decomposition, class Rhs>
  requires wengert::detail::MixedSolve<Decomposition, Rhs>
struct Assignment<Result, Solve<Decomposition, Rhs>, assign_op<wengert::Var, wengert::Var>, Dense2Dense> {
  static void run(Result& result, const Solve<Decomposition, Rhs>& solve, const assign_op<wengert::Var, wengert::Var>&) {
    result = wengert::detail::mixed_solve(solve.dec(), solve.rhs());
  }
};
template <class Result, class Decomposition, class Rhs>
  requires wengert::detail::MixedSolve<Transpose<const Decomposition>, Rhs>
struct Assignment<Result, Solve<Transpose<const Decomposition>, Rhs>, assign_op<wengert::Var, wengert::Var>, Dense2Dense> {
  static void run(Result& result, const Solve<Transpose<const Decomposition>, Rhs>& solve,
                  const assign_op<wengert::Var, wengert::Var>&) {
    result = wengert::detail::mixed_solve(solve.dec(), solve.rhs());
  }
};

// Of Eigen/LU, which may not be here.
template <class Derived, int Size>
struct determinant_impl;

template <class Derived>
  requires wengert::detail::OfVars<Derived>
struct determinant_impl<Derived, Dynamic> {
  static wengert::Var run(const Derived& m) { return wengert::detail::determinant(m); }
};
template <class Derived, int Size>
  requires(wengert::detail::OfVars<Derived> && Size > 4)
struct determinant_impl<Derived, Size> {
  static wengert::Var run(const Derived& m) { return wengert::detail::determinant(m); }
};

}  // namespace internal
}  // namespace Eigen
