// Eigen: sparse matrices of variables, direct and iterative solutions.
#include <gmock/gmock.h>

#include <Eigen/Sparse>
#include <vector>
#include <wengert/eigen.hpp>
#include <wengert/wengert.hpp>

#include "like_numbers.hpp"

namespace {

using consumers::like_numbers;

template <class T>
using Vector = Eigen::Matrix<T, Eigen::Dynamic, 1>;
template <class T>
using Sparse = Eigen::SparseMatrix<T>;

const std::vector<std::array<double, 3>> points = {{0.7, 1.3, 0.3}, {0.2, -1.1, 0.7}};

/// A chain of six springs, symmetric and positive definite: its condition is below 20.
template <class T>
Sparse<T> chain(const T& a, const T& b) {
  std::vector<Eigen::Triplet<T>> entries;
  for (int i = 0; i < 6; ++i) {
    entries.emplace_back(i, i, T(3) + a * a);
    if (i > 0) entries.emplace_back(i, i - 1, sin(b * T(i))), entries.emplace_back(i - 1, i, sin(b * T(i)));
  }
  Sparse<T> m(6, 6);
  m.setFromTriplets(entries.begin(), entries.end());
  return m;
}
template <class T>
Vector<T> load(const T& c) {
  Vector<T> v(6);
  for (int i = 0; i < 6; ++i) v[i] = cos(c * T(i)) + T(1);
  return v;
}
/// A sum in which no entry can hide.
template <class T>
T weighed(const Vector<T>& v) {
  T sum = 0;
  for (Eigen::Index i = 0; i < v.size(); ++i) sum += v[i] * T(i + 1);
  return sum;
}

TEST(EigenSparse, ProductsAndSums) {
  const auto f = []<class T>(T a, T b, T c) {
    const Sparse<T> m = chain(a, b);
    const Sparse<T> sum = m * m + c * Sparse<T>(m.transpose()) - m.cwiseProduct(m);
    return T(weighed<T>(sum * load(c)) + sum.sum() + m.squaredNorm());
  };
  like_numbers<3>("products", f, points);
}

TEST(EigenSparse, DirectSolutions) {
  const auto cholesky = []<class T>(T a, T b, T c) {
    const Eigen::SimplicialLDLT<Sparse<T>> solver(chain(a, b));
    return weighed<T>(solver.solve(load(c)));
  };
  like_numbers<3>("SimplicialLDLT", cholesky, points);
  const auto lu = []<class T>(T a, T b, T c) {
    Eigen::SparseLU<Sparse<T>> solver;
    solver.compute(chain(a, b));
    return weighed<T>(solver.solve(load(c)));
  };
  like_numbers<3>("SparseLU", lu, points);
}

// Conjugate gradients of six unknowns end after six steps, with all that there is to know. (Where they end sooner:
// docs/algorithms.md.)
TEST(EigenSparse, IterativeSolutions) {
  const auto conjugate = []<class T>(T a, T b, T c) {
    const Sparse<T> m = chain(a, b);  // the solver refers to it
    Eigen::ConjugateGradient<Sparse<T>, Eigen::Lower | Eigen::Upper> solver(m);
    return weighed<T>(solver.solve(load(c)));
  };
  like_numbers<3>("ConjugateGradient", conjugate, points, {.value = 1e-12, .derivative = 1e-10});
}

}  // namespace
