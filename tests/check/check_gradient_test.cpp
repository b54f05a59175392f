// The checker is checked: what is right passes with every oracle asked, and each planted fault is caught and located.
#include "wengert/check_gradient.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <sstream>
#include <stdexcept>

#include "wengert/custom.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace wengert;
using testing::HasSubstr;
using testing::IsEmpty;
using Outcome = CheckReport::Outcome;

/// An operation with whatever rules a test plants in it.
CustomOperation planted(int arity, CustomOperation::Value value, CustomOperation::PartialsOf partials,
                        std::vector<CustomOperation> second = {}) {
  return CustomOperation("planted", arity, std::move(value), std::move(partials), std::move(second));
}

/// sin, with its partial as given.
CustomOperation sine(std::function<double(double)> partial) {
  return planted(
      1, [](auto x) { return std::sin(x[0]); }, [partial](auto x, double, auto p) { p[0] = partial(x[0]); });
}

std::vector<Oracle> oracles(const CheckReport& report) {
  std::vector<Oracle> result;
  for (const CheckLine& line : report.lines)
    if (result.empty() || std::find(result.begin(), result.end(), line.oracle) == result.end()) result.push_back(line.oracle);
  return result;
}

// ---- what is right passes

TEST(CheckGradient, AgreesOnTheGraphOfTheDemoAndAsksEveryOracle) {
  const auto t = [](auto mu, auto sigma, auto eps) {
    const auto z = mu + sigma * eps;
    const auto u = (z - mu) / sigma;
    return -0.5 * u * u - log(sigma) + 0.5 * z * z;
  };
  const CheckReport report = check_gradient(t, {0.5, 0.8, 0.3}, {.second_order = true});
  EXPECT_TRUE(report);
  EXPECT_THAT(oracles(report), testing::ElementsAre(Oracle::DotProduct, Oracle::ComplexStep, Oracle::Differences,
                                                    Oracle::Symmetry, Oracle::GradientDifferences));
  EXPECT_THAT(report.notes, IsEmpty()) << report;
  EXPECT_THAT(report.suspect, IsEmpty());
}

TEST(CheckGradient, TakesSpansVectorsAndOneArgumentPerNumber) {
  const std::vector<double> x = {0.7, 1.9};
  EXPECT_TRUE(check_gradient([](const auto& v) { return log(v[0]) * sin(v[1]); }, x));
  EXPECT_TRUE(check_gradient([]<class T>(std::span<const T> v) { return log(v[0]) * sin(v[1]); }, x));
  EXPECT_TRUE(check_gradient([]<class T>(const std::vector<T>& v) { return log(v[0]) * sin(v[1]); }, x));
  EXPECT_TRUE(check_gradient([](std::span<const Var> v) { return log(v[0]) * sin(v[1]); }, x));
  EXPECT_TRUE(check_gradient([](auto a, auto b) { return log(a) * sin(b); }, {0.7, 1.9}));
  EXPECT_TRUE(check_gradient([](Var a) { return exp(a); }, {1}));
}

TEST(CheckGradient, WeighsSeveralDependents) {
  const auto rotate = [](auto x, auto y, auto angle) {
    return std::array{x * cos(angle) - y * sin(angle), x * sin(angle) + y * cos(angle)};
  };
  EXPECT_TRUE(check_gradient(rotate, {1.5, -0.5, 0.7}, {.second_order = true}));
}

TEST(CheckGradient, LetsNoDependentDrownInAnother) {
  const CustomOperation right = sine([](double x) { return std::cos(x); });
  const CustomOperation wrong = sine([](double x) { return 1.0005 * std::cos(x); });
  for (const bool is_right : {true, false}) {
    const auto f = [&](const auto& x) {
      return std::array{1e12 * x[0] * x[1], 1e-12 * (is_right ? right : wrong)(x[0]), x[1] + 0.0 * x[0]};
    };
    const CheckReport report = check_gradient(f, std::vector{0.7, 1.9});
    EXPECT_EQ(report.outcome, is_right ? Outcome::Agrees : Outcome::Disagrees) << report;
  }
}

TEST(CheckGradient, TakesRandomDirectionsForManyInputs) {
  const auto energy = [](const auto& x) {
    auto sum = 0.5 * x[0] * x[0];
    for (std::size_t k = 1; k < x.size(); ++k) sum = sum + sin(x[k] * x[k - 1]);
    return sum;
  };
  const std::vector<double> x(300, 0.9);
  const CheckReport report = check_gradient(energy, x);
  EXPECT_TRUE(report);
  EXPECT_EQ(report.lines.size(), 3 * 3) << report;  // three directions, three oracles
  EXPECT_THAT(report.text(), HasSubstr("each_input_up_to"));
}

