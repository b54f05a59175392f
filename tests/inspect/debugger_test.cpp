// The scripts of autodiff/debugger in a real gdb and a real lldb, in batch mode.
#include <gmock/gmock.h>

#include <sstream>
#include <string>
#include <vector>

#include "support/run_program.hpp"

namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string gdb(const std::vector<std::string>& commands) {
  std::string arguments = "-nx -batch -iex 'set auto-load safe-path /' -iex 'set confirm off'";
  for (const std::string& command : commands) arguments += " -ex '" + command + "'";
  const ProgramRun run = run_program("env", "ASAN_OPTIONS=detect_leaks=0 gdb " + arguments + " '" DEBUGGEE "'");
  return run.out + run.err;
}

struct Gdb : testing::Test {
  void SetUp() override {
    if (run_program("gdb", "--version").status != 0) GTEST_SKIP() << "no gdb";
  }
};

TEST_F(Gdb, StopsInOneRuleWithReadableFramesAndArguments) {
  const std::string text = gdb({"break wengert::ops::Mul::partials<double>", "run", "backtrace 7"});
  // the first product met on the way back is s = (-0.5 z) z at z = 0.74
  EXPECT_THAT(text, HasSubstr("wengert::ops::Mul::partials<double> (x=-0.37, y=0.7399"));
  EXPECT_THAT(text, HasSubstr("return {y, x};"));
  EXPECT_THAT(text, HasSubstr("in wengert::PullBack<double>::operator()<wengert::ops::Mul>"));
  EXPECT_THAT(text, HasSubstr("in wengert::dispatch<wengert::PullBack<double> > (op=wengert::Op::Mul"));
  EXPECT_THAT(text, HasSubstr("in wengert::pull_back<double> (tape=tape of 16 nodes, 3 independents, 2 constants"));
  EXPECT_THAT(text, HasSubstr("i=13)"));
  EXPECT_THAT(text, HasSubstr("in wengert::reverse_sweep<double>"));
}

TEST_F(Gdb, RunsToTheNextReverseStepToANodeAndToALine) {
  const std::string text =
      gdb({"break vae_kl::trace", "run", "wengert next", "wengert next", "wengert until z", "wengert until graph.hpp:27"});
  EXPECT_THAT(text, HasSubstr("node 15: t = r - s  at graph.hpp:"));
  EXPECT_THAT(text, HasSubstr("node 14: s = v13 - 0.918939  at graph.hpp:"));
  EXPECT_THAT(text, HasSubstr("node 4: z = mu + v3  at graph.hpp:"));
  EXPECT_THAT(text, HasSubstr("value 0.74, adjoint 0.365"));
}

// A fused function leaves no tape, but unoptimised each node is a function to stop in.
TEST_F(Gdb, StopsAtANodeOfAFusedFunctionWithItsNameAndValueInSight) {
  const std::string text = gdb({"rbreak StraightLine.*::step<2>", "run", "next", "print name", "next", "print v[2]", "backtrace 1"});
  EXPECT_THAT(text, HasSubstr("v[i] = evaluate<Rule, T>(operand<node.x>(v), operand<node.y>(v));"));
  EXPECT_THAT(text, HasSubstr("\"area\""));  // of a = 2 and b = 3
  EXPECT_THAT(text, HasSubstr("= 6\n"));
  EXPECT_THAT(text, HasSubstr("::step<2>"));
}

TEST_F(Gdb, SaysSoWhereTheSweepNeverComes) {
  const std::string text = gdb({"break vae_kl::trace", "run", "wengert until nowhere", "wengert tape"});
  EXPECT_THAT(text, HasSubstr("wengert until: the program never came to nowhere"));
  EXPECT_THAT(text, HasSubstr("the program is not running"));
}

TEST_F(Gdb, PrintsTheTapeAsATableWithTheAdjointsSoFar) {
  const std::string text = gdb({"break vae_kl::trace", "run", "wengert until z", "wengert tape", "wengert node sigma"});
  EXPECT_THAT(text, HasSubstr("node   name   is                  value  adjoint  recorded at\n"));
  EXPECT_THAT(text, HasSubstr("> v4   z      mu + v3              0.74    0.365  graph.hpp:"));
  EXPECT_THAT(text, HasSubstr("  v7          log(sigma)      -0.223144       -1  graph.hpp:"));
  EXPECT_THAT(text, HasSubstr("node 1: sigma, independent"));
}

// dt/dmu = z = 0.74 at (0.5, 0.8, 0.3), in two parts: through z - mu and through mu + sigma * eps
TEST_F(Gdb, TellsWhichNodesContributedToAnAdjointAndHowMuch) {
  const std::string text =
      gdb({"break vae_kl::trace", "run", "wengert until mu", "wengert why mu", "wengert why t", "wengert why w"});
  EXPECT_THAT(text, HasSubstr("adjoint of mu: 0.74\n  -0.375 * -1 = 0.375 from node 5: v5 = z - mu\n"
                              "  0.365 * 1 = 0.365 from node 4: z = mu + v3\n"));
  EXPECT_THAT(text, HasSubstr("adjoint of t: 1\n  the seed\n"));
  EXPECT_THAT(text, HasSubstr("no node is called `w`; names are eps, mu, r, s, sigma, t, z"));
}

