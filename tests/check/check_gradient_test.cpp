// The checker is checked: what is right passes with every oracle asked, and each planted fault is caught and located.
#include "wengert/check_gradient.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "check/planted.hpp"

namespace {

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

Var half(Var x) { return x / 2; }
Var first(std::span<const Var> x) { return x[0] * x[1]; }

TEST(CheckGradient, TakesPlainFunctions) {
  EXPECT_TRUE(check_gradient(half, {1.0}));
  EXPECT_TRUE(check_gradient(first, std::vector{1.0, 2.0}));
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
  EXPECT_EQ(check_gradient(energy, x, {.directions = 0}).outcome, Outcome::Inconclusive) << "nothing was asked";
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

// The standard library has no complex erf, gamma function or what is made of them; everything else is asked, at its second-order
// partials too, in a complex step that tells and agrees.
TEST(CheckGradient, AsksTheComplexStepOfWhateverHasAComplexContinuation) {
  const auto tells = [](const CheckReport& report) {
    return std::ranges::any_of(report.lines, [](const CheckLine& line) {
      return line.oracle == Oracle::ComplexStep && line.sharp && line.units() <= 1;
    });
  };
  const auto has_none = [](std::string_view name) {
    return std::ranges::count(std::array{"erf", "erfc", "erfinv", "erfcinv", "lgamma", "tgamma", "polygamma", "beta"}, name) > 0;
  };
#define X(Rule, function)                                                                                               \
  EXPECT_NE(tells(check_gradient([](auto x) { return x + function(x); }, {ops::Rule::domain[0].low >= 1 ? 1.7 : 0.3})), \
            has_none(#function))                                                                                        \
      << #function;
  WENGERT_UNARY_OPERATIONS(X)
#undef X
#define X(Rule, function)                                                                                              \
  EXPECT_NE(tells(check_gradient([](auto x, auto y) { return x + function(x, y); }, {2.3, 1.9})), has_none(#function)) \
      << #function;
  WENGERT_BINARY_OPERATIONS(X)
#undef X
  EXPECT_TRUE(tells(check_gradient([](auto x) { return pow(x, 3) + pow(x, -2); }, {-1.3})));
  for (const int order : {0, 1, 2, 3, 256, 257, 258, 512, 513})  // n times in x, once for each 256 in y
    EXPECT_TRUE(tells(check_gradient([=](auto x, auto y) { return pow_derivative(x, y, order); }, {1.3, 2.4}))) << order;
  EXPECT_TRUE(tells(check_gradient([](auto x) { return pow_derivative(x, 3.0, 1); }, {-1.3})));
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
    for (const double y : {-2.1, -0.4, 0.4, 2.1}) {                                              \
      if (Op::Rule == Op::Beta && y < 0) continue;                                               \
      EXPECT_TRUE(check_gradient([](auto v, auto w) { return function(v, w); }, {x, y}, second)) \
          << #function << ' ' << x << ' ' << y;                                                  \
    }                                                                                            \
  }
  WENGERT_BINARY_OPERATIONS(X)
#undef X
  EXPECT_TRUE(check_gradient([](auto x, auto y, auto z) { return fma(x, y, z); }, {0.7, -1.9, 0.4}, second));
  EXPECT_TRUE(check_gradient([](auto x, auto y) { return incomplete_gamma(x, y, 0); }, {2.3, 1.9}, second));
  EXPECT_TRUE(check_gradient([](auto x, auto y, auto z) { return ibeta(x, y, z); }, {2.3, 1.9, 0.4}, second));
  EXPECT_TRUE(check_gradient([](auto x, auto y, auto z) { return ibetac(x, y, z); }, {0.7, 4.2, 0.3}, second));
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
  const CustomOperation fickle =
      planted(1, [](auto) { return 2.0; }, [&asked](auto, double, auto p) { p[0] = ++asked % 2 == 1 ? 1e-9 : 0; });
  const std::vector<double> x = {0.7};
  const CheckReport report = check_gradient([&](const auto& v) { return fickle(v[0]) + v[0]; }, x);
  EXPECT_EQ(report.outcome, Outcome::Disagrees) << report;
  EXPECT_EQ(report.worst()->oracle, Oracle::DotProduct) << report;
}

TEST(CheckGradient, FindsAWrongSecondDerivative) {
  const auto make = [](double factor) {
    const CustomOperation cosine =
        planted(1, [](auto x) { return std::cos(x[0]); }, [factor](auto x, double, auto p) { p[0] = -factor * std::sin(x[0]); });
    return planted(1, [](auto x) { return std::sin(x[0]); }, [](auto x, double, auto p) { p[0] = std::cos(x[0]); }, {cosine});
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
  const CustomOperation wrong =
      planted(1, [](auto x) { return std::sin(x[0]); }, [](auto x, double, auto p) { p[0] = std::cos(x[0]); }, {twice_cosine});
  const CheckReport report = check_gradient([&](auto x) { return wrong(x) * x; }, {0.7}, {.second_order = true});
  EXPECT_EQ(report.outcome, Outcome::Disagrees) << report;
  EXPECT_THAT(report.suspect, HasSubstr("the operation given for that partial says"));
}

TEST(CheckGradient, DoesNotSuspectWhatStandsBeforeTheCulprit) {
  const CustomOperation wrong = sine([](double x) { return 1.0005 * std::cos(x); });
  const CheckReport report = check_gradient([&](auto x) { return wrong(erf(exp(x)) + x / (2 + cos(x))); }, {0.7});
  EXPECT_THAT(report.suspect, HasSubstr("`planted`")) << report;
}

TEST(CheckGradient, DoesNotSuspectWhatNothingDependsOn) {
  const CustomOperation wrong = sine([](double x) { return 1.0005 * std::cos(x); });
  const CustomOperation unused(
      "unused", 1, [](auto x) { return std::exp(x[0]); }, [](auto x, double, auto p) { p[0] = 2 * std::exp(x[0]); });
  const auto f = [&](auto x) {
    static_cast<void>(unused(x));
    return wrong(x) * x;
  };
  EXPECT_THAT(check_gradient(f, {0.7}).suspect, HasSubstr("`planted`"));
}

TEST(CheckGradient, DoesNotSuspectAPartialOperationThatIsRight) {
  const auto half = [](const char* name, double factor) {
    const CustomOperation partial(
        "cosine", 1, [](auto x) { return std::cos(x[0]); },
        [factor](auto x, double, auto p) { p[0] = -factor * std::sin(x[0]); });
    return CustomOperation(
        name, 1, [](auto x) { return std::sin(x[0]); }, [](auto x, double, auto p) { p[0] = std::cos(x[0]); }, {partial});
  };
  const CustomOperation right = half("right", 1), wrong = half("wrong", 1.0005);
  const CheckReport report = check_gradient([&](auto x) { return wrong(right(x)) * x; }, {0.7}, {.second_order = true});
  EXPECT_EQ(report.outcome, Outcome::Disagrees);
  EXPECT_THAT(report.suspect, HasSubstr("as the partial of `wrong`"));
  EXPECT_TRUE(report.suspect_location.known());
}

TEST(CheckGradient, DoesNotSuspectAPartialThatIsZero) {
  const CustomOperation wrong = sine([](double x) { return 1.0005 * std::cos(x); });
  EXPECT_THAT(check_gradient([&](auto x) { return wrong(cos(x - x) + x); }, {0.7}).suspect, HasSubstr("`planted`"));
  EXPECT_THAT(check_gradient([&](auto x) { return wrong(x) * cos(x - x); }, {0.7}).suspect, HasSubstr("`planted`"));
}

// The imaginary part of x^2 in a complex step, 2^-100 of x, is 0.
TEST(CheckGradient, DoesNotSuspectAPartialThatUnderflows) {
  const CustomOperation wrong = sine([](double x) { return 1.0005 * std::cos(x); });
  EXPECT_THAT(check_gradient([&](auto x, auto y) { return x * x + wrong(y); }, {1e-160, 0.7}).suspect, HasSubstr("`planted`"));
}

TEST(CheckGradient, SuspectsAnOperationThatThrowsOutsideItsDomain) {
  const CustomOperation wrong = planted(
      1,
      [](auto x) {
        if (x[0] < 0) throw std::domain_error("the root of a negative number");
        return std::sqrt(x[0]);
      },
      [](auto, double result, auto p) { p[0] = 1.0005 * 0.5 / result; });
  EXPECT_THAT(check_gradient([&](auto x) { return wrong(x); }, {0.7}).suspect, HasSubstr("`planted`"));
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
  expect_refused(check_gradient([](auto x) { return select(x < 1.0, x, 2 * x); }, {1}), "`is_less`");
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
    expect_agrees("maximum of a maximum", [](const auto& x) { return max(x[0], max(x[0], x[1])) * x[2]; }, at);
    expect_agrees("select", [](const auto& x) { return select(x[0] < x[0], x[1], x[0] * x[1]); }, at);
    for (const std::size_t k : {0u, 1u})  // the smaller, which is one of them, meets both
      expect_agrees("what a select chose", [k](const auto& x) { return max(select(x[0] < x[1], x[0], x[1]), x[k]) * x[2]; }, at);
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

// Lines that disagree, up to twelve; up to three that cannot tell; of those that agree the worst.
TEST(CheckGradient, PrintsAScreenfulOfALongReport) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const auto text = [](int apart, int unable, int agreeing) {
    CheckReport report;
    const auto add = [&](int count, double found, double error, bool sharp) {
      for (int k = 0; k < count; ++k) report.lines.push_back({Oracle::Differences, k, found, 1, error, sharp});
    };
    add(apart, 2, 1e-9, true);
    add(unable, 2, infinity, false);
    add(agreeing, 1 + 1e-10, 1e-9, true);
    return report.text();
  };
  const auto count = [](const std::string& all, std::string_view part) {
    int found = 0;
    for (std::size_t at = all.find(part); at != all.npos; at = all.find(part, at + 1)) ++found;
    return found;
  };
  for (const int apart : {0, 1, 11, 12, 13, 40}) {
    EXPECT_EQ(count(text(apart, 0, 2), "  <-"), std::min(apart, 12));
    EXPECT_EQ(count(text(apart, 0, 2), "\n  and " + std::to_string(apart - 12) + " more"), apart > 12 ? 1 : 0);
  }
  for (const int unable : {0, 3, 4, 9}) EXPECT_EQ(count(text(1, unable, 2), "can't tell"), std::min(unable, 3));
  EXPECT_EQ(count(text(1, 1, 5), "worst of 5 that agree"), 1);
  EXPECT_EQ(count(text(1, 1, 1), "that agree"), 0);
  EXPECT_EQ(count(text(0, 0, 1), "differences"), 1);
  CheckReport exactly;  // one unit apart agrees
  exactly.lines.push_back({Oracle::Differences, 0, 1.5, 1, 0.5});
  EXPECT_EQ(count(exactly.text(), "  <-"), 0);
}

TEST(CheckGradient, PrintsWhereItWasCalledAndHowFarApart) {
  std::ostringstream out;
  out << check_gradient([](auto x) { return exp(x); }, {1});
  EXPECT_THAT(out.str(), HasSubstr("check_gradient_test.cpp:"));
  EXPECT_THAT(out.str(), HasSubstr("in units"));
  EXPECT_THAT(out.str(), HasSubstr("2.718281828459045"));
}

TEST(CheckGradient, SaysWhatCouldNotBeAsked) {
  const auto noted = [](const CheckReport& report, const char* part) {
    EXPECT_THAT(report.notes, testing::Contains(HasSubstr(part))) << report;
  };
  const auto nobody = "no oracle that is independent of the rules could tell";
  const CheckReport unbounded = check_gradient([](Var x) { return exp(x) + detach(sqrt(x)); }, {0});
  noted(unbounded, "the dot product can't tell: infinite partials on the way");
  noted(unbounded, nobody);
  const CheckReport tiny = check_gradient([](Var x) { return 3 * x; }, {1e-310});
  EXPECT_TRUE(tiny);  // differences tell
  noted(tiny, "complex step not asked: beside an input so small it would underflow");
  const CheckReport at_one_point = check_gradient(
      [](Var x) {
        if (x.value() != 1) throw std::domain_error("no");
        return exp(x);
      },
      {1});
  EXPECT_EQ(at_one_point.outcome, CheckReport::Outcome::Inconclusive);
  noted(at_one_point, nobody);
  const CheckReport stairs = check_gradient([](Var x) { return x * std::floor(x.value() * 1e6); }, {1});
  EXPECT_EQ(stairs.outcome, CheckReport::Outcome::Disagrees);
  EXPECT_THAT(stairs.suspect, HasSubstr("its argument 1 is a constant on the tape, 1000000 here"));
  noted(stairs, "beside the point f is not what its recording says");
}

}  // namespace
