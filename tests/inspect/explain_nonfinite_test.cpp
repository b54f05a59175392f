#include "wengert/explain_nonfinite.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <typeinfo>

#include "inside/inspect.hpp"
#include "wengert/custom.hpp"
#include "wengert/error.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace wengert;
using testing::HasSubstr;
using Where = NonFiniteOrigin::Where;

constexpr double infinity = std::numeric_limits<double>::infinity();

TEST(ExplainNonfinite, FindsNothingWhereEverythingIsFinite) {
  Tape tape;
  const Var x = tape.variable(2, "x");
  const auto origin = explain_nonfinite(log(x) * x);
  EXPECT_EQ(origin.where, Where::nowhere);
  EXPECT_THAT(origin.message, HasSubstr("is finite, and so is its gradient"));
}

TEST(ExplainNonfinite, NamesTheFirstNodeItsLineAndItsOperandsForwards) {
  Tape tape(true);
  const Var x = tape.variable(-3, "x");
  const unsigned line = __LINE__ + 1;
  const Var y = named("y", log(x));
  Var t = y * 2;
  t = exp(t) + y;
  const auto origin = explain_nonfinite(t);
  EXPECT_EQ(origin.where, Where::value);
  EXPECT_EQ(origin.node, y.index());
  EXPECT_TRUE(std::isnan(origin.value));
  EXPECT_EQ(origin.location.line, line);
  EXPECT_THAT(origin.message, HasSubstr("variable `y` (node 1, recorded at "));
  EXPECT_THAT(origin.message, HasSubstr("explain_nonfinite_test.cpp:" + std::to_string(line)));
  EXPECT_THAT(origin.message, HasSubstr("log(x) of variable `x`"));
  EXPECT_THAT(origin.message, HasSubstr("= -3"));
  EXPECT_THAT(origin.message, HasSubstr("= nan is"));  // on processors where log(-3) has its sign set, too
}

TEST(ExplainNonfinite, GoesBackToTheInfinityThatALaterNaNCameFrom) {
  Tape tape;
  const Var x = tape.variable(800);
  const Var big = exp(x);
  const Var t = big - big;
  ASSERT_TRUE(std::isnan(t.value()));
  EXPECT_EQ(explain_nonfinite(t).node, big.index());
}

TEST(ExplainNonfinite, IsNotMisledByABranchThatASelectDidNotTake) {
  Tape tape;
  const Var x = tape.variable(-1);
  const Var unused = log(x);
  const Var chosen = select(x > 0, unused, x * 3);
  const Var culprit = chosen / (x + 1);
  const Var t = culprit + 1;
  EXPECT_EQ(explain_nonfinite(chosen).where, Where::nowhere);
  EXPECT_EQ(explain_nonfinite(t).node, culprit.index());
}

TEST(ExplainNonfinite, NamesAnIndependentThatWasGivenSo) {
  Tape tape;
  const Var x = tape.variable(infinity, "x");
  const auto origin = explain_nonfinite(x * 2);
  EXPECT_EQ(origin.node, x.index());
  EXPECT_THAT(origin.message, HasSubstr("was given the value inf"));
}

TEST(ExplainNonfinite, NamesTheFirstNodeBackwardsThoughAllValuesAreFinite) {
  Tape tape;
  const Var x = tape.variable(0, "x");
  const Var root = sqrt(x);
  const Var t = root * 3;
  const auto origin = explain_nonfinite(t);
  EXPECT_EQ(origin.where, Where::adjoint);
  EXPECT_EQ(origin.node, root.index());
  EXPECT_EQ(origin.argument, x.index());
  EXPECT_EQ(origin.value, infinity);
  EXPECT_THAT(origin.message, HasSubstr("adjoint 3 * partial inf = inf"));
  EXPECT_THAT(origin.message, HasSubstr("sqrt(x) of variable `x`"));
}

TEST(ExplainNonfinite, NamesASumOfAdjointsThatOverflows) {
  Tape tape;
  const Var x = tape.variable(0.5);
  const Var t = 1e308 * x + 1e308 * x;
  const auto origin = explain_nonfinite(t);
  EXPECT_EQ(origin.where, Where::adjoint);
  EXPECT_EQ(origin.argument, x.index());
  EXPECT_THAT(origin.message, HasSubstr("the sum of its parts overflows to inf"));
}