TEST_F(Gdb, PrintsEveryTypeForAReader) {
  const std::string text =
      gdb({"break look_here", "run", "up", "print x", "print half", "print t", "print gradient_of_t", "print cursor",
           "print function", "print tape", "print tape.nodes_[1]", "wengert why x", "wengert tape function"});
  EXPECT_THAT(text, HasSubstr("$1 = x = 3 (node 0: independent, debuggee.cpp:"));
  EXPECT_THAT(text, HasSubstr("$2 = constant 0.5\n"));
  EXPECT_THAT(text, HasSubstr("$3 = t = 28.5 (node 2: x * 0.5 + y, debuggee.cpp:"));
  EXPECT_THAT(text, HasSubstr("$4 = gradient of t, 3 nodes = {x = 27.5}\n"));
  EXPECT_THAT(text, HasSubstr("$5 = reverse, step 1 of 3, at node 2: t = x * 0.5 + y\n"));
  EXPECT_THAT(text, HasSubstr("$6 = function (v0, v1) -> (v2), 3 nodes\n"));
  EXPECT_THAT(text, HasSubstr("$7 = tape of 3 nodes, 1 independents, 1 constants\nnode  name  is"));
  EXPECT_THAT(text, HasSubstr("cube(x)"));
  EXPECT_THAT(text, HasSubstr("$8 = Custom(x = "));
  EXPECT_THAT(text, HasSubstr("v0 * v1"));
}

TEST_F(Gdb, StepWalksFromTheSweepToTheRuleAndOnWithoutTheStandardLibrary) {
  std::vector<std::string> commands{"break vae_kl::trace", "run", "wengert until t"};
  for (int k = 0; k < 14; ++k) commands.push_back("step");
  const std::string text = gdb(commands);
  EXPECT_THAT(text, HasSubstr("wengert::ops::Sub::partials<double> ("));
  EXPECT_THAT(text, HasSubstr("wengert::PullBack<double>::add<wengert::ops::Sub> ("));
  EXPECT_THAT(text, Not(HasSubstr("\nstd::")));
  EXPECT_THAT(text, Not(HasSubstr("wengert::Tape::operator[]")));
}

// The commands of the README's walk-through, and every line of output that it shows, in that order.
void follows_the_text(const std::string& file) {
  std::istringstream text(file_text(file));
  std::vector<std::string> commands, shown;
  bool inside = false;
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("(gdb) ")) {
      inside = true;
      commands.push_back(line.substr(6));
    } else if (line == "```") {
      inside = false;
    } else if (inside) {
      shown.push_back(line);
    }
  }
  ASSERT_GE(commands.size(), 8u) << file;
  ASSERT_GE(shown.size(), 12u) << file;
  const std::string output = gdb(commands);
  std::size_t from = 0;
  for (const std::string& line : shown) {
    const std::size_t at = output.find("\n" + line + "\n", from);
    ASSERT_NE(at, std::string::npos) << file << " shows\n" << line << "\nbut gdb said\n" << output;
    from = at + 1;
  }
}

TEST_F(Gdb, SaysWhatTheReadmesSayThatItSays) {
  follows_the_text(READMES "/README.md");
  follows_the_text(READMES "/vae_kl/README.md");
}

TEST(Lldb, PrintsEveryTypeForAReader) {
  // Debian keeps lldb's Python module where its own lldb does not look.
  const std::string lldb = "PYTHONPATH=$(ls -d /usr/lib/llvm-*/lib/python3*/dist-packages 2>/dev/null | tr '\\n' ':') lldb -b ";
  if (run_program("sh", "-c \"" + lldb + "-o 'script import lldb; print(6 * 7)' | grep -x 42\"").status != 0)
    GTEST_SKIP() << "no lldb with Python";
  const ProgramRun run =
      run_program("sh", "-c \"" + lldb +
                            "-o 'command script import " DEBUGGER_SCRIPTS
                            "/wengert_lldb.py' -o 'breakpoint set -n look_here' -o run -o up -o 'frame variable x half t "
                            "gradient_of_t cursor function tape' " DEBUGGEE "\"");
  EXPECT_THAT(run.out, HasSubstr(" x = x = 3 (node 0: independent, debuggee.cpp:")) << run.err;
  EXPECT_THAT(run.out, HasSubstr(" half = constant 0.5\n"));
  EXPECT_THAT(run.out, HasSubstr(" gradient_of_t = gradient of t, 3 nodes {x = 27.5}\n"));
  EXPECT_THAT(run.out, HasSubstr(" cursor = reverse, step 1 of 3, at node 2: t = x * 0.5 + y\n"));
  EXPECT_THAT(run.out, HasSubstr(" function = function (v0, v1) -> (v2), 3 nodes\n"));
  EXPECT_THAT(run.out, HasSubstr("v1    y     cube(x)         27  debuggee.cpp:"));
}

}  // namespace
