// Eigen::SparseQR of Vars. Eigen's leaves a column alone whose tail is 0, and a right-hand side that is orthogonal to a
// reflection; here only what is zero for good, which the matrix does not store, is left alone.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "wengert/eigen/number.hpp"
#include "wengert/eigen/reflections.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wfloat-equal"  // what is compared here is meant to the bit

namespace Eigen {

// Of Eigen/SparseQR and Eigen/SparseCore, which may not be here.
template <class Matrix, class Ordering>
class SparseQR;
template <class Derived>
class SparseSolverBase;
template <class Scalar, int Options, class StorageIndex>
class SparseMatrix;

/// A P = Q R by columns in the order of `Ordering`, Q as reflections, each into a row of its own. Least squares where A has more
/// rows than columns. Columns below the threshold are dead: their part of a solution is 0.
template <class Given, class Ordering>
  requires wengert::detail::OfVars<Given>
class SparseQR<Given, Ordering> : public SparseSolverBase<SparseQR<Given, Ordering>> {
 public:
  using MatrixType = Given;
  using OrderingType = Ordering;
  using Scalar = wengert::Var;
  using RealScalar = wengert::Var;
  using StorageIndex = typename Given::StorageIndex;
  using QRMatrixType = SparseMatrix<Scalar, ColMajor, StorageIndex>;
  using PermutationType = PermutationMatrix<Dynamic, Dynamic, StorageIndex>;
  enum { ColsAtCompileTime = Given::ColsAtCompileTime, MaxColsAtCompileTime = Given::MaxColsAtCompileTime };

  SparseQR() = default;
  explicit SparseQR(const Given& matrix) { compute(matrix); }
  void compute(const Given& matrix) {
    analyzePattern(matrix);
    factorize(matrix);
  }
  void analyzePattern(const Given& matrix) {
    const QRMatrixType by_columns = matrix;
    Ordering()(by_columns, order_);
    if (order_.size() == 0) order_.setIdentity(matrix.cols());  // the natural one
  }
  void factorize(const Given& matrix) {
    using wengert::detail::always_zero;
    const QRMatrixType a = matrix;
    const Index n = a.cols();
    const PermutationType position = order_.inverse();
    rows_ = a.rows();
    reflections_.clear();
    double largest = 0;  // norm of a column
    for (Index j = 0; j < n; ++j) largest = std::max(largest, Vector(a.col(j)).template cast<double>().norm());
    // Davis, Algorithm 915, SuiteSparseQR (2011), page 8:3, as Eigen's
    const Scalar threshold =
        has_threshold_
            ? threshold_
            : Scalar(20 * static_cast<double>(rows_ + n) * (largest == 0 ? 1 : largest) * NumTraits<double>::epsilon());

    std::vector<bool> taken(static_cast<std::size_t>(rows_));
    std::vector<Vector> alive, dead;
    std::vector<StorageIndex> alive_columns, dead_columns;
    for (Index k = 0; k < n; ++k) {
      const StorageIndex column = position.indices()(k);
      Vector x = a.col(column);
      for (const Reflection& reflection : reflections_) reflection.apply(x);
      Vector r = Vector::Zero(n);
      for (std::size_t i = 0; i < reflections_.size(); ++i) r(static_cast<Index>(i)) = x(reflections_[i].row);

      std::vector<Index> left;
      for (Index i = 0; i < rows_; ++i)
        if (!taken[static_cast<std::size_t>(i)] && !always_zero(x(i))) left.push_back(i);
      Vector tail(static_cast<Index>(left.size()));
      for (std::size_t i = 0; i < left.size(); ++i) tail(static_cast<Index>(i)) = x(left[i]);
      Scalar tau = 0, beta = 0;
      if (!left.empty()) tail.segment(0, tail.size()).makeHouseholderInPlace(tau, beta);
      if (left.empty() || !(abs(beta) >= threshold)) {
        dead.push_back(r);
        dead_columns.push_back(column);
        continue;
      }
      Reflection reflection{left[0], {}, tau};
      for (std::size_t i = 1; i < left.size(); ++i) reflection.essential.emplace_back(left[i], tail(static_cast<Index>(i)));
      r(rank()) = beta;
      taken[static_cast<std::size_t>(left[0])] = true;
      reflections_.push_back(std::move(reflection));
      alive.push_back(r);
      alive_columns.push_back(column);
    }
    alive.insert(alive.end(), dead.begin(), dead.end());
    alive_columns.insert(alive_columns.end(), dead_columns.begin(), dead_columns.end());
    r_ = QRMatrixType(std::max(rows_, n), n);
    permutation_.resize(n);
    for (Index k = 0; k < n; ++k) {
      permutation_.indices()(k) = alive_columns[static_cast<std::size_t>(k)];
      for (Index i = 0; i < n; ++i)
        if (const Scalar& value = alive[static_cast<std::size_t>(k)](i); !always_zero(value)) r_.insert(i, k) = value;
    }
    r_.makeCompressed();
    this->m_isInitialized = true;
  }

  Index rows() const { return rows_; }
  Index cols() const { return r_.cols(); }
  Index rank() const { return static_cast<Index>(reflections_.size()); }
  /// The triangular factor: matrixR().topLeftCorner(rank(), rank()), columns in the order of colsPermutation().
  const QRMatrixType& matrixR() const { return r_; }
  const PermutationType& colsPermutation() const { return permutation_; }
  void setPivotThreshold(const Scalar& threshold) {
    threshold_ = threshold;
    has_threshold_ = true;
  }
  ComputationInfo info() const { return Success; }
  std::string lastErrorMessage() const { return {}; }

  template <class Rhs, class Result>
  void _solve_impl(const MatrixBase<Rhs>& rhs, MatrixBase<Result>& result) const {
    result.derived().resize(cols(), rhs.cols());
    for (Index column = 0; column < rhs.cols(); ++column) {
      Vector x = rhs.col(column), y = Vector::Zero(cols());
      for (const Reflection& reflection : reflections_) reflection.apply(x);
      for (Index k = 0; k < rank(); ++k) y(k) = x(reflections_[static_cast<std::size_t>(k)].row);
      for (Index k = rank(); k-- > 0;) {
        for (typename QRMatrixType::InnerIterator entry(r_, k); entry; ++entry)  // the diagonal is the last in its column
          if (entry.index() == k) y(k) /= entry.value();
        for (typename QRMatrixType::InnerIterator entry(r_, k); entry && entry.index() < k; ++entry)
          y(entry.index()) -= y(k) * entry.value();
      }
      result.col(column) = permutation_ * y;
    }
  }

 private:
  using Vector = Matrix<Scalar, Dynamic, 1>;
  struct Reflection {
    Index row;
    std::vector<std::pair<Index, Scalar>> essential;
    Scalar tau;

    void apply(Vector& x) const {
      using wengert::detail::always_zero;
      if (always_zero(tau)) return;
      Scalar dot = x(row);
      for (const auto& [i, v] : essential)
        if (!always_zero(x(i))) dot += v * x(i);
      if (always_zero(dot)) return;
      dot *= tau;
      x(row) -= dot;
      for (const auto& [i, v] : essential) x(i) -= v * dot;
    }
  };

  Index rows_ = 0;
  PermutationType order_, permutation_;
  QRMatrixType r_;
  std::vector<Reflection> reflections_;
  Scalar threshold_ = 0;
  bool has_threshold_ = false;
};

}  // namespace Eigen
#pragma GCC diagnostic pop
