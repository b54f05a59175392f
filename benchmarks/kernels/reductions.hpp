// K3: three reductions. Log of a sum of exponentials, a product, and the normal log-density of data in mu and sigma.
#pragma once

#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "kernels/inputs.hpp"

namespace kernels {

inline constexpr double half_log_two_pi = 0.91893853320467274178;

struct LogSumExp {
  std::size_t n;

  std::string name() const { return "K3 log-sum-exp (" + std::to_string(n) + ")"; }
  std::vector<double> point() const { return Random(3).uniforms(n, -2, 2); }

  template <class T>
  T value(std::span<const T> x) const {
    using std::exp, std::log;
    T sum = 0;
    for (const T& y : x) sum += exp(y);
    return log(sum);
  }
  template <class T, class Inner>
  T value(std::span<const T> x, const Inner& inner) const {
    return inner(x);
  }
  /// The partial in x[i] is exp(x[i]) / sum.
  double gradient_by_hand(std::span<const double> x, std::span<double> gradient) const {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += gradient[i] = std::exp(x[i]);
    const double d_sum = 1 / sum;
    for (double& g : gradient) g *= d_sum;
    return std::log(sum);
  }
};

struct Product {
  std::size_t n;

  std::string name() const { return "K3 product (" + std::to_string(n) + ")"; }
  std::vector<double> point() const { return Random(4).uniforms(n, 0.9, 1.1); }

  template <class T>
  T value(std::span<const T> x) const {
    T product = x[0];
    for (const T& y : x.subspan(1)) product *= y;
    return product;
  }
  /// Prefix products forwards (kept in the gradient), suffix products backwards.
  double gradient_by_hand(std::span<const double> x, std::span<double> gradient) const {
    double product = 1;
    for (std::size_t i = 0; i < n; ++i) {
      gradient[i] = product;
      product *= x[i];
    }
    double suffix = 1;
    for (std::size_t i = n; i-- > 0;) {
      gradient[i] *= suffix;
      suffix *= x[i];
    }
    return product;
  }
};

/// The normal log-density of one data point.
inline constexpr auto normal_log_density = [](auto mu, auto sigma, auto x) {
  using std::log;
  const auto u = (x - mu) / sigma;
  return -0.5 * u * u - log(sigma) - half_log_two_pi;
};

struct NormalLogDensity {
  std::vector<double> data;

  explicit NormalLogDensity(std::size_t n) : data(Random(5).normals(n)) {}
  std::string name() const { return "K3 normal log-density (" + std::to_string(data.size()) + ")"; }
  std::vector<double> point() const { return {0.25, 1.5}; }

  template <class T, class Inner = decltype(normal_log_density)>
  T value(std::span<const T> x, const Inner& inner = normal_log_density) const {
    const T mu = x[0], sigma = x[1];
    T sum = 0;
    for (const double y : data) sum += inner(mu, sigma, y);
    return sum;
  }
  double gradient_by_hand(std::span<const double> x, std::span<double> gradient) const {
    const double mu = x[0], sigma = x[1];
    double sum = 0, d_mu = 0, d_sigma = 0;
    for (const double y : data) {
      const double u = (y - mu) / sigma;
      sum += -0.5 * u * u - std::log(sigma) - half_log_two_pi;
      const double d_difference = -u / sigma;
      d_mu -= d_difference;
      d_sigma -= d_difference * u + 1 / sigma;
    }
    gradient[0] = d_mu;
    gradient[1] = d_sigma;
    return sum;
  }
};

}  // namespace kernels
