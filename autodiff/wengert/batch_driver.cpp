#include "wengert/batch_driver.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <utility>

#include "wengert/error.hpp"
#include "wengert/parallel_for.hpp"

namespace wengert {
namespace {

constexpr std::size_t blocks_in_a_chunk = 16;  // what one thread takes at a time
constexpr std::size_t chunks_in_a_wave = 64;   // between two calls of progress; bounds the memory

/// Moments of several outputs over the same samples.
struct Totals {
  std::size_t count = 0;
  std::vector<Moments> outputs;

  /// Chan, Golub & LeVeque (1979): exact in the counts, no cancellation.
  void add(const Totals& other) {
    const double n = static_cast<double>(count), m = static_cast<double>(other.count);
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      const double apart = other.outputs[k].mean - outputs[k].mean;
      outputs[k].mean += apart * (m / (n + m));
      outputs[k].deviations += other.outputs[k].deviations + apart * apart * (n * (m / (n + m)));
    }
    count += other.count;
  }
};

/// Adds up totals in the shape of a binary counter: pairwise, in memory that grows with the logarithm of their number.
class PairwiseTotals {
 public:
  void add(Totals totals) {
    std::size_t level = 0;
    for (; level < levels_.size() && levels_[level].count != 0; ++level) {
      levels_[level].add(totals);
      totals = std::exchange(levels_[level], Totals{});
    }
    if (level == levels_.size()) levels_.emplace_back();
    levels_[level] = std::move(totals);
  }
  Totals sum() const {
    Totals result;
    for (auto level = levels_.begin(); level != levels_.end(); ++level) {
      if (level->count == 0) continue;
      Totals earlier = *level;
      if (result.count != 0) earlier.add(result);
      result = std::move(earlier);
    }
    return result;
  }

 private:
  std::vector<Totals> levels_;
};

class AlignedBytes {
 public:
  explicit AlignedBytes(std::size_t size) : data_(static_cast<std::byte*>(::operator new(size, std::align_val_t(64)))) {}
  AlignedBytes(const AlignedBytes&) = delete;
  AlignedBytes& operator=(const AlignedBytes&) = delete;
  ~AlignedBytes() { ::operator delete(data_, std::align_val_t(64)); }
  std::byte* data() const { return data_; }

 private:
  std::byte* data_;
};

template <class T>
Totals run_chunk(const BlockJob<T>& job, const BasicSamples<T>& samples, const BasicBatchOptions<T>& options, std::size_t chunk) {
  const std::size_t per_chunk = job.block * blocks_in_a_chunk;
  const std::size_t gather_bytes = (samples.columns() * job.block * sizeof(T) + 63) / 64 * 64;
  const AlignedBytes memory(gather_bytes + job.workspace_bytes);
  std::vector<const T*> columns(samples.columns());
  std::vector<T*> sinks(1 + samples.columns());
  std::vector<OutputSums> sums(job.outputs);
  PairwiseTotals totals;
  const std::size_t end = std::min(samples.count(), (chunk + 1) * per_chunk);
  for (std::size_t first = chunk * per_chunk; first < end; first += job.block) {
    const std::size_t n = std::min(job.block, end - first);
    samples.block(first, n, reinterpret_cast<T*>(memory.data()), columns.data());
    sinks[0] = options.values.empty() ? nullptr : options.values.data() + first;
    for (std::size_t c = 0; c < samples.columns(); ++c)
      sinks[1 + c] = options.sample_gradient.empty() ? nullptr : options.sample_gradient[c].data() + first;
    std::fill(sums.begin(), sums.end(), OutputSums{});
    job.run(job.context, first, n, columns.data(), sinks.data(), memory.data() + gather_bytes, sums.data());
    Totals block;
    block.count = n;
    for (const OutputSums& s : sums) {
      const double mean = s.sum / static_cast<double>(n);
      // rounding may leave a little below 0 where all samples are equal
      block.outputs.push_back({s.shift + mean, std::max(0.0, s.squares - s.sum * mean)});
    }
    totals.add(std::move(block));
  }
  return totals.sum();
}

}  // namespace

template <class T>
std::size_t run_blocks(const BlockJob<T>& job, const BasicSamples<T>& samples, const BasicBatchOptions<T>& options,
                       std::vector<Moments>& moments) {
  const std::size_t per_chunk = job.block * blocks_in_a_chunk;
  const std::size_t chunks = (samples.count() + per_chunk - 1) / per_chunk;
  PairwiseTotals totals;
  for (std::size_t first = 0; first < chunks; first += chunks_in_a_wave) {
    std::vector<Totals> wave(std::min(chunks_in_a_wave, chunks - first));
    parallel_for(wave.size(), options.threads, [&](std::size_t k) { wave[k] = run_chunk(job, samples, options, first + k); });
    for (Totals& chunk : wave) totals.add(std::move(chunk));
    if (options.progress && !options.progress(std::min(samples.count(), (first + wave.size()) * per_chunk))) break;
  }
  Totals result = totals.sum();
  moments = std::move(result.outputs);
  moments.resize(job.outputs);
  return result.count;
}

template <class T>
std::size_t BasicSamples<T>::whole(std::size_t size, std::size_t columns) {
  if (columns == 0 || size % columns != 0)
    throw ShapeMismatch(fmt::format("Samples: {} numbers do not make whole samples of {} columns", size, columns));
  return size / columns;
}

template <class T>
void BasicSamples<T>::block(std::size_t first, std::size_t n, T* room, const T** pointers) const {
  if (data_ != nullptr && sample_stride_ == 1) {
    for (std::size_t c = 0; c < columns_; ++c) pointers[c] = data_ + c * column_stride_ + first;
    return;
  }
  std::vector<T*> places(columns_);
  for (std::size_t c = 0; c < columns_; ++c) pointers[c] = places[c] = room + c * n;
  if (generator_) return generator_(first, n, places.data());
  for (std::size_t c = 0; c < columns_; ++c)
    for (std::size_t k = 0; k < n; ++k) places[c][k] = data_[(first + k) * sample_stride_ + c * column_stride_];
}

template class BasicSamples<double>;
template class BasicSamples<float>;
template std::size_t run_blocks(const BlockJob<double>&, const BasicSamples<double>&, const BasicBatchOptions<double>&,
                                std::vector<Moments>&);
template std::size_t run_blocks(const BlockJob<float>&, const BasicSamples<float>&, const BasicBatchOptions<float>&,
                                std::vector<Moments>&);

}  // namespace wengert
