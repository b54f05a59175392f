// Boost.Math: quadrature, root finding and minimisation. What is differentiated is the integral, the root, the minimiser.
#include <wengert/boost.hpp>
// before Boost's
#include <gmock/gmock.h>

#include <boost/math/quadrature/exp_sinh.hpp>
#include <boost/math/quadrature/gauss.hpp>
#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <boost/math/quadrature/sinh_sinh.hpp>
#include <boost/math/quadrature/tanh_sinh.hpp>
#include <boost/math/quadrature/trapezoidal.hpp>
#include <boost/math/tools/minima.hpp>
#include <boost/math/tools/roots.hpp>
#include <boost/math/tools/toms748_solve.hpp>
#include <cstdint>
#include <numbers>
#include <tuple>
#include <utility>
#include <wengert/wengert.hpp>

#include "like_numbers.hpp"

namespace {

namespace bm = boost::math;
namespace tools = boost::math::tools;
namespace quadrature = boost::math::quadrature;
using consumers::like_numbers;

const std::vector<std::array<double, 2>> points = {{0.7, 1.3}, {2, 1}};

// The integral of exp(-a x) from 0 to b.
TEST(BoostQuadrature, IsDifferentiatedInTheIntegrandAndInTheLimits) {
  const auto integrand = [](auto a) { return [a](auto x) { return exp(-a * x); }; };
  const auto gauss = [&](auto a, auto b) {
    return quadrature::gauss<decltype(a), 10>::integrate(integrand(a), decltype(a)(0), b);
  };
  like_numbers<2>("gauss", gauss, points);
  const auto kronrod = [&](auto a, auto b) {
    return quadrature::gauss_kronrod<decltype(a), 15>::integrate(integrand(a), decltype(a)(0), b, 5, 1e-14);
  };
  like_numbers<2>("gauss_kronrod", kronrod, points);
  const auto tanh_sinh = [&](auto a, auto b) {
    return quadrature::tanh_sinh<decltype(a)>().integrate(integrand(a), decltype(a)(0), b);
  };
  like_numbers<2>("tanh_sinh", tanh_sinh, points);
  const auto exp_sinh = [&](auto a) { return quadrature::exp_sinh<decltype(a)>().integrate(integrand(a)); };
  like_numbers<1>("exp_sinh", exp_sinh, {{0.7}, {2}});
  const auto sinh_sinh = [](auto a) {
    return quadrature::sinh_sinh<decltype(a)>().integrate([a](auto x) { return exp(-a * x * x); });
  };
  like_numbers<1>("sinh_sinh", sinh_sinh, {{0.7}, {2}});
  const auto trapezoidal = [](auto a, auto b) {
    using T = decltype(a);
    return quadrature::trapezoidal([&](T t) { return exp(a * cos(t) + b); }, T(0), T(2 * std::numbers::pi_v<long double>));
  };
  like_numbers<2>("trapezoidal", trapezoidal, points);
}

// x^3 + a x = b, whose real root is between 0 and 3. The last step of each of these is one of Newton's kind from a point as near
// as rounding: its derivative is that of the root.
TEST(BoostRoots, AreDifferentiatedByTheirLastStep) {
  const auto newton = [](auto a, auto b) {
    using T = decltype(a);
    const auto f = [&](const T& x) { return std::pair<T, T>(x * x * x + a * x - b, 3 * x * x + a); };
    return tools::newton_raphson_iterate(f, T(1), T(0), T(3), 52);
  };
  like_numbers<2>("newton_raphson_iterate", newton, points);
  const auto halley = [](auto a, auto b) {
    using T = decltype(a);
    const auto f = [&](const T& x) { return std::tuple<T, T, T>(x * x * x + a * x - b, 3 * x * x + a, 6 * x); };
    return tools::halley_iterate(f, T(1), T(0), T(3), 52);
  };
  like_numbers<2>("halley_iterate", halley, points);
  const auto schroder = [](auto a, auto b) {
    using T = decltype(a);
    const auto f = [&](const T& x) { return std::tuple<T, T, T>(x * x * x + a * x - b, 3 * x * x + a, 6 * x); };
    return tools::schroder_iterate(f, T(1), T(0), T(3), 52);
  };
  like_numbers<2>("schroder_iterate", schroder, points);
  const auto toms748 = [](auto a, auto b) {
    using T = decltype(a);
    std::uintmax_t most = 100;
    const auto f = [&](const T& x) { return T(x * x * x + a * x - b); };
    const auto [low, high] = tools::toms748_solve(f, T(0), T(3), tools::eps_tolerance<T>(52), most);
    return (low + high) / 2;
  };
  like_numbers<2>("toms748_solve", toms748, points);
  const auto bracket = [](auto a, auto b) {
    using T = decltype(a);
    std::uintmax_t most = 100;
    const auto f = [&](const T& x) { return T(x * x * x + a * x - b); };
    const auto [low, high] = tools::bracket_and_solve_root(f, T(1), T(2), true, tools::eps_tolerance<T>(52), most);
    return (low + high) / 2;
  };
  like_numbers<2>("bracket_and_solve_root", bracket, points);
  const auto quadratic = [](auto a, auto b, auto c) {
    const auto [first, second] = tools::quadratic_roots(a, b, c);
    return first + 2 * second;
  };
  like_numbers<3>("quadratic_roots", quadratic, {{1, 3, 1}});
}

// Its iterates are numbers that do not depend on a and b. One step of Newton's on variables makes up for that.
TEST(BoostRoots, OfBisectionNeedAStepOfNewtons) {
  const auto root = [](auto a, auto b) {
    using T = decltype(a);
    std::uintmax_t most = 100;
    const auto f = [&](const T& x) { return T(x * x * x + a * x - b); };
    const auto [low, high] = tools::bisect(f, T(0), T(3), tools::eps_tolerance<T>(52), most);
    return (low + high) / 2;
  };
  wengert::Tape tape;
  const wengert::Var a = tape.variable(0.7), b = tape.variable(1.3);
  EXPECT_EQ(wengert::gradient(root(a, b)).wrt(a), 0);
  const auto with_step = [&](auto a, auto b) {
    const auto x = root(a, b);
    return x - (x * x * x + a * x - b) / (3 * x * x + a);
  };
  like_numbers<2>("bisect", with_step, points);
}

// The minimiser of (x - a)^2 + b x^4. A value near its minimum is flat: both the place and its derivative have half the digits,
// 1e-8 times the second derivative's condition. Held against the derivative of the equation 2 (x - a) + 4 b x^3 = 0.
TEST(BoostMinima, HaveHalfTheDigits) {
  for (const auto& [first, second] : points) {
    wengert::Tape tape;
    const wengert::Var a = tape.variable(first), b = tape.variable(second);
    const auto f = [&](const wengert::Var& x) { return wengert::Var((x - a) * (x - a) + b * x * x * x * x); };
    const wengert::Var least = tools::brent_find_minima(f, wengert::Var(-3), wengert::Var(3), 50).first;
    const double x = least.value(), slope = 2 + 12 * second * x * x;
    EXPECT_NEAR(2 * (x - first) + 4 * second * x * x * x, 0, 1e-7);
    EXPECT_NEAR(wengert::gradient(least).wrt(a), 2 / slope, 1e-6);
    EXPECT_NEAR(wengert::gradient(least).wrt(b), -4 * x * x * x / slope, 1e-6);
  }
}

}  // namespace
