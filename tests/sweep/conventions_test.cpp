// One test for each row of autodiff/CONVENTIONS.md, and a test that the page and this file name the same rows.
#include <fmt/core.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "wengert/cmath.hpp"
#include "wengert/error.hpp"
#include "wengert/function.hpp"
#include "wengert/special.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace wengert;
using testing::ElementsAre;
using testing::NanSensitiveDoubleEq;

using Variables = const std::vector<Var>&;
using Point = std::vector<double>;
using Program = std::function<Var(Variables)>;  // one type for all of them: what records is compiled once

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

struct Outcome {
  double value;
  std::vector<double> gradient;
};

/// Derivatives of a recorded function in forward mode: one sweep of tangents for each input.
std::vector<double> tangents(const Function& f, const Point& x) {
  std::vector<double> result;
  for (std::size_t k = 0; k < x.size(); ++k) {
    std::vector<Dual<double>> point(x.begin(), x.end());
    point[k].tangent = 1;
    result.push_back(forward_sweep<Dual<double>>(f.tape(), point)[f.dependents()[0]].tangent);
  }
  return result;
}

enum class ForwardMode { agrees, differs };

/// Value and gradient of f at x, the same in every way of running: recorded there, replayed from a recording made elsewhere, as a
/// recorded gradient that is replayed, and in forward mode unless that is said to differ.
Outcome outcome(const Program& f, const Point& x, ForwardMode forward_mode) {
  Tape tape;
  std::vector<Var> variables;
  for (const double number : x) variables.push_back(tape.variable(number));
  const Var y = f(variables);
  const Outcome result{y.value(), gradient(y).wrt(variables)};

  const auto same = [](const std::vector<double>& numbers) {
    return testing::Pointwise(testing::NanSensitiveDoubleEq(), numbers);
  };
  Point elsewhere;
  for (std::size_t k = 0; k < x.size(); ++k) elsewhere.push_back(0.5 + 0.25 * static_cast<double>(k));
  const Function recorded = record(f, elsewhere);
  EXPECT_THAT(std::vector{recorded(x)}, same({result.value})) << "replayed";
  EXPECT_THAT(recorded.gradient(x), same(result.gradient)) << "replayed";
  const auto outputs = recorded.derivative().values(x);
  EXPECT_THAT(std::vector(outputs.begin() + 1, outputs.end()), same(result.gradient)) << "recorded gradient";
  if (forward_mode == ForwardMode::agrees) {
    EXPECT_THAT(tangents(recorded, x), same(result.gradient)) << "forward mode";
  }
  return result;
}

/// Expects a value and a gradient, to 4 ulps; NaN where NaN is written, and the sign of infinities.
void expect(const Program& f, const Point& x, double value, const std::vector<double>& gradient,
            ForwardMode forward_mode = ForwardMode::agrees) {
  const Outcome got = outcome(f, x, forward_mode);
  EXPECT_THAT(got.value, NanSensitiveDoubleEq(value)) << "value at " << testing::PrintToString(x);
  EXPECT_THAT(got.gradient, testing::Pointwise(NanSensitiveDoubleEq(), gradient)) << "gradient at " << testing::PrintToString(x);
}

/// The Hessian, forward over reverse and by differentiating the recorded gradient, row by row.
void expect_hessian(const Program& f, const Point& x, const std::vector<double>& hessian) {
  Point elsewhere;
  for (std::size_t k = 0; k < x.size(); ++k) elsewhere.push_back(0.5 + 0.25 * static_cast<double>(k));
  const Function recorded = record(f, elsewhere);
  EXPECT_THAT(recorded.hessian(x).data, testing::Pointwise(NanSensitiveDoubleEq(), hessian)) << "forward over reverse";
  const DenseMatrix twice = recorded.derivative().jacobian(x);  // the first row is the gradient
  EXPECT_THAT(std::vector(twice.data.begin() + static_cast<long>(x.size()), twice.data.end()),
              testing::Pointwise(NanSensitiveDoubleEq(), hessian))
      << "gradient of the gradient";
}

const double pi = 4 * std::atan(1);

#define OF_X(expression)    \
  [](Variables v) {         \
    const Var x = v[0];     \
    return Var(expression); \
  }
#define OF_XY(expression)         \
  [](Variables v) {               \
    const Var x = v[0], y = v[1]; \
    return Var(expression);       \
  }

#define OF_XYZ(expression)                  \
  [](Variables v) {                         \
    const Var x = v[0], y = v[1], z = v[2]; \
    return Var(expression);                 \
  }

// -- kinks and ties

TEST(Conventions, AbsIsFlatAtZero) {
  expect(OF_X(abs(x)), {0.0}, 0, {0});
  expect(OF_X(abs(x)), {-0.0}, 0, {0});
  expect_hessian(OF_X(abs(x)), {0.0}, {0});
}

