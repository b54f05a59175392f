// Var as the scalar of Eigen's matrices: Eigen::Matrix<Var, …> in products, decompositions and solves. Needs Eigen 3.4.
//
// Every scalar operation of Eigen's algorithm is recorded, its pivoting comparisons as guarded branches. Matrices of numbers and
// of variables mix. x.cast<double>() gives values, without their derivatives. What Eigen's iterations lose stands in
// CONVENTIONS.md; symmetric_eigen_decomposition(a) and singular_value_decomposition(a) lose nothing.
#pragma once

#include <Eigen/Core>
#include <concepts>
#include <type_traits>

#include "wengert/eigen/matrix_exponential.hpp"
#include "wengert/eigen/number.hpp"
#include "wengert/eigen/products.hpp"
#include "wengert/eigen/reflections.hpp"
#include "wengert/eigen/solves.hpp"
#include "wengert/eigen/sparse.hpp"
#include "wengert/eigen/sparse_qr.hpp"
#include "wengert/eigen/spectral.hpp"
#include "wengert/var.hpp"

namespace wengert {

/// Matrices of any size, and columns: `VectorXv`.
using MatrixXv = Eigen::Matrix<Var, Eigen::Dynamic, Eigen::Dynamic>;
using VectorXv = Eigen::Matrix<Var, Eigen::Dynamic, 1>;

struct CompressedRows;
/// A sparse matrix of elements.hpp as Eigen's, in its memory: it must outlive the result. Needs <Eigen/SparseCore>.
// A template, for where Eigen's sparse matrices are not included.
template <std::same_as<CompressedRows> Matrix>
auto as_eigen(const Matrix& matrix) {
  using Number = std::conditional_t<(sizeof(Matrix) > 0), double, void>;
  using Rows = Eigen::SparseMatrix<Number, Eigen::RowMajor, int>;
  return Eigen::Map<const Rows>(static_cast<Eigen::Index>(matrix.rows), static_cast<Eigen::Index>(matrix.columns),
                                static_cast<Eigen::Index>(matrix.value.size()), matrix.row_begin.data(), matrix.column.data(),
                                matrix.value.data());
}

}  // namespace wengert
