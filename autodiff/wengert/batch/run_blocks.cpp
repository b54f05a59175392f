#include "wengert/batch/run_blocks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <utility>

#include "wengert/batch/sharing.hpp"
#include "wengert/batch/totals.hpp"
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
        columns_(static_cast<NodeId>(samples.columns())),
        sinks_(static_cast<NodeId>(1 + samples.columns())),
        sums_(static_cast<NodeId>(job.outputs)) {}

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
    for (std::size_t k = 0; k < sums.size(); ++k) moments[k] = moments_of(sums[k], n);
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
  TotalsOfChunks totals;
  const std::size_t per_chunk = samples_in_a_chunk(job);
  const std::size_t end = std::min(samples.count(), (chunk + 1) * per_chunk);
  for (std::size_t first = chunk * per_chunk; first < end; first += job.block) {
    Totals block{std::min(job.block, end - first), std::vector<Moments>(job.outputs)};
    worker.run(first, block.count, block.outputs);
    totals.add(std::move(block));
  }
  return totals.sum();
}

/// Chunks first … end - 1, a wave of them.
template <class T>
void run_wave(const BlockJob<T>& job, const BasicSamples<T>& samples, const BasicBatchOptions<T>& options, std::size_t first,
              std::size_t end, TotalsOfChunks& totals) {
  std::vector<Totals> wave(end - first);
  parallel_for(wave.size(), options.threads, [&](std::size_t k) { wave[k] = run_chunk(job, samples, options, first + k); });
  for (Totals& chunk : wave) totals.add(std::move(chunk));
}

struct Range {
  std::size_t begin, end;
};

/// How chunks are dealt out to ranks: in grains, a power of two of chunks, so that few trees cross from one rank to the next; a
/// rank has 64 grains or more, where there are as many chunks, so none works a sixty-fourth longer than another.
struct Deal {
  std::size_t chunks, ranks, grain = 1, grains;

  Deal(std::size_t of_chunks, std::size_t to_ranks) : chunks(of_chunks), ranks(to_ranks) {
    while (chunks / (2 * grain) >= 64 * ranks) grain *= 2;
    grains = (chunks + grain - 1) / grain;
  }
  Range of(std::size_t rank) const {
    return {std::min(chunks, grains * rank / ranks * grain), std::min(chunks, grains * (rank + 1) / ranks * grain)};
  }
  std::size_t most() const { return (grains + ranks - 1) / ranks * grain; }
};

/// Each rank has computed the numbers of its own samples, and gets those of the others.
template <class T>
void share_numbers(Sharing& sharing, const Deal& deal, std::size_t per_chunk, std::span<T> numbers) {
  const std::size_t longest = deal.most() * per_chunk;
  const std::size_t step = std::max<std::size_t>(1, (std::size_t{1} << 27) / deal.ranks);  // a message is below 1 GB
  for (std::size_t done = 0; done < longest; done += step) {
    const auto piece = [&](std::size_t rank) {
      const Range range = deal.of(rank);
      const std::size_t end = std::min(range.end * per_chunk, numbers.size());
      const std::size_t first = std::min(range.begin * per_chunk + done, end);
      return numbers.subspan(first, std::min(step, end - first));
    };
    const std::vector<T> all = gather(sharing.ranks(), sharing.function(), [&] {
      const std::span<T> mine = piece(static_cast<std::size_t>(sharing.ranks().rank()));
      return std::vector<T>(mine.begin(), mine.end());
    });
    auto from = all.begin();
    for (std::size_t rank = 0; rank < deal.ranks; ++rank)
      for (T& number : piece(rank)) number = *from++;
  }
}

