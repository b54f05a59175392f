// Many samples of one recorded function: mean or sum of its value and gradient, in blocks, on vector lanes and threads.
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <span>
#include <type_traits>
#include <vector>

#include "wengert/function.hpp"

/// What a vector of something else is told.
#define WENGERT_COLUMN_OF_NUMBERS                                                                                               \
  "samples are a column of double or float; for several columns use Samples::rows or Samples::columns, and copy whole numbers " \
  "to double"

namespace wengert {

namespace detail {
class Sharing;  // of a batch that several processes share out: ranks.hpp
}

/// Fills samples first … first + count - 1: column c of sample first + k goes to columns[c][k]. Called from several threads at
/// once, in any order; what it writes must depend on the sample's number alone.
template <class T>
using SampleGenerator = std::function<void(std::size_t first, std::size_t count, T* const* columns)>;

/// What differs from sample to sample: `count` samples of `columns` numbers each. Refers to the caller's memory, and copies
/// nothing.
template <class T>
class BasicSamples {
  static_assert(std::is_same_v<T, double> || std::is_same_v<T, float>, WENGERT_COLUMN_OF_NUMBERS);

 public:
  /// One column.
  BasicSamples(std::span<const T> column) : BasicSamples(column.data(), column.size(), 1, 1, column.size()) {}
  BasicSamples(const std::vector<T>& column) : BasicSamples(std::span<const T>(column)) {}
  /// Sample after sample, each with its numbers side by side. Throws ShapeMismatch if the size is no multiple of `columns`.
  static BasicSamples rows(std::span<const T> data, std::size_t columns) {
    return BasicSamples(data.data(), whole(data.size(), columns), columns, columns, 1);
  }
  /// Column after column, each with one number per sample. Throws as rows() does.
  static BasicSamples columns(std::span<const T> data, std::size_t columns) {
    return BasicSamples(data.data(), whole(data.size(), columns), columns, 1, whole(data.size(), columns));
  }
  /// Samples made when they are needed, a block at a time: any number of them in constant memory.
  static BasicSamples generated(std::size_t count, std::size_t columns, SampleGenerator<T> generator) {
    BasicSamples samples(nullptr, count, columns, 1, 0);
    samples.generator_ = std::move(generator);
    return samples;
  }

  /// How many samples: count(), and of how many numbers each: columns().
  std::size_t count() const { return count_; }
  std::size_t columns() const { return columns_; }
  /// Whether each column lies in one piece in the caller's memory.
  bool in_place() const { return data_ != nullptr && sample_stride_ == 1; }

  /// The n samples from `first` on, which must be among them.
  BasicSamples part(std::size_t first, std::size_t n) const;

  /// Pointers to `n` samples from `first` on, one for each column: into the caller's memory where a column lies in one piece, and
  /// into `room` (n numbers a column, column after column) where it must be gathered or made.
  void block(std::size_t first, std::size_t n, T* room, const T** pointers) const;

 private:
  BasicSamples(const T* data, std::size_t count, std::size_t columns, std::size_t sample_stride, std::size_t column_stride)
      : data_(data), count_(count), columns_(columns), sample_stride_(sample_stride), column_stride_(column_stride) {}
  static std::size_t whole(std::size_t size, std::size_t columns);

  const T* data_;
  std::size_t count_, columns_, sample_stride_, column_stride_;
  SampleGenerator<T> generator_;
};

/// Of `Samples` the arithmetic is in double, of `FloatSamples` in float.
using Samples = BasicSamples<double>;
using FloatSamples = BasicSamples<float>;

/// What a batch may be told besides its samples.
template <class T>
struct BasicBatchOptions {
  /// 0: as many as the machine has. Results do not depend on it, bit for bit.
  int threads = 0;
  /// Also estimate how far mean and gradient may be off. Needs each sample's own gradient in the shared inputs.
  bool standard_errors = true;
  /// Where to put each sample's value, if anywhere: one number per sample.
  std::span<T> values = {};
  /// Where to put the gradient in each sample's own inputs, if anywhere: one column per input, one number per sample.
  std::vector<std::span<T>> sample_gradient = {};
  /// Called now and then, from the calling thread, with the samples done so far; returning false ends the batch early.
  std::function<bool(std::size_t done)> progress = {};
  /// Set by the calls of ranks.hpp.
  detail::Sharing* sharing = nullptr;
};
/// Those of a batch in double.
using BatchOptions = BasicBatchOptions<double>;

/// Mean (or sum) over the samples of the function's `value` and of its `gradient` in the shared inputs.
struct BatchResult {
  double value = 0;
  std::vector<double> gradient;
  /// Standard errors of the above (`value_error`, `gradient_error`), from the spread of the samples; empty unless asked for. NaN
  /// for a single sample, which has no spread.
  double value_error = 0;
  std::vector<double> gradient_error;
  /// Samples that went in: fewer than there were only if `progress` ended the batch.
  std::size_t count = 0;
};

/// Mean over the samples of f(shared…, sample…) and of its gradient in `shared`, the first inputs of f; the samples' columns are
/// the others. What depends on shared inputs alone is computed once. Throws ShapeMismatch if the inputs do not add up or there is
/// no sample, BranchChanged (naming the sample) where a recorded branch would go the other way. T is double or float: the
/// arithmetic per sample; sums are in double, pairwise over blocks. Memory does not grow with the number of samples.
template <class T>
BatchResult mean_gradient(const Function& f, std::span<const double> shared, const BasicSamples<T>& samples,
                          const BasicBatchOptions<std::type_identity_t<T>>& options = {});

/// The sum likewise; of no sample it is 0. Standard errors of the sum are left out unless options ask for them.
template <class T>
BatchResult sum_gradient(const Function& f, std::span<const double> shared, const BasicSamples<T>& samples,
                         const BasicBatchOptions<std::type_identity_t<T>>& options = {.standard_errors = false});

/// The same for one column of samples in a vector: mean_gradient(), sum_gradient().
template <class T>
BatchResult mean_gradient(const Function& f, std::span<const double> shared, const std::vector<T>& samples,
                          const BasicBatchOptions<T>& options = {}) {
  static_assert(std::is_same_v<T, double> || std::is_same_v<T, float>, WENGERT_COLUMN_OF_NUMBERS);
  return mean_gradient(f, shared, BasicSamples<T>(samples), options);
}
template <class T>
BatchResult sum_gradient(const Function& f, std::span<const double> shared, const std::vector<T>& samples,
                         const BasicBatchOptions<T>& options = {.standard_errors = false}) {
  static_assert(std::is_same_v<T, double> || std::is_same_v<T, float>, WENGERT_COLUMN_OF_NUMBERS);
  return sum_gradient(f, shared, BasicSamples<T>(samples), options);
}

}  // namespace wengert
