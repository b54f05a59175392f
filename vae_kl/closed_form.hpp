// What the sampled numbers are held against: KL(N(mu, sigma^2) || N(0, 1)) and its derivatives, by hand.
// Kingma and Welling, "Auto-Encoding Variational Bayes" (2014), appendix B.
#pragma once

#include <cmath>

namespace vae_kl::closed_form {

/// (mu^2 + sigma^2 - 1) / 2 - log sigma. sigma is a standard deviation, above 0.
inline double kl(double mu, double sigma) { return 0.5 * mu * mu + 0.5 * (sigma - 1) * (sigma + 1) - std::log(sigma); }
inline double kl_wrt_mu(double mu) { return mu; }
inline double kl_wrt_sigma(double sigma) { return sigma - 1 / sigma; }

}  // namespace vae_kl::closed_form
