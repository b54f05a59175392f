// Jacobians and Hessians in several directions at once. At one point the partials are the same for all directions, so they are
// computed once, and what is left of a sweep is products: rows of tangents (or adjoints), eight directions each. Inside the
// library only.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "wengert/jacobian.hpp"
#include "wengert/kernels/row_products.hpp"
#include "wengert/tape.hpp"
#include "wengert/transform/colouring.hpp"

namespace wengert::detail {

/// The derivatives of a tape at `values`. J v for eight v at a time, w'J for eight w, H v for eight v. Collected again, of the
/// same tape or another, they take the memory that they had.
class Directions {
 public:
  /// First derivatives alone, of the first `nodes` nodes.
  void collect(const Tape& tape, const double* values, NodeId nodes);
  /// And the second derivatives of one dependent, whose reverse sweep gave these adjoints. Throws NoSecondOrder if a custom
  /// operation has none.
  void collect(const Tape& tape, const double* values, ValuesView<double> adjoints);

  /// Whether all partials are finite. Otherwise a sweep with tangents is not what one with adjoints is: a zero adjoint carries
  /// nothing back.
  bool finite() const { return finite_; }

  /// Forgets all directions.
  void clear();
  /// Adds 1 to what node i has in direction k: a tangent of an independent or an adjoint of a dependent. A constant has none.
  void seed(NodeId i, std::size_t k);
  /// What node i has in each direction.
  const double* operator[](NodeId i) const;

  /// From tangents of independents to those of all nodes.
  void push_forward();
  /// From adjoints of dependents to those of all nodes.
  void pull_back();
  /// From tangents of independents to the tangents of all adjoints: Hessian times direction.
  void second_order();

 private:
  // Rows with what says which of them were written.
  struct Space {
    /// Rows that were not written.
    void prepare(std::size_t nodes) {
      if (nodes > size) {
        rows = std::make_unique_for_overwrite<Row[]>(nodes);
        size = nodes;
      }
      written.assign(nodes, 0);
    }
    operator Rows() { return {rows.get(), written.data()}; }
    std::unique_ptr<Row[]> rows;
    std::size_t size = 0;
    std::vector<unsigned char> written;
  };
  void collect_partials(const Tape& tape, const double* values, NodeId nodes);
  void collect_curvatures(const Tape& tape, const double* values, ValuesView<double> adjoints);
  void keep_what_curvatures_need(std::size_t nodes);
  void number_rows(std::size_t nodes);
  NodeId row_of(NodeId i) const;
  void run(const std::vector<RowProduct>& products, Space& out, Space& in) const;

  bool finite_ = true;
  std::vector<RowProduct> tangents_, adjoints_, curvatures_;  // between rows
  std::vector<NodeId> row_of_;                // the row of each node, below 0 if it takes no part; empty if node i has row i
  std::vector<unsigned char> above_, below_;  // of nodes: something curved depends on it; it depends on something curved
  Space rows_, second_;
};

/// So many sweeps with adjoints one by one cost no more than collecting the partials, and less where dependents share little.
inline constexpr std::size_t few_directions = 4;
/// The derivatives of `dependents` in `variables`, any nodes of the tape, or below 0 for a constant: by tangents or by adjoints,
/// whichever takes fewer sweeps. Each of these functions collects them in `directions` and writes them to `result`, whatever was
/// in there.
void jacobian_at(const Tape& tape, const double* values, std::span<const NodeId> dependents, std::span<const NodeId> variables,
                 Directions& directions, DenseMatrix& result);
void hessian_at(const Tape& tape, const double* values, ValuesView<double> adjoints, std::span<const NodeId> independents,
                Directions& directions, DenseMatrix& result);

/// How a sparse matrix is read from sweeps that add up its columns (or rows) by colours.
struct SparsePlan {
  /// An entry of the matrix: its number among the values, and where it stands alone: the independent (or dependent), the colour.
  struct Entry {
    NodeId colour, line;
    int place;
  };
  CompressedRows pattern;
  Colouring colouring;
  std::vector<Entry> entries;  // by colour
};
/// For the Jacobian by tangents and by adjoints, and for the Hessian.
struct JacobianPlan {
  SparsePlan by_columns, by_rows;
};
JacobianPlan plan_jacobian(const Tape& tape, std::span<const NodeId> dependents);
SparsePlan plan_hessian(const Tape& tape, NodeId dependent);

void sparse_jacobian_at(const JacobianPlan& plan, const Tape& tape, const double* values, std::span<const NodeId> dependents,
                        Directions& directions, CompressedRows& result);
void sparse_hessian_at(const SparsePlan& plan, const Tape& tape, const double* values, ValuesView<double> adjoints,
                       Directions& directions, CompressedRows& result);

}  // namespace wengert::detail
