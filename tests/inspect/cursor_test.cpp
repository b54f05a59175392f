#include "wengert/cursor.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "wengert/custom.hpp"
#include "wengert/error.hpp"
#include "wengert/forward_sweep.hpp"
#include "wengert/local.hpp"
#include "wengert/reductions.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace wengert;
using testing::HasSubstr;

// Of the nodes: a sweep may or may not add up what a constant gets, which nobody reads.
std::vector<std::uint64_t> bits(ValuesView<double> values) {
  std::vector<std::uint64_t> result;
  for (NodeId i = 0; i < values.nodes; ++i) result.push_back(std::bit_cast<std::uint64_t>(values[i]));
  return result;
}

struct CursorOnTheDemo : testing::Test {
  Tape tape{true};
  Var mu, sigma, eps, z, u, r, s, t;
  unsigned line_of_r;

  CursorOnTheDemo() {
    mu = tape.variable(0.5, "mu");
    sigma = tape.variable(0.8, "sigma");
    eps = tape.variable(0.3, "eps");
    z = named("z", mu + sigma * eps);
    u = (z - mu) / sigma;
    line_of_r = __LINE__ + 1;
    r = named("r", -0.5 * u * u - log(sigma));
    s = named("s", -0.5 * z * z);
    t = named("t", r - s);
  }
};

TEST_F(CursorOnTheDemo, EndsAtTheGradientBitForBit) {
  Cursor cursor = Cursor::reverse(t);
  int steps = 0;
  while (cursor.step()) ++steps;
  EXPECT_EQ(steps, tape.size());
  EXPECT_TRUE(cursor.done());
  EXPECT_EQ(bits(cursor.adjoints()), bits(gradient(t).adjoints));
  EXPECT_FALSE(cursor.step());
}

TEST_F(CursorOnTheDemo, ShowsAtEachStopWhatTheStepAdded) {
  Cursor cursor = Cursor::reverse(t);
  EXPECT_EQ(cursor.node(), -1);
  EXPECT_EQ(cursor.adjoint(t.index()), 1);
  EXPECT_TRUE(cursor.contributions().empty());
  ASSERT_TRUE(cursor.step());
  EXPECT_EQ(cursor.node(), t.index());
  EXPECT_EQ(cursor.adjoint(), 1);
  const auto parts = cursor.contributions();
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].to, r.index());
  EXPECT_EQ(parts[0].amount, 1);
  EXPECT_EQ(parts[1].to, s.index());
  EXPECT_EQ(parts[1].amount, -1);
  EXPECT_EQ(cursor.adjoint(s.index()), -1);
  EXPECT_EQ(cursor.adjoint(mu.index()), 0);
  EXPECT_TRUE(cursor.reached(t.index()));
  EXPECT_FALSE(cursor.reached(r.index()));
}

TEST_F(CursorOnTheDemo, RunsToANameANodeAndAVariableEitherWay) {
  Cursor cursor = Cursor::reverse(t);
  cursor.run_to("z");
  EXPECT_EQ(cursor.node(), z.index());
  EXPECT_DOUBLE_EQ(cursor.adjoint(), u.value() * -1 / 0.8 + 0.74);  // from r through u, and from s
  cursor.run_to(r);
  EXPECT_EQ(cursor.node(), r.index());
  EXPECT_EQ(cursor.adjoint(z.index()), 0.74);  // s comes before r on the way back
  cursor.run_to(sigma.index());
  EXPECT_EQ(cursor.adjoint(), gradient(t).wrt(sigma));
  cursor.run_to("v3");
  EXPECT_EQ(cursor.node(), 3);
  cursor.run_to(std::string_view("v25").substr(0, 2));  // a name ends where its view does
  EXPECT_EQ(cursor.node(), 2);
}

TEST_F(CursorOnTheDemo, RunsToASourceLine) {
  Cursor cursor = Cursor::reverse(t);
  const Location place{"cursor_test.cpp", line_of_r};
  int stops = 0;
  while (cursor.run_to(place)) {
    EXPECT_EQ(tape.location(cursor.node()).line, line_of_r);
    ++stops;
  }
  EXPECT_EQ(stops, 4);  // -0.5 * u, * u, log and -
  EXPECT_TRUE(cursor.done());
}

