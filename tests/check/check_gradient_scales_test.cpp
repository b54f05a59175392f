// check_gradient where numbers are small, large or 0, where f varies fast, and where numbers leave the tape.
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <stdexcept>

#include "check/planted.hpp"
#include "wengert/special.hpp"

namespace {

// ---- at any scale

TEST(CheckGradient, FollowsAFunctionThatVariesFastOrSlowly) {
  const CustomOperation reciprocal(
      "reciprocal", 1, [](auto x) { return 1 / x[0]; }, [](auto, double y, auto partials) { partials[0] = -y * y; });
  const CustomOperation root(
      "root", 1, [](auto x) { return std::sqrt(x[0]); }, [](auto, double y, auto partials) { partials[0] = 0.5 / y; });
  for (double s = 1; s > 1e-31; s /= 10) {
    expect_agrees("sin(x/s) at s", [s](const auto& x) { return sin(x[0] / s); }, {s});
    expect_agrees("tanh(x/s) at s", [s](const auto& x) { return tanh(x[0] / s); }, {s});
    expect_agrees("erf(x/s) at s", [s](const auto& x) { return erf(x[0] / s); }, {s});
    expect_agrees("erf(x/s) at 0", [s](const auto& x) { return erf(x[0] / s); }, {0});
    expect_agrees("1/x at s", [](const auto& x) { return 1 / x[0]; }, {s});
    expect_agrees("1/x at 1/s", [](const auto& x) { return 1 / x[0]; }, {1 / s});
    expect_agrees("x^3 at s", [](const auto& x) { return x[0] * x[0] * x[0]; }, {s});
    expect_agrees("log x at s", [](const auto& x) { return log(x[0]); }, {s});
    expect_agrees("lgamma x at s", [](const auto& x) { return lgamma(x[0]); }, {s});
    expect_agrees("trigamma x at s", [](const auto& x) { return polygamma(1, x[0]); }, {s});
    expect_agrees("erfcinv x at s", [](const auto& x) { return erfcinv(x[0]); }, {s / 2});
    expect_agrees("1/x at s, as a custom operation", [&](const auto& x) { return reciprocal(x[0]); }, {s});
    expect_agrees("sqrt x at s, beside another input, likewise", [&](const auto& x) { return root(x[0] + 0 * x[1]) * exp(x[1]); },
                  {s, 0.3});
  }
  for (double x = 1; x < 1e25; x *= 7) expect_agrees("sin x", [](const auto& v) { return sin(v[0]); }, {x});
  expect_agrees("erf(sin 1e6 x)", [](const auto& x) { return erf(sin(1e6 * x[0])); }, {1});
  expect_agrees("log x at 1e-300", [](const auto& x) { return log(x[0]); }, {1e-300});
  expect_agrees("log x at 1e300", [](const auto& x) { return log(x[0]); }, {1e300});
}

constexpr double pi = std::numbers::pi, planck = 6.62607015e-34, light = 299792458, boltzmann = 1.380649e-23;

TEST(CheckGradient, TakesSIUnits) {
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

TEST(CheckGradient, AgreesOnEverydayFunctionsAtTheirMinimum){
#define AT(f, ...) expect_agrees(#f, [](const auto& x) -> Var { return f; }, {__VA_ARGS__});
    AT(x[0] * x[0], 0) AT((x[0] - 1) * (x[0] - 1), 1) AT(x[0] * x[1], 0, 0) AT(x[0] * x[0] + x[1] * x[1], 0, 0)
        AT((x[0] - 1) * (x[0] - 1) + (x[1] - 2) * (x[1] - 2), 1,
           2) AT(pow(x[0] - 1, 2) + pow(x[1] - 2, 2), 1, 2) AT(x[0] * x[0] * x[0], 0) AT(pow(x[0], 2), 0) AT(pow(x[0], 2.5), 0)
            AT(pow(x[0], 3), 0) AT(pow(x[0] - 1, 8), 1) AT(cos(x[0]), 0) AT(1 - cos(x[0]), 2 * std::numbers::pi) AT(cosh(x[0]), 0)
                AT(log(cosh(x[0])), 0) AT(exp(-x[0] * x[0]), 0) AT(log(1 + x[0] * x[0]), 0) AT(1 / (1 + x[0] * x[0]), 0)
                    AT(sqrt(1 + x[0] * x[0]) - 1, 0) AT(tanh(x[0]) * tanh(x[0]), 0) AT(erf(x[0]) * erf(x[0]), 0)
                        AT(sin(x[0]) * sin(x[0]), std::numbers::pi / 2) AT(log(x[0]) * log(x[0]), 1)
                            AT(x[0] * log(x[0]), 1 / std::numbers::e) AT(x[0] * exp(-x[0]), 1) AT(x[0] + 1 / x[0], 1)
                                AT(x[0] * x[0] * x[1], 0, 3) AT(atan(x[0]) * x[1], 0, 0)
                                    AT(pow(1 - x[0], 2) + 100 * pow(x[1] - x[0] * x[0], 2), 1, 1)
                                        AT(pow(x[0] * x[0] + x[1] - 11, 2) + pow(x[0] + x[1] * x[1] - 7, 2), 3, 2)
                                            AT(-log(x[1]) + 0.5 * (x[0] * x[0] + x[1] * x[1] - 1), 0, 1)
                                                AT(0.5 * pow((1.3e-9 - x[0]) / 1e-10, 2), 1.3e-9)
                                                    AT(sin(x[0]) * sin(x[0]) + cos(x[0]) * cos(x[0]), 0.7) AT(x[0] - x[0], 0.7)
#undef AT
}

// A zero must be told from something that should be zero and isn't.
TEST(CheckGradient, FindsADerivativeThatShouldBeZero) {
  const CustomOperation square =
      planted(1, [](auto x) { return x[0] * x[0]; }, [](auto x, double, auto p) { p[0] = 2 * x[0] + 1e-3; });
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
    if (line.input == 0) {
      EXPECT_LE(line.units(), 1) << report;
    }
    if (line.input == 1 && line.oracle == Oracle::Differences) {
      EXPECT_NEAR(line.expected, 2 * 0.3, 1e-9);
    }
  }
  EXPECT_THAT(report.suspect, HasSubstr("constant on the tape"));
}

// With the detached value as it is at the point, the comparison turns 0.5 below it; called anew, it never does.
TEST(CheckGradient, StaysOnOneSideOfAKinkThatADetachedValueMakes) {
  const CustomOperation right = sine([](double x) { return std::cos(x); });
  const auto by_select = [&](const auto& x) { return right(select(detach(x[0]) < x[0] + 0.5, x[0] * x[0], detach(x[0]))); };
  const auto by_maximum = [&](const auto& x) { return right(max(detach(x[0]), x[0] + 0.5)); };
  const auto by_branch = [&](const auto& x) { return right(detach(x[0]) < x[0] + 0.5 ? x[0] * x[0] : x[0]); };
  for (const double x : {-6.2, 0.3, 40.0, 1e4}) {
    expect_agrees("select", by_select, {x});
    expect_agrees("max", by_maximum, {x});
    expect_agrees("branch", by_branch, {x});
  }
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

// Nothing tells how large a derivative in y might have been but that in x: 1000 x, of which a millionth may be wrong.
TEST(CheckGradient, HoldsAnInputWithoutEffectAgainstTheOthers) {
  const auto f = [](const auto& x) { return 1000 * (x[0] - 1) + 0.0 * x[1]; };
  const CheckReport report = check_gradient(f, std::vector{1.0, 2.0}, {.accuracy = 1e-6});
  EXPECT_TRUE(report) << report;
  int lines = 0;
  for (const CheckLine& line : report.lines) {
    if (line.input != 1) continue;
    ++lines;
    EXPECT_EQ(line.found, 0);
    EXPECT_GT(line.expected_error, 1e-5);
    EXPECT_LT(line.expected_error, 1e-2);
  }
  EXPECT_GT(lines, 0);
}

// P(a, x) ends at x = 0, and has an infinite slope there for a below 1: steps must stay within.
TEST(CheckGradient, StaysWithinTheDomainOfIncompleteFunctions) {
  for (const double a : {0.3, 0.8})
    for (const double x : {1e-8, 1e-3, 0.3, 4.0}) expect_agrees("gamma_p", [&](const auto& v) { return gamma_p(a, v[0]); }, {x});
  for (const double a : {0.3, 2.0, 5.0})
    for (const double x : {0.3, 4.0}) expect_agrees("gamma_q", [&](const auto& v) { return gamma_q(a, v[0]); }, {x});
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

// x exp(-(x / w)^2) is 0 but within some w of 0, and nothing on the tape tells how wide that is: a rule that is right agrees, one
// that is 0.1 % off disagrees, and so does one that says it is flat, as it looks from afar.
TEST(CheckGradient, FindsTheScaleThatACustomOperationKeepsToItself) {
  for (const double w : {1e-3, 1e-6, 1e-9, 1e-12})
    for (const double factor : {1.0, 1.001, 0.0}) {
      const auto bell = [w](double x) { return std::exp(-(x / w) * (x / w)); };
      const CustomOperation ripple = planted(
          1, [=](auto x) { return x[0] * bell(x[0]); },
          [=](auto x, double, auto p) { p[0] = factor * (1 - 2 * (x[0] / w) * (x[0] / w)) * bell(x[0]); });
      for (const double at : {0.0, 0.3 * w})
        EXPECT_EQ(check_gradient([&](auto x) { return ripple(x); }, {at}).outcome,
                  factor == 1 ? Outcome::Agrees : Outcome::Disagrees)
            << w << ", " << factor << ", " << at;
    }
}

}  // namespace
