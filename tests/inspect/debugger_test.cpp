// The scripts of autodiff/debugger in a real gdb and a real lldb, in batch mode.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "support/run_program.hpp"

namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

std::string gdb(const std::vector<std::string>& commands, const std::string& arguments_of_program = "") {
  std::string arguments = "-nx -batch -iex 'set auto-load safe-path /' -iex 'set confirm off'";
  for (const std::string& command : commands) arguments += " -ex '" + command + "'";
  const ProgramRun run =
      run_program("env", "ASAN_OPTIONS=detect_leaks=0 gdb " + arguments + " --args '" DEBUGGEE "' " + arguments_of_program);
  const std::regex of_proc("warning: opening /proc/[^\n]*\n");  // which is read-only in a chroot; gdb goes other ways
  return std::regex_replace(run.out + run.err, of_proc, "");
}

struct Gdb : testing::Test {
  void SetUp() override {
    if (run_program("gdb", "--version").status != 0) GTEST_SKIP() << "no gdb";
  }
};

TEST_F(Gdb, StopsInOneRuleWithReadableFramesAndArguments) {
  const std::string text = gdb({"break wengert::ops::Mul::partials<double>", "run", "backtrace 9"});
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

/// Where a line stands in a file, from 1 on.
std::size_t line_of(const std::string& line, const std::string& file) {
  const std::string text = file_text(file);
  return 1 +
         static_cast<std::size_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(text.find(line)), '\n'));
}

// A fused function leaves no tape, but unoptimised each node is a call of its rule's step, to stop in. (By the line, since its
// name has lambdas in it, and what gdb finds of such a name depends on its version and on the compiler.)
TEST_F(Gdb, StopsAtANodeOfAFusedFunctionWithItsNameAndValueInSight) {
  const std::string statement = "v[i] = evaluate<Rule, T>(x, y);";
  const std::size_t line = line_of(statement, READMES "/autodiff/wengert/fused/straight_line.hpp");
  const std::string text = gdb({"break straight_line.hpp:" + std::to_string(line) + " if $_streq(name, \"area\")", "run",
                                "print name", "next", "print v[i]", "backtrace 1"});
  EXPECT_THAT(text, HasSubstr(statement));
  EXPECT_THAT(text, HasSubstr("\"area\""));  // of a = 2 and b = 3
  EXPECT_THAT(text, HasSubstr("= 6\n"));
  EXPECT_THAT(text, HasSubstr("::step<wengert::ops::Mul"));
  EXPECT_THAT(text, HasSubstr("i=2, name="));
}

TEST_F(Gdb, StopsAndNamesTheNodesWhereANameIsNotOnTheTapeOrPassed) {
  const std::string text =
      gdb({"break vae_kl::trace", "run", "wengert until nowhere", "wengert until z", "wengert until r", "wengert node"});
  EXPECT_THAT(text, HasSubstr("no node is called `nowhere`; names are eps, mu, r, s, sigma, t, z"));
  EXPECT_THAT(text, HasSubstr("node 4: z = mu + v3"));  // still in the sweep
  EXPECT_THAT(text, HasSubstr("r is node 11, and the sweep is past it, at node 4; names ahead are eps, sigma, mu"));
  EXPECT_THAT(text, Not(HasSubstr("exited")));
}

TEST_F(Gdb, StopsWhereTheSweepAndWhereTheProgramEnd) {
  std::vector<std::string> commands{"break vae_kl::trace", "run", "wengert until z"};
  for (int k = 0; k < 5; ++k) commands.push_back("wengert next");
  commands.insert(commands.end(),
                  {"wengert tape", "break one_of_each_type", "continue", "break exit", "continue", "wengert until t"});
  const std::string text = gdb(commands);
  EXPECT_THAT(
      text,
      HasSubstr("no more reverse steps, the sweep is over; adjoints of the independents: mu 0.74, sigma -1.028, eps 0.292"));
  EXPECT_THAT(text, testing::ContainsRegex("v1 +sigma +independent +0.8 +-1.028 "));  // the tape is still there to be looked at
  EXPECT_THAT(text, HasSubstr("wengert until: no more reverse sweeps; the program "));
}

TEST_F(Gdb, TellsItsCommandsWhenAskedForNone) {
  const std::string text = gdb({"wengert"});
  for (const char* command : {"wengert tape", "wengert node", "wengert next", "wengert until", "wengert why"})
    EXPECT_THAT(text, HasSubstr(command));
}

// w^2 at 3: dw = 6. `square` and `w` are C++ variables without a name on the tape; the tape is a member of what `this` points to.
TEST_F(Gdb, KnowsNodesByTheProgramsVariablesAndTapesByMembersAndPointers) {
  const std::string text =
      gdb({"break Model::fit", "run", "wengert until square", "wengert why w", "wengert until dead", "break look_here",
           "continue", "up", "wengert tape same->tape", "wengert tape *model", "wengert node same->loss"},
          "1");
  EXPECT_THAT(text, HasSubstr("node 1: v1 = v0 * v0  at debuggee.cpp:"));
  EXPECT_THAT(text, HasSubstr("adjoint of v0: 0, so far\n"));
  EXPECT_THAT(text, HasSubstr("v2 * 2"));
  EXPECT_THAT(text, HasSubstr("node 5: loss = "));
  std::size_t tables = 0;
  for (std::size_t at = 0; (at = text.find("tape of 6 nodes, 1 independents", at)) != std::string::npos; ++at) ++tables;
  EXPECT_EQ(tables, 2u) << text;
}

