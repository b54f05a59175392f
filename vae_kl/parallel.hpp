// Work for several threads.
#pragma once

#include <cstdint>
#include <functional>

namespace vae_kl {

/// One thread per processor, or what was asked for; 1 where the program was built without oneTBB.
int threads_to_use(int wanted);

/// Runs `work` with at most `threads` threads for every parallel_for inside it.
void with_threads(int threads, const std::function<void()>& work);

/// Calls body(i) for i from 0 to count - 1, in any order, on the threads of with_threads. May be nested. An exception ends it.
void parallel_for(std::uint64_t count, const std::function<void(std::uint64_t)>& body);

}  // namespace vae_kl
