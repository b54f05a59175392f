// The exact distribution of each gradient estimator, and what a measurement of it can tell.
#pragma once

#include <cstdint>

#include "estimators/gradient_estimators.hpp"

namespace vae_kl {

/// Variance of one draw, in closed form. Samples are polynomials in eps, so with a = mu^2/2 - log sigma, c = (sigma^2 - 1)/2:
///   total            sigma^2                                  mu^2 + 2 sigma^2
///   path             (sigma - 1/sigma)^2                      mu^2 + 2 (sigma - 1/sigma)^2
///   score            (a^2 + 6ac + 15c^2)/sigma^2 + 2 mu^2     (2a^2 + 20ac + 74c^2)/sigma^2 + 10 mu^2
///   score+baseline   6 c^2/sigma^2 + 2 mu^2                   24 c^2/sigma^2 + 10 mu^2
///   antithetic       0                                        2 sigma^2
///   quasi            mean over `block` strata of the variance within one, over `block`
///   closed           0                                        0
/// The strata's variances come from the moments of the truncated normal distribution.
MuSigma exact_variance(Estimator estimator, double mu, double sigma, std::uint64_t block);

/// Central moments of one draw of one parameter's estimate.
struct CentralMoments {
  double variance = 0, third = 0, fourth = 0, sixth = 0;
};
struct MuSigmaMoments {
  CentralMoments mu, sigma;
};
/// By numerical integration of sample_by_hand: Gauss-Hermite nodes, exact for these polynomials; tanh-sinh in each stratum for
/// quasi, whose cumulants add up.
MuSigmaMoments central_moments(Estimator estimator, double mu, double sigma, std::uint64_t block);

/// What `draws` independent draws can tell about a mean and a variance, by their exact moments.
struct Power {
  double mean_error = 0;      ///< standard error of the mean
  double mean_limit = 0;      ///< chance alone leaves the mean within this many standard errors
  double variance_error = 0;  ///< standard error of the measured variance, relative to the exact one
  double variance_limit = 0;  ///< chance alone leaves it within this many standard errors
  double least_bias = 0;      ///< a bias of this size is noticed with a probability of 99.9 percent
  double least_excess = 0;    ///< so is a variance wrong by this fraction
};
/// The limits hold for all of `comparisons` at once but for a false-alarm rate of 1e-6. Normal quantiles, corrected for skewness
/// to first order (Cornish and Fisher): squares of these polynomials have long tails.
Power power(const CentralMoments& moments, std::uint64_t draws, int comparisons);

}  // namespace vae_kl
