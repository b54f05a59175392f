#include "estimators/gradient_laws.hpp"

#include <cmath>
#include <vector>

#include "estimate/verdict.hpp"
#include "proof/quadrature.hpp"
#include "question/normal_distribution.hpp"

namespace vae_kl {
namespace {

double square(double x) { return x * x; }

/// E[eps^j] for j = 0 to 4 within from < eps < to, whose probability is 1 / block: integration by parts.
std::array<long double, 5> truncated_moments(long double from, long double to, long double block) {
  const long double low = std::isinf(from) ? 0 : normal_density(from), high = std::isinf(to) ? 0 : normal_density(to);
  std::array<long double, 5> m{1, block * (low - high)};
  for (int j = 2; j <= 4; ++j) {
    const long double at_low = low == 0 ? 0 : std::pow(from, j - 1) * low, at_high = high == 0 ? 0 : std::pow(to, j - 1) * high;
    const auto k = static_cast<std::size_t>(j);
    m[k] = (j - 1) * m[k - 2] + block * (at_low - at_high);
  }
  return m;
}

MuSigma stratified_variance(double mu, double sigma, std::uint64_t block) {
  const auto count = static_cast<long double>(block);
  long double sum_mu = 0, sum_sigma = 0, from = normal_quantile(0.0L);
  for (std::uint64_t k = 0; k < block; ++k) {
    const long double to = normal_quantile(static_cast<long double>(k + 1) / count);
    const auto m = truncated_moments(from, to, count);
    const long double v1 = m[2] - m[1] * m[1], v2 = m[4] - m[2] * m[2], v12 = m[3] - m[1] * m[2];
    sum_mu += sigma * sigma * v1;                                                     // of sigma eps
    sum_sigma += mu * mu * v1 + 2.0L * mu * sigma * v12 + 1.0L * sigma * sigma * v2;  // of mu eps + sigma eps^2
    from = to;
  }
  return {static_cast<double>(sum_mu / (count * count)), static_cast<double>(sum_sigma / (count * count))};
}

double of(const MuSigma& g, bool sigma) { return sigma ? g.sigma : g.mu; }

CentralMoments by_nodes(Estimator estimator, double mu, double sigma, bool of_sigma) {
  static const GaussHermite rule = gauss_hermite(24);  // exact to degree 47; the sixth power of a sample has degree 24
  const auto sample = [&](double eps) { return of(sample_by_hand(estimator, mu, sigma, eps), of_sigma); };
  double mean = 0;
  for (std::size_t i = 0; i < rule.nodes.size(); ++i) mean += rule.weights[i] * sample(rule.nodes[i]);
  CentralMoments m;
  for (std::size_t i = 0; i < rule.nodes.size(); ++i) {
    const double d = sample(rule.nodes[i]) - mean, w = rule.weights[i];
    m.variance += w * d * d;
    m.third += w * d * d * d;
    m.fourth += w * square(d * d);
    m.sixth += w * square(d * d * d);
  }
  return m;
}

CentralMoments by_strata(double mu, double sigma, bool of_sigma, std::uint64_t block) {
  const auto count = static_cast<long double>(block);
  const auto sample = [&](long double eps) {
    return static_cast<long double>(of(sample_by_hand(Estimator::total, mu, sigma, static_cast<double>(eps)), of_sigma));
  };
  long double k2 = 0, k3 = 0, k4 = 0, k6 = 0;
  for (std::uint64_t k = 0; k < block; ++k) {
    const long double from = k == 0 ? -13 : normal_quantile(static_cast<long double>(k) / count);
    const long double to = k + 1 == block ? 13 : normal_quantile(static_cast<long double>(k + 1) / count);
    const auto expectation = [&](auto f) {
      return count * integrate([&](long double eps) { return normal_density(eps) * f(sample(eps)); }, from, to, 1e-12L).value;
    };
    const long double mean = expectation([](long double g) { return g; });
    const auto moment = [&](int power) { return expectation([&](long double g) { return std::pow(g - mean, power); }); };
    const long double m2 = moment(2), m3 = moment(3), m4 = moment(4), m6 = moment(6);
    k2 += m2;
    k3 += m3;
    k4 += m4 - 3 * m2 * m2;
    k6 += m6 - 15 * m4 * m2 - 10 * m3 * m3 + 30 * m2 * m2 * m2;
  }
  // cumulants of the sum, of the mean, and back to central moments
  k2 /= std::pow(count, 2), k3 /= std::pow(count, 3), k4 /= std::pow(count, 4), k6 /= std::pow(count, 6);
  return {static_cast<double>(k2), static_cast<double>(k3), static_cast<double>(k4 + 3 * k2 * k2),
          static_cast<double>(k6 + 15 * k4 * k2 + 10 * k3 * k3 + 15 * k2 * k2 * k2)};
}

}  // namespace

MuSigma exact_variance(Estimator estimator, double mu, double sigma, std::uint64_t block) {
  const double a = mu * mu / 2 - std::log(sigma), c = (sigma * sigma - 1) / 2, b = sigma - 1 / sigma;
  switch (estimator) {
    case Estimator::total:
      return {square(sigma), square(mu) + 2 * square(sigma)};
    case Estimator::path:
      return {square(b), square(mu) + 2 * square(b)};
    case Estimator::score:
      return {(a * a + 6 * a * c + 15 * c * c) / square(sigma) + 2 * square(mu),
              (2 * a * a + 20 * a * c + 74 * c * c) / square(sigma) + 10 * square(mu)};
    case Estimator::score_baseline:
      return {6 * square(c / sigma) + 2 * square(mu), 24 * square(c / sigma) + 10 * square(mu)};
    case Estimator::antithetic:
      return {0, 2 * square(sigma)};
    case Estimator::quasi:
      return stratified_variance(mu, sigma, block);
    case Estimator::closed_form:
      return {};
  }
  return {};
}

MuSigmaMoments central_moments(Estimator estimator, double mu, double sigma, std::uint64_t block) {
  if (estimator == Estimator::quasi) return {by_strata(mu, sigma, false, block), by_strata(mu, sigma, true, block)};
  return {by_nodes(estimator, mu, sigma, false), by_nodes(estimator, mu, sigma, true)};
}

Power power(const CentralMoments& moments, std::uint64_t draws, int comparisons) {
  const auto n = static_cast<double>(draws);
  const double each = -std::expm1(std::log1p(-false_alarm_rate) / comparisons);
  const double quantile = -normal_quantile(each / 2);
  const auto limit = [&](double variance, double third) {
    return quantile + (quantile * quantile - 1) / 6 * std::fabs(third) / (variance * std::sqrt(variance * n));
  };
  Power result;
  if (!(moments.variance > 0)) return result;
  // the square of a deviation is itself a random number: its mean, variance and third central moment
  const double m2 = moments.variance, of_squares = moments.fourth - m2 * m2;
  const double third_of_squares = moments.sixth - 3 * moments.fourth * m2 + 2 * m2 * m2 * m2;
  result.mean_error = std::sqrt(m2 / n);
  result.mean_limit = limit(m2, moments.third);
  result.variance_error = std::sqrt(of_squares / n) / m2;
  result.variance_limit = limit(of_squares, third_of_squares);
  result.least_bias = (result.mean_limit + surely) * result.mean_error;
  result.least_excess = (result.variance_limit + surely) * result.variance_error;
  return result;
}

}  // namespace vae_kl
