// Moments of samples, added up in a fixed tree over chunks: pairwise, in memory that grows with the logarithm of their number.
// Inside the library only.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "wengert/batch/run_blocks.hpp"
#include "wengert/batch/sharing.hpp"

namespace wengert::detail {

/// Moments of several outputs over the same samples.
struct Totals {
  std::size_t count = 0;
  std::vector<Moments> outputs;

  /// Chan, Golub & LeVeque (1979): exact in the counts, no cancellation.
  void add(const Totals& other) {
    const double n = static_cast<double>(count), m = static_cast<double>(other.count);
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      Moments& sum = outputs[k];
      const double apart = other.outputs[k].mean - sum.mean;
      // where the difference is no number, the means still add up: infinite samples make an infinite mean
      sum.mean = std::isfinite(apart) ? sum.mean + apart * (m / (n + m))
                                      : sum.mean * (n / (n + m)) + other.outputs[k].mean * (m / (n + m));
      sum.deviations += other.outputs[k].deviations + apart * apart * (n * (m / (n + m)));
    }
    count += other.count;
  }
};

/// Totals of chunks that stand side by side, as the whole trees over them, left to right: chunk 2k and 2k + 1 make a tree of two,
/// trees of two over 4k and 4k + 2 make one of four, and so on. Which trees those are depends on the chunks alone and not on the
/// order in which they came together, so parts may be made anywhere: [0, 5) + [5, 12) has the bits of [0, 12).
class TotalsOfChunks {
 public:
  /// Starts at a chunk.
  explicit TotalsOfChunks(std::size_t first = 0) : next_(first) {}

  /// The next chunk.
  void add(Totals totals) { append({next_, 1, std::move(totals)}); }
  /// Chunks that come after these.
  void add(TotalsOfChunks&& later) {
    for (Tree& tree : later.trees_) append(std::move(tree));
  }
  /// All of them, the right ends first: they are the small ones.
  Totals sum() const {
    Totals result;
    for (auto tree = trees_.rbegin(); tree != trees_.rend(); ++tree) {
      Totals earlier = tree->totals;
      if (result.count != 0) earlier.add(result);
      result = std::move(earlier);
    }
    return result;
  }
  std::size_t samples() const {
    std::size_t count = 0;
    for (const Tree& tree : trees_) count += tree.totals.count;
    return count;
  }

  /// For another process: three whole numbers and the moments of each tree.
  Bytes bytes() const {
    Bytes bytes;
    for (const auto& [first, chunks, totals] : trees_) {
      const std::uint64_t head[] = {first, chunks, totals.count};
      append_bytes(bytes, head);
      for (const Moments& output : totals.outputs) append_bytes(bytes, output);
    }
    return bytes;
  }
  TotalsOfChunks(const std::byte* bytes, std::size_t size, std::size_t outputs) {
    std::uint64_t head[3];
    for (const std::byte* const end = bytes + size; bytes != end;) {
      std::memcpy(head, bytes, sizeof head);
      bytes += sizeof head;
      Totals totals{static_cast<std::size_t>(head[2]), std::vector<Moments>(outputs)};
      if (outputs != 0) std::memcpy(totals.outputs.data(), bytes, outputs * sizeof(Moments));
      bytes += outputs * sizeof(Moments);
      append({static_cast<std::size_t>(head[0]), static_cast<std::size_t>(head[1]), std::move(totals)});
    }
  }

 private:
  struct Tree {
    std::size_t first, chunks;
    Totals totals;
  };
  void append(Tree tree) {
    next_ = tree.first + tree.chunks;
    // the left half of the next larger tree begins at a multiple of its size, and ends where this one begins
    for (; !trees_.empty() && trees_.back().chunks == tree.chunks && trees_.back().first % (2 * tree.chunks) == 0 &&
           trees_.back().first + tree.chunks == tree.first;
         trees_.pop_back()) {
      Tree& left = trees_.back();
      left.totals.add(tree.totals);
      tree = {left.first, 2 * left.chunks, std::move(left.totals)};
    }
    trees_.push_back(std::move(tree));
  }

  std::size_t next_ = 0;
  std::vector<Tree> trees_;
};

}  // namespace wengert::detail
