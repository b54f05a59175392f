#include "train/principal_components.hpp"

#include <Eigen/Eigenvalues>
#include <stdexcept>
#include <string>

namespace vae_kl {

PrincipalComponents principal_components(const Matrix& data, int latent) {
  const Eigen::Index columns = data.cols();
  if (latent < 1 || latent >= columns)
    throw std::invalid_argument("principal_components: " + std::to_string(latent) + " latent dimensions for " +
                                std::to_string(columns) + " columns; there must be at least 1, and fewer than columns");
  PrincipalComponents result;
  result.model.b = data.colwise().mean();
  const Matrix centred = data.rowwise() - result.model.b.transpose();
  const Matrix covariance = centred.transpose() * centred / static_cast<double>(data.rows());
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(covariance);
  result.eigenvalues = solver.eigenvalues().reverse();

  const double variance = result.eigenvalues.tail(columns - latent).mean();
  // An exact zero comes out of the eigenvalue solver as rounding of the largest.
  if (!(variance > 1e-14 * static_cast<double>(columns) * result.eigenvalues[0]))
    throw std::domain_error(
        "principal_components: the data lie in a subspace of at most " + std::to_string(latent) +
        " dimensions, so the likelihood grows without bound; use fewer latent dimensions or drop constant columns");
  result.model.s = std::sqrt(variance);
  const Vector kept = result.eigenvalues.head(latent);
  result.model.W =
      solver.eigenvectors().rightCols(latent).rowwise().reverse() * (kept.array() - variance).max(0).sqrt().matrix().asDiagonal();
  const auto d = static_cast<double>(columns);
  result.log_likelihood = -0.5 * (d * std::log(2 * std::numbers::pi) + kept.array().log().sum() +
                                  (d - static_cast<double>(latent)) * std::log(variance) + d);
  return result;
}

}  // namespace vae_kl
