#include "proof/linear_gaussian.hpp"

#include <gmock/gmock.h>

#include <array>
#include <stdexcept>

#include "proof/quadrature.hpp"
#include "proof/running_error.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace vae_kl;
using wengert::Tape;
using wengert::Var;

LinearGaussian small_model() {
  LinearGaussian model;
  model.W.resize(3, 2);
  model.W << 1, 0.5, -0.3, 0.8, 0.2, -1.1;
  model.b = Vector(3);
  model.b << 0.1, -0.2, 0.3;
  model.s = 0.7;
  return model;
}

Vector small_data() {
  Vector x(3);
  x << 0.9, -1.4, 0.25;
  return x;
}

// E over z by a product of Gauss-Hermite rules: exact for these quadratics, and it knows nothing of linear algebra.
template <class Function>
double expectation(const std::array<double, 2>& mu, const std::array<double, 2>& sigma, Function f) {
  const GaussHermite rule = gauss_hermite(8);
  double sum = 0;
  for (std::size_t i = 0; i < rule.nodes.size(); ++i)
    for (std::size_t j = 0; j < rule.nodes.size(); ++j)
      sum += rule.weights[i] * rule.weights[j] * f(mu[0] + sigma[0] * rule.nodes[i], mu[1] + sigma[1] * rule.nodes[j]);
  return sum;
}

double log_density_of_x(const LinearGaussian& model, const Vector& x, double z0, double z1) {
  double squares = 0;
  for (int i = 0; i < 3; ++i) {
    const double residual = x[i] - model.W(i, 0) * z0 - model.W(i, 1) * z1 - model.b[i];
    squares += residual * residual;
  }
  return -1.5 * std::log(2 * std::numbers::pi * model.s * model.s) - squares / (2 * model.s * model.s);
}

TEST(LinearGaussian, ExpectedLogLikelihoodIsTheExpectation) {
  const std::array mu{0.4, -0.6}, sigma{0.5, 1.3};
  const double by_nodes =
      expectation(mu, sigma, [&](double z0, double z1) { return log_density_of_x(small_model(), small_data(), z0, z1); });
  const double got =
      expected_log_likelihood(small_model(), small_data(), std::span<const double>(mu), std::span<const double>(sigma));
  EXPECT_NEAR(got, by_nodes, 1e-14 * std::fabs(got));  // some 50 roundings
}

TEST(LinearGaussian, EvidenceIsTheIntegralOverTheLatent) {
  // p(x) = E over the prior of p(x|z): no polynomial, so 64 nodes each way, which resolve widths of s / |W_j| about 0.5.
  const GaussHermite rule = gauss_hermite(64);
  double sum = 0;
  for (std::size_t i = 0; i < 64; ++i)
    for (std::size_t j = 0; j < 64; ++j)
      sum += rule.weights[i] * rule.weights[j] *
             std::exp(log_density_of_x(small_model(), small_data(), rule.nodes[i], rule.nodes[j]));
  EXPECT_NEAR(static_cast<double>(log_evidence(small_model(), small_data())), std::log(sum), 1e-10);  // the rule's own error
}

TEST(LinearGaussian, PosteriorIsWhereTheJointDensityPeaks) {
  // log p(x, z) is quadratic in z: its maximum is the posterior mean, minus its Hessian the precision. Both through the tape.
  const Gaussian p = posterior(small_model(), small_data());
  Tape tape;
  const Var z0 = tape.variable(static_cast<double>(p.mean[0])), z1 = tape.variable(static_cast<double>(p.mean[1]));
  Var joint = -0.5 * (z0 * z0 + z1 * z1);
  for (int i = 0; i < 3; ++i) {
    const Var residual = small_data()[i] - small_model().b[i] - small_model().W(i, 0) * z0 - small_model().W(i, 1) * z1;
    joint -= residual * residual / (2 * 0.7 * 0.7);
  }
  const wengert::Gradient g = gradient(joint);
  EXPECT_NEAR(g.wrt(z0), 0, 1e-14);  // terms of size 10, some ten roundings of 1e-16
  EXPECT_NEAR(g.wrt(z1), 0, 1e-14);
  const double w00 = 1 + (1 + 0.09 + 0.04) / 0.49, w01 = (0.5 - 0.24 - 0.22) / 0.49, w11 = 1 + (0.25 + 0.64 + 1.21) / 0.49;
  EXPECT_NEAR(static_cast<double>(p.precision(0, 0)), w00, 4e-16 * w00 * 2);
  EXPECT_NEAR(static_cast<double>(p.precision(0, 1)), w01, 4e-16 * w11);
  EXPECT_NEAR(static_cast<double>(p.precision(1, 1)), w11, 4e-16 * w11 * 2);
  EXPECT_NEAR(static_cast<double>(p.log_determinant), std::log(w00 * w11 - w01 * w01), 1e-14);
}

TEST(LinearGaussian, TheGapBetweenEvidenceAndFreeEnergyIsTheDivergenceFromThePosterior) {
  const std::array mu{0.4, -0.6}, sigma{0.5, 1.3};
  const std::span<const double> m(mu), d(sigma);
  const double free_energy = expected_log_likelihood(small_model(), small_data(), m, d) - kl_to_prior(m, d);
  const double other =
      static_cast<double>(log_evidence(small_model(), small_data())) - kl_to(posterior(small_model(), small_data()), m, d);
  EXPECT_NEAR(free_energy, other, 1e-14 * std::fabs(free_energy));  // some 50 roundings
}

