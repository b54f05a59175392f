// Boost.Math: interpolation, in the data and in the place; statistics of samples that are variables.
#include <wengert/boost.hpp>
// before Boost's
#include <gmock/gmock.h>

#include <boost/math/interpolators/barycentric_rational.hpp>
#include <boost/math/interpolators/cardinal_cubic_b_spline.hpp>
#include <boost/math/interpolators/cardinal_quintic_b_spline.hpp>
#include <boost/math/interpolators/catmull_rom.hpp>
#include <boost/math/interpolators/cubic_hermite.hpp>
#include <boost/math/interpolators/makima.hpp>
#include <boost/math/interpolators/pchip.hpp>
#include <boost/math/interpolators/quintic_hermite.hpp>
#include <boost/math/interpolators/whittaker_shannon.hpp>
#include <boost/math/statistics/bivariate_statistics.hpp>
#include <boost/math/statistics/linear_regression.hpp>
#include <boost/math/statistics/univariate_statistics.hpp>
#include <boost/math/tools/norms.hpp>
#include <wengert/wengert.hpp>

#include "like_numbers.hpp"

namespace {

namespace bm = boost::math;
using consumers::like_numbers;

template <class T>
std::vector<T> ordinates(const T& a, const T& b) {
  std::vector<T> y;
  for (int i = 0; i < 10; ++i) y.push_back(sin(a * T(i)) + b * T(i));
  return y;
}
template <class T>
std::vector<T> abscissae() {
  std::vector<T> x;
  for (int i = 0; i < 10; ++i) x.push_back(T(i) + T(i * i) / T(8));
  return x;
}
// Two of the data, and a place between knots.
const std::vector<std::array<double, 3>> points = {{0.7, 1.3, 2.3}, {2, 1, 4.7}};

// A value and a slope of the interpolant that `make` makes of the data, at x.
template <class Make>
void like_numbers_at(const char* name, Make make) {
  const auto f = [make](auto a, auto b, auto x) {
    const auto interpolant = make(a, b);
    return interpolant(x) + interpolant.prime(x);
  };
  like_numbers<3>(name, f, points);
}

TEST(BoostInterpolation, BySplines) {
  const auto cubic = []<class T>(T a, T b) {
    const std::vector<T> y = ordinates(a, b);
    return bm::interpolators::cardinal_cubic_b_spline<T>(y.begin(), y.end(), T(0), T(1));
  };
  like_numbers_at("cardinal_cubic_b_spline", cubic);
  const auto quintic = []<class T>(T a, T b) {
    return bm::interpolators::cardinal_quintic_b_spline<T>(ordinates(a, b), T(0), T(1), {T(0), T(0)}, {T(0), T(0)});
  };
  like_numbers_at("cardinal_quintic_b_spline", quintic);
  const auto catmull_rom = []<class T>(T a, T b, T x) {
    std::vector<std::array<T, 3>> p;
    for (int i = 0; i < 6; ++i) p.push_back({a * T(i), sin(b * T(i)), T(i * i)});
    const bm::catmull_rom<std::array<T, 3>> curve(std::move(p));
    const auto at = curve(x);
    return at[0] + at[1] * at[2];
  };
  like_numbers<3>("catmull_rom", catmull_rom, points);
}

TEST(BoostInterpolation, ByPiecesThatMeetSmoothly) {
  const auto pchip = []<class T>(T a, T b) { return bm::interpolators::pchip<std::vector<T>>(abscissae<T>(), ordinates(a, b)); };
  like_numbers_at("pchip", pchip);
  const auto makima = []<class T>(T a, T b) {
    return bm::interpolators::makima<std::vector<T>>(abscissae<T>(), ordinates(a, b));
  };
  like_numbers_at("makima", makima);
  const auto cubic = []<class T>(T a, T b) {
    return bm::interpolators::cubic_hermite<std::vector<T>>(abscissae<T>(), ordinates(a, b), ordinates(b, a));
  };
  like_numbers_at("cubic_hermite", cubic);
  const auto quintic = []<class T>(T a, T b) {
    return bm::interpolators::quintic_hermite<std::vector<T>>(abscissae<T>(), ordinates(a, b), ordinates(b, a), ordinates(b, b));
  };
  like_numbers_at("quintic_hermite", quintic);
}

TEST(BoostInterpolation, OfAllDataAtOnce) {
  const auto barycentric = []<class T>(T a, T b) { return bm::barycentric_rational<T>(abscissae<T>(), ordinates(a, b)); };
  like_numbers_at("barycentric_rational", barycentric);
  const auto whittaker = []<class T>(T a, T b) {
    return bm::interpolators::whittaker_shannon<std::vector<T>>(ordinates(a, b), T(0), T(1));
  };
  like_numbers_at("whittaker_shannon", whittaker);
}

TEST(BoostStatistics, OfVariables) {
  const std::vector<std::array<double, 4>> samples = {{0.7, 1.3, 2.3, -0.4}, {2, 1, 4.7, 3.2}};
  const auto of = [](auto f) { return [f](auto... x) { return f(std::vector<std::common_type_t<decltype(x)...>>{x...}); }; };
  const auto squares = [](auto v) {
    for (auto& x : v) x = x * x;
    return v;
  };
  namespace statistics = bm::statistics;
  like_numbers<4>("mean", of([](auto v) { return statistics::mean(v); }), samples);
  like_numbers<4>("variance", of([](auto v) { return statistics::variance(v); }), samples);
  like_numbers<4>("skewness", of([](auto v) { return statistics::skewness(v); }), samples);
  like_numbers<4>("kurtosis", of([](auto v) { return statistics::kurtosis(v); }), samples);
  like_numbers<4>("median", of([](auto v) { return statistics::median(v); }), samples);
  like_numbers<4>("median_absolute_deviation", of([](auto v) { return statistics::median_absolute_deviation(v); }), samples);
  const auto gini = [squares](auto v) {
    auto w = squares(v);
    return statistics::gini_coefficient(w);
  };
  like_numbers<4>("gini_coefficient", of(gini), samples);
  like_numbers<4>("covariance", of([squares](auto v) { return statistics::covariance(v, squares(v)); }), samples);
  like_numbers<4>("correlation", of([squares](auto v) { return statistics::correlation_coefficient(v, squares(v)); }), samples);
  const auto regression = [squares](auto v) {
    const auto [offset, slope] = statistics::simple_ordinary_least_squares(v, squares(v));
    return offset + 2 * slope;
  };
  like_numbers<4>("simple_ordinary_least_squares", of(regression), samples);
  const auto norms = [](auto v) { return bm::tools::l2_norm(v) + bm::tools::l1_norm(v) + bm::tools::sup_norm(v); };
  like_numbers<4>("norms", of(norms), samples);
  like_numbers<4>("total_variation", of([](auto v) { return bm::tools::total_variation(v); }), samples);
}

}  // namespace