TEST_F(CursorOnTheDemo, RunsToAPredicate) {
  Cursor cursor = Cursor::reverse(t);
  EXPECT_TRUE(cursor.run_to([](const Cursor& c) { return c.tape()[c.node()].op == Op::Log; }));
  EXPECT_EQ(tape[cursor.node()].op, Op::Log);
  EXPECT_FALSE(cursor.run_to([](const Cursor&) { return false; }));
  EXPECT_TRUE(cursor.done());
}

TEST_F(CursorOnTheDemo, SaysWhatIsWrongWithAPlaceThatItCannotRunTo) {
  Cursor cursor = Cursor::reverse(s);
  EXPECT_THROW(cursor.run_to(t), NotRecorded);  // comes after s
  try {
    cursor.run_to("w");
    FAIL();
  } catch (const NotRecorded& error) {
    EXPECT_THAT(error.what(), HasSubstr("no node is called `w`; there are `mu`, `sigma`, `eps`, `z`, `r`, `s`, `t`"));
  }
  EXPECT_THROW(cursor.run_to("v99"), NotRecorded);
  EXPECT_THROW(cursor.run_to("v1x"), NotRecorded);
  EXPECT_THROW(cursor.run_to(Location{"cursor_test.cpp", 1}), NotRecorded);
  EXPECT_THROW(cursor.run_to(Location{"sor_test.cpp", line_of_r}), NotRecorded);
  EXPECT_THROW(cursor.run_to(NodeId{-1}), NotRecorded);
  Tape other;
  EXPECT_THROW(cursor.run_to(other.variable(1)), ForeignVariable);
  EXPECT_THROW(Cursor::reverse(Var(3)), NotRecorded);
}

TEST_F(CursorOnTheDemo, RefusesATapeClearedSince) {
  Cursor cursor = Cursor::reverse(t);
  cursor.step();
  tape.clear();
  EXPECT_THROW(cursor.step(), StaleVariable);
  EXPECT_THROW(cursor.back(), StaleVariable);
  EXPECT_THROW(cursor.contributions(), StaleVariable);
}

TEST_F(CursorOnTheDemo, TakesSeveralSeeds) {
  const Seed<double> seeds[] = {{r, 2}, {s, -3}};
  Cursor cursor = Cursor::reverse(tape, tape.values(), seeds);
  while (cursor.step()) continue;
  EXPECT_EQ(bits(cursor.adjoints()), bits(gradient(seeds).adjoints));
}

// Recording keeps the partials of operations of many arguments; elsewhere they are others.
TEST(Cursor, OfManyArgumentsTakesThePartialsAtTheValuesItIsGiven) {
  const CustomOperation product(
      "product", 2, [](auto v) { return v[0] * v[1]; }, [](auto v, double, auto p) { p[0] = v[1], p[1] = v[0]; });
  Tape tape;
  const Var x = tape.variable(3), y = tape.variable(5);
  const Var t = product(x, y) + dot(std::array{x, y}, std::array{y, y}) + local([](Var a, Var b) { return a * a * b; }, x, y);
  const double point[] = {-2, 7};
  const Values<double> values = forward_sweep(tape, std::span<const double>(point));
  const Seed<double> seed{t, 1};
  Cursor cursor = Cursor::reverse(tape, values, std::span(&seed, 1));
  while (cursor.step()) continue;
  EXPECT_EQ(cursor.adjoint(x.index()), 7 + 7 + 2 * -2 * 7);
  EXPECT_EQ(cursor.adjoint(y.index()), -2 + -2 + 2 * 7 + 4);
}