TEST(CheckGradient, AsksTheComplexStepOfFunctionsThatBranch) {
  const auto f = [](const auto& p) {
    const auto x = p[0], y = p[1];
    if (x <= y) return x == y ? x * y : exp(x) * y;
    return x < 0 ? y / x : y * y;
  };
  for (const std::vector<double>& at : {std::vector{0.3, 0.7}, {1.2, 0.4}, {-0.5, -0.9}}) EXPECT_TRUE(check_gradient(f, at));
}

// A derivative that is 0, where the square of the complex step is all that the oracle sees.
TEST(CheckGradient, AllowsForTheSquareOfTheComplexStep) {
  EXPECT_TRUE(check_gradient([](auto x) { return cosh((x - 2) * x); }, {0}));
}

TEST(CheckGradient, HandlesOperationsWithoutComplexContinuationByDifferences) {
  const CheckReport report = check_gradient([](auto x) { return erf(x) * exp(x / 2); }, {0.6});
  EXPECT_TRUE(report);
  EXPECT_THAT(report.text(), HasSubstr("complex step not asked: `erf`"));
}

TEST(CheckGradient, FindsAStepNearTheEdgeOfADomainAndNearAKink) {
  EXPECT_TRUE(check_gradient([](auto x) { return log(x); }, {1e-9}));
  EXPECT_TRUE(check_gradient([](auto x) { return asin(x) * acosh(2 - x); }, {1 - 1e-7}));
  EXPECT_TRUE(check_gradient([](auto x, auto y) { return abs(x) + max(x, y); }, {1e-8, 2e-8}));
  EXPECT_TRUE(check_gradient([](auto x) { return x < 1e-6 ? x * x : 2 * x; }, {1.1e-6}));
}

TEST(CheckGradient, IsNotFooledByAPeriodThatMatchesItsSteps) {
  EXPECT_TRUE(check_gradient([](auto x) { return erf(sin(16 * std::numbers::pi * x)); }, {1}));
}

TEST(CheckGradient, TakesDetachedValuesForConstants) {
  const CheckReport report = check_gradient([](auto x) { return x * detach(x); }, {1.5});
  EXPECT_TRUE(report);
  EXPECT_THAT(report.text(), HasSubstr("f detaches a value"));
}

// Every operation, on both sides of 0 and beyond 1, where it is defined: the complex continuations are tested against the rules,
// and the rules against them.
TEST(CheckGradient, AgreesOnEveryOperationOfTheTable) {
  const CheckOptions second{.second_order = true};
#define X(Rule, function)                                                                                  \
  for (const double x : {-1.7, -0.7, 0.3, 0.7, 1.7}) {                                                     \
    if (x <= ops::Rule::domain[0].low || x >= ops::Rule::domain[0].high) continue;                         \
    EXPECT_TRUE(check_gradient([](auto v) { return function(v); }, {x}, second)) << #function << ' ' << x; \
  }
  WENGERT_UNARY_OPERATIONS(X)
#undef X
#define X(Rule, function)                                                                        \
  for (const double x : {-1.7, -0.7, 0.7, 1.9}) {                                                \
    if (x <= ops::Rule::domain[0].low) continue;                                                 \
    for (const double y : {-2.1, -0.4, 0.4, 2.1})                                                \
      EXPECT_TRUE(check_gradient([](auto v, auto w) { return function(v, w); }, {x, y}, second)) \
          << #function << ' ' << x << ' ' << y;                                                  \
  }
  WENGERT_BINARY_OPERATIONS(X)
#undef X
  EXPECT_TRUE(check_gradient([](auto x, auto y, auto z) { return fma(x, y, z); }, {0.7, -1.9, 0.4}, second));
  EXPECT_TRUE(check_gradient([](auto x, auto y) { return select(x < y, x * y, x / y); }, {0.7, 1.9}, second));
  EXPECT_TRUE(check_gradient([](auto x) { return pow(x, 3) + pow(x, 2); }, {-1.3}, second));
}

TEST(CheckGradient, PassesAFunctionThatDependsOnNothing) {
  EXPECT_TRUE(check_gradient([](auto) { return Var(3); }, {1.5}));
  EXPECT_TRUE(check_gradient([](auto x) { return floor(x); }, {1.5}));
}

TEST(CheckGradient, AcceptsACorrectOperationOfTheUsers) {
  const CustomOperation right = sine([](double x) { return std::cos(x); });
  EXPECT_TRUE(check_gradient([&](auto x) { return right(2 * x); }, {0.7}));
}

// ---- at any scale

template <class F>
void expect_agrees(const char* what, F f, const std::vector<double>& x, CheckOptions options = {}) {
  const CheckReport report = check_gradient(f, x, options);
  EXPECT_TRUE(report) << what << '\n' << report;
}

