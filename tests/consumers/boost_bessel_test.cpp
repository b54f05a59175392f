// Boost.Math: Bessel, Airy and hypergeometric functions of variables.
#include <wengert/boost.hpp>
// before Boost's
#include <gmock/gmock.h>

#include <boost/math/special_functions/airy.hpp>
#include <boost/math/special_functions/bessel.hpp>
#include <boost/math/special_functions/bessel_prime.hpp>
#include <boost/math/special_functions/hypergeometric_0F1.hpp>
#include <boost/math/special_functions/hypergeometric_1F0.hpp>
#include <boost/math/special_functions/hypergeometric_1F1.hpp>
#include <boost/math/special_functions/hypergeometric_2F0.hpp>
#include <wengert/wengert.hpp>

#include "like_numbers.hpp"

namespace {

namespace bm = boost::math;
using consumers::like_numbers;

TEST(BoostBessel, OfWholeOrder) {
  const std::vector<std::array<double, 1>> points = {{0.3}, {2.7}, {5}, {20.5}};
  like_numbers<1>("cyl_bessel_j 0", [](auto x) { return bm::cyl_bessel_j(0, x); }, points);
  like_numbers<1>("cyl_bessel_j 1", [](auto x) { return bm::cyl_bessel_j(1, x); }, points);
  like_numbers<1>("cyl_bessel_j 2", [](auto x) { return bm::cyl_bessel_j(2, x); }, points);
  like_numbers<1>("cyl_neumann 2", [](auto x) { return bm::cyl_neumann(2, x); }, points);
  like_numbers<1>("cyl_bessel_i 1", [](auto x) { return bm::cyl_bessel_i(1, x); }, points);
  like_numbers<1>("cyl_bessel_i 2", [](auto x) { return bm::cyl_bessel_i(2, x); }, points);
  like_numbers<1>("cyl_bessel_k 1", [](auto x) { return bm::cyl_bessel_k(1, x); }, points);
  like_numbers<1>("cyl_bessel_k 2", [](auto x) { return bm::cyl_bessel_k(2, x); }, points);
  like_numbers<1>("sph_bessel 2", [](auto x) { return bm::sph_bessel(2, x); }, points);
  like_numbers<1>("sph_neumann 2", [](auto x) { return bm::sph_neumann(2, x); }, points);
  like_numbers<1>("cyl_bessel_j_prime 2", [](auto x) { return bm::cyl_bessel_j_prime(2, x); }, points);
}

TEST(BoostBessel, InTheOrderToo) {
  const std::vector<std::array<double, 2>> points = {{1.3, 0.3}, {0.7, 2.7}, {2.2, 8.1}};
  like_numbers<2>("cyl_bessel_j", [](auto v, auto x) { return bm::cyl_bessel_j(v, x); }, points);
  like_numbers<2>("cyl_neumann", [](auto v, auto x) { return bm::cyl_neumann(v, x); }, points);
  like_numbers<2>("cyl_bessel_i", [](auto v, auto x) { return bm::cyl_bessel_i(v, x); }, points);
  like_numbers<2>("cyl_bessel_k", [](auto v, auto x) { return bm::cyl_bessel_k(v, x); }, points);
  like_numbers<1>("cyl_bessel_j_zero", [](auto v) { return bm::cyl_bessel_j_zero(v, 1); }, {{1.3}, {2.7}});
}

TEST(BoostBessel, AiryFunctions) {
  const std::vector<std::array<double, 1>> points = {{0.3}, {2.7}, {-1.5}};
  like_numbers<1>("airy_ai", [](auto x) { return bm::airy_ai(x); }, points);
  like_numbers<1>("airy_bi", [](auto x) { return bm::airy_bi(x); }, points);
  like_numbers<1>("airy_ai_prime", [](auto x) { return bm::airy_ai_prime(x); }, points);
}

TEST(BoostHypergeometric, InParametersToo) {
  like_numbers<2>("0F1", [](auto b, auto x) { return bm::hypergeometric_0F1(b, x); }, {{1.3, 0.3}, {0.7, 2.7}});
  like_numbers<2>("1F0", [](auto a, auto x) { return bm::hypergeometric_1F0(a, x); }, {{1.3, 0.3}, {0.7, -2.7}});
  like_numbers<2>("1F1", [](auto a, auto x) { return bm::hypergeometric_1F1(a, 2.0, x); }, {{1.3, 0.3}, {0.7, -2.7}});
  like_numbers<1>("2F0", [](auto x) { return bm::hypergeometric_2F0(-2, 2.0, x); }, {{0.3}});
}

}  // namespace
