// Special functions: published values, the identities that they obey, and every way of running.
#include "wengert/special.hpp"

#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "wengert/dual.hpp"
#include "wengert/function.hpp"
#include "wengert/fuse.hpp"
#include "wengert/fused_batch.hpp"
#include "wengert/gradient.hpp"
#include "wengert/std.hpp"
#include "wengert/tape.hpp"

namespace {

using namespace wengert;

constexpr double pi = std::numbers::pi, euler = std::numbers::egamma;
constexpr double zeta3 = 1.2020569031595942854;  // DLMF 25.4, A002117

/// Derivatives of order 0 to 3 of a function of one number.
template <class Callable>
std::array<double, 4> derivatives(Callable f, double x) {
  Function g = record(f, x);
  std::array<double, 4> result{g(x)};
  for (std::size_t order = 1; order < 4; ++order) {
    g = g.derivative().output(1);
    result[order] = g(x);
  }
  return result;
}

// DLMF 5.4.12, 5.4.13, 5.15.1; roundings of a few units of the largest term.
TEST(Special, DigammaAndItsDerivativesHaveTheirValuesAtOneAndOneHalf) {
  EXPECT_NEAR(digamma(1.0), -euler, 4e-16);
  EXPECT_NEAR(digamma(0.5), -euler - 2 * std::log(2), 2e-15);
  EXPECT_NEAR(trigamma(1.0), pi * pi / 6, 2e-15);
  EXPECT_NEAR(trigamma(0.5), pi * pi / 2, 6e-15);
  EXPECT_NEAR(polygamma(2, 1.0), -2 * zeta3, 3e-15);
  EXPECT_NEAR(polygamma(3, 1.0), std::pow(pi, 4) / 15, 8e-15);
  EXPECT_NEAR(polygamma(2, 0.5), -14 * zeta3, 2e-14);
  EXPECT_TRUE(std::isnan(polygamma(-1, 1.0)));
  for (const double order : {0.0, 1.0, 2.0})
    for (const double x : {std::nan(""), -HUGE_VAL, 0.0, -3.0}) EXPECT_TRUE(std::isnan(polygamma(order, x))) << order << ' ' << x;
}

// The root of digamma, where a difference of its terms has no digits (DLMF 5.4.20): its slope is trigamma there.
TEST(Special, DigammaKeepsItsDigitsAtItsRoot) {
  constexpr double root = 1.4616321449683622, rest = 9.549995429965697e-17, slope = 0.96767224544762;  // by 60 digits of mpmath
  EXPECT_NEAR(digamma(root), -rest * slope, 1e-29);
  EXPECT_NEAR(digamma(root + 1e-12), (root + 1e-12 - root - rest) * slope, 1e-24);
}

// trigamma(1/2) is pi^2 / 2, and trigamma(x) is trigamma(x + 1) + 1 / x^2: below 0 too, where gamma's poles are on both sides.
TEST(Special, PolygammasHaveDerivativesBetweenThePoles) {
  EXPECT_NEAR(digamma(Dual<double>(-0.5, 1)).tangent, pi * pi / 2 + 4, 1e-14);
  EXPECT_NEAR(digamma(Dual<double>(-1.5, 1)).tangent, pi * pi / 2 + 4 + 4 / 9.0, 1e-14);
  EXPECT_TRUE(std::isnan(polygamma(Dual<double>(-1), Dual<double>(1, 1)).tangent));
  Tape tape;
  const Var x = tape.variable(-0.5);
  EXPECT_NEAR(gradient(digamma(x)).wrt(x), pi * pi / 2 + 4, 1e-14);
}

// Left of the pole at 0, polygamma(n, x) is -(-1)^n n! / x^(n + 1) and, far smaller, polygamma(n, x + 1).
TEST(Special, PolygammasHaveTheirPoleAt0) {
  double factorial = 1;
  for (int n = 0; n <= 6; factorial *= ++n)
    for (const double x : {-1e-30, -1e-8, -1e-3, -0.1, -0.24}) {
      const double pole = (n % 2 == 0 ? -factorial : factorial) / std::pow(x, n + 1), beside = polygamma(n, x + 1);
      EXPECT_NEAR(polygamma(n, x), pole + beside, 64 * 2.3e-16 * (std::abs(pole) + std::abs(beside))) << n << ' ' << x;
    }
}

// DLMF 5.15.2 and 5.15.3: (-1)^(n+1) n! zeta(n + 1), and that times 2^(n+1) - 1. In the limit of infinity it keeps its sign.
TEST(Special, PolygammasOfHighOrderAreZetaAtOneAndOneHalf) {
  struct Case {
    int n;
    double factorial, zeta;
  };
  for (const auto& [n, factorial, zeta] : {Case{10, 3628800, 1.0004941886041194646},
                                           {20, 2432902008176640000, 1.0000004769329867878},
                                           {50, 3.0414093201713378044e64, 1.0000000000000004441},
                                           {100, 9.3326215443944152682e157, 1}}) {
    EXPECT_NEAR(polygamma(n, 1.0) / (-factorial * zeta), 1, 64 * 2.3e-16) << n;
    EXPECT_NEAR(polygamma(n, 0.5) / (-factorial * zeta * (std::exp2(n + 1) - 1)), 1, 64 * 2.3e-16) << n;
  }
  // the highest order to the left of 0, by the recurrence
  const double pole = 2432902008176640000 * std::exp2(21);
  EXPECT_NEAR(polygamma(20, -0.5), polygamma(20, 0.5) + pole, 64 * 2.3e-16 * pole);
  for (int n = 1; n < 5; ++n) EXPECT_EQ(std::signbit(polygamma(n, HUGE_VAL)), std::signbit(polygamma(n, 1e3))) << n;
}

// By the recurrence and the reflection (DLMF 5.5.2, 5.5.4), at arguments of both signs.
TEST(Special, PolygammasObeyRecurrenceAndReflection) {
  double factorial = 1;
  for (int n = 0; n <= 6; factorial *= ++n)
    for (const double x : {-7.3, -2.5, -0.9, 1e-3, 0.4, 3.0, 17.0, 250.0}) {
      const double step = (n % 2 == 0 ? 1 : -1) * factorial / std::pow(x, n + 1);
      const double sum = polygamma(n, x) + step;
      EXPECT_NEAR(polygamma(n, x + 1), sum, 64 * 2.3e-16 * (std::abs(polygamma(n, x)) + std::abs(step))) << n << ' ' << x;
    }
  for (const double x : {0.25, 0.3, 1.7, 4.6})
    EXPECT_NEAR(digamma(1 - x) - digamma(x), pi / std::tan(pi * x),
                1e-14 * (1 + std::abs(digamma(x)) + std::abs(digamma(1 - x))));
}

TEST(Special, TheGammaFunctionsHaveTheirDerivativesToThirdOrder) {
  const auto l = derivatives([](auto x) { return lgamma(x); }, 1.0);
  EXPECT_EQ(l[0], 0);
  EXPECT_NEAR(l[1], -euler, 4e-16);
  EXPECT_NEAR(l[2], pi * pi / 6, 2e-15);
  EXPECT_NEAR(l[3], -2 * zeta3, 3e-15);
  // gamma^(k)(1): DLMF 5.4.12 and the recurrence of moments; gamma''(1) = euler^2 + pi^2 / 6
  const auto g = derivatives([](auto x) { return tgamma(x); }, 1.0);
  EXPECT_EQ(g[0], 1);
  EXPECT_NEAR(g[1], -euler, 8e-16);
  EXPECT_NEAR(g[2], euler * euler + pi * pi / 6, 4e-15);
  EXPECT_NEAR(g[3], -std::pow(euler, 3) - euler * pi * pi / 2 - 2 * zeta3, 1e-14);
}

// The inverses' derivatives by those of erf: y' = sqrt(pi)/2 exp(y^2), y'' = 2 y y'^2.
TEST(Special, InversesOfErfUndoIt) {
  for (const double y : {-2.5, -1.0, -0.3, 1e-9, 0.2, 0.47, 0.9, 3.1}) {
    EXPECT_NEAR(erfinv(std::erf(y)), y, 8e-16 * std::abs(y) + 2.3e-16 * std::exp(y * y)) << y;  // erf(y) is rounded
    const double tail = std::erfc(y);
    const double lost = y < 0 ? 2.3e-16 * std::exp(y * y) : 1e-15 * (1 + y);  // by rounding the tail, which is near 2 below 0
    EXPECT_NEAR(erfcinv(tail), y, 2 * lost) << y;
    const auto d = derivatives([](auto x) { return erfcinv(x); }, tail);
    const double slope = -std::sqrt(pi) / 2 * std::exp(y * y);
    const double relative = 1e-13 + 8 * std::abs(y) * lost;
    EXPECT_NEAR(d[1], slope, relative * std::abs(slope));
    EXPECT_NEAR(d[2], 2 * y * slope * slope, 2 * relative * (1 + std::abs(d[2])));
  }
  EXPECT_NEAR(erfcinv(std::erfc(26.0)), 26, 1e-14);
}

// Abramowitz and Stegun, table 26.1, and the quantiles that everybody knows.
TEST(Special, TheNormalDistributionHasItsTables) {
  EXPECT_NEAR(normal_cdf(1.0), 0.841344746068543, 2e-15);
  EXPECT_NEAR(normal_cdf(-6.0), 9.86587645037698e-10, 1e-23);
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 2e-15);
  EXPECT_NEAR(normal_quantile(1e-300), -37.0471, 1e-4);
  EXPECT_EQ(normal_quantile(0.5), 0);
  Tape tape;
  const Var x = tape.variable(-6.0), p = tape.variable(0.975);
  const double density = std::exp(-18) / std::sqrt(2 * pi);
  EXPECT_NEAR(gradient(normal_cdf(x)).wrt(x), density, 1e-14 * density);
  const double at_quantile = std::exp(-0.5 * 1.959963984540054 * 1.959963984540054) / std::sqrt(2 * pi);
  EXPECT_NEAR(gradient(normal_quantile(p)).wrt(p), 1 / at_quantile, 1e-13 / at_quantile);
}

