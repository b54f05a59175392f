// What one node of a reverse sweep carries back to each of its arguments, and what reached a node from all others: for readers.
// The sweep itself only adds these up (reverse_sweep.hpp); here they are told apart.
#pragma once

#include <vector>

#include "wengert/cursor.hpp"
#include "wengert/tape.hpp"
#include "wengert/values.hpp"

namespace wengert::detail {

/// What node i carries to each of its arguments, in their order, when its adjoint is `adjoint`. Empty for an independent.
std::vector<Contribution> contributions(const Tape& tape, ValuesView<double> values, NodeId i, double adjoint);

/// What reaches node i from the nodes `first` to adjoints.nodes - 1, in the order in which the sweep adds it up: the last node
/// first. O(nodes).
std::vector<Contribution> contributions_to(const Tape& tape, ValuesView<double> values, ValuesView<double> adjoints, NodeId i,
                                           NodeId first = 0);

}  // namespace wengert::detail