TEST(Conventions, ATieOfMinOrMaxGivesEachSideOneHalf) {
  expect(OF_XY(max(x, y)), {3, 3}, 3, {0.5, 0.5});
  expect(OF_XY(min(x, y)), {3, 3}, 3, {0.5, 0.5});
  expect(OF_XY(max(x, y)), {0.0, -0.0}, 0, {0.5, 0.5});
  expect(OF_XY(max(x, y)), {infinity, infinity}, infinity, {0.5, 0.5});
  expect(OF_X(max(x, 0)), {0.0}, 0, {0.5});
  expect(OF_X(max(x, x)), {3}, 3, {1});
}

TEST(Conventions, MinAndMaxPassNaNOn) {
  for (const Point& x : {Point{not_a_number, 1}, Point{1, not_a_number}, Point{not_a_number, not_a_number}}) {
    expect(OF_XY(max(x, y)), x, not_a_number, {not_a_number, not_a_number});
    expect(OF_XY(min(x, y)), x, not_a_number, {not_a_number, not_a_number});
  }
}

TEST(Conventions, HypotIsFlatAtTheOrigin) {
  expect(OF_XY(hypot(x, y)), {0.0, 0.0}, 0, {0, 0});
  expect_hessian(OF_XY(hypot(x, y)), {0.0, 0.0}, {0, 0, 0, 0});
}

TEST(Conventions, RoundingsAreFlatEvenWhereTheyJump) {
  for (const double x : {2.0, 2.5, -1.0, 0.0, 0.3, infinity}) {
    expect(OF_X(floor(x)), {x}, std::floor(x), {0});
    expect(OF_X(ceil(x)), {x}, std::ceil(x), {0});
    expect(OF_X(round(x)), {x}, std::round(x), {0});
    expect(OF_X(trunc(x)), {x}, std::trunc(x), {0});
  }
  expect(OF_X(floor(x)), {not_a_number}, not_a_number, {0});
}

TEST(Conventions, ComparisonsAreFlatAndFalseForNaN) {
  expect(OF_XY(is_less(x, y)), {1, 2}, 1, {0, 0});
  expect(OF_XY(is_less(x, y)), {2, 2}, 0, {0, 0});
  expect(OF_XY(is_less_equal(x, y)), {2, 2}, 1, {0, 0});
  expect(OF_XY(is_equal(x, y)), {2, 2}, 1, {0, 0});
  expect(OF_XY(is_less(x, y)), {not_a_number, 2}, 0, {0, 0});
  expect(OF_XY(is_less_equal(x, y)), {not_a_number, 2}, 0, {0, 0});
  expect(OF_XY(is_equal(x, y)), {not_a_number, not_a_number}, 0, {0, 0});
}

// -- ends of domains

TEST(Conventions, SqrtIsVerticalAtZeroAndNaNBelow) {
  expect(OF_X(sqrt(x)), {0.0}, 0, {infinity});
  expect(OF_X(sqrt(x)), {-1}, not_a_number, {not_a_number});
}

TEST(Conventions, CbrtIsVerticalAtZero) {
  expect(OF_X(cbrt(x)), {0.0}, 0, {infinity});
  expect(OF_X(cbrt(x)), {-0.0}, 0, {infinity});
}

TEST(Conventions, LogarithmsAreVerticalAtTheEndAndNaNBeyond) {
  expect(OF_X(log(x)), {0.0}, -infinity, {infinity});
  expect(OF_X(log2(x)), {0.0}, -infinity, {infinity});
  expect(OF_X(log10(x)), {0.0}, -infinity, {infinity});
  expect(OF_X(log1p(x)), {-1}, -infinity, {infinity});
  expect(OF_X(log(x)), {-1}, not_a_number, {not_a_number});
  expect(OF_X(log2(x)), {-1}, not_a_number, {not_a_number});
  expect(OF_X(log10(x)), {-1}, not_a_number, {not_a_number});
  expect(OF_X(log1p(x)), {-2}, not_a_number, {not_a_number});
}

TEST(Conventions, AsinAndAcosAreVerticalAtOneAndNaNBeyond) {
  for (const double x : {1.0, -1.0}) {
    expect(OF_X(asin(x)), {x}, x * pi / 2, {infinity});
    expect(OF_X(acos(x)), {x}, x > 0 ? 0 : pi, {-infinity});
  }
  for (const double x : {1.5, -1.5, infinity}) {
    expect(OF_X(asin(x)), {x}, not_a_number, {not_a_number});
    expect(OF_X(acos(x)), {x}, not_a_number, {not_a_number});
  }
}

TEST(Conventions, AcoshIsVerticalAtOneAndNaNBelow) {
  expect(OF_X(acosh(x)), {1}, 0, {infinity});
  for (const double x : {0.5, -1.0, -2.0, -infinity}) expect(OF_X(acosh(x)), {x}, not_a_number, {not_a_number});
}

TEST(Conventions, AtanhIsVerticalAtOneAndNaNBeyond) {
  expect(OF_X(atanh(x)), {1}, infinity, {infinity});
  expect(OF_X(atanh(x)), {-1}, -infinity, {infinity});
  for (const double x : {1.5, -1.5, infinity}) expect(OF_X(atanh(x)), {x}, not_a_number, {not_a_number});
}

