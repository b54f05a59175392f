#include "train/linear_vae.hpp"

#include <algorithm>
#include <cmath>

#include "random/random.hpp"
#include "wengert/batch.hpp"
#include "wengert/function.hpp"

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

wengert::Function record_loss(const LinearVae& vae, Derivative derivative) {
  using wengert::Var;
  const auto loss = [&](const std::vector<Var>& weights, const std::vector<Var>& x, const std::vector<Var>& eps) {
    return loss_sample<Var>(vae, weights, x, eps, derivative);
  };
  return wengert::record(loss, std::vector<double>(vae.weights(), 0.1), std::vector<double>(vae.observed, 0.1),
                         std::vector<double>(vae.latent, 0.1));
}

double largest_encoder_gradient(const LinearVae& vae, std::span<const double> weights, const Matrix& data, Derivative derivative,
                                std::size_t draws, std::uint64_t seed) {
  // The gradient of each sample alone is wanted: so the weights are numbers of the samples too, the same for all.
  const wengert::Function loss = record_loss(vae, derivative);
  const std::size_t columns = loss.inputs(), count = static_cast<std::size_t>(data.rows()) * draws;
  const std::size_t block = std::min<std::size_t>(count, 4096);  // some megabytes
  std::vector<double> numbers(columns * block), gradient(columns * block), eps(vae.latent);
  const auto column = [&](std::vector<double>& all, std::size_t c) { return std::span(all).subspan(c * block, block); };
  for (std::size_t k = 0; k < weights.size(); ++k) std::ranges::fill(column(numbers, k), weights[k]);
  double largest = 0;
  for (std::size_t first = 0; first < count; first += block) {
    const std::size_t n = std::min(block, count - first);
    for (std::size_t k = 0; k < n; ++k) {
      const auto row = static_cast<Eigen::Index>((first + k) / draws);
      fill_normals(seed, (first + k) / draws, (first + k) % draws * vae.latent, eps);
      for (std::size_t i = 0; i < vae.observed; ++i)
        column(numbers, vae.weights() + i)[k] = data(row, static_cast<Eigen::Index>(i));
      for (std::size_t j = 0; j < vae.latent; ++j) column(numbers, vae.weights() + vae.observed + j)[k] = eps[j];
    }
    wengert::BatchOptions options;
    options.standard_errors = false;
    for (std::size_t c = 0; c < columns; ++c) options.sample_gradient.push_back(column(gradient, c).first(n));
    wengert::sum_gradient(loss, std::vector<double>(), wengert::Samples::columns(numbers, columns).part(0, n), options);
    for (std::size_t c = 0; c < vae.encoder_weights(); ++c)
      for (const double derivative_of_sample : column(gradient, c).first(n))
        largest = std::fmax(largest, std::fabs(derivative_of_sample));
  }
  return largest;
}

}  // namespace vae_kl
