#include "wengert/tape.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "support/allocations.hpp"
#include "wengert/error.hpp"
#include "wengert/function.hpp"
#include "wengert/reductions.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace wengert;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

// A recording with every kind of node: arity 0 to 3, names, constants, a guard.
Var record_some(Tape& tape, int repetitions) {
  const Var x = tape.variable(0.5, "x"), y = tape.variable(1.5, "y");
  Var sum = 0;
  for (int i = 0; i < repetitions; ++i) {
    sum += fma(sin(x), y, 0.25 * i);
    if (sum < 1e300) sum = select(x < y, sum, x);
  }
  return named("sum", sum);
}

TEST(Tape, RecordsOneNodeForEachOperationInOrder) {
  Tape tape;
  const Var x = tape.variable(3);
  const Var y = tape.variable(4);
  const Var z = exp(x * y);
  ASSERT_EQ(tape.size(), 4);
  EXPECT_EQ(tape[0].op, Op::Independent);
  EXPECT_EQ(tape[2].op, Op::Mul);
  EXPECT_EQ(tape[2].x, 0);
  EXPECT_EQ(tape[2].y, 1);
  EXPECT_EQ(tape[3].op, Op::Exp);
  EXPECT_EQ(tape[3].x, 2);
  EXPECT_EQ(z.index(), 3);
  EXPECT_EQ(tape.value(2), 12);
  EXPECT_EQ(tape.value(3), std::exp(12.0));
  EXPECT_THAT(tape.independents(), ElementsAre(0, 1));
}

TEST(Tape, ListsTheArgumentsOfEveryArity) {
  Tape tape;
  const Var x = tape.variable(3), y = tape.variable(4);
  const Var f = fma(x, y, 7);
  const Arguments three = tape.arguments(f.index());
  ASSERT_EQ(three.size(), 3);
  EXPECT_EQ(three[0], x.index());
  EXPECT_EQ(three[1], y.index());
  EXPECT_EQ(tape.value(three[2]), 7);
  std::vector<NodeId> one_by_one;
  for (const NodeId argument : three) one_by_one.push_back(argument);
  EXPECT_THAT(one_by_one, ElementsAre(three[0], three[1], three[2]));
  EXPECT_EQ(tape.arguments(x.index()).size(), 0);
  EXPECT_EQ(tape.arguments((-x).index()).size(), 1);
}

TEST(Tape, IsPinned) {
  static_assert(!std::is_copy_constructible_v<Tape> && !std::is_move_constructible_v<Tape>);
  static_assert(!std::is_copy_assignable_v<Tape> && !std::is_move_assignable_v<Tape>);
}

TEST(Tape, HoldsPlainNodes) { static_assert(std::is_trivial_v<Node> && std::is_standard_layout_v<Node> && sizeof(Node) == 12); }

TEST(Tape, KeepsConstantsBesideTheNodes) {
  Tape tape;
  const Var x = tape.variable(1);
  2 * x + 3;
  EXPECT_EQ(tape.size(), 3);
  EXPECT_EQ(tape.constants(), 2);
  EXPECT_EQ(tape.value(-1), 2);
  EXPECT_EQ(tape.value(-2), 3);
}

