#include "estimate/estimator.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>

#include "estimate/comparison.hpp"
#include "estimate/way_comparison.hpp"
#include "question/closed_form.hpp"
#include "question/graph.hpp"
#include "random/random.hpp"
#include "support/thread_ranks.hpp"
#include "wengert/custom.hpp"

namespace {

using namespace vae_kl;
using wengert::Var;

const Parameters three{{0.5, -1, 2}, {0.8, 1, 0.3}};

std::vector<DimensionEstimate> run(const Parameters& parameters, const SamplingOptions& sampling, Way way,
                                   Program program = record_graph) {
  Progress silent(1, false);
  return estimate(parameters, sampling, way, silent, program);
}

class EstimatorOfWay : public testing::TestWithParam<Way> {};
INSTANTIATE_TEST_SUITE_P(Ways, EstimatorOfWay, testing::ValuesIn(ways),
                         [](const auto& info) { return std::string(name(info.param)); });

// The same sums written by hand from the algebra, in long double: z, z * eps - 1 / sigma, and t.
TEST_P(EstimatorOfWay, AveragesTheGradientOfEverySample) {
  const SamplingOptions sampling{20'001, 3, 2};
  const auto estimates = run(three, sampling, GetParam());
  for (std::size_t d = 0; d < 3; ++d) {
    const long double mu = three.mu[d], sigma = three.sigma[d];
    std::vector<double> eps(sampling.samples);
    fill_normals(sampling.seed, d, 0, eps);
    long double sums[3] = {}, squares[3] = {};
    for (const long double e : eps) {
      const long double z = mu + sigma * e;
      const long double x[3] = {z * z / 2 - e * e / 2 - std::log(sigma), z, z * e - 1 / sigma};
      for (int k = 0; k < 3; ++k) sums[k] += x[k], squares[k] += x[k] * x[k];
    }
    const Estimate got[3] = {estimates[d].kl, estimates[d].wrt_mu, estimates[d].wrt_sigma};
    for (int k = 0; k < 3; ++k) {
      const long double n = sampling.samples, mean = sums[k] / n;
      const long double error = std::sqrt((squares[k] - sums[k] * mean) / (n - 1) / n);
      // u / sigma up to 15 comes and goes in each sample: 1e-14 a sample, and independent of each other
      EXPECT_NEAR(got[k].mean, static_cast<double>(mean), 1e-14) << d << k;
      EXPECT_NEAR(got[k].standard_error, static_cast<double>(error), 1e-13) << d << k;
    }
  }
}

TEST_P(EstimatorOfWay, DoesNotDependOnTheNumberOfRanks) {
  const Parameters seventy{std::vector<double>(70, 0.5), std::vector<double>(70, 1.5)};  // enough to share out whole dimensions
  for (const Parameters& parameters : {three, seventy}) {
    std::uint64_t samples = 40'001;
#ifdef WENGERT_TEST_SANITIZED
    if (GetParam() == Way::stepped && parameters.dimensions() > 3) samples = 4'001;  // a tape for each takes minutes there
#endif
    const auto one = run(parameters, {samples, 3, 1}, GetParam());
    for (const int count : {1, 2, 4}) {
      ThreadRanks threads(count);
      for (const auto& error : threads.run([&](wengert::Ranks& ranks) {
             SamplingOptions sampling{samples, 3, 1 + count % 2};
             sampling.ranks = &ranks;
             const auto shared = run(parameters, sampling, GetParam());
             ASSERT_EQ(shared.size(), one.size());
             EXPECT_EQ(std::memcmp(shared.data(), one.data(), one.size() * sizeof(DimensionEstimate)), 0);
           }))
        EXPECT_EQ(error, nullptr);
    }
  }
}

TEST_P(EstimatorOfWay, DoesNotDependOnTheNumberOfThreads) {
  const Parameters eleven{std::vector<double>(11, 0.5), std::vector<double>(11, 1.5)};
  for (const Parameters& parameters : {three, eleven}) {
    const auto one = run(parameters, {40'001, 3, 1}, GetParam());
    for (const int threads : {2, 3, 8}) {
      const auto many = run(parameters, {40'001, 3, threads}, GetParam());
      for (std::size_t d = 0; d < one.size(); ++d) {
        EXPECT_EQ(one[d].kl.mean, many[d].kl.mean);
        EXPECT_EQ(one[d].wrt_mu.mean, many[d].wrt_mu.mean);
        EXPECT_EQ(one[d].wrt_sigma.mean, many[d].wrt_sigma.mean);
        EXPECT_EQ(one[d].kl.standard_error, many[d].kl.standard_error);
        EXPECT_EQ(one[d].wrt_mu.standard_error, many[d].wrt_mu.standard_error);
        EXPECT_EQ(one[d].wrt_sigma.standard_error, many[d].wrt_sigma.standard_error);
      }
    }
  }
}

TEST_P(EstimatorOfWay, AgreesWithTheClosedFormForManySeeds) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const SamplingOptions sampling{5'000, seed, 0};
    const Comparison comparison = compare(three, sampling, run(three, sampling, GetParam()));
    EXPECT_TRUE(comparison.agree) << "seed " << seed << ": " << comparison.worst_z;
  }
}

// log with a partial that is off by 3 percent, as somebody might write the rule wrongly: the graph is else the same.
Var wrong_graph(const Var& mu, const Var& sigma, const Var& eps) {
  static const wengert::CustomOperation wrong_log(
      "wrong_log", 1, [](std::span<const double> x) { return std::log(x[0]); },
      [](std::span<const double> x, double, std::span<double> partials) { partials[0] = 1.03 / x[0]; },
      {wengert::CustomOperation(
          "wrong_log_partial", 1, [](std::span<const double> x) { return 1.03 / x[0]; },
          [](std::span<const double> x, double, std::span<double> partials) { partials[0] = -1.03 / (x[0] * x[0]); })});
  const Var z = mu + sigma * eps;
  const Var u = (z - mu) / sigma;
  return (-0.5 * u * u - wrong_log(sigma)) + 0.5 * z * z;
}

TEST_P(EstimatorOfWay, AWrongRuleTurnsTheVerdict) {
  if (GetParam() == Way::fused) GTEST_SKIP() << "a fused program is fixed at compile time";
  const SamplingOptions sampling{100'000, 1, 0};
  EXPECT_TRUE(compare(three, sampling, run(three, sampling, GetParam())).agree);
  const Comparison wrong = compare(three, sampling, run(three, sampling, GetParam(), wrong_graph));
  EXPECT_FALSE(wrong.agree);
  EXPECT_GT(std::fabs(wrong.gradient[1].z), wrong.threshold);  // dKL/dsigma is off by 0.03 / sigma, ten standard errors
  EXPECT_LT(std::fabs(wrong.gradient[0].z), wrong.threshold);  // dKL/dmu is as it was
  EXPECT_LT(std::fabs(wrong.kl.z), wrong.threshold);
}

TEST(Estimator, RefusesToFuseAnotherProgram) {
  EXPECT_THROW(run(three, {1000, 1, 1}, Way::fused, wrong_graph), std::invalid_argument);
}

TEST(Estimator, NotANumberIsNoAgreement) {
  auto estimates = run(three, {1000, 1, 1}, Way::stepped);
  estimates[1].wrt_mu.mean = std::nan("");
  EXPECT_FALSE(compare(three, {1000, 1, 1}, estimates).agree);
}

// Sizes whose squares overflow: standard errors scale with sigma, as at sigma = 1.
TEST(Estimator, KeepsItsRangeForVeryLargeSigma) {
  const SamplingOptions sampling{1000, 1, 1};
  const auto small = run({{0}, {1}}, sampling, Way::stepped), large = run({{0}, {1e150}}, sampling, Way::stepped);
  EXPECT_NEAR(large[0].wrt_mu.mean / 1e150, small[0].wrt_mu.mean, 1e-15);
  EXPECT_NEAR(large[0].wrt_mu.standard_error / 1e150, small[0].wrt_mu.standard_error, 1e-15);
  // at sigma = 1 the samples of dt/dsigma are eps^2 - 1, here sigma * eps^2
  EXPECT_NEAR(large[0].wrt_sigma.mean / 1e150, small[0].wrt_sigma.mean + 1, 1e-14);
  EXPECT_NEAR(large[0].wrt_sigma.standard_error / 1e150, small[0].wrt_sigma.standard_error, 1e-14);
}

TEST(WayComparison, FindsAWayThatDisagrees) {
  const SamplingOptions sampling{10'000, 1, 1};
  std::vector<WayRun> runs = run_ways({std::begin(ways), std::end(ways)}, three, sampling, false);
  EXPECT_TRUE(compare_ways(runs, three, sampling).agree);
  runs[1].estimates[2].wrt_mu.mean += 1e-11;
  EXPECT_FALSE(compare_ways(runs, three, sampling).agree);
  runs[1].estimates[2].wrt_mu.mean = std::nan("");
  EXPECT_FALSE(compare_ways(runs, three, sampling).agree);
}

// Where sigma is small beside mu, z - mu and the adjoint of mu lose digits; what is reported as the error covers it.
TEST(Comparison, CoversTheRoundingOfSmallSigma) {
  for (const double mu : {0.0, 0.3, -7.7})
    for (const double sigma : {1e-3, 1e-6, 1e-8, 1e-9, 1e-10, 1e-11})
      for (const Way way : ways) {
        const SamplingOptions sampling{20'000, 1, 0};
        const Comparison comparison = compare({{mu}, {sigma}}, sampling, run({{mu}, {sigma}}, sampling, way));
        EXPECT_TRUE(comparison.agree) << mu << " " << sigma << " " << name(way) << ": " << comparison.worst_z;
      }
}

}  // namespace