TEST(CheckGradient, FollowsAFunctionThatVariesFastOrSlowly) {
  for (double s = 1; s > 1e-31; s /= 10) {
    expect_agrees("sin(x/s) at s", [s](const auto& x) { return sin(x[0] / s); }, {s});
    expect_agrees("tanh(x/s) at s", [s](const auto& x) { return tanh(x[0] / s); }, {s});
    expect_agrees("erf(x/s) at s", [s](const auto& x) { return erf(x[0] / s); }, {s});
    expect_agrees("erf(x/s) at 0", [s](const auto& x) { return erf(x[0] / s); }, {0});
    expect_agrees("1/x at s", [](const auto& x) { return 1 / x[0]; }, {s});
    expect_agrees("1/x at 1/s", [](const auto& x) { return 1 / x[0]; }, {1 / s});
    expect_agrees("x^3 at s", [](const auto& x) { return x[0] * x[0] * x[0]; }, {s});
    expect_agrees("log x at s", [](const auto& x) { return log(x[0]); }, {s});
  }
  for (double x = 1; x < 1e25; x *= 7) expect_agrees("sin x", [](const auto& v) { return sin(v[0]); }, {x});
  expect_agrees("erf(sin 1e6 x)", [](const auto& x) { return erf(sin(1e6 * x[0])); }, {1});
  expect_agrees("log x at 1e-300", [](const auto& x) { return log(x[0]); }, {1e-300});
  expect_agrees("log x at 1e300", [](const auto& x) { return log(x[0]); }, {1e300});
}

TEST(CheckGradient, TakesSIUnits) {
  constexpr double pi = std::numbers::pi, planck = 6.62607015e-34, light = 299792458, boltzmann = 1.380649e-23;
  expect_agrees("gain of an RC filter at 1 MHz, ohm and farad",
                [](const auto& x) {
                  const Var product = 2 * pi * 1e6 * x[0] * x[1];
                  return 1 / sqrt(1 + product * product);
                },
                {1000, 160e-12});
  expect_agrees(
      "Planck's law, metre and kelvin",
      [](const auto& x) { return 2 * planck * light * light / pow(x[0], 5) / expm1(planck * light / (x[0] * boltzmann * x[1])); },
      {500e-9, 5800});
  expect_agrees("Lennard-Jones, metre and joule",
                [](const auto& x) {
                  const Var s = pow(x[0] / x[2], 6);
                  return 4 * x[1] * (s * s - s);
                },
                {3.4e-10, 1.65e-21, 4e-10});
  expect_agrees("50 Hz, seconds since 1970", [](const auto& x) { return sin(2 * pi * 50 * x[0]); }, {1.7e9});
}

/// x of the Lorenz system after some steps of Euler's method.
auto lorenz(int steps, double planted = 0) {
  return [steps, planted](const auto& start) {
    Var x = start[0], y = start[1], z = start[2];
    for (int k = 0; k < steps; ++k) {
      const Var dx = 10 * (y - x), dy = x * (28 - z) - y, dz = x * y - 8.0 / 3 * z;
      x += 0.01 * dx;
      y += 0.01 * dy;
      z += 0.01 * dz;
    }
    return x + planted * x.value() * x;
  };
}

TEST(CheckGradient, FollowsChaos) {
  for (const int steps : {100, 500, 1500, 3000}) expect_agrees("Lorenz", lorenz(steps), {1, 1, 1});
  EXPECT_EQ(check_gradient(lorenz(500, 0.1), std::vector{1.0, 1.0, 1.0}).outcome, Outcome::Disagrees);
}

// The complex step passes what the tape says, and so does the dot product: neither may pass what the tape does not know.
TEST(CheckGradient, DoesNotPassALeakWhereDifferencesCannotTell) {
  const auto f = [](const auto& x) { return sin(1e18 * x[0]) + std::sin(1e18 * x[0].value()); };
  const CheckReport report = check_gradient(f, std::vector{1.0});
  EXPECT_EQ(report.outcome, Outcome::Inconclusive) << report;
  EXPECT_THAT(report.text(), HasSubstr("f is not what its recording says"));
  EXPECT_TRUE(check_gradient([](auto x) { return sin(1e18 * x); }, {1}));
}

TEST(CheckGradient, DoesNotMindANumberThatCancels) {
  // the largest is taken out as a number, and its derivative cancels
  const auto log_sum_exp = [](const auto& x) {
    double largest = x[0].value();
    for (const Var& v : x) largest = std::max(largest, v.value());
    Var sum = 0;
    for (const Var& v : x) sum += exp(v - largest);
    return log(sum) + largest;
  };
  for (const double scale : {1e-9, 1.0, 1e3, 1e12}) {
    const CheckReport report = check_gradient(log_sum_exp, std::vector{0.3 * scale, 2.5 * scale, -1.7 * scale});
    EXPECT_TRUE(report) << report;
    EXPECT_THAT(report.notes, IsEmpty()) << report;
  }
}

