#include "wengert/location.hpp"

#include <gmock/gmock.h>

#include <array>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "wengert/fuse.hpp"
#include "wengert/local.hpp"
#include "wengert/reductions.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace wengert;
using testing::AnyOf;
using testing::EndsWith;
using testing::HasSubstr;

// A call that spans lines: gcc says where it begins, clang where its last operand stands.
#ifdef __clang__
constexpr bool operand_decides = true;
#else
constexpr bool operand_decides = false;
#endif

class Location : public testing::Test {
 protected:
  unsigned line_of_last() const { return tape.location(tape.size() - 1).line; }

  Tape tape{true};
  Var x = tape.variable(0.5, "x"), y = tape.variable(2, "y");
};

TEST_F(Location, IsUnknownUntilSet) {
  constexpr wengert::Location nowhere;
  static_assert(!nowhere.known());
  constexpr auto here = wengert::Location::current();
  static_assert(here.known() && here.line == __LINE__ - 1);
  EXPECT_THAT(here.file, EndsWith("location_test.cpp"));
}

TEST_F(Location, OfAVariableIsWhereItWasMade) {
  tape.variable(1);
  EXPECT_EQ(line_of_last(), __LINE__ - 1);
  EXPECT_THAT(tape.location(tape.size() - 1).file, EndsWith("location_test.cpp"));
}

TEST_F(Location, OfAnOperatorIsItsLine) {
  x* y;
  EXPECT_EQ(line_of_last(), __LINE__ - 1);
  2 * y;
  EXPECT_EQ(line_of_last(), __LINE__ - 1);
  y - 2;
  EXPECT_EQ(line_of_last(), __LINE__ - 1);
  -y;
  EXPECT_EQ(line_of_last(), __LINE__ - 1);
  x += y;
  EXPECT_EQ(line_of_last(), __LINE__ - 1);
  x /= 2;
  EXPECT_EQ(line_of_last(), __LINE__ - 1);
}

TEST_F(Location, OfAFunctionIsItsLine) {
  exp(x);
  EXPECT_EQ(line_of_last(), __LINE__ - 1);
  hypot(x, 2);
  EXPECT_EQ(line_of_last(), __LINE__ - 1);
  fma(x, y, 2);
  EXPECT_EQ(line_of_last(), __LINE__ - 1);
  max(x, y);
  EXPECT_EQ(line_of_last(), __LINE__ - 1);
  select(x < y, x, y);
  EXPECT_EQ(line_of_last(), __LINE__ - 1);
  atan2(1, y);
  EXPECT_EQ(line_of_last(), __LINE__ - 1);
}

// clang-format off
TEST_F(Location, OfAnOperatorInAStatementOfManyLinesIsTheLineOfItsLastOperand) {
  const unsigned first = __LINE__ + 1;
  const Var sum = x +
                  y
                  - 2
                  * x;
  for (NodeId i = 2; i < tape.size(); ++i) {  // the compiler may begin with either side
    if (tape[i].op == Op::Add) {
      EXPECT_EQ(tape.location(i).line, first + 1);
    } else if (tape[i].op == Op::Mul) {
      EXPECT_EQ(tape.location(i).line, first + 3);
    }
  }
  // of x + y - 2 * x, the operand spans lines; either compiler points into it
  EXPECT_THAT(tape.location(sum.index()).line, AnyOf(first + 2, first + 3));
}

TEST_F(Location, OfACallOfManyLinesIsOneOfThem) {
  const unsigned first = __LINE__ + 1;
  hypot(x,
        y);
  EXPECT_EQ(line_of_last(), operand_decides ? first + 1 : first);
  sin(
    x
  );
  EXPECT_EQ(line_of_last(), operand_decides ? first + 4 : first + 3);
}
// clang-format on

template <class T>
T polynomial(T x) {
  return x * x + 1;
}
constexpr unsigned line_of_polynomial = __LINE__ - 2;

TEST_F(Location, InATemplateIsTheTemplatesOwnLine) {
  polynomial(x);
  EXPECT_EQ(tape.location(2).line, line_of_polynomial);
  EXPECT_EQ(tape.location(3).line, line_of_polynomial);
}

