// Eigenvalues, eigenvectors and singular values of Vars: Eigen works them out for the numbers, and what is recorded is the
// refinement of its result, which has their derivatives, also where entries are 0 that Eigen's iteration would pass by.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "wengert/eigen/number.hpp"
#include "wengert/eigen/products.hpp"

namespace Eigen {
template <typename Matrix>
class SelfAdjointEigenSolver;
}

namespace wengert {

/// `values` in ascending order, and in the columns of `vectors` an orthonormal eigenvector for each.
struct SymmetricEigen {
  Eigen::Matrix<Var, Eigen::Dynamic, 1> values;
  Eigen::Matrix<Var, Eigen::Dynamic, Eigen::Dynamic> vectors;
};
/// U diag(`values`) V', thin: `values` in descending order, the columns of `u` and `v` orthonormal.
struct SingularValues {
  Eigen::Matrix<Var, Eigen::Dynamic, Eigen::Dynamic> u;
  Eigen::Matrix<Var, Eigen::Dynamic, 1> values;
  Eigen::Matrix<Var, Eigen::Dynamic, Eigen::Dynamic> v;
};

namespace detail {

template <class Number>
using DenseOf = Eigen::Matrix<Number, Eigen::Dynamic, Eigen::Dynamic>;
template <class Number>
using ColumnOf = Eigen::Matrix<Number, Eigen::Dynamic, 1>;

/// One step of T. Ogita and K. Aishima, Iterative refinement for symmetric eigenvalue decomposition, Japan J. Indust. Appl. Math.
/// 35 (2018), algorithm 1: x (I + E) diagonalises a where x does up to an error, up to its square. `near`: the eigenvalues of
/// numbers.
template <class Vectors>
SymmetricEigen refine(const AnyMatrix& a, const Vectors& x, const ColumnOf<double>& near) {
  const Eigen::Index n = a.rows();
  const double same = static_cast<double>(n) * std::numeric_limits<double>::epsilon() * near.lpNorm<Eigen::Infinity>();
  const Vectors lost = Vectors::Identity(n, n) - x.transpose() * x;
  const AnyMatrix turned = x.transpose() * AnyMatrix(a * x);
  const ColumnOf<Var> values = (turned.diagonal().array() / (1 - lost.diagonal().array())).matrix();
  AnyMatrix step(n, n);
  for (Eigen::Index j = 0; j < n; ++j)
    for (Eigen::Index i = 0; i < n; ++i)
      // nothing says how eigenvectors of one value turn among themselves
      step(i, j) = std::abs(near(j) - near(i)) > same ? (turned(i, j) + values(j) * lost(i, j)) / (values(j) - values(i))
                                                      : Var(0.5 * lost(i, j));
  return {values, x + x * step};
}

/// From an error of the first order in what varies: after two steps it is of the fourth.
// Templates, these too: who does not call them does not wait for them.
template <class Numbers>
SymmetricEigen refine_twice(const AnyMatrix& a, const Numbers& x, const ColumnOf<double>& near) {
  return refine(a, refine(a, x, near).vectors, near);
}

/// The numbers, which replays must find again.
template <class Number>
DenseOf<Number> numbers(const AnyMatrix& a) {
  return a.unaryExpr([](const Var& x) { return static_cast<Number>(x); });
}

}  // namespace detail

/// Eigenvalues and eigenvectors of the symmetric matrix whose lower triangle is that of `a`, with their derivatives up to the
/// third order; some 14 n^3 operations. Replays must find the same numbers. Where eigenvalues coincide, their derivatives are one
/// choice of several, right in sum, and vectors do not turn among themselves. Include <Eigen/Eigenvalues>.
// A template, for where Eigen's solver is not included.
template <class Derived>
  requires detail::OfVars<Derived>
SymmetricEigen symmetric_eigen_decomposition(const Eigen::MatrixBase<Derived>& a) {
  using Number = std::conditional_t<(sizeof(Derived) > 0), double, void>;
  const detail::AnyMatrix given = a, whole = given.template selfadjointView<Eigen::Lower>();
  const Eigen::SelfAdjointEigenSolver<detail::DenseOf<Number>> solved(detail::numbers<Number>(whole));
  return detail::refine_twice(whole, solved.eigenvectors(), solved.eigenvalues());
}

/// Singular values and vectors of `a`, of any shape, likewise: they are eigenvalues of (0 a; a' 0), and the vectors are
/// eigenvectors. A singular value of 0 has a kink. Include <Eigen/SVD>.
template <class Derived>
  requires detail::OfVars<Derived>
SingularValues singular_value_decomposition(const Eigen::MatrixBase<Derived>& a) {
  using Number = std::conditional_t<(sizeof(Derived) > 0), double, void>;
  using Numbers = detail::DenseOf<Number>;
  const detail::AnyMatrix given = a;
  const Eigen::Index m = a.rows(), n = a.cols(), few = std::min(m, n), more = std::max(m, n) - few;
  const Eigen::JacobiSVD<Numbers> solved(detail::numbers<Number>(given), Eigen::ComputeFullU | Eigen::ComputeFullV);
  detail::AnyMatrix whole = detail::AnyMatrix::Zero(m + n, m + n);
  whole.topRightCorner(m, n) = given;
  whole.bottomLeftCorner(n, m) = given.transpose();
  // columns (u; v) / sqrt(2) with s, (u; -v) / sqrt(2) with -s, and what is left with 0
  Numbers vectors = Numbers::Zero(m + n, m + n);
  detail::ColumnOf<Number> values = detail::ColumnOf<Number>::Zero(m + n);
  const double half = std::sqrt(0.5);
  vectors.topLeftCorner(m, few) = vectors.block(0, few, m, few) = half * solved.matrixU().leftCols(few);
  vectors.bottomLeftCorner(n, few) = half * solved.matrixV().leftCols(few);
  vectors.block(m, few, n, few) = -vectors.bottomLeftCorner(n, few);
  if (m > n) vectors.topRightCorner(m, more) = solved.matrixU().rightCols(more);
  if (n > m) vectors.bottomRightCorner(n, more) = solved.matrixV().rightCols(more);
  values.head(few) = solved.singularValues();
  values.segment(few, few) = -values.head(few);
  const SymmetricEigen refined = detail::refine_twice(whole, vectors, values);
  return {refined.vectors.topLeftCorner(m, few) / half, refined.values.head(few),
          refined.vectors.bottomLeftCorner(n, few) / half};
}

}  // namespace wengert
