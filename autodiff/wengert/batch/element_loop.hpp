// Elements on lanes: a loop of straight-line code, compiled in the caller's file, run over all of them.
#pragma once

#include <cstddef>
#include <span>

#include "wengert/batch/run_blocks.hpp"

namespace wengert::detail {

/// As a BlockJob, for outputs that are written and not added up.
struct ElementLoop {
  void (*run)(const void* context, std::size_t first, std::size_t n, const double* const* columns, double* const* sinks,
              std::byte* workspace, OutputSums* sums);
  const void* context;
};
/// Runs it over all of `gathered`. A sink that is nullptr is left out.
void run_loop(const ElementLoop& loop, const Samples& gathered, std::span<double* const> sinks);

}  // namespace wengert::detail
