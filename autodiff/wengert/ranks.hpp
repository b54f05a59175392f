// A batch shared out to several processes, each of which runs the same program: ranks, as MPI calls them. How they reach each
// other is somebody else's: <wengert/mpi.hpp> makes them of an MPI communicator.
//
// The samples of a batch lie in chunks, and the sums of chunks are added up in a fixed tree. Each rank takes chunks that stand
// side by side and hands the trees over them on, so the outcome has the same bits for any number of ranks and threads, and for
// the call without ranks.
#pragma once

#include <cstddef>
#include <cstring>
#include <exception>
#include <functional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "wengert/batch.hpp"

namespace wengert {

/// Processes that can send each other bytes. Calls come from one thread, and on every rank in the same order.
class Ranks {
 public:
  virtual ~Ranks() = default;
  /// This process: 0 … count() - 1.
  virtual int rank() const = 0;
  virtual int count() const = 0;
  /// May wait until `to` receives it. What one rank sends to another arrives in its order.
  virtual void send(int to, std::span<const std::byte> message) = 0;
  /// Waits for the next message of `from`.
  virtual std::vector<std::byte> receive(int from) = 0;
};

namespace detail {

/// What all parts are, in the order of the ranks, on every rank; what part() throws on one, all throw.
std::vector<std::byte> gather_bytes(Ranks& ranks, const char* function, const std::function<std::vector<std::byte>()>& part);

/// A batch of ranks as seen from one of them, while it runs. Everything is in batch/sharing.hpp.
class Sharing;
using BatchCall = std::function<BatchResult(Sharing& sharing)>;
BatchResult share_out(Ranks& ranks, const char* function, std::span<const double> shared, const BatchCall& call);

}  // namespace detail

/// Calls part() on every rank, which returns a vector of T, a plain type; all ranks get all of them one after the other, in the
/// order of the ranks. What part() throws on one rank all ranks throw: an error of this library as itself, anything else as
/// RankFailed; of several that of the lowest rank. Two messages for each rank but the first, as below; `function` begins errors.
template <class Part>
auto gather(Ranks& ranks, const char* function, Part&& part) {
  using T = typename std::decay_t<decltype(part())>::value_type;
  static_assert(std::is_trivially_copyable_v<T>, "gather: what ranks send each other is copied byte by byte");
  const std::vector<std::byte> bytes = detail::gather_bytes(ranks, function, [&] {
    const std::vector<T> mine = part();
    std::vector<std::byte> message(mine.size() * sizeof(T));
    if (!mine.empty()) std::memcpy(message.data(), mine.data(), message.size());
    return message;
  });
  std::vector<T> all(bytes.size() / sizeof(T));
  if (!all.empty()) std::memcpy(static_cast<void*>(all.data()), bytes.data(), all.size() * sizeof(T));
  return all;
}

/// As mean_gradient without ranks, with the same result to the bit, on every rank. Called alike on all ranks: `f` (recorded, or
/// fused), `shared`, samples and options but for `threads` are the same everywhere; ShapeMismatch says where they are not. Of
/// samples in memory a rank reads its own part only. The same bits need the same instruction set on all ranks, and so it is
/// asked for.
///
/// What one rank throws, all throw with the same message, within a sixty-fourth of the work: errors of this library as themselves
/// (BranchChanged names the sample), others (of a generator, say) as RankFailed, in which the rank where it happened nests its
/// own; of several that of the lowest rank. `options.progress` is called on every rank with the samples that all of them have
/// done, at most 64 times; if it returns false on one, the batch ends on all, and which samples went in then depends on the
/// number of ranks. What it throws in the last call, when all is done, is its own rank's alone. `options.values` and
/// `options.sample_gradient` are filled completely on every rank.
///
/// Cost: messages pass along a binomial tree, up to rank 0 and back, so in each exchange a rank sends and receives
/// 2 ceil(log2 ranks) messages at most, and every second rank two. A batch takes an exchange of 216 bytes before it, one of its
/// totals after it, and up to 63 of 24 bytes between. The totals on their way up have 24 + t (24 + 16 k) bytes, with k outputs
/// that vary (the value, and the gradient's entries) and t trees, 2 ceil(log2(128 ranks)) at most; on their way down 32 + 16 k.
template <class Callable, class Shared, class T>
BatchResult mean_gradient(Ranks& ranks, const Callable& f, const Shared& shared, const BasicSamples<T>& samples,
                          const BasicBatchOptions<std::type_identity_t<T>>& options = {}) {
  return detail::share_out(ranks, "mean_gradient", std::span<const double>(shared), [&](detail::Sharing& sharing) {
    BasicBatchOptions<T> here = options;
    here.sharing = &sharing;
    return mean_gradient(f, shared, samples, here);
  });
}
/// The sum likewise.
template <class Callable, class Shared, class T>
BatchResult sum_gradient(Ranks& ranks, const Callable& f, const Shared& shared, const BasicSamples<T>& samples,
                         const BasicBatchOptions<std::type_identity_t<T>>& options = {.standard_errors = false}) {
  return detail::share_out(ranks, "sum_gradient", std::span<const double>(shared), [&](detail::Sharing& sharing) {
    BasicBatchOptions<T> here = options;
    here.sharing = &sharing;
    return sum_gradient(f, shared, samples, here);
  });
}

/// One column of samples in a vector.
template <class Callable, class Shared, class T>
BatchResult mean_gradient(Ranks& ranks, const Callable& f, const Shared& shared, const std::vector<T>& samples,
                          const BasicBatchOptions<T>& options = {}) {
  return mean_gradient(ranks, f, shared, BasicSamples<T>(samples), options);
}
/// The sum likewise.
template <class Callable, class Shared, class T>
BatchResult sum_gradient(Ranks& ranks, const Callable& f, const Shared& shared, const std::vector<T>& samples,
                         const BasicBatchOptions<T>& options = {.standard_errors = false}) {
  return sum_gradient(ranks, f, shared, BasicSamples<T>(samples), options);
}

}  // namespace wengert
