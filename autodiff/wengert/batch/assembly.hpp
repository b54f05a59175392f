// The ends of a batch, replayed or fused: checking the call before it, and carrying the totals back to the shared inputs after
// it.
#pragma once

#include <cstddef>
#include <span>

#include "wengert/batch/run_blocks.hpp"
#include "wengert/tape.hpp"
#include "wengert/values.hpp"

namespace wengert::detail {

/// Throws ShapeMismatch unless the inputs add up, the places for results have the samples' size, and a mean has a sample.
template <class T>
void check_batch(const char* function, bool mean, std::size_t inputs, std::size_t shared, const BasicSamples<T>& samples,
                 const BasicBatchOptions<T>& options);

/// The result from `totals`, the moments over `count` samples of the value and of the adjoint of each frontier value, but for the
/// gradient. With standard errors the frontier must be the shared inputs themselves.
BatchResult without_gradient(std::size_t count, std::span<const Moments> totals, bool mean, bool standard_errors);
/// All of it: the frontier's mean adjoints go back through the outer tape.
BatchResult assemble(const Tape& outer, const Values<double>& outer_values, std::span<const NodeId> frontier, std::size_t count,
                     std::span<const Moments> totals, bool mean, bool standard_errors);

}  // namespace wengert::detail