TEST(Tape, SharesEqualConstantsButTellsMinusZeroFromZero) {
  Tape tape;
  Var x = tape.variable(1);
  for (int i = 0; i < 100; ++i) x = 2 * x + 3;
  EXPECT_EQ(tape.constants(), 2);
  EXPECT_EQ((1 / (x * 0.0)).value(), std::numeric_limits<double>::infinity());
  EXPECT_EQ((1 / (x * -0.0)).value(), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(tape.constants(), 5);  // 2, 3, 0, 1, -0
}

TEST(Tape, HoldsMoreConstantsThanNodes) {
  Tape tape;
  Var sum = tape.variable(0);
  const int count = 100000;
  for (int i = 0; i < count; ++i) sum = fma(sum, 1 + i, -i);  // 2 constants to a node
  EXPECT_EQ(tape.size(), 1 + count);
  EXPECT_EQ(tape.value(tape.arguments(count)[1]), count);
  EXPECT_EQ(tape.value(tape.arguments(1)[1]), 1);
}

// -- names

TEST(Tape, FindsANodeByItsName) {
  Tape tape;
  const Var mu = tape.variable(1, "mu");
  const Var z = named("z", mu * 2);
  EXPECT_EQ(tape.name(mu.index()), "mu");
  EXPECT_EQ(tape.name(z.index()), "z");
  EXPECT_EQ(tape.name((z + 1).index()), "");
  EXPECT_EQ(tape.name(-1), "");
  EXPECT_EQ(tape.find("z"), z.index());
  EXPECT_EQ(tape.find("nobody"), -1);
}

TEST(Tape, FindsTheLastOfEqualNames) {
  Tape tape;
  named("z", tape.variable(1));
  const Var second = named("z", tape.variable(2));
  EXPECT_EQ(tape.find("z"), second.index());
}

TEST(Tape, TakesTheLastNameGivenToANode) {
  Tape tape;
  const Var x = tape.variable(1, "x"), y = tape.variable(2, "y");
  named("renamed", x);
  EXPECT_EQ(tape.name(x.index()), "renamed");
  EXPECT_EQ(tape.name(y.index()), "y");
  EXPECT_EQ(tape.find("x"), -1);
}

TEST(Tape, CopiesTheNamesItIsGiven) {
  Tape tape;
  std::string name = "a name that is longer than a small string";
  const Var x = tape.variable(1, name);
  name.assign(name.size(), '-');
  EXPECT_EQ(tape.name(x.index()), "a name that is longer than a small string");
}

// -- guards

TEST(Tape, KeepsNamesGivenInAnyOrder) {
  Tape tape;
  for (int k = 0; k < 10; ++k) tape.variable(k);
  for (const NodeId i : {5, 2, 9, 3, 0, 7, 2}) tape.set_name(i, "n" + std::to_string(i));
  for (NodeId i = 0; i < 10; ++i) {
    const bool named = i == 0 || i == 2 || i == 3 || i == 5 || i == 7 || i == 9;
    EXPECT_EQ(tape.name(i), named ? "n" + std::to_string(i) : "") << i;
  }
}

// A row of data is stored once while it comes again, and each other row by itself, also after clear().
TEST(Tape, KeepsRowsOfDataApart) {
  Tape tape;
  for (int recording = 0; recording < 3; ++recording) {
    tape.clear();
    const std::vector<Var> x = {tape.variable(1), tape.variable(10), tape.variable(100)};
    Var total = (7.0 + recording) * x[0];  // a constant first, where the row was
    std::vector<double> row(3), sum = {7.0 + recording, 0, 0};
    for (int k = 0; k < 1000; ++k) {
      for (std::size_t i = 0; i < 3; ++i) row[i] = k / 2 + 0.25 * static_cast<double>(i);  // each twice
      total += dot(x, row);
      for (std::size_t i = 0; i < 3; ++i) sum[i] += row[i];
      if (k == 1) total += dot(std::span<const Var>(), std::span<const double>());
      if (k == 2) total += dot(std::span(x).first(2), std::span<const double>(row).first(2)), sum[0] += row[0], sum[1] += row[1];
    }
    const Gradient g = gradient(total);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(g.wrt(x[i]), sum[i]) << i;
    const std::vector<double> at = {3, -1, 0.5};  // a replay reads what the tape has kept
    const Values<double> values = forward_sweep<double>(tape, std::span<const double>(at));
    EXPECT_EQ(values[total.index()], 3 * sum[0] - sum[1] + 0.5 * sum[2]);
    EXPECT_LE(tape.constants(), 3 * 500 + 10) << "a row that comes twice is stored once";
  }
}

TEST(Tape, ForgetsTheLastRowOfDataWhenCleared) {
  Tape tape;
  const std::vector<double> row = {0.5, 0.25};
  for (int recording = 0; recording < 3; ++recording) {
    tape.clear();
    const std::vector<Var> x = {tape.variable(1), tape.variable(10)};
    Var total = dot(x, row);
    for (int k = 0; k < 100; ++k) total += x[0] * (3 + k);  // constants, which lie where the row would not be kept
    const std::vector<double> at = {2, 4};
    EXPECT_EQ(forward_sweep<double>(tape, std::span<const double>(at))[total.index()], 2 + 2 * (300 + 4950)) << recording;
  }
}

TEST(Tape, NotesThatANumberWasTakenOffIt) {
  const Function whole = record([](Var x) { return x * static_cast<int>(x); }, 2.5);
  EXPECT_EQ(whole(2.75), 5.5);
  EXPECT_THROW(whole(3.25), BranchChanged);
  const Function same = record([](Var x) { return x * static_cast<double>(x); }, 2.5);
  EXPECT_EQ(same(2.5), 6.25);
  EXPECT_THROW(same(2.75), BranchChanged);
}

TEST(Tape, ComparisonsAreDataInArithmetic) {
  Tape tape;
  const Var x = tape.variable(1), y = tape.variable(2);
  EXPECT_EQ(((x < y) * (y < 3)).value(), 1);
  EXPECT_EQ(((x < y) * (y < x)).value(), 0);
  EXPECT_EQ(((x < y) + (y < 3)).value(), 2);
  EXPECT_EQ(((x < y) - (y < 3)).value(), 0);
  EXPECT_EQ(((y < x) / (x < y)).value(), 0);
}

TEST(Tape, NotesEveryBranchOnAValue) {
  Tape tape;
  const Var x = tape.variable(3), y = tape.variable(4);
  const Var z = x * y;
  if (z > 100) ADD_FAILURE();
  ASSERT_EQ(tape.guards().size(), 1u);
  const Guard& guard = tape.guards()[0];
  EXPECT_EQ(guard.relation, Op::Less);  // 100 < z
  EXPECT_EQ(tape.value(guard.x), 100);
  EXPECT_EQ(guard.y, z.index());
  EXPECT_FALSE(guard.outcome);
  EXPECT_EQ(guard.position, 3);
}

TEST(Tape, NotesNoBranchAmongConstantsNorInSelect) {
  Tape tape;
  const Var x = tape.variable(3);
  if (Var(1) > Var(2)) ADD_FAILURE();
  select(x > 1, x, 2 * x);
  EXPECT_TRUE(tape.guards().empty());
}

// -- memory

TEST(Tape, TakesAtMost24BytesAnOperation) {
  constexpr int operations = 1 << 20;
  for (const bool by_constants : {false, true}) {
    Tape tape(false);
    const Var x = tape.variable(1), y = tape.variable(2);
    const std::size_t before = tape.memory().used;
    Var sum = x;
    for (int i = 0; i < operations; ++i) sum = by_constants ? sum * 1.5 : sum + y;
    EXPECT_LE(static_cast<double>(tape.memory().used - before) / operations, 24);
    // doubling leaves at most as much again unused (and never touched)
    EXPECT_LE(tape.memory().reserved, 2 * tape.memory().used + 1024);
  }
}

TEST(Tape, CountsTheMemoryOfConstantsToo) {
  Tape tape(false);
  const std::size_t before = tape.memory().used;
  for (int k = 0; k < 100; ++k) tape.constant(k + 0.5);
  EXPECT_EQ(tape.memory().used - before, 100 * sizeof(double));
}

TEST(Tape, ClearKeepsTheMemory) {
  Tape tape(true);
  record_some(tape, 1000);
  const std::size_t reserved = tape.memory().reserved;
  tape.clear();
  EXPECT_EQ(tape.memory().reserved, reserved);
  EXPECT_EQ(tape.memory().used, 0u);
  EXPECT_EQ(tape.size(), 0);
  EXPECT_EQ(tape.constants(), 0);
  EXPECT_TRUE(tape.independents().empty());
  EXPECT_TRUE(tape.guards().empty());
  EXPECT_EQ(tape.find("x"), -1);
}

TEST(Tape, ASecondRecordingAllocatesNothing) {
  for (const bool locations : {false, true}) {
    Tape tape(locations);
    Gradient g;
    const auto once = [&] {
      tape.clear();
      gradient(record_some(tape, 1000), g);
    };
    EXPECT_GT(allocations_of(once), 0u);
    for (int again = 0; again < 3; ++again) EXPECT_EQ(allocations_of(once), 0u);
  }
}

TEST(Tape, ARecordingInReservedMemoryAllocatesNothing) {
  Tape tape(false);
  tape.reserve(2000, 1000);
  const auto chain = [&] {
    Var sum = 0;
    for (int i = 1; i < 1000; ++i) sum = sum * tape.value(-1) + i;
  };
  tape.constant(0.5);
  EXPECT_EQ(allocations_of(chain), 0u);
}

TEST(Tape, ReservingLessThanThereIsChangesNothing) {
  Tape tape;
  const Var x = tape.variable(2);
  const Var y = x * x;
  tape.reserve(1);
  EXPECT_EQ(tape.value(y.index()), 4);
  EXPECT_EQ(gradient(y).wrt(x), 4);
}

TEST(Tape, GrowingKeepsEverything) {
  Tape tape;
  Var x = tape.variable(1);
  for (int i = 1; i < 5000; ++i) x = x + i;
  for (NodeId i = 1; i < 5000; ++i) {
    ASSERT_EQ(tape[i].x, i - 1);
    ASSERT_EQ(tape.value(tape[i].y), i);
  }
  EXPECT_EQ(x.value(), 1 + 5000.0 * 4999 / 2);
}

// Nodes and constants in turns, so that both ends of the array of values grow, from bytes to beyond what moves page by page.
TEST(Tape, GrowingAtBothEndsKeepsEverything) {
  constexpr int operations = 3'000'000;
  Tape tape(false);
  Var x = tape.variable(0);
  for (int i = 1; i <= operations; ++i) x = x + static_cast<double>(i % 1000 == 0 ? 2 * i : i);
  for (NodeId i = 1; i <= operations; ++i) {
    ASSERT_EQ(tape[i].x, i - 1);
    ASSERT_EQ(tape.value(tape[i].y), i % 1000 == 0 ? 2 * i : i);
  }
  // the sum of 1 … n, and once more its thousands: whole numbers below 2^53
  EXPECT_EQ(x.value(), operations * (operations + 1.0) / 2 + 1000.0 * (operations / 1000) * (operations / 1000 + 1) / 2);
  EXPECT_EQ(gradient(x).wrt(Var(tape, 0)), 1);
}

// A chain ten million operations long: neither its length nor its depth is a matter of the stack.
TEST(Tape, RecordsAndSweepsTenMillionOperations) {
  constexpr int operations = 10'000'000;
  Tape tape(false);
  const Var x = tape.variable(0.25);
  Var y = x;
  for (int i = 0; i < operations / 2; ++i) y = y * 1.0 + x;
  EXPECT_EQ(tape.size(), 1 + operations);
  // sums of quarters below 2^51: exact
  EXPECT_EQ(y.value(), 0.25 * (1 + operations / 2));
  EXPECT_EQ(gradient(y).wrt(x), 1 + operations / 2);
}

// -- limits and checks

TEST(Tape, RefusesMoreNodesThanAllowed) {
  Tape tape;
  tape.max_nodes(3);
  const Var x = tape.variable(1);
  Var y = x + 1;
  y = y + 1;
  EXPECT_THAT([&] { y* y; }, ThrowsMessage<TapeFull>(AllOf(HasSubstr("mul"), HasSubstr("3 nodes"), HasSubstr("clear()"))));
  EXPECT_EQ(tape.size(), 3);
  EXPECT_EQ(gradient(y).wrt(x), 1);  // what was recorded is whole
  tape.max_nodes(4);
  EXPECT_EQ((y * y).value(), 9);
}

TEST(Tape, MemoryThatIsReservedIsCounted) {
  Tape tape(false);
  tape.reserve(1000, 500);
  EXPECT_EQ(tape.memory().used, 0u);
  EXPECT_GE(tape.memory().reserved, 1000 * (12 + 8) + 500 * 8u);  // a node and its value, a constant
}

TEST(Tape, RefusesMoreNodesThanAllowedInsideReservedMemoryToo) {
  Tape tape(false);
  tape.reserve(100);
  tape.max_nodes(1);
  tape.variable(1);
  EXPECT_THROW(tape.variable(2), TapeFull);
}

TEST(Tape, NamesTheFirstNonFiniteValueWhenItChecks) {
  Tape tape(true);
  const Var x = tape.variable(0, "x");
  EXPECT_NO_THROW(log(x));  // off by default
  tape.check_finite(true);
  const unsigned at = __LINE__ + 1;  // within a macro's arguments compilers count differently
  const auto logarithm = [&] { log(x); };
  EXPECT_THAT(logarithm, ThrowsMessage<NonFinite>(AllOf(HasSubstr("log"), HasSubstr("-inf"), HasSubstr("`x`"),
                                                        HasSubstr("tape_test.cpp:" + std::to_string(at)))));
  EXPECT_THROW(x / x, NonFinite);
  EXPECT_THROW(tape.variable(std::nan("")), NonFinite);
  EXPECT_NO_THROW(x + 1);
  tape.check_finite(false);
  EXPECT_NO_THROW(x / x);
}

TEST(Tape, ShowsTheOperandsOfANonFiniteValueEachAsWhatItIs) {
  Tape tape(false);
  tape.check_finite(true);
  const Var x = tape.variable(1, "x"), y = tape.variable(std::numeric_limits<double>::max(), "y");
  const auto says = [](auto... parts) { return ThrowsMessage<NonFinite>(AllOf(HasSubstr(parts)...)); };
  EXPECT_THAT([&] { x / 0; }, says("div", "variable `x` (node 0", ") = 1 and constant 0 give inf;"));
  EXPECT_THAT([&] { exp(y); }, says("exp", ": variable `y` (node 1", ") = 1.7976931348623157e+308 gives inf;"));
  EXPECT_THAT([&] { fma(y, 2, x); }, says("fma", "e+308, constant 2 and variable `x` (node 0", ") = 1 give inf;"));
  EXPECT_THAT([&] { tape.variable(std::nan("")); }, says(": the value is nan;"));
}

TEST(Tape, AnErrorWhileRecordingLeavesTheTapeUsable) {
  Tape tape(true);
  tape.check_finite(true);
  const Var x = tape.variable(0, "x");
  const Var y = x + 2;
  EXPECT_THROW(log(x), NonFinite);
  const Var z = y * y;
  EXPECT_EQ(tape.location(z.index()).line, __LINE__ - 1u);
  EXPECT_EQ(gradient(z).wrt(x), 4);
}

TEST(Tape, ChangesItsGenerationWithEveryClear) {
  Tape tape;
  const auto first = tape.generation();
  tape.clear();
  EXPECT_NE(tape.generation(), first);
  EXPECT_NE(Tape().generation(), Tape().generation());
}

// -- constant evaluation

constexpr NodeId nodes_of_a_recorded_function() {
  Tape tape;
  const Var x = tape.variable(0.5, "x"), y = tape.variable(2);
  const Var z = named("z", exp(x * y) + 3 * sin(select(x < y, x, y)));
  return tape.name(z.index()) == "z" && tape[z.index()].op == Op::Add && tape.find("x") == 0 ? tape.size() : -1;
}

TEST(Tape, RecordsInConstantEvaluation) {
  static_assert(nodes_of_a_recorded_function() == 9);
  EXPECT_EQ(nodes_of_a_recorded_function(), 9);  // and the same at run time
}

TEST(CheckKinks, ThrowsExactlyOnAKinkOrJumpAndSaysWhere) {
  const auto at = [](double x, double y, auto f) {
    Tape tape;
    tape.check_kinks(true);
    const Var u = tape.variable(x, "u"), v = tape.variable(y, "v");
    f(u, v);
  };
  EXPECT_THROW(at(0, 1, [](Var x, Var) { return abs(x); }), AtKink);
  EXPECT_THROW(at(-0.0, 1, [](Var x, Var) { return abs(x); }), AtKink);
  EXPECT_NO_THROW(at(1e-300, 1, [](Var x, Var) { return abs(x); }));
  EXPECT_THROW(at(0, 1, [](Var x, Var) { return cbrt(x); }), AtKink);
  EXPECT_THROW(at(2, 2, [](Var x, Var y) { return max(x, y); }), AtKink);
  EXPECT_THROW(at(2, 1, [](Var x, Var) { return min(x, 2); }), AtKink);
  EXPECT_NO_THROW(at(2, 1, [](Var x, Var y) { return max(x, y); }));
  EXPECT_THROW(at(3, 1, [](Var x, Var) { return floor(x); }), AtKink);
  EXPECT_NO_THROW(at(3.5, 1, [](Var x, Var) { return floor(x); }));
  EXPECT_THROW(at(3.5, 1, [](Var x, Var) { return round(x); }), AtKink);
  EXPECT_THROW(at(0, 0, [](Var x, Var y) { return hypot(x, y); }), AtKink);
  EXPECT_THROW(at(2, 2, [](Var x, Var y) { return select(x < y, x, y * 2); }), AtKink);
  EXPECT_THROW(at(2, 2, [](Var x, Var y) { return x < y ? x : y * 2; }), AtKink);  // a branch
  EXPECT_NO_THROW(at(2, 3, [](Var x, Var y) { return x < y ? x : y * 2; }));
  // the running maximum that meets its own variable is no tie
  EXPECT_NO_THROW(at(2, 1, [](Var x, Var y) { return max(max(x, y), x); }));
  EXPECT_NO_THROW(at(2, 1, [](Var x, Var y) { return max(x, max(x, y)); }));
  EXPECT_NO_THROW(at(2, 1, [](Var x, Var) { return max(max(x, x), x); }));
  // nor one that a select handed on; the other that it may hand on is another
  EXPECT_NO_THROW(at(2, 1, [](Var x, Var y) { return max(select(y > 0, x, 2 * y), x); }));
  EXPECT_NO_THROW(at(2, -1, [](Var x, Var y) { return max(select(y > 0, -2 * y, x), x); }));
  EXPECT_THROW(at(2, 1, [](Var x, Var y) { return max(select(y > 0, 2 * y, x), x); }), AtKink);
  // operations of three arguments have none, wherever their list has come to
  EXPECT_NO_THROW(at(2, 1, [](Var x, Var y) {
    Var t = x;
    for (int k = 0; k < 5000; ++k) t = fma(t, 0.5, y);
    return t;
  }));
  try {
    at(2, 2, [](Var x, Var y) { return max(x, y); });
  } catch (const AtKink& error) {
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("max"), HasSubstr("variable `u` (node 0"), HasSubstr(") = 2 and variable `v` (node 1"),
                      HasSubstr(") = 2 is exactly"), HasSubstr("check_kinks(false)")));
  }
}

TEST(CheckKinks, SeesTheTieThatWasRecordedUnchecked) {
  Tape tape;
  const Var x = tape.variable(2), y = tape.variable(2);
  const Var either = max(x, y);
  tape.check_kinks(true);
  EXPECT_THROW(max(either, x), AtKink);
  EXPECT_THROW(max(either, y), AtKink);
}

TEST(CheckKinks, LeavesNothingHalfRecordedAndIsOffByDefault) {
  Tape tape;
  const Var x = tape.variable(0);
  EXPECT_EQ(gradient(abs(x)).wrt(x), 0);
  tape.check_kinks(true);
  const NodeId before = tape.size();
  EXPECT_THROW(abs(x), AtKink);
  EXPECT_EQ(tape.size(), before);
  tape.check_kinks(false);
  EXPECT_NO_THROW(abs(x));
}

}  // namespace
