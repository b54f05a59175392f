// A batch that ranks share out, as seen from one of them: what they must agree on, the errors that they share, and how bytes come
// together from all of them. Inside the library only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <span>
#include <vector>

#include "wengert/batch.hpp"
#include "wengert/ranks.hpp"

namespace wengert::detail {

using Bytes = std::vector<std::byte>;

/// What every message between ranks begins with.
struct Report {
  std::uint64_t done = 0;      ///< samples
  std::int64_t failed = none;  ///< the lowest rank that threw
  std::uint64_t stop = 0;      ///< whether a caller's progress wants to end it
  static constexpr std::int64_t none = INT64_MAX;

  void add(const Report& other) {
    done += other.done;
    failed = other.failed < failed ? other.failed : failed;
    stop |= other.stop;
  }
};

class Sharing {
 public:
  Sharing(Ranks& ranks, const char* function, std::span<const double> shared);

  /// What a batch depends on; all ranks must have the same.
  static constexpr std::size_t count_of_facts = 12;
  using Facts = std::array<std::uint64_t, count_of_facts>;
  /// Throws on all ranks: the error of one that could not come so far, or ShapeMismatch where they do not agree.
  template <class T>
  void agree(std::size_t block, std::size_t operations, std::size_t outputs, const BasicSamples<T>& samples,
             const BasicBatchOptions<T>& options);

  /// Runs a part of the work and keeps what it throws until all ranks hear of it. After an error nothing more is run.
  template <class Work>
  void attempt(const Work& work) {
    if (error_ != nullptr) return;
    try {
      work();
    } catch (...) {
      error_ = std::current_exception();
    }
  }
  /// The reports of all ranks added up; `mine` says what this one has done, and what it wants. Throws what a rank has kept.
  Report exchange(const Report& mine);
  /// The same with something of this rank's own behind it: `merge(left, right)` puts those of ranks side by side together, and
  /// `finish` makes of them, on rank 0, what all ranks are to have. `body` becomes that.
  template <class Merge, class Finish>
  Report exchange(const Report& mine, Bytes& body, const Merge& merge, const Finish& finish);

  Ranks& ranks() { return ranks_; }
  const char* function() const { return function_; }
  /// What this rank has thrown before agree() was reached: takes part in that, and throws what all throw. Does nothing after.
  void failed_before(std::exception_ptr error);

 private:
  void agree_on(const Facts& facts, bool known);

  Ranks& ranks_;
  const char* function_;
  std::uint64_t shared_;  ///< a digest
  bool begun_ = false;
  std::exception_ptr error_;
};

/// Puts together what the ranks give, pairs of neighbours first; the outcome is on rank 0.
template <class Merge>
void gather_up(Ranks& ranks, Bytes& mine, const Merge& merge) {
  const std::int64_t rank = ranks.rank(), count = ranks.count();
  for (std::int64_t step = 1; step < count; step *= 2) {
    if ((rank & step) != 0) return ranks.send(static_cast<int>(rank - step), mine);
    if (rank + step < count) merge(mine, ranks.receive(static_cast<int>(rank + step)));
  }
}
/// Gives every rank what rank 0 has, the same way back.
void hand_down(Ranks& ranks, Bytes& bytes);

/// Throws on every rank what `failed` has in `mine`.
[[noreturn]] void throw_on_all(Ranks& ranks, const char* function, std::int64_t failed, const std::exception_ptr& mine);

template <class T>
void append_bytes(Bytes& bytes, const T& plain) {
  bytes.resize(bytes.size() + sizeof plain);
  std::memcpy(bytes.data() + bytes.size() - sizeof plain, &plain, sizeof plain);
}

template <class Merge, class Finish>
Report Sharing::exchange(const Report& mine, Bytes& body, const Merge& merge, const Finish& finish) {
  Report report = mine;
  report.failed = error_ != nullptr ? ranks_.rank() : Report::none;
  const auto put = [&](Bytes& message) {
    message.resize(sizeof report + body.size());
    std::memcpy(message.data(), &report, sizeof report);
    if (!body.empty()) std::memcpy(message.data() + sizeof report, body.data(), body.size());
  };
  const auto take = [&](const Bytes& message) {
    std::memcpy(&report, message.data(), sizeof report);
    body.assign(message.begin() + sizeof report, message.end());
  };
  Bytes message;
  put(message);
  gather_up(ranks_, message, [&](Bytes& earlier, const Bytes& later) {
    take(later);
    const Report theirs = report;
    take(earlier);
    report.add(theirs);
    if (report.failed == Report::none) merge(body, std::span(later).subspan(sizeof report));
    put(earlier);
  });
  if (ranks_.rank() == 0) {
    if (report.failed == Report::none) finish(body);
    put(message);
  }
  hand_down(ranks_, message);
  take(message);
  if (report.failed != Report::none) throw_on_all(ranks_, function_, report.failed, error_);
  return report;
}

}  // namespace wengert::detail