TEST(CheckGradient, DoesNotPassStairsThatLookSmooth) {
  // from afar the derivative in y is 1 + x, from close by 1
  const auto in_single = [](const auto& x) { return x[0] * static_cast<double>(static_cast<float>(x[1].value())) + x[1]; };
  const CheckReport report = check_gradient(in_single, std::vector{0.7, 0.3});
  EXPECT_EQ(report.outcome, Outcome::Disagrees) << report;
  EXPECT_THAT(report.suspect, HasSubstr("constant on the tape"));
  const auto bisection = [](const auto& x) {  // sqrt(x), by numbers
    Var low = 0, high = 2;
    for (int k = 0; k < 40; ++k) {
      const Var middle = 0.5 * (low + high);
      (middle.value() * middle.value() < x[0].value() ? low : high) = middle;
    }
    return low + 0 * x[0];
  };
  EXPECT_EQ(check_gradient(bisection, std::vector{1.9}).outcome, Outcome::Disagrees);
}

// ---- derivatives that are 0, or nearly

TEST(CheckGradient, AgreesOnEverydayFunctionsAtTheirMinimum) {
#define AT(f, ...) expect_agrees(#f, [](const auto& x) -> Var { return f; }, {__VA_ARGS__});
  AT(x[0] * x[0], 0)
  AT((x[0] - 1) * (x[0] - 1), 1)
  AT(x[0] * x[1], 0, 0)
  AT(x[0] * x[0] + x[1] * x[1], 0, 0)
  AT((x[0] - 1) * (x[0] - 1) + (x[1] - 2) * (x[1] - 2), 1, 2)
  AT(pow(x[0] - 1, 2) + pow(x[1] - 2, 2), 1, 2)
  AT(x[0] * x[0] * x[0], 0)
  AT(pow(x[0], 2), 0)
  AT(pow(x[0], 2.5), 0)
  AT(pow(x[0], 3), 0)
  AT(pow(x[0] - 1, 8), 1)
  AT(cos(x[0]), 0)
  AT(1 - cos(x[0]), 2 * std::numbers::pi)
  AT(cosh(x[0]), 0)
  AT(log(cosh(x[0])), 0)
  AT(exp(-x[0] * x[0]), 0)
  AT(log(1 + x[0] * x[0]), 0)
  AT(1 / (1 + x[0] * x[0]), 0)
  AT(sqrt(1 + x[0] * x[0]) - 1, 0)
  AT(tanh(x[0]) * tanh(x[0]), 0)
  AT(erf(x[0]) * erf(x[0]), 0)
  AT(sin(x[0]) * sin(x[0]), std::numbers::pi / 2)
  AT(log(x[0]) * log(x[0]), 1)
  AT(x[0] * log(x[0]), 1 / std::numbers::e)
  AT(x[0] * exp(-x[0]), 1)
  AT(x[0] + 1 / x[0], 1)
  AT(x[0] * x[0] * x[1], 0, 3)
  AT(atan(x[0]) * x[1], 0, 0)
  AT(pow(1 - x[0], 2) + 100 * pow(x[1] - x[0] * x[0], 2), 1, 1)
  AT(pow(x[0] * x[0] + x[1] - 11, 2) + pow(x[0] + x[1] * x[1] - 7, 2), 3, 2)
  AT(-log(x[1]) + 0.5 * (x[0] * x[0] + x[1] * x[1] - 1), 0, 1)
  AT(0.5 * pow((1.3e-9 - x[0]) / 1e-10, 2), 1.3e-9)
  AT(sin(x[0]) * sin(x[0]) + cos(x[0]) * cos(x[0]), 0.7)
  AT(x[0] - x[0], 0.7)
#undef AT
}

// A zero must be told from something that should be zero and isn't.
TEST(CheckGradient, FindsADerivativeThatShouldBeZero) {
  const CustomOperation square = planted(
      1, [](auto x) { return x[0] * x[0]; }, [](auto x, double, auto p) { p[0] = 2 * x[0] + 1e-3; });
  for (const double scale : {1e-9, 1.0, 1e9})
    EXPECT_EQ(check_gradient([&](const auto& x) { return square(x[0] / scale); }, std::vector{0.0}).outcome, Outcome::Disagrees);
}

TEST(CheckGradient, AgreesWhereNumbersAreSubnormal) {
  expect_agrees("1e-310 x", [](const auto& x) { return 1e-310 * x[0]; }, {1.5});
  expect_agrees("3e-310 y", [](const auto& x) { return x[0] * x[1]; }, {3e-310, 2});
  expect_agrees("exp(-740 x)", [](const auto& x) { return exp(-740 * x[0]); }, {1});
  expect_agrees("exp(-745)", [](const auto& x) { return exp(x[0]); }, {-745});
  expect_agrees("there and back", [](const auto& x) { return 1e-310 * sin(x[0]) * 1e300; }, {1});
  expect_agrees("erfc", [](const auto& x) { return erfc(x[0]); }, {26.5});
  const auto wrong = [](const auto& x) { return 1e-310 * x[0] * x[0].value(); };
  EXPECT_EQ(check_gradient(wrong, std::vector{1.5}).outcome, Outcome::Disagrees);
}

