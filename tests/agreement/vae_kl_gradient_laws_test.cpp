#include "estimators/gradient_laws.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <string>
#include <vector>

#include "proof/quadrature.hpp"
#include "question/closed_form.hpp"
#include "question/error.hpp"
#include "random/random.hpp"

namespace {

using namespace vae_kl;

constexpr double ulp = 2.220446049250313e-16;

const std::vector<MuSigma> points{{0.5, 0.8}, {0, 1}, {-1.5, 0.3}, {2, 3}, {0.1, 0.7071067811865476}, {-0.4, 1.7}};

std::string at(Estimator estimator, const MuSigma& p) {
  return std::string(name(estimator)) + " at mu = " + std::to_string(p.mu) + ", sigma = " + std::to_string(p.sigma);
}

TEST(GradientEstimators, TheTapesGradientOfASampleIsTheOneByHand) {
  SampleGradient sample;
  for (const Estimator estimator : estimators)
    for (const MuSigma& p : points)
      for (const double eps : {-3.1, -0.4, 0.0, 0.3, 1.9}) {
        const MuSigma tape = sample(estimator, p.mu, p.sigma, eps), hand = sample_by_hand(estimator, p.mu, p.sigma, eps);
        // A dozen roundings of terms as large as these; z - mu cancels, which costs the ratio |mu| / sigma.
        const double size = std::pow(1 + std::fabs(p.mu) + p.sigma + 1 / p.sigma + std::fabs(eps), 3);
        EXPECT_NEAR(tape.mu, hand.mu, 12 * ulp * size) << at(estimator, p) << ", eps = " << eps;
        EXPECT_NEAR(tape.sigma, hand.sigma, 12 * ulp * size) << at(estimator, p) << ", eps = " << eps;
      }
}

TEST(GradientEstimators, AllHaveTheGradientOfKlAsTheirExpectation) {
  // By Gauss-Hermite nodes through the tape: every estimate is a polynomial in eps.
  const GaussHermite rule = gauss_hermite(12);
  SampleGradient sample;
  for (const Estimator estimator : estimators)
    for (const MuSigma& p : points) {
      double mu = 0, sigma = 0, size = 0;
      for (std::size_t i = 0; i < rule.nodes.size(); ++i) {
        const MuSigma g = sample(estimator, p.mu, p.sigma, rule.nodes[i]);
        mu += rule.weights[i] * g.mu;
        sigma += rule.weights[i] * g.sigma;
        size +=
            rule.weights[i] * (std::fabs(g.mu) + std::fabs(g.sigma) + std::pow(1 + std::fabs(p.mu) + p.sigma + 1 / p.sigma, 2));
      }
      EXPECT_NEAR(mu, closed_form::kl_wrt_mu(p.mu), 16 * ulp * size) << at(estimator, p);
      EXPECT_NEAR(sigma, closed_form::kl_wrt_sigma(p.sigma), 16 * ulp * size) << at(estimator, p);
    }
}

TEST(GradientEstimators, PathSamplesAreExactWhereQIsP) {
  // "Sticking the landing": at the optimum every single sample of the gradient is 0, not only their mean.
  SampleGradient sample;
  for (const double eps : {-4.0, -0.7, 0.3, 2.2}) {
    const MuSigma path = sample(Estimator::path, 0, 1, eps);
    EXPECT_EQ(path.mu, 0);
    EXPECT_EQ(path.sigma, 0);
    EXPECT_NE(sample(Estimator::total, 0, 1, eps).mu, 0);
  }
}

TEST(GradientEstimators, TheBaselineIsOptimal) {
  // Moving either baseline by h adds h^2 E[score^2] to the variance, which is h^2 / sigma^2 for mu and 2 h^2 / sigma^2 for sigma:
  // seen by doing it by hand with the optimal values a + 3c and a + 5c, and with others.
  const double mu = 0.5, sigma = 0.8, a = mu * mu / 2 - std::log(sigma), c = (sigma * sigma - 1) / 2;
  const GaussHermite rule = gauss_hermite(12);
  const auto variances = [&](double baseline_mu, double baseline_sigma) {
    MuSigma first, second;
    for (std::size_t i = 0; i < rule.nodes.size(); ++i) {
      const double eps = rule.nodes[i], w = rule.weights[i], t = a + mu * sigma * eps + c * eps * eps;
      const double g = (t - baseline_mu) * eps / sigma, h = (t - baseline_sigma) * (eps * eps - 1) / sigma;
      first.mu += w * g, first.sigma += w * h, second.mu += w * g * g, second.sigma += w * h * h;
    }
    return MuSigma{second.mu - first.mu * first.mu, second.sigma - first.sigma * first.sigma};
  };
  const MuSigma best = variances(a + 3 * c, a + 5 * c), law = exact_variance(Estimator::score_baseline, mu, sigma, 64);
  EXPECT_NEAR(best.mu, law.mu, 20 * ulp * law.mu);
  EXPECT_NEAR(best.sigma, law.sigma, 20 * ulp * law.sigma);
  for (const double h : {-0.1, 0.1}) {
    const MuSigma moved = variances(a + 3 * c + h, a + 5 * c + h);
    EXPECT_NEAR(moved.mu - best.mu, h * h / (sigma * sigma), 50 * ulp);
    EXPECT_NEAR(moved.sigma - best.sigma, 2 * h * h / (sigma * sigma), 50 * ulp);
  }
}

TEST(GradientEstimators, NamesLeadBackToThem) {
  for (const Estimator estimator : estimators) {
    EXPECT_EQ(estimator_named(name(estimator), "--estimators"), estimator);
    EXPECT_FALSE(description(estimator).empty());
  }
  try {
    estimator_named("pth", "--estimators");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(
        error.what(),
        "--estimators: `pth` is no estimator; choose from total, path, score, score+baseline, antithetic, quasi, closed");
  }
}

TEST(GradientLaws, VariancesAreTheIntegralsOfTheSquares) {
  // The formulas in closed form against central moments by Gauss-Hermite nodes.
  for (const Estimator estimator : estimators) {
    if (estimator == Estimator::quasi) continue;
    for (const MuSigma& p : points) {
      const MuSigma law = exact_variance(estimator, p.mu, p.sigma, 64);
      const MuSigmaMoments by_nodes = central_moments(estimator, p.mu, p.sigma, 64);
      const double size = std::pow(1 + std::fabs(p.mu) + p.sigma + 1 / p.sigma, 2);  // of terms that cancel in a sample
      EXPECT_NEAR(by_nodes.mu.variance, law.mu, 40 * ulp * (law.mu + ulp * size * size)) << at(estimator, p);
      EXPECT_NEAR(by_nodes.sigma.variance, law.sigma, 40 * ulp * (law.sigma + ulp * size * size)) << at(estimator, p);
    }
  }
}

TEST(GradientLaws, QuasiVarianceIsThatOfOnePointPerStratum) {
  for (const std::uint64_t block : {1, 2, 7, 64, 256})
    for (const MuSigma& p : {MuSigma{0.5, 0.8}, MuSigma{-1.5, 0.3}}) {
      const MuSigma law = exact_variance(Estimator::quasi, p.mu, p.sigma, block);
      const MuSigmaMoments integrated = central_moments(Estimator::quasi, p.mu, p.sigma, block);
      // both to 1e-12 of the largest stratum; the sampled function itself is only good to double rounding
      EXPECT_NEAR(integrated.mu.variance, law.mu, 1e-9 * law.mu) << block;
      EXPECT_NEAR(integrated.sigma.variance, law.sigma, 1e-9 * law.sigma) << block;
    }
  const MuSigma one = exact_variance(Estimator::quasi, 0.5, 0.8, 1), total = exact_variance(Estimator::total, 0.5, 0.8, 1);
  EXPECT_NEAR(one.mu, total.mu, 4 * ulp) << "one stratum is plain sampling";
  EXPECT_NEAR(one.sigma, total.sigma, 8 * ulp);
  const MuSigma many = exact_variance(Estimator::quasi, 0.5, 0.8, 64);
  EXPECT_LT(many.mu, total.mu / 64 / 20) << "64 points are worth far more than 64 samples";
}

TEST(GradientLaws, PathBeatsTotalExactlyAboveSigmaSquaredOneHalf) {
  const double half = std::sqrt(0.5);
  for (const double mu : {-2.0, 0.0, 0.7})
    for (const double sigma : {0.01, 0.3, 0.7, half * (1 - 1e-9), half * (1 + 1e-9), 0.71, 0.8, 1.0, 1.5, 30.0}) {
      const MuSigma path = exact_variance(Estimator::path, mu, sigma, 64),
                    total = exact_variance(Estimator::total, mu, sigma, 64);
      EXPECT_EQ(path.mu < total.mu, sigma * sigma > 0.5) << sigma;
      EXPECT_EQ(path.sigma < total.sigma, sigma * sigma > 0.5) << sigma;
    }
}

TEST(GradientLaws, HigherMomentsOfATotalSampleAreKnownByHand) {
  // dt/dmu = mu + sigma eps is normal: third moment 0, fourth 3 sigma^4, sixth 15 sigma^6. With one point per stratum and one
  // stratum the road through cumulants must give the same.
  for (const Estimator estimator : {Estimator::total, Estimator::quasi}) {
    const CentralMoments m = central_moments(estimator, 0.5, 0.8, 1).mu;
    EXPECT_NEAR(m.third, 0, 1e-12);
    EXPECT_NEAR(m.fourth, 3 * std::pow(0.8, 4), 1e-11);
    EXPECT_NEAR(m.sixth, 15 * std::pow(0.8, 6), 1e-11);
  }
}

// One stratum is all of the normal law, where g_sigma = mu e + sigma e^2 - 1/sigma. The cumulants of a e + b e^2 are
// 2^(n - 1) (n - 1)! b^n + 2^(n - 3) n! a^2 b^(n - 2), from its generating function.
TEST(GradientLaws, OneStratumHasTheMomentsOfAQuadraticOfANormal) {
  for (const MuSigma& p : points) {
    const CentralMoments m = central_moments(Estimator::quasi, p.mu, p.sigma, 1).sigma,
                         by_nodes = central_moments(Estimator::total, p.mu, p.sigma, 1).sigma;
    const double aa = p.mu * p.mu, b = p.sigma, bb = b * b;
    const double k2 = 2 * bb + aa, k3 = b * (8 * bb + 6 * aa), k4 = 48 * bb * (bb + aa), k6 = bb * bb * (3840 * bb + 5760 * aa);
    // integrals to 1e-12 of each, and the tails beyond 13 left out; the sixth moment is a sum of positive terms
    EXPECT_NEAR(m.variance, k2, 1e-10 * k2);
    EXPECT_NEAR(m.third, k3, 1e-10 * std::pow(k2, 1.5));
    EXPECT_NEAR(m.fourth, k4 + 3 * k2 * k2, 1e-10 * (k4 + 3 * k2 * k2));
    const double sixth = k6 + 15 * k4 * k2 + 10 * k3 * k3 + 15 * k2 * k2 * k2;
    EXPECT_NEAR(m.sixth, sixth, 1e-10 * sixth);
    // the same law, by Gauss's and Hermite's nodes
    EXPECT_NEAR(by_nodes.variance, m.variance, 1e-10 * m.variance);
    EXPECT_NEAR(by_nodes.third, m.third, 1e-10 * std::pow(k2, 1.5));
    EXPECT_NEAR(by_nodes.fourth, m.fourth, 1e-10 * m.fourth);
    EXPECT_NEAR(by_nodes.sixth, m.sixth, 1e-10 * m.sixth);
  }
}

// A mean of n draws scatters by sqrt(variance / n), a variance by sqrt((fourth - variance^2) / n); limits are the normal quantile
// 5.51..., at which one of 28 is beyond in one of 10^6 cases, and Cornish's and Fisher's (q^2 - 1) / 6 times the skewness of a
// mean.
TEST(Power, FollowsFromTheMoments) {
  const Power p = power({4, -5, 60, 2000}, 400, 28);
  constexpr double q = 5.5108312368835526, skew = (q * q - 1) / 6, surely = 3.09;
  const double of_squares = 60 - 16, third_of_squares = 2000 - 3 * 60 * 4 + 2 * 64;
  EXPECT_NEAR(p.mean_error, 0.1, 1e-15);
  EXPECT_NEAR(p.mean_limit, q + skew * 5 / (8 * 20), 1e-9);
  EXPECT_NEAR(p.variance_error, std::sqrt(of_squares / 400) / 4, 1e-15);
  EXPECT_NEAR(p.variance_limit, q + skew * third_of_squares / (std::pow(of_squares, 1.5) * 20), 1e-9);
  EXPECT_NEAR(p.least_bias, (p.mean_limit + surely) * p.mean_error, 1e-12);
  EXPECT_NEAR(p.least_excess, (p.variance_limit + surely) * p.variance_error, 1e-12);
  const Power none = power({0, 0, 0, 0}, 400, 28);  // what does not scatter shows any bias
  EXPECT_EQ(none.mean_error, 0);
  EXPECT_EQ(none.mean_limit, 0);
  EXPECT_EQ(none.variance_limit, 0);
  EXPECT_EQ(none.least_bias, 0);
}

// g_mu = mu + sigma e; the mean over two strata is that of a half-normal variable and of one mirrored, which are independent.
TEST(GradientLaws, TwoStrataHaveTheMomentsOfTheMeanOfTwoHalfNormals) {
  const double choose[7][7] = {
      {1}, {1, 1}, {1, 2, 1}, {1, 3, 3, 1}, {1, 4, 6, 4, 1}, {1, 5, 10, 10, 5, 1}, {1, 6, 15, 20, 15, 6, 1}};
  double raw[7], central[7];  // E |e|^n = 2^(n / 2) gamma((n + 1) / 2) / sqrt(pi)
  for (int n = 0; n <= 6; ++n) raw[n] = std::pow(2, 0.5 * n) * std::tgamma(0.5 * (n + 1)) / std::tgamma(0.5);
  for (int n = 0; n <= 6; ++n) {
    central[n] = 0;
    for (int j = 0; j <= n; ++j) central[n] += choose[n][j] * raw[j] * std::pow(-raw[1], n - j);
  }
  const auto of_mean = [&](int n) {
    double sum = 0;
    for (int j = 0; j <= n; ++j) sum += choose[n][j] * central[j] * central[n - j] * (j % 2 == 0 ? 1 : -1);
    return sum / std::pow(2, n);
  };
  const MuSigma p{0.5, 0.8};
  const CentralMoments m = central_moments(Estimator::quasi, p.mu, p.sigma, 2).mu;
  EXPECT_NEAR(m.variance, std::pow(p.sigma, 2) * of_mean(2), 1e-11);
  EXPECT_NEAR(m.third, 0, 1e-11);
  EXPECT_NEAR(m.fourth, std::pow(p.sigma, 4) * of_mean(4), 1e-11);
  EXPECT_NEAR(m.sixth, std::pow(p.sigma, 6) * of_mean(6), 1e-11);
}

TEST(GradientLaws, PowerStatesWhatCanBeSeen) {
  // A normal sample: the variance of a measured variance is 2/n of its square, and nothing is skewed about the mean.
  const CentralMoments normal{4, 0, 3 * 16, 15 * 64};
  const Power p = power(normal, 10'000, 1);
  EXPECT_DOUBLE_EQ(p.mean_error, 0.02);
  EXPECT_NEAR(p.mean_limit, 4.8916, 1e-4) << "two-sided quantile for 1e-6";
  EXPECT_NEAR(p.variance_error, std::sqrt(2.0 / 10'000), 1e-15);
  // squares of normals have skewness sqrt(8)
  EXPECT_NEAR(p.variance_limit, p.mean_limit + (p.mean_limit * p.mean_limit - 1) / 6 * std::sqrt(8.0) / 100, 1e-12);
  EXPECT_NEAR(p.least_bias, 0.02 * (4.8916 + 3.09), 1e-5);
  EXPECT_GT(power(normal, 10'000, 28).mean_limit, p.mean_limit);
  EXPECT_LT(power(normal, 1'000'000, 1).least_excess, p.least_excess / 9);
}

TEST(FillEps, StratifiedPointsFallOnePerStratumWhateverTheChunks) {
  std::vector<double> all(5 * 64), part(2 * 64);
  fill_eps(Estimator::quasi, 64, 7, 3, 0, all);
  fill_eps(Estimator::quasi, 64, 7, 3, 2, part);
  for (std::size_t k = 0; k < part.size(); ++k) EXPECT_EQ(part[k], all[2 * 64 + k]);
  for (std::size_t k = 0; k < all.size(); ++k) {
    const double u = 0.5 * std::erfc(-all[k] / std::sqrt(2.0)) * 64 - static_cast<double>(k % 64);
    EXPECT_GT(u, -1e-13);
    EXPECT_LT(u, 1 + 1e-13);
  }
  EXPECT_NE(all[0], all[64]) << "blocks are independent";
}

TEST(FillEps, OtherEstimatorsTakeTheStreamAsItIs) {
  std::vector<double> eps(10), normals(10);
  fill_eps(Estimator::path, 64, 7, 3, 5, eps);
  fill_normals(7, 3, 5, normals);
  EXPECT_EQ(eps, normals);
}

}  // namespace
