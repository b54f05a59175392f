// tape + independents -> values, first node first. Reads the rules; changes nothing.
#pragma once

#include <span>

#include "wengert/sweep/chain_rule.hpp"
#include "wengert/sweep/nary_sweep.hpp"
#include "wengert/tape.hpp"
#include "wengert/values.hpp"
#include "wengert/var.hpp"

namespace wengert {

namespace detail {
[[noreturn]] void throw_independents(const char* function, NodeId expected, std::size_t got);
[[noreturn]] void throw_branch_changed(const Tape& tape, const Guard& guard, double x, double y);
}  // namespace detail

/// Computes node i from the values before it. The visitor of the forward sweep.
template <class T>
struct Evaluate {
  const Tape& tape;
  const T* values;
  NodeId i;

  template <class Rule>
  constexpr T operator()() const {
    const Node node = tape[i];
    if constexpr (Rule::arity == 1) {
      return detail::evaluate<Rule, T>(values[node.x]);
    } else if constexpr (Rule::arity == 2) {
      return detail::evaluate<Rule, T>(values[node.x], values[node.y]);
    } else {
      const NodeId* extra = tape.extra_arguments(node.y);
      return detail::evaluate<Rule, T>(values[node.x], values[extra[0]], values[extra[1]]);
    }
  }
};

/// The value of one node that is no independent.
template <class T>
constexpr T evaluate_node(const Tape& tape, const T* values, NodeId i) {
  if (tape[i].op == Op::Custom) [[unlikely]]
    return detail::evaluate_custom<T>(tape, values, i);
  return dispatch(tape[i].op, Evaluate<T>{tape, values, i});
}

namespace detail {

/// The forward sweep proper: the values of nodes first … end - 1.
template <class T>
constexpr void evaluate_nodes(const Tape& tape, T* values, NodeId first, NodeId end) {
  for (NodeId i = first; i < end; ++i)  // arguments precede the node that uses them
    if (tape[i].op != Op::Independent) values[i] = evaluate_node(tape, values, i);
}
// For numbers compiled in sweeps.cpp, where an optimised build has a quicker way through the same steps.
void evaluate_numbers(const Tape& tape, double* values, NodeId first, NodeId end);
void evaluate_numbers(const Tape& tape, float* values, NodeId first, NodeId end);
template <std::floating_point T>
constexpr void evaluate_nodes(const Tape& tape, T* values, NodeId first, NodeId end) {
  if (!std::is_constant_evaluated()) return evaluate_numbers(tape, values, first, end);
  for (NodeId i = first; i < end; ++i)
    if (tape[i].op != Op::Independent) values[i] = evaluate_node(tape, values, i);
}
void evaluate_nodes(const Tape& tape, Bounded* values, NodeId first, NodeId end);

/// A comparison by its operation.
template <class T>
constexpr auto compare(Op relation, const T& x, const T& y) {
  return relation == Op::Less ? x < y : relation == Op::LessEqual ? x <= y : x == y;
}
/// Whether a comparison that the recording branched on comes out as it did then. On Vars it is recorded again, at its old place.
template <class T>
constexpr bool same_branch(const Guard& guard, const T* values) {
  const T &x = values[guard.x], &y = values[guard.y];
  if constexpr (std::is_same_v<T, Var>)
    return static_cast<bool>(Condition(guard.relation, Operand(x, guard.location), Operand(y, guard.location))) == guard.outcome;
  else
    return static_cast<bool>(compare(guard.relation, x, y)) == guard.outcome;
}

/// A forward sweep whose stretches between guards, nodes first … end - 1, evaluate(values, first, end) computes.
template <class T, class Evaluate>
constexpr void sweep_forward(const Tape& tape, std::span<const T> independents, Values<T>& values, Evaluate evaluate) {
  if (independents.size() != tape.independents().size())
    throw_independents("forward_sweep", static_cast<NodeId>(tape.independents().size()), independents.size());
  values.resize(tape.constants(), tape.size());
  T* const value = values.base();
  for (NodeId k = -tape.constants(); k < 0; ++k) value[k] = static_cast<T>(tape.value(k));
  for (std::size_t k = 0; k < independents.size(); ++k) value[tape.independents()[k]] = independents[k];
  NodeId done = 0;
  for (const Guard& guard : tape.guards()) {  // in the order of recording
    evaluate(value, done, guard.position);
    done = guard.position;
    if (!same_branch(guard, value)) throw_branch_changed(tape, guard, value_of(value[guard.x]), value_of(value[guard.y]));
  }
  evaluate(value, done, tape.size());
}

}  // namespace detail

/// Runs the tape at new independents, given in the order of their recording, and writes one value per node and constant.
/// Throws ShapeMismatch if their number is not the tape's, BranchChanged if a recorded branch would go the other way.
/// O(nodes); allocates only if `values` is too small.
template <class T>
constexpr void forward_sweep(const Tape& tape, std::span<const T> independents, Values<T>& values) {
  detail::sweep_forward(tape, independents, values,
                        [&tape](T* value, NodeId first, NodeId end) { detail::evaluate_nodes(tape, value, first, end); });
}

template <class T>
constexpr Values<T> forward_sweep(const Tape& tape, std::span<const T> independents) {
  Values<T> values;
  forward_sweep(tape, independents, values);
  return values;
}

// Compiled in sweeps.cpp.
extern template void forward_sweep(const Tape&, std::span<const double>, Values<double>&);
extern template void forward_sweep(const Tape&, std::span<const float>, Values<float>&);
extern template void forward_sweep(const Tape&, std::span<const Dual<double>>, Values<Dual<double>>&);

}  // namespace wengert
