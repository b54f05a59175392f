// Stochastic estimates of KL(q || p) and its gradient: the graph, backpropagated at many samples, in one of several ways.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "estimate/moments.hpp"
#include "estimate/progress.hpp"
#include "estimate/sampling.hpp"
#include "wengert/var.hpp"

namespace vae_kl {

/// q = N(mu, sigma^2) in each dimension.
struct Parameters {
  std::vector<double> mu, sigma;

  std::size_t dimensions() const { return mu.size(); }
};

/// How the graph is run. The samples are the same, and so are the numbers but for rounding.
enum class Way {
  stepped,   ///< records a tape for each sample and sweeps it back, node by node
  replayed,  ///< records once, and runs that tape on blocks of samples
  fused,     ///< the same, recorded and differentiated by the compiler
};
/// The fastest is the last.
inline constexpr Way ways[] = {Way::stepped, Way::replayed, Way::fused};
std::string_view name(Way way);

/// Of one dimension.
struct DimensionEstimate {
  Estimate kl, wrt_mu, wrt_sigma;
};

/// What is differentiated: t as a function of mu, sigma and eps, recorded on the tape of its arguments.
using Program = wengert::Var (*)(const wengert::Var& mu, const wengert::Var& sigma, const wengert::Var& eps);
/// The graph of graph.hpp.
wengert::Var record_graph(const wengert::Var& mu, const wengert::Var& sigma, const wengert::Var& eps);

/// The stepped way: a tape for every sample, or antithetic pair, the plainest one, and the one that a debugger follows. As below,
/// but of one replicate; sums are compensated and scaled, so it also works where squares of the samples leave the range of
/// double.
std::vector<DimensionEstimate> estimate_stepped(const Parameters& parameters, const SamplingOptions& sampling,
                                                std::uint64_t replicate, Progress& progress, Program program);

/// Estimates for every dimension; dimension d draws its samples from stream d of the seed. Standard errors are those of
/// independent means: of samples, pairs or replicates (sampling.hpp). The numbers depend on the seed and the number of samples,
/// to the bit, and not on the number of threads or ranks. Memory does not grow with the samples. Progress counts what all ranks
/// have done; where they share out dimensions, what this one has, times their number. Throws std::invalid_argument if another
/// program is to be run fused: that one is fixed when this file is compiled.
std::vector<DimensionEstimate> estimate(const Parameters& parameters, const SamplingOptions& sampling, Way way,
                                        Progress& progress, Program program = record_graph);

}  // namespace vae_kl
