// Stochastic estimates of KL(q || p) and its gradient: the graph, backpropagated at many samples.
#pragma once

#include <cstdint>
#include <vector>

#include "moments.hpp"
#include "options.hpp"
#include "progress.hpp"
#include "wengert/var.hpp"

namespace vae_kl {

/// Of one dimension.
struct DimensionEstimate {
  Estimate kl, wrt_mu, wrt_sigma;
};

/// What is differentiated: t as a function of mu, sigma and eps, recorded on the tape of its arguments.
using Program = wengert::Var (*)(const wengert::Var& mu, const wengert::Var& sigma, const wengert::Var& eps);
/// The graph of graph.hpp.
wengert::Var record_graph(const wengert::Var& mu, const wengert::Var& sigma, const wengert::Var& eps);

/// Estimates for every dimension; dimension d draws its samples from stream d of the seed. The numbers depend on the seed and the
/// number of samples, to the bit, and not on the number of threads. Memory does not grow with the samples.
std::vector<DimensionEstimate> estimate(const Parameters& parameters, const SamplingOptions& sampling, Progress& progress,
                                        Program program = record_graph);

}  // namespace vae_kl