/// The part of this rank, and the moments that it makes with the others'.
template <class T>
std::size_t run_shared(Sharing& sharing, const BlockJob<T>& job, const BasicSamples<T>& samples,
                       const BasicBatchOptions<T>& options, std::span<Moments> moments) {
  sharing.agree(job.block, job.operations, job.outputs, samples, options);
  const std::size_t per_chunk = samples_in_a_chunk(job);
  const Deal deal((samples.count() + per_chunk - 1) / per_chunk, static_cast<std::size_t>(sharing.ranks().count()));
  const Range mine = deal.of(static_cast<std::size_t>(sharing.ranks().rank()));
  // After each round the ranks hear of each other, 64 times at most. All count by the rank that has most.
  const std::size_t waves = (deal.most() + chunks_in_a_wave - 1) / chunks_in_a_wave;
  const std::size_t round = (waves + 63) / 64 * chunks_in_a_wave;

  TotalsOfChunks totals(mine.begin);
  Report all;
  bool stop = false;
  for (std::size_t done = 0; done < deal.most();) {
    if (!stop) {
      sharing.attempt([&] {
        const std::size_t end = std::min(mine.end, mine.begin + done + round);
        for (std::size_t first = mine.begin + done; first < end; first += chunks_in_a_wave)
          run_wave(job, samples, options, first, std::min(end, first + chunks_in_a_wave), totals);
      });
    }
    done += round;
    if (done >= deal.most()) break;
    all = sharing.exchange({totals.samples(), Report::none, stop});
    if (all.stop != 0) break;
    if (options.progress) sharing.attempt([&] { stop = !options.progress(static_cast<std::size_t>(all.done)); });
  }

  Bytes body = totals.bytes();
  const bool ended = all.stop != 0;
  all = sharing.exchange(
      {totals.samples(), Report::none, 0}, body,
      [&](Bytes& left, std::span<const std::byte> right) {
        TotalsOfChunks sum(left.data(), left.size(), job.outputs);
        sum.add(TotalsOfChunks(right.data(), right.size(), job.outputs));
        left = sum.bytes();
      },
      [&](Bytes& trees) {
        const Totals sum = TotalsOfChunks(trees.data(), trees.size(), job.outputs).sum();
        trees.clear();
        for (const Moments& output : sum.outputs) append_bytes(trees, output);
      });
  if (!body.empty()) std::memcpy(moments.data(), body.data(), body.size());
  if (!options.values.empty()) share_numbers(sharing, deal, per_chunk, options.values);
  for (const std::span<T> column : options.sample_gradient) share_numbers(sharing, deal, per_chunk, column);
  if (options.progress && !ended) options.progress(static_cast<std::size_t>(all.done));
  return static_cast<std::size_t>(all.done);
}

}  // namespace

template <class T>
std::size_t run_blocks(const BlockJob<T>& job, const BasicSamples<T>& samples, const BasicBatchOptions<T>& options,
                       std::span<Moments> moments) {
  if (options.sharing != nullptr) return run_shared(*options.sharing, job, samples, options, moments);
  if (samples.count() <= job.block && samples.count() > 0) {  // nothing to add up
    Worker<T>(job, samples, options).run(0, samples.count(), moments);
    if (options.progress) options.progress(samples.count());
    return samples.count();
  }
  const std::size_t per_chunk = samples_in_a_chunk(job);
  const std::size_t chunks = (samples.count() + per_chunk - 1) / per_chunk;
  TotalsOfChunks totals;
  for (std::size_t first = 0; first < chunks; first += chunks_in_a_wave) {
    const std::size_t end = std::min(chunks, first + chunks_in_a_wave);
    run_wave(job, samples, options, first, end, totals);
    if (options.progress && !options.progress(std::min(samples.count(), end * per_chunk))) break;
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
BasicSamples<T> BasicSamples<T>::part(std::size_t first, std::size_t n) const {
  BasicSamples result(data_ == nullptr ? nullptr : data_ + first * sample_stride_, n, columns_, sample_stride_, column_stride_);
  if (generator_)
    result.generator_ = [all = generator_, first](std::size_t at, std::size_t count, T* const* columns) {
      all(first + at, count, columns);
    };
  return result;
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
