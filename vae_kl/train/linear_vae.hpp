// The linear VAE: encoder q(z | x) = N(Vx + c, diag(exp(2 log_sigma))), decoder p(x | z) = N(Wz + b, exp(2 log_s) I).
// Its best free energy is the maximum log-likelihood of probabilistic PCA (Lucas, Tucker, Grosse and Norouzi 2019, "Don't Blame
// the ELBO!").
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "question/graph.hpp"
#include "train/principal_components.hpp"
#include "wengert/function.hpp"
#include "wengert/var.hpp"

namespace vae_kl {

/// Sizes, and where each weight stands in the flat list of all weights: V (latent x observed, row by row), c, log_sigma; then
/// W (observed x latent, row by row), b, log_s. The encoder's come first.
struct LinearVae {
  std::size_t observed, latent;

  std::size_t V(std::size_t j, std::size_t i) const { return j * observed + i; }
  std::size_t c(std::size_t j) const { return latent * observed + j; }
  std::size_t log_sigma(std::size_t j) const { return latent * (observed + 1) + j; }
  std::size_t encoder_weights() const { return latent * (observed + 2); }
  std::size_t W(std::size_t i, std::size_t j) const { return encoder_weights() + i * latent + j; }
  std::size_t b(std::size_t i) const { return encoder_weights() + observed * latent + i; }
  std::size_t log_s() const { return encoder_weights() + observed * (latent + 1); }
  std::size_t weights() const { return log_s() + 1; }
};

/// How log q enters the loss: by the total derivative, or with the encoder's outputs detached there (the path derivative).
enum class Derivative { total, path };

/// What training brings down: minus one sample of the free energy of one row x, log q(z|x) - log p(z) - log p(x|z) at
/// z = Vx + c + sigma eps. A template so that it can be recorded, with Var, or computed.
template <class T>
T loss_sample(const LinearVae& vae, std::span<const T> weight, std::span<const T> x, std::span<const T> eps,
              Derivative derivative) {
  using std::exp;
  T loss = 0;
  std::vector<T> z;
  for (std::size_t j = 0; j < vae.latent; ++j) {
    T mean = weight[vae.c(j)];
    for (std::size_t i = 0; i < vae.observed; ++i) mean = mean + weight[vae.V(j, i)] * x[i];
    const T sigma = exp(weight[vae.log_sigma(j)]);
    const auto nodes = graph(mean, sigma, eps[j]);
    z.push_back(nodes.z);
    const T log_q = derivative == Derivative::total ? nodes.r : log_normal(nodes.z, T(detach(mean)), T(detach(sigma)));
    loss = loss + (log_q - nodes.s);
  }
  const T s = exp(weight[vae.log_s()]);
  for (std::size_t i = 0; i < vae.observed; ++i) {
    T mean = weight[vae.b(i)];
    for (std::size_t j = 0; j < vae.latent; ++j) mean = mean + weight[vae.W(i, j)] * z[j];
    loss = loss - log_normal(x[i], mean, s);
  }
  return loss;
}

/// The same recorded: its inputs are the weights, then x, then eps.
wengert::Function record_loss(const LinearVae& vae, Derivative derivative);

/// The decoder as a model with an exact likelihood.
LinearGaussian decoder(const LinearVae& vae, std::span<const double> weights);

/// Mean over the rows of the free energy E_q[log p(x|z)] - KL(q || p), in closed form: nothing is sampled.
double exact_free_energy(const LinearVae& vae, std::span<const double> weights, const Matrix& data);

/// Mean over the rows of log p(x) under the decoder.
double exact_log_likelihood(const LinearVae& vae, std::span<const double> weights, const Matrix& data);

/// The weights at which the free energy is as large as it can be: the decoder of probabilistic PCA, whose posterior factorises,
/// and the encoder that is that posterior: V = P^-1 W' / s^2, c = -Vb, sigma_j = P_jj^(-1/2), with P = I + W'W / s^2 diagonal.
std::vector<double> best_weights(const LinearVae& vae, const PrincipalComponents& fit);

/// The largest size of a derivative of loss_sample in any encoder weight, over all rows and `draws` samples of eps each.
double largest_encoder_gradient(const LinearVae& vae, std::span<const double> weights, const Matrix& data, Derivative derivative,
                                std::size_t draws, std::uint64_t seed);

}  // namespace vae_kl