TEST_F(Location, InALambdaIsTheLambdasOwnLine) {
  const auto square = [](auto v) {  //
    return v * v;
  };
  square(x);
  EXPECT_EQ(line_of_last(), __LINE__ - 3);
}

// A piece is one node, recorded where it is called, whatever its arguments are.
TEST_F(Location, OfAPieceIsWhereItIsCalled) {
  constexpr auto product = fuse([](auto a, auto b) { return a * b; });
  constexpr auto of_arrays = fuse([](const auto& a, auto b) { return a[0] * a[1] * b; });
  constexpr auto of_seven =
      fuse([](auto a, auto b, auto c, auto d, auto e, auto f, auto g) { return a * b * c * d * e * f * g; });
  product(x, y);
  EXPECT_EQ(line_of_last(), __LINE__ - 1);
  product(3, y);
  EXPECT_EQ(line_of_last(), __LINE__ - 1);
  of_arrays(std::array{x, y}, 2);
  EXPECT_EQ(line_of_last(), __LINE__ - 1);
  of_seven(x, x, y, y, 1, 2, 3);
  EXPECT_EQ(line_of_last(), __LINE__ - 1);
  const auto larger = [](Var a, Var b) { return a > b ? a * a : b * b; };
  local(larger, x, y);
  EXPECT_EQ(line_of_last(), __LINE__ - 1);
  const double limit = 1;
  local([limit](const std::array<Var, 2>& a) { return a[0] > limit ? a[0] : a[1] * a[1]; }, std::array{x, y});
  EXPECT_EQ(line_of_last(), __LINE__ - 1);
  sum(std::array{x, y});
  EXPECT_EQ(line_of_last(), __LINE__ - 1);
}

TEST_F(Location, OfAPieceIsInItsErrors) {
  constexpr auto product = fuse([](auto a, auto b) { return a * b; });
  Tape other(true);
  const Var stranger = other.variable(1, "stranger");
  try {
    product(x, stranger);
    FAIL() << "a variable of another tape was taken";
  } catch (const ForeignVariable& error) {
    EXPECT_THAT(error.what(), HasSubstr("location_test.cpp:" + std::to_string(__LINE__ - 3)));
  }
}

TEST_F(Location, InsideTheStandardLibraryNamesItsHeader) {
  const std::vector<Var> both{x, y};
  std::accumulate(both.begin(), both.end(), Var(0));
  EXPECT_THAT(tape.location(tape.size() - 1).file, EndsWith("stl_numeric.h"));
}

TEST_F(Location, OfAComparisonIsKeptWithItsGuard) {
  if (x < y) {
    EXPECT_EQ(tape.guards().back().location.line, __LINE__ - 1);
  }
  ASSERT_EQ(tape.guards().size(), 1u);
}

TEST_F(Location, IsUnknownForWhatWasRecordedWhileSwitchedOff) {
  tape.keep_locations(false);
  const Var silent = x * y;
  tape.keep_locations(true);
  const Var told = x * y;
  EXPECT_FALSE(tape.location(silent.index()).known());
  EXPECT_EQ(tape.location(told.index()).line, __LINE__ - 2);
  EXPECT_FALSE(tape.location(-1).known());
}

TEST(LocationSwitch, IsOnInDebugBuildsOnly) {
#ifdef NDEBUG
  EXPECT_FALSE(Tape().keeps_locations());
#else
  EXPECT_TRUE(Tape().keeps_locations());
#endif
}

// What it costs when on; off, the tape holds nothing for it.
TEST(LocationSwitch, TakesNoMemoryWhenOff) {
  const auto recorded = [](bool keep) {
    Tape tape(keep);
    Var x = tape.variable(1);
    for (int i = 0; i < 1000; ++i) x = x * x;
    return tape.memory().used;
  };
  EXPECT_EQ(recorded(true) - recorded(false), 1001 * sizeof(wengert::Location));
}

}  // namespace
