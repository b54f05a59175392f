#include "wengert/transform/directions.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <type_traits>

#include "wengert/dual.hpp"
#include "wengert/reverse_sweep.hpp"
#include "wengert/sweep/chain_rule.hpp"
#include "wengert/sweep/nary_sweep.hpp"
#include "wengert/sweep/rule_calls.hpp"
#include "wengert/sweep/scratch.hpp"

namespace wengert::detail {
namespace {

std::size_t at(NodeId i) { return static_cast<std::size_t>(i); }

/// The partials of custom node i at x. Throws as the sweeps do if it records on the tape that is swept.
template <class T>
void partials_of_custom(const Tape& tape, NodeId i, std::span<const T> x, const T& result, std::span<T> partials) {
  const NaryOperation& operation = tape.nary(tape[i].y);
  const Arguments arguments = tape.arguments(i);
  const Unchanged unchanged(tape);
  partials_nary(operation, x, result, partials, [&](std::size_t k) { return arguments[static_cast<NodeId>(k)] >= 0; });
  if (!unchanged) throw_recorded_meanwhile(operation);
}

/// Shows each partial of node i, an operation of the table, with its argument; those that nothing goes through are left out.
template <class Visit>
struct EachPartial {
  const Tape& tape;
  const double* values;
  NodeId i;
  Visit visit;

  template <class Rule>
  void operator()() const {
    const Arguments arguments = tape.arguments(i);
    std::array<double, 3> x{};
    for (NodeId k = 0; k < Rule::arity; ++k) x[at(k)] = values[arguments[k]];
    const std::array<double, 3> partials = partials_at<Rule>(x.data(), values[i]);
    for (NodeId k = 0; k < Rule::arity; ++k)
      if (arguments[k] >= 0 && (!(Rule::switching || Rule::absorbing) || partials[at(k)] != 0))
        visit(arguments[k], partials[at(k)]);
  }
};

/// Shows its second derivatives, scaled by the adjoint, with two arguments: what a tangent of the second adds to the tangent of
/// the first one's adjoint. Each argument in turn gets the tangent 1; the tangents of the partials are second derivatives then.
template <class Visit>
struct EachCurvature {
  const Tape& tape;
  const double* values;
  double adjoint;
  NodeId i;
  Visit visit;

