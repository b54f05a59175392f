#include "wengert/parallel_for.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "wengert/error.hpp"

namespace {

using namespace wengert;

TEST(ParallelFor, RunsEveryJobOnce) {
  for (const int threads : {0, 1, 2, 7})
    for (const std::size_t jobs : {0, 1, 2, 3, 1000}) {
      std::vector<std::atomic<int>> runs(jobs);
      parallel_for(jobs, threads, [&](std::size_t job) { ++runs[job]; });
      for (const std::atomic<int>& count : runs) EXPECT_EQ(count, 1);
    }
}

TEST(ParallelFor, RunsInOrderOnOneThread) {
  const std::thread::id here = std::this_thread::get_id();
  std::vector<std::size_t> order;
  parallel_for(5, 1, [&](std::size_t job) {
    EXPECT_EQ(std::this_thread::get_id(), here);
    order.push_back(job);
  });
  EXPECT_THAT(order, testing::ElementsAre(0, 1, 2, 3, 4));
}

TEST(ParallelFor, KeepsToTheNumberOfThreads) {
  std::atomic<int> running = 0, most = 0;
  parallel_for(64, 2, [&](std::size_t) {
    const int now = ++running;
    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    --running;
  });
  EXPECT_LE(most, 2);
}

TEST(ParallelFor, UsesMoreThanOneThreadWhereThereAreThreads) {
  if (thread_count(2) < 2) GTEST_SKIP() << "built without oneTBB";
  // both jobs wait until the other has begun, so one thread alone would never finish; it gives up after ten seconds
  std::atomic<int> begun = 0;
  std::atomic<bool> met = true;
  parallel_for(2, 2, [&](std::size_t) {
    ++begun;
    for (int wait = 0; begun < 2; ++wait) {
      if (wait == 10000) {
        met = false;
        break;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  EXPECT_TRUE(met);
}

TEST(ParallelFor, RethrowsWhatAJobThrows) {
  for (const int threads : {1, 2, 0}) {
    const auto run = [&] {
      parallel_for(100, threads, [](std::size_t job) {
        if (job == 42) throw std::out_of_range("job 42");
      });
    };
    EXPECT_THROW(run(), std::out_of_range) << threads;
  }
}

TEST(ParallelFor, MayBeNested) {
  std::atomic<int> runs = 0;
  parallel_for(4, 2, [&](std::size_t) { parallel_for(8, 2, [&](std::size_t) { ++runs; }); });
  EXPECT_EQ(runs, 32);
}

TEST(ParallelFor, TakesTheJobByReference) {
  struct Counter {
    int runs = 0;
    void operator()(std::size_t) { ++runs; }
  };
  Counter counter;
  parallel_for(3, 1, counter);
  EXPECT_EQ(counter.runs, 3);
}

TEST(ParallelFor, RefusesANegativeNumberOfThreads) {
  EXPECT_THROW(parallel_for(3, -1, [](std::size_t) {}), ShapeMismatch);
  EXPECT_EQ(thread_count(1), 1);
  EXPECT_GE(thread_count(0), 1);
}

}  // namespace
