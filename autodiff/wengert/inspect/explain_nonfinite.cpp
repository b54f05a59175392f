#include "wengert/explain_nonfinite.hpp"

#include <fmt/core.h>

#include <cmath>
#include <vector>

#include "wengert/cursor.hpp"
#include "wengert/error.hpp"
#include "wengert/inspect/contributions.hpp"
#include "wengert/notation.hpp"
#include "wengert/sweep/complaints.hpp"

namespace wengert {

using namespace detail;

namespace {

bool is_switching(Op op) {
  if (op == Op::Independent || op == Op::Custom) return false;
  return dispatch(op, []<class Rule>() { return Rule::switching; });
}

// "x = 0 (node 3, recorded at demo.cpp:12), y = 2"
std::string operands(const Tape& tape, ValuesView<double> values, NodeId i) {
  const Arguments arguments = tape.arguments(i);
  std::string text;
  for (NodeId k = 0; k < arguments.size(); ++k) {
    if (k > 0) text += ", ";
    const NodeId a = arguments[k];
    text +=
        a < 0 ? fmt::format("constant {}", printed(values[a])) : fmt::format("{} = {}", describe(tape, a), printed(values[a]));
  }
  return text;
}

NonFiniteOrigin at_value(const Tape& tape, ValuesView<double> values, NodeId i) {
  NonFiniteOrigin origin{NonFiniteOrigin::Where::value, i, -1, values[i], tape.location(i), {}};
  const Arguments arguments = tape.arguments(i);
  if (arguments.size() == 0) {
    origin.message = fmt::format("forwards, {} was given the value {}", describe(tape, i), printed(values[i]));
    return origin;
  }
  origin.message = fmt::format("forwards, {} = {} is the first that is not finite; it is {} of {}", describe(tape, i),
                               printed(values[i]), statement(tape, i), operands(tape, values, i));
  return origin;
}

// From t towards the independents, through arguments that are not finite, those that a switch dropped left aside. The first
// recorded node met this way has finite arguments only, for arguments precede their node.
NonFiniteOrigin first_value(const Tape& tape, ValuesView<double> values, NodeId t) {
  std::vector<bool> came_through(static_cast<std::size_t>(t) + 1);
  came_through[static_cast<std::size_t>(t)] = true;
  NodeId first = t;
  for (NodeId i = t; i >= 0; --i) {
    if (!came_through[static_cast<std::size_t>(i)]) continue;
    first = i;
    for (const Contribution& c : contributions(tape, values, i, 1))
      if (c.to >= 0 && !std::isfinite(values[c.to]) && !(is_switching(tape[i].op) && c.partial == 0))
        came_through[static_cast<std::size_t>(c.to)] = true;
  }
  return at_value(tape, values, first);
}

NonFiniteOrigin first_adjoint(const Tape& tape, ValuesView<double> values, const Var& t, Location at) {
  const Seed<double> seed{t, 1};
  Cursor cursor = Cursor::reverse(tape, values, std::span(&seed, 1), at);
  while (cursor.step()) {
    const NodeId i = cursor.node();
    for (const Contribution& c : cursor.contributions()) {
      if (c.to < 0 || std::isfinite(cursor.adjoint(c.to))) continue;
      NonFiniteOrigin origin{NonFiniteOrigin::Where::adjoint, i, c.to, cursor.adjoint(c.to), tape.location(i), {}};
      const std::string what =
          std::isfinite(c.amount)
              ? fmt::format("the sum of its parts overflows to {}", printed(cursor.adjoint(c.to)))
              : fmt::format("adjoint {} * partial {} = {}, where the partial {} = {}", printed(cursor.adjoint()),
                            printed(c.partial), printed(c.amount), partial_statement(tape, i, c.argument), printed(c.partial));
      origin.message = fmt::format(
          "backwards, the adjoint of {} is the first that is not finite: from {}, which is {} of {}, came {}",
          detail::describe(tape, c.to), detail::describe(tape, i), statement(tape, i), operands(tape, values, i), what);
      return origin;
    }
  }
  NonFiniteOrigin nowhere;
  nowhere.message =
      fmt::format("the value {} of {} is finite, and so is its gradient", values[t.index()], detail::describe(tape, t.index()));
  return nowhere;
}

}  // namespace

NonFiniteOrigin explain_nonfinite(const Var& t, ValuesView<double> values, Location at) {
  if (t.is_constant()) {
    NonFiniteOrigin origin;
    if (!std::isfinite(t.value())) origin = {NonFiniteOrigin::Where::value, -1, -1, t.value(), {}, {}};
    origin.message = fmt::format("{} is on no tape; it was given as a number", detail::describe(t));
    return origin;
  }
  const Tape& tape = *t.tape();
  if (t.generation() != tape.generation()) detail::throw_stale("explain_nonfinite", t, at);
  if (values.nodes != tape.size() || values.constants != tape.constants())
    detail::throw_values(values.constants, values.nodes, tape.constants(), tape.size());
  return std::isfinite(values[t.index()]) ? first_adjoint(tape, values, t, at) : first_value(tape, values, t.index());
}

NonFiniteOrigin explain_nonfinite(const Var& t, Location at) {
  return explain_nonfinite(t, t.is_constant() ? ValuesView<double>{} : t.tape()->values(), at);
}

}  // namespace wengert
