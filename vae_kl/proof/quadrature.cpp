#include "proof/quadrature.hpp"

#include <Eigen/Eigenvalues>
#include <cmath>
#include <stdexcept>
#include <string>

namespace vae_kl {

namespace {

/// The orthonormal Hermite polynomial h_n at x, its derivative, and the sum of the squares of those before it.
struct Hermite {
  long double value, derivative, sum_of_squares;
};

Hermite hermite(int n, long double x) {
  // sqrt(k+1) h_{k+1} = x h_k - sqrt(k) h_{k-1};  h_n' = sqrt(n) h_{n-1}
  long double before = 0, h = 1, sum = 0;
  for (int k = 0; k < n; ++k) {
    sum += h * h;
    const long double next = (x * h - std::sqrt(static_cast<long double>(k)) * before) / std::sqrt(k + 1.0L);
    before = h;
    h = next;
  }
  return {h, std::sqrt(static_cast<long double>(n)) * before, sum};
}

}  // namespace

GaussHermite gauss_hermite(int count) {
  if (count < 1 || count > 200)
    throw std::invalid_argument("gauss_hermite: asked for " + std::to_string(count) + " nodes; 1 to 200 are possible");
  // Golub and Welsch 1969: the roots are the eigenvalues of the recurrence's tridiagonal matrix. Good to 1e-15 or so: Newton's
  // start.
  Eigen::VectorXd below(count > 1 ? count - 1 : 0);
  for (int k = 1; k < count; ++k) below[k - 1] = std::sqrt(static_cast<double>(k));
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver;
  solver.computeFromTridiagonal(Eigen::VectorXd::Zero(count), below, Eigen::EigenvaluesOnly);

  GaussHermite rule;
  rule.nodes.resize(static_cast<std::size_t>(count));
  rule.weights.resize(static_cast<std::size_t>(count));
  for (int i = 0; i <= (count - 1) / 2; ++i) {
    long double x = 2 * i + 1 == count ? 0 : static_cast<long double>(solver.eigenvalues()[i]);
    for (int round = 0; round < 3; ++round) {
      const Hermite h = hermite(count, x);
      if (x != 0) x -= h.value / h.derivative;
    }
    const double weight = static_cast<double>(1 / hermite(count, x).sum_of_squares);
    const auto low = static_cast<std::size_t>(i), high = static_cast<std::size_t>(count - 1 - i);
    rule.nodes[low] = static_cast<double>(x);
    rule.nodes[high] = static_cast<double>(-x);
    rule.weights[low] = rule.weights[high] = weight;
  }
  return rule;
}

}  // namespace vae_kl
