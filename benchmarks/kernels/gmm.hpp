// K2: the Gaussian mixture of ADBench (Srajer, Kukelova, Fitzgibbon: A benchmark of selected algorithmic differentiation tools on
// some problems in computer vision and machine learning, 2018, section 4.1), in the form that its programs compute:
//
//   f = -n d/2 log(2 pi) + sum_i logsumexp_k(alpha_k + tr_k - |Q_k (x_i - mu_k)|^2 / 2) - n logsumexp(alpha)
//       + sum_k (gamma^2/2 |Q_k|_F^2 - m tr_k) - K C,
//
// where Q_k is lower triangular with the diagonal exp(q_k), tr_k is the sum of q_k, and C is the constant of the Wishart
// distribution with n' = d + m + 1 degrees of freedom. (The sign of the prior is that of the published programs.)
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "kernels/inputs.hpp"

namespace kernels {

/// log(sum(exp(x))), with the largest value taken out of the exponentials.
template <class T>
T log_sum_exp(std::span<const T> x) {
  using std::exp, std::log, std::max;
  T largest = x[0];
  for (const T& y : x.subspan(1)) largest = max(largest, y);
  T sum = exp(x[0] - largest);
  for (const T& y : x.subspan(1)) sum += exp(y - largest);
  return log(sum) + largest;
}

/// |Q (row - mean)|^2, with room for the centred row and its product with Q.
inline constexpr auto squared_length = [](const auto& diagonal, const auto& below, const auto& mean, const auto& row,
                                          auto& centred, auto& product) {
  const std::size_t d = diagonal.size();
  for (std::size_t i = 0; i < d; ++i) {
    centred[i] = row[i] - mean[i];
    product[i] = diagonal[i] * centred[i];
  }
  std::size_t next = 0;
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t j = i + 1; j < d; ++j) product[j] += below[next++] * centred[i];
  std::remove_cvref_t<decltype(product[0])> square = product[0] * product[0];
  for (std::size_t i = 1; i < d; ++i) square += product[i] * product[i];
  return square;
};

/// The same for arrays of a size known to the compiler: what is fused.
inline constexpr auto squared_length_of_arrays = []<class T, std::size_t d>(const std::array<T, d>& diagonal, const auto& below,
                                                                            const auto& mean, const auto& row) {
  std::array<T, d> centred, product;
  return squared_length(diagonal, below, mean, row, centred, product);
};

/// |Q (row - mean)|^2 in `dimensions` dimensions. Keeps its scratch between calls.
template <class T>
class Distance {
 public:
  explicit Distance(std::size_t dimensions) : centred_(dimensions), product_(dimensions) {}

  template <class R>
  T operator()(std::span<const T> diagonal, std::span<const T> below, std::span<const T> mean, std::span<const R> row) const {
    return squared_length(diagonal, below, mean, row, centred_, product_);
  }

 private:
  mutable std::vector<T> centred_, product_;
};

struct Gmm {
  std::size_t d, K, n;
  double gamma = 1;
  int m = 0;
  int prior = 1;             ///< its sign: that of the published programs; -1 is that of a log-density, and GradBench's
  std::vector<double> data;  ///< row by row

  Gmm(std::size_t dimensions, std::size_t components, std::size_t points)
      : d(dimensions), K(components), n(points), data(Random(6).normals(dimensions * points)) {}

  std::string name() const { return "K2 gmm (" + std::to_string(d) + "," + std::to_string(K) + "," + std::to_string(n) + ")"; }
  /// Entries of one factor: the logarithms of its diagonal, then the columns below the diagonal.
  std::size_t factor_size() const { return d * (d + 1) / 2; }
  /// alpha[K], means[K][d], factors[K][d (d + 1) / 2].
  std::vector<double> point() const {
    Random random(7);
    std::vector<double> x;
    for (std::size_t i = 0; i < K * (1 + d + factor_size()); ++i) x.push_back(0.5 * random.normal());
    return x;
  }

