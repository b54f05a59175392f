// What the sampled numbers are held against: KL(N(mu, sigma^2) || N(0, 1)) and its derivatives, by hand.
// Kingma and Welling, "Auto-Encoding Variational Bayes" (2014), appendix B.
#pragma once

#include <cmath>

namespace vae_kl::closed_form {

/// h - log(1 + h) to a few ulps for |h| <= 1/4, where the difference itself would cancel.
inline double excess_over_log1p(double h) {
  // With s = h / (2 + h): log(1 + h) = 2 (s + s^3/3 + s^5/5 + …), and h - 2 s = h s.
  const double s = h / (2 + h);
  double tail = 0;
  for (int k = 21; k >= 3; k -= 2) tail = tail * s * s + 1.0 / k;
  return s * (h - 2 * s * s * tail);
}

/// (mu^2 + sigma^2 - 1) / 2 - log sigma, at least 0. sigma is a standard deviation, above 0. A few ulps, also near (0, 1).
inline double kl(double mu, double sigma) {
  const double h = sigma - 1;
  const double of_sigma = std::fabs(h) <= 0.25 ? 0.5 * h * h + excess_over_log1p(h) : 0.5 * h * (sigma + 1) - std::log(sigma);
  return 0.5 * mu * mu + of_sigma;
}
inline double kl_wrt_mu(double mu) { return mu; }
/// sigma - 1 / sigma
inline double kl_wrt_sigma(double sigma) { return (sigma - 1) * ((sigma + 1) / sigma); }

}  // namespace vae_kl::closed_form
