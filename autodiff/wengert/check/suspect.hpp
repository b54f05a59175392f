// Where a gradient disagrees: which node is to blame.
#pragma once

#include <string>
#include <vector>

#include "wengert/tape.hpp"

namespace wengert::detail {

/// The first node whose partials disagree with differences of its value by more than `accuracy` of them, as a sentence; -1 if
/// there is none.
NodeId find_wrong_partial(const Tape& tape, const std::vector<bool>& in_use, bool second_order, double accuracy,
                          std::string& why);

/// The first node that uses a constant which two recordings at different inputs do not agree on; -1 if there is none.
NodeId find_stale_constant(const Tape& tape, const Tape& other, std::string& why);

}  // namespace wengert::detail
