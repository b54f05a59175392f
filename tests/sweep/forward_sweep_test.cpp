#include "wengert/forward_sweep.hpp"

#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "support/allocations.hpp"
#include "wengert/custom.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace wengert;
using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

// One function for every number type: all arities, constants, a choice as data.
template <class T>
T some_function(const T& x, const T& y) {
  using std::exp, std::fma, std::log, std::sin;
  const T a = fma(x, y, T(0.5));
  return select(x < y, sin(a) / y, log(y)) - 2 * exp(-x * x);
}

// While compiling, by the same steps.
constexpr double replayed_at(double x) {
  Tape tape;
  const Var a = tape.variable(2), b = a * a - 5;
  const Var t = select(a < b, b / a, 4 * a);
  const Values<double> values = forward_sweep(tape, std::span<const double>(&x, 1));
  return values[t.index()];
}
static_assert(replayed_at(4) == 11.0 / 4);
static_assert(replayed_at(1) == 4);

class ForwardSweep : public testing::Test {
 protected:
  template <class T>
  T at(T x_value, T y_value) const {
    const std::vector<T> point{x_value, y_value};
    return forward_sweep(tape, std::span<const T>(point))[t.index()];
  }

  Tape tape{true};
  Var x = tape.variable(0.5, "x"), y = tape.variable(2, "y");
  Var t = some_function(x, y);
};

TEST_F(ForwardSweep, AtTheRecordedPointGivesTheRecordedValuesBitForBit) {
  const std::vector<double> point{0.5, 2};
  const Values<double> values = forward_sweep(tape, std::span(std::as_const(point)));
  ASSERT_EQ(values.nodes(), tape.size());
  ASSERT_EQ(values.constants(), tape.constants());
  for (NodeId i = -tape.constants(); i < tape.size(); ++i) EXPECT_EQ(values[i], tape.value(i)) << "node " << i;
}

TEST_F(ForwardSweep, AtAnotherPointGivesWhatThePlainFunctionGives) {
  for (const double a : {-3.0, 0.0, 0.1, 7.0})
    for (const double b : {0.01, 1.0, 5.0}) EXPECT_EQ(at(a, b), some_function(a, b)) << a << ", " << b;
}

TEST_F(ForwardSweep, RunsInFloat) {
  // 8 operations, each within half an ulp of 2^-24, on numbers of order 1
  EXPECT_NEAR(at(0.3f, 1.7f), some_function(0.3, 1.7), 8 * std::numeric_limits<float>::epsilon());
}

TEST_F(ForwardSweep, RunsInDualAndYieldsADirectionalDerivative) {
  const double a = 0.3, b = 1.7;
  const Dual<double> value = at(Dual<double>(a, 1), Dual<double>(b, 0));
  EXPECT_EQ(value.value, some_function(a, b));
  const double dx = std::cos(a * b + 0.5) + 4 * a * std::exp(-a * a);  // b cancels in d sin(ab + 1/2)/b / da
  EXPECT_NEAR(value.tangent, dx, 8 * std::numeric_limits<double>::epsilon());
}

TEST_F(ForwardSweep, LeavesTheTapeAsItWas) {
  const double before = tape.value(t.index());
  const NodeId size = tape.size();
  at(3.0, 4.0);
  EXPECT_EQ(tape.value(t.index()), before);
  EXPECT_EQ(tape.size(), size);
}

TEST_F(ForwardSweep, OfTheSameInputsGivesTheSameBits) { EXPECT_EQ(at(0.1, 0.7), at(0.1, 0.7)); }

TEST_F(ForwardSweep, IntoOldValuesAllocatesNothing) {
  const std::vector<double> point{1, 2};
  Values<double> values;
  const auto sweep = [&] { forward_sweep(tape, std::span(std::as_const(point)), values); };
  const std::size_t first = allocations_of(sweep);
  EXPECT_TRUE(first > 0 || !counts_arrays);
  EXPECT_EQ(allocations_of(sweep), 0u);
}

TEST_F(ForwardSweep, RefusesTheWrongNumberOfValues) {
  const std::vector<double> few{1}, many{1, 2, 3};
  EXPECT_THAT([&] { forward_sweep(tape, std::span(few)); },
              ThrowsMessage<ShapeMismatch>(AllOf(HasSubstr("forward_sweep"), HasSubstr("2 independents"), HasSubstr("1 value"))));
  EXPECT_THROW(forward_sweep(tape, std::span(many)), ShapeMismatch);
  EXPECT_THROW(forward_sweep(tape, std::span<const double>()), ShapeMismatch);
}

TEST(ForwardSweepOfAnEmptyTape, GivesNoValues) {
  const Tape tape;
  EXPECT_EQ(forward_sweep(tape, std::span<const double>()).nodes(), 0);
}

TEST(ForwardSweepOfConstantsAlone, ComputesTheFirstNodeToo) {
  Tape tape;
  const NodeId two = tape.constant(2), three = tape.constant(3);
  const NodeId log = tape.push(Op::Log, two, 0, 0, 0, Location{});
  const NodeId power = tape.push(Op::Pow, log, three, 0, 0, Location{});
  const Values<double> values = forward_sweep(tape, std::span<const double>());
  EXPECT_DOUBLE_EQ(values[log], 0.6931471805599453);
  EXPECT_DOUBLE_EQ(values[power], 0.33302465198892948);  // (log 2)^3
}