TEST(Conventions, Atan2HasNoDerivativeAtTheOrigin) { expect(OF_XY(atan2(x, y)), {0.0, 0.0}, 0, {not_a_number, not_a_number}); }

TEST(Conventions, Atan2IsSmoothAcrossItsCut) {
  expect(OF_XY(atan2(x, y)), {0.0, -1}, pi, {-1, 0});
  expect(OF_XY(atan2(x, y)), {-0.0, -1}, -pi, {-1, 0});
}

TEST(Conventions, InversesOfErfAreVerticalAtTheEndsAndNaNBeyond) {
  for (const double x : {1.0, -1.0}) expect(OF_X(erfinv(x)), {x}, x * infinity, {infinity});
  expect(OF_X(erfcinv(x)), {0.0}, infinity, {-infinity});
  expect(OF_X(erfcinv(x)), {2}, -infinity, {-infinity});
  for (const double x : {1.5, -1.5, infinity}) expect(OF_X(erfinv(x)), {x}, not_a_number, {not_a_number});
  for (const double x : {-0.5, 2.5, infinity}) expect(OF_X(erfcinv(x)), {x}, not_a_number, {not_a_number});
}

TEST(Conventions, GammaFunctionsHaveNoDerivativeAtTheirPoles) {
  for (const double x : {-1.0, -2.0, -30.0}) {
    expect(OF_X(lgamma(x)), {x}, infinity, {not_a_number});
    expect(OF_X(tgamma(x)), {x}, not_a_number, {not_a_number});
    expect(OF_X(polygamma(0, x)), {x}, not_a_number, {not_a_number});
    expect(OF_X(polygamma(2, x)), {x}, not_a_number, {not_a_number});
  }
  expect(OF_X(lgamma(x)), {0.0}, infinity, {not_a_number});
  expect(OF_X(tgamma(x)), {0.0}, infinity, {not_a_number});
  expect(OF_X(tgamma(x)), {-0.0}, -infinity, {not_a_number});
}

TEST(Conventions, PolygammaIsFlatInItsOrderWhichIsRoundedDown) {
  const double pi_squared = pi * pi;
  expect(OF_XY(polygamma(x, y)), {1, 1}, pi_squared / 6, {0, -2 * 1.2020569031595942});  // zeta(2), zeta(3): DLMF 25.6.1, 25.4
  expect(OF_XY(polygamma(x, y)), {1.75, 1}, pi_squared / 6, {0, -2 * 1.2020569031595942});
  for (const double n : {-1.0, 101.0, not_a_number}) expect(OF_XY(polygamma(x, y)), {n, 1}, not_a_number, {0, not_a_number});
}

// (1 - e^-x)' = e^-x, and the density x^(a - 1) e^-x / gamma(a) is infinite, 1 or 0 at 0.
TEST(Conventions, IncompleteGammaHasTheLimitsFromAboveAtZero) {
  for (const auto& [a, slope] : {std::pair(0.5, infinity), std::pair(1.0, 1.0), std::pair(1.5, 0.0), std::pair(1e12, 0.0)}) {
    expect(OF_XY(gamma_p(x, y)), {a, 0.0}, 0, {0, slope});
    expect(OF_XY(gamma_q(x, y)), {a, 0.0}, 1, {0, -slope});
  }
  // the second derivatives of 1 - e^-x, of 1 - (1 + x) e^-x and of a power between the two; in a and x the logarithm
  expect_hessian(OF_XY(gamma_p(x, y)), {1, 0.0}, {0, -infinity, -infinity, -1});
  expect_hessian(OF_XY(gamma_p(x, y)), {2, 0.0}, {0, 0, 0, 1});
  expect_hessian(OF_XY(gamma_p(x, y)), {1.5, 0.0}, {0, 0, 0, infinity});
  expect_hessian(OF_XY(gamma_p(x, y)), {3, 0.0}, {0, 0, 0, 0});
}

TEST(Conventions, IncompleteGammaIsFlatAtInfinityAndNaNOutsideItsDomain) {
  for (const double a : {1e-12, 0.5, 3.0, 1e12}) {
    expect(OF_XY(gamma_p(x, y)), {a, infinity}, 1, {0, 0});
    expect(OF_XY(gamma_q(x, y)), {a, infinity}, 0, {0, 0});
    expect(OF_XY(gamma_p(x, y)), {infinity, a}, 0, {0, 0});
  }
  expect(OF_XY(gamma_p(x, y)), {infinity, infinity}, not_a_number, {not_a_number, not_a_number});
  for (const Point& at : {Point{0.0, 1}, Point{-1, 1}, Point{1, -1e-300}, Point{not_a_number, 1}, Point{1, not_a_number}})
    expect(OF_XY(gamma_q(x, y)), at, not_a_number, {not_a_number, not_a_number});
}

