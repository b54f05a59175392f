#include "question/normal_distribution.hpp"

#include <gmock/gmock.h>

namespace {

using namespace vae_kl;

TEST(NormalQuantile, KnowsTheTables) {
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 4e-15);
  EXPECT_NEAR(normal_quantile(0.995), 2.575829303548901, 2e-14);  // 1 - p is known to 1e-16 of 0.005
  EXPECT_NEAR(normal_quantile(0.0013498980316300946), -3, 2e-15);
  EXPECT_NEAR(normal_quantile(1e-6), -4.753424308822899, 4e-15);
  EXPECT_EQ(normal_quantile(0.5), 0);
}

TEST(NormalQuantile, UndoesTheProbabilityFarIntoTheTail) {
  for (double x = -37; x <= 0; x += 0.37) {
    const double p = normal_probability(x);
    // p is good to about 2 ulp, which move x by 2 ulp * p / density, about 1 / |x|; then x itself is rounded.
    EXPECT_NEAR(normal_quantile(p), x, 8.9e-16 / std::fmax(std::fabs(x), 1) + 4.5e-16 * std::fabs(x) + 4e-16) << x;
  }
  for (long double x = -12; x <= 0; x += 0.7L)
    EXPECT_NEAR(static_cast<double>(normal_quantile(normal_probability(x)) - x), 0, 2e-18) << static_cast<double>(x);
}

TEST(NormalQuantile, IsOddAboutOneHalfAndInfiniteAtTheEnds) {
  EXPECT_EQ(normal_quantile(0.25), -normal_quantile(0.75));
  EXPECT_EQ(normal_quantile(0.0), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(normal_quantile(1.0), std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(normal_quantile(-0.1)));
  EXPECT_TRUE(std::isnan(normal_quantile(1.1)));
}

}  // namespace