TEST(ExplainNonfinite, LooksAtTheValuesOfAReplay) {
  Tape tape;
  const Var x = tape.variable(2);
  const Var y = log(x);
  const double point[] = {0};
  const auto values = forward_sweep(tape, std::span<const double>(point));
  EXPECT_EQ(explain_nonfinite(y).where, Where::nowhere);
  EXPECT_EQ(explain_nonfinite(y, values).where, Where::value);
  EXPECT_EQ(explain_nonfinite(y, values).value, -infinity);
  EXPECT_THROW(explain_nonfinite(y, ValuesView<double>{}), ShapeMismatch);
}

TEST(ExplainNonfinite, SpeaksOfConstantsAndRefusesStaleVariables) {
  EXPECT_EQ(explain_nonfinite(Var(1)).where, Where::nowhere);
  EXPECT_EQ(explain_nonfinite(Var(infinity)).where, Where::value);
  Tape tape;
  const Var x = tape.variable(1);
  tape.clear();
  EXPECT_THROW(explain_nonfinite(x), StaleVariable);
}

template <class F>
std::string message_of(F f) {
  try {
    f();
  } catch (const NonFinite& error) {
    return error.what();
  }
  return "no error";
}

struct Reciprocals final : NaryOperation {
  const char* name() const override { return "reciprocals"; }
  int arity() const override { return 3; }
  double value(std::span<const double> x) const override { return 1 / x[0] + 1 / x[1] + 1 / x[2]; }
  void partials(std::span<const double>, double, std::span<double>) const override {}
  const NaryOperation* partial(int) const override { return nullptr; }
  Identity identity() const override { return {&typeid(*this)}; }
  const NaryOperation* clone() const override { return new Reciprocals(*this); }
};

TEST(CheckFinite, ThrowsAsTheNodeIsRecordedAndNamesLineAndOperands) {
  Tape tape(true);
  tape.check_finite(true);
  const Var x = tape.variable(0, "x"), y = tape.variable(3, "y");
  const unsigned line = __LINE__ + 1;
  const std::string two = message_of([&] { y / x; });
  EXPECT_THAT(two, HasSubstr("explain_nonfinite_test.cpp:" + std::to_string(line)));
  EXPECT_THAT(two, HasSubstr(": variable `y`"));
  EXPECT_THAT(two, HasSubstr(" = 3 and variable `x`"));
  EXPECT_THAT(two, HasSubstr(" = 0 give inf; change the operands"));
  EXPECT_EQ(tape.size(), 2);
  const std::string three = message_of([&] { fma(y, 1e308, y); });
  EXPECT_THAT(three, HasSubstr("constant 1e+308"));
  EXPECT_THAT(three, HasSubstr("fma, at "));
  const Var arguments[] = {y, y, x};
  EXPECT_THAT(message_of([&] { detail::record_nary(Reciprocals(), arguments); }), HasSubstr("reciprocals, at "));
  tape.check_finite(false);
  EXPECT_EQ((y / x).value(), infinity);
}

TEST(ExplainNonfinite, FollowsWhatASelectChose) {
  Tape tape;
  const Var x = tape.variable(0, "x"), y = tape.variable(2, "y");
  const Var logarithm = log(x);
  const NonFiniteOrigin origin = explain_nonfinite(2 * select(y > 1, logarithm, y) + y);
  EXPECT_EQ(origin.node, logarithm.index());
  EXPECT_EQ(origin.where, Where::value);
}

TEST(ExplainNonfinite, LooksBehindCustomOperations) {
  const CustomOperation twice{"twice", 1, [](auto v) { return 2 * v[0]; }, [](auto, double, auto p) { p[0] = 2; }};
  Tape tape;
  const Var x = tape.variable(0, "x");
  const Var logarithm = log(x);
  EXPECT_EQ(explain_nonfinite(twice(logarithm)).node, logarithm.index());
}

TEST(ExplainNonfinite, ListsOperandsWithWhatPartsThem) {
  Tape tape;
  const Var x = tape.variable(-8, "x"), y = tape.variable(0.5, "y");
  EXPECT_THAT(explain_nonfinite(pow(x, y)).message, HasSubstr(") = -8, variable `y` ("));
  EXPECT_THAT(explain_nonfinite(Var(std::log(0.0))).message, HasSubstr("is on no tape; it was given as a number"));
  const Var t = x * y;
  tape.clear();
  EXPECT_THAT([&] { explain_nonfinite(t); }, testing::ThrowsMessage<StaleVariable>(HasSubstr("explain_nonfinite")));
}

}  // namespace
