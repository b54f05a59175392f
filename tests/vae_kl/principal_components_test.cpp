#include "train/principal_components.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <stdexcept>
#include <string>

namespace {

using namespace vae_kl;

// The reader of the program is tested elsewhere; this one only knows this file.
Matrix iris() {
  std::ifstream file(VAE_KL_TEST_DATA "/iris.csv");
  Matrix data(150, 4);
  std::string line;
  std::getline(file, line);
  EXPECT_EQ(line, "sepal_length,sepal_width,petal_length,petal_width");
  for (int i = 0; i < 150; ++i)
    for (int j = 0; j < 4; ++j) {
      std::getline(file, line, j == 3 ? '\n' : ',');
      data(i, j) = std::stod(line);
    }
  EXPECT_FALSE(std::getline(file, line)) << "more than 150 rows";
  return data;
}

TEST(Iris, IsFishersTableNotTheCopyWithTwoErrors) {
  const Matrix data = iris();
  EXPECT_EQ(data.row(34), Eigen::RowVector4d(4.9, 3.1, 1.5, 0.2));
  EXPECT_EQ(data.row(37), Eigen::RowVector4d(4.9, 3.6, 1.4, 0.1));
}

TEST(Iris, HasTheKnownMeansAndCorrelations) {
  // As R prints them: colMeans(iris[1:4]), cor(iris[1:4]), with 7 digits.
  const Matrix data = iris();
  const Vector mean = data.colwise().mean();
  EXPECT_NEAR(mean[0], 5.843333, 5e-7);
  EXPECT_NEAR(mean[1], 3.057333, 5e-7);
  EXPECT_NEAR(mean[2], 3.758000, 5e-7);
  EXPECT_NEAR(mean[3], 1.199333, 5e-7);
  const Matrix centred = data.rowwise() - mean.transpose();
  const Matrix covariance = centred.transpose() * centred / 149;
  const auto correlation = [&](int i, int j) { return covariance(i, j) / std::sqrt(covariance(i, i) * covariance(j, j)); };
  EXPECT_NEAR(correlation(0, 1), -0.1175698, 5e-8);
  EXPECT_NEAR(correlation(0, 2), 0.8717538, 5e-8);
  EXPECT_NEAR(correlation(0, 3), 0.8179411, 5e-8);
  EXPECT_NEAR(correlation(1, 2), -0.4284401, 5e-8);
  EXPECT_NEAR(correlation(1, 3), -0.3661259, 5e-8);
  EXPECT_NEAR(correlation(2, 3), 0.9628654, 5e-8);
}

TEST(PrincipalComponents, FindsTheKnownEigenvaluesOfIris) {
  // The textbook values (4.22824171, 0.24267075, 0.07820950, 0.02383509) are for division by 149; ours divides by 150.
  const PrincipalComponents fit = principal_components(iris(), 2);
  const double known[] = {4.22824171, 0.24267075, 0.07820950, 0.02383509};
  for (int k = 0; k < 4; ++k) EXPECT_NEAR(fit.eigenvalues[k] * 150 / 149, known[k], 1e-8);
  EXPECT_NEAR(fit.model.s * fit.model.s, (0.07820950 + 0.02383509) / 2 * 149 / 150, 1e-8);
}

TEST(PrincipalComponents, StatedLikelihoodIsTheMeanOfTheEvidence) {
  // Two ways with nothing in common: eigenvalues here, a Cholesky solve for each row there.
  const Matrix data = iris();
  for (const int latent : {1, 2, 3}) {
    const PrincipalComponents fit = principal_components(data, latent);
    long double sum = 0;
    for (Eigen::Index i = 0; i < data.rows(); ++i) sum += log_evidence(fit.model, data.row(i));
    EXPECT_NEAR(fit.log_likelihood, static_cast<double>(sum / 150), 1e-12) << latent;
  }
}

TEST(PrincipalComponents, NoNeighbourIsMoreLikely) {
  const Matrix data = iris();
  const PrincipalComponents fit = principal_components(data, 2);
  const auto mean_evidence = [&](const LinearGaussian& model) {
    long double sum = 0;
    for (Eigen::Index i = 0; i < data.rows(); ++i) sum += log_evidence(model, data.row(i));
    return static_cast<double>(sum / 150);
  };
  // A step of 1e-3 in any one parameter must lower the mean log-likelihood, by about h^2 = 1e-6 times the curvature, or leave it
  // (rotations).
  for (const double step : {-1e-3, 1e-3}) {
    for (Eigen::Index k = 0; k < fit.model.W.size(); ++k) {
      LinearGaussian model = fit.model;
      model.W.data()[k] += step;
      EXPECT_LT(mean_evidence(model), fit.log_likelihood - 1e-9) << "W at " << k;
    }
    for (Eigen::Index k = 0; k < 4; ++k) {
      LinearGaussian model = fit.model;
      model.b[k] += step;
      EXPECT_LT(mean_evidence(model), fit.log_likelihood - 1e-9) << "b at " << k;
    }
    LinearGaussian model = fit.model;
    model.s += step;
    EXPECT_LT(mean_evidence(model), fit.log_likelihood - 1e-9) << "s";
  }
}

TEST(PrincipalComponents, AtTheFitThePosteriorFactorises) {
  // W'W is diagonal there, so a factorised q can be the posterior itself and the free energy can reach the likelihood.
  const Matrix data = iris();
  const PrincipalComponents fit = principal_components(data, 2);
  const Gaussian p = posterior(fit.model, data.row(17));
  EXPECT_NEAR(static_cast<double>(p.precision(0, 1) / p.precision(1, 1)), 0, 1e-13);
}

TEST(PrincipalComponents, RefusesWhatHasNoMaximum) {
  EXPECT_THROW(principal_components(iris(), 0), std::invalid_argument);
  EXPECT_THROW(principal_components(iris(), 4), std::invalid_argument);
  Matrix flat(20, 3);
  for (int i = 0; i < 20; ++i) flat.row(i) << i, 2.0 * i + 1, -i;
  EXPECT_THROW(principal_components(flat, 1), std::domain_error);
  EXPECT_THROW(principal_components(flat, 2), std::domain_error);
  EXPECT_THROW(principal_components(Matrix::Ones(5, 3), 1), std::domain_error);
}

}  // namespace