TEST_F(CursorOnTheDemo, GoesForwardsAsTheForwardSweepDoes) {
  const double point[] = {-0.25, 1.5, 0.7};
  const Values<double> expected = forward_sweep(tape, std::span<const double>(point));
  Cursor cursor = Cursor::forward(tape, point);
  EXPECT_EQ(cursor.node(), -1);
  cursor.run_to("z");
  EXPECT_EQ(cursor.value(), expected[z.index()]);
  EXPECT_EQ(cursor.value(t.index()), 0);
  EXPECT_FALSE(cursor.reached(t.index()));
  while (cursor.step()) continue;
  EXPECT_EQ(bits(cursor.values()), bits(expected));
  while (cursor.back()) continue;
  EXPECT_EQ(cursor.value(z.index()), 0);
  EXPECT_EQ(cursor.value(mu.index()), -0.25);
  EXPECT_THROW(Cursor::forward(tape, std::span(point, 2)), ShapeMismatch);
}

TEST(Cursor, StopsForwardsAtABranchThatWouldGoTheOtherWay) {
  Tape tape;
  const Var x = tape.variable(1);
  Var y = x * 2;
  if (y > 1) y = y + 1;
  const double point[] = {0.25};
  Cursor cursor = Cursor::forward(tape, point);
  EXPECT_TRUE(cursor.step());
  EXPECT_TRUE(cursor.step());
  EXPECT_THROW(cursor.step(), BranchChanged);
  EXPECT_EQ(cursor.node(), 1);
}

// Whatever was there, NaN payloads and signed zeros included: going back n steps is where the sweep was n steps ago.
TEST(Cursor, BackAfterStepRestoresEveryAdjointBitForBit) {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> number(-1, 1);
  for (int trial = 0; trial < 100; ++trial) {
    Tape tape;
    std::vector<Var> pool;
    for (int k = 0; k < 3; ++k) pool.push_back(tape.variable(number(random)));
    for (int k = 0; k < 25; ++k) {
      const Var x = pool[random() % pool.size()], y = pool[random() % pool.size()];
      switch (random() % 7) {
        case 0:
          pool.push_back(x - y);
          break;
        case 1:
          pool.push_back(x * x);
          break;
        case 2:
          pool.push_back(log(x));
          break;  // NaN for half of them
        case 3:
          pool.push_back(x / (y - y));
          break;
        case 4:
          pool.push_back(fma(x, y, x));
          break;
        case 5:
          pool.push_back(1e200 * x * y);
          break;
        default:
          pool.push_back(0.1 * x + 0.3 * y);
          break;
      }
    }
    Cursor cursor = Cursor::reverse(pool.back());
    std::vector<std::vector<std::uint64_t>> states{bits(cursor.adjoints())};
    while (cursor.step()) states.push_back(bits(cursor.adjoints()));
    while (cursor.back()) {
      states.pop_back();
      ASSERT_EQ(bits(cursor.adjoints()), states.back());
    }
    ASSERT_EQ(states.size(), 1u);
    for (int k = 0; k < 200; ++k) random() % 3 != 0 ? cursor.step() : cursor.back();
    const NodeId node = cursor.node();
    const auto there = bits(cursor.adjoints());
    while (cursor.back()) continue;
    if (node >= 0) cursor.run_to(node);
    ASSERT_EQ(bits(cursor.adjoints()), there);
  }
}

