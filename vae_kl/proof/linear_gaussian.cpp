#include "proof/linear_gaussian.hpp"

#include <Eigen/Cholesky>
#include <stdexcept>

namespace vae_kl {

namespace {

Eigen::LLT<WideMatrix> cholesky(const WideMatrix& covariance, const char* what) {
  Eigen::LLT<WideMatrix> factor(covariance);
  if (factor.info() != Eigen::Success)
    throw std::domain_error(std::string(what) + " is not positive definite, or so nearly singular that rounding makes it so");
  return factor;
}

// log det A = 2 sum log L_ii: the product itself would overflow in a few hundred dimensions.
long double log_determinant(const Eigen::LLT<WideMatrix>& factor) {
  const WideMatrix& L = factor.matrixLLT();
  long double sum = 0;
  for (Eigen::Index i = 0; i < L.rows(); ++i) sum += std::log(L(i, i));
  return 2 * sum;
}

}  // namespace

long double log_evidence(const LinearGaussian& model, const Vector& x) {
  const WideMatrix W = model.W.cast<long double>();
  WideMatrix covariance = W * W.transpose();
  covariance.diagonal().array() += static_cast<long double>(model.s) * model.s;
  const auto factor = cholesky(covariance, "log_evidence: the covariance W W' + s^2 I");
  const WideVector centred = x.cast<long double>() - model.b.cast<long double>();
  const long double squares = factor.matrixL().solve(centred).squaredNorm();
  const long double log_two_pi = std::log(2 * std::numbers::pi_v<long double>);
  return -(squares + log_determinant(factor) + static_cast<long double>(model.observed()) * log_two_pi) / 2;
}

Gaussian posterior(const LinearGaussian& model, const Vector& x) {
  const WideMatrix W = model.W.cast<long double>();
  const long double variance = static_cast<long double>(model.s) * model.s;
  Gaussian result;
  result.precision = W.transpose() * W / variance;
  result.precision.diagonal().array() += 1;
  const auto factor = cholesky(result.precision, "posterior: the precision I + W'W / s^2");
  result.mean = factor.solve(W.transpose() * (x.cast<long double>() - model.b.cast<long double>()) / variance);
  result.log_determinant = log_determinant(factor);
  return result;
}

long double general_kl(const WideVector& mean_q, const WideMatrix& covariance_q, const WideVector& mean_p,
                       const WideMatrix& covariance_p) {
  const auto p = cholesky(covariance_p, "general_kl: the covariance of p");
  const auto q = cholesky(covariance_q, "general_kl: the covariance of q");
  const WideMatrix inverse = p.solve(WideMatrix::Identity(covariance_p.rows(), covariance_p.cols()));
  const WideVector apart = mean_p - mean_q;
  return ((inverse * covariance_q).trace() + apart.dot(inverse * apart) - static_cast<long double>(mean_q.size()) +
          log_determinant(p) - log_determinant(q)) /
         2;
}

}  // namespace vae_kl
