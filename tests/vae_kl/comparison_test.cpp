// What `vae_kl compare` says of estimates that are handed to it: rows, scatter by the exact laws, and the verdict.
#include "estimate/comparison.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <vector>

#include "estimate/estimator.hpp"
#include "question/error.hpp"

namespace {

using namespace vae_kl;

const Parameters two{{0.5, -2}, {0.8, 1.5}};
// -log sigma + (sigma^2 + mu^2 - 1) / 2, and mu, sigma - 1 / sigma
constexpr double kl[] = {0.16814355131420977, 2.2195348918918356};
constexpr double wrt_sigma[] = {-0.45, 1.5 - 1 / 1.5};

/// Estimates that are off by so many of their standard errors, which are all the same.
std::vector<DimensionEstimate> estimates(double off, double error) {
  std::vector<DimensionEstimate> result;
  for (int d = 0; d < 2; ++d)
    result.push_back({{kl[d] + off * error, error}, {two.mu[d] + off * error, error}, {wrt_sigma[d] + off * error, error}});
  return result;
}

SamplingOptions sampling(Sampling how, std::uint64_t samples) {
  SamplingOptions options;
  options.samples = samples;
  options.sampling = how;
  return options;
}

TEST(Comparison, HoldsEachEstimateAgainstItsClosedForm) {
  const Comparison c = compare(two, sampling(Sampling::plain, 1000), estimates(2, 0.01));
  ASSERT_EQ(c.gradient.size(), 4u);
  const double expected[] = {0.5, -0.45, -2, wrt_sigma[1]};
  for (std::size_t k = 0; k < 4; ++k) {
    EXPECT_DOUBLE_EQ(c.gradient[k].closed_form, expected[k]);
    EXPECT_DOUBLE_EQ(c.gradient[k].estimate, expected[k] + 0.02);
    EXPECT_DOUBLE_EQ(c.gradient[k].standard_error, 0.01);
    EXPECT_NEAR(c.gradient[k].z, 2, 1e-10);  // digits lost by the difference
  }
  EXPECT_EQ(c.gradient[2].parameter, "mu[1]");
  EXPECT_EQ(c.gradient[3].parameter, "sigma[1]");
  // of the sum over two dimensions, which are independent
  EXPECT_DOUBLE_EQ(c.kl.closed_form, kl[0] + kl[1]);
  EXPECT_DOUBLE_EQ(c.kl.standard_error, 0.01 * std::sqrt(2));
  EXPECT_NEAR(c.kl.z, 2 * std::sqrt(2), 1e-10);
  EXPECT_DOUBLE_EQ(c.worst_z, c.kl.z);
  EXPECT_EQ(c.threshold, threshold(5, 1000));
  EXPECT_TRUE(c.agree);
  auto one_off = estimates(0, 0.01);
  one_off[1].wrt_mu.mean -= 0.05;
  EXPECT_NEAR(compare(two, sampling(Sampling::plain, 1000), one_off).worst_z, 5, 1e-10);
}

// t = a + mu sigma eps + (sigma^2 - 1) eps^2 / 2 has the variance mu^2 sigma^2 + (sigma^2 - 1)^2 / 2, dt/dmu = mu + sigma eps has
// sigma^2, and dt/dsigma = mu eps + sigma eps^2 - 1 / sigma has mu^2 + 2 sigma^2; of a mean of eps and -eps, the even parts
// alone.
TEST(Comparison, KnowsTheScatterOfSamplesAndOfPairs) {
  const Comparison plain = compare(two, sampling(Sampling::plain, 1000), estimates(0, 0.01));
  EXPECT_DOUBLE_EQ(plain.kl.scatter.deviation, std::sqrt(0.16 + 0.0648 + 9 + 0.78125));
  EXPECT_DOUBLE_EQ(plain.gradient[0].scatter.deviation, 0.8);
  EXPECT_DOUBLE_EQ(plain.gradient[1].scatter.deviation, std::sqrt(0.25 + 1.28));
  EXPECT_DOUBLE_EQ(plain.gradient[2].scatter.deviation, 1.5);
  EXPECT_DOUBLE_EQ(plain.gradient[3].scatter.deviation, std::sqrt(4 + 4.5));
  const Comparison pairs = compare(two, sampling(Sampling::antithetic, 1000), estimates(0, 0.01));
  EXPECT_DOUBLE_EQ(pairs.kl.scatter.deviation, std::sqrt(0.0648 + 0.78125));
  EXPECT_EQ(pairs.gradient[0].scatter.deviation, 0);
  EXPECT_DOUBLE_EQ(pairs.gradient[1].scatter.deviation, std::sqrt(1.28));
  EXPECT_DOUBLE_EQ(pairs.gradient[3].scatter.deviation, std::sqrt(4.5));
  EXPECT_EQ(pairs.threshold, threshold(5, 500));
  // of replicates it is what was measured
  const SamplingOptions sobol = sampling(Sampling::sobol, 100000);
  const auto means = static_cast<double>(plan(sobol).means());
  const Comparison replicates = compare(two, sobol, estimates(0, 0.01));
  EXPECT_DOUBLE_EQ(replicates.gradient[0].scatter.deviation, 0.01 * std::sqrt(means));
  EXPECT_DOUBLE_EQ(replicates.kl.scatter.deviation, 0.01 * std::sqrt(2 * means));
}

// Half an ulp twice of each number of that size that the graph makes: mu, sigma, log sigma, squares, u and what is divided by
// sigma.
TEST(Comparison, KnowsWhatRoundingMayDo) {
  const Resolution resolution(0.5, 0.8);
  EXPECT_DOUBLE_EQ(resolution.kl, 0x1p-52 * (1 + 0.22314355131420976 + 0.25 + 0.64 + 0.625));
  EXPECT_DOUBLE_EQ(resolution.wrt_mu, 0x1p-52 * (0.5 + 0.8 + 1.25));
  EXPECT_DOUBLE_EQ(resolution.wrt_sigma, 0x1p-52 * (0.5 + 0.8 + 1.25 + 0.78125));
  EXPECT_DOUBLE_EQ(Resolution(-0.5, 0.8).wrt_sigma, resolution.wrt_sigma);
  // so an estimate that has no scatter is not held to more digits than it has
  const Comparison c = compare({{0.5}, {0.8}}, sampling(Sampling::plain, 1000), {{{kl[0], 0}, {0.5, 0}, {-0.45, 0}}});
  EXPECT_DOUBLE_EQ(c.gradient[0].standard_error, resolution.wrt_mu);
  EXPECT_DOUBLE_EQ(c.gradient[1].scatter.resolution, resolution.wrt_sigma);
  EXPECT_DOUBLE_EQ(c.kl.standard_error, resolution.kl);
  EXPECT_TRUE(c.agree);
}

TEST(Comparison, DoesNotAgreeWhereItCouldNotTell) {
  for (const Sampling how : {Sampling::plain, Sampling::antithetic}) {
    EXPECT_TRUE(compare(two, sampling(how, 2000), estimates(1, 0.01)).agree);
    const Comparison few = compare(two, sampling(how, 20), estimates(1, 0.01));
    EXPECT_TRUE(few.too_few);
    EXPECT_FALSE(few.agree);
    const Comparison wrong = compare(two, sampling(how, 2000), estimates(20, 0.01));
    EXPECT_FALSE(wrong.too_few);
    EXPECT_FALSE(wrong.agree);
  }
}

// Replicates see what their own spread lets them: with a standard error of 1, ten of which would pass for chance, in one row.
TEST(Comparison, DoesNotAgreeWhereOneRowOfReplicatesIsWide) {
  const SamplingOptions sobol = sampling(Sampling::sobol, 100000);
  EXPECT_TRUE(compare(two, sobol, estimates(0, 1e-3)).agree);
  for (const std::size_t d : {0, 1})
    for (Estimate DimensionEstimate::* const row : {&DimensionEstimate::wrt_mu, &DimensionEstimate::wrt_sigma}) {
      auto wide = estimates(0, 1e-3);
      (wide[d].*row).standard_error = 1;
      const Comparison c = compare(two, sobol, wide);
      EXPECT_TRUE(c.too_few) << d;
      EXPECT_FALSE(c.agree) << d;
    }
}

TEST(Comparison, DoesNotAgreeOnWhatIsNoNumber) {
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    auto in_gradient = estimates(0, 0.01), in_kl = in_gradient;
    in_gradient[1].wrt_sigma.mean = bad;
    in_kl[0].kl.mean = bad;
    for (const auto& each : {in_gradient, in_kl}) {
      const Comparison c = compare(two, sampling(Sampling::plain, 1000), each);
      EXPECT_FALSE(c.agree);
      EXPECT_FALSE(c.too_few);
    }
  }
}

TEST(CheckRange, KnowsWhereSquaresOverflow) {
  EXPECT_NO_THROW(check_range({{0}, {1.11e152}}));  // 9 of these are 9.99e152
  EXPECT_THROW(check_range({{0}, {1.12e152}}), InputError);
  EXPECT_NO_THROW(check_range({{-9.9e152}, {1e150}}));
  EXPECT_THROW(check_range({{-6e152}, {5e151}}), InputError);  // 6e152 + 4.5e152
  EXPECT_THROW(check_range({{0, 6e152}, {1, 5e151}}), InputError);
}

TEST(CheckRange, KnowsWhereDifferencesCancel) {
  EXPECT_NO_THROW(check_range({{0.1}, {1.01e-12}}));
  EXPECT_THROW(check_range({{0.1}, {0.99e-12}}), InputError);
  EXPECT_NO_THROW(check_range({{-5}, {5.01e-12}}));
  EXPECT_THROW(check_range({{-5}, {4.99e-12}}), InputError);
}

}  // namespace
