#include "random/sobol.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>
#include <vector>

#include "question/normal_distribution.hpp"

namespace {

using namespace vae_kl;

std::vector<double> normals(const SobolSequence& sequence) {
  std::vector<double> points(std::size_t{1} << sequence.log_points);
  fill_sobol_normals(sequence, 0, points);
  return points;
}

// The numbers that its docstring promises of (seed, stream, replicate, i): from Philox, the hash and the quantile as published,
// in another language and 40 digits. "The same seed, the same numbers" holds from release to release.
TEST(Sobol, PointsAreThoseOfTheirCounters) {
  const struct {
    SobolSequence sequence;
    std::uint32_t i, interval;
    double normal;
  } known[] = {{{1, 0, 0, 4}, 0, 0x6, -0.178485078246022063},
               {{1, 0, 0, 4}, 1, 0xd, 1.145762784853909},
               {{1, 0, 0, 4}, 2, 0x0, -2.13301078616844661},
               {{1, 0, 0, 4}, 9, 0xc, 0.779737486117832187},
               {{1099511627783, 42949672962, 3, 20}, 0, 0xe0530, 1.15652482252981887},
               {{1099511627783, 42949672962, 3, 20}, 1, 0x237a2, -1.08671108904842445},
               {{1099511627783, 42949672962, 3, 20}, 2, 0x809b4, 0.00593842790462150402},
               {{1099511627783, 42949672962, 3, 20}, 9, 0x300e2, -0.886344814965986941}};
  for (const auto& each : known) {
    EXPECT_EQ(interval(each.sequence, each.i), each.interval);
    double normal = 0;
    fill_sobol_normals(each.sequence, each.i, {&normal, 1});
    // the quantile is good to 1e-15; near 0 it moves by 2.5 times what p is rounded by
    EXPECT_NEAR(normal, each.normal, 1e-15 * std::fabs(each.normal) + 3e-16);
  }
}

// Wichura states 1e-16; the reference is normal_quantile in long double, by Halley's method.
TEST(LowerNormalQuantile, IsThatOfLongDoubleArithmetic) {
  double worst = 0;
  for (double exponent = -280; exponent <= 0; exponent += 0.013) {
    const double p = 0.5 * std::pow(10, exponent);
    const auto expected = normal_quantile(static_cast<long double>(p));
    const double error = static_cast<double>(std::fabs((lower_normal_quantile(p) - expected) / expected));
    if (p < 0.49) worst = std::max(worst, error);
  }
  EXPECT_LT(worst, 1e-15);
  for (double q = 0.001; q < 0.5; q += 0.001) {  // near 1/2, where the quantile passes 0
    const double p = 0.5 - q;
    EXPECT_NEAR(lower_normal_quantile(p), static_cast<double>(normal_quantile(static_cast<long double>(p))), 4e-16 * (1 + q / p));
  }
  EXPECT_EQ(lower_normal_quantile(0.5), 0);
  EXPECT_NEAR(lower_normal_quantile(0.025), -1.959963984540054, 1e-15);
}

// What makes the points Sobol's: of the first 2^k each of 2^k intervals has one, and so of every 2^k from a multiple of it on.
TEST(Sobol, EveryIntervalHasOnePointOfEveryWholeBlock) {
  for (const std::uint32_t replicate : {0u, 1u, 77u}) {
    const SobolSequence sequence{5, 3, replicate, 12};
    for (int k = 0; k <= 12; ++k)
      for (std::uint32_t first = 0; first < 1u << 12; first += 1u << k) {
        std::set<std::uint32_t> met;
        for (std::uint32_t i = first; i < first + (1u << k); ++i) met.insert(interval(sequence, i) >> (12 - k));
        ASSERT_EQ(met.size(), std::size_t{1} << k) << "points " << first << " and on, k = " << k;
      }
  }
}

TEST(Sobol, PointsAreNormalQuantilesWithinTheirIntervals) {
  const SobolSequence sequence{1, 0, 4, 10};
  const auto points = normals(sequence);
  for (std::uint32_t i = 0; i < points.size(); ++i) {
    const double u = points[i] < 0 ? normal_probability(points[i]) : 1 - normal_probability(-points[i]);
    EXPECT_NEAR(u * 1024, interval(sequence, i) + 0.5, 0.5 + 1e-9);
  }
}

TEST(Sobol, APointIsAFunctionOfItsNumber) {
  const SobolSequence sequence{9, 2, 1, 9};
  const auto all = normals(sequence);
  for (const std::size_t first : {0u, 1u, 2u, 101u, 300u}) {
    std::vector<double> part(all.size() - first);
    fill_sobol_normals(sequence, first, part);
    EXPECT_EQ(std::memcmp(part.data(), all.data() + first, part.size() * sizeof(double)), 0);
  }
  for (const SobolSequence& other : {SobolSequence{8, 2, 1, 9}, SobolSequence{9, 1, 1, 9}, SobolSequence{9, 2, 0, 9}}) {
    const auto others = normals(other);
    int same = 0;
    for (std::size_t k = 0; k < all.size(); ++k) same += all[k] == others[k];
    EXPECT_EQ(same, 0);
  }
}

// Over many scrambles a point is anywhere alike, and two points of one, or one of two, know nothing of each other but that they
// lie in different intervals. 4000 scrambles; a frequency of one half is within 5 deviations of 0.008.
TEST(Sobol, ScramblesAreUniformAndIndependentOfEachOther) {
  constexpr int scrambles = 4000, log_points = 8;
  std::vector<int> upper(16), same_half(8), with_neighbour(8);
  for (std::uint32_t r = 0; r < scrambles; ++r) {
    const SobolSequence sequence{3, 0, r, log_points}, neighbour{3, 0, r + 1, log_points}, next{3, 1, r, log_points};
    std::vector<double> points(16);
    fill_sobol_normals(sequence, 0, points);
    for (std::size_t k = 0; k < upper.size(); ++k) upper[k] += points[k] > 0;
    for (std::uint32_t k = 0; k < same_half.size(); ++k) {
      const auto bit = [&](const SobolSequence& of, std::uint32_t i) { return interval(of, i) >> (log_points - 1 - k) & 1; };
      same_half[k] += bit(sequence, 5) == bit(next, 5);
      with_neighbour[k] += bit(sequence, 5) == bit(neighbour, 5);
    }
  }
  for (const auto& counts : {upper, same_half, with_neighbour})
    for (const int count : counts) EXPECT_NEAR(count / double{scrambles}, 0.5, 5 * 0.5 / std::sqrt(scrambles));
}

TEST(Sobol, ReachesFarIntoBothTailsAlike) {
  double least = 0, most = 0, sum = 0;
  for (std::uint32_t r = 0; r < 500; ++r)
    for (const double x : normals({1, 0, r, 12})) {
      least = std::min(least, x);
      most = std::max(most, x);
      sum += x;
    }
  EXPECT_NEAR(least, -5, 0.7);  // of 2 million normals
  EXPECT_NEAR(most, 5, 0.7);
  EXPECT_NEAR(sum, 0, 5 * std::sqrt(500));  // a replicate of 4096 normals has a sum of about 1, by its two last intervals
  std::vector<double> one(4);
  fill_sobol_normals({1, 0, 0, 32}, 0xfffffffc, one);  // the largest sequence, at its end
  for (const double x : one) EXPECT_TRUE(std::isfinite(x));
}

}  // namespace
