#include "train/linear_vae.hpp"

#include <gmock/gmock.h>

#include "program/data_file.hpp"
#include "proof/quadrature.hpp"
#include "random/random.hpp"
#include "train/data.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace vae_kl;
using wengert::Tape;
using wengert::Var;

Matrix iris() { return read_data(VAE_KL_TEST_DATA "/iris.csv"); }

std::vector<double> some_weights(const LinearVae& vae) {
  std::vector<double> weights(vae.weights());
  fill_normals(11, 0, 0, weights);
  for (double& w : weights) w *= 0.4;
  return weights;
}

TEST(LinearVae, EveryWeightHasItsOwnPlace) {
  const LinearVae vae{4, 2};
  std::vector<int> used(vae.weights());
  for (std::size_t j = 0; j < 2; ++j) {
    ++used[vae.c(j)], ++used[vae.log_sigma(j)];
    for (std::size_t i = 0; i < 4; ++i) ++used[vae.V(j, i)], ++used[vae.W(i, j)];
  }
  for (std::size_t i = 0; i < 4; ++i) ++used[vae.b(i)];
  ++used[vae.log_s()];
  EXPECT_THAT(used, testing::Each(1));
  EXPECT_EQ(vae.weights(), 25u);
  EXPECT_EQ(vae.encoder_weights(), 12u);
}

TEST(LinearVae, MeanOfTheSampledLossIsMinusTheExactFreeEnergy) {
  // The loss is quadratic in eps: a product of Gauss-Hermite rules gives its expectation, without the closed form's algebra.
  const LinearVae vae{4, 2};
  const auto weights = some_weights(vae);
  const Matrix row = iris().row(70) - Matrix::Constant(1, 4, 3);
  const GaussHermite rule = gauss_hermite(4);
  double mean = 0;
  Tape tape(false);
  for (std::size_t a = 0; a < 4; ++a)
    for (std::size_t b = 0; b < 4; ++b) {
      tape.clear();
      std::vector<Var> w, x;
      for (const double value : weights) w.push_back(tape.variable(value));
      for (int i = 0; i < 4; ++i) x.push_back(row(0, i));
      const std::vector<Var> eps{rule.nodes[a], rule.nodes[b]};
      mean += rule.weights[a] * rule.weights[b] * loss_sample<Var>(vae, w, x, eps, Derivative::path).value();
    }
  const double exact = exact_free_energy(vae, weights, row);
  EXPECT_NEAR(-mean, exact, 1e-13 * std::fabs(exact));  // a hundred roundings at most
}

TEST(LinearVae, BothDerivativesAreRightInTheMeanForEveryWeight) {
  // Against central differences of the exact free energy: error h^2 = 1e-8 times third derivatives, and rounding 1e-16 * 50 / h.
  const LinearVae vae{3, 1};
  const auto weights = some_weights(vae);
  const Matrix row = make_data(1, 3, 1, 4);
  const GaussHermite rule = gauss_hermite(6);
  for (const Derivative derivative : {Derivative::total, Derivative::path}) {
    std::vector<double> mean(vae.weights());
    Tape tape(false);
    for (std::size_t a = 0; a < rule.nodes.size(); ++a) {
      tape.clear();
      std::vector<Var> w, x;
      for (const double value : weights) w.push_back(tape.variable(value));
      for (int i = 0; i < 3; ++i) x.push_back(row(0, i));
      const std::vector<Var> eps{rule.nodes[a]};
      const wengert::Gradient g = gradient(loss_sample<Var>(vae, w, x, eps, derivative));
      for (std::size_t k = 0; k < w.size(); ++k) mean[k] += rule.weights[a] * g.wrt(w[k]);
    }
    for (std::size_t k = 0; k < weights.size(); ++k) {
      constexpr double h = 1e-4;
      auto up = weights, down = weights;
      up[k] += h, down[k] -= h;
      const double difference = -(exact_free_energy(vae, up, row) - exact_free_energy(vae, down, row)) / (2 * h);
      EXPECT_NEAR(mean[k], difference, 1e-6 * (1 + std::fabs(difference))) << "weight " << k;
    }
  }
}

TEST(LinearVae, BestWeightsReachTheLikelihoodOfPrincipalComponents) {
  for (const std::size_t latent : {1, 2, 3}) {
    const LinearVae vae{4, latent};
    const PrincipalComponents fit = principal_components(iris(), static_cast<int>(latent));
    const auto best = best_weights(vae, fit);
    EXPECT_NEAR(exact_free_energy(vae, best, iris()), fit.log_likelihood, 1e-11) << latent;
    EXPECT_NEAR(exact_log_likelihood(vae, best, iris()), fit.log_likelihood, 1e-11) << latent;
  }
}

TEST(LinearVae, NoWeightsExceedIt) {
  const LinearVae vae{4, 2};
  const PrincipalComponents fit = principal_components(iris(), 2);
  const auto best = best_weights(vae, fit);
  for (std::uint64_t trial = 0; trial < 50; ++trial) {
    auto weights = best;
    std::vector<double> noise(weights.size());
    fill_normals(3, trial, 0, noise);
    for (std::size_t k = 0; k < weights.size(); ++k) weights[k] += 0.01 * noise[k];
    EXPECT_LT(exact_free_energy(vae, weights, iris()), fit.log_likelihood);
    EXPECT_LE(exact_free_energy(vae, weights, iris()), exact_log_likelihood(vae, weights, iris()));
  }
}

TEST(LinearVae, AtTheOptimumThePathDerivativeIsZeroForEverySingleSample) {
  const LinearVae vae{4, 2};
  const Matrix data = iris();
  const auto best = best_weights(vae, principal_components(data, 2));
  // Derivatives by V are up to |x| / sigma = 80 times d/dz, whose terms of size 100 cancel: 1e-16 * 1e4 * 8 leaves 1e-11.
  EXPECT_LT(largest_encoder_gradient(vae, best, data, Derivative::path, 10, 1), 1e-11);
  EXPECT_GT(largest_encoder_gradient(vae, best, data, Derivative::total, 10, 1), 10) << "right in the mean, but noisy";
  auto moved = best;
  moved[vae.V(0, 0)] += 1e-6;
  EXPECT_GT(largest_encoder_gradient(vae, moved, data, Derivative::path, 10, 1), 1e-5) << "and only there";
}

}  // namespace
