#include "wengert/evaluation_trace.hpp"

#include <gmock/gmock.h>

#include <sstream>
#include <string>
#include <vector>

#include "wengert/error.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace wengert;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> lines(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> result;
  for (std::string line; std::getline(in, line);) result.push_back(line);
  return result;
}

std::size_t characters(const std::string& text) {
  std::size_t count = 0;
  for (const char c : text) count += (c & 0xC0) != 0x80;
  return count;
}

// z = mu + sigma * eps, t = -z * z / 2: at (0.5, 0.8, 0.3) z is 0.74, t -0.2738, dt/dz = -0.74.
struct Table : testing::Test {
  Tape tape{false};
  Var mu = tape.variable(0.5, "mu");
  Var sigma = tape.variable(0.8, "sigma");
  Var eps = tape.variable(0.3, "eps");
  Var z = named("z", mu + sigma * eps);
  Var t = named("t", -0.5 * z * z);
};

TEST_F(Table, ShowsIndependentsIntermediatesAndDependentsInThreeParts) {
  EXPECT_EQ(evaluation_trace(tape),
            "node  name   is             value\n"
            "─────────────────────────────────\n"
            "v0    mu     independent      0.5\n"
            "v1    sigma  independent      0.8\n"
            "v2    eps    independent      0.3\n"
            "─────────────────────────────────\n"
            "v3           sigma * eps     0.24\n"
            "v4    z      mu + v3         0.74\n"
            "v5           -0.5 * z       -0.37\n"
            "─────────────────────────────────\n"
            "v6    t      v5 * z       -0.2738\n");
}

TEST_F(Table, ShowsAdjointsBesideTheValues) {
  // dt/deps = -z * sigma = -0.592, dt/dsigma = -z * eps = -0.222
  EXPECT_EQ(evaluation_trace(tape, gradient(t)),
            "node  name   is             value  adjoint\n"
            "──────────────────────────────────────────\n"
            "v0    mu     independent      0.5    -0.74\n"
            "v1    sigma  independent      0.8   -0.222\n"
            "v2    eps    independent      0.3   -0.592\n"
            "──────────────────────────────────────────\n"
            "v3           sigma * eps     0.24    -0.74\n"
            "v4    z      mu + v3         0.74    -0.74\n"
            "v5           -0.5 * z       -0.37     0.74\n"
            "──────────────────────────────────────────\n"
            "v6    t      v5 * z       -0.2738        1\n");
}

TEST_F(Table, LeavesNodesBehindTheDependentBlank) {
  const auto rows = lines(evaluation_trace(tape, gradient(z)));
  EXPECT_EQ(rows.back(), "v6    t      v5 * z       -0.2738");
}

TEST_F(Table, ShowsTheSourceLineWhereItWasKept) {
  tape.clear();
  tape.keep_locations(true);
  const Var x = tape.variable(2, "x");
  const int line = __LINE__ + 1;
  log(x);
  const auto rows = lines(evaluation_trace(tape));
  EXPECT_THAT(rows[0], HasSubstr("recorded at"));
  EXPECT_THAT(rows.back(), HasSubstr("evaluation_trace_test.cpp:" + std::to_string(line)));
}

TEST_F(Table, FitsInto80ColumnsByShorteningNamesStatementsAndPlaces) {
  tape.keep_locations(true);
  const Var x = tape.variable(-1.23456789e-300, std::string(60, 'x'));
  named("a name of many words, of which only some can be shown ünd ärger", x * x + hypot(x, -1.5));
  for (const auto& row : lines(evaluation_trace(tape, gradient(t)))) EXPECT_LE(characters(row), 80u) << row;
  TableOptions wide;
  wide.width = 0;
  EXPECT_THAT(evaluation_trace(tape, wide), HasSubstr(std::string(60, 'x') + ", -1.5)"));
}