// As a -> 0, Q is a E1(x), and E1(1) is 0.21938393439552028 (DLMF 6.2.2, and Abramowitz and Stegun's table 5.1); for large a, P
// at a is 1/2 + 1 / (3 sqrt(2 pi a)), and its slopes there are -+ the density 1 / sqrt(2 pi a) (DLMF 8.11.12).
TEST(Conventions, IncompleteGammaKeepsItsDigitsAtTinyAndLargeParameters) {
  expect(OF_XY(gamma_q(x, y)), {1e-30, 1}, 0.21938393439552028e-30, {0.21938393439552028, -1e-30 * std::exp(-1)});
  const double density = 1 / std::sqrt(2 * pi * 1e20);
  expect(OF_XY(gamma_p(x, y)), {1e20, 1e20}, 0.5 + density / 3, {-density, density});
}

// I_x(a, 1) = x^a and I_x(1, b) = 1 - (1 - x)^b.
TEST(Conventions, IncompleteBetaHasTheLimitsFromWithinAtItsEnds) {
  for (const auto& [a, slope] : {std::pair(0.5, infinity), std::pair(1.0, 3.0), std::pair(1.5, 0.0), std::pair(1e12, 0.0)}) {
    expect(OF_XYZ(ibeta(x, y, z)), {a, 3, 0.0}, 0, {0, 0, slope});
    expect(OF_XYZ(ibeta(x, y, z)), {3, a, 1}, 1, {0, 0, slope});
    expect(OF_XYZ(ibetac(x, y, z)), {a, 3, 0.0}, 1, {0, 0, -slope});
    expect(OF_XYZ(ibetac(x, y, z)), {3, a, 1}, 0, {0, 0, -slope});
  }
}

TEST(Conventions, IncompleteBetaHasNoSecondDerivativeInXAtItsEnds) {
  const double none = not_a_number;
  expect_hessian(OF_X(ibeta(2.5, 3, x)), {0.0}, {none});
  expect_hessian(OF_X(ibeta(2.5, 3, x)), {1}, {none});
}

TEST(Conventions, IncompleteBetaIsNaNOutsideItsDomain) {
  const Point nans(3, not_a_number);
  for (const Point& at : {Point{0.0, 1, 0.5}, Point{1, 0.0, 0.5}, Point{-1, 1, 0.5}, Point{1, 1, -1e-300}, Point{1, 1, 1 + 1e-15},
                          Point{infinity, infinity, 0.5}, Point{1, not_a_number, 0.5}, Point{1e-300, 1, 0.5},
                          Point{1, 1e-291, 0.5}, Point{1e291, 1e251, 0.5}, Point{1e251, 1e291, 0.5}, Point{2, 3, 1.5}})
    expect(OF_XYZ(ibeta(x, y, z)), at, not_a_number, nans);
  expect(OF_XYZ(ibeta(x, y, z)), {1e291, 1e249, 0.5}, 0, {0, 0, 0});  // beside what is not so large, as good as infinite
  expect(OF_XYZ(ibeta(x, y, z)), {infinity, 2, 0.5}, 0, {0, 0, 0});
  expect(OF_XYZ(ibeta(x, y, z)), {2, infinity, 0.5}, 1, {0, 0, 0});
}

// I_x(a, 1) = x^a: its slopes are x^a log x and a x^(a - 1), which for a = 10^-12 and 10^12 are known; that in b is left out.
TEST(Conventions, IncompleteBetaKeepsItsDigitsAtTinyAndLargeParameters) {
  expect(OF_XY(ibeta(x, 1, y)), {1e-30, 0.5}, 1, {-std::log(2), 2e-30});
  expect(OF_XY(ibeta(x, 1, y)), {1e12, 1 - 0x1p-40}, std::exp(1e12 * std::log1p(-0x1p-40)),
         {std::exp(1e12 * std::log1p(-0x1p-40)) * std::log1p(-0x1p-40), 1e12 * std::exp((1e12 - 1) * std::log1p(-0x1p-40))});
}

TEST(Conventions, IncompleteBetaHasNoThirdDerivativesInItsParameters) {
  const Function twice = record([](Var a) { return ibeta(a, 2, 0.5); }, 1.5).derivative().derivative();
  const std::vector<double> at = {1.25};
  EXPECT_TRUE(std::isfinite(twice.values(at).back()));
  EXPECT_TRUE(std::isnan(twice.jacobian(at).data.back()));
}

TEST(Conventions, BetaIsZeroAtInfinityAndNaNOutsideItsDomain) {
  expect(OF_XY(beta(x, y)), {infinity, 1}, 0, {0, 0});
  for (const Point& at : {Point{0.0, 1}, Point{-0.5, 1}, Point{1, -2}, Point{not_a_number, 1}})
    expect(OF_XY(beta(x, y)), at, not_a_number, {not_a_number, not_a_number});
}

