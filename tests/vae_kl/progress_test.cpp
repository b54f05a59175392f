#include "estimate/progress.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

using namespace vae_kl;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// A terminal in the place of stderr, for as long as it lives.
class Terminal {
 public:
  Terminal() : screen_(::posix_openpt(O_RDWR | O_NOCTTY)), before_(::dup(STDERR_FILENO)) {
    if (screen_ < 0 || ::grantpt(screen_) != 0 || ::unlockpt(screen_) != 0) throw std::runtime_error("Terminal: no pseudo terminal");
    line_ = ::open(::ptsname(screen_), O_RDWR | O_NOCTTY);
    ::dup2(line_, STDERR_FILENO);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal() {
    ::dup2(before_, STDERR_FILENO);
    for (const int file : {screen_, before_, line_}) ::close(file);
  }
  /// What was written since the last time; waits for nothing.
  std::string text() {
    ::fcntl(screen_, F_SETFL, O_NONBLOCK);
    std::string all;
    char some[256];
    for (ssize_t n; (n = ::read(screen_, some, sizeof some)) > 0;) all.append(some, static_cast<std::size_t>(n));
    return all;
  }

 private:
  int screen_, before_, line_ = -1;
};

void wait(int milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); }

TEST(Progress, ShowsItselfOnATerminalAfterHalfASecondAndClearsItsLine) {
  Terminal terminal;
  std::string at_once, later;
  {
    Progress progress(4);
    progress.advance(1);
    at_once = terminal.text();
    wait(600);
    progress.advance(1);
    later = terminal.text();
  }
  EXPECT_EQ(at_once, "");
  EXPECT_THAT(later, AllOf(HasSubstr("[====================>                    ]"), HasSubstr("50 %"), HasSubstr(" s left")));
  EXPECT_EQ(terminal.text(), "\r\033[K");
}

TEST(Progress, SaysNothingUnlessWanted) {
  Terminal terminal;
  {
    Progress progress(2, false);
    wait(600);
    progress.advance(1);
  }
  EXPECT_EQ(terminal.text(), "");
}

}  // namespace