TEST_F(CursorOnTheDemo, TellsWhatMadeUpAnAdjoint) {
  Cursor cursor = Cursor::reverse(t);
  cursor.run_to(mu);
  const auto parts = cursor.contributions_to(mu.index());
  ASSERT_EQ(parts.size(), 2u);  // from z - mu and from mu + sigma * eps
  EXPECT_EQ(parts[0].amount + parts[1].amount, cursor.adjoint());
  const std::string text = explain_adjoint(cursor, mu.index());
  EXPECT_THAT(text, HasSubstr("adjoint of mu: 0.74\n"));
  EXPECT_THAT(text, HasSubstr("z - mu"));
  EXPECT_THAT(text, HasSubstr("mu + v3"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3) << "no others to add up";
  EXPECT_THAT(explain_adjoint(cursor, t.index()), HasSubstr("the seed"));
}

TEST_F(CursorOnTheDemo, DescribesItsStopInWords) {
  Cursor cursor = Cursor::reverse(t);
  EXPECT_THAT(describe(cursor), HasSubstr("before the first of"));
  cursor.step();
  const std::string text = describe(cursor);
  EXPECT_THAT(text, HasSubstr("t = r - s  at cursor_test.cpp:"));
  EXPECT_THAT(text, HasSubstr("  adj(r) += adj(t) * 1 = 1 * 1 = 1, now 1\n"));
  EXPECT_THAT(text, HasSubstr("  adj(s) += adj(t) * -1 = 1 * -1 = -1, now -1\n"));
}

// A product with a sum, a difference or a quotient needs brackets.
TEST(Cursor, DescribesAPartialOfSeveralTermsInBrackets) {
  Tape tape;
  const Var x = tape.variable(0.5, "x");
  Cursor cursor = Cursor::reverse(tanh(x));
  cursor.step();
  EXPECT_THAT(describe(cursor), HasSubstr("adj(x) += adj(v1) * (1 - v1^2) = "));
}

// At each step forwards the nodes up to it have their values; of what comes after the dependent a sweep back reaches nothing.
TEST(Cursor, KnowsWhichNodesItHasReached) {
  Tape tape;
  const Var x = tape.variable(2), y = x * x, t = y + x, after = exp(t);
  Cursor forwards = Cursor::forward(tape);
  for (NodeId done = 0; done <= tape.size(); ++done) {
    for (NodeId i = 0; i < tape.size(); ++i) EXPECT_EQ(forwards.reached(i), i < done) << i << " of " << done;
    forwards.step();
  }
  Cursor back = Cursor::reverse(t);
  while (back.step()) {
    EXPECT_FALSE(back.reached(after.index()));
    EXPECT_EQ(back.adjoint(after.index()), 0);
  }
  for (const Var& each : {x, y, t}) EXPECT_TRUE(back.reached(each.index()));
  EXPECT_EQ(back.adjoint(x.index()), 5);
}

TEST(Cursor, SharesDeepGraphsInLinearTime) {
  Tape tape;
  Var y = tape.variable(1.0000001);
  for (int k = 0; k < 60; ++k) y = y * y;
  Cursor cursor = Cursor::reverse(y);
  int steps = 0;
  while (cursor.step()) ++steps;
  EXPECT_EQ(steps, 61);
}

// Each use of x adds 0.1 times an adjoint that shrinks on the way back, so the largest ten are the last ten.
TEST(Cursor, ExplainsAnAdjointOfManyPartsByTheLargestAndWhatTheOthersAddUpTo) {
  Tape tape;
  const Var x = tape.variable(0.5, "x");
  Var s = 0.0;
  for (int k = 0; k < 1000; ++k) s = 0.5 * s + x;
  Cursor cursor = Cursor::reverse(s);
  cursor.run_to(x);
  const std::string text = explain_adjoint(cursor, x.index());
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 12);
  EXPECT_THAT(text, HasSubstr("adjoint of x: 2\n"));                              // 1 + 1/2 + 1/4 + …
  EXPECT_THAT(text, HasSubstr("  0.00195312 * 1 = 0.00195312 from"));             // the tenth, 2^-9
  EXPECT_THAT(text, HasSubstr("  and 990 smaller ones, together 0.00195312\n"));  // 2 - (2 - 2^-9)
}

TEST_F(CursorOnTheDemo, RunsToTheFirstNodeByItsName) {
  Cursor cursor = Cursor::reverse(t);
  cursor.run_to("mu");
  EXPECT_EQ(cursor.node(), 0);
}

TEST_F(CursorOnTheDemo, NamesTheNodesThatItPasses) {
  Cursor cursor = Cursor::reverse(s);
  const auto last = std::to_string(s.index()), of_tape = std::to_string(tape.size() - 1), beyond = std::to_string(tape.size());
  EXPECT_THAT([&] { cursor.run_to(t); }, testing::ThrowsMessage<NotRecorded>(HasSubstr("passes nodes 0 to " + last + ", not ")));
  EXPECT_THAT([&] { cursor.run_to("v" + beyond); },
              testing::ThrowsMessage<NotRecorded>(HasSubstr("there are `mu`")));  // and not a node that the sweep doesn't pass
  EXPECT_THAT([&] { cursor.run_to("w"); }, testing::ThrowsMessage<NotRecorded>(HasSubstr("numbers as in v" + of_tape)));
}

