#include "program/launch.hpp"

#include <cstdlib>

#ifdef VAE_KL_HAS_MPI
#include "wengert/mpi.hpp"
#endif

namespace vae_kl {

#ifdef VAE_KL_HAS_MPI

namespace {

/// MPI_Init takes a fifth of a second and opens connections, so it is called only where a launcher says that it is there, by
/// what it adds to the environment: Open MPI's mpirun the first and the second of these, launchers by PMIx (srun --mpi=pmix) the
/// second, MPICH's, Intel's and srun --mpi=pmi2 the third.
bool by_a_launcher() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"})
    if (std::getenv(name) != nullptr) return true;
  return false;
}

}  // namespace

Launch::Launch(int& argc, char**& argv) {
  if (!by_a_launcher()) return;
  int provided = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);  // a rank that cannot begin, or dies, ends all: MPI's default
  running_ = true;
  ranks_ = std::make_unique<wengert::mpi::Communicator>(MPI_COMM_WORLD);
  if (ranks_->count() == 1) ranks_.reset();
}

Launch::~Launch() {
  ranks_.reset();
  if (running_) MPI_Finalize();
}

void Launch::end_all(int status) const {
  if (running_) MPI_Abort(MPI_COMM_WORLD, status);
  std::exit(status);
}

#else

Launch::Launch(int&, char**&) {}
Launch::~Launch() = default;
void Launch::end_all(int status) const { std::exit(status); }

#endif

}  // namespace vae_kl
