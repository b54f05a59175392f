#include "proof/quadrature.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <numbers>
#include <stdexcept>

namespace {

using namespace vae_kl;

constexpr double ulp = 2.220446049250313e-16;

TEST(GaussHermite, HasTheTextbookNodesForSmallRules) {
  // Abramowitz and Stegun 25.10, in the variable of the standard normal: nodes times sqrt 2, weights over sqrt pi.
  EXPECT_EQ(gauss_hermite(1).nodes, std::vector<double>{0});
  EXPECT_EQ(gauss_hermite(1).weights, std::vector<double>{1});
  const GaussHermite three = gauss_hermite(3);
  EXPECT_DOUBLE_EQ(three.nodes[2], std::sqrt(3.0));
  EXPECT_EQ(three.nodes[1], 0);
  EXPECT_DOUBLE_EQ(three.weights[0], 1.0 / 6);
  EXPECT_DOUBLE_EQ(three.weights[1], 2.0 / 3);
  const GaussHermite four = gauss_hermite(4);
  EXPECT_DOUBLE_EQ(four.nodes[3], std::sqrt(3 + std::sqrt(6.0)));
  EXPECT_DOUBLE_EQ(four.weights[3], 1 / (4 * (3 + std::sqrt(6.0))));
}

TEST(GaussHermite, IntegratesEveryMomentBelowTwiceItsNodes) {
  for (const int count : {1, 2, 5, 16, 40, 64}) {
    const GaussHermite rule = gauss_hermite(count);
    long double exact = 1;  // E[eps^k] = (k-1)!! for even k
    for (int k = 0; k < 2 * count && k < 60; k += 2) {
      if (k > 0) exact *= k - 1;
      long double sum = 0;
      for (std::size_t i = 0; i < rule.nodes.size(); ++i)
        sum += rule.weights[i] * std::pow(static_cast<long double>(rule.nodes[i]), k);
      // Each node is rounded to a relative ulp/2, which its k-th power takes k times; each weight is good to 1 ulp.
      EXPECT_NEAR(static_cast<double>(sum / exact), 1, (k + 2) * ulp) << count << " nodes, moment " << k;
    }
    for (std::size_t i = 0; i < rule.nodes.size(); ++i) {  // so odd moments vanish
      EXPECT_EQ(rule.nodes[i], -rule.nodes[rule.nodes.size() - 1 - i]);
      EXPECT_EQ(rule.weights[i], rule.weights[rule.nodes.size() - 1 - i]);
    }
  }
}

TEST(GaussHermite, RefusesCountsThatItCannotServe) {
  EXPECT_THROW(gauss_hermite(0), std::invalid_argument);
  EXPECT_THROW(gauss_hermite(-3), std::invalid_argument);
  EXPECT_THROW(gauss_hermite(201), std::invalid_argument);
  EXPECT_NO_THROW(gauss_hermite(200));
}

TEST(TanhSinh, IntegratesToAllDigitsOfLongDouble) {
  constexpr long double pi = std::numbers::pi_v<long double>;
  const auto near = [](Integral integral, long double exact) {
    EXPECT_LE(std::fabs(integral.value - exact), 4e-19L * std::fabs(exact) + integral.change) << static_cast<double>(exact);
    EXPECT_LE(integral.change, 1e-17L * std::fabs(exact));
  };
  near(integrate([](long double x) { return std::exp(x); }, 0, 1), std::exp(1.0L) - 1);
  near(integrate([](long double x) { return std::exp(-x * x / 2); }, -13, 13), std::sqrt(2 * pi));
  near(integrate([](long double x) { return x * x * std::exp(-x * x / 2); }, -13, 13), std::sqrt(2 * pi));
}

TEST(TanhSinh, ReportsWhatItCouldNotResolve) {
  // A step inside the interval converges slowly: the change between refinements must not look like rounding.
  const Integral step = integrate([](long double x) { return x < 0.3L ? 0.0L : 1.0L; }, 0, 1);
  EXPECT_NEAR(static_cast<double>(step.value), 0.7, 1e-3);
  EXPECT_GT(step.change, 1e-9L);
}

}  // namespace