TEST(Conventions, HalfTurnsAreExactAtWholeNumbersAndHalves) {
  for (const double n : {0.0, 1.0, -1.0, 2.0, 7.0, 1e15, -1e15, 1e300}) {
    const double sign = std::fmod(n, 2) == 0 ? 1 : -1;
    expect(OF_X(sinpi(x)), {n}, 0 * sign, {sign * pi});
    expect(OF_X(cospi(x)), {n}, sign, {0});
    expect(OF_X(tanpi(x)), {n}, 0, {pi});
    expect_hessian(OF_X(cospi(x)), {n}, {-sign * pi * pi});
    if (std::abs(n) > 1e15) continue;
    expect(OF_X(sinpi(x)), {n + 0.5}, sign, {0});
    expect(OF_X(cospi(x)), {n + 0.5}, 0, {-sign * pi});
    expect_hessian(OF_X(sinpi(x)), {n + 0.5}, {-sign * pi * pi});
  }
  for (const double x : {infinity, -infinity, not_a_number}) {
    expect(OF_X(sinpi(x)), {x}, not_a_number, {not_a_number});
    expect(OF_X(cospi(x)), {x}, not_a_number, {not_a_number});
    expect(OF_X(tanpi(x)), {x}, not_a_number, {not_a_number});
  }
}

TEST(Conventions, TanpiHasPolesAtHalves) {
  for (const double x : {0.5, -0.5, 1.5, 1e15 + 0.5}) {
    Tape tape;
    const Var v = tape.variable(x), y = tanpi(v);
    EXPECT_TRUE(std::isinf(y.value())) << x;
    EXPECT_EQ(gradient(y).wrt(v), infinity) << x;
  }
}

TEST(Conventions, RemquoIsRemainderAndItsQuotientLeavesTheTape) {
  for (const auto& [a, b] :
       {std::pair(7.3, 2.0), std::pair(-7.3, 2.0), std::pair(6.0, -2.5), std::pair(29.0, 3.0), std::pair(-0.75, 1.5)}) {
    Tape tape;
    const Var x = tape.variable(a), y = tape.variable(b);
    int quotient = 0, expected = 0;
    const Var r = remquo(x, y, &quotient);
    EXPECT_EQ(r.value(), std::remquo(a, b, &expected));
    EXPECT_EQ(quotient, expected % 8);
    EXPECT_EQ(gradient(r).wrt(x), 1);
    EXPECT_EQ(gradient(r).wrt(y), -std::nearbyint((a - r.value()) / b));
  }
  const Function f = record(
      [](Var x, Var y) {
        int quotient;
        const Var rest = remquo(x, y, &quotient);
        return rest + quotient * x;
      },
      7.3, 2.0);
  EXPECT_DOUBLE_EQ(f(7.5, 2.0), std::remainder(7.5, 2.0) + 4 * 7.5);
  EXPECT_THROW(f(9.3, 2.0), BranchChanged);
}

// -- powers

TEST(Conventions, PowAtBaseZeroHasTheLimitFromAbove) {
  expect(OF_XY(pow(x, y)), {0.0, 1}, 0, {1, 0});
  expect(OF_XY(pow(x, y)), {0.0, 2}, 0, {0, 0});
  expect(OF_XY(pow(x, y)), {0.0, 3}, 0, {0, 0});
  expect(OF_XY(pow(x, y)), {0.0, 0.5}, 0, {infinity, 0});
  expect(OF_XY(pow(x, y)), {0.0, -1}, infinity, {-infinity, -infinity});
  expect(OF_X(pow(x, 1)), {0.0}, 0, {1});
  expect(OF_X(pow(x, 2)), {0.0}, 0, {0});
  expect_hessian(OF_X(pow(x, 2)), {0.0}, {2});
}

TEST(Conventions, PowAtBaseZeroHasTheLimitsOfItsSecondDerivatives) {
  expect_hessian(OF_XY(pow(x, y)), {0.0, 0.0}, {0, infinity, infinity, infinity});
  expect_hessian(OF_XY(pow(x, y)), {0.0, 0.5}, {-infinity, -infinity, -infinity, 0});
  expect_hessian(OF_XY(pow(x, y)), {0.0, 1}, {0, -infinity, -infinity, 0});
  expect_hessian(OF_XY(pow(x, y)), {0.0, 2}, {2, 0, 0, 0});
  expect_hessian(OF_XY(pow(x, y)), {0.0, 3}, {0, 0, 0, 0});
}

TEST(Conventions, PowZeroToTheZeroIsOneAndFlatInTheBase) { expect(OF_XY(pow(x, y)), {0.0, 0.0}, 1, {0, -infinity}); }

TEST(Conventions, PowAtExponentZeroIsFlatInTheBaseAndKeepsItsMixedDerivative) {
  expect(OF_XY(pow(x, y)), {2, 0.0}, 1, {0, std::log(2)});
  expect(OF_XY(pow(x, y)), {not_a_number, 0.0}, 1, {0, not_a_number});
  expect_hessian(OF_XY(pow(x, y)), {2, 0.0}, {0, 0.5, 0.5, std::log(2) * std::log(2)});
}

