// Boost.Math: gamma, beta, error, zeta and exponential integral functions of variables.
#include <wengert/boost.hpp>
// before Boost's
#include <gmock/gmock.h>

#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/erf.hpp>
#include <boost/math/special_functions/expint.hpp>
#include <boost/math/special_functions/factorials.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/polygamma.hpp>
#include <boost/math/special_functions/trigamma.hpp>
#include <boost/math/special_functions/zeta.hpp>
#include <wengert/wengert.hpp>

#include "like_numbers.hpp"

namespace {

namespace bm = boost::math;
using consumers::like_numbers;

TEST(BoostGamma, AndItsLogarithmAndItsDerivatives) {
  like_numbers<1>("tgamma", [](auto x) { return bm::tgamma(x); }, {{0.3}, {2.7}, {-1.4}, {20.5}});
  like_numbers<1>("lgamma", [](auto x) { return bm::lgamma(x); }, {{0.3}, {1.2}, {2.7}, {-1.4}, {20.5}, {1e5}});
  like_numbers<1>("tgamma1pm1", [](auto x) { return bm::tgamma1pm1(x); }, {{0.3}, {-0.2}, {1e-9}, {0}, {1}});
  like_numbers<1>("digamma", [](auto x) { return bm::digamma(x); }, {{0.3}, {1.2}, {2.7}, {-1.4}, {20.5}});
  like_numbers<1>("trigamma", [](auto x) { return bm::trigamma(x); }, {{0.3}, {1.2}, {2.7}, {-1.4}, {20.5}});
  like_numbers<1>("polygamma", [](auto x) { return bm::polygamma(3, x); }, {{0.3}, {1.2}, {2.7}, {20.5}});
  like_numbers<2>("tgamma_ratio", [](auto x, auto y) { return bm::tgamma_ratio(x, y); }, {{2.3, 4.1}, {20.5, 18.1}});
  like_numbers<2>("tgamma_delta_ratio", [](auto x, auto y) { return bm::tgamma_delta_ratio(x, y); },
                  {{2.3, 1.1}, {20.5, 0.3}, {2, 3}, {2.5, 1}});
  like_numbers<1>("falling_factorial", [](auto x) { return bm::falling_factorial(x, 3); }, {{0.3}, {4.7}, {5}});
  like_numbers<1>("rising_factorial", [](auto x) { return bm::rising_factorial(x, 3); }, {{0.3}, {4.7}, {2}});
}

// In both arguments: the parameter's derivative is that of the series and fractions that Boost sums.
TEST(BoostGamma, IncompleteInBothArguments) {
  const std::vector<std::array<double, 2>> points = {{2.3, 1.1}, {2.6, 3.2}, {30.2, 28.5}, {0.3, 0.2}, {200.1, 210}};
  like_numbers<2>("gamma_p", [](auto a, auto x) { return bm::gamma_p(a, x); }, points);
  like_numbers<2>("gamma_q", [](auto a, auto x) { return bm::gamma_q(a, x); }, points);
  like_numbers<2>("gamma_p_derivative", [](auto a, auto x) { return bm::gamma_p_derivative(a, x); }, points);
  like_numbers<2>("tgamma(a, x)", [](auto a, auto x) { return bm::tgamma(a, x); }, {{2.3, 1.1}, {2.6, 3.2}, {0.3, 0.2}});
  like_numbers<2>("gamma_p_inv", [](auto a, auto p) { return bm::gamma_p_inv(a, p); }, {{2.3, 0.4}, {30.2, 0.7}, {2, 0.25}});
  like_numbers<2>("gamma_p_inva", [](auto x, auto p) { return bm::gamma_p_inva(x, p); }, {{2.3, 0.4}});
  like_numbers<2>("mixed with a number", [](auto a, auto x) { return bm::gamma_p(a, 1.5) + bm::gamma_q(2.25f, x); },
                  {{2.3, 1.1}});
}

// Where Boost's own finite sums do without the parameter, and in tails of which the difference from 1 has no digits.
TEST(BoostGamma, IncompleteAtWholeNumbersAndInTheTails) {
  const std::vector<std::array<double, 2>> points = {{3, 2}, {2.5, 3.2}, {1, 1}, {0.5, 0.75}, {12, 10}};
  like_numbers<2>("gamma_p", [](auto a, auto x) { return bm::gamma_p(a, x); }, points);
  like_numbers<2>("gamma_q", [](auto a, auto x) { return bm::gamma_q(a, x); }, points);
  like_numbers<2>("tgamma(a, x)", [](auto a, auto x) { return bm::tgamma(a, x); }, points);
  like_numbers<2>("tgamma_lower", [](auto a, auto x) { return bm::tgamma_lower(a, x); }, points);
  // relative to a value of 1e-35
  like_numbers<2>("log gamma_q",
                  [](auto a, auto x) {
                    using std::log;
                    return log(bm::gamma_q(a, x));
                  },
                  {{4.5, 100}});
  like_numbers<3>("ibeta", [](auto a, auto b, auto x) { return bm::ibeta(a, b, x); }, {{2, 3, 0.3}, {1, 4, 0.6}});
  like_numbers<3>("beta(a, b, x)", [](auto a, auto b, auto x) { return bm::beta(a, b, x); }, {{2, 3, 0.3}, {2.5, 0.7, 0.6}});
  like_numbers<3>("betac", [](auto a, auto b, auto x) { return bm::betac(a, b, x); }, {{2, 3, 0.3}, {2.5, 0.7, 0.6}});
}

// One node each, with a policy or without: ours and no sum of Boost's.
TEST(BoostGamma, FunctionsOfTheTableAreOneNode) {
  const bm::policies::policy<> policy;
  wengert::Tape tape;
  const wengert::Var x = tape.variable(0.3), y = tape.variable(1.7);
  const auto nodes = [&](auto f) {
    const auto before = tape.size();
    f();
    return tape.size() - before;
  };
  EXPECT_EQ(nodes([&] { bm::tgamma(x), bm::tgamma(x, policy), bm::lgamma(x), bm::lgamma(x, policy); }), 4);
  EXPECT_EQ(nodes([&] { bm::digamma(x), bm::digamma(x, policy), bm::trigamma(x), bm::trigamma(x, policy); }), 4);
  EXPECT_EQ(nodes([&] { bm::polygamma(3, x), bm::polygamma(3, x, policy); }), 2);
  EXPECT_EQ(nodes([&] { bm::erf(x), bm::erfc(x, policy), bm::erf_inv(x), bm::erfc_inv(x, policy); }), 4);
  EXPECT_EQ(nodes([&] { bm::beta(x, y), bm::beta(x, 2, policy), bm::beta(2.0, x); }), 3);
  EXPECT_EQ(nodes([&] { bm::gamma_p(x, y), bm::gamma_p(2, x, policy), bm::gamma_q(x, 2.f), bm::gamma_q(x, y, policy); }), 4);
  EXPECT_EQ(nodes([&] { bm::gamma_p_derivative(x, y), bm::gamma_p_derivative(x, 2, policy); }), 2);
  EXPECT_EQ(nodes([&] { bm::ibeta(y, y, x), bm::ibeta(2, 3, x, policy), bm::ibetac(y, 2, x), bm::ibetac(y, y, 0.5, policy); }),
            4);
  EXPECT_EQ(nodes([&] { bm::ibeta_derivative(y, y, x), bm::ibeta_derivative(y, 2, x, policy); }), 2);
}

TEST(BoostBeta, CompleteAndIncompleteInEveryArgument) {
  like_numbers<2>("beta", [](auto a, auto b) { return bm::beta(a, b); }, {{2.3, 1.1}, {2.5, 3.2}, {30.25, 28.5}, {0.3, 0.2}});
  const std::vector<std::array<double, 3>> points = {{2.3, 1.1, 0.4}, {2.5, 3.2, 0.3}, {30.25, 28.5, 0.6}, {0.3, 0.2, 0.7}};
  like_numbers<3>("ibeta", [](auto a, auto b, auto x) { return bm::ibeta(a, b, x); }, points);
  like_numbers<3>("ibetac", [](auto a, auto b, auto x) { return bm::ibetac(a, b, x); }, points);
  like_numbers<3>("ibeta_derivative", [](auto a, auto b, auto x) { return bm::ibeta_derivative(a, b, x); }, points);
  like_numbers<3>("ibeta_inv", [](auto a, auto b, auto p) { return bm::ibeta_inv(a, b, p); }, points);
  const auto other = [](auto a, auto b, auto p) {
    std::common_type_t<decltype(a), decltype(b), decltype(p)> y;
    const auto x = bm::ibetac_inv(a, b, p, &y);
    return x * y;
  };
  like_numbers<3>("ibetac_inv", other, {{2.3, 1.1, 0.4}, {2, 3, 0.75}, {1, 1, 0.25}});
}

TEST(BoostErf, AndItsInverse) {
  like_numbers<1>("erf", [](auto x) { return bm::erf(x); }, {{0}, {0.3}, {1.2}, {2.7}, {-1.4}, {5}});
  like_numbers<1>("erfc", [](auto x) { return bm::erfc(x); }, {{0}, {0.3}, {1.2}, {2.7}, {-1.4}, {5}});
  like_numbers<1>("erf_inv", [](auto x) { return bm::erf_inv(x); }, {{0.3}, {0.7}, {-0.4}, {0.9375}});
  like_numbers<1>("erfc_inv", [](auto x) { return bm::erfc_inv(x); }, {{0.3}, {1.2}, {0.01}});
}

TEST(BoostZeta, AndExponentialIntegrals) {
  like_numbers<1>("zeta", [](auto x) { return bm::zeta(x); }, {{0.3}, {1.2}, {2.7}, {-1.4}, {20.5}});
  like_numbers<1>("expint", [](auto x) { return bm::expint(x); }, {{0.3}, {1.2}, {2.7}, {-1.4}, {20}, {50}});
  like_numbers<1>("expint of order 2", [](auto x) { return bm::expint(2, x); }, {{0.3}, {1.2}, {2.7}, {20}});
}

}  // namespace
