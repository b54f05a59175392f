// The reparameterised gradient without chance: t is quadratic in eps, so two replays average to KL and its gradient exactly, and
// three Gauss-Hermite nodes give the exact variances of the gradient estimator. "Exactly" means to the rounding of the tape,
// which the same sweeps bound themselves: they are run on numbers that carry their error along.
#include <gmock/gmock.h>

#include <array>
#include <cmath>

#include "proof/running_error.hpp"
#include "question/graph.hpp"
#include "support/wide.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace wengert;
using vae_kl::Bounded;
using wide::Wide;

/// t and its gradient at one sample, each with the bound on its rounding.
template <class T>
struct Sample {
  T t, mu, sigma;
};

class Exactness : public testing::Test {
 protected:
  Exactness() {
    const Var mu = tape_.variable(0.5), sigma = tape_.variable(0.8), eps = tape_.variable(0.3);
    t_ = vae_kl::kl_sample(mu, sigma, eps);
  }

  /// The tape replayed forwards and backwards.
  template <class T>
  Sample<T> replay(double mu, double sigma, T eps) {
    const std::array<T, 3> x{T(mu, 0), T(sigma, 0), eps};
    const auto values = forward_sweep<T>(tape_, std::span<const T>(x));
    const Seed<T> seed{t_, T(1)};
    const auto g = reverse_sweep<T>(tape_, values, std::span(&seed, 1));
    return {values[t_.index()], g.wrt(Var(tape_, 0)), g.wrt(Var(tape_, 1))};
  }
  /// The same in plain double arithmetic: what the bounds are about.
  Sample<double> replay(double mu, double sigma, double eps) {
    const std::array<double, 3> x{mu, sigma, eps};
    const auto values = forward_sweep<double>(tape_, std::span<const double>(x));
    const Seed<double> seed{t_, 1};
    const auto g = reverse_sweep<double>(tape_, values, std::span(&seed, 1));
    return {values[t_.index()], g.wrt(Var(tape_, 0)), g.wrt(Var(tape_, 1))};
  }

  /// Holds a result against the exact one. The bound is to first order: a millionth covers the rest.
  void expect_exact(const char* what, double found, const Bounded& bound, Wide exact) {
    const double off = static_cast<double>(abs(Wide(found) - exact));
    EXPECT_LE(off, bound.error * (1 + 1e-6)) << what << ": " << found << " instead of " << static_cast<double>(exact);
    furthest_ = std::max(furthest_, off == 0 ? 0 : off / bound.error);
    sharpest_ = std::min(sharpest_, static_cast<double>(Wide(bound.error) / abs(exact)));
  }

  Tape tape_;
  Var t_;
  double furthest_ = 0, sharpest_ = 1;
};

constexpr std::array mus{-30.0, -2.5, -0.3, 1e-6, 0.1, 0.5, 1.0, 3.0, 100.0};
constexpr std::array sigmas{1e-4, 0.03, 0.5, 0.8, 1.25, 2.0, 7.0, 300.0};

TEST_F(Exactness, TwoReplaysAverageToKlAndItsGradient) {
  for (const double mu : mus) {
    for (const double sigma : sigmas) {
      const auto up = replay(mu, sigma, 1.0), down = replay(mu, sigma, -1.0);
      const auto up_bound = replay(mu, sigma, Bounded(1, 0)), down_bound = replay(mu, sigma, Bounded(-1, 0));
      const Wide m = mu, s = sigma;
      expect_exact("KL", 0.5 * (up.t + down.t), 0.5 * (up_bound.t + down_bound.t), (m * m + s * s - 1) / 2 - log(s));
      expect_exact("dKL/dmu", 0.5 * (up.mu + down.mu), 0.5 * (up_bound.mu + down_bound.mu), m);
      expect_exact("dKL/dsigma", 0.5 * (up.sigma + down.sigma), 0.5 * (up_bound.sigma + down_bound.sigma), s - 1 / s);
    }
  }
  std::printf("two replays: errors up to %.2g of their bound, which is down to %.1g of the result\n", furthest_, sharpest_);
  EXPECT_GT(furthest_, 0.01) << "a bound that nothing comes near hides errors";
  EXPECT_LT(sharpest_, 1e-14) << "a bound as wide as this proves little";
}

TEST_F(Exactness, ThreeNodesGiveTheVariancesOfTheEstimator) {
  // Nodes 0 and +-sqrt(3), weights 2/3 and 1/6: exact up to degree 5, and the squared gradients are of degree 2 and 4.
  const Bounded root(std::sqrt(3.0), std::sqrt(3.0) * 0x1p-53);
  const std::array nodes{Bounded(0, 0), root, -root};
  const std::array<Bounded, 3> weights{Bounded(2) / Bounded(3), Bounded(1) / Bounded(6), Bounded(1) / Bounded(6)};
  for (const double mu : mus) {
    for (const double sigma : sigmas) {
      Bounded mean_mu, mean_sigma, square_mu, square_sigma;
      std::array<Sample<double>, 3> plain;
      for (std::size_t k = 0; k < 3; ++k) {
        plain[k] = replay(mu, sigma, nodes[k].value);
        const auto g = replay(mu, sigma, nodes[k]);
        EXPECT_EQ(plain[k].mu, g.mu.value) << "the bound must be about the same sweep";
        mean_mu += weights[k] * g.mu;
        mean_sigma += weights[k] * g.sigma;
        square_mu += weights[k] * (g.mu * g.mu);
        square_sigma += weights[k] * (g.sigma * g.sigma);
      }
      double variance_mu = 0, variance_sigma = 0, m1 = 0, m2 = 0;
      for (std::size_t k = 0; k < 3; ++k) {
        m1 += weights[k].value * plain[k].mu;
        m2 += weights[k].value * plain[k].sigma;
        variance_mu += weights[k].value * (plain[k].mu * plain[k].mu);
        variance_sigma += weights[k].value * (plain[k].sigma * plain[k].sigma);
      }
      variance_mu -= m1 * m1;
      variance_sigma -= m2 * m2;
      const Wide m = mu, s = sigma;
      expect_exact("variance in mu", variance_mu, square_mu - mean_mu * mean_mu, s * s);
      expect_exact("variance in sigma", variance_sigma, square_sigma - mean_sigma * mean_sigma, m * m + 2 * s * s);
    }
  }
  std::printf("three nodes: errors up to %.2g of their bound, which is down to %.1g of the result\n", furthest_, sharpest_);
  EXPECT_GT(furthest_, 0.01);
  EXPECT_LT(sharpest_, 1e-13);
}

TEST_F(Exactness, AGradientWrongByOnePartInTenToTheThirteenIsSeen) {
  const double mu = 0.5, sigma = 0.8;
  const auto up = replay(mu, sigma, Bounded(1, 0)), down = replay(mu, sigma, Bounded(-1, 0));
  const Bounded mean = 0.5 * (up.sigma + down.sigma);
  const Wide exact = Wide(sigma) - 1 / Wide(sigma);
  EXPECT_GT(static_cast<double>(abs(Wide(mean.value * (1 + 1e-13)) - exact)), mean.error);
}

}  // namespace
