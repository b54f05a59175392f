// What check_gradient asks of single nodes: partials, kinks, and how far the arguments may move.
#pragma once

#include <string>
#include <vector>

#include "wengert/forward_sweep.hpp"
#include "wengert/tape.hpp"

namespace wengert::detail {

inline bool in_table(Op op) { return op != Op::Independent && op != Op::Custom; }

/// Whether a dependent depends on node i, by i.
std::vector<bool> nodes_in_use(const Tape& tape, std::span<const Var> dependents);

std::vector<double> argument_values(const Tape& tape, NodeId i);

/// Partials of node i in its arguments, by its rule, at the tape's values.
std::vector<double> partials_of(const Tape& tape, NodeId i);

/// "`sin` (node 3, recorded at demo.cpp:12)"
std::string describe_node(const Tape& tape, NodeId i);

/// A sentence on the first node or guard that is exactly at its kink; empty if none is. A variable that meets itself (the running
/// maximum that starts with the first element) is at none.
std::string find_kink(const Tape& tape, const std::vector<bool>& in_use);

/// Whether two recordings took the same branches and hold the same operations.
bool same_operations(const Tape& tape, const Tape& other);
/// And whether, with the other's values as given, every branch and every kink in use is on the side it was on.
bool same_sides(const Tape& tape, const Tape& other, const Values<double>& values, const std::vector<bool>& in_use);

/// How far a step along the tangents may go before some node in use leaves the neighbourhood in which its function behaves like a
/// polynomial: a unit for sin or exp, the distance to 0 for log. Infinite for polynomials. For choosing a step, no more.
double natural_reach(const Tape& tape, const std::vector<bool>& in_use, const Values<Dual<double>>& tangents);

/// The tape at other inputs, with whatever is detached as it is on `original`, a recording of the same nodes.
template <class T>
Values<T> replay(const Tape& tape, std::span<const T> x, const Tape& original) {
  Values<T> values(tape.constants(), tape.size());
  for (NodeId k = -tape.constants(); k < 0; ++k) values[k] = T(tape.value(k));
  std::size_t input = 0;
  for (NodeId i = 0; i < tape.size(); ++i)
    values[i] = tape[i].op == Op::Independent ? x[input++]
                : tape[i].op == Op::Detach    ? T(original.value(i))
                                              : evaluate_node<T>(tape, values.base(), i);
  return values;
}

}  // namespace wengert::detail