// What an earlier, longer recording left in the tape's memory is not computed. At sizes beside 1,024, of which a sweep does so
// many at a time.
TEST(ForwardSweepOfARecordingThatIsShorter, EndsWhereItEnds) {
  int calls = 0;
  const CustomOperation counted(
      "counted", 1,
      [&calls](auto x) {
        ++calls;
        return x[0];
      },
      [](auto, double, auto partials) { partials[0] = 1; });
  for (const NodeId size : {1, 2, 500, 1023, 1024, 1025, 1500, 2048, 2049}) {
    Tape tape;
    Var t = tape.variable(1);
    for (int k = 0; k < 4000; ++k) t = counted(t);
    tape.clear();
    Var shorter = tape.variable(0.5);
    while (tape.size() < size) shorter = shorter + 1;
    calls = 0;
    const Values<double> values = forward_sweep(tape, std::span<const double>(std::array{2.25}));
    EXPECT_EQ(calls, 0) << size;
    EXPECT_EQ(values[tape.size() - 1], 2.25 + (size - 1)) << size;
  }
}

TEST(ForwardSweepOverABranch, RefusesToTakeTheOtherSide) {
  Tape tape(true);
  const Var x = tape.variable(2, "x");
  Var y = x;
  if (x > 1) y = x * x;
  const int line = __LINE__ - 1;
  const auto at = [&](double value) { return forward_sweep(tape, std::span<const double>(&value, 1))[y.index()]; };
  EXPECT_EQ(at(3), 9);
  EXPECT_THAT([&] { at(0.5); },
              ThrowsMessage<BranchChanged>(AllOf(HasSubstr("`x`"), HasSubstr("forward_sweep_test.cpp:" + std::to_string(line)),
                                                 HasSubstr("0.5"), HasSubstr("was true"), HasSubstr("select("))));
  EXPECT_THROW(at(1), BranchChanged);  // 1 > 1 is false
  EXPECT_THROW(at(std::nan("")), BranchChanged);
  EXPECT_EQ(at(1.5), 2.25);  // it can be tried again
}

TEST(ForwardSweepOverABranch, ChecksEveryRelation) {
  Tape tape;
  const Var x = tape.variable(2);
  const bool outcomes[] = {x < 3, x <= 2, x == 2, x != 3, x > 1, x >= 2};
  EXPECT_THAT(outcomes, testing::Each(true));
  const auto at = [&](double value) { forward_sweep(tape, std::span<const double>(&value, 1)); };
  EXPECT_NO_THROW(at(2));
  for (const double other : {1.0, 1.5, 2.5, 3.0}) EXPECT_THROW(at(other), BranchChanged) << other;
}

TEST(ForwardSweepOverABranch, ChecksInOtherNumberTypesToo) {
  Tape tape;
  const Var x = tape.variable(2);
  if (x < 1) ADD_FAILURE();
  const float low = 0.5f, high = 3;
  EXPECT_NO_THROW(forward_sweep(tape, std::span<const float>(&high, 1)));
  EXPECT_THROW(forward_sweep(tape, std::span<const float>(&low, 1)), BranchChanged);
  const Dual<double> dual(0.5, 1);
  EXPECT_THROW(forward_sweep(tape, std::span<const Dual<double>>(&dual, 1)), BranchChanged);
}

// A tape replayed on the variables of another tape is recorded there, as one function inside a larger one.
TEST(ForwardSweepOverVar, RecordsTheFunctionAnew) {
  Tape inner, outer;
  const Var a = inner.variable(0.5), b = inner.variable(2);
  const Var f = some_function(a, b);
  const std::vector<Var> point{outer.variable(0.3), outer.variable(1.7)};
  const Var again = forward_sweep(inner, std::span(std::as_const(point)))[f.index()];
  EXPECT_EQ(again.tape(), &outer);
  EXPECT_EQ(again.value(), some_function(0.3, 1.7));
}

TEST(ForwardSweepOverVar, RecordsTheBranchesAnew) {
  Tape inner, outer;
  const Var a = inner.variable(2);
  if (a < 1) ADD_FAILURE();
  const Var same = outer.variable(3), other = outer.variable(0);
  forward_sweep(inner, std::span<const Var>(&same, 1));
  EXPECT_EQ(outer.guards().size(), 1u);
  EXPECT_THROW(forward_sweep(inner, std::span<const Var>(&other, 1)), BranchChanged);
}

TEST(ChangedBranch, ShowsTheComparison) {
  const auto after = [](auto compare) {
    Tape tape(false);
    const Var x = tape.variable(1, "x"), y = tape.variable(2, "y");
    static_cast<void>(bool(compare(x, y)));
    const std::array<double, 2> swapped{2, 1};
    forward_sweep(tape, std::span<const double>(swapped));
  };
  const auto says = [](const char* text) { return ThrowsMessage<BranchChanged>(HasSubstr(text)); };
  EXPECT_THAT([&] { after([](Var x, Var y) { return x < y; }); }, says("was true when recorded, but 2 < 1 is false"));
  EXPECT_THAT([&] { after([](Var x, Var y) { return x <= y; }); }, says("was true when recorded, but 2 <= 1 is false"));
  EXPECT_THAT([&] { after([](Var x, Var) { return x == 1; }); }, says("was true when recorded, but 2 == 1 is false"));
}

}  // namespace
