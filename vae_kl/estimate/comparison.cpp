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
    // no eps is beyond 8.5; of Sobol' points beyond 12, for which there is room
    const double largest = std::fabs(mu) + 9 * sigma;
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

namespace {

/// How far single samples of t and its gradient are spread, by their exact laws. t = a + mu sigma eps + (sigma^2 - 1) eps^2 / 2,
/// dt/dmu = mu + sigma eps, dt/dsigma = mu eps + sigma eps^2 - 1 / sigma; the mean of a pair has no odd part.
struct Deviations {
  double kl, wrt_mu, wrt_sigma;

  Deviations(double mu, double sigma, bool of_pairs)
      : kl(std::hypot(of_pairs ? 0 : mu * sigma, (sigma * sigma - 1) / std::numbers::sqrt2)),
        wrt_mu(of_pairs ? 0 : sigma),
        wrt_sigma(std::hypot(of_pairs ? 0 : mu, std::numbers::sqrt2 * sigma)) {}
};

}  // namespace

Comparison compare(const Parameters& parameters, const SamplingOptions& sampling,
                   const std::vector<DimensionEstimate>& estimates) {
  Comparison result{sampling, plan(sampling), parameters.dimensions(), {}, {}, 0, 0, false, false};
  const std::uint64_t means = result.plan.means();
  // Of samples and pairs the spread is known; that of replicates is as measured.
  const bool known = sampling.sampling != Sampling::sobol, pairs = sampling.sampling == Sampling::antithetic;
  const auto spread = [&](double deviation, const Estimate& estimate) {
    return known ? deviation : estimate.standard_error * std::sqrt(static_cast<double>(means));
  };
  CompensatedSum kl, kl_estimate, kl_resolution;
  double kl_error = 0, kl_deviation = 0;
  for (std::size_t d = 0; d < parameters.dimensions(); ++d) {
    const double mu = parameters.mu[d], sigma = parameters.sigma[d];
    const auto& [kl_here, wrt_mu, wrt_sigma] = estimates[d];
    const Resolution resolution(mu, sigma);
    const Deviations deviations(mu, sigma, pairs);
    kl.add(closed_form::kl(mu, sigma));
    kl_estimate.add(kl_here.mean);
    kl_error = std::hypot(kl_error, kl_here.standard_error);  // the dimensions are independent
    kl_resolution.add(resolution.kl);
    kl_deviation = std::hypot(kl_deviation, spread(deviations.kl, kl_here));
    result.gradient.push_back(row(fmt::format("mu[{}]", d), closed_form::kl_wrt_mu(mu), wrt_mu,
                                  {spread(deviations.wrt_mu, wrt_mu), resolution.wrt_mu}));
    result.gradient.push_back(row(fmt::format("sigma[{}]", d), closed_form::kl_wrt_sigma(sigma), wrt_sigma,
                                  {spread(deviations.wrt_sigma, wrt_sigma), resolution.wrt_sigma}));
  }
  result.kl = row("kl", kl.value(), {kl_estimate.value(), kl_error}, {kl_deviation, kl_resolution.value()});
  for (const ComparisonRow& each : result.gradient) result.worst_z = std::fmax(result.worst_z, std::fabs(each.z));
  result.worst_z = std::fmax(result.worst_z, std::fabs(result.kl.z));
  result.threshold = threshold(result.comparisons(), means);
  bool finite = std::isfinite(result.kl.z);
  for (const ComparisonRow& each : result.gradient) finite = finite && std::isfinite(each.z);
  const bool chance = finite && result.worst_z <= result.threshold;
  bool blind = false;
  if (sampling.sampling == Sampling::plain) {
    blind = least_bias({1, 0}, result.comparisons(), means) > 1;
  } else {
    for (std::size_t d = 0; d < parameters.dimensions(); ++d) {
      const Deviations single(parameters.mu[d], parameters.sigma[d], false);
      const auto unseen = [&](const ComparisonRow& each, double bias) {
        return least_bias({each.scatter.deviation, 0}, result.comparisons(), means) > std::fmax(bias, each.scatter.resolution);
      };
      blind = blind || unseen(result.gradient[2 * d], single.wrt_mu) || unseen(result.gradient[2 * d + 1], single.wrt_sigma);
    }
  }
  result.too_few = chance && blind;
  result.agree = chance && !result.too_few;
  return result;
}

}  // namespace vae_kl