TEST(Special, TheBetaFunctionIsAQuotientOfFactorials) {
  EXPECT_NEAR(log_beta(5.0, 8.0), std::log(24.0 * 5040 / 479001600), 1e-14);  // 4! 7! / 12!
  Tape tape;
  const Var a = tape.variable(5.0), b = tape.variable(8.0);
  const Gradient g = gradient(log_beta(a, b));
  // digamma of whole numbers is a harmonic sum less euler's constant: H_4 - H_12, H_7 - H_12
  EXPECT_NEAR(g.wrt(a), -(1.0 / 5 + 1.0 / 6 + 1.0 / 7 + 1.0 / 8 + 1.0 / 9 + 1.0 / 10 + 1.0 / 11 + 1.0 / 12), 4e-15);
  EXPECT_NEAR(g.wrt(b), -(1.0 / 8 + 1.0 / 9 + 1.0 / 10 + 1.0 / 11 + 1.0 / 12), 4e-15);
}

// A negative binomial log-likelihood: recorded, fused, in batches, on Dual, by the full names.
constexpr auto log_likelihood = [](auto r, auto p, auto k) {
  return lgamma(k + r) - lgamma(r) - lgamma(k + 1.0) + r * log(p) + k * log1p(-p);
};
TEST(Special, RunsReplayedFusedInBatchesAndByFullNames) {
  const double r = 2.5, p = 0.3, k = 7;
  const double in_r = digamma(k + r) - digamma(r) + std::log(p), in_p = r / p - k / (1 - p);
  const Function f = record(log_likelihood, 1.0, 0.5, 3.0);
  EXPECT_NEAR(f.gradient(r, p, k)[0], in_r, 1e-15);
  const auto fused = fuse(log_likelihood).gradient(r, p, k);
  EXPECT_NEAR(fused[0], in_r, 1e-15);
  EXPECT_NEAR(fused[1], in_p, 1e-14);
  std::vector<double> counts(1000);
  double in_r_of_all = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    counts[i] = static_cast<double>(i % 40);
    in_r_of_all += digamma(counts[i] + r) - digamma(r) + std::log(p);
  }
  const auto batch = sum_gradient(f, std::array{r, p}, counts);
  EXPECT_NEAR(batch.gradient[0], in_r_of_all, 1e-11);  // a thousand additions to a sum up to 944
  EXPECT_NEAR(sum_gradient(fuse(log_likelihood), std::array{r, p}, counts).gradient[0], in_r_of_all, 1e-11);
  EXPECT_EQ(log_likelihood(Dual<double>(r, 1), Dual<double>(p), Dual<double>(k)).tangent,
            f.push_forward(std::array{1.0, 0.0, 0.0}, std::array{r, p, k})[0]);
  EXPECT_EQ(normal_cdf(Dual<double>(0.0, 1)).tangent, 1 / std::sqrt(2 * pi));
  Tape tape;
  const Var x = tape.variable(4.5);
  EXPECT_EQ(gradient(std::lgamma(x)).wrt(x), digamma(4.5));
  EXPECT_DOUBLE_EQ(std::tgamma(x).value(), 105 * std::sqrt(pi) / 16);
}

TEST(Special, KnowsTheCallersLine) {
  Tape tape(true);
  const Var x = tape.variable(0.25);
  const Var y = normal_quantile(x) + log_beta(x, 2.0) + digamma(x);
  for (NodeId i = 1; i <= y.index(); ++i) EXPECT_STREQ(tape.location(i).file, __FILE__) << i;
}

}  // namespace
