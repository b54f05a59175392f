// A model whose free energy is known exactly: p(z) = N(0, I), p(x | z) = N(Wz + b, s^2 I), and q(z) = N(mu, diag(sigma^2)).
//
//     F(q) = E_q[log p(x|z)] - KL(q(z) || p(z))            expected_log_likelihood, kl_to_prior
//          = log p(x) - KL(q(z) || p(z|x))                 log_evidence, posterior, kl_to
//
// The first line needs W, b and s only. The second needs a determinant and an inverse: that of the covariance of x and that of
// the posterior, which are other matrices of other sizes. DERIVATION.md has every step.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <numbers>
#include <span>

namespace vae_kl {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;
// For sides of a check that are to be known better than the side they are held against.
using WideMatrix = Eigen::Matrix<long double, Eigen::Dynamic, Eigen::Dynamic>;
using WideVector = Eigen::Matrix<long double, Eigen::Dynamic, 1>;

/// p(x | z) = N(Wz + b, s^2 I): W is observed x latent, s > 0 a standard deviation.
struct LinearGaussian {
  Matrix W;
  Vector b;
  double s = 1;

  Eigen::Index observed() const { return W.rows(); }
  Eigen::Index latent() const { return W.cols(); }
};

/// A Gaussian by its mean and precision (the inverse of its covariance).
struct Gaussian {
  WideVector mean;
  WideMatrix precision;
  long double log_determinant = 0;  ///< of the precision
};

/// E[log p(x | z)] over z ~ N(mu, diag(sigma^2)): -d/2 log(2 pi s^2) - (|x - W mu - b|^2 + sum_j sigma_j^2 |W_j|^2) / (2 s^2).
/// O(W.size()).
template <class T>
T expected_log_likelihood(const LinearGaussian& model, const Vector& x, std::span<const T> mu, std::span<const T> sigma) {
  T squares = 0;
  for (Eigen::Index i = 0; i < model.observed(); ++i) {
    T residual = x[i] - model.b[i];
    for (Eigen::Index j = 0; j < model.latent(); ++j) {
      const auto k = static_cast<std::size_t>(j);
      const T spread = model.W(i, j) * sigma[k];
      residual = residual - model.W(i, j) * mu[k];
      squares = squares + spread * spread;
    }
    squares = squares + residual * residual;
  }
  const double variance = model.s * model.s;
  const double log_normaliser = 0.5 * static_cast<double>(model.observed()) * std::log(2 * std::numbers::pi * variance);
  return -squares / (2 * variance) - log_normaliser;
}

/// KL(N(mu, diag(sigma^2)) || N(0, I)), summed over dimensions.
template <class T>
T kl_to_prior(std::span<const T> mu, std::span<const T> sigma) {
  using std::log;
  T sum = 0;
  for (std::size_t k = 0; k < mu.size(); ++k) sum = sum + (mu[k] * mu[k] + sigma[k] * sigma[k] - 1) / 2 - log(sigma[k]);
  return sum;
}

/// KL(N(mu, diag(sigma^2)) || p) for any Gaussian p:
/// (sum_j P_jj sigma_j^2 + (mu - m)' P (mu - m) - D - log det P) / 2 - sum_j log sigma_j. O(D^2).
template <class T>
T kl_to(const Gaussian& p, std::span<const T> mu, std::span<const T> sigma) {
  using std::log;
  const auto dimensions = p.mean.size();
  T twice = -static_cast<double>(p.log_determinant + static_cast<long double>(dimensions));
  T logs = 0;
  for (Eigen::Index j = 0; j < dimensions; ++j) {
    const auto k = static_cast<std::size_t>(j);
    T row = 0;
    for (Eigen::Index i = 0; i < dimensions; ++i)
      row = row + static_cast<double>(p.precision(j, i)) * (mu[static_cast<std::size_t>(i)] - static_cast<double>(p.mean[i]));
    twice = twice + static_cast<double>(p.precision(j, j)) * sigma[k] * sigma[k] + (mu[k] - static_cast<double>(p.mean[j])) * row;
    logs = logs + log(sigma[k]);
  }
  return twice / 2 - logs;
}

/// log p(x), from x ~ N(b, W W' + s^2 I): a determinant and an inverse of the observed size, by Cholesky. O(observed^3).
/// Throws std::domain_error if the covariance is not positive definite in long double.
long double log_evidence(const LinearGaussian& model, const Vector& x);

/// p(z | x) = N(P^-1 W'(x - b) / s^2, P^-1), P = I + W'W / s^2: matrices of the latent size. Throws as above.
Gaussian posterior(const LinearGaussian& model, const Vector& x);

/// KL(N(m_q, S_q) || N(m_p, S_p)) by the general formula, with determinant, trace and inverse:
/// (tr(S_p^-1 S_q) + (m_p - m_q)' S_p^-1 (m_p - m_q) - D + log(det S_p / det S_q)) / 2. O(D^3). Throws as above.
long double general_kl(const WideVector& mean_q, const WideMatrix& covariance_q, const WideVector& mean_p,
                       const WideMatrix& covariance_p);

}  // namespace vae_kl