TEST(LinearGaussian, DivergenceFromItselfIsZero) {
  Gaussian p;
  p.mean = WideVector::Constant(2, 0.25L);
  p.precision = WideMatrix::Zero(2, 2);
  p.precision.diagonal() << 4, 0.25L;
  p.log_determinant = 0;
  const std::array mu{0.25, 0.25}, sigma{0.5, 2.0};
  EXPECT_EQ(kl_to(p, std::span<const double>(mu), std::span<const double>(sigma)), 0);
}

TEST(GeneralKl, KnowsTwoCorrelatedGaussiansByHand) {
  // q = N(0, [[1, r], [r, 1]]), p = N(0, I): (2 - 2 - log(1 - r^2)) / 2, the mutual information of the two coordinates.
  const long double r = 0.6L;
  WideMatrix q(2, 2);
  q << 1, r, r, 1;
  const WideVector zero = WideVector::Zero(2);
  const WideMatrix identity = WideMatrix::Identity(2, 2);
  EXPECT_NEAR(static_cast<double>(general_kl(zero, q, zero, identity)), -0.5 * std::log(1 - 0.36), 1e-16);
  // and the other way round: tr(S^-1) = 2 / (1 - r^2)
  EXPECT_NEAR(static_cast<double>(general_kl(zero, identity, zero, q)), 1 / 0.64 - 1 + 0.5 * std::log(0.64), 1e-15);
}

// Of two normals in one dimension: log(s_p / s_q) + (s_q^2 + (m_q - m_p)^2) / (2 s_p^2) - 1/2 (Bishop, PRML, exercise 2.13). It
// does not change where both means move alike.
TEST(GeneralKl, IsTheTextbooksInOneDimensionWhereverTheMeansAre) {
  const auto one = [](double x) { return WideVector::Constant(1, x); };
  const auto square = [](double x) { return WideMatrix::Constant(1, 1, static_cast<long double>(x) * x); };
  for (const double moved : {0.0, 3.0, -1000.0}) {
    const double got = static_cast<double>(general_kl(one(moved + 2), square(0.5), one(moved - 1), square(1.25)));
    EXPECT_NEAR(got, std::log(2.5) + (0.25 + 9) / (2 * 1.5625) - 0.5, 1e-14) << moved;
  }
}

TEST(GeneralKl, RefusesACovarianceThatIsNone) {
  WideMatrix bad(2, 2);
  bad << 1, 2, 2, 1;
  const WideVector zero = WideVector::Zero(2);
  const WideMatrix identity = WideMatrix::Identity(2, 2);
  EXPECT_THROW(general_kl(zero, identity, zero, bad), std::domain_error);
  EXPECT_THROW(general_kl(zero, bad, zero, identity), std::domain_error);
}

TEST(RunningError, BoundsTheErrorOfCancellation) {
  // (1 + h) - 1 for h = 1e-10: exact 1e-10, double gives 1.00000008274e-10. The bound must cover the difference, and not by much.
  const Bounded h(1e-10, 0);
  const Bounded got = (Bounded(1) + h) - Bounded(1);
  const double actual = std::fabs(got.value - 1e-10);
  EXPECT_GT(actual, 1e-18);
  EXPECT_LE(actual, got.error);
  EXPECT_LE(got.error, 4e-16);
}

TEST(RunningError, BoundsGradientsThroughTheTapeAgainstLongDouble) {
  using std::exp, std::log, std::sqrt, std::tanh;
  const auto f = [](auto x, auto y) { return log(x * y) * exp(x - y) / (sqrt(y) + x) - tanh(x * x * y); };
  Tape tape;
  const std::array at{tape.variable(0.3), tape.variable(1.7)};
  const Var t = f(at[0], at[1]);
  const std::array start{Bounded(0.3, 0), Bounded(1.7, 0)};
  const auto values = wengert::forward_sweep<Bounded>(tape, start);
  const std::array seed{wengert::Seed<Bounded>{t, Bounded(1)}};
  const auto bounded = wengert::reverse_sweep<Bounded>(tape, values, seed);
  const wengert::Gradient plain = gradient(t);
  using Wide = wengert::Dual<long double>;  // forward mode in long double: other arithmetic, other direction
  for (const std::size_t k : {0, 1}) {
    const long double exact = f(Wide(0.3, k == 0), Wide(1.7, k == 1)).tangent;
    EXPECT_EQ(bounded.wrt(at[k]).value, plain.wrt(at[k])) << "the bound must not change the number";
    EXPECT_LE(std::fabs(static_cast<double>(exact - static_cast<long double>(plain.wrt(at[k])))), bounded.wrt(at[k]).error);
    EXPECT_LE(bounded.wrt(at[k]).error, 1e-14);
  }
}

TEST(RunningError, ADiscrepancyOfDifferentNumbersIsFarAboveOne) {
  EXPECT_EQ(discrepancy(Bounded(2, 0), Bounded(2, 0)), 0);
  EXPECT_LE(discrepancy(Bounded(0.1), Bounded(0.1 + 1e-17)), 1);
  EXPECT_GT(discrepancy(Bounded(0.1), Bounded(0.1 * (1 + 1e-12))), 1000);
  EXPECT_EQ(discrepancy(Bounded(1, 0), Bounded(2, 0)), std::numeric_limits<double>::infinity());
  EXPECT_EQ(discrepancy(Bounded(NAN, 1), Bounded(2, 1)), std::numeric_limits<double>::infinity());
}

}  // namespace
