// Blocks of samples -> moments of the outputs. What replayed and fused batches have in common: threads, order of summation,
// progress. What happens inside a block is theirs.
#pragma once

#include <cstddef>
#include <span>

#include "wengert/batch.hpp"

namespace wengert::detail {

/// Sums over one block of one output: of x - shift, and of its square.
struct OutputSums {
  double shift = 0, sum = 0, squares = 0;
};

/// How to compute one block. `columns[c]` points to the block's n samples of column c; `sinks[k]`, unless null, to where output
/// k's n numbers go: first the value, then the samples' own gradient; `workspace` is 64-byte aligned and the thread's own.
template <class T>
struct BlockJob {
  void (*run)(const void* context, std::size_t first, std::size_t n, const T* const* columns, T* const* sinks,
              std::byte* workspace, OutputSums* sums);
  const void* context;
  std::size_t outputs;  ///< how many OutputSums it fills
  std::size_t block;    ///< samples in a block; the last one may be shorter
  std::size_t workspace_bytes;
  std::size_t operations;  ///< per sample, about: how long a block takes
};

/// Mean and sum of squared deviations of one output over `count` samples.
struct Moments {
  double mean = 0, deviations = 0;
};

/// Those of n samples from their sums.
inline Moments moments_of(const OutputSums& sums, std::size_t n) {
  const double mean = sums.sum / static_cast<double>(n);
  const double deviations = sums.squares - sums.sum * mean;
  // rounding may leave a little below 0 where all samples are equal; a NaN, the spread of infinite samples, stays one
  return {sums.shift + mean, deviations < 0 ? 0 : deviations};
}

/// Runs all blocks on up to options.threads threads, writes the Moments of each output and returns the number of samples done.
/// The order of summation is a fixed tree over the blocks, so the outcome does not depend on the threads.
template <class T>
std::size_t run_blocks(const BlockJob<T>& job, const BasicSamples<T>& samples, const BasicBatchOptions<T>& options,
                       std::span<Moments> moments);

}  // namespace wengert::detail