// w = (u v + sin u) u at (0.3, 0.4): dw/du = (u v + sin u) + u (v + cos u), dw/dv = u^2
TEST_F(Gdb, NamesAFusedNodeAndItsPartialsWithoutWarnings) {
  const std::string text = gdb({"break look_here", "run", "up", "wengert tape", "wengert why u", "wengert why v"}, "1");
  EXPECT_THAT(text, HasSubstr("fused(u, v)"));
  EXPECT_THAT(text, HasSubstr("  0.3 * 1.35534 = 0.406601 from node 2: v2 = fused(u, v)\n"));  // v + cos(u)
  EXPECT_THAT(text, HasSubstr("adjoint of v: 0.09\n  0.3 * 0.3 = 0.09 from"));
  EXPECT_THAT(text, Not(HasSubstr("RTTI")));
  EXPECT_THAT(text, Not(HasSubstr("warning")));
}

// Each x adds 0.1 times an adjoint of at most 1, and s ends where s = sin(s) + 0.05.
TEST_F(Gdb, TellsTheLargestOfManyContributionsAndTheRest) {
  const std::string text = gdb({"break look_here", "run", "continue", "up", "wengert why x"}, "1000");
  EXPECT_THAT(text, HasSubstr("  1 * 0.1 = 0.1 from node "));
  EXPECT_THAT(text, HasSubstr("  and 991 smaller ones, together "));  // of 1001
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 40);
}

