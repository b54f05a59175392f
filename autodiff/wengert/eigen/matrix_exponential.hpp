// The exponential of a matrix of Vars, m.exp() of <unsupported/Eigen/MatrixFunctions>. For numbers Eigen takes a quotient of
// polynomials; for a type that it does not know, eigenvalues, whose derivatives are lost where two of them meet. Here Vars take
// the quotient too.
#pragma once

#include <cmath>

#include "wengert/eigen/number.hpp"

namespace wengert::detail {

inline double magnitude(const Var& x) { return std::fabs(x.value()); }
/// The same of a complex number. A template, since <wengert/complex.hpp>, which makes std::complex<Var>, may come later.
template <class Complex>
double magnitude(const Complex& x) {
  return std::hypot(x.real().value(), x.imag().value());
}

/// The norm up to which the quotient of degree 13 is good to a rounding (Higham, The scaling and squaring method for the matrix
/// exponential revisited, 2005, table 2.3; in any consistent norm, so in Frobenius').
inline constexpr double theta_13 = 5.371920351148152;

/// How often a matrix is halved so that its norm is at most 5, below theta_13.
template <class Matrix>
int halvings_before_exponential(const Matrix& matrix) {
  double norm = 0;
  for (Eigen::Index j = 0; j < matrix.cols(); ++j)
    for (Eigen::Index i = 0; i < matrix.rows(); ++i) norm = std::hypot(norm, magnitude(matrix.coeff(i, j)));
  return norm > 5 && std::isfinite(norm) ? std::ilogb(norm / 5) + 1 : 0;
}

}  // namespace wengert::detail

namespace Eigen::internal {

template <typename Number>
struct is_exp_known_type;
template <>
struct is_exp_known_type<wengert::Var> : true_type {};

template <typename Argument, typename Numerator, typename Denominator>
void matrix_exp_pade13(const Argument& matrix, Numerator& u, Denominator& v);

template <typename Matrix, typename Real>
struct matrix_exp_computeUV;
/// Numerator u + v and denominator v - u of the halved matrix's exponential, which is squared as often as the matrix was halved.
template <typename Matrix>
struct matrix_exp_computeUV<Matrix, wengert::Var> {
  template <typename Argument>
  static void run(const Argument& matrix, Matrix& u, Matrix& v, int& squarings) {
    squarings = wengert::detail::halvings_before_exponential(matrix);
    Matrix halved = matrix;
    if (squarings > 0) halved *= typename Matrix::Scalar(std::ldexp(1.0, -squarings));
    // a replay where the norm is beyond what it was halved for is refused
    static_cast<void>(bool(halved.squaredNorm() < wengert::detail::theta_13 * wengert::detail::theta_13));
    matrix_exp_pade13(halved, u, v);
  }
};

}  // namespace Eigen::internal