TEST_F(Table, LeavesOutTheMiddleOfALongTapeAndSaysSo) {
  Var y = t;
  for (int k = 0; k < 1000; ++k) y = sin(y);
  TableOptions options;
  options.most_rows = 20;
  const std::string text = evaluation_trace(tape, options);
  EXPECT_THAT(
      text,
      HasSubstr("  … 983 nodes left out; ask for a window around a node, or for more rows\n"));  // of 1003 in the middle part
  EXPECT_THAT(text, HasSubstr("v12 "));
  EXPECT_THAT(text, Not(HasSubstr("v13 ")));
  EXPECT_LT(lines(text).size(), 40u);
}

TEST_F(Table, ShowsAWindowAroundANode) {
  Var y = t;
  for (int k = 0; k < 1000; ++k) y = sin(y);
  TableOptions options;
  options.around = 500;
  options.reach = 2;
  const auto rows = lines(evaluation_trace(tape, options));
  ASSERT_EQ(rows.size(), 3u + 5u);
  EXPECT_EQ(rows[0], "nodes 498 to 502 of 1007");
  EXPECT_THAT(rows[3], HasSubstr("v498"));
}

TEST_F(Table, BracketsNegativeConstantsWhereTheyWouldRunIntoASign) {
  z - -2;
  EXPECT_THAT(evaluation_trace(tape), HasSubstr("z - (-2)"));
}

TEST_F(Table, RefusesTheGradientOfAnotherTapeOrRecording) {
  Tape other;
  const Var x = other.variable(1);
  EXPECT_THROW(evaluation_trace(tape, gradient(x)), ForeignVariable);
  const Gradient g = gradient(t);
  tape.clear();
  EXPECT_THROW(evaluation_trace(tape, g), StaleVariable);
}

TEST_F(Table, ShowsInfinitiesAndNaNs) {
  log(tape.variable(0.0));
  log(tape.variable(-1.0));
  const std::string text = evaluation_trace(tape);
  EXPECT_THAT(text, HasSubstr("-inf"));
  EXPECT_THAT(text, HasSubstr(" nan"));  // without its sign, which differs from processor to processor
}

TEST_F(Table, MarksANode) {
  TableOptions options;
  options.mark = z.index();
  const auto rows = lines(evaluation_trace(tape, options));
  EXPECT_EQ(rows[2], "  v0  mu     independent      0.5");
  EXPECT_EQ(rows[7], "> v4  z      mu + v3         0.74");
}

TEST_F(Table, ShowsAWindowAtEitherEnd) {
  TableOptions options;
  options.around = 0;
  options.reach = 1;
  EXPECT_EQ(evaluation_trace(tape, options),
            "nodes 0 to 1 of 7\n"
            "node  name   is           value\n"
            "───────────────────────────────\n"
            "v0    mu     independent    0.5\n"
            "v1    sigma  independent    0.8\n");
  options.around = 6;
  EXPECT_THAT(evaluation_trace(tape, options), HasSubstr("nodes 5 to 6 of 7\n"));
}

// Three independents, three nodes between: three rows are enough, two are not.
TEST_F(Table, LeavesOutNothingThatFits) {
  TableOptions options;
  options.most_rows = 3;
  EXPECT_EQ(evaluation_trace(tape, options), evaluation_trace(tape));
  options.most_rows = 2;
  EXPECT_THAT(evaluation_trace(tape, options),
              HasSubstr("v0    mu    independent      0.5\n"
                        "  … 1 nodes left out; ask for a window around a node, or for more rows\n"
                        "v2    eps   independent      0.3\n"));
}

// Cut by whole characters, though each umlaut is two bytes: the widest of name and statement gives way, down to 8.
TEST_F(Table, CutsNamesByCharacters) {
  tape.clear();
  const Var x = tape.variable(2, "äöüßäöüß123456");
  named("y", hypot(x, 3));
  TableOptions narrow;
  narrow.width = 40;
  EXPECT_EQ(evaluation_trace(tape, narrow),
            "node  name          is             value\n"
            "────────────────────────────────────────\n"
            "v0    äöüßäöüß123…  independent        2\n"
            "────────────────────────────────────────\n"
            "v1    y             hypot(äöüß…  3.60555\n");
}

}  // namespace