TEST_F(Gdb, RunsPastAHundredThousandNodesInASecond) {
  const std::string probe = gdb({"break vae_kl::trace", "run", "wengert until z", "print $wengert_watches"});
  ASSERT_THAT(probe, AnyOf(HasSubstr("$1 = 1"), HasSubstr("$1 = 0")));
  if (probe.find("$1 = 0") != std::string::npos) GTEST_SKIP() << "this machine's processor tells a debugger of no reads";
  using Clock = std::chrono::steady_clock;
  const auto seconds = [](const std::vector<std::string>& more) {
    std::vector<std::string> commands{"break many_uses", "run"};
    commands.insert(commands.end(), more.begin(), more.end());
    const auto start = Clock::now();
    const std::string text = gdb(commands, "35000");
    EXPECT_THAT(text, HasSubstr("many_uses"));
    if (!more.empty()) {
      EXPECT_THAT(text, HasSubstr("node 1: early = sin(x)"));
    }
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  // A stop at every node takes over 20 s; what is left is noise of two starts of gdb, on busy machines.
  EXPECT_LT(seconds({"wengert until early"}) - seconds({}), 3);
}

// So that a Debug program with the Release library has the table too: it stands in the one object file that every tape needs.
TEST_F(Gdb, FindsTheTableOfOperationsWhereverThereIsATape) {
  std::istringstream symbols(run_program("nm", "-A -C '" LIBRARY "'").out);
  std::string with_table, with_tape;
  for (std::string line; std::getline(symbols, line);) {
    const std::string file = line.substr(0, line.find(": ") == line.npos ? line.rfind(':') : line.find(": "));
    const std::string object = file.substr(0, file.find(".o:") == file.npos ? file.npos : file.find(".o:"));
    if (line.find(" wengert::debugger::operations") != line.npos && line.find(" U ") == line.npos) with_table = object;
    if (line.find(" T wengert::Tape::first_generation") != line.npos) with_tape = object;
  }
  EXPECT_FALSE(with_table.empty());
  EXPECT_EQ(with_table, with_tape);
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

// How many `step`s three lines take: an operation, its gradient, and reading it. Every stop shows a line of the algorithm.
TEST_F(Gdb, StepsThroughOneProductItsGradientAndItsDerivativeInFewStops) {
  const std::string text =
      gdb({"source " STEPS, "break three_lines", "run", "next", "next", "count-steps", "count-steps", "count-steps"});
  const std::regex count("line \\d+ took (\\d+) steps");
  std::vector<int> steps;
  for (std::sregex_iterator found(text.begin(), text.end(), count), end; found != end; ++found)
    steps.push_back(std::stoi((*found)[1]));
  ASSERT_EQ(steps.size(), 3u) << text;
  EXPECT_LE(steps[0], 12) << text;  // mu * sigma
  EXPECT_LE(steps[1], 40) << text;  // gradient(product)
  EXPECT_LE(steps[2], 4) << text;   // g.wrt(mu)
  EXPECT_THAT(text, HasSubstr("wengert::ops::Mul::value<double>: return x * y;"));
  EXPECT_THAT(text, HasSubstr("wengert::ops::Mul::partials<double>: return {y, x};"));
  for (const char* silent : {": }\n", "wengert::Var::", "wengert::Operand::", "wengert::Location::", "wengert::Tape::",
                             "wengert::Arguments::", "wengert::Values<double>::", ": std::"})
    EXPECT_THAT(text, Not(HasSubstr(silent)));
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

struct Lldb : testing::Test {
  // lldb as the README starts it, for Debian keeps lldb's Python module where its own lldb does not look.
  static std::string lldb(const std::string& commands, const std::string& arguments_of_program = "") {
    const std::string readme = file_text(READMES "/README.md");
    const std::size_t begin = readme.find("PYTHONPATH="), end = readme.find(" lldb ", begin);
    if (end == readme.npos) return "the README does not say how to start lldb";
    const ProgramRun run = run_program("sh", "-c \"" + readme.substr(begin, end - begin) + " lldb -b " + commands +
                                                 " -- " DEBUGGEE " " + arguments_of_program + "\"");
    return run.out + run.err;
  }
  static std::string with_scripts(const std::vector<std::string>& commands, const std::string& arguments_of_program = "") {
    std::string text = "-o 'command script import " DEBUGGER_SCRIPTS "/wengert_lldb.py'";
    for (const std::string& command : commands) text += " -o '" + command + "'";
    return lldb(text, arguments_of_program);
  }
  void SetUp() override {
    if (run_program("lldb", "--version").status != 0) GTEST_SKIP() << "no lldb";
    ASSERT_THAT(lldb("-o 'script import lldb; print(6 * 7)'"), HasSubstr("\n42\n"));
  }
};

TEST_F(Lldb, PrintsEveryTypeForAReader) {
  const std::string text =
      with_scripts({"breakpoint set -n look_here", "run", "up", "frame variable x half t gradient_of_t cursor function tape"});
  EXPECT_THAT(text, HasSubstr(" x = x = 3 (node 0: independent, debuggee.cpp:"));
  EXPECT_THAT(text, HasSubstr(" half = constant 0.5\n"));
  EXPECT_THAT(text, HasSubstr(" gradient_of_t = gradient of t, 3 nodes {x = 27.5}\n"));
  EXPECT_THAT(text, HasSubstr(" cursor = reverse, step 1 of 3, at node 2: t = x * 0.5 + y\n"));
  EXPECT_THAT(text, HasSubstr(" function = function (v0, v1) -> (v2), 3 nodes\n"));
  EXPECT_THAT(text, HasSubstr("v1    y     cube(x)         27  debuggee.cpp:"));
}

// p evaluates, and what it prints is lldb's own copy.
TEST_F(Lldb, PrintsTheSameForAnExpression) {
  const std::string text =
      with_scripts({"breakpoint set -n look_here", "run", "up", "p x", "p gradient_of_t", "p function", "p tape"});
  EXPECT_THAT(text, HasSubstr("x = 3 (node 0: independent, debuggee.cpp:"));
  EXPECT_THAT(text, HasSubstr("gradient of t, 3 nodes {x = 27.5}\n"));
  EXPECT_THAT(text, HasSubstr("function (v0, v1) -> (v2), 3 nodes\n"));
  EXPECT_THAT(text, HasSubstr("v1    y     cube(x)         27  debuggee.cpp:"));
}

TEST_F(Lldb, HasTheCommandsOfGdbWithTheSameText) {
  const std::vector<std::string> commands{"wengert until t", "wengert next",      "wengert until z",  "wengert tape",
                                          "wengert node z",  "wengert why sigma", "wengert until mu", "wengert why mu"};
  std::vector<std::string> in_gdb{"break vae_kl::trace", "run"}, in_lldb{"breakpoint set -n vae_kl::trace", "run"};
  in_gdb.insert(in_gdb.end(), commands.begin(), commands.end());
  in_lldb.insert(in_lldb.end(), commands.begin(), commands.end());
  const std::string text = with_scripts(in_lldb);
  EXPECT_THAT(text, HasSubstr("node 4: z = mu + v3"));
  if (run_program("gdb", "--version").status != 0) return;
  std::istringstream lines(gdb(in_gdb));
  bool begun = false;
  for (std::string line; std::getline(lines, line);) {
    begun = begun || line.starts_with("node 15: t = r - s");
    if (begun && line.find("Inferior") == std::string::npos && !line.empty() && !line.starts_with("\t")) {
      EXPECT_THAT(text, HasSubstr(line + "\n"));
    }
  }
  EXPECT_TRUE(begun);
}

TEST_F(Lldb, KnowsVariablesWithoutANameAndFusedNodes) {
  const std::string text = with_scripts(
      {"breakpoint set -n look_here", "run", "up", "wengert why u", "wengert node w", "wengert tape same->tape"}, "1");
  EXPECT_THAT(text, HasSubstr("  0.3 * 1.35534 = 0.406601 from node 2: v2 = fused(u, v)\n"));
  EXPECT_THAT(text, HasSubstr("node 3: v3 = v2 * u  at debuggee.cpp:"));
  EXPECT_THAT(text, HasSubstr("tape of 6 nodes, 1 independents"));
}

}  // namespace