// ---- what is detached, and what is leaked

TEST(CheckGradient, SeesALeakBesideADetachedValue) {
  const auto f = [](const auto& x) { return detach(x[0]) * x[0] + x[1] * x[1].value(); };
  const CheckReport report = check_gradient(f, std::vector{0.7, 0.3}, {.second_order = true});
  EXPECT_EQ(report.outcome, Outcome::Disagrees) << report;
  for (const CheckLine& line : report.lines) {
    if (line.input == 0) EXPECT_LE(line.units(), 1) << report;
    if (line.input == 1 && line.oracle == Oracle::Differences) EXPECT_NEAR(line.expected, 2 * 0.3, 1e-9);
  }
  EXPECT_THAT(report.suspect, HasSubstr("constant on the tape"));
}

TEST(CheckGradient, FindsAWrongOperationBesideADetachedValue) {
  const CustomOperation wrong = sine([](double x) { return 1.0005 * std::cos(x); });
  const auto f = [&](const auto& x) { return detach(x[0]) * x[0] + wrong(x[1]) * detach(x[1]); };
  const CheckReport report = check_gradient(f, std::vector{0.7, 0.3});
  EXPECT_EQ(report.outcome, Outcome::Disagrees) << report;
  EXPECT_THAT(report.suspect, HasSubstr("planted"));
}

// exp(x) by itself would agree; the other term has no bound on its rounding at 0, since the derivative of sqrt is infinite.
TEST(CheckGradient, SaysThatItCannotTellWhereThereIsNoBound) {
  const CheckReport report = check_gradient([](auto x) { return exp(x) + detach(sqrt(x)); }, {0});
  EXPECT_EQ(report.outcome, Outcome::Inconclusive) << report;
  EXPECT_THAT(report.text(), HasSubstr("can't tell"));
  for (const CheckLine& line : report.lines) EXPECT_EQ(line.units(), 0) << report;
}

TEST(CheckGradient, CannotTellOfAFunctionThatThrowsElsewhere) {
  const auto smooth = [](auto x) {
    if (x.value() != 0.7) throw std::domain_error("elsewhere");
    return exp(x);
  };
  const auto no_complex_step = [](auto x) {
    if (x.value() != 0.7) throw 3;
    return erf(x);
  };
  EXPECT_EQ(check_gradient(smooth, {0.7}).outcome, Outcome::Inconclusive);
  EXPECT_EQ(check_gradient(no_complex_step, {0.7}).outcome, Outcome::Inconclusive);
  EXPECT_THAT(check_gradient(smooth, {0.7}).text(), HasSubstr("f cannot be called beside the point"));
}

// ---- a stated accuracy

TEST(CheckGradient, TakesAStatedAccuracy) {
  // x - x^3/6 + x^5/120 for sin, whose partial is cos: 3e-6 off in the derivative at 0.4
  const CustomOperation series = planted(
      1, [](auto x) { return x[0] - std::pow(x[0], 3) / 6 + std::pow(x[0], 5) / 120; },
      [](auto x, double, auto p) { p[0] = std::cos(x[0]); });
  const auto f = [&](const auto& x) { return exp(series(x[0])); };
  EXPECT_EQ(check_gradient(f, std::vector{0.4}).outcome, Outcome::Disagrees);
  EXPECT_EQ(check_gradient(f, std::vector{0.4}, {.accuracy = 1e-8}).outcome, Outcome::Disagrees) << "not accurate to that";
  const CheckReport report = check_gradient(f, std::vector{0.4}, {.accuracy = 2e-5});
  EXPECT_TRUE(report) << report;
  EXPECT_THAT(report.text(), HasSubstr("accurate to 2.0e-05 only"));
  const CustomOperation wrong = sine([](double x) { return 1.0005 * std::cos(x); });
  EXPECT_EQ(check_gradient([&](auto x) { return wrong(x); }, {0.4}, {.accuracy = 2e-5}).outcome, Outcome::Disagrees);

  const CustomOperation single = planted(
      1, [](auto x) { return static_cast<double>(std::sin(static_cast<float>(x[0]))); },
      [](auto x, double, auto p) { p[0] = static_cast<double>(std::cos(static_cast<float>(x[0]))); });
  for (double x = 0.1; x < 3; x += 0.1)
    expect_agrees("float", [&](const auto& v) { return single(v[0]) * v[0]; }, {x}, {.accuracy = 2e-7});
}

// ---- bounds

TEST(CheckGradient, BoundsSecondOrderThroughASumThatCancels) {
  for (int k = 0; k < 40; ++k) {
    const auto f = [k](const auto& x) {
      Var sum = 1e6 * x[0];
      for (const double sign : {1.0, -1.0})
        for (int j = 0; j < 60; ++j)
          sum += sign * 1e6 * (1 + 0.013 * ((j * 7 + k) % 11)) * x[static_cast<std::size_t>(j) % 3] * x[1] * (1 + 1e-9 * j);
      return sum * sum * 1e-12 + sum;
    };
    expect_agrees("120 terms", f, {0.7 + 0.01 * k, 1.3, -0.4}, {.second_order = true});
  }
}

