// What a gradient costs, in primals in double: the same functions that answer requests, timed in turns.
#pragma once

#include <span>
#include <string>

namespace gradbench {

/// Prints a line for each example of each module, or of those named in `only`. Processor time, the least of several rounds,
/// primal and gradient in turns. Throws std::invalid_argument for a module that is not there.
void print_ratios(std::span<const std::string> only);

}  // namespace gradbench
