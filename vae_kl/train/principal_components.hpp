// Probabilistic principal components (Tipping and Bishop 1999): the linear-Gaussian model's maximum likelihood, in closed form.
#pragma once

#include "proof/linear_gaussian.hpp"

namespace vae_kl {

/// The model p(x | z) = N(Wz + b, s^2 I) with `latent` dimensions under which data are most likely.
struct PrincipalComponents {
  LinearGaussian model;       ///< W = U (L - s^2 I)^(1/2), columns orthogonal and by falling length
  double log_likelihood = 0;  ///< mean of log p(x) over the rows, in nats: the best that any free energy can reach
  Vector eigenvalues;         ///< of the data's covariance (divided by the number of rows), falling
};

/// Fits rows x columns data: b = mean, s^2 = mean of the columns - latent smallest eigenvalues of the covariance,
/// mean log p(x) = -(columns log(2 pi) + sum_{j <= latent} log lambda_j + (columns - latent) log s^2 + columns) / 2.
/// O(rows columns^2 + columns^3). Throws std::invalid_argument unless 1 <= latent < columns, and std::domain_error if the data
/// lie in a subspace of that many dimensions or fewer: the likelihood then has no maximum.
PrincipalComponents principal_components(const Matrix& data, int latent);

}  // namespace vae_kl
