// K1: the demo's question. Mean over S samples of t = log q(z) - log p(z), summed over D dimensions, with z = mu + sigma * eps,
// q = N(mu, sigma^2), p = N(0, 1); the gradient in mu[D] and sigma[D].
#pragma once

#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "kernels/inputs.hpp"

namespace kernels {

/// t of one sample in one dimension. log(2 pi) / 2 stands in both densities and is left out of both.
inline constexpr auto kl = [](auto mu, auto sigma, auto eps) {
  using std::log;
  const auto z = mu + sigma * eps;
  const auto u = (z - mu) / sigma;
  const auto r = -0.5 * u * u - log(sigma);
  const auto s = -0.5 * z * z;
  return r - s;
};

struct VaeKl {
  std::size_t dimensions, samples;
  std::vector<double> eps;  ///< sample by sample

  VaeKl(std::size_t D, std::size_t S) : dimensions(D), samples(S), eps(Random(1).normals(D * S)) {}

  std::string name() const { return "K1 vae_kl (" + std::to_string(dimensions) + "," + std::to_string(samples) + ")"; }
  /// mu[D], then sigma[D].
  std::vector<double> point() const {
    Random random(2);
    std::vector<double> x = random.uniforms(dimensions, -1, 1);
    for (const double sigma : random.uniforms(dimensions, 0.5, 1.5)) x.push_back(sigma);
    return x;
  }

  template <class T, class Inner = decltype(kl)>
  T value(std::span<const T> x, const Inner& inner = kl) const {
    const auto mu = x.first(dimensions), sigma = x.last(dimensions);
    T sum = 0;
    for (std::size_t s = 0; s < samples; ++s)
      for (std::size_t d = 0; d < dimensions; ++d) sum += inner(mu[d], sigma[d], eps[s * dimensions + d]);
    return sum / static_cast<double>(samples);
  }

  /// The adjoint of the loop above, line by line.
  double gradient_by_hand(std::span<const double> x, std::span<double> gradient) const {
    const auto mu = x.first(dimensions), sigma = x.last(dimensions);
    const auto d_mu = gradient.first(dimensions), d_sigma = gradient.last(dimensions);
    for (double& g : gradient) g = 0;
    const double weight = 1 / static_cast<double>(samples);
    double sum = 0;
    for (std::size_t s = 0; s < samples; ++s)
      for (std::size_t d = 0; d < dimensions; ++d) {
        const double e = eps[s * dimensions + d];
        const double z = mu[d] + sigma[d] * e;
        const double u = (z - mu[d]) / sigma[d];
        sum += -0.5 * u * u - std::log(sigma[d]) + 0.5 * z * z;
        const double d_u = -u * weight;
        const double d_difference = d_u / sigma[d];
        const double d_z = z * weight + d_difference;
        d_mu[d] += d_z - d_difference;
        d_sigma[d] += d_z * e - d_difference * u - weight / sigma[d];
      }
    return sum * weight;
  }

  /// What algebra leaves of it: u is eps, dt/dmu = z, dt/dsigma = z * eps - 1 / sigma.
  double gradient_simplified(std::span<const double> x, std::span<double> gradient) const {
    const auto mu = x.first(dimensions), sigma = x.last(dimensions);
    const auto d_mu = gradient.first(dimensions), d_sigma = gradient.last(dimensions);
    for (double& g : gradient) g = 0;
    double sum = 0;
    const double n = static_cast<double>(samples);
    for (std::size_t s = 0; s < samples; ++s)
      for (std::size_t d = 0; d < dimensions; ++d) {
        const double e = eps[s * dimensions + d];
        const double z = mu[d] + sigma[d] * e;
        sum += z * z - e * e;
        d_mu[d] += z;
        d_sigma[d] += z * e;
      }
    double logs = 0;
    for (std::size_t d = 0; d < dimensions; ++d) {
      logs += std::log(sigma[d]);
      d_mu[d] /= n;
      d_sigma[d] = d_sigma[d] / n - 1 / sigma[d];
    }
    return 0.5 * sum / n - logs;
  }
};

}  // namespace kernels