  template <class Rule>
  void operator()() const {
    const Structure& structure = structure_of(op_of<Rule>);
    if (!structure.curved) return;
    const Arguments arguments = tape.arguments(i);
    if constexpr (std::is_same_v<Rule, ops::Mul>) {  // what most of them are: worth writing out
      if (arguments[0] < 0 || arguments[1] < 0) return;
      visit(arguments[1], arguments[0], adjoint);
      visit(arguments[0], arguments[1], adjoint);
      return;
    }
    for (NodeId j = 0; j < Rule::arity; ++j) {
      if (arguments[j] < 0 || !(structure.second[0][j] || structure.second[1][j] || structure.second[2][j])) continue;
      std::array<Dual<double>, 3> x;
      for (NodeId k = 0; k < Rule::arity; ++k) x[at(k)] = {values[arguments[k]], k == j ? 1.0 : 0.0};
      const Dual<double> result = value_at<Rule>(x.data());
      const std::array<Dual<double>, 3> partials = partials_at<Rule>(x.data(), result);
      for (NodeId k = 0; k < Rule::arity; ++k)
        if (arguments[k] >= 0) visit(arguments[k], arguments[j], carry<Rule>(Dual<double>(adjoint), partials[at(k)]).tangent);
    }
  }
};

constexpr std::size_t width = Row::size;

}  // namespace

void Directions::collect(const Tape& tape, const double* values, NodeId nodes) {
  collect_partials(tape, values, nodes);
  row_of_.clear();
  rows_.prepare(at(nodes));
}

void Directions::collect(const Tape& tape, const double* values, ValuesView<double> adjoints) {
  const std::size_t nodes = at(tape.size());
  collect_partials(tape, values, tape.size());
  collect_curvatures(tape, values, adjoints);
  keep_what_curvatures_need(nodes);
  number_rows(nodes);
}

void Directions::collect_partials(const Tape& tape, const double* values, NodeId nodes) {
  finite_ = true;
  for (std::vector<RowProduct>* products : {&tangents_, &curvatures_, &adjoints_}) products->clear();
  tangents_.reserve(2 * at(nodes));
  for (NodeId i = 0; i < nodes; ++i) {
    const auto add = [&](NodeId argument, double partial) {
      if (partial - partial != 0) finite_ = false;
      tangents_.push_back({i, argument, partial});
    };
    const Op op = tape[i].op;
    if (op == Op::Custom) {
      const Arguments arguments = tape.arguments(i);
      Scratch<double> x(arguments.size()), partials(arguments.size());
      for (NodeId k = 0; k < arguments.size(); ++k) x.span()[at(k)] = values[arguments[k]];
      partials_of_custom<double>(tape, i, x.span(), values[i], partials.span());
      for (NodeId k = 0; k < arguments.size(); ++k)
        if (arguments[k] >= 0) add(arguments[k], partials.span()[at(k)]);
    } else if (op != Op::Independent) {
      dispatch(op, EachPartial<decltype(add)>{tape, values, i, add});
    }
  }
}

void Directions::collect_curvatures(const Tape& tape, const double* values, ValuesView<double> adjoints) {
  curvatures_.reserve(2 * at(tape.size()));
  const auto add = [&](NodeId to, NodeId from, double second) {
    if (second == 0) return;
    if (second - second != 0) finite_ = false;
    curvatures_.push_back({to, from, second});
  };
  for (NodeId i = 0; i < adjoints.nodes; ++i) {
    const Op op = tape[i].op;
    const double adjoint = adjoints[i];
    if (op == Op::Independent || adjoint == 0) continue;
    if (op != Op::Custom) {
      dispatch(op, EachCurvature<decltype(add)>{tape, values, adjoint, i, add});
      continue;
    }
    const NaryOperation& operation = tape.nary(tape[i].y);
    if (operation.reduction() == Reduction::Sum) continue;
    const Arguments arguments = tape.arguments(i);
    Scratch<Dual<double>> x(arguments.size()), partials(arguments.size());
    for (NodeId k = 0; k < arguments.size(); ++k) x.span()[at(k)] = values[arguments[k]];
    for (NodeId j = 0; j < arguments.size(); ++j) {
      if (arguments[j] < 0) continue;
      x.span()[at(j)].tangent = 1;
      const Dual<double> result = evaluate_nary<Dual<double>>(operation, x.span());
      partials_of_custom<Dual<double>>(tape, i, x.span(), result, partials.span());
      x.span()[at(j)].tangent = 0;
      for (NodeId k = 0; k < arguments.size(); ++k)
        if (arguments[k] >= 0)
          add(arguments[k], arguments[j], absorbing_product(Dual<double>(adjoint), partials.span()[at(k)]).tangent);
    }
  }
}

// Tangents go as far as to what is curved, and only from there on adjoints have tangents: long sums at the end take no part.
void Directions::keep_what_curvatures_need(std::size_t nodes) {
  above_.assign(nodes, 0);
  below_.assign(nodes, 0);
  for (const RowProduct& product : curvatures_) above_[at(product.from)] = below_[at(product.to)] = 1;
  auto needed = tangents_.rbegin();
  for (auto product = tangents_.rbegin(); product != tangents_.rend(); ++product) {
    const auto [to, from, factor] = *product;
    if (above_[at(to)]) {
      above_[at(from)] = 1;
      *needed++ = *product;
    }
    // a partial of 0 carries no tangent of an adjoint, not even an infinite one, as in a sweep on Dual
    if (below_[at(to)] && factor != 0) {
      below_[at(from)] = 1;
      adjoints_.push_back({from, to, factor});
    }
  }
  tangents_.erase(tangents_.begin(), needed.base());
}

// Rows of 64 bytes for the nodes that take part, and not for all.
void Directions::number_rows(std::size_t nodes) {
  row_of_.assign(nodes, -1);
  NodeId rows = 0;
  const auto number = [&](NodeId& node) {
    NodeId& row = row_of_[at(node)];
    if (row < 0) row = rows++;
    node = row;
  };
  for (std::vector<RowProduct>* products : {&tangents_, &curvatures_, &adjoints_})
    for (RowProduct& product : *products) {
      number(product.from);
      number(product.to);
    }
  rows_.prepare(at(rows));
  second_.prepare(at(rows));
}

void Directions::clear() { std::fill(rows_.written.begin(), rows_.written.end(), 0); }

NodeId Directions::row_of(NodeId i) const { return i < 0 || row_of_.empty() ? i : row_of_[at(i)]; }

void Directions::seed(NodeId i, std::size_t k) {
  const NodeId row = row_of(i);
  if (row < 0) return;
  if (!rows_.written[at(row)]) rows_.rows[at(row)] = {};
  rows_.written[at(row)] = 1;
  rows_.rows[at(row)].number[k] += 1;
}

const double* Directions::operator[](NodeId i) const {
  static constexpr Row zero{};
  const NodeId row = row_of(i);
  return (row >= 0 && rows_.written[at(row)] ? rows_.rows[at(row)] : zero).number;
}

void Directions::run(const std::vector<RowProduct>& products, Space& out, Space& in) const {
  row_kernel(finite_)(out, in, products.data(), products.size());
}
void Directions::push_forward() { run(tangents_, rows_, rows_); }
void Directions::pull_back() {
  if (adjoints_.empty())  // the tangents' products turned round, made when first asked for
    for (auto product = tangents_.rbegin(); product != tangents_.rend(); ++product)
      adjoints_.push_back({product->from, product->to, product->factor});
  run(adjoints_, rows_, rows_);
}

// The adjoints are pulled back as numbers already; what they still get is their tangents' share in each operation.
void Directions::second_order() {
  push_forward();
  std::fill(second_.written.begin(), second_.written.end(), 0);
  run(curvatures_, second_, rows_);
  run(adjoints_, second_, second_);
  std::swap(rows_, second_);
}

namespace {

/// Numbers that are to be written, all of them.
void shape(DenseMatrix& matrix, std::size_t rows, std::size_t columns) {
  matrix.rows = rows;
  matrix.columns = columns;
  matrix.data.resize(rows * columns);
}

/// Seeds each node in a direction of its own, sweeps, and shows which were seeded at once: so many from the first.
template <class Sweep, class Read>
void in_each_direction(Directions& directions, std::span<const NodeId> seeded, Sweep sweep, Read read) {
  for (std::size_t first = 0; first < seeded.size(); first += width) {
    const std::size_t count = std::min(width, seeded.size() - first);
    directions.clear();
    for (std::size_t k = 0; k < count; ++k) directions.seed(seeded[first + k], k);
    sweep();
    read(first, count);
  }
}

}  // namespace

void jacobian_at(const Tape& tape, const double* values, std::span<const NodeId> dependents, std::span<const NodeId> variables,
                 Directions& directions, DenseMatrix& result) {
  shape(result, dependents.size(), variables.size());
  NodeId last = -1;
  for (const auto& nodes : {dependents, variables})
    for (const NodeId i : nodes) last = std::max(last, i);
  directions.collect(tape, values, last + 1);
  const auto sweeps = [](std::size_t count) { return (count + width - 1) / width; };
  // what one node has in all directions lies side by side, as a row of the result does
  if (directions.finite() && sweeps(variables.size()) < sweeps(dependents.size()))
    in_each_direction(
        directions, variables, [&] { directions.push_forward(); },
        [&](std::size_t first, std::size_t count) {
          for (std::size_t row = 0; row < dependents.size(); ++row)
            std::copy_n(directions[dependents[row]], count, &result(row, first));
        });
  else
    in_each_direction(
        directions, dependents, [&] { directions.pull_back(); },
        [&](std::size_t first, std::size_t count) {
          for (std::size_t column = 0; column < variables.size(); ++column)
            for (std::size_t k = 0; k < count; ++k) result(first + k, column) = directions[variables[column]][k];
        });
}

void hessian_at(const Tape& tape, const double* values, ValuesView<double> adjoints, std::span<const NodeId> independents,
                Directions& directions, DenseMatrix& result) {
  shape(result, independents.size(), independents.size());
  directions.collect(tape, values, adjoints);
  in_each_direction(
      directions, independents, [&] { directions.second_order(); },
      [&](std::size_t first, std::size_t count) {
        for (std::size_t row = 0; row < independents.size(); ++row)
          std::copy_n(directions[independents[row]], count, &result(row, first));
      });
}

namespace {

CompressedRows compressed(const Pattern& rows, std::size_t columns) {
  CompressedRows m;
  m.rows = rows.size();
  m.columns = columns;
  m.row_begin.push_back(0);
  for (const std::vector<NodeId>& row : rows) {
    m.column.insert(m.column.end(), row.begin(), row.end());
    m.row_begin.push_back(static_cast<int>(m.column.size()));
  }
  m.value.assign(m.column.size(), 0.0);
  return m;
}

/// `where(row, column)` is the line and the colour in which an entry stands alone.
template <class Where>
SparsePlan plan(CompressedRows pattern, Colouring colouring, Where where) {
  SparsePlan result{std::move(pattern), std::move(colouring), {}};
  result.pattern.directions = at(result.colouring.colours);
  for (std::size_t row = 0; row < result.pattern.rows; ++row)
    for (int place = result.pattern.row_begin[row]; place < result.pattern.row_begin[row + 1]; ++place) {
      const auto [line, colour] = where(static_cast<NodeId>(row), static_cast<NodeId>(result.pattern.column[at(place)]));
      result.entries.push_back({colour, line, place});
    }
  std::stable_sort(result.entries.begin(), result.entries.end(),
                   [](const SparsePlan::Entry& a, const SparsePlan::Entry& b) { return a.colour < b.colour; });
  return result;
}

/// Fills a plan's matrix: `seeded` has a colour each, entries are read from the rows of `lines` after each sweep.
template <class Sweep>
void fill(CompressedRows& result, const SparsePlan& plan, Directions& directions, std::span<const NodeId> seeded,
          std::span<const NodeId> lines, Sweep sweep) {
  result = plan.pattern;
  auto entry = plan.entries.begin();
  for (NodeId first = 0; first < plan.colouring.colours; first += static_cast<NodeId>(width)) {
    const auto lane = [first](NodeId colour) { return static_cast<std::size_t>(colour - first); };
    directions.clear();
    for (std::size_t k = 0; k < seeded.size(); ++k)
      if (lane(plan.colouring.colour[k]) < width) directions.seed(seeded[k], lane(plan.colouring.colour[k]));
    sweep();
    for (; entry != plan.entries.end() && lane(entry->colour) < width; ++entry)
      result.value[at(entry->place)] = directions[lines[at(entry->line)]][lane(entry->colour)];
  }
}

}  // namespace

JacobianPlan plan_jacobian(const Tape& tape, std::span<const NodeId> dependents) {
  const Pattern rows = jacobian_pattern(tape, dependents);
  const std::size_t columns = tape.independents().size();
  Colouring by_columns = colour_columns(rows, columns), by_rows = colour_columns(transposed(rows, columns), rows.size());
  const auto of_column = by_columns.colour, of_row = by_rows.colour;
  return {plan(compressed(rows, columns), std::move(by_columns),
               [&](NodeId row, NodeId column) { return std::pair(row, of_column[at(column)]); }),
          plan(compressed(rows, columns), std::move(by_rows),
               [&](NodeId row, NodeId column) { return std::pair(column, of_row[at(row)]); })};
}

SparsePlan plan_hessian(const Tape& tape, NodeId dependent) {
  const Pattern rows = hessian_pattern(tape, dependent);
  Colouring stars = colour_stars(rows);
  const std::vector<NodeId> colour = stars.colour;
  // how often a colour is met in the row at hand
  std::vector<NodeId> met(at(stars.colours), 0);
  std::vector<std::vector<unsigned char>> alone(rows.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (const NodeId column : rows[row]) ++met[at(colour[at(column)])];
    for (const NodeId column : rows[row]) alone[row].push_back(met[at(colour[at(column)])] == 1);
    for (const NodeId column : rows[row]) met[at(colour[at(column)])] = 0;
  }
  return plan(compressed(rows, rows.size()), std::move(stars), [&](NodeId row, NodeId column) {
    // asked of the upper half alone, so that both halves read the same number
    const NodeId i = std::min(row, column), j = std::max(row, column);
    const auto place = std::lower_bound(rows[at(i)].begin(), rows[at(i)].end(), j) - rows[at(i)].begin();
    return alone[at(i)][static_cast<std::size_t>(place)] ? std::pair(i, colour[at(j)]) : std::pair(j, colour[at(i)]);
  });
}

void sparse_jacobian_at(const JacobianPlan& plan, const Tape& tape, const double* values, std::span<const NodeId> dependents,
                        Directions& directions, CompressedRows& result) {
  directions.collect(tape, values, tape.size());
  const std::span<const NodeId> independents = tape.independents();
  if (directions.finite() && plan.by_columns.colouring.colours < plan.by_rows.colouring.colours)
    fill(result, plan.by_columns, directions, independents, dependents, [&] { directions.push_forward(); });
  else
    fill(result, plan.by_rows, directions, dependents, independents, [&] { directions.pull_back(); });
}

void sparse_hessian_at(const SparsePlan& plan, const Tape& tape, const double* values, ValuesView<double> adjoints,
                       Directions& directions, CompressedRows& result) {
  directions.collect(tape, values, adjoints);
  const std::span<const NodeId> independents = tape.independents();
  fill(result, plan, directions, independents, independents, [&] { directions.second_order(); });
}

}  // namespace wengert::detail
