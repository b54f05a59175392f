// Sparse triangular substitution: Eigen's skips right-hand sides that are 0, variables too.
#pragma once

#include "wengert/eigen/number.hpp"

namespace wengert::detail {

/// The columns of a sparse triangle in the order of substitution: use(column, diagonal or nullptr, rest of the column).
template <unsigned Mode, class Matrix, class At>
void substitute_columns(const Matrix& matrix, At at) {
  const Eigen::internal::evaluator<Matrix> evaluated(matrix);
  for (Eigen::Index k = 0; k < matrix.cols(); ++k) {
    constexpr bool lower = (Mode & Eigen::Lower) != 0;
    const Eigen::Index i = lower ? k : matrix.cols() - 1 - k;
    using Iterator = typename Eigen::internal::evaluator<Matrix>::InnerIterator;
    Var& x = at(i);
    if (always_zero(x)) continue;
    if (!(Mode & Eigen::UnitDiag))
      for (Iterator entry(evaluated, i); entry; ++entry)
        if (entry.index() == i) x /= entry.value();
    for (Iterator entry(evaluated, i); entry; ++entry)
      if (lower ? entry.index() > i : entry.index() < i) at(entry.index()) -= x * entry.value();
  }
}

template <class Lhs, class Rhs, unsigned Mode>
struct SparseTriangularSolve {
  static void run(const Lhs& lhs, Rhs& rhs) {
    for (Eigen::Index column = 0; column < rhs.cols(); ++column)
      substitute_columns<Mode>(lhs, [&](Eigen::Index i) -> Var& { return rhs.coeffRef(i, column); });
  }
};

/// The same for a sparse right-hand side.
template <class Lhs, class Rhs, unsigned Mode>
struct AllSparseTriangularSolve {
  static void run(const Lhs& lhs, Rhs& rhs) {
    Rhs result(rhs.rows(), rhs.cols());
    for (Eigen::Index column = 0; column < rhs.cols(); ++column) {
      Eigen::Matrix<Var, Eigen::Dynamic, 1> x = rhs.col(column);
      substitute_columns<Mode>(lhs, [&](Eigen::Index i) -> Var& { return x(i); });
      for (Eigen::Index i = 0; i < x.size(); ++i)
        if (!always_zero(x(i))) result.insert(i, column) = x(i);
    }
    result.makeCompressed();
    rhs = result;
  }
};

}  // namespace wengert::detail

namespace Eigen::internal {

// Of Eigen/SparseCore, which may not be here. Those of matrices by rows skip nothing.
template <class Lhs, class Rhs, int Mode, int UpLo, int StorageOrder>
struct sparse_solve_triangular_selector;
template <class Lhs, class Rhs, int Mode, int UpLo, int StorageOrder>
struct sparse_solve_triangular_sparse_selector;

template <class Lhs, class Rhs, int Mode>
  requires wengert::detail::OfVars<Rhs>
struct sparse_solve_triangular_selector<Lhs, Rhs, Mode, Lower, ColMajor>
    : wengert::detail::SparseTriangularSolve<Lhs, Rhs, Mode> {};
template <class Lhs, class Rhs, int Mode>
  requires wengert::detail::OfVars<Rhs>
struct sparse_solve_triangular_selector<Lhs, Rhs, Mode, Upper, ColMajor>
    : wengert::detail::SparseTriangularSolve<Lhs, Rhs, Mode> {};
template <class Lhs, class Rhs, int Mode, int UpLo>
  requires wengert::detail::OfVars<Rhs>
struct sparse_solve_triangular_sparse_selector<Lhs, Rhs, Mode, UpLo, ColMajor>
    : wengert::detail::AllSparseTriangularSolve<Lhs, Rhs, Mode> {};

}  // namespace Eigen::internal
