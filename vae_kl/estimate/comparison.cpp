#include "estimate/comparison.hpp"

#include <fmt/core.h>

#include <cmath>
#include <numbers>

#include "estimate/verdict.hpp"
#include "question/closed_form.hpp"
#include "question/error.hpp"

namespace vae_kl {
namespace {

ComparisonRow row(std::string parameter, double closed_form, const Estimate& estimate, const Scatter& scatter) {
  const double standard_error = std::hypot(estimate.standard_error, scatter.resolution);
  return {
      std::move(parameter), closed_form, estimate.mean, standard_error, (estimate.mean - closed_form) / standard_error, scatter};
}

}  // namespace

Resolution::Resolution(double mu, double sigma)
    : kl(0x1p-52 * (1 + std::fabs(std::log(sigma)) + mu * mu + sigma * sigma + std::fabs(mu) / sigma)),
      wrt_mu(0x1p-52 * (std::fabs(mu) + sigma + 1 / sigma)),
      wrt_sigma(0x1p-52 * (std::fabs(mu) + sigma + (1 + std::fabs(mu) / sigma) / sigma)) {}

void check_range(const Parameters& parameters) {
  for (std::size_t d = 0; d < parameters.dimensions(); ++d) {
    const double mu = parameters.mu[d], sigma = parameters.sigma[d];
    const double largest = std::fabs(mu) + 9 * sigma;  // no eps is beyond 8.5
    if (largest > 1e153)
      throw InputError(
          fmt::format("mu[{0}] = {1}, sigma[{0}] = {2}: z^2 reaches {3:.0e}^2, beyond double precision; keep |mu| + 9 sigma "
                      "below 1e153",
                      d, mu, sigma, largest));
    const double least = 1e-12 * std::fmax(1, std::fabs(mu));
    if (sigma < least)
      throw InputError(
          fmt::format("mu[{0}] = {1}, sigma[{0}] = {2}: too small for backpropagation through z = mu + sigma*eps in double "
                      "precision: z - mu and dt/dmu = z + u/sigma - u/sigma lose all digits; give a sigma of {3} or more",
                      d, mu, sigma, least));
  }
}

Comparison compare(const Parameters& parameters, const SamplingOptions& sampling,
                   const std::vector<DimensionEstimate>& estimates) {
  Comparison result{sampling, parameters.dimensions(), {}, {}, 0, 0, false, false};
  CompensatedSum kl, kl_estimate, kl_resolution;
  double kl_error = 0, kl_deviation = 0;
  for (std::size_t d = 0; d < parameters.dimensions(); ++d) {
    const double mu = parameters.mu[d], sigma = parameters.sigma[d];
    const Resolution resolution(mu, sigma);
    kl.add(closed_form::kl(mu, sigma));
    kl_estimate.add(estimates[d].kl.mean);
    kl_error = std::hypot(kl_error, estimates[d].kl.standard_error);  // the dimensions are independent
    kl_resolution.add(resolution.kl);
    // t = a + mu sigma eps + (sigma^2 - 1) eps^2 / 2, dt/dmu = mu + sigma eps, dt/dsigma = mu eps + sigma eps^2 - 1 / sigma
    kl_deviation = std::hypot(kl_deviation, mu * sigma, (sigma * sigma - 1) / std::numbers::sqrt2);
    result.gradient.push_back(
        row(fmt::format("mu[{}]", d), closed_form::kl_wrt_mu(mu), estimates[d].wrt_mu, {sigma, resolution.wrt_mu}));
    result.gradient.push_back(row(fmt::format("sigma[{}]", d), closed_form::kl_wrt_sigma(sigma), estimates[d].wrt_sigma,
                                  {std::hypot(mu, std::numbers::sqrt2 * sigma), resolution.wrt_sigma}));
  }
  result.kl = row("kl", kl.value(), {kl_estimate.value(), kl_error}, {kl_deviation, kl_resolution.value()});
  for (const ComparisonRow& each : result.gradient) result.worst_z = std::fmax(result.worst_z, std::fabs(each.z));
  result.worst_z = std::fmax(result.worst_z, std::fabs(result.kl.z));
  result.threshold = threshold(result.comparisons(), sampling.samples);
  bool finite = std::isfinite(result.kl.z);
  for (const ComparisonRow& each : result.gradient) finite = finite && std::isfinite(each.z);
  const bool chance = finite && result.worst_z <= result.threshold;
  result.too_few = chance && least_bias({1, 0}, result.comparisons(), sampling.samples) > 1;
  result.agree = chance && !result.too_few;
  return result;
}

}  // namespace vae_kl
