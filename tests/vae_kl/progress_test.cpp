#include "estimate/progress.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "estimate/way_comparison.hpp"
#include "estimators/estimator_comparison.hpp"
#include "support/thread_ranks.hpp"

namespace {

using namespace vae_kl;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsNull;

/// A terminal in the place of stderr, for as long as it lives.
class Terminal {
 public:
  Terminal() : screen_(::posix_openpt(O_RDWR | O_NOCTTY)), before_(::dup(STDERR_FILENO)) {
    if (screen_ < 0 || ::grantpt(screen_) != 0 || ::unlockpt(screen_) != 0)
      throw std::runtime_error("Terminal: no pseudo terminal");
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

// What is left takes as long for each step as what is done took.
TEST(Progress, ForetellsByTheStepsThatAreDone) {
  using Seconds = std::chrono::duration<double>;
  Terminal terminal;
  std::string text;
  double least = 0, most = 0;
  {
    const auto before = std::chrono::steady_clock::now();
    Progress progress(8);
    const auto begun = std::chrono::steady_clock::now();
    wait(1100);
    least = Seconds(std::chrono::steady_clock::now() - begun).count();
    progress.advance(1);
    most = Seconds(std::chrono::steady_clock::now() - before).count();
    text = terminal.text();
  }
  const std::size_t at = text.find("%, ");
  ASSERT_NE(at, std::string::npos) << text;
  const double left = std::stod(text.substr(at + 3));
  EXPECT_GE(left, 7 * least - 0.5);  // shown in whole seconds
  EXPECT_LE(left, 7 * most + 0.5);
}

TEST(Progress, IsDrawnNoMoreThanTenTimesASecond) {
  Terminal terminal;
  Progress progress(1'000'000);
  wait(510);
  const auto begin = std::chrono::steady_clock::now();
  for (int k = 0; k < 1000; ++k) progress.advance(1);
  const std::string text = terminal.text();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const auto bars = std::count(text.begin(), text.end(), '[') / 2;  // the bar's own, and that of what clears the rest of the line
  EXPECT_GE(bars, 1);
  EXPECT_LE(bars, 1 + 10 * seconds);
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

// What is announced is what is done: samples times dimensions, in every way and however the threads share it out.
TEST(Progress, ReachesItsTotalInEveryWayOfRunning) {
  for (const Way way : ways)
    for (const std::size_t dimensions : {1, 3, 20})
      for (const std::uint64_t samples : {2, 1000, 20'001})
        for (const int threads : {1, 2}) {
          Progress progress(1, false);
          estimate({std::vector<double>(dimensions, 0.5), std::vector<double>(dimensions, 0.8)}, {samples, 1, threads}, way,
                   progress);
          EXPECT_EQ(progress.done(), samples * dimensions) << name(way) << ", " << threads << " threads";
        }
}

// Ranks share out the work of a wave, whose last piece of each dimension is shorter than the others.
TEST(Progress, ReachesItsTotalOnRanks) {
  for (const Sampling how : {Sampling::plain, Sampling::antithetic})
    for (const std::uint64_t samples : {1000, 20'002, 40'000}) {
      std::vector<std::uint64_t> done(3);
      const auto errors = ThreadRanks(3).run([&](wengert::Ranks& ranks) {
        SamplingOptions sampling{samples, 1, 1, 0, &ranks, how};
        Progress progress(1, false);
        estimate({{0.5, 0.1, -1}, {0.8, 1, 2}}, sampling, Way::stepped, progress);
        done[static_cast<std::size_t>(ranks.rank())] = progress.done();
      });
      EXPECT_THAT(errors, Each(IsNull()));
      EXPECT_THAT(done, Each(3 * samples));
    }
}

// Long enough that a batch reports more than once on its way.
TEST(Progress, AddsUpWhatABatchReportsOnItsWay) {
  for (const Way way : {Way::replayed, Way::fused}) {
    Progress progress(1, false);
    estimate({{0.5}, {0.8}}, {4'000'001, 1, 1}, way, progress);
    EXPECT_EQ(progress.done(), 4'000'001u) << name(way);
  }
}

TEST(Progress, ReachesItsTotalForEveryEstimator) {
  for (const std::uint64_t samples : {128, 6400, 10'000}) {
    EstimatorOptions options;
    options.samples = samples;
    Progress progress(1, false);
    std::uint64_t evaluations = 0;
    for (const EstimatorLine& line : compare_estimators(options, progress)) evaluations += line.draws * line.evaluations_per_draw;
    EXPECT_EQ(progress.done(), evaluations);
    EXPECT_LE(evaluations, estimators.size() * samples);
    EXPECT_GT(evaluations, estimators.size() * samples - 64 - 2) << "less than a block and a pair are left over";
  }
}

}  // namespace
