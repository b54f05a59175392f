#include "wengert/dual.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <type_traits>

#include "wengert/wengert.hpp"

namespace {

using namespace wengert;
using D = Dual<double>;

constexpr double epsilon = std::numeric_limits<double>::epsilon();

TEST(Dual, OfANumberHasNoTangent) {
  const D x = 3;
  EXPECT_EQ(x.value, 3);
  EXPECT_EQ(x.tangent, 0);
  EXPECT_EQ(D().value, 0);
  static_assert(std::is_trivially_copyable_v<D>);
}

// Each rule of the table carries the tangent on by its own partials: the tangents are the partials.
template <class Rule>
void expect_tangents_are_partials(std::initializer_list<double> arguments) {
  const double* const v = arguments.begin();
  const auto seeded = [&](int k, int which) { return D(v[k], k == which ? 1 : 0); };
  if constexpr (Rule::arity == 1) {
    const double result = Rule::template value<double>(v[0]);
    const auto partial = Rule::template partials<double>(v[0], result);
    const D y = D::evaluate<Rule>(seeded(0, 0));
    EXPECT_EQ(y.value, result) << Rule::name;
    EXPECT_EQ(y.tangent, partial.x) << Rule::name;
  } else if constexpr (Rule::arity == 2) {
    const double result = Rule::template value<double>(v[0], v[1]);
    const auto partial = Rule::template partials<double>(v[0], v[1], result);
    EXPECT_EQ(D::evaluate<Rule>(seeded(0, 0), seeded(1, 0)).tangent, partial.x) << Rule::name;
    EXPECT_EQ(D::evaluate<Rule>(seeded(0, 1), seeded(1, 1)).tangent, partial.y) << Rule::name;
  } else {
    const double result = Rule::template value<double>(v[0], v[1], v[2]);
    const auto partial = Rule::template partials<double>(v[0], v[1], v[2], result);
    EXPECT_EQ(D::evaluate<Rule>(seeded(0, 0), seeded(1, 0), seeded(2, 0)).tangent, partial.x) << Rule::name;
    EXPECT_EQ(D::evaluate<Rule>(seeded(0, 1), seeded(1, 1), seeded(2, 1)).tangent, partial.y) << Rule::name;
    EXPECT_EQ(D::evaluate<Rule>(seeded(0, 2), seeded(1, 2), seeded(2, 2)).tangent, partial.z) << Rule::name;
  }
}

TEST(Dual, TakesEveryRuleOfTheTable) {
  const auto inside = [](const Domain& d, double low) { return std::min(std::max(low, d.low), d.high); };
#define X(Rule, function) expect_tangents_are_partials<ops::Rule>({inside(ops::Rule::domain[0], 0.6)});
  WENGERT_UNARY_OPERATIONS(X)
#undef X
#define X(Rule, function) \
  expect_tangents_are_partials<ops::Rule>({inside(ops::Rule::domain[0], 0.6), inside(ops::Rule::domain[1], 1.7)});
  WENGERT_BINARY_OPERATIONS(X)
#undef X
  expect_tangents_are_partials<ops::Fma>({0.6, 1.7, -2});
  expect_tangents_are_partials<ops::Select>({1, 1.7, -2});
  expect_tangents_are_partials<ops::Select>({0, 1.7, -2});
}

TEST(Dual, DifferentiatesAsCalculusDoes) {
  const D x(0.7, 1);
  const auto slope = [](const D& y) { return y.tangent; };
  EXPECT_NEAR(slope(exp(sin(x))), std::exp(std::sin(0.7)) * std::cos(0.7), 2 * epsilon);
  EXPECT_NEAR(slope(x * x * x), 3 * 0.49, 2 * epsilon);
  EXPECT_NEAR(slope(1 / x), -1 / 0.49, 4 * epsilon);
  EXPECT_NEAR(slope(pow(x, D(2.5))), 2.5 * std::pow(0.7, 1.5), 4 * epsilon);
  EXPECT_NEAR(slope(fma(x, x, x)), 2 * 0.7 + 1, 2 * epsilon);
}

TEST(Dual, TakesADirection) {
  const D x(2, 3), y(5, -1);  // f = x y along (3, -1)
  EXPECT_EQ((x * y).tangent, 3 * 5 - 2);
}

TEST(Dual, FollowsCompoundAssignment) {
  D x(2, 1);
  x += 3;
  x *= x;
  x -= D(1, 1);
  x /= 2;
  EXPECT_EQ(x.value, 12);
  EXPECT_EQ(x.tangent, 4.5);
  EXPECT_EQ((-x).tangent, -4.5);
  EXPECT_EQ((+x).tangent, 4.5);
}

TEST(Dual, ComparesByItsValueAlone) {
  const D x(1, 5), y(1, 7), z(2, 0);
  EXPECT_TRUE(x == y && x <= y && x >= y && x < z && z > x && x != z);
  EXPECT_EQ(select(x < z, x, z).tangent, 5);
  EXPECT_EQ(select(x > z, x, z).tangent, 0);
  EXPECT_EQ(max(x, z).value, 2);
  EXPECT_EQ(min(x, z).tangent, 5);
}

TEST(Dual, AZeroTangentCarriesNothingForward) {
  EXPECT_EQ(sqrt(D(0, 0)).tangent, 0);  // 0 * inf
  EXPECT_EQ(sqrt(D(0, 1)).tangent, HUGE_VAL);
  EXPECT_EQ((D(0, 0) * log(D(0, 0))).tangent, 0);
}

// A dual of duals: the mixed tangent is the second derivative. (x^3)'' = 6x.
TEST(Dual, NestsForSecondDerivatives) {
  const Dual<D> x(D(2, 1), D(1, 0));
  const Dual<D> cube = x * x * x;
  EXPECT_EQ(cube.value.value, 8);
  EXPECT_EQ(cube.value.tangent, 12);
  EXPECT_EQ(cube.tangent.value, 12);
  EXPECT_EQ(cube.tangent.tangent, 12);
  EXPECT_EQ(cube.value.value, 8);
}

// Dual over Var: the tangent is recorded too.
TEST(Dual, OverVarRecordsValueAndTangent) {
  Tape tape;
  const Var v = tape.variable(0.7);
  const Dual<Var> y = sin(Dual<Var>(v, Var(1)));
  EXPECT_EQ(y.tangent.value(), std::cos(0.7));
  EXPECT_EQ(gradient(y.tangent).wrt(v), -std::sin(0.7));
}

TEST(Dual, KnowsTheLimitsOfItsNumbers) {
  static_assert(std::numeric_limits<D>::epsilon() == epsilon);
  static_assert(std::numeric_limits<Dual<float>>::max() == std::numeric_limits<float>::max());
}

constexpr D at_compile_time() {
  D x(2, 1);
  x *= x;
  return x + 1;
}
static_assert(at_compile_time().value == 5 && at_compile_time().tangent == 4);

}  // namespace
