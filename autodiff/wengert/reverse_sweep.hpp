// tape + values + seeds -> adjoints, last node first. Reads the rules; changes nothing.
#pragma once

#include <span>

#include "wengert/adjoints.hpp"
#include "wengert/sweep/chain_rule.hpp"
#include "wengert/sweep/nary_sweep.hpp"
#include "wengert/tape.hpp"
#include "wengert/values.hpp"
#include "wengert/var.hpp"

namespace wengert {

/// Carries the adjoint of node i back to its arguments. The visitor of the reverse sweep.
template <class T>
struct PullBack {
  const Tape& tape;
  const T* values;
  T* adjoints;
  NodeId i;

  template <class Rule>
  constexpr void operator()() const {
    const Node& node = tape[i];
    const T adjoint = adjoints[i], result = values[i];
    if constexpr (Rule::arity == 1) {
      const auto partial = Rule::template partials<T>(values[node.x], result);
      add<Rule>(node.x, adjoint, partial.x);
    } else if constexpr (requires { Rule::template partial_x<T>(result, result, result); }) {
      // costly partials are not computed for constants
      if (node.x >= 0) add<Rule>(node.x, adjoint, Rule::template partial_x<T>(values[node.x], values[node.y], result));
      if (node.y >= 0) add<Rule>(node.y, adjoint, Rule::template partial_y<T>(values[node.x], values[node.y], result));
    } else if constexpr (Rule::arity == 2) {
      const auto partial = Rule::template partials<T>(values[node.x], values[node.y], result);
      add<Rule>(node.x, adjoint, partial.x);
      add<Rule>(node.y, adjoint, partial.y);
    } else {
      const NodeId* extra = tape.extra_arguments(node.y);
      const auto partial = Rule::template partials<T>(values[node.x], values[extra[0]], values[extra[1]], result);
      add<Rule>(node.x, adjoint, partial.x);
      add<Rule>(extra[0], adjoint, partial.y);
      add<Rule>(extra[1], adjoint, partial.z);
    }
  }
  constexpr void otherwise(Op op) const {
    if (op == Op::Custom) detail::pull_back_custom(tape, values, adjoints, i);
  }

 private:
  // The adjoint of a constant is never read, but asking which arguments are constants would cost more than adding up numbers.
  template <class Rule>
  constexpr void add(NodeId argument, const T& adjoint, const T& partial) const {
    detail::accumulate(adjoints[argument], detail::carry<Rule>(adjoint, partial));
  }
};

/// Does node i's part of the reverse sweep.
template <class T>
constexpr void pull_back(const Tape& tape, const T* values, T* adjoints, NodeId i) {
  if (detail::carries_nothing(adjoints[i])) return;
  dispatch(tape[i].op, PullBack<T>{tape, values, adjoints, i});
}

namespace detail {

/// The reverse sweep proper: from seeded adjoints of the first `nodes` nodes to the adjoints of all of them.
template <class T>
constexpr void pull_back_all(const Tape& tape, const T* values, T* adjoints, NodeId nodes) {
  for (NodeId i = nodes; i-- > 0;)  // last node first: every use of a value is met before the node that made it
    pull_back(tape, values, adjoints, i);
}
// For numbers, down to node `first`, in sweeps.cpp, where an optimised build has a quicker way through the same steps.
void pull_back_all(const Tape& tape, const double* values, double* adjoints, NodeId nodes, NodeId first = 0);
void pull_back_all(const Tape& tape, const float* values, float* adjoints, NodeId nodes, NodeId first = 0);
void pull_back_all(const Tape& tape, const Bounded* values, Bounded* adjoints, NodeId nodes);

}  // namespace detail

/// Derivatives of sum(seed.adjoint * seed.variable) in every node, at `values` (the tape's own, or a forward sweep's). Writes
/// into `result`, reusing its memory. Throws ForeignVariable or StaleVariable for a seed of another recording, ShapeMismatch for
/// values of another size. O(nodes up to the last seed), whatever the number of independents and the depth of the graph.
template <class T>
constexpr void reverse_sweep(const Tape& tape, ValuesView<T> values, std::span<const Seed<T>> seeds, Adjoints<T>& result,
                             Location at = Location::current()) {
  detail::seed_adjoints(tape, values, seeds, result, at);
  detail::pull_back_all(tape, values.base, result.adjoints.base(), result.adjoints.nodes());
}

template <class T>
constexpr Adjoints<T> reverse_sweep(const Tape& tape, ValuesView<T> values, std::span<const Seed<T>> seeds,
                                    Location at = Location::current()) {
  Adjoints<T> result;
  reverse_sweep(tape, values, seeds, result, at);
  return result;
}

// Compiled in sweeps.cpp.
extern template void reverse_sweep(const Tape&, ValuesView<double>, std::span<const Seed<double>>, Adjoints<double>&, Location);
extern template void reverse_sweep(const Tape&, ValuesView<float>, std::span<const Seed<float>>, Adjoints<float>&, Location);
extern template void reverse_sweep(const Tape&, ValuesView<Dual<double>>, std::span<const Seed<Dual<double>>>,
                                   Adjoints<Dual<double>>&, Location);

}  // namespace wengert
