// The stepped way: a tape for every sample. The plainest one, and the one that a debugger follows.
#pragma once

#include "estimate/estimator.hpp"

namespace vae_kl {

/// As `estimate`. Sums are compensated and scaled, so this way also works where squares of the samples leave the range of double.
std::vector<DimensionEstimate> estimate_stepped(const Parameters& parameters, const SamplingOptions& sampling, Progress& progress,
                                                Program program);

}  // namespace vae_kl
