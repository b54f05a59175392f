#include "estimate/verdict.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "random/random.hpp"

namespace {

using vae_kl::least_bias;
using vae_kl::samples_to_see;
using vae_kl::threshold;

// Two-sided quantiles of the normal distribution at 1 - (1 - 1e-6)^(1/m), from tables: 4.8916 for m = 1, 5.326724 for p = 1e-7.
TEST(Threshold, IsTheNormalQuantileForManySamples) {
  const std::uint64_t endless = 1ull << 60;
  EXPECT_NEAR(threshold(1, endless), 4.891638, 1e-5);
  EXPECT_NEAR(threshold(10, endless), 5.326724, 1e-5);
  EXPECT_NEAR(std::erfc(threshold(1000, endless) / std::sqrt(2.0)), 1e-9, 1e-14);
}

// By hand: 2.57583 is the normal quantile, 1 + 2.57583 / sqrt(5) for skewness, (8 * 4 + 3) / (8 * 4 + 1) and
// sqrt(4 (exp(q^2 / 4) - 1)) from the normal quantile to Student's with 4 degrees of freedom.
TEST(Threshold, IsWideForFiveSamples) {
  const double q = 2.575829 * (1 + 2.575829 / std::sqrt(5.0)) * 35 / 33;
  EXPECT_NEAR(threshold(1, 5, 0.01), std::sqrt(4 * (std::exp(q * q / 4) - 1)), 0.01);
  EXPECT_GT(threshold(1, 5, 0.01), 149);
  EXPECT_LT(threshold(1, 5, 0.01), 152);
}

TEST(LeastBias, IsSeenWithTheSamplesThatItTakesAndNotWithOneLess) {
  for (const double bias : {3.0, 1.0, 0.1, 1e-3, 1e-6})
    for (const std::uint64_t comparisons : {1, 7, 2001}) {
      const vae_kl::Scatter scatter{1.5, 0};
      const std::uint64_t samples = samples_to_see(bias, scatter, comparisons);
      EXPECT_LE(least_bias(scatter, comparisons, samples), bias);
      EXPECT_GT(least_bias(scatter, comparisons, samples - 1), bias);
      EXPECT_EQ(samples_to_see(-bias, scatter, comparisons), samples) << "the sign does not matter";
    }
  // ((4.891638 + 3.090232) * 1 / 1e-6)^2: two normal quantiles
  EXPECT_NEAR(static_cast<double>(samples_to_see(1e-6, {1, 0}, 1)) / 1e12, std::pow(4.891638 + 3.090232, 2), 0.01);
  EXPECT_EQ(samples_to_see(1e-6, {1, 1e-6}, 1), 0u) << "more samples do not help against rounding";
  EXPECT_EQ(samples_to_see(0, {1, 0}, 1), 0u);
}

// 400 runs each with a bias of that size: one in a thousand misses it, and three would have a chance of 1 %.
TEST(LeastBias, IsNoticedNineHundredNinetyNineTimesInAThousand) {
  constexpr std::size_t samples = 2000;
  const double bias = least_bias({1, 0}, 1, samples);
  std::vector<double> eps(samples);
  int missed = 0, half_missed = 0;
  for (std::uint64_t run = 0; run < 400; ++run) {
    vae_kl::fill_normals(17, run, 0, eps);
    double sum = 0, squares = 0;
    for (const double e : eps) sum += e, squares += e * e;
    const double n = samples, mean = sum / n, error = std::sqrt((squares - sum * mean) / (n - 1) / n);
    missed += (mean + bias) / error <= threshold(1, samples);
    half_missed += (mean + bias / 2) / error <= threshold(1, samples);
  }
  EXPECT_LE(missed, 3);
  EXPECT_GT(half_missed, 200) << "half of it lies below the threshold";
}

TEST(Threshold, GrowsWithTheComparisonsAndFallsWithTheSamples) {
  for (std::uint64_t samples = 2; samples < 1'000'000'000; samples *= 3) {
    EXPECT_GT(threshold(7, samples), threshold(7, 3 * samples));
    EXPECT_LE(threshold(7, samples), threshold(2001, samples));
    EXPECT_TRUE(std::isfinite(threshold(2'000'001, samples)));  // also where 2 samples tell nothing
  }
  EXPECT_LT(threshold(7, 100), threshold(2001, 100));
}

// What the threshold is for: with a right program the distance over its estimated error passes it no more often than promised.
// The rate of 1e-6 can't be simulated, so the formula is asked for larger rates, which it reaches with fewer standard deviations:
// the worst case of skewness is samples of eps^2, and small numbers of them.
TEST(Threshold, HoldsForSkewedSamplesAndFewOfThem) {
  std::uint64_t drawn = 0;
  for (const std::size_t samples : {5u, 10u, 30u, 100u, 300u, 1000u}) {
    const std::size_t runs = 20'000'000 / samples > 100'000 ? 100'000 : 20'000'000 / samples;
    std::vector<double> distances, eps(samples);
    for (std::size_t run = 0; run < runs; ++run) {
      vae_kl::fill_normals(5, 0, drawn, eps);
      drawn += samples;
      double sum = 0, squares = 0;
      for (const double e : eps) sum += e * e - 1, squares += (e * e - 1) * (e * e - 1);
      const double n = static_cast<double>(samples), mean = sum / n;
      distances.push_back(std::fabs(mean) / std::sqrt((squares - sum * mean) / (n - 1) / n));
    }
    for (const double rate : {1e-2, 1e-3}) {
      const double limit = threshold(1, samples, rate);
      const double expected = rate * static_cast<double>(runs);
      const auto beyond = std::count_if(distances.begin(), distances.end(), [&](double d) { return d > limit; });
      // not more often than promised, within 4 standard deviations of the count and 10 % of the formula's own error
      EXPECT_LT(static_cast<double>(beyond), 1.1 * expected + 4 * std::sqrt(expected)) << samples << " samples, rate " << rate;
    }
  }
}

}  // namespace
