// What can be told of derivatives without numbers: which arguments an operation varies with, and which two of them together.
// Inside the library only.
#pragma once

#include <span>
#include <vector>

#include "wengert/operations.hpp"
#include "wengert/tape.hpp"

namespace wengert::detail {

/// Read from the rules: each partial is recorded, and what it depends on looked up on the tape.
struct Structure {
  bool first[3] = {};      ///< the partial in argument k is not 0 everywhere
  bool second[3][3] = {};  ///< the partial in argument k varies with argument j
  bool curved = false;     ///< one of them does
};
const Structure& structure_of(Op op);

/// Columns in ascending order, for each row.
using Pattern = std::vector<std::vector<NodeId>>;

/// Which independents (by their number) each dependent varies with. One sweep over sets of independents; where these stay small,
/// O(nodes).
Pattern jacobian_pattern(const Tape& tape, std::span<const NodeId> dependents);
/// Which two independents meet in an operation that is not linear in them. Symmetric. Costs likewise, and an entry for each two
/// that meet.
Pattern hessian_pattern(const Tape& tape, NodeId dependent);

}  // namespace wengert::detail
