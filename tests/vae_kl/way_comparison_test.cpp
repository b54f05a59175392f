// The ways of running the graph, side by side: that all see a planted fault, and what `vae_kl compare --way all` says of runs
// that are handed to it.
#include "estimate/way_comparison.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "estimate/comparison.hpp"

namespace {

using namespace vae_kl;

SamplingOptions sampling(std::uint64_t samples, Sampling how = Sampling::plain, double fault = 0) {
  SamplingOptions options;
  options.samples = samples;
  options.sampling = how;
  options.fault = fault;
  return options;
}

// t holds -log(sigma), so a rule of log that is off by the factor 1 + f moves each sample of dt/dsigma by -f / sigma, and nothing
// else.
TEST(Ways, AllSeeAPlantedFault) {
  const Parameters two{{0.5, -2}, {0.8, 0.25}};
  constexpr double fault = 0.125;
  for (const Way way : ways)
    for (const Sampling how : samplings) {
      SCOPED_TRACE(std::string(name(way)) + ", " + std::string(name(how)));
      Progress silent(1, false);
      const auto right = estimate(two, sampling(1000, how), way, silent);
      const auto wrong = estimate(two, sampling(1000, how, fault), way, silent);
      for (std::size_t d = 0; d < 2; ++d) {
        EXPECT_EQ(wrong[d].kl.mean, right[d].kl.mean);
        EXPECT_EQ(wrong[d].wrt_mu.mean, right[d].wrt_mu.mean);
        // sums of numbers below 100
        EXPECT_NEAR(wrong[d].wrt_sigma.mean, right[d].wrt_sigma.mean - fault / two.sigma[d], 1e-13);
        EXPECT_NEAR(wrong[d].wrt_sigma.standard_error, right[d].wrt_sigma.standard_error, 1e-13);
      }
    }
}

// More pieces of work than are held at a time, and a last piece that is all but whole.
TEST(Ways, SteppedIsFusedForManyDimensionsAndAnySamples) {
  const auto apart = [](std::size_t dimensions, std::uint64_t samples) {
    Parameters many;
    for (std::size_t d = 0; d < dimensions; ++d) {
      many.mu.push_back(0.01 * static_cast<double>(d) - 1);
      many.sigma.push_back(0.5 + 0.001 * static_cast<double>(d));
    }
    Progress silent(1, false);
    const auto stepped = estimate(many, sampling(samples), Way::stepped, silent),
               fused = estimate(many, sampling(samples), Way::fused, silent);
    double most = 0;
    for (std::size_t d = 0; d < dimensions; ++d)
      for (const auto quantity : {&DimensionEstimate::kl, &DimensionEstimate::wrt_mu, &DimensionEstimate::wrt_sigma}) {
        most = std::fmax(most, std::fabs((stepped[d].*quantity).mean - (fused[d].*quantity).mean));
        most = std::fmax(most, std::fabs((stepped[d].*quantity).standard_error - (fused[d].*quantity).standard_error));
      }
    return most;
  };
  // means of numbers below 100
  EXPECT_LT(apart(600, 10), 1e-12);
  for (const std::uint64_t samples : {16'383, 16'384, 16'385}) EXPECT_LT(apart(2, samples), 1e-12) << samples;
}

// -1 / sigma + mu eps + sigma eps^2, whose rounding alone is 1e184 and has a square beyond double.
TEST(Ways, SteppedHoldsOutWhereSquaresOfSamplesOverflow) {
  Progress silent(1, false);
  const DimensionEstimate e = estimate({{0}, {1e-200}}, sampling(1000), Way::stepped, silent)[0];
  EXPECT_DOUBLE_EQ(e.wrt_sigma.mean, -1e200);
  EXPECT_LT(e.wrt_sigma.standard_error, 1e185);
}

/// Two runs, the second with `other` in dimension `at`. A rounding of one of the samples is 2^-40: 2^-52 of mean and deviation.
constexpr std::uint64_t samples = 64;
constexpr double mean = 3072, deviation = 1024, rounding = 0x1p-40;
const Estimate usual{mean, deviation / 8};
std::vector<WayRun> runs(const DimensionEstimate& other, std::size_t at = 0) {
  const std::vector<DimensionEstimate> first(2, {usual, usual, usual});
  std::vector<DimensionEstimate> second = first;
  second[at] = other;
  return {{Way::stepped, first, 1}, {Way::fused, second, 2}};
}
const Parameters two{{0.5, -2}, {0.8, 1.5}};

TEST(WayComparison, TellsTheLargestDistanceInRoundingsOfASample) {
  const auto off = [](double roundings) { return Estimate{mean + roundings * rounding, usual.standard_error}; };
  const auto difference = [](const DimensionEstimate& other, std::size_t at) {
    return compare_ways(runs(other, at), two, sampling(samples)).rows[1].difference;
  };
  for (std::size_t d : {0, 1}) {
    EXPECT_EQ(difference({usual, usual, usual}, d), 0);
    EXPECT_EQ(difference({off(5), usual, usual}, d), 5);
    EXPECT_EQ(difference({usual, off(-6), usual}, d), 6);
    EXPECT_EQ(difference({usual, usual, off(7)}, d), 7);
    EXPECT_EQ(difference({off(9), off(4), off(-8)}, d), 9);
    // standard errors are held apart as deviations of a sample: times the root of 64
    EXPECT_EQ(difference({{mean, usual.standard_error + rounding}, usual, usual}, d), 8);
    EXPECT_EQ(difference({{mean + rounding, usual.standard_error - rounding}, usual, usual}, d), 9);
  }
  // of pairs there are half as many: a mean of 32 has deviation 1024 / 8 * sqrt(32)
  const double of_pairs = 0x1p-52 * (mean + usual.standard_error * std::sqrt(32));
  EXPECT_DOUBLE_EQ(compare_ways(runs({off(5), usual, usual}), two, sampling(samples, Sampling::antithetic)).rows[1].difference,
                   5 * rounding / of_pairs);
}

TEST(WayComparison, ARoundingIsNoLessThanTheGraphs) {
  const Parameters far{{1e6}, {0.5}};
  const Resolution resolution(1e6, 0.5);
  const DimensionEstimate zero{};
  const auto difference = [&](const DimensionEstimate& other) {
    return compare_ways({{Way::stepped, {zero}, 1}, {Way::fused, {other}, 1}}, far, sampling(samples)).rows[1].difference;
  };
  EXPECT_DOUBLE_EQ(difference({{1, 0}, {}, {}}), 1 / resolution.kl);
  EXPECT_DOUBLE_EQ(difference({{}, {1, 0}, {}}), 1 / resolution.wrt_mu);
  EXPECT_DOUBLE_EQ(difference({{}, {}, {1, 0}}), 1 / resolution.wrt_sigma);
}

TEST(WayComparison, AllowsSixtyFourRoundings) {
  const auto agree = [](double roundings) {
    const WayComparison c =
        compare_ways(runs({{mean + roundings * rounding, usual.standard_error}, usual, usual}), two, sampling(64));
    EXPECT_EQ(c.allowed, 64);
    return c.agree;
  };
  EXPECT_TRUE(agree(0));
  EXPECT_TRUE(agree(64));
  EXPECT_TRUE(agree(-64));
  EXPECT_FALSE(agree(65));
  EXPECT_FALSE(agree(-65));
}

TEST(WayComparison, ANumberThatIsNoneDisagrees) {
  const Estimate none{std::numeric_limits<double>::quiet_NaN(), usual.standard_error};
  for (const DimensionEstimate& other : {DimensionEstimate{none, usual, usual}, {usual, none, usual}, {usual, usual, none}})
    for (std::size_t d : {0, 1}) {
      const WayComparison c = compare_ways(runs(other, d), two, sampling(samples));
      EXPECT_TRUE(std::isnan(c.rows[1].difference));
      EXPECT_FALSE(c.agree);
    }
}

TEST(WayComparison, TimesAreThoseOfASampleOfOneDimension) {
  const WayComparison c = compare_ways(runs({usual, usual, usual}), two, sampling(samples));
  EXPECT_DOUBLE_EQ(c.rows[0].nanoseconds, 1e9 / 128);
  EXPECT_DOUBLE_EQ(c.rows[1].nanoseconds, 2e9 / 128);
  // No machine makes a normal number in a twentieth of a nanosecond, nor takes 20 microseconds.
  EXPECT_GT(c.random_nanoseconds, 0.05);
  EXPECT_LT(c.random_nanoseconds, 20'000);
}

// Fourth powers of z, times 1e28 samples, are below 1.8e308 where |mu| + 9 sigma is below 1e70.
TEST(WayComparison, BatchesGoAsFarAsFourthPowers) {
  EXPECT_TRUE(batches_in_range({{0.5, -2}, {0.8, 1.5}}));
  EXPECT_TRUE(batches_in_range({{0}, {1.1e69}}));
  EXPECT_TRUE(batches_in_range({{1e70}, {0.5}}));
  EXPECT_FALSE(batches_in_range({{0}, {1.2e69}}));
  EXPECT_FALSE(batches_in_range({{-1.1e70}, {0.5}}));
  EXPECT_FALSE(batches_in_range({{-9e69}, {1e69}}));
  EXPECT_FALSE(batches_in_range({{0, 2e70}, {1, 1}}));
}

}  // namespace