TEST(Conventions, PowOfANegativeBaseHasNoDerivativeInTheExponent) {
  expect(OF_XY(pow(x, y)), {-2, 3}, -8, {12, not_a_number});
  expect(OF_X(pow(x, 3)), {-2}, -8, {12});
  expect(OF_XY(pow(x, y)), {-2, 0.5}, not_a_number, {not_a_number, not_a_number});
  expect(OF_XY(pow(x, y)), {-2, 1e-20}, not_a_number, {not_a_number, not_a_number});
}

TEST(Conventions, PowThatOverflowsStillHasItsPartial) {
  expect(OF_XY(pow(x, y)), {1e200, 2}, infinity, {2e200, infinity});
  expect(OF_X(pow(x, 2)), {1e200}, infinity, {2e200});
}

// -- arithmetic

TEST(Conventions, DivisionByZeroFollowsIeee) {
  expect(OF_XY(x / y), {1, 0.0}, infinity, {infinity, -infinity});
  expect(OF_XY(x / y), {1, -0.0}, -infinity, {-infinity, -infinity});
  expect(OF_XY(x / y), {0.0, 0.0}, not_a_number, {infinity, not_a_number});
}

TEST(Conventions, ZeroTimesInfinityIsNaNAsAValue) {
  expect(OF_XY(x * y), {0.0, infinity}, not_a_number, {infinity, 0});
  // the logarithm is -inf: its product with x is NaN, while what goes back through it is 0
  expect(OF_X(x * log(x)), {0.0}, not_a_number, {-infinity}, ForwardMode::differs);
}

TEST(Conventions, TheSignOfAZeroDecidesTheSignOfAnInfinity) {
  expect(OF_X(sqrt(x)), {-0.0}, 0, {-infinity});
  expect(OF_X(log(x)), {-0.0}, -infinity, {-infinity});
  expect(OF_X(1 / x), {-0.0}, -infinity, {-infinity});
}

TEST(Conventions, NaNInGivesNaNOut) {
#define NAN_IN(function) expect(OF_X(function(x)), {not_a_number}, not_a_number, {not_a_number});
  // clang-format off
  NAN_IN(sqrt) NAN_IN(cbrt) NAN_IN(exp) NAN_IN(exp2) NAN_IN(expm1) NAN_IN(log) NAN_IN(log2) NAN_IN(log10) NAN_IN(log1p)
  NAN_IN(sin) NAN_IN(cos) NAN_IN(tan) NAN_IN(asin) NAN_IN(acos) NAN_IN(atan) NAN_IN(sinh) NAN_IN(cosh) NAN_IN(tanh)
  NAN_IN(asinh) NAN_IN(acosh) NAN_IN(atanh) NAN_IN(erf) NAN_IN(erfc) NAN_IN(erfinv) NAN_IN(erfcinv)
  NAN_IN(lgamma) NAN_IN(tgamma) NAN_IN(abs);
  // clang-format on
#undef NAN_IN
  expect(OF_XY(x + y), {not_a_number, 1}, not_a_number, {1, 1});
  expect(OF_XY(x * y), {not_a_number, 2}, not_a_number, {2, not_a_number});
  expect(OF_XY(atan2(x, y)), {not_a_number, 1}, not_a_number, {not_a_number, not_a_number});
  expect(OF_XY(pow(x, y)), {not_a_number, 2}, not_a_number, {not_a_number, not_a_number});
  expect(OF_XY(fma(x, y, 1)), {not_a_number, 2}, not_a_number, {2, not_a_number});
}

TEST(Conventions, InfinityInGivesTheLimit) {
  expect(OF_X(exp(x)), {-infinity}, 0, {0});
  expect(OF_X(exp(x)), {infinity}, infinity, {infinity});
  expect(OF_X(log(x)), {infinity}, infinity, {0});
  expect(OF_X(sqrt(x)), {infinity}, infinity, {0});
  expect(OF_X(cbrt(x)), {-infinity}, -infinity, {0});
  expect(OF_X(tanh(x)), {infinity}, 1, {0});
  expect(OF_X(atan(x)), {-infinity}, -pi / 2, {0});
  expect(OF_X(erf(x)), {infinity}, 1, {0});
  expect(OF_X(erfc(x)), {infinity}, 0, {0});
  expect(OF_X(asinh(x)), {infinity}, infinity, {0});
  expect(OF_X(lgamma(x)), {infinity}, infinity, {infinity});
  expect(OF_X(tgamma(x)), {infinity}, infinity, {infinity});
  expect(OF_X(polygamma(0, x)), {infinity}, infinity, {0});
  expect(OF_X(polygamma(1, x)), {infinity}, 0, {0});
  expect(OF_X(abs(x)), {-infinity}, infinity, {-1});
}

TEST(Conventions, PeriodicFunctionsAreNaNAtInfinity) {
  expect(OF_X(sin(x)), {infinity}, not_a_number, {not_a_number});
  expect(OF_X(cos(x)), {infinity}, not_a_number, {not_a_number});
  expect(OF_X(tan(x)), {infinity}, not_a_number, {not_a_number});
}

