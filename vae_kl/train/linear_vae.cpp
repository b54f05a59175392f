#include "train/linear_vae.hpp"

#include <cmath>

#include "random/random.hpp"
#include "wengert/gradient.hpp"

namespace vae_kl {

LinearGaussian decoder(const LinearVae& vae, std::span<const double> weights) {
  LinearGaussian model;
  model.W.resize(static_cast<Eigen::Index>(vae.observed), static_cast<Eigen::Index>(vae.latent));
  model.b.resize(static_cast<Eigen::Index>(vae.observed));
  for (std::size_t i = 0; i < vae.observed; ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    model.b[row] = weights[vae.b(i)];
    for (std::size_t j = 0; j < vae.latent; ++j) model.W(row, static_cast<Eigen::Index>(j)) = weights[vae.W(i, j)];
  }
  model.s = std::exp(weights[vae.log_s()]);
  return model;
}

double exact_free_energy(const LinearVae& vae, std::span<const double> weights, const Matrix& data) {
  const LinearGaussian model = decoder(vae, weights);
  std::vector<double> mu(vae.latent), sigma(vae.latent);
  for (std::size_t j = 0; j < vae.latent; ++j) sigma[j] = std::exp(weights[vae.log_sigma(j)]);
  const std::span<const double> m(mu), d(sigma);
  double sum = 0;
  for (Eigen::Index row = 0; row < data.rows(); ++row) {
    for (std::size_t j = 0; j < vae.latent; ++j) {
      mu[j] = weights[vae.c(j)];
      for (std::size_t i = 0; i < vae.observed; ++i) mu[j] += weights[vae.V(j, i)] * data(row, static_cast<Eigen::Index>(i));
    }
    sum += expected_log_likelihood(model, Vector(data.row(row)), m, d) - kl_to_prior(m, d);
  }
  return sum / static_cast<double>(data.rows());
}

double exact_log_likelihood(const LinearVae& vae, std::span<const double> weights, const Matrix& data) {
  const LinearGaussian model = decoder(vae, weights);
  long double sum = 0;
  for (Eigen::Index row = 0; row < data.rows(); ++row) sum += log_evidence(model, data.row(row));
  return static_cast<double>(sum / data.rows());
}

std::vector<double> best_weights(const LinearVae& vae, const PrincipalComponents& fit) {
  std::vector<double> weights(vae.weights());
  const double variance = fit.model.s * fit.model.s;
  for (std::size_t j = 0; j < vae.latent; ++j) {
    const auto column = static_cast<Eigen::Index>(j);
    const double precision = 1 + fit.model.W.col(column).squaredNorm() / variance;
    weights[vae.log_sigma(j)] = -0.5 * std::log(precision);
    for (std::size_t i = 0; i < vae.observed; ++i) {
      const auto row = static_cast<Eigen::Index>(i);
      const double v = fit.model.W(row, column) / (variance * precision);
      weights[vae.V(j, i)] = v;
      weights[vae.c(j)] -= v * fit.model.b[row];
      weights[vae.W(i, j)] = fit.model.W(row, column);
      weights[vae.b(i)] = fit.model.b[row];
    }
  }
  weights[vae.log_s()] = std::log(fit.model.s);
  return weights;
}

double largest_encoder_gradient(const LinearVae& vae, std::span<const double> weights, const Matrix& data, Derivative derivative,
                                std::size_t draws, std::uint64_t seed) {
  using wengert::Var;
  double largest = 0;
  wengert::Tape tape(false);
  wengert::Gradient gradient;
  std::vector<double> normals(vae.latent);
  std::vector<Var> w, x, eps;
  for (Eigen::Index row = 0; row < data.rows(); ++row)
    for (std::size_t draw = 0; draw < draws; ++draw) {
      fill_normals(seed, static_cast<std::uint64_t>(row), draw * vae.latent, normals);
      tape.clear();
      w.clear(), x.clear(), eps.clear();
      for (const double value : weights) w.push_back(tape.variable(value));
      for (Eigen::Index i = 0; i < data.cols(); ++i) x.push_back(data(row, i));
      for (const double e : normals) eps.push_back(e);
      wengert::gradient(loss_sample<Var>(vae, w, x, eps, derivative), gradient);
      for (std::size_t k = 0; k < vae.encoder_weights(); ++k) largest = std::fmax(largest, std::fabs(gradient.wrt(w[k])));
    }
  return largest;
}

}  // namespace vae_kl
