// Several dependents, and second derivatives: Jacobian, Hessian, Hessian-vector product.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <vector>

#include "wengert/gradient.hpp"

namespace wengert {

/// Row-major numbers, m(row, column): `rows` x `columns` of them in `data`.
struct DenseMatrix {
  std::size_t rows = 0, columns = 0;
  std::vector<double> data;

  DenseMatrix() = default;
  /// All zeros.
  DenseMatrix(std::size_t row_count, std::size_t column_count)
      : rows(row_count), columns(column_count), data(row_count * column_count) {}
  /// One of the numbers, unchecked.
  double& operator()(std::size_t row, std::size_t column) { return data[row * columns + column]; }
  double operator()(std::size_t row, std::size_t column) const { return data[row * columns + column]; }
  bool operator==(const DenseMatrix&) const = default;
};

/// Compressed rows, `rows` x `columns`: row i has the entries `row_begin`[i] … row_begin[i + 1] - 1, each with its `column`,
/// which ascend, and `value`. (eigen.hpp: as_eigen(m).)
struct CompressedRows {
  std::size_t rows = 0, columns = 0;
  std::vector<int> row_begin, column;
  std::vector<double> value;
  /// Of a recorded function: how many products with a direction (or with weights) it was read from. Eight share a sweep.
  std::size_t directions = 0;

  /// 0 where there is no entry. Logarithmic in the entries of the row.
  double operator()(std::size_t i, std::size_t j) const;
};

/// d dependents[row] / d variables[column], at the recorded values. Of up to four dependents a reverse sweep each; of more, the
/// partials of all nodes once, and then eight dependents, or eight variables where these are fewer, at a time. Throws as
/// gradient() and its wrt() do.
DenseMatrix jacobian(std::span<const Var> dependents, std::span<const Var> variables, Location at = Location::current());

inline DenseMatrix jacobian(std::initializer_list<Var> dependents, std::initializer_list<Var> variables,
                            Location at = Location::current()) {
  return jacobian(std::span(dependents.begin(), dependents.size()), std::span(variables.begin(), variables.size()), at);
}

/// Hessian of t in the independents `variables` times `direction`, exact: a forward sweep with tangents, then a reverse sweep on
/// them (forward over reverse). Costs a small constant times one gradient. Throws NotRecorded if a variable is not an independent
/// of t's tape, ShapeMismatch if the sizes differ, NoSecondOrder if a custom operation has no second derivatives.
std::vector<double> hessian_vector_product(const Var& t, std::span<const Var> variables, std::span<const double> direction,
                                           Location at = Location::current());

inline std::vector<double> hessian_vector_product(const Var& t, std::initializer_list<Var> variables,
                                                  std::initializer_list<double> direction, Location at = Location::current()) {
  return hessian_vector_product(t, std::span(variables.begin(), variables.size()), std::span(direction.begin(), direction.size()),
                                at);
}

/// The Hessian of t in the independents `variables`, at the recorded values: partials and second derivatives of all nodes once,
/// then eight columns at a time. Takes some 200 bytes a node. Throws as hessian_vector_product does.
DenseMatrix hessian(const Var& t, std::span<const Var> variables, Location at = Location::current());
inline DenseMatrix hessian(const Var& t, std::initializer_list<Var> variables, Location at = Location::current()) {
  return hessian(t, std::span(variables.begin(), variables.size()), at);
}

/// The same for other ranges, Eigen's vectors among them: jacobian(), hessian_vector_product(), hessian().
template <class Dependents, class Variables>
  requires(detail::OtherRangeOf<Dependents, Var> || detail::OtherRangeOf<Variables, Var>)
DenseMatrix jacobian(const Dependents& dependents, const Variables& variables, Location at = Location::current()) {
  const auto ys = detail::side_by_side<Var>(dependents);
  const auto xs = detail::side_by_side<Var>(variables);
  return jacobian(std::span<const Var>(ys), std::span<const Var>(xs), at);
}
template <class Variables, class Direction>
  requires(detail::OtherRangeOf<Variables, Var> || detail::OtherRangeOf<Direction, double>)
std::vector<double> hessian_vector_product(const Var& t, const Variables& variables, const Direction& direction,
                                           Location at = Location::current()) {
  const auto xs = detail::side_by_side<Var>(variables);
  const auto v = detail::side_by_side<double>(direction);
  return hessian_vector_product(t, std::span<const Var>(xs), std::span<const double>(v), at);
}
template <detail::OtherRangeOf<Var> Variables>
DenseMatrix hessian(const Var& t, const Variables& variables, Location at = Location::current()) {
  return hessian(t, std::span<const Var>(detail::side_by_side<Var>(variables)), at);
}

}  // namespace wengert
