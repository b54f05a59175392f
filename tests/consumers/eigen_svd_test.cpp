// Eigen: singular values, what is solved with them, and functions of matrices of variables, where all of them are apart.
#include <gmock/gmock.h>

#include <Eigen/SVD>
#include <array>
#include <cmath>
#include <unsupported/Eigen/MatrixFunctions>
#include <wengert/eigen.hpp>
#include <wengert/function.hpp>
#include <wengert/wengert.hpp>

#include <wengert/complex.hpp>  // after eigen.hpp, which must not make a std::complex<Var> of its own

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

// exp [x y; 0 x] = e^x [1 y; 0 1], whose two eigenvalues are one.
TEST(EigenMatrixFunctions, ExponentialWhereEigenvaluesMeet) {
  for (const double at : {-3.0, 0.0, 1e-9, 0.5, 4.0}) {
    wengert::Tape tape;
    const wengert::Var x = tape.variable(at), y = tape.variable(0.7);
    Matrix<wengert::Var> m(2, 2);
    m << x, y, 0.0, x;
    const Matrix<wengert::Var> e = m.exp();
    // solving and squaring twice cost some ten roundings of the norm
    const double wide = std::exp(at), tolerance = 4e-15 * wide * (1 + std::fabs(at));
    const wengert::Gradient diagonal = gradient(e(0, 0)), corner = gradient(e(0, 1));
    EXPECT_NEAR(diagonal.wrt(x), wide, tolerance);
    EXPECT_NEAR(diagonal.wrt(y), 0, tolerance);
    EXPECT_NEAR(corner.wrt(x), 0.7 * wide, tolerance);
    EXPECT_NEAR(corner.wrt(y), wide, tolerance);
  }
}

// exp [0 -t; t 0] is the turn by t, of numbers beside variables.
TEST(EigenMatrixFunctions, ExponentialOfATurnNearAndFar) {
  for (const double at : {0.0, 1e-8, 0.3, 2.0, 7.0, 50.0}) {
    wengert::Tape tape;
    const wengert::Var t = tape.variable(at);
    Matrix<wengert::Var> m(2, 2);
    m << 0.0, -t, t, 0.0;
    const Matrix<wengert::Var> e = m.exp();
    const double tolerance = 4e-15 * (1 + at);  // what t is off by its last place turns as far
    EXPECT_NEAR(e(1, 0).value(), std::sin(at), tolerance);
    EXPECT_NEAR(gradient(e(1, 0)).wrt(t), std::cos(at), tolerance);
    EXPECT_NEAR(gradient(e(0, 0)).wrt(t), -std::sin(at), tolerance);
  }
}

// exp diag(i t, 2 i t) = diag(cos t + i sin t, cos 2t + i sin 2t)
TEST(EigenMatrixFunctions, ExponentialOfComplexNumbers) {
  using Complex = std::complex<wengert::Var>;
  for (const double at : {0.0, 0.3, 7.0}) {
    wengert::Tape tape;
    const wengert::Var t = tape.variable(at);
    Matrix<Complex> m(2, 2);
    m << Complex(0, t), Complex(0, 0), Complex(0, 0), Complex(0, 2 * t);
    const Matrix<Complex> e = m.exp();
    const double tolerance = 4e-15 * (1 + 2 * at);  // as above
    EXPECT_NEAR(e(0, 0).real().value(), std::cos(at), tolerance);
    EXPECT_NEAR(gradient(e(0, 0).imag()).wrt(t), std::cos(at), tolerance);
    EXPECT_NEAR(gradient(e(1, 1).real()).wrt(t), -2 * std::sin(2 * at), 2 * tolerance);
  }
}

TEST(EigenMatrixFunctions, ExponentialIsReplayedUpToTheNormThatItWasHalvedFor) {
  const wengert::Function f = wengert::record(
      [](wengert::Var t) {
        Matrix<wengert::Var> m(2, 2);
        m << 0.0, -t, t, 0.0;
        const Matrix<wengert::Var> e = m.exp();
        return wengert::Var(e(1, 0));
      },
      3.0);
  for (const double at : {2.9, 3.1, 3.3}) {  // with the same pivots
    EXPECT_NEAR(f(at), std::sin(at), 1e-14);
    EXPECT_NEAR(f.gradient(std::array{at})[0], std::cos(at), 1e-14);
  }
  EXPECT_THAT([&] { f(4.0); }, testing::ThrowsMessage<wengert::BranchChanged>(testing::HasSubstr("matrix_exponential.hpp")));
}

}  // namespace
