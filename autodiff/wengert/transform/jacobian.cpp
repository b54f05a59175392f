#include "wengert/jacobian.hpp"

#include <algorithm>

#include "wengert/dual.hpp"
#include "wengert/forward_sweep.hpp"
#include "wengert/sweep/complaints.hpp"
#include "wengert/transform/directions.hpp"

namespace wengert {

double CompressedRows::operator()(std::size_t i, std::size_t j) const {
  const auto begin = column.begin() + row_begin[i], end = column.begin() + row_begin[i + 1];
  const auto place = std::lower_bound(begin, end, static_cast<int>(j));
  return place != end && *place == static_cast<int>(j) ? value[static_cast<std::size_t>(place - column.begin())] : 0;
}

namespace {

/// Their nodes, -1 for constants.
std::vector<NodeId> nodes_of(std::span<const Var> vars) {
  std::vector<NodeId> nodes;
  nodes.reserve(vars.size());
  for (const Var& x : vars) nodes.push_back(x.is_constant() ? -1 : x.index());
  return nodes;
}

/// Throws as the gradients of the dependents would, one after the other, and their wrt of each variable. Returns the tape they
/// are all on; nullptr where all are constants, or no variable is asked for.
const Tape* check_one_tape(std::span<const Var> dependents, std::span<const Var> variables, Location at) {
  const Tape* tape = nullptr;
  for (const Var& y : dependents) {
    if (!y.is_constant() && y.generation() != y.tape()->generation())
      detail::throw_not_on("reverse_sweep", y, y.tape(), y.tape()->generation(), at);
    const Gradient adjoints = y.is_constant() ? Gradient() : Gradient(*y.tape());
    if (tape != nullptr && (y.is_constant() || y.tape() == tape)) continue;
    for (const Var& x : variables) static_cast<void>(adjoints.wrt(x, at));
    if (!variables.empty()) tape = adjoints.tape();
  }
  return tape;
}

}  // namespace

DenseMatrix jacobian(std::span<const Var> dependents, std::span<const Var> variables, Location at) {
  DenseMatrix result(dependents.size(), variables.size());
  if (dependents.size() > detail::few_directions) {
    detail::Directions directions;
    if (const Tape* const tape = check_one_tape(dependents, variables, at))
      detail::jacobian_at(*tape, tape->values().base, nodes_of(dependents), nodes_of(variables), directions, result);
    return result;
  }
  Gradient adjoints;
  for (std::size_t row = 0; row < dependents.size(); ++row) {
    gradient(dependents[row], adjoints, at);
    for (std::size_t column = 0; column < variables.size(); ++column) result(row, column) = adjoints.wrt(variables[column], at);
  }
  return result;
}

namespace {

/// Number of x among the independents of the tape. Throws where it is none.
std::size_t independent_number(const Tape& tape, const Var& x, const char* function, Location at) {
  if (!x.is_constant() && (x.tape() != &tape || x.generation() != tape.generation()))
    detail::throw_not_on(function, x, &tape, tape.generation(), at);
  const auto& independents = tape.independents();
  const auto place = std::lower_bound(independents.begin(), independents.end(), x.index());  // in the order of recording
  if (place == independents.end() || *place != x.index()) detail::throw_not_independent(function, x, at);
  return static_cast<std::size_t>(place - independents.begin());
}

}  // namespace

std::vector<double> hessian_vector_product(const Var& t, std::span<const Var> variables, std::span<const double> direction,
                                           Location at) {
  if (variables.size() != direction.size()) detail::throw_direction("hessian_vector_product", variables.size(), direction.size());
  std::vector<double> result(variables.size());
  if (t.is_constant()) return result;
  const Tape& tape = *t.tape();
  const auto& independents = tape.independents();
  std::vector<Dual<double>> point(independents.size());
  for (std::size_t k = 0; k < independents.size(); ++k) point[k].value = tape.value(independents[k]);
  for (std::size_t j = 0; j < variables.size(); ++j)
    point[independent_number(tape, variables[j], "hessian_vector_product", at)].tangent += direction[j];
  const Values<Dual<double>> values = forward_sweep(tape, std::span<const Dual<double>>(point));
  const Seed<Dual<double>> seed{t, {1.0, 0.0}};
  const auto adjoints = reverse_sweep<Dual<double>>(tape, values, std::span(&seed, 1), at);
  for (std::size_t j = 0; j < variables.size(); ++j) result[j] = adjoints.wrt(variables[j], at).tangent;
  return result;
}

DenseMatrix hessian(const Var& t, std::span<const Var> variables, Location at) {
  DenseMatrix result(variables.size(), variables.size());
  if (t.is_constant()) return result;
  const Tape& tape = *t.tape();
  std::vector<NodeId> nodes;
  for (const Var& x : variables) nodes.push_back(tape.independents()[independent_number(tape, x, "hessian", at)]);
  detail::Directions directions;
  detail::hessian_at(tape, tape.values().base, gradient(t, at).adjoints, nodes, directions, result);
  return result;
}

}  // namespace wengert
