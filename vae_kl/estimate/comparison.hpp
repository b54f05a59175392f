// Estimates beside the closed form, how far they are apart, and whether that is chance.
#pragma once

#include <string>
#include <vector>

#include "estimate/estimator.hpp"
#include "estimate/verdict.hpp"

namespace vae_kl {

struct ComparisonRow {
  std::string parameter;  ///< "mu[0]"; "kl" for KL(q || p) itself
  double closed_form, estimate;
  double standard_error;  ///< of the samples, and of rounding where a small sigma lets the graph cancel
  double z;               ///< (estimate - closed_form) / standard_error
  Scatter scatter;        ///< of one of the means that it is made of: a sample, a pair, a replicate
};

struct Comparison {
  SamplingOptions sampling;
  SamplingPlan plan;
  std::size_t dimensions;
  ComparisonRow kl;
  std::vector<ComparisonRow> gradient;
  double worst_z, threshold;
  bool too_few;  ///< samples: a bias as large as the scatter of a single one would pass for chance
  bool agree;    ///< false where it cannot be told

  std::uint64_t comparisons() const { return gradient.size() + 1; }
};

/// What rounding in the graph can move the estimates by, not growing less with more samples. z - mu has an error of an ulp of mu,
/// and the adjoint of mu is z only after u / sigma was added and taken away again.
struct Resolution {
  double kl, wrt_mu, wrt_sigma;

  Resolution(double mu, double sigma);
};

/// Throws InputError for parameters at which the graph overflows, or cancels until fewer than three digits are left.
void check_range(const Parameters& parameters);

Comparison compare(const Parameters& parameters, const SamplingOptions& sampling,
                   const std::vector<DimensionEstimate>& estimates);

}  // namespace vae_kl
