#include "train/linear_vae.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <span>

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

/// A sample's loss on an empty tape, and the weights that it depends on.
struct RecordedLoss {
  std::vector<Var> weights;
  Var loss;
};
RecordedLoss recorded_loss(Tape& tape, const LinearVae& vae, std::span<const double> weights, const Matrix& data,
                           Eigen::Index row, std::span<const double> eps, Derivative derivative) {
  tape.clear();
  std::vector<Var> w, x;
  for (const double value : weights) w.push_back(tape.variable(value));
  for (Eigen::Index i = 0; i < data.cols(); ++i) x.push_back(data(row, i));
  const std::vector<Var> e(eps.begin(), eps.end());
  return {w, loss_sample<Var>(vae, w, x, e, derivative)};
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
      const std::array eps{rule.nodes[a], rule.nodes[b]};
      mean += rule.weights[a] * rule.weights[b] * recorded_loss(tape, vae, weights, row, 0, eps, Derivative::path).loss.value();
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
      const RecordedLoss sample = recorded_loss(tape, vae, weights, row, 0, std::array{rule.nodes[a]}, derivative);
      const wengert::Gradient g = gradient(sample.loss);
      for (std::size_t k = 0; k < weights.size(); ++k) mean[k] += rule.weights[a] * g.wrt(sample.weights[k]);
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

// More rows times draws than a batch takes at a time, against a tape for each; the largest stands now early, now late.
TEST(LinearVae, TheLargestGradientIsThatOverAllRowsAndDraws) {
  const LinearVae vae{3, 2};
  const auto weights = some_weights(vae);
  const std::size_t draws = 7;
  Matrix data = make_data(700, 3, 2, 4);
  for (const Eigen::Index far : {0, 3, 300, 584, 585, 586, 699}) {
    Matrix some = data;
    some.row(far) *= 5;
    double largest = 0;
    Tape tape(false);
    for (Eigen::Index row = 0; row < some.rows(); ++row) {
      std::vector<double> eps(draws * vae.latent);  // a row has a stream of its own
      fill_normals(8, static_cast<std::uint64_t>(row), 0, eps);
      for (std::size_t draw = 0; draw < draws; ++draw) {
        const auto of_draw = std::span<const double>(eps).subspan(draw * vae.latent, vae.latent);
        const RecordedLoss sample = recorded_loss(tape, vae, weights, some, row, of_draw, Derivative::total);
        const wengert::Gradient g = gradient(sample.loss);
        for (std::size_t k = 0; k < vae.encoder_weights(); ++k) largest = std::fmax(largest, std::fabs(g.wrt(sample.weights[k])));
      }
    }
    EXPECT_NEAR(largest_encoder_gradient(vae, weights, some, Derivative::total, draws, 8), largest, 1e-12 * largest)
        << "row " << far;
  }
}

// x = Wz + b + e / 2: the covariance is W W' + I / 4, whose smaller eigenvalues are 1/4, and rows are independent.
TEST(Data, HasTheLawOfItsModel) {
  constexpr Eigen::Index rows = 20'000, observed = 6, latent = 2;
  Matrix data = make_data(rows, observed, latent, 3);
  EXPECT_EQ(data, make_data(rows, observed, latent, 3));
  EXPECT_NE(data, make_data(rows, observed, latent, 4));
  const Eigen::RowVectorXd mean = data.colwise().mean();
  EXPECT_GT(mean.norm(), 0.5);  // b, of six normal numbers
  data.rowwise() -= mean;
  const PrincipalComponents fit = principal_components(data, latent);
  // an eigenvalue's relative error is sqrt(2 / rows) = 0.01; extremes of four are within five of them
  for (Eigen::Index k = latent; k < observed; ++k) EXPECT_NEAR(fit.eigenvalues[k], 0.25, 5 * 0.01 * 0.25);
  EXPECT_GT(fit.eigenvalues[latent - 1], 0.6);  // 1/4, and the square of a column of six normal numbers
  // of a row and the next: each entry has deviation at most (largest eigenvalue) / sqrt(rows)
  const Matrix next = data.topRows(rows - 1).transpose() * data.bottomRows(rows - 1) / (rows - 1);
  EXPECT_LT(next.cwiseAbs().maxCoeff(), 5 * fit.eigenvalues[0] / std::sqrt(static_cast<double>(rows)));
}

TEST(Data, DigestsTellSizesAndNumbersApart) {
  const Matrix two_by_three = make_data(2, 3, 1, 7);
  Matrix three_by_two(3, 2), one_by_six(1, 6);
  std::copy_n(two_by_three.data(), 6, three_by_two.data());
  std::copy_n(two_by_three.data(), 6, one_by_six.data());
  std::set<std::uint64_t> digests{digest(two_by_three), digest(three_by_two), digest(one_by_six)};
  EXPECT_EQ(digests.size(), 3u);
  for (Eigen::Index k = 0; k < 6; ++k) {
    Matrix other = two_by_three;
    other.data()[k] = std::nextafter(other.data()[k], 9);
    digests.insert(digest(other));
  }
  EXPECT_EQ(digests.size(), 9u);
}

}  // namespace
