// Jobs shared out to threads.
#pragma once

#include <cstddef>

namespace wengert {

/// parallel_for behind a function pointer, so that templates that use it need no thread library.
void parallel_for(std::size_t jobs, int threads, void (*run)(void* context, std::size_t job), void* context);

/// Calls job(k) once for each k < jobs, on up to `threads` threads of oneTBB (0: as many as the machine has), in any order; the
/// caller's thread helps. A build without oneTBB uses the caller's thread alone. What a job throws is rethrown here, one of them
/// if several throw; jobs not started by then are left out. Throws ShapeMismatch if threads < 0.
template <class Job>
void parallel_for(std::size_t jobs, int threads, Job&& job) {
  auto* callable = &job;
  const auto run = [](void* context, std::size_t k) { (**static_cast<decltype(callable)*>(context))(k); };
  parallel_for(jobs, threads, run, &callable);
}

/// Number of threads that `threads` asks for: itself, or with 0 as many as the machine has; 1 in a build without oneTBB.
int thread_count(int threads);

}  // namespace wengert