TEST(Conventions, HypotThatOverflowsIsFlat) { expect(OF_XY(hypot(x, y)), {1.5e308, 1.5e308}, infinity, {0, 0}); }

TEST(Conventions, HypotOfAnInfinityIsNaNInThatArgument) {
  expect(OF_XY(hypot(x, y)), {infinity, 1}, infinity, {not_a_number, 0});
  expect(OF_XY(hypot(x, y)), {infinity, infinity}, infinity, {not_a_number, not_a_number});
}

TEST(Conventions, AsinhHasTheLimitsOfItsSecondDerivativeAtInfinity) {
  expect_hessian(OF_X(asinh(x)), {infinity}, {0});
  expect_hessian(OF_X(asinh(x)), {-infinity}, {0});
}

TEST(Conventions, SecondDerivativesWithoutALimitAreNaN) {
  expect_hessian(OF_X(cbrt(x)), {0.0}, {not_a_number});
  expect(OF_XY(atan2(x, y)), {infinity, 1}, pi / 2, {0, not_a_number});
  const Function power = record(OF_XY(pow(x, y)), Point{0.5, 0.75});
  EXPECT_THAT(power.derivative().jacobian(Point{1, infinity})(1, 1), testing::IsNan());
  const Function length = record(OF_XY(hypot(x, y)), Point{0.5, 0.75});
  EXPECT_THAT(length.hessian(Point{1e-310, 1e-310})(0, 0), testing::IsNan());
}

// -- choice

TEST(Conventions, SelectPassesTheAdjointToTheChosenSideOnly) {
  expect(OF_XY(select(x < y, 2 * x, 3 * y)), {1, 2}, 2, {2, 0});
  expect(OF_XY(select(x < y, 2 * x, 3 * y)), {2, 2}, 6, {0, 3});
  expect(OF_XY(select(x < y, 2 * x, 3 * y)), {not_a_number, 2}, 6, {0, 3});
  expect(OF_XY(select(x > 0, 1 / x, y)), {-0.0, 2}, 2, {0, 1});
}

TEST(Conventions, SelectTakesAnyNumberButZeroForTrue) {
  const auto f = [](Variables v) { return select(v[0], 2 * v[1], 3 * v[1]); };
  expect(f, {1, 5}, 10, {0, 2});
  expect(f, {-0.5, 5}, 10, {0, 2});
  expect(f, {not_a_number, 5}, 10, {0, 2});
  expect(f, {0.0, 5}, 15, {0, 3});
  expect(f, {-0.0, 5}, 15, {0, 3});
}

TEST(Conventions, DetachCarriesNothingBack) {
  expect(OF_X(detach(x)), {3}, 3, {0});
  expect(OF_X(x * detach(x)), {3}, 9, {3});
  expect(OF_X(detach(1 / x)), {0.0}, infinity, {0});
}

// -- what adjoints do

TEST(Conventions, AZeroAdjointCarriesNothingBack) {
  expect(OF_X(select(x > 0, log(x), 0)), {-1}, 0, {0});
  expect(OF_X(select(x > 0, log(x), 0)), {0.0}, 0, {0});
  expect(OF_X(x * sqrt(x)), {0.0}, 0, {0}, ForwardMode::differs);
  expect(OF_X(0 * sqrt(x)), {0.0}, 0, {0}, ForwardMode::differs);
  expect(OF_XY(select(x > 0, y / x, y)), {0.0, 2}, 2, {0, 1});
}

TEST(Conventions, AZeroAdjointCarriesNothingBackInSecondDerivatives) {
  expect_hessian(OF_X(select(x > 0, log(x), 0)), {-1}, {0});
  expect_hessian(OF_X(select(x > 0, log(x), 0)), {0.0}, {0});
  expect_hessian(OF_X(x * sqrt(x)), {0.0}, {infinity});  // 0.75 / sqrt(x): no zero meets that infinity
  expect_hessian(OF_XY(select(x > 0, y / x, y)), {0.0, 2}, {0, 0, 0, 0});
}

TEST(Conventions, AnInfiniteAdjointReachesOnlyWhatASwitchPassesOn) {
  // d sqrt / dx at 0 is the infinite adjoint
  expect(OF_XY(sqrt(max(x, y))), {0.0, -1}, 0, {infinity, 0});
  expect(OF_XY(sqrt(min(x, y))), {0.0, 1}, 0, {infinity, 0});
  expect(OF_XY(sqrt(select(x < y, x, y))), {0.0, 1}, 0, {infinity, 0});
  expect(OF_X(sqrt(abs(x))), {0.0}, 0, {0});
  expect(OF_X(sqrt(floor(x))), {0.5}, 0, {0});
  expect(OF_X(sqrt(detach(x))), {0.0}, 0, {0});
  expect(OF_XY(sqrt(is_less(x, y))), {2, 1}, 0, {0, 0});
}

