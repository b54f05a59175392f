// Statistics with known laws. The sample gradient in mu is mu + sigma * eps, exactly Gaussian: its mean and variance get the
// exact z and chi-square tests. At mu = 0 the one in sigma is sigma * eps^2 - 1/sigma, a scaled chi-square, and gets its exact
// test too.
//
// False alarms: all tests of this file together fail a right program at most once in a million seeds (Bonferroni). What they can
// detect in return is computed, printed, and tried out with planted faults.
#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "question/graph.hpp"
#include "random/random.hpp"
#include "support/random_runs.hpp"
#include "wengert/batch.hpp"
#include "wengert/function.hpp"

namespace {

using namespace wengert;

constexpr double false_alarms = 1e-6;  // of this file
constexpr std::array points{std::array{0.5, 0.8}, std::array{0.0, 1.0}, std::array{-1.5, 0.3}, std::array{2.0, 3.0},
                            std::array{0.0, 0.2}};
constexpr int tests = 2 * points.size() + 2;  // z and chi-square at each point, and chi-square in sigma where mu = 0
constexpr double level = false_alarms / tests;

/// P(|Z| > z) for a standard normal Z.
double two_sided(double z) { return std::erfc(std::abs(z) / std::sqrt(2)); }

/// z such that P(|Z| > z) = p, by bisection.
double quantile(double p) {
  double low = 0, high = 40;
  for (int k = 0; k < 200; ++k) (two_sided((low + high) / 2) > p ? low : high) = (low + high) / 2;
  return low;
}

/// P(X <= x) for a chi-square X of k degrees: the regularised incomplete gamma function, by its series (Abramowitz & Stegun
/// 6.5.29), whose terms are all positive. It is the exact law, not its normal limit.
double chi_square_below(double x, double k) {
  const double a = k / 2, t = x / 2;
  double term = 1 / a, sum = term;
  for (double n = a + 1; term > sum * 1e-17; ++n) sum += term *= t / n;
  return std::exp(a * std::log(t) - t - std::lgamma(a)) * sum;
}
double two_sided_chi_square(double x, double k) {
  const double below = chi_square_below(x, k);
  return 2 * std::min(below, 1 - below);
}

/// What a batch of n samples of the demo's graph says, bias planted into every sample's gradient in mu, factor into its spread.
struct Measured {
  double mean_mu, variance_mu, mean_sigma;
};
Measured measure(double mu, double sigma, std::size_t n, std::uint64_t seed, double bias = 0, double factor = 1) {
  static const Function t = record(vae_kl::kl_sample, 0.5, 0.8, 0.3);
  std::vector<double> eps(n);
  vae_kl::fill_normals(seed, 0, 0, eps);
  for (double& number : eps) number *= factor;
  const BatchResult result = mean_gradient(t, std::array{mu, sigma}, eps);
  const double error = result.gradient_error[0];
  return {result.gradient[0] + bias, error * error * static_cast<double>(n), result.gradient[1]};
}

const std::size_t samples = static_cast<std::size_t>(random_runs::count(100000));

TEST(Statistics, ChiSquareLawAgreesWithTables) {
  EXPECT_NEAR(chi_square_below(3.841458820694124, 1), 0.95, 1e-12);
  EXPECT_NEAR(chi_square_below(18.307038053275146, 10), 0.95, 1e-12);
  EXPECT_NEAR(chi_square_below(1e5, 1e5), 0.5 + 1 / (3 * std::sqrt(std::numbers::pi * 1e5)),
              1e-8);  // by Edgeworth, next term 1e-8
  EXPECT_NEAR(quantile(0.05), 1.959963984540054, 1e-12);
}

TEST(Statistics, SampleGradientsFollowTheirLaws) {
  const double n = static_cast<double>(samples);
  const double z_power = quantile(0.002);  // 99.9 % on one side
  std::printf(
      "%zu samples at each of %zu points, seed %llu: %d tests, false alarms %.0e in all; seen with a power of 99.9 %%: a bias "
      "of %.2g sigma in the gradient in mu, a variance wrong by %.2g %%\n",
      samples, points.size(), static_cast<unsigned long long>(random_runs::seed()), tests, false_alarms,
      (quantile(level) + z_power) / std::sqrt(n), 100 * (quantile(level) + z_power) * std::sqrt(2 / n));
  for (std::size_t k = 0; k < points.size(); ++k) {
    const auto [mu, sigma] = points[k];
    const Measured m = measure(mu, sigma, samples, random_runs::seed() + k);
    const double z = (m.mean_mu - mu) * std::sqrt(n) / sigma;
    EXPECT_GT(two_sided(z), level) << "mean in mu at (" << mu << ", " << sigma << "): z = " << z;
    const double chi = (n - 1) * m.variance_mu / (sigma * sigma);
    EXPECT_GT(two_sided_chi_square(chi, n - 1), level) << "variance in mu at (" << mu << ", " << sigma << "): " << chi;
    if (mu != 0) continue;
    const double squares = n * (m.mean_sigma + 1 / sigma) / sigma;  // the sum of eps^2
    EXPECT_GT(two_sided_chi_square(squares, n), level) << "mean in sigma at (0, " << sigma << "): " << squares;
  }
}

// The power is a promise: a bias, or a spread, of the stated size is seen 999 times in 1000. Of 200 experiments, two misses have
// a chance of 2 %, four of 1e-4.
TEST(Statistics, ABiasAndASpreadOfTheStatedSizeAreSeen) {
  const double mu = 0.5, sigma = 0.8;
  constexpr std::size_t few = 4000;
  const double n = few, reach = quantile(level) + quantile(0.002);
  int missed_bias = 0, missed_spread = 0;
  for (std::uint64_t experiment = 0; experiment < 200; ++experiment) {
    const Measured biased = measure(mu, sigma, few, 1000 + experiment, reach * sigma / std::sqrt(n));
    missed_bias += two_sided((biased.mean_mu - mu) * std::sqrt(n) / sigma) > level;
    // the law is skewed: the normal limit behind the stated size errs by 1/sqrt(n), so a tenth is added
    const Measured wide = measure(mu, sigma, few, 2000 + experiment, 0, std::sqrt(1 + 1.1 * reach * std::sqrt(2 / n)));
    missed_spread += two_sided_chi_square((n - 1) * wide.variance_mu / (sigma * sigma), n - 1) > level;
  }
  std::printf("planted in 200 experiments of %zu samples: bias missed %d times, spread %d times\n", few, missed_bias,
              missed_spread);
  EXPECT_LE(missed_bias, 3);
  EXPECT_LE(missed_spread, 3);
}

}  // namespace
