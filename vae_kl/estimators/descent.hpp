// Gradient descent on KL(q || p), by the exact gradient and by estimates of it, side by side.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "estimators/gradient_estimators.hpp"

namespace vae_kl {

/// How long a step is: `rate` at all times; rate / (1 + 10 step / steps), which dies out as a stochastic gradient needs; or
/// Adam's.
enum class StepRule { constant, decay, adam };
std::string_view name(StepRule rule);
/// Throws InputError, which lists the names.
StepRule rule_named(std::string_view name, std::string_view where);

struct DescentOptions {
  MuSigma start{2, 0.3};
  std::uint64_t steps = 400;
  double rate = 0.1;
  std::uint64_t seed = 1;
  std::vector<Estimator> estimators{Estimator::closed_form, Estimator::total, Estimator::path, Estimator::score_baseline};
  std::vector<std::uint64_t> batches{1, 16};
  std::vector<StepRule> rules{StepRule::constant, StepRule::decay, StepRule::adam};
};

/// One way down, and where it led.
struct Descent {
  Estimator estimator;
  std::uint64_t batch;
  StepRule rule;
  std::vector<MuSigma> path;  ///< the start, and the point after every step; shorter if it ran away
  bool ran_away = false;      ///< mu or sigma left the range of double precision

  double kl() const;  ///< at the last point
};

/// Steps in mu and log sigma, so that sigma stays above 0 without being watched: d/d(log sigma) = sigma d/dsigma.
Descent descend(const DescentOptions& options, Estimator estimator, std::uint64_t batch, StepRule rule);

/// Every estimator with every batch size (the closed form has none) and every rule. O(steps * batches * …).
std::vector<Descent> descend(const DescentOptions& options);

}  // namespace vae_kl
