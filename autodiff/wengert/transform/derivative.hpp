// tape -> a tape that computes its values and its gradient: the reverse sweep run on Var records itself.
#pragma once

#include <span>
#include <vector>

#include "wengert/forward_sweep.hpp"
#include "wengert/reverse_sweep.hpp"
#include "wengert/tape.hpp"
#include "wengert/var.hpp"

namespace wengert::detail {

/// Records on the empty tape `to`: the independents of `from`, its values, and one reverse sweep per dependent. Returns the
/// indices of the results on `to`: the dependents, then for each dependent its derivative in every independent in turn.
inline std::vector<NodeId> record_derivative(const Tape& from, std::span<const NodeId> dependents, Tape& to) {
  std::vector<Var> independents;
  for (const NodeId i : from.independents()) independents.push_back(to.variable(from.value(i), from.name(i), from.location(i)));
  const Values<Var> values = forward_sweep<Var>(from, std::span<const Var>(independents));
  for (NodeId i = 0; i < from.size(); ++i) {
    if (values[i].index() < 0) continue;
    if (!from.name(i).empty() && to.name(values[i].index()).empty()) to.set_name(values[i].index(), from.name(i));
    to.relocate(values[i].index(), from.location(i));
  }

  const auto index = [&to](const Var& x) { return x.is_constant() ? to.constant(x.value()) : x.index(); };
  std::vector<NodeId> results;
  for (const NodeId dependent : dependents) results.push_back(index(values[dependent]));
  for (const NodeId dependent : dependents) {
    Values<Var> adjoints(from.constants(), from.size());
    adjoints[dependent] = Var(1);
    for (NodeId i = dependent + 1; i-- > 0;) {
      const NodeId first = to.size();
      pull_back(from, values.base(), adjoints.base(), i);
      for (NodeId k = first; k < to.size(); ++k) to.relocate(k, from.location(i));  // the line of what is differentiated
    }
    for (const NodeId i : from.independents()) results.push_back(index(adjoints[i]));
  }
  return results;
}

}  // namespace wengert::detail
