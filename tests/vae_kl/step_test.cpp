#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <sstream>
#include <thread>

#include "question/point.hpp"
#include "support/run_program.hpp"

namespace {

using testing::HasSubstr;
using testing::Not;

ProgramRun step(const std::string& keys, const std::string& options = "") {
  return run_program("sh", "-c \"printf '" + keys + "' | '" VAE_KL_PROGRAM "' step " + options + '"');
}

TEST(StepCommand, WalksBackwardsAKeyAtATimeThroughAPipe) {
  const ProgramRun run = step("nnn q n");
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("before the first of 16 steps, going backwards\n"));
  EXPECT_THAT(run.out, HasSubstr("step 1 of 16, node 15: t = r - s  at graph.hpp:"));
  EXPECT_THAT(run.out, HasSubstr("  adj(s) += adj(t) * -1 = 1 * -1 = -1, now -1\n"));
  EXPECT_THAT(run.out, HasSubstr("step 3 of 16"));
  EXPECT_THAT(run.out, Not(HasSubstr("step 4 of 16")));  // q comes before the last n
}

// dt/dmu = z = 0.74, dt/dsigma = z * eps - 1/sigma = -1.028 at the default point
TEST(StepCommand, EndsAtTheGradientThatTheFormulaGives) {
  const ProgramRun run = step("r mu\\n");
  EXPECT_THAT(run.out, HasSubstr("the sweep is done:\n  dt/dmu = 0.74\n  dt/dsigma = -1.028\n  dt/deps = 0.292\n"));
}

TEST(StepCommand, GoesBackAndSaysWhereTheEndsAre) {
  const ProgramRun run = step("p n p r v0\\n n");
  EXPECT_THAT(run.out, HasSubstr("at the beginning; n goes on"));
  EXPECT_THAT(run.out, HasSubstr("at the end; p goes back"));
}

TEST(StepCommand, ShowsValuesAndReasons) {
  const ProgramRun run = step("r z\\nv w mu\\nw\\n");
  EXPECT_THAT(run.out, HasSubstr("> v4   z "));
  EXPECT_THAT(run.out, HasSubstr("adjoint of mu: 0.74, so far\n"));
  EXPECT_THAT(run.out, HasSubstr("from node 5: v5 = z - mu\n"));
  EXPECT_THAT(run.out, HasSubstr("adjoint of z: 0.365\n"));
}

TEST(StepCommand, RunsToALineAndSaysWhenThereIsNone) {
  const ProgramRun run = step("r graph.hpp:1\\nr w\\n");
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.out, HasSubstr("no node of the sweep was recorded at graph.hpp:1"));
  EXPECT_THAT(run.out, HasSubstr("no node is called `w`; there are `mu`, `sigma`, `eps`, `z`, `r`, `s`, `t`"));
}

TEST(StepCommand, WalksForwardsToo) {
  const ProgramRun run = step("r z\\n", "--forward --mu 2 --sigma 0.5 --eps -1");
  EXPECT_THAT(run.out, HasSubstr("going forwards"));
  EXPECT_THAT(run.out, HasSubstr("z = mu + v3"));
  EXPECT_THAT(run.out, HasSubstr("  value 1.5\n"));
}

TEST(StepCommand, AnswersAnUnknownKeyWithTheKeysThereAre) {
  const ProgramRun run = step("x");
  EXPECT_EQ(run.status, 0) << run.err;
  for (const char* key : {"n ", "p ", "r ", "v ", "w ", "q "}) EXPECT_THAT(run.out, HasSubstr(key));
}

TEST(StepCommand, FitsInto80Columns) {
  std::istringstream text(step("nnnnnnnnnnnnnnnnv", "--mu -1.23456789e-5 --sigma 1.23456789e-5 --eps -1.23456789e-5").out);
  for (std::string line; std::getline(text, line);) {
    const auto characters = std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; });
    EXPECT_LE(characters, 80) << line;
  }
}

TEST(StepCommand, EndsWithStatus2ForBadInput) {
  const ProgramRun run = step("n", "--sigma 0");
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.err, HasSubstr("--sigma: 0 is a standard deviation and must be above 0"));
  EXPECT_EQ(run.out, "");
}