TEST(CheckGradient, CarriesAnAngleOnByTheComplexStep) {
  const auto f = [](const auto& v) { return exp(sin(atan2(v[0], v[1]))); };
  for (const std::vector<double>& at : {std::vector{0.4, -1.2}, {-0.4, -1.2}, {1.2, -0.4}, {-1.2, 0.4}, {0.0, 1.0}, {1.0, 0.0}}) {
    const CheckReport report = check_gradient(f, at);
    EXPECT_TRUE(report) << report;
    EXPECT_THAT(oracles(report), testing::Contains(Oracle::ComplexStep));
  }
}

// ---- planted faults are caught

struct Fault {
  const char* what;
  CustomOperation operation;
};

class PlantedFault : public testing::TestWithParam<Fault> {};

TEST_P(PlantedFault, IsCaughtAndLocated) {
  const CustomOperation& operation = GetParam().operation;
  const auto f = [&](const auto& x) {
    const Var before = x[0] * exp(x[1]);
    const Var y = operation.arity() == 1 ? operation(before) : operation(before, x[1]);
    return log(y * y + 1.0) - x[1];
  };
  const std::vector<double> x = {0.9, 0.4};
  const CheckReport report = check_gradient(f, x);
  EXPECT_EQ(report.outcome, Outcome::Disagrees) << report;
  EXPECT_FALSE(report);
  ASSERT_NE(report.worst(), nullptr);
  EXPECT_EQ(report.worst()->oracle, Oracle::Differences);
  EXPECT_GT(report.worst()->units(), 1e3) << "five times further than the least fault must not be near the limit\n" << report;
  EXPECT_THAT(report.suspect, HasSubstr("planted"));
  EXPECT_THAT(report.suspect_location.file, HasSubstr("check_gradient_test.cpp"));
  EXPECT_THAT(report.text(), HasSubstr("check_gradient_test.cpp"));
}

const auto product_value = [](std::span<const double> x) { return x[0] / x[1]; };

INSTANTIATE_TEST_SUITE_P(CheckGradient, PlantedFault,
                         testing::Values(Fault{"WrongByHalfAPerMille", sine([](double x) { return 1.0005 * std::cos(x); })},
                                         Fault{"WrongSign", sine([](double x) { return -std::cos(x); })},
                                         Fault{"NeighbouringFunction", sine([](double x) { return std::cosh(x); })},
                                         Fault{"MissingFactor", planted(
                                                                    1, [](auto x) { return std::exp(2 * x[0]); },
                                                                    [](auto, double result, auto p) { p[0] = result; })},
                                         Fault{"DroppedTerm", planted(
                                                                  1, [](auto x) { return x[0] * std::exp(x[0]); },
                                                                  [](auto, double result, auto p) { p[0] = result; })},
                                         Fault{"SwappedArguments", planted(2, product_value,
                                                                           [](auto x, double, auto p) {
                                                                             p[0] = -x[0] / (x[1] * x[1]);
                                                                             p[1] = 1 / x[1];
                                                                           })},
                                         Fault{"SilentZero", planted(2, product_value,
                                                                     [](auto x, double, auto p) {
                                                                       p[0] = 1 / x[1];
                                                                       p[1] = 0;
                                                                     })},
                                         Fault{"StaleConstant",
                                               sine([](double) { return std::cos(1.2); })}),  // a partial kept from another point
                         [](const auto& info) { return std::string(info.param.what); });

TEST(CheckGradient, FindsANumberTakenOutOfAVariable) {
  unsigned line = 0;
  const auto f = [&](const auto& x) {
    const double scale = 1 / x[1].value();  // differentiation cannot see this
    line = __LINE__ + 1;
    const Var u = x[0] * x[0] * scale;
    return u + x[1];
  };
  const std::vector<double> x = {1.5, 0.5};
  const CheckReport report = check_gradient(f, x);
  EXPECT_EQ(report.outcome, Outcome::Disagrees) << report;
  for (const CheckLine& line : report.lines) {
    if (line.units() > 1) {
      EXPECT_NE(line.input, 0) << report;
    }
  }
  EXPECT_THAT(report.suspect, HasSubstr("constant on the tape"));
  EXPECT_EQ(report.suspect_location.line, line) << report;
}

TEST(CheckGradient, FindsADependentThatLostTheTape) {
  const auto f = [](const auto& x) { return Var(std::exp(x[0].value())); };
  const std::vector<double> x = {1.5};
  const CheckReport report = check_gradient(f, x);
  EXPECT_EQ(report.outcome, Outcome::Disagrees) << report;
  EXPECT_THAT(report.text(), HasSubstr("value()"));
}

