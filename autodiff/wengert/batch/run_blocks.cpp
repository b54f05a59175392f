#include "wengert/batch/run_blocks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <new>
#include <utility>

#include "wengert/error.hpp"
#include "wengert/parallel_for.hpp"
#include "wengert/sweep/nary_sweep.hpp"

namespace wengert::detail {
namespace {

/// What one thread takes at a time: about 0.1 ms of work, so that handing it over is no part of the cost. It depends on the batch
/// alone, never on the threads.
template <class T>
std::size_t samples_in_a_chunk(const BlockJob<T>& job) {
  return job.block * std::clamp<std::size_t>((1u << 19) / (job.block * job.operations), 1, 16);
}
constexpr std::size_t chunks_in_a_wave = 64;  // between two calls of progress; bounds the memory

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

/// Memory for one thread; a little of it costs no allocation.
class AlignedBytes {
 public:
  explicit AlignedBytes(std::size_t size)
      : data_(size <= sizeof near_ ? near_ : static_cast<std::byte*>(::operator new(size, std::align_val_t(64)))) {}
  AlignedBytes(const AlignedBytes&) = delete;
  AlignedBytes& operator=(const AlignedBytes&) = delete;
  ~AlignedBytes() {
    if (data_ != near_) ::operator delete(data_, std::align_val_t(64));
  }
  std::byte* data() const { return data_; }

 private:
  alignas(64) std::byte near_[8192];
  std::byte* data_;
};

/// Computes blocks one after the other, in memory of its own.
template <class T>
class Worker {
 public:
  Worker(const BlockJob<T>& job, const BasicSamples<T>& samples, const BasicBatchOptions<T>& options)
      : job_(job),
        samples_(samples),
        options_(options),
        room_bytes_(samples.in_place() ? 0 : (samples.columns() * job.block * sizeof(T) + 63) / 64 * 64),
        memory_(room_bytes_ + job.workspace_bytes),
        columns_(static_cast<Index>(samples.columns())),
        sinks_(static_cast<Index>(1 + samples.columns())),
        sums_(static_cast<Index>(job.outputs)) {}

  /// The moments of the n samples from `first` on.
  void run(std::size_t first, std::size_t n, std::span<Moments> moments) {
    T** const sinks = sinks_.span().data();
    const std::span<OutputSums> sums = sums_.span();
    samples_.block(first, n, reinterpret_cast<T*>(memory_.data()), columns_.span().data());
    sinks[0] = options_.values.empty() ? nullptr : options_.values.data() + first;
    for (std::size_t c = 0; c < samples_.columns(); ++c)
      sinks[1 + c] = options_.sample_gradient.empty() ? nullptr : options_.sample_gradient[c].data() + first;
    std::fill(sums.begin(), sums.end(), OutputSums{});
    job_.run(job_.context, first, n, columns_.span().data(), sinks, memory_.data() + room_bytes_, sums.data());
    for (std::size_t k = 0; k < sums.size(); ++k) {
      const double mean = sums[k].sum / static_cast<double>(n);
      const double deviations = sums[k].squares - sums[k].sum * mean;
      // rounding may leave a little below 0 where all samples are equal; a NaN, the spread of infinite samples, stays one
      moments[k] = {sums[k].shift + mean, deviations < 0 ? 0 : deviations};
    }
  }

 private:
  const BlockJob<T>& job_;
  const BasicSamples<T>& samples_;
  const BasicBatchOptions<T>& options_;
  std::size_t room_bytes_;
  AlignedBytes memory_;
  Scratch<const T*> columns_;
  Scratch<T*> sinks_;
  Scratch<OutputSums> sums_;
};

template <class T>
Totals run_chunk(const BlockJob<T>& job, const BasicSamples<T>& samples, const BasicBatchOptions<T>& options, std::size_t chunk) {
  Worker<T> worker(job, samples, options);
  PairwiseTotals totals;
  const std::size_t per_chunk = samples_in_a_chunk(job);
  const std::size_t end = std::min(samples.count(), (chunk + 1) * per_chunk);
  for (std::size_t first = chunk * per_chunk; first < end; first += job.block) {
    Totals block{std::min(job.block, end - first), std::vector<Moments>(job.outputs)};
    worker.run(first, block.count, block.outputs);
    totals.add(std::move(block));
  }
  return totals.sum();
}

}  // namespace

template <class T>
std::size_t run_blocks(const BlockJob<T>& job, const BasicSamples<T>& samples, const BasicBatchOptions<T>& options,
                       std::span<Moments> moments) {
  if (samples.count() <= job.block && samples.count() > 0) {  // nothing to add up
    Worker<T>(job, samples, options).run(0, samples.count(), moments);
    if (options.progress) options.progress(samples.count());
    return samples.count();
  }
  const std::size_t per_chunk = samples_in_a_chunk(job);
  const std::size_t chunks = (samples.count() + per_chunk - 1) / per_chunk;
  PairwiseTotals totals;
  for (std::size_t first = 0; first < chunks; first += chunks_in_a_wave) {
    std::vector<Totals> wave(std::min(chunks_in_a_wave, chunks - first));
    parallel_for(wave.size(), options.threads, [&](std::size_t k) { wave[k] = run_chunk(job, samples, options, first + k); });
    for (Totals& chunk : wave) totals.add(std::move(chunk));
    if (options.progress && !options.progress(std::min(samples.count(), (first + wave.size()) * per_chunk))) break;
  }
  const Totals result = totals.sum();
  std::copy(result.outputs.begin(), result.outputs.end(), moments.begin());
  return result.count;
}

template std::size_t run_blocks(const BlockJob<double>&, const BasicSamples<double>&, const BasicBatchOptions<double>&,
                                std::span<Moments>);
template std::size_t run_blocks(const BlockJob<float>&, const BasicSamples<float>&, const BasicBatchOptions<float>&,
                                std::span<Moments>);

}  // namespace wengert::detail

namespace wengert {

template <class T>
std::size_t BasicSamples<T>::whole(std::size_t size, std::size_t columns) {
  if (columns == 0 || size % columns != 0)
    throw ShapeMismatch(fmt::format("Samples: {} numbers do not make whole samples of {} columns", size, columns));
  return size / columns;
}

template <class T>
void BasicSamples<T>::block(std::size_t first, std::size_t n, T* room, const T** pointers) const {
  if (in_place()) {
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

}  // namespace wengert
