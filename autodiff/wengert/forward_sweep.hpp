// tape + independents -> values, first node first. Reads the rules; changes nothing.
#pragma once

#include <span>

#include "wengert/sweep/chain_rule.hpp"
#include "wengert/sweep/nary_sweep.hpp"
#include "wengert/tape.hpp"
#include "wengert/values.hpp"
#include "wengert/var.hpp"

namespace wengert {

[[noreturn]] void throw_independents(const char* function, Index expected, std::size_t got);
[[noreturn]] void throw_branch_changed(const Tape& tape, const Guard& guard, double x, double y);

/// Computes node i from the values before it. The visitor of the forward sweep.
template <class T>
struct Evaluate {
  const Tape& tape;
  const T* values;
  Index i;

  template <class Rule>
  constexpr T operator()() const {
    const Node node = tape[i];
    if constexpr (Rule::arity == 1) {
      return evaluate<Rule, T>(values[node.x]);
    } else if constexpr (Rule::arity == 2) {
      return evaluate<Rule, T>(values[node.x], values[node.y]);
    } else {
      const Index* extra = tape.extra_arguments(node.y);
      return evaluate<Rule, T>(values[node.x], values[extra[0]], values[extra[1]]);
    }
  }
};

/// The value of one node that is no independent.
template <class T>
constexpr T evaluate_node(const Tape& tape, const T* values, Index i) {
  if (tape[i].op == Op::Custom) [[unlikely]]
    return evaluate_custom<T>(tape, values, i);
  return dispatch(tape[i].op, Evaluate<T>{tape, values, i});
}

/// The forward sweep proper: the values of nodes first … end - 1.
template <class T>
constexpr void evaluate_nodes(const Tape& tape, T* values, Index first, Index end) {
  for (Index i = first; i < end; ++i)  // arguments precede the node that uses them
    if (tape[i].op != Op::Independent) values[i] = evaluate_node(tape, values, i);
}
// For numbers, with all rules compiled into the loop, as in the reverse sweep.
template <std::floating_point T>
[[gnu::flatten]] constexpr void evaluate_nodes(const Tape& tape, T* values, Index first, Index end) {
  for (Index i = first; i < end; ++i)
    if (tape[i].op != Op::Independent) values[i] = evaluate_node(tape, values, i);
}

/// Whether a comparison that the recording branched on comes out as it did then. On Vars it is recorded again.
template <class T>
constexpr bool same_branch(const Guard& guard, const T* values) {
  const T& x = values[guard.x];
  const T& y = values[guard.y];
  const bool outcome = guard.relation == Op::Less        ? static_cast<bool>(x < y)
                       : guard.relation == Op::LessEqual ? static_cast<bool>(x <= y)
                                                         : static_cast<bool>(x == y);
  return outcome == guard.outcome;
}

/// Runs the tape at new independents, given in the order of their recording, and writes one value per node and constant.
/// Throws ShapeMismatch if their number is not the tape's, BranchChanged if a recorded branch would go the other way.
/// O(nodes); allocates only if `values` is too small.
template <class T>
constexpr void forward_sweep(const Tape& tape, std::span<const T> independents, Values<T>& values) {
  if (independents.size() != tape.independents().size())
    throw_independents("forward_sweep", static_cast<Index>(tape.independents().size()), independents.size());
  values.resize(tape.constants(), tape.size());
  T* const value = values.base();
  for (Index k = -tape.constants(); k < 0; ++k) value[k] = constant_beside<T>(tape.value(k), independents);
  for (std::size_t k = 0; k < independents.size(); ++k) value[tape.independents()[k]] = independents[k];
  Index done = 0;
  for (const Guard& guard : tape.guards()) {  // in the order of recording
    evaluate_nodes(tape, value, done, guard.position);
    done = guard.position;
    if (!same_branch(guard, value)) throw_branch_changed(tape, guard, value_of(value[guard.x]), value_of(value[guard.y]));
  }
  evaluate_nodes(tape, value, done, tape.size());
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
