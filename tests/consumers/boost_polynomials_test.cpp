// Boost.Math: orthogonal polynomials, polynomials with coefficients that are variables, rational functions.
#include <wengert/boost.hpp>
// before Boost's
#include <gmock/gmock.h>

#include <boost/math/special_functions/cardinal_b_spline.hpp>
#include <boost/math/special_functions/chebyshev.hpp>
#include <boost/math/special_functions/gegenbauer.hpp>
#include <boost/math/special_functions/hermite.hpp>
#include <boost/math/special_functions/jacobi.hpp>
#include <boost/math/special_functions/laguerre.hpp>
#include <boost/math/special_functions/legendre.hpp>
#include <boost/math/special_functions/spherical_harmonic.hpp>
#include <boost/math/tools/polynomial.hpp>
#include <boost/math/tools/rational.hpp>
#include <wengert/wengert.hpp>

#include "like_numbers.hpp"

namespace {

namespace bm = boost::math;
using consumers::like_numbers;

TEST(BoostPolynomials, Orthogonal) {
  const std::vector<std::array<double, 1>> points = {{0.3}, {-0.7}, {0}};
  like_numbers<1>("legendre_p", [](auto x) { return bm::legendre_p(4, x); }, points);
  like_numbers<1>("legendre_p 4, 2", [](auto x) { return bm::legendre_p(4, 2, x); }, points);
  like_numbers<1>("legendre_p_prime", [](auto x) { return bm::legendre_p_prime(4, x); }, points);
  like_numbers<1>("legendre_q", [](auto x) { return bm::legendre_q(4, x); }, points);
  like_numbers<1>("laguerre", [](auto x) { return bm::laguerre(4, x); }, points);
  like_numbers<1>("laguerre 4, 2", [](auto x) { return bm::laguerre(4, 2, x); }, points);
  like_numbers<1>("hermite", [](auto x) { return bm::hermite(4, x); }, points);
  like_numbers<1>("chebyshev_t", [](auto x) { return bm::chebyshev_t(4, x); }, {{0.3}, {-0.7}, {0}, {1.5}});
  like_numbers<1>("chebyshev_u", [](auto x) { return bm::chebyshev_u(4, x); }, points);
  like_numbers<1>("chebyshev_t_prime", [](auto x) { return bm::chebyshev_t_prime(4, x); }, points);
  like_numbers<2>("gegenbauer", [](auto l, auto x) { return bm::gegenbauer(4, l, x); }, {{1.5, 0.3}, {1, -0.7}});
  like_numbers<3>("jacobi", [](auto a, auto b, auto x) { return bm::jacobi(4, a, b, x); }, {{1.5, 0.3, 0.3}, {1, 1.2, -0.7}});
  const std::vector<std::array<double, 2>> angles = {{0.3, 0.8}, {1.5, -2}};
  like_numbers<2>("spherical_harmonic_r", [](auto x, auto y) { return bm::spherical_harmonic_r(3, 2, x, y); }, angles);
  like_numbers<2>("spherical_harmonic_i", [](auto x, auto y) { return bm::spherical_harmonic_i(3, 2, x, y); }, angles);
}

TEST(BoostPolynomials, Splines) {
  const std::vector<std::array<double, 1>> points = {{0.3}, {-0.7}, {1.7}};
  like_numbers<1>("cardinal_b_spline", [](auto x) { return bm::cardinal_b_spline<3>(x); }, points);
  like_numbers<1>("cardinal_b_spline_prime", [](auto x) { return bm::cardinal_b_spline_prime<3>(x); }, points);
}

TEST(BoostPolynomials, WithCoefficientsThatAreVariables) {
  const std::vector<std::array<double, 3>> points = {{1.5, 0.3, 0.3}, {1, 1.2, -0.7}, {1, 2, 3}};
  const auto at = [](auto a, auto b, auto x) {
    using T = decltype(x);
    const T c[] = {a, b, a * b, 1}, d[] = {b, b, a * b, 2};
    return bm::tools::evaluate_polynomial(c, x) + bm::tools::evaluate_rational(c, d, x);
  };
  like_numbers<3>("evaluate", at, points);
  const auto arithmetic = [](auto a, auto b, auto x) {
    using T = decltype(x);
    const bm::tools::polynomial<T> p{{a, b, T(2)}}, q{{T(1), a}};
    auto r = p * q + p * T(3) - q;
    r += p;
    return (r / q)(x) + (p % q)(x) + pow(p, 2)(x) + r.prime()(x) + p.integrate()(x);
  };
  like_numbers<3>("arithmetic", arithmetic, points);
}

}  // namespace