  /// The terms that do not depend on x.
  double constant() const {
    const double dof = static_cast<double>(d) + m + 1, D = static_cast<double>(d);
    double log_gamma_distribution = 0.25 * D * (D - 1) * std::log(std::numbers::pi);
    for (std::size_t j = 0; j < d; ++j) log_gamma_distribution += std::lgamma(0.5 * (dof - static_cast<double>(j)));
    const double C = dof * D * (std::log(gamma) - 0.5 * std::log(2.0)) - log_gamma_distribution;
    return -0.5 * static_cast<double>(n) * D * std::log(2 * std::numbers::pi) - prior * static_cast<double>(K) * C;
  }

  /// The diagonals of the factors and the sums of their logarithms.
  template <class T>
  struct Diagonals {
    std::vector<T> diagonal, trace;
  };
  template <class T>
  Diagonals<T> diagonals(std::span<const T> x) const {
    using std::exp;
    const auto factors = x.last(K * factor_size());
    Diagonals<T> result{std::vector<T>(K * d), std::vector<T>(K)};
    for (std::size_t k = 0; k < K; ++k) {
      const auto q = factors.subspan(k * factor_size(), d);
      result.trace[k] = q[0];
      for (std::size_t i = 1; i < d; ++i) result.trace[k] += q[i];
      for (std::size_t i = 0; i < d; ++i) result.diagonal[k * d + i] = exp(q[i]);
    }
    return result;
  }

  /// What one row of the data adds: the log-sum-exp over the components. A row's numbers are of type R; `distance` computes
  /// |Q (row - mean)|^2 from Q's diagonal, what lies below it, the mean and the row.
  template <class T, class R, class Distance>
  T row_term(std::span<const T> x, const Diagonals<T>& diagonals, std::span<const R> row, std::vector<T>& term,
             const Distance& distance) const {
    const auto alpha = x.first(K), means = x.subspan(K, K * d), factors = x.last(K * factor_size());
    for (std::size_t k = 0; k < K; ++k) {
      const std::span<const T> diagonal(&diagonals.diagonal[k * d], d);
      const auto below = factors.subspan(k * factor_size() + d, factor_size() - d);
      term[k] = alpha[k] + diagonals.trace[k] - 0.5 * distance(diagonal, below, means.subspan(k * d, d), row);
    }
    return log_sum_exp<T>(term);
  }
  template <class T, class R>
  T row_term(std::span<const T> x, std::span<const R> row) const {
    std::vector<T> term(K);
    return row_term<T, R>(x, diagonals<T>(x), row, term, Distance<T>(d));
  }

  /// What does not depend on the data: the normaliser of the weights, and the prior.
  template <class T>
  T other_terms(std::span<const T> x, const Diagonals<T>& diagonals) const {
    const auto alpha = x.first(K), factors = x.last(K * factor_size());
    T sum = -static_cast<double>(n) * log_sum_exp<T>(alpha);
    for (std::size_t k = 0; k < K; ++k) {
      const auto below = factors.subspan(k * factor_size() + d, factor_size() - d);
      T frobenius = diagonals.diagonal[k * d] * diagonals.diagonal[k * d];
      for (std::size_t i = 1; i < d; ++i) frobenius += diagonals.diagonal[k * d + i] * diagonals.diagonal[k * d + i];
      for (const T& y : below) frobenius += y * y;
      sum += prior * (0.5 * gamma * gamma * frobenius - m * diagonals.trace[k]);
    }
    return sum + constant();
  }
  template <class T>
  T other_terms(std::span<const T> x) const {
    return other_terms<T>(x, diagonals<T>(x));
  }

  template <class T>
  T value(std::span<const T> x) const {
    return value<T>(x, Distance<T>(d));
  }
  template <class T, class Distance>
  T value(std::span<const T> x, const Distance& distance) const {
    const Diagonals<T> shared = diagonals<T>(x);
    std::vector<T> term(K);
    T sum = 0;
    for (std::size_t row = 0; row < n; ++row) sum += row_term<T, double>(x, shared, std::span(&data[row * d], d), term, distance);
    return sum + other_terms<T>(x, shared);
  }

