// Eigen: singular values, what is solved with them, and functions of matrices of variables, where all of them are apart.
#include <gmock/gmock.h>

#include <Eigen/SVD>
#include <unsupported/Eigen/MatrixFunctions>
#include <wengert/eigen.hpp>
#include <wengert/wengert.hpp>

#include "eigen_points.hpp"
#include "like_numbers.hpp"

namespace {

using consumers::like_numbers, consumers::Matrix, consumers::filled, consumers::points;

// The iterations stop when what is left is 1e-16 of the rest; where singular values are some 1 apart, the derivatives of vectors
// lose two digits to that, and those of values none.
const consumers::Limits limits{.value = 1e-11, .derivative = 1e-9};

TEST(EigenSingularValues, AndSolutionsOfLeastSquares) {
  const auto f = []<class T>(T a, T b, T c) {
    const Matrix<T> m = filled(a, b, c);
    const Eigen::JacobiSVD<Matrix<T>> svd(m, Eigen::ComputeThinU | Eigen::ComputeThinV);
    const Matrix<T> solved = svd.solve(m.transpose());
    return T(svd.singularValues()[0] + 2 * svd.singularValues()[2] + solved(0, 1) + 3 * solved(2, 0));
  };
  like_numbers<3>("JacobiSVD", f, points, limits);
}

TEST(EigenMatrixFunctions, Exponential) {
  const auto f = []<class T>(T a, T b, T c) {
    const Matrix<T> m = filled(a, b, c) / T(4);
    const Matrix<T> e = m.exp();
    return T(e(0, 0) + 2 * e(0, 2) - e(2, 1));
  };
  like_numbers<3>("exp", f, points, limits);
}

}  // namespace
