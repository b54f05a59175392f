// The ways of running the graph, on the same samples, side by side: whether they agree, and what each costs.
#pragma once

#include <vector>

#include "estimate/estimator.hpp"

namespace vae_kl {

struct WayRun {
  Way way;
  std::vector<DimensionEstimate> estimates;
  double seconds;
};

/// Runs each of them once, with a progress bar if the work is long and it is wanted.
std::vector<WayRun> run_ways(const std::vector<Way>& chosen, const Parameters& parameters, const SamplingOptions& sampling,
                             bool show_progress, Program program = record_graph);

/// Whether sums of squares of the samples stay within the range of double, as the library's batches need.
bool batches_in_range(const Parameters& parameters);

struct WayRow {
  Way way;
  double nanoseconds;  ///< per sample and dimension, random numbers included
  double difference;   ///< largest distance from the first way, in roundings of one sample
};
struct WayComparison {
  std::vector<WayRow> rows;
  double random_nanoseconds;  ///< for the random numbers alone, on one thread
  double allowed;             ///< roundings
  bool agree;
};

/// Compares all with the first.
WayComparison compare_ways(const std::vector<WayRun>& runs, const Parameters& parameters, const SamplingOptions& sampling);

}  // namespace vae_kl
