// Eigen: eigenvalues and eigenvectors of matrices of variables, where all of them are apart.
#include <gmock/gmock.h>

#include <Eigen/Eigenvalues>
#include <wengert/eigen.hpp>
#include <wengert/wengert.hpp>

#include "eigen_points.hpp"
#include "like_numbers.hpp"

namespace {

using consumers::like_numbers, consumers::Matrix, consumers::filled, consumers::points;

template <class T>
Matrix<T> symmetric(const T& a, const T& b, const T& c) {
  const Matrix<T> m = filled(a, b, c);
  return m + m.transpose();
}
// The iterations stop when what is left is 1e-16 of the rest; where eigenvalues are some 1 apart, the derivatives of vectors lose
// two digits to that, and those of values none.
const consumers::Limits limits{.value = 1e-11, .derivative = 1e-9};

TEST(EigenEigenvalues, OfASymmetricMatrix) {
  const auto f = []<class T>(T a, T b, T c) {
    const Eigen::SelfAdjointEigenSolver<Matrix<T>> solved(symmetric(a, b, c));
    const auto& v = solved.eigenvectors();
    return T(solved.eigenvalues()[0] + 2 * solved.eigenvalues()[2] + v(1, 1) * v(2, 1) + v(0, 2) * v(0, 2));
  };
  like_numbers<3>("SelfAdjointEigenSolver", f, points, limits);
}

TEST(EigenEigenvalues, OfAnyMatrix) {
  const auto f = []<class T>(T a, T b, T c) {
    const Eigen::EigenSolver<Matrix<T>> solved(filled(a, b, c));
    const auto& values = solved.eigenvalues();
    return T(values[0].real() + 2 * (values[1] * values[2]).real() + values.sum().real() * values.sum().real());
  };
  like_numbers<3>("EigenSolver", f, points, limits);
}

}  // namespace
