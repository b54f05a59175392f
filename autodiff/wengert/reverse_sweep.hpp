// tape + values + seeds -> adjoints, last node first. Reads the rules; changes nothing.
#pragma once

#include <span>

#include "wengert/sweep/chain_rule.hpp"
#include "wengert/sweep/nary_sweep.hpp"
#include "wengert/tape.hpp"
#include "wengert/values.hpp"
#include "wengert/var.hpp"

namespace wengert {

namespace detail {
[[noreturn]] void throw_not_on(const char* function, const Var& x, const Tape* tape, std::uint32_t generation, Location at);
[[noreturn]] void throw_values(Index constants, Index nodes, Index expected_constants, Index expected_nodes);
}  // namespace detail

/// What a reverse sweep returns: the adjoint of every node, the derivative of the seeded combination of dependents in it.
template <class T>
class Adjoints {
 public:
  Adjoints() = default;
  constexpr Adjoints(const Tape& tape) : tape_(&tape), generation_(tape.generation()) {}

  /// The derivative with respect to x; 0 if nothing seeded depends on it. Throws ForeignVariable or StaleVariable for a variable
  /// of another recording and NotRecorded for a constant.
  constexpr T wrt(const Var& x, Location at = Location::current()) const {
    if (x.is_constant() || (tape_ != nullptr && (x.tape() != tape_ || x.generation() != generation_)))
      detail::throw_not_on("wrt", x, tape_, generation_, at);
    return (*this)[x.index()];
  }
  std::vector<T> wrt(std::span<const Var> xs, Location at = Location::current()) const {
    std::vector<T> result;
    result.reserve(xs.size());
    for (const Var& x : xs) result.push_back(wrt(x, at));
    return result;
  }
  /// The same for Eigen's vectors and matrices of Vars: a matrix of that shape.
  template <class Vars>
  requires requires(const Vars& xs) { xs.unaryExpr([](const Var&) { return T(); }).eval(); }
  auto wrt(const Vars& xs, Location at = Location::current()) const {
    return xs.unaryExpr([&](const Var& x) { return wrt(x, at); }).eval();
  }
  /// nullptr for the gradient of a constant.
  constexpr const Tape* tape() const { return tape_; }
  constexpr std::uint32_t generation() const { return generation_; }

  /// Whether the tape still holds what was differentiated.
  constexpr bool current() const { return tape_ == nullptr || tape_->generation() == generation_; }
  /// The adjoint of node i.
  constexpr T operator[](Index i) const { return i < adjoints.nodes() ? adjoints[i] : T(0); }

  /// By node. Nodes after the last dependent are left out: their adjoint is 0.
  Values<T> adjoints;

 private:
  const Tape* tape_ = nullptr;
  std::uint32_t generation_ = 0;
};

/// A dependent variable and the adjoint to start from.
template <class T>
struct Seed {
  Var variable;
  T adjoint;
};

/// Carries the adjoint of node i back to its arguments. The visitor of the reverse sweep.
template <class T>
struct PullBack {
  const Tape& tape;
  const T* values;
  T* adjoints;
  Index i;

  template <class Rule>
  constexpr void operator()() const {
    const Node& node = tape[i];
    const T adjoint = adjoints[i];
    const T result = values[i];
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
      const Index* extra = tape.extra_arguments(node.y);
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
  // The adjoint of a constant is never read, but asking which arguments are constants would cost more than adding it up.
  template <class Rule>
  constexpr void add(Index argument, const T& adjoint, const T& partial) const {
    detail::accumulate(adjoints[argument], detail::carry<Rule>(adjoint, partial));
  }
};

/// Does node i's part of the reverse sweep.
template <class T>
constexpr void pull_back(const Tape& tape, const T* values, T* adjoints, Index i) {
  if (detail::carries_nothing(adjoints[i])) return;
  dispatch(tape[i].op, PullBack<T>{tape, values, adjoints, i});
}

namespace detail {

/// The reverse sweep proper: from seeded adjoints of the first `nodes` nodes to the adjoints of all of them.
template <class T>
constexpr void pull_back_all(const Tape& tape, const T* values, T* adjoints, Index nodes) {
  for (Index i = nodes; i-- > 0;)  // last node first: every use of a value is met before the node that made it
    pull_back(tape, values, adjoints, i);
}
// For numbers compiled in sweeps.cpp, where an optimised build has a quicker way through the same steps.
void pull_back_all(const Tape& tape, const double* values, double* adjoints, Index nodes);
void pull_back_all(const Tape& tape, const float* values, float* adjoints, Index nodes);

/// The adjoints that a reverse sweep starts from: zeros, and the seeds in their dependents' places. Checks its arguments and
/// throws as reverse_sweep does.
template <class T>
constexpr void seed_adjoints(const Tape& tape, ValuesView<T> values, std::span<const Seed<T>> seeds, Adjoints<T>& result,
                             Location at) {
  if (values.nodes != tape.size() || values.constants != tape.constants())
    throw_values(values.constants, values.nodes, tape.constants(), tape.size());
  Index nodes = 0;
  for (const Seed<T>& seed : seeds) {
    if (seed.variable.is_constant()) continue;  // a constant has no derivative
    if (seed.variable.tape() != &tape || seed.variable.generation() != tape.generation())
      throw_not_on("reverse_sweep", seed.variable, &tape, tape.generation(), at);
    if (nodes <= seed.variable.index()) nodes = seed.variable.index() + 1;
  }
  Values<T> cells = static_cast<Values<T>&&>(result.adjoints);
  cells.reset(tape.constants(), nodes);
  for (const Seed<T>& seed : seeds)
    if (!seed.variable.is_constant()) cells[seed.variable.index()] += seed.adjoint;
  result = Adjoints<T>(tape);
  result.adjoints = static_cast<Values<T>&&>(cells);
}

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
