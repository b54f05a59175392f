#include "wengert/parallel_for.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "wengert/batch/pipeline.hpp"
#include "wengert/error.hpp"

#if WENGERT_HAS_TBB
#include <tbb/blocked_range.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_pipeline.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>
#endif

namespace wengert {

int thread_count(int threads) {
  if (threads < 0) throw ShapeMismatch(fmt::format("threads: {} asked for; give a count, or 0 for all of the machine", threads));
#if WENGERT_HAS_TBB
  return threads == 0 ? tbb::info::default_concurrency() : threads;
#else
  return 1;
#endif
}

#if WENGERT_HAS_TBB
// oneTBB has no more workers than the machine has threads, and prints a warning when it is asked for more.
static tbb::task_arena arena_of(int threads) {
  return tbb::task_arena(std::min(threads, std::max(2, tbb::info::default_concurrency())));
}
#endif

void parallel_for(std::size_t jobs, int threads, void (*run)(void* context, std::size_t job), void* context) {
  const int count = thread_count(threads);
  if (count == 1 || jobs <= 1) {
    for (std::size_t job = 0; job < jobs; ++job) run(context, job);
    return;
  }
#if WENGERT_HAS_TBB
  const auto run_all = [=] {
    // one job at a time: a job is a whole block of samples, worth a task of its own
    tbb::parallel_for(
        tbb::blocked_range<std::size_t>(0, jobs, 1),
        [=](const tbb::blocked_range<std::size_t>& range) {
          for (std::size_t job = range.begin(); job != range.end(); ++job) run(context, job);
        },
        tbb::simple_partitioner());
  };
  arena_of(count).execute(run_all);
#endif
}

void detail::pipeline(std::size_t jobs, int threads, std::size_t in_flight, const std::function<void(std::size_t)>& first,
                      const std::function<void(std::size_t)>& second) {
  if (thread_count(threads) == 1 || jobs <= 1) {
    for (std::size_t job = 0; job < jobs; ++job) {
      first(job);
      second(job);
    }
    return;
  }
#if WENGERT_HAS_TBB
  std::size_t next = 0;
  const auto number = [&](tbb::flow_control& control) {
    if (next == jobs) control.stop();
    return next++;
  };
  const auto compute = [&](std::size_t job) {
    first(job);
    return job;
  };
  using Mode = tbb::filter_mode;
  arena_of(thread_count(threads)).execute([&] {
    tbb::parallel_pipeline(in_flight, tbb::make_filter<void, std::size_t>(Mode::serial_in_order, number) &
                                          tbb::make_filter<std::size_t, std::size_t>(Mode::parallel, compute) &
                                          tbb::make_filter<std::size_t, void>(Mode::serial_in_order, second));
  });
#endif
}

}  // namespace wengert
