// All gradient estimators side by side: what they estimate, how much they scatter, what they cost, against their exact laws.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "estimate/progress.hpp"
#include "estimators/gradient_laws.hpp"

namespace vae_kl {

struct EstimatorOptions {
  double mu = 0.5, sigma = 0.8;
  std::uint64_t samples = 100'000;  ///< evaluations of t for each estimator
  std::uint64_t block = 64;         ///< points in one draw of quasi-Monte Carlo
  std::uint64_t seed = 1;
};

/// One estimator's view of one parameter. "Errors" are standard errors by the exact law, 0 where the exact variance is 0.
struct ParameterLine {
  double exact = 0, mean = 0, bias_in_errors = 0;
  double variance = 0, exact_variance = 0, variance_in_errors = 0;  ///< of one draw
  Power power;
  bool agrees = true;
};

struct EstimatorLine {
  Estimator estimator;
  std::uint64_t draws = 0, evaluations_per_draw = 1;
  ParameterLine mu, sigma;
  double nanoseconds = 0;  ///< of processor time per evaluation of t: random numbers, recording, backpropagation, sums
  /// Exact variance of both parameters together times seconds: half of it is as good as a machine twice as fast.
  double variance_times_time() const {
    return (mu.exact_variance + sigma.exact_variance) * nanoseconds * 1e-9 * static_cast<double>(evaluations_per_draw);
  }
  bool agrees() const { return mu.agrees && sigma.agrees; }
};

/// Every estimator on one thread, one after the other. O(samples).
std::vector<EstimatorLine> compare_estimators(const EstimatorOptions& options, Progress& progress,
                                              RecordSample program = record_sample);

/// Which estimator to use here, and why: from the measured costs and the exact variances.
std::string advice(const EstimatorOptions& options, const std::vector<EstimatorLine>& lines);

}  // namespace vae_kl