// A rule that answers differently when asked again splits the two sweeps: only the dot-product identity can see it where the
// value is flat, and it sees it without a step size.
TEST(CheckGradient, FindsThatTheSweepsDisagreeByTheDotProduct) {
  int asked = 0;
  const CustomOperation fickle = planted(
      1, [](auto) { return 2.0; }, [&asked](auto, double, auto p) { p[0] = ++asked % 2 == 1 ? 1e-9 : 0; });
  const std::vector<double> x = {0.7};
  const CheckReport report = check_gradient([&](const auto& v) { return fickle(v[0]) + v[0]; }, x);
  EXPECT_EQ(report.outcome, Outcome::Disagrees) << report;
  EXPECT_EQ(report.worst()->oracle, Oracle::DotProduct) << report;
}

TEST(CheckGradient, FindsAWrongSecondDerivative) {
  const auto make = [](double factor) {
    const CustomOperation cosine = planted(
        1, [](auto x) { return std::cos(x[0]); }, [factor](auto x, double, auto p) { p[0] = -factor * std::sin(x[0]); });
    return planted(
        1, [](auto x) { return std::sin(x[0]); }, [](auto x, double, auto p) { p[0] = std::cos(x[0]); }, {cosine});
  };
  const CheckOptions second{.second_order = true};
  const CustomOperation right = make(1), wrong = make(1.0005);
  EXPECT_TRUE(check_gradient([&](auto x) { return right(x) * x; }, {0.7}, second));
  EXPECT_TRUE(check_gradient([&](auto x) { return wrong(x) * x; }, {0.7})) << "the first derivative is right";
  const CheckReport report = check_gradient([&](auto x) { return wrong(x) * x; }, {0.7}, second);
  EXPECT_EQ(report.outcome, Outcome::Disagrees) << report;
  EXPECT_EQ(report.worst()->oracle, Oracle::GradientDifferences);
  EXPECT_THAT(report.suspect, HasSubstr("as the partial of `planted`"));
}

TEST(CheckGradient, FindsAPartialOperationThatIsAnotherThanThePartial) {
  const CustomOperation twice_cosine(
      "twice_cosine", 1, [](auto x) { return 2 * std::cos(x[0]); }, [](auto x, double, auto p) { p[0] = -2 * std::sin(x[0]); });
  const CustomOperation wrong = planted(
      1, [](auto x) { return std::sin(x[0]); }, [](auto x, double, auto p) { p[0] = std::cos(x[0]); }, {twice_cosine});
  const CheckReport report = check_gradient([&](auto x) { return wrong(x) * x; }, {0.7}, {.second_order = true});
  EXPECT_EQ(report.outcome, Outcome::Disagrees) << report;
  EXPECT_THAT(report.suspect, HasSubstr("the operation given for that partial says"));
}

TEST(CheckGradient, DoesNotSuspectWhatStandsBeforeTheCulprit) {
  const CustomOperation wrong = sine([](double x) { return 1.0005 * std::cos(x); });
  const CheckReport report = check_gradient([&](auto x) { return wrong(erf(exp(x)) + x / (2 + cos(x))); }, {0.7});
  EXPECT_THAT(report.suspect, HasSubstr("`planted`")) << report;
}

TEST(CheckGradient, DoesNotSuspectAPartialThatIsZero) {
  const CustomOperation wrong = sine([](double x) { return 1.0005 * std::cos(x); });
  EXPECT_THAT(check_gradient([&](auto x) { return wrong(cos(x - x) + x); }, {0.7}).suspect, HasSubstr("`planted`"));
  EXPECT_THAT(check_gradient([&](auto x) { return wrong(x) * cos(x - x); }, {0.7}).suspect, HasSubstr("`planted`"));
}

TEST(CheckGradient, StaysWhereAFunctionThatThrowsCanBeCalled) {
  const auto careful = [](auto x) {
    if (std::abs(x.value() - 1) > 1e-5) throw std::domain_error("too far");
    return exp(x);
  };
  EXPECT_TRUE(check_gradient(careful, {1}));
  const auto stale = [&](auto x) { return careful(x) * x.value(); };
  EXPECT_THAT(check_gradient(stale, {1}).suspect, HasSubstr("constant on the tape"));
}

TEST(CheckGradient, SaysWhereSecondDerivativesAreMissing) {
  const CustomOperation right = sine([](double x) { return std::cos(x); });
  const CheckReport report = check_gradient([&](auto x) { return right(x); }, {0.7}, {.second_order = true});
  EXPECT_TRUE(report);
  EXPECT_THAT(report.text(), HasSubstr("second order not checked"));
}

// ---- points without a derivative are refused

void expect_refused(const CheckReport& report, const char* why) {
  EXPECT_EQ(report.outcome, Outcome::Refused) << report;
  EXPECT_FALSE(report);
  EXPECT_THAT(report.text(), HasSubstr(why));
}

