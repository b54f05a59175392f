// Boost.Math: elliptic integrals and functions, and the small functions, of variables.
#include <wengert/boost.hpp>
// before Boost's
#include <gmock/gmock.h>

#include <boost/math/special_functions.hpp>
#include <wengert/wengert.hpp>

#include "like_numbers.hpp"

namespace {

namespace bm = boost::math;
using consumers::like_numbers;

TEST(BoostElliptic, IntegralsOfLegendre) {
  like_numbers<1>("ellint_1", [](auto k) { return bm::ellint_1(k); }, {{0.3}, {-0.7}});
  like_numbers<1>("ellint_2", [](auto k) { return bm::ellint_2(k); }, {{0.3}, {-0.7}});
  like_numbers<1>("ellint_d", [](auto k) { return bm::ellint_d(k); }, {{0.3}, {-0.7}});
  like_numbers<2>("ellint_1", [](auto k, auto phi) { return bm::ellint_1(k, phi); }, {{0.3, 0.8}, {-0.7, 2.1}});
  like_numbers<2>("ellint_2", [](auto k, auto phi) { return bm::ellint_2(k, phi); }, {{0.3, 0.8}, {-0.7, 2.1}});
  like_numbers<2>("ellint_3", [](auto k, auto n) { return bm::ellint_3(k, n); }, {{0.3, 0.8}, {-0.7, 0.1}});
  like_numbers<3>("ellint_3", [](auto k, auto n, auto phi) { return bm::ellint_3(k, n, phi); },
                  {{0.3, 0.8, 0.4}, {-0.7, 0.1, 1.2}});
  like_numbers<2>("heuman_lambda", [](auto k, auto phi) { return bm::heuman_lambda(k, phi); }, {{0.3, 0.8}, {0.7, 1.1}});
  like_numbers<2>("jacobi_zeta", [](auto k, auto phi) { return bm::jacobi_zeta(k, phi); }, {{0.3, 0.8}, {0.7, 1.1}});
}

TEST(BoostElliptic, IntegralsOfCarlson) {
  const std::vector<std::array<double, 3>> points = {{0.3, 0.8, 0.4}, {0.7, 0.1, 1.2}};
  like_numbers<3>("ellint_rf", [](auto x, auto y, auto z) { return bm::ellint_rf(x, y, z); }, points);
  like_numbers<3>("ellint_rd", [](auto x, auto y, auto z) { return bm::ellint_rd(x, y, z); }, points);
  like_numbers<3>("ellint_rg", [](auto x, auto y, auto z) { return bm::ellint_rg(x, y, z); }, points);
  like_numbers<4>("ellint_rj", [](auto x, auto y, auto z, auto p) { return bm::ellint_rj(x, y, z, p); }, {{0.3, 0.8, 0.4, 0.6}});
  like_numbers<2>("ellint_rc", [](auto x, auto y) { return bm::ellint_rc(x, y); }, {{0.3, 0.8}, {0.7, 2.1}});
}

TEST(BoostElliptic, FunctionsOfJacobi) {
  const std::vector<std::array<double, 2>> points = {{0.3, 0.8}, {0.7, 2.1}};
  like_numbers<2>("jacobi_sn", [](auto k, auto u) { return bm::jacobi_sn(k, u); }, points);
  like_numbers<2>("jacobi_cn", [](auto k, auto u) { return bm::jacobi_cn(k, u); }, points);
  like_numbers<2>("jacobi_dn", [](auto k, auto u) { return bm::jacobi_dn(k, u); }, points);
}

// At 0 too, where Boost's own shortcuts would give plain numbers.
TEST(BoostSmallFunctions, ThatTheLibraryHas) {
  like_numbers<1>("cbrt", [](auto x) { return bm::cbrt(x); }, {{0.3}, {-0.7}, {8}});
  like_numbers<1>("expm1", [](auto x) { return bm::expm1(x); }, {{0.3}, {-0.7}, {8}, {0}});
  like_numbers<1>("log1p", [](auto x) { return bm::log1p(x); }, {{0.3}, {-0.7}, {8}, {0}});
  like_numbers<1>("asinh", [](auto x) { return bm::asinh(x); }, {{0.3}, {-0.7}, {8.4}, {0}});
  like_numbers<1>("acosh", [](auto x) { return bm::acosh(x); }, {{1.3}, {8.4}});
  like_numbers<1>("atanh", [](auto x) { return bm::atanh(x); }, {{0.3}, {-0.7}, {0}});
  like_numbers<1>("sin_pi", [](auto x) { return bm::sin_pi(x); }, {{0.3}, {-0.7}, {8.4}, {1}, {0}, {0.5}, {-2.5}});
  like_numbers<1>("cos_pi", [](auto x) { return bm::cos_pi(x); }, {{0.3}, {-0.7}, {8.4}, {1}, {0}, {0.5}, {-2.5}});
  like_numbers<2>("hypot", [](auto x, auto y) { return bm::hypot(x, y); }, {{0.3, 0.2}, {1.7, -3}, {2, 2}, {0, 2}});
}

TEST(BoostSmallFunctions, OfItsOwn) {
  like_numbers<1>("sinc_pi", [](auto x) { return bm::sinc_pi(x); }, {{0.3}, {-0.7}, {0}, {1e-5}, {1e-2}});
  like_numbers<1>("sinhc_pi", [](auto x) { return bm::sinhc_pi(x); }, {{0.3}, {-0.7}, {0}, {1e-5}, {1e-2}});
  like_numbers<1>("log1pmx", [](auto x) { return bm::log1pmx(x); }, {{0.3}, {-0.7}, {8}});
  like_numbers<1>("sqrt1pm1", [](auto x) { return bm::sqrt1pm1(x); }, {{0.3}, {-0.7}, {8}});
  like_numbers<2>("powm1", [](auto x, auto y) { return bm::powm1(x, y); }, {{0.3, 0.2}, {1.7, 1e-3}});
  like_numbers<2>("owens_t", [](auto h, auto a) { return bm::owens_t(h, a); }, {{0.3, 0.2}, {1.7, -3}, {2, 2}, {0, 2}});
  like_numbers<1>("lambert_w0", [](auto x) { return bm::lambert_w0(x); }, {{0.3}, {-0.2}, {8}, {1e5}, {0}});
  like_numbers<1>("pow<5>", [](auto x) { return bm::pow<5>(x); }, {{-0.3}, {0}, {3}});
  like_numbers<1>("signs and roundings",
                  [](auto x) { return bm::copysign(x, 2.0) + bm::changesign(x) * 3 + bm::sign(x) + bm::round(x) + bm::trunc(x); },
                  {{-0.3}, {0.2}, {3.3}});
}

}  // namespace