TEST(Conventions, AnInfiniteAdjointTimesAZeroPartialIsNaNElsewhere) {
  expect(OF_XY(sqrt(x * y)), {0.0, 0.0}, 0, {not_a_number, not_a_number}, ForwardMode::differs);
  expect(OF_X(sqrt(x * x)), {0.0}, 0, {not_a_number}, ForwardMode::differs);
}

TEST(Conventions, ForwardModeAbsorbsZeroTangentsInstead) {
  const auto forwards = [](auto f) { return tangents(record(f, Point{0.5}), {0.0}); };
  EXPECT_THAT(forwards(OF_X(sqrt(x * x))), ElementsAre(0));
  EXPECT_THAT(forwards(OF_X(x * sqrt(x))), ElementsAre(testing::IsNan()));
}

TEST(Conventions, SecondDerivativesAcrossAnInfinityDependOnTheOrder) {
  const Function f = record(OF_X(x * x * sqrt(x)), Point{0.5});
  EXPECT_EQ(f.hessian(Point{0.0})(0, 0), 0);                                 // forward over reverse: the tangent of x * x is 0
  EXPECT_THAT(f.derivative().jacobian(Point{0.0})(1, 0), testing::IsNan());  // reverse over reverse: d sqrt / dx is met first
}

TEST(Conventions, AbsorbingProductIsZeroWhereItsFirstFactorIs) {
  expect(OF_XY(absorbing_product(x, y)), {0.0, infinity}, 0, {infinity, 0});
  expect(OF_XY(absorbing_product(x, y)), {0.0, not_a_number}, 0, {not_a_number, 0});
  expect(OF_XY(absorbing_product(x, y)), {infinity, 0.0}, not_a_number, {0, infinity});
  expect(OF_XY(absorbing_product(x, y)), {2, 3}, 6, {3, 2});
  // an adjoint of 1e400: the zero absorbs it too
  expect(OF_XY(absorbing_product(x, y) * 1e200 * 1e200), {0.0, 3}, 0, {infinity, 0});
}

// -- the page

std::vector<std::string> lines_of_the_page() {
  const auto page = std::filesystem::path(__FILE__).parent_path().parent_path().parent_path() / "autodiff" / "CONVENTIONS.md";
  std::ifstream file(page);
  EXPECT_TRUE(file) << page;
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

TEST(ConventionsPage, EveryRowNamesATestAndEveryTestHasItsRow) {
  std::multiset<std::string> rows;
  const std::regex cited("`Conventions\\.([A-Za-z0-9]+)`");
  for (const std::string& line : lines_of_the_page()) {
    if (line == "## Accuracy") break;
    if (line.empty() || line[0] != '|' || line.find("---") != std::string::npos || line.find("| test |") != std::string::npos)
      continue;
    std::smatch match;
    EXPECT_TRUE(std::regex_search(line, match, cited)) << "names no test: " << line;
    if (!match.empty()) rows.insert(match[1]);
  }
  std::set<std::string> tests;
  const auto& program = *testing::UnitTest::GetInstance();
  for (int suite = 0; suite < program.total_test_suite_count(); ++suite)
    if (std::string(program.GetTestSuite(suite)->name()) == "Conventions")
      for (int k = 0; k < program.GetTestSuite(suite)->total_test_count(); ++k)
        tests.insert(program.GetTestSuite(suite)->GetTestInfo(k)->name());
  EXPECT_GT(tests.size(), 20u);
  for (const auto& test : tests) EXPECT_EQ(rows.count(test), 1u) << test << " should have one row on the page";
  for (const auto& row : rows) EXPECT_EQ(tests.count(row), 1u) << row << " is cited on the page and is no test";
}

template <class Rule>
std::string accuracy_row() {
  std::string domain;
  for (const Domain& d : Rule::domain) {
    const auto end = [](double x) {
      return std::abs(x) == ops::largest ? fmt::format("{}max", x < 0 ? "-" : "") : fmt::format("{:g}", x);
    };
    const std::string one = fmt::format("[{}, {}]", end(d.low), end(d.high));
    if (domain != one) domain += (domain.empty() ? "" : ", ") + one;
  }
  return fmt::format("| `{}` | {} | {:g} | {:g} |", Rule::name, domain, Rule::value_ulps, Rule::partial_ulps);
}

// A new operation passes without a row; a row that the rules have outgrown does not.
TEST(ConventionsPage, StatesTheAccuracyThatTheRulesState) {
  const std::vector<std::string> rules = {
#define X(Rule, function) accuracy_row<ops::Rule>(),
      WENGERT_OPERATIONS(X)
#undef X
  };
  const auto lines = lines_of_the_page();
  std::size_t rows = 0;
  for (auto line = std::find(lines.begin(), lines.end(), "## Accuracy"); line != lines.end(); ++line) {
    if (line->rfind("| `", 0) != 0) continue;
    EXPECT_THAT(rules, testing::Contains(*line));
    ++rows;
  }
  EXPECT_GE(rows, 45u);
}

}  // namespace
