// Batches shared out to the ranks of an MPI communicator: component wengert::mpi.
//
//   MPI_Init(&argc, &argv);
//   const wengert::BatchResult mean = wengert::mpi::mean_gradient(MPI_COMM_WORLD, f, shared, samples);  // the same on every rank
//   MPI_Finalize();
//
// What a call means, its errors and its cost stand in ranks.hpp, which has the same calls for any kind of rank.
#pragma once

#include <mpi.h>

#include <cstddef>
#include <span>
#include <type_traits>
#include <vector>

#include "wengert/ranks.hpp"

namespace wengert::mpi {

/// The ranks of a communicator, with a duplicate of it to themselves, so that no message is mistaken for one of the program's
/// own. Making one is collective; throws RankFailed if MPI is not initialised, or for an intercommunicator. It is let go before
/// MPI_Finalize. MPI is called from the thread that calls, and from no other: MPI_THREAD_FUNNELED is enough. A rank that dies
/// ends all, by MPI's default; where the communicator's errors are returned, RankFailed is thrown instead.
class Communicator final : public Ranks {
 public:
  /// Throws RankFailed as above.
  explicit Communicator(MPI_Comm comm);
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;
  ~Communicator() override;

  int rank() const override { return rank_; }
  int count() const override { return count_; }
  /// Throws RankFailed if MPI says so, or for a message of 2^31 bytes or more.
  void send(int to, std::span<const std::byte> message) override;
  /// Waits for the next message of `from`. Throws RankFailed as send does.
  std::vector<std::byte> receive(int from) override;

 private:
  MPI_Comm comm_ = MPI_COMM_NULL;
  int rank_ = 0, count_ = 1;
};

/// The Communicator of a communicator, made at the first call, which is collective, and kept with it until it is freed.
Communicator& ranks_of(MPI_Comm comm);

/// mean_gradient(ranks, …) of ranks.hpp for all ranks of `comm`: the result, on every rank, has the bits of the call without
/// ranks. 2 ceil(log2 ranks) messages for a rank in each of its 2 to 65 exchanges, half of the ranks two.
template <class Callable, class Shared, class T>
BatchResult mean_gradient(MPI_Comm comm, const Callable& f, const Shared& shared, const BasicSamples<T>& samples,
                          const BasicBatchOptions<std::type_identity_t<T>>& options = {}) {
  return wengert::mean_gradient(ranks_of(comm), f, shared, samples, options);
}
template <class Callable, class Shared, class T>
BatchResult mean_gradient(MPI_Comm comm, const Callable& f, const Shared& shared, const std::vector<T>& samples,
                          const BasicBatchOptions<T>& options = {}) {
  return wengert::mean_gradient(ranks_of(comm), f, shared, BasicSamples<T>(samples), options);
}
/// The sum likewise.
template <class Callable, class Shared, class T>
BatchResult sum_gradient(MPI_Comm comm, const Callable& f, const Shared& shared, const BasicSamples<T>& samples,
                         const BasicBatchOptions<std::type_identity_t<T>>& options = {.standard_errors = false}) {
  return wengert::sum_gradient(ranks_of(comm), f, shared, samples, options);
}
template <class Callable, class Shared, class T>
BatchResult sum_gradient(MPI_Comm comm, const Callable& f, const Shared& shared, const std::vector<T>& samples,
                         const BasicBatchOptions<T>& options = {.standard_errors = false}) {
  return wengert::sum_gradient(ranks_of(comm), f, shared, BasicSamples<T>(samples), options);
}

}  // namespace wengert::mpi
