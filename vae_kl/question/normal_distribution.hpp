// The standard normal distribution: density, probability, and the quantile that turns uniform points into normal ones.
#pragma once

#include <cmath>
#include <concepts>
#include <limits>
#include <numbers>

namespace vae_kl {

template <std::floating_point T>
T normal_density(T x) {
  return std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi_v<T>);
}

/// P(eps <= x), with full relative accuracy in the lower tail.
template <std::floating_point T>
T normal_probability(T x) {
  return std::erfc(-x / std::numbers::sqrt2_v<T>) / 2;
}

/// The x with P(eps <= x) = p, for 0 < p < 1; -inf at 0, inf at 1. A few ulp for p <= 1/2; above, as good as 1 - p is known.
template <std::floating_point T>
T normal_quantile(T p) {
  if (p > T(0.5)) return -normal_quantile(1 - p);
  if (p == T(0.5)) return 0;
  if (p <= 0) return p == 0 ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::quiet_NaN();
  // A start within 4.5e-4 (Abramowitz and Stegun 26.2.23), then Halley's method, which cubes the error: 1e-10, then rounding.
  const T t = std::sqrt(-2 * std::log(p));
  T x = (T(2.515517) + t * (T(0.802853) + t * T(0.010328))) / (1 + t * (T(1.432788) + t * (T(0.189269) + t * T(0.001308)))) - t;
  for (int step = 0; step < 2; ++step) {
    const T newton = (normal_probability(x) - p) / normal_density(x);
    x -= newton / (1 + x * newton / 2);
  }
  return x;
}

}  // namespace vae_kl
