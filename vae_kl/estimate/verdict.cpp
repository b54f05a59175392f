#include "estimate/verdict.hpp"

#include <algorithm>
#include <cmath>

#include "question/normal_distribution.hpp"

namespace vae_kl {
double threshold(std::uint64_t comparisons, std::uint64_t samples, double rate) {
  // Sidak: each comparison may fail with the probability that makes `rate` for all of them.
  const double each = -std::expm1(std::log1p(-rate) / static_cast<double>(comparisons));
  const auto n = static_cast<double>(samples);
  double q = static_cast<double>(-normal_quantile(each / 2.0L));
  // Samples of t and dt/dsigma are quadratic in eps, so skewed, by sqrt(8) at most (eps^2 alone): that moves the quantile of the
  // mean over its standard error by q^2 * sqrt(8) / (3 sqrt(n)). Hall, "On the removal of skewness by transformation" (1992),
  // first order, rounded up.
  q *= 1 + q / std::sqrt(n);
  // From the normal quantile to Student's with n - 1 degrees of freedom. Wallace, "Bounds on normal approximations to Student's
  // and the chi-square distributions" (1959).
  const double freedom = n - 1;
  q *= (8 * freedom + 3) / (8 * freedom + 1);
  return std::sqrt(freedom * std::expm1(std::min(q * q / freedom, 700.0)));
}

double least_bias(const Scatter& scatter, std::uint64_t comparisons, std::uint64_t samples) {
  const double error = std::hypot(scatter.deviation / std::sqrt(static_cast<double>(samples)), scatter.resolution);
  return (threshold(comparisons, samples) + surely) * error;
}

std::uint64_t samples_to_see(double bias, const Scatter& scatter, std::uint64_t comparisons) {
  std::uint64_t enough = 2;
  while (!(least_bias(scatter, comparisons, enough) <= std::fabs(bias)))
    if ((enough *= 2) > std::uint64_t{1} << 62) return 0;
  for (std::uint64_t few = enough / 2; enough - few > 1;) {
    const std::uint64_t middle = few + (enough - few) / 2;
    (least_bias(scatter, comparisons, middle) <= std::fabs(bias) ? enough : few) = middle;
  }
  return enough;
}

}  // namespace vae_kl