// 13 names of 14 characters and what parts them are the first that exceed 200.
TEST(Cursor, NamesSomeOfManyNodes) {
  Tape tape;
  Var sum = 0;
  for (int k = 10; k < 60; ++k) sum += tape.variable(k, "long_name_" + std::to_string(k));
  Cursor cursor = Cursor::reverse(sum);
  EXPECT_THAT([&] { cursor.run_to("w"); },
              testing::ThrowsMessage<NotRecorded>(HasSubstr("`long_name_22` and 37 more, and numbers as in v99")));
}

TEST_F(CursorOnTheDemo, RefusesVariablesOfNoTapeAndOfRecordingsBefore) {
  const Var old = z;
  tape.clear();
  const Var x = tape.variable(2), y = x * x;
  Cursor cursor = Cursor::reverse(y * y);
  EXPECT_THROW(cursor.run_to(old), StaleVariable);
  EXPECT_THROW(cursor.run_to(Var(3)), NotRecorded);
  tape.clear();
  EXPECT_THROW(cursor.contributions_to(0), StaleVariable);
}

TEST_F(CursorOnTheDemo, GoesForwardsFromWhatWasRecorded) {
  Cursor cursor = Cursor::forward(tape);
  while (cursor.step()) continue;
  EXPECT_EQ(bits(cursor.values()), bits(tape.values()));
}

TEST_F(CursorOnTheDemo, DescribesAStopForwardsByWhatGoesIn) {
  Cursor cursor = Cursor::forward(tape);
  cursor.run_to("r");
  EXPECT_THAT(describe(cursor), testing::MatchesRegex("step [0-9]+ of [0-9]+, node [0-9]+: r = v.* - v.*  at .*\n"
                                                      "  v.* is -0.045\n  v.* is -0.223144\n  value 0.178144\n"));
  cursor.run_to("s");
  const std::string text = describe(cursor);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4) << text;  // v12 * z
  cursor.run_to(u);
  cursor.run_to([](const Cursor& c) { return c.tape()[c.node()].op == Op::Mul; });
  EXPECT_THAT(describe(cursor), HasSubstr("\n  v6 is 0.3\n  value -0.15\n")) << "the constant -0.5 is in the formula";
  Cursor back = Cursor::reverse(t);
  back.step();
  EXPECT_THAT(describe(back), HasSubstr("\n  value 0.451944, adjoint 1\n"));  // 0.178144 + 0.74^2 / 2
}

TEST(Cursor, DescribesThePartialOfACustomOperation) {
  const CustomOperation cube{"cube", 1, [](auto v) { return v[0] * v[0] * v[0]; },
                             [](auto v, double, auto p) { p[0] = 3 * v[0] * v[0]; }};
  Tape tape;
  const Var x = tape.variable(2, "x");
  Cursor cursor = Cursor::reverse(cube(x));
  cursor.step();
  EXPECT_THAT(describe(cursor), HasSubstr("adj(x) += adj(v1) * (d cube / d x) = 1 * 12 = 12, now 12\n"));
}

// The parts of x's adjoint are 1 to 20 in an order of their own. The ten largest stay in it; 1 to 10 add up to 55.
TEST(Cursor, ExplainsAnAdjointByItsLargestPartsInTheirOrder) {
  Tape tape;
  const Var x = tape.variable(0.5, "x");
  Var sum = 0;
  std::vector<int> large;
  for (int k = 0; k < 20; ++k) {
    const int factor = k * 7 % 20 + 1;
    if (factor > 10) large.push_back(factor);
    sum += factor * x;
  }
  Cursor cursor = Cursor::reverse(sum);
  cursor.run_to(x);
  std::string expected = "adjoint of x: 210\n", shown;
  for (auto factor = large.rbegin(); factor != large.rend(); ++factor)
    expected += "  1 * " + std::to_string(*factor) + " = " + std::to_string(*factor) + "\n";
  std::istringstream lines(explain_adjoint(cursor, x.index()));
  for (std::string line; std::getline(lines, line);) shown += line.substr(0, line.find(" from node")) + "\n";
  EXPECT_EQ(shown, expected + "  and 10 smaller ones, together 55\n");
}

}  // namespace