  double gradient_by_hand(std::span<const double> x, std::span<double> gradient) const {
    const auto alpha = x.first(K), means = x.subspan(K, K * d), factors = x.last(K * factor_size());
    const auto d_alpha = gradient.first(K), d_means = gradient.subspan(K, K * d), d_factors = gradient.last(K * factor_size());
    for (double& g : gradient) g = 0;
    std::vector<double> diagonal(K * d), d_diagonal(K * d, 0.0), trace(K, 0.0), d_trace(K, 0.0), term(K);
    std::vector<double> centred(K * d), product(K * d), d_centred(d), d_product(d);
    for (std::size_t k = 0; k < K; ++k)
      for (std::size_t i = 0; i < d; ++i) {
        const double q = factors[k * factor_size() + i];
        trace[k] += q;
        diagonal[k * d + i] = std::exp(q);
      }
    double sum = 0;
    for (std::size_t row = 0; row < n; ++row) {
      for (std::size_t k = 0; k < K; ++k) {
        const double* below = &factors[k * factor_size()] + d;
        double* c = &centred[k * d];
        double* p = &product[k * d];
        for (std::size_t i = 0; i < d; ++i) {
          c[i] = data[row * d + i] - means[k * d + i];
          p[i] = diagonal[k * d + i] * c[i];
        }
        for (std::size_t i = 0; i < d; ++i)
          for (std::size_t j = i + 1; j < d; ++j) p[j] += *below++ * c[i];
        double square = 0;
        for (std::size_t i = 0; i < d; ++i) square += p[i] * p[i];
        term[k] = alpha[k] + trace[k] - 0.5 * square;
      }
      sum += softmax(term);
      for (std::size_t k = 0; k < K; ++k) {
        const double d_term = term[k];  // softmax left it there
        d_alpha[k] += d_term;
        d_trace[k] += d_term;
        const double* c = &centred[k * d];
        const double* p = &product[k * d];
        for (std::size_t i = 0; i < d; ++i) {
          d_product[i] = -d_term * p[i];
          d_diagonal[k * d + i] += d_product[i] * c[i];
          d_centred[i] = d_product[i] * diagonal[k * d + i];
        }
        const double* below = &factors[k * factor_size()] + d;
        double* d_below = &d_factors[k * factor_size()] + d;
        for (std::size_t i = 0; i < d; ++i)
          for (std::size_t j = i + 1; j < d; ++j) {
            *d_below++ += d_product[j] * c[i];
            d_centred[i] += d_product[j] * *below++;
          }
        for (std::size_t i = 0; i < d; ++i) d_means[k * d + i] -= d_centred[i];
      }
    }
    std::vector<double> weights(alpha.begin(), alpha.end());
    sum -= static_cast<double>(n) * softmax(weights);
    for (std::size_t k = 0; k < K; ++k) d_alpha[k] -= static_cast<double>(n) * weights[k];
    for (std::size_t k = 0; k < K; ++k) {
      double frobenius = 0;
      for (std::size_t i = 0; i < d; ++i) {
        const double q = diagonal[k * d + i];
        frobenius += q * q;
        d_factors[k * factor_size() + i] += (d_diagonal[k * d + i] + prior * gamma * gamma * q) * q + d_trace[k] - prior * m;
      }
      for (std::size_t i = d; i < factor_size(); ++i) {
        const double y = factors[k * factor_size() + i];
        frobenius += y * y;
        d_factors[k * factor_size() + i] += prior * gamma * gamma * y;
      }
      sum += prior * (0.5 * gamma * gamma * frobenius - m * trace[k]);
    }
    return sum + constant();
  }

 private:
  /// Returns log_sum_exp(x) and leaves its partials in x.
  static double softmax(std::span<double> x) {
    double largest = x[0];
    for (const double y : x)
      if (largest < y) largest = y;
    double sum = 0;
    for (double& y : x) sum += y = std::exp(y - largest);
    for (double& y : x) y /= sum;
    return std::log(sum) + largest;
  }
};

}  // namespace kernels