TEST(CheckGradient, RefusesAPointAtAKink) {
  expect_refused(check_gradient([](auto x) { return abs(x); }, {0}), "`abs` (node 1, recorded at");
  expect_refused(check_gradient([](auto x, auto y) { return max(x, y); }, {2, 2}), "is at its kink, at (2, 2)");
  expect_refused(check_gradient([](auto x, auto y) { return hypot(x, y); }, {0, 0}), "move the point off it");
  expect_refused(check_gradient([](auto x) { return floor(x) * x; }, {3}), "`floor`");
  expect_refused(check_gradient([](auto x) { return select(x < 1.0, x, 2 * x); }, {1}), "`less`");
  expect_refused(check_gradient([](auto x) { return x < 1.0 ? x : 2 * x; }, {1}), "the branch at");
}

TEST(CheckGradient, DoesNotMindAVariableThatMeetsItself) {
  const auto largest = [](const auto& x) {
    Var m = x[0];
    for (const Var& v : x) m = max(m, v);
    return m * m;
  };
  const auto by_branch = [](const auto& x) {
    Var m = x[0];
    for (const Var& v : x) m = v < m ? v : m;
    return m * m;
  };
  for (const std::vector<double>& at : {std::vector{2.0, 3.0, 1.0}, {5.0, 3.0, 1.0}}) {
    expect_agrees("running maximum", largest, at);
    expect_agrees("running minimum", by_branch, at);
    expect_agrees(
        "maximum of a maximum", [](const auto& x) { return max(x[0], max(x[0], x[1])) * x[2]; }, at);
    expect_agrees(
        "select", [](const auto& x) { return select(x[0] < x[0], x[1], x[0] * x[1]); }, at);
  }
  expect_refused(check_gradient([](auto x) { return max(x, 1.0 * x); }, {5}), "`max`");
  expect_refused(check_gradient(largest, std::vector{2.0, 3.0, 3.0}), "`max`");
}

TEST(CheckGradient, DoesNotMindAKinkThatNothingDependsOn) {
  const auto f = [](auto x) {
    [[maybe_unused]] const Var unused = abs(x);
    return exp(x);
  };
  EXPECT_TRUE(check_gradient(f, {0}));
}

TEST(CheckGradient, RefusesWhatIsNotFinite) {
  expect_refused(check_gradient([](auto x) { return log(x); }, {-1}), "dependent 0 is nan");
  expect_refused(check_gradient([](auto x) { return sqrt(x); }, {0}), "the derivative in input 0 is inf");
  expect_refused(check_gradient([](auto x) { return x; }, {std::nan("")}), "input 0 is nan");
}

TEST(CheckGradient, RefusesAFunctionThatKeepsState) {
  double calls = 0;
  expect_refused(check_gradient([&](auto x) { return x + ++calls; }, {1}), "at the same point");
}

TEST(CheckGradient, RefusesNothing) {
  expect_refused(check_gradient([](const auto&) { return Var(1); }, std::vector<double>()), "there are no inputs");
  expect_refused(check_gradient([](auto) { return std::vector<Var>(); }, {1}), "no dependents");
}

TEST(CheckGradient, RefusesDependentsThatComeFromElsewhere) {
  Tape other;
  const Var foreign = other.variable(2);
  expect_refused(check_gradient([&](auto) { return foreign; }, {1}), "another tape");
  std::size_t calls = 0;
  expect_refused(check_gradient([&](auto x) { return std::vector<Var>(++calls, x); }, {1}), "returned 1 dependents, then 2");
}

TEST(CheckGradient, DoesNotPassWhatItCouldNotCheck) {
  // 0 by the absorbing product, but no neighbour on the left to ask
  const CheckReport report = check_gradient([](auto x) { return x * sqrt(x); }, {0});
  EXPECT_EQ(report.outcome, Outcome::Inconclusive) << report;
  EXPECT_FALSE(report);
}

// ---- the report

TEST(CheckGradient, ExplainsItselfInAnAssertion) {
  const CustomOperation wrong = sine([](double x) { return -std::cos(x); });
  const auto f = [&](auto x) { return wrong(x); };
  const testing::AssertionResult result = check_gradient(f, {0.7});
  EXPECT_FALSE(result);
  EXPECT_THAT(result.message(), HasSubstr("the gradient DISAGREES"));
  EXPECT_THAT(result.message(), HasSubstr("differences"));
  EXPECT_THAT(result.message(), HasSubstr("but its value changes by"));
}

TEST(CheckGradient, PrintsWhereItWasCalledAndHowFarApart) {
  std::ostringstream out;
  out << check_gradient([](auto x) { return exp(x); }, {1});
  EXPECT_THAT(out.str(), HasSubstr("check_gradient_test.cpp:"));
  EXPECT_THAT(out.str(), HasSubstr("in units"));
  EXPECT_THAT(out.str(), HasSubstr("2.718281828459045"));
}

}  // namespace
