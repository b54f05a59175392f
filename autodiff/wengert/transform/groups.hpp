// tape -> the same nodes in another order, equal operations that do not wait for each other side by side; and sweeps that take
// such a group in one loop. Superword-level parallelism (Larsen and Amarasinghe, PLDI 2000), on a tape.
#pragma once

#include <span>
#include <vector>

#include "wengert/function.hpp"
#include "wengert/tape.hpp"
#include "wengert/values.hpp"

namespace wengert::detail {

/// Lays the nodes of `from` on the empty tape `to`: all independents first, in their order, then level by level what depends on
/// nothing of its own level or later. No node passes a guard. `outputs` (indices on `from`) becomes their indices on `to`.
/// Returns the groups, which cover all nodes but the independents. O(nodes log nodes).
std::vector<NodeGroup> group(const Tape& from, std::vector<NodeId>& outputs, Tape& to);

/// The values of a group from those before it.
void evaluate_group(const Tape& tape, double* values, const NodeGroup& group);
/// A group's part of the reverse sweep.
void pull_back_group(const Tape& tape, const double* values, double* adjoints, const NodeGroup& group);

}  // namespace wengert::detail