/// A real terminal of 80 by 24.
class Terminal {
 public:
  explicit Terminal(const std::string& command) { tmux("new-session -d -x 80 -y 24 \"" + command + "\""); }
  ~Terminal() { tmux("kill-server"); }
  void press(const std::string& keys) { tmux("send-keys " + keys); }
  /// The screen, once `text` is on it or ten seconds have gone by.
  std::string screen_with(const std::string& text) {
    std::string screen;
    for (int k = 0; k < 200 && screen.find(text) == std::string::npos; ++k) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      screen = tmux("capture-pane -p").out;
    }
    return screen;
  }

 private:
  ProgramRun tmux(const std::string& command) {
    return run_program("tmux", "-f /dev/null -S '" + folder_ / "socket" + "' " + command);
  }
  TemporaryFolder folder_;
};

TEST(StepCommand, TakesKeysAsTheyArePressedInATerminalAndLeavesItAsItWas) {
  if (run_program("tmux", "-V").status != 0) GTEST_SKIP() << "no tmux";
  Terminal terminal("'" VAE_KL_PROGRAM "' step; stty -a; sleep 60");
  EXPECT_THAT(terminal.screen_with("q quit"), HasSubstr("n next   p previous   r run to   v values   w why   q quit"));
  terminal.press("n");
  EXPECT_THAT(terminal.screen_with("step 1 of"), HasSubstr("step 1 of 16, node 15: t = r - s"));
  terminal.press("Right");
  EXPECT_THAT(terminal.screen_with("step 2 of"), HasSubstr("step 2 of 16, node 14: s = "));
  terminal.press("Left Left");
  EXPECT_THAT(terminal.screen_with("before the first of 16 steps, going backwards\nn"), HasSubstr("going backwards"));
  terminal.press("r");
  EXPECT_THAT(terminal.screen_with("run to ("), HasSubstr("run to (a name, a node as v7, or FILE:LINE):"));
  terminal.press("mu Enter");
  EXPECT_THAT(terminal.screen_with("the sweep is done"), HasSubstr("dt/dsigma = -1.028"));
  terminal.press("w Enter");
  EXPECT_THAT(terminal.screen_with("adjoint of mu"), HasSubstr("0.365 * 1 = 0.365 from node 4: z = mu + v3"));
  terminal.press("C-c");
  const std::string after = terminal.screen_with("icanon");
  EXPECT_THAT(after, HasSubstr(" icanon"));
  EXPECT_THAT(after, Not(HasSubstr("-icanon")));
  EXPECT_THAT(after, Not(HasSubstr("-echo ")));
}

TEST(StepCommand, CountsALetterAndItsEnterAsOneKeyAndEscAsNoOther) {
  if (run_program("tmux", "-V").status != 0) GTEST_SKIP() << "no tmux";
  Terminal terminal("'" VAE_KL_PROGRAM "' step; sleep 60");
  terminal.screen_with("q quit");
  terminal.press("n Enter");
  EXPECT_THAT(terminal.screen_with("step 1 of"), HasSubstr("step 1 of 16"));
  terminal.press("n Enter p Enter");  // to step 2, and back: a step too many would show itself
  EXPECT_THAT(terminal.screen_with("step 2 of"), HasSubstr("step 2 of 16"));
  terminal.press("Enter");
  terminal.press("Enter");
  const std::string screen = terminal.screen_with("step 3 of");  // from step 1, by Enter alone
  EXPECT_THAT(screen, HasSubstr("step 3 of 16"));
  EXPECT_THAT(screen, Not(HasSubstr("step 4 of 16")));
  terminal.press("Escape n");
  EXPECT_THAT(terminal.screen_with("step 4 of"), HasSubstr("step 4 of 16"));
  terminal.press("Escape");
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  terminal.press("n");
  EXPECT_THAT(terminal.screen_with("step 5 of"), HasSubstr("step 5 of 16"));
  terminal.press("S-F5 n");  // a long sequence leaves nothing behind
  EXPECT_THAT(terminal.screen_with("step 6 of"), HasSubstr("step 6 of 16"));
}

}  // namespace
