#include "question/closed_form.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

namespace {

using namespace vae_kl::closed_form;

// The integral of q (log q - log p) over +-12 standard deviations by the trapezoidal rule, which is exact to rounding for such
// smooth functions that vanish at the ends.
double kl_by_quadrature(double mu, double sigma) {
  const int steps = 2000;
  long double sum = 0;
  for (int k = -steps; k <= steps; ++k) {
    const long double u = 12.0L * k / steps;
    const long double z = mu + sigma * u;
    const long double q = std::exp(-0.5L * u * u) * 0.398942280401432677939946L;  // times sigma
    sum += q * (-0.5L * u * u - std::log(static_cast<long double>(sigma)) + 0.5L * z * z);
  }
  return static_cast<double>(sum * 12 / steps);
}

TEST(ClosedForm, IsTheIntegral) {
  for (const double mu : {-3.0, -0.5, 0.0, 0.1, 2.0, 40.0})
    for (const double sigma : {1e-3, 0.2, 0.8, 1.0, 1.0001, 3.0, 50.0}) {
      const double expected = kl_by_quadrature(mu, sigma);
      // the sum's terms are as large as 1 + mu^2 + sigma^2 and cancel near (0, 1)
      EXPECT_NEAR(kl(mu, sigma), expected, 1e-15 * (10 + mu * mu + sigma * sigma)) << mu << " " << sigma;
    }
}

TEST(ClosedForm, DerivativesAreThoseOfTheFormula) {
  for (const double mu : {-3.0, 0.0, 0.1, 2.0})
    for (const double sigma : {0.01, 0.2, 0.8, 1.0, 3.0, 50.0}) {
      // central differences: an error of h^2 / 6 times the third derivative (2 / sigma^3), and rounding over h
      const double h = 1e-5 * sigma;
      const double rounding = 4e-16 * (10 + mu * mu + sigma * sigma) / h;
      EXPECT_NEAR((kl(mu + h, sigma) - kl(mu - h, sigma)) / (2 * h), kl_wrt_mu(mu), rounding);
      EXPECT_NEAR((kl(mu, sigma + h) - kl(mu, sigma - h)) / (2 * h), kl_wrt_sigma(sigma),
                  h * h / (sigma * sigma * sigma) + rounding);
    }
}

TEST(ClosedForm, IsZeroWhereTheDistributionsAreTheSame) {
  EXPECT_EQ(kl(0, 1), 0);
  EXPECT_EQ(kl_wrt_mu(0), 0);
  EXPECT_EQ(kl_wrt_sigma(1), 0);
}

TEST(ClosedForm, KeepsItsDigitsNearTheOptimum) {
  // (sigma^2 - 1) / 2 - log sigma = h^2 - h^3 / 3 + h^4 / 4 - … with h = sigma - 1
  for (const double h : {0x1p-10, -0x1p-10, 0x1p-20, -0x1p-20, 0x1p-26, 0x1p-40}) {
    const double series = h * h * (1 - h / 3 + h * h / 4 - h * h * h / 5 + h * h * h * h / 6);
    EXPECT_NEAR(kl(0, 1 + h), series, 4e-16 * series) << h;
    EXPECT_NEAR(kl_wrt_sigma(1 + h), h * (2 + h) / (1 + h), 2e-16 * std::fabs(2 * h)) << h;
  }
}

TEST(ClosedForm, IsFiniteAndRightForVerySmallAndVeryLargeSigma) {
  EXPECT_DOUBLE_EQ(kl(0, 1e-150), 150 * std::log(10) - 0.5);
  EXPECT_DOUBLE_EQ(kl_wrt_sigma(1e-150), -1e150);
  EXPECT_DOUBLE_EQ(kl(0, 1e150), 0.5e300);
  EXPECT_DOUBLE_EQ(kl_wrt_sigma(1e150), 1e150);
  EXPECT_DOUBLE_EQ(kl(1e150, 1), 0.5e300);
}

}  // namespace
