// Every misuse of DESIGN's "Recording" section is refused in every build, by a typed error that says what to do.
#include "wengert/error.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "wengert/wengert.hpp"

namespace {

using namespace wengert;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::ThrowsMessage;

// "error_test.cpp:LINE", the place that a message names.
std::string line(int number) { return "error_test.cpp:" + std::to_string(number); }

TEST(Error, IsTheBaseOfAllAndAStandardException) {
  static_assert(std::is_base_of_v<std::runtime_error, Error>);
  static_assert(std::is_base_of_v<Error, ForeignVariable> && std::is_base_of_v<Error, StaleVariable>);
  static_assert(std::is_base_of_v<Error, TapeFull> && std::is_base_of_v<Error, NotRecorded>);
  static_assert(std::is_base_of_v<Error, ShapeMismatch> && std::is_base_of_v<Error, BranchChanged>);
  static_assert(std::is_base_of_v<Error, NonFinite> && std::is_base_of_v<Error, NoSecondOrder>);
}

class Misuse : public testing::Test {
 protected:
  Tape tape{true}, other{true};
};

TEST_F(Misuse, VariablesOfTwoTapesInOneOperation) {
  const unsigned first = __LINE__ + 1;  // of three lines; within a macro's arguments compilers count differently
  const Var x = tape.variable(1, "x");
  const Var y = other.variable(2, "y");
  const auto product = [&] { x* y; };
  EXPECT_THAT(product, ThrowsMessage<ForeignVariable>(AllOf(HasSubstr("mul, at"), HasSubstr(line(first + 2)), HasSubstr("`x`"),
                                                            HasSubstr(line(first)), HasSubstr("`y`"), HasSubstr(line(first + 1)),
                                                            HasSubstr("record both on one"))));
  EXPECT_THROW(y + x, ForeignVariable);
  EXPECT_THROW(fma(x, 2, y), ForeignVariable);
  EXPECT_THROW(fma(2, x, y), ForeignVariable);
  EXPECT_THROW(select(x < 1, x, y), ForeignVariable);
  EXPECT_THROW(select(x < y, 1, 2), ForeignVariable);
  EXPECT_THROW(max(x, y), ForeignVariable);
  Var sum = x;
  EXPECT_THROW(sum += y, ForeignVariable);
  EXPECT_EQ(sum.index(), x.index());
}

TEST_F(Misuse, ComparingVariablesOfTwoTapes) {
  const Var x = tape.variable(1), y = other.variable(2);
  EXPECT_THROW(static_cast<void>(bool(x < y)), ForeignVariable);
  EXPECT_THROW(static_cast<void>(bool(x == y)), ForeignVariable);
}

TEST_F(Misuse, ForeignVariablesAreNamedEvenWhereTheTapeOfTheFirstHasGrown) {
  const Var x = tape.variable(1, "first");
  tape.variable(7, "bystander");
  const Var y = other.variable(2, "second");
  EXPECT_THAT([&] { x - y; },
              ThrowsMessage<ForeignVariable>(AllOf(HasSubstr("`first`"), HasSubstr("`second`"), Not(HasSubstr("bystander")))));
}

TEST_F(Misuse, AVariableFromBeforeClear) {
  const Var stale = tape.variable(1, "stale");
  tape.clear();
  const Var x = tape.variable(2, "x");
  const unsigned at = __LINE__ + 1;
  const auto sum = [&] { x + stale; };
  EXPECT_THAT(sum, ThrowsMessage<StaleVariable>(AllOf(HasSubstr("add, at"), HasSubstr(line(at)), HasSubstr("cleared since"),
                                                      HasSubstr("record it again"))));
  EXPECT_THROW(exp(stale), StaleVariable);
  EXPECT_THROW(stale + x, StaleVariable);
  EXPECT_THROW(fma(x, x, stale), StaleVariable);
  EXPECT_THROW(static_cast<void>(bool(stale < x)), StaleVariable);
  EXPECT_THROW(named("again", stale), StaleVariable);
  EXPECT_THROW(gradient(stale), StaleVariable);
  EXPECT_THROW(select(stale > 0, x, x), StaleVariable);
  EXPECT_EQ(stale.value(), 1);  // its value is still a number that one may read
}

TEST_F(Misuse, AVariableOfATapeThatIsGoneAtTheSameAddress) {
  alignas(Tape) std::byte memory[sizeof(Tape)];
  Tape* first = new (memory) Tape;
  const Var dangling = first->variable(1);
  first->~Tape();
  Tape* second = new (memory) Tape;
  const Var x = second->variable(2);
  EXPECT_THROW(x * dangling, StaleVariable);
  EXPECT_THROW(dangling * x, StaleVariable);
  EXPECT_THROW(sin(dangling), StaleVariable);
  EXPECT_THROW(gradient(dangling), StaleVariable);
  EXPECT_THROW(gradient(x).wrt(dangling), StaleVariable);
  second->~Tape();
}

TEST_F(Misuse, AVariableFromBeforeClearIsNotTakenForTheOneInItsPlace) {
  const Var stale = tape.variable(1, "stale");
  tape.clear();
  const Var x = tape.variable(2, "x"), y = tape.variable(3, "y");
  const auto earlier = HasSubstr("variable of value 1 (node 0 of an earlier recording)");
  EXPECT_THAT([&] { x + stale; }, ThrowsMessage<StaleVariable>(AllOf(HasSubstr("add, at"), earlier, Not(HasSubstr("`x`")))));
  // and where the gradient is of the recording that there is
  EXPECT_THAT([&] { gradient(x * y).wrt(stale); },
              ThrowsMessage<StaleVariable>(AllOf(HasSubstr("wrt, at"), earlier, HasSubstr("record it again"))));
}

TEST_F(Misuse, TheGradientInAVariableOfAnotherTape) {
  const unsigned first = __LINE__ + 1;
  const Var x = tape.variable(1, "x"), y = other.variable(2, "y");
  const Gradient g = gradient(x * x);
  const auto asked = [&] { g.wrt(y); };
  EXPECT_THAT(asked, ThrowsMessage<ForeignVariable>(AllOf(HasSubstr("wrt, at"), HasSubstr(line(first + 2)), HasSubstr("`y`"),
                                                          HasSubstr(line(first)), HasSubstr("its own tape"))));
}

TEST_F(Misuse, TheGradientInAConstant) {
  const Var x = tape.variable(1, "x");
  const unsigned at = __LINE__ + 1;
  const auto asked = [&] { gradient(2 * x).wrt(Var(3)); };
  EXPECT_THAT(asked, ThrowsMessage<NotRecorded>(
                         AllOf(HasSubstr("wrt, at"), HasSubstr(line(at)), HasSubstr("constant 3"), HasSubstr("tape.variable("))));
  EXPECT_THROW(gradient(Var(1)).wrt(2), NotRecorded);
}

TEST_F(Misuse, TheGradientInAVariableFromBeforeClear) {
  const Var stale = tape.variable(1, "stale");
  tape.clear();
  const Var x = tape.variable(2, "x");
  EXPECT_THROW(gradient(x * x).wrt(stale), StaleVariable);
}

TEST_F(Misuse, AnOldGradientInANewVariable) {
  const Var before = tape.variable(1, "before");
  const Gradient g = gradient(before * before);
  tape.clear();
  const Var x = tape.variable(2, "x");
  EXPECT_THAT([&] { g.wrt(x); },
              ThrowsMessage<StaleVariable>(AllOf(HasSubstr("wrt"), HasSubstr("cleared since the gradient was taken"))));
  EXPECT_EQ(g.wrt(before), 2);  // what it was taken of, it still answers
}

TEST_F(Misuse, SeedsOnTwoTapes) {
  const Var x = tape.variable(1), y = other.variable(2);
  EXPECT_THROW(gradient({{x, 1}, {y, 1}}), ForeignVariable);
}

TEST_F(Misuse, WithoutLocationsAMessageTellsHowToGetThem) {
  tape.keep_locations(false);
  other.keep_locations(false);
  const Var x = tape.variable(1, "x"), y = other.variable(2, "y");
  EXPECT_THAT([&] { x + y; }, ThrowsMessage<ForeignVariable>(HasSubstr("keep_locations(true)")));
}

TEST_F(Misuse, LeavesTheTapeAsItWas) {
  const Var x = tape.variable(1), y = other.variable(2);
  const NodeId before = tape.size();
  EXPECT_THROW(x * y, ForeignVariable);
  EXPECT_EQ(tape.size(), before);
  EXPECT_EQ(gradient(x * 3).wrt(x), 3);
}

}  // namespace
