// When are an estimate and the number it should be too far apart to be chance?
#pragma once

#include <cstdint>

namespace vae_kl {

/// How often a right program may be called wrong.
inline constexpr double false_alarm_rate = 1e-6;

/// The largest distance, in standard errors, that is still chance when the largest of `comparisons` is looked at and the standard
/// error itself comes from `samples` samples, at least 2. Grows slowly with the comparisons and falls with the samples: 5.4 for 7
/// comparisons of 1e5 samples at the default rate of false alarms. With a handful of samples it is so large that nothing can be
/// told.
double threshold(std::uint64_t comparisons, std::uint64_t samples, double rate = false_alarm_rate);

/// Standard errors beyond the threshold at which a bias is noticed in 999 of 1000 runs: a quantile of the normal distribution.
inline constexpr double surely = 3.09;

/// The spread of one sample, and what rounding may do to the mean of any number of them.
struct Scatter {
  double deviation, resolution;
};
/// The least bias of a mean that is noticed, in 999 of 1000 runs.
double least_bias(const Scatter& scatter, std::uint64_t comparisons, std::uint64_t samples);
/// The number of samples from which on that bias is noticed; 0 if 2^62 are not enough.
std::uint64_t samples_to_see(double bias, const Scatter& scatter, std::uint64_t comparisons);

}  // namespace vae_kl
