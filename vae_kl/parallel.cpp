#include "parallel.hpp"

#ifdef VAE_KL_WITH_TBB
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#endif

namespace vae_kl {

#ifdef VAE_KL_WITH_TBB

int threads_to_use(int wanted) { return wanted > 0 ? wanted : tbb::this_task_arena::max_concurrency(); }

void with_threads(int threads, const std::function<void()>& work) {
  // The limit and the arena: the first allows more threads than processors, the second keeps to fewer.
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(threads));
  tbb::task_arena(threads).execute(work);
}

void parallel_for(std::uint64_t count, const std::function<void(std::uint64_t)>& body) {
  tbb::parallel_for(std::uint64_t{0}, count, body);
}

#else

int threads_to_use(int) { return 1; }
void with_threads(int, const std::function<void()>& work) { work(); }
void parallel_for(std::uint64_t count, const std::function<void(std::uint64_t)>& body) {
  for (std::uint64_t i = 0; i < count; ++i) body(i);
}

#endif

}  // namespace vae_kl
