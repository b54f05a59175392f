// Eigen: decompositions and functions of matrices of variables, and what is solved with them.
#include <gmock/gmock.h>

#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <Eigen/QR>
#include <wengert/eigen.hpp>
#include <wengert/wengert.hpp>

#include "eigen_points.hpp"
#include "like_numbers.hpp"

namespace {

using consumers::like_numbers, consumers::Matrix, consumers::points;

/// 4 x 4, well away from singular: its condition is below 100, which solutions and derivatives lose at most twice.
template <class T>
Matrix<T> filled(const T& a, const T& b, const T& c) {
  Matrix<T> m(4, 4);
  for (int i = 0; i < 4; ++i)
    for (int j = 0; j < 4; ++j) m(i, j) = sin(a * T(i + 1) + b * T(j * j)) + (i == j ? c + T(4) : T(0));
  return m;
}
/// A sum in which no entry can hide.
template <class T>
T weighed(const Matrix<T>& m) {
  T sum = 0;
  for (int i = 0; i < m.rows(); ++i)
    for (int j = 0; j < m.cols(); ++j) sum += m(i, j) * T(i + 2 * j + 1);
  return sum;
}

template <class F>
void like_numbers_of(const char* name, F f) {
  const auto of_entries = [f]<class T>(T a, T b, T c) { return weighed<T>(f(filled(a, b, c))); };
  like_numbers<3>(name, of_entries, points, {.value = 1e-11, .derivative = 1e-10});
}

TEST(EigenDecompositions, LU) {
  like_numbers_of("partialPivLu", []<class T>(const Matrix<T>& m) -> Matrix<T> { return m.partialPivLu().solve(m.transpose()); });
  like_numbers_of("fullPivLu", []<class T>(const Matrix<T>& m) -> Matrix<T> { return m.fullPivLu().solve(m.transpose()); });
  like_numbers_of("inverse", []<class T>(const Matrix<T>& m) -> Matrix<T> { return m.inverse() * m.determinant(); });
}

TEST(EigenDecompositions, QR) {
  like_numbers_of("householderQr",
                  []<class T>(const Matrix<T>& m) -> Matrix<T> { return m.householderQr().solve(m.transpose()); });
  like_numbers_of("colPivHouseholderQr",
                  []<class T>(const Matrix<T>& m) -> Matrix<T> { return m.colPivHouseholderQr().solve(m.transpose()); });
  like_numbers_of("fullPivHouseholderQr",
                  []<class T>(const Matrix<T>& m) -> Matrix<T> { return m.fullPivHouseholderQr().solve(m.transpose()); });
  like_numbers_of("completeOrthogonalDecomposition",
                  []<class T>(const Matrix<T>& m) -> Matrix<T> { return m.completeOrthogonalDecomposition().pseudoInverse(); });
}

TEST(EigenDecompositions, Cholesky) {
  like_numbers_of("llt", []<class T>(const Matrix<T>& m) -> Matrix<T> { return (m * m.transpose()).eval().llt().solve(m); });
  like_numbers_of("ldlt", []<class T>(const Matrix<T>& m) -> Matrix<T> { return (m * m.transpose()).eval().ldlt().solve(m); });
}

}  // namespace
