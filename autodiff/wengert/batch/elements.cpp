#include "wengert/elements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "wengert/batch/element_loop.hpp"
#include "wengert/error.hpp"
#include "wengert/parallel_for.hpp"
#include "wengert/sweep/complaints.hpp"

namespace wengert {
namespace {

using detail::ElementCode;

/// Elements whose outputs are added up at a time, in the order of the outputs: part of what results depend on, so fixed.
constexpr std::size_t block_size = 1u << 10;
/// Elements that are computed at a time, whole blocks: bounds the memory, whatever their number. One thread keeps them in its
/// cache, several need work to share.
std::size_t slice_size(int threads) { return thread_count(threads) == 1 ? block_size : 16 * block_size; }

/// Outputs of a code over the elements, block by block.
class Slices {
 public:
  /// `data` is nullptr for none.
  Slices(const char* name, const ElementCode& code, std::span<const double> x, const Elements& elements, const Samples* data)
      : code_(code), x_(x), elements_(elements), data_(data) {
    elements.check(name, x.size());
    if (data != nullptr && data->count() != elements.count())
      throw ShapeMismatch(
          fmt::format("{}: {} samples of data for {} elements; give one for each", name, data->count(), elements.count()));
    const std::size_t numbers = data != nullptr ? data->columns() : 0;
    if (code.inputs != elements.size() + numbers)
      throw ShapeMismatch(fmt::format("{}: the function takes {} inputs, but elements have {} indices and {} numbers of data",
                                      name, code.inputs, elements.size(), numbers));
    const std::size_t most = std::min(code.derivatives, code.most_gathered);
    if (most < elements.size())
      throw ShapeMismatch(
          fmt::format("{}: elements have {} indices, but the function is given as gathering {}", name, elements.size(), most));
  }

  /// Calls visit(first, n, columns): n elements from `first` on, with the outputs c that wanted(c) says, columns[c][0] … [n - 1].
  template <class Wanted, class Visit>
  void run(int threads, Wanted wanted, Visit visit) const {
    const std::size_t size = std::min(slice_size(threads), elements_.count());
    std::vector<double*> columns(code_.outputs, nullptr);
    std::size_t used = 0;
    for (std::size_t c = 0; c < columns.size(); ++c) used += wanted(c) ? 1 : 0;
    // three lines of a cache more than whole pages: columns that are read side by side must not share its sets
    const std::size_t distance = size + 24;
    const auto room = std::make_unique_for_overwrite<double[]>(used * distance);
    double* free = room.get();
    for (std::size_t c = 0; c < columns.size(); ++c)
      if (wanted(c)) columns[c] = std::exchange(free, free + distance);
    for (std::size_t first = 0; first < elements_.count(); first += size) {
      const std::size_t n = std::min(size, elements_.count() - first);
      const Samples gathered = Samples::generated(
          n, code_.inputs, [&](std::size_t at, std::size_t count, double* const* to) { gather(first + at, count, to); });
      try {
        code_.run(gathered, columns, threads);
      } catch (const BranchChanged& error) {
        throw BranchChanged(fmt::format("{}, which begins with element {}", error.what(), first));
      }
      std::vector<double*> block = columns;
      for (std::size_t at = 0; at < n; at += block_size) {
        visit(first + at, std::min(block_size, n - at), std::span<double* const>(block));
        for (double*& column : block)
          if (column != nullptr) column += block_size;
      }
    }
  }

 private:
  void gather(std::size_t first, std::size_t count, double* const* columns) const {
    for (std::size_t c = 0; c < elements_.size(); ++c)
      for (std::size_t k = 0; k < count; ++k) columns[c][k] = x_[elements_.index(first + k, c)];
    if (data_ == nullptr || data_->columns() == 0) return;
    std::vector<const double*> pointers(data_->columns());
    data_->block(first, count, columns[elements_.size()], pointers.data());
    for (std::size_t c = 0; c < pointers.size(); ++c)
      if (double* const column = columns[elements_.size() + c]; pointers[c] != column) std::copy_n(pointers[c], count, column);
  }

  const ElementCode& code_;
  std::span<const double> x_;
  const Elements& elements_;
  const Samples* data_;
};

/// In eight sums side by side, which a compiler keeps in vectors.
double sum_of(const double* x, std::size_t n) {
  std::array<double, 8> sums{};
  std::size_t k = 0;
  for (; k + sums.size() <= n; k += sums.size())
    for (std::size_t j = 0; j < sums.size(); ++j) sums[j] += x[k + j];
  for (; k < n; ++k) sums[0] += x[k];
  for (std::size_t half = sums.size() / 2; half > 0; half /= 2)
    for (std::size_t j = 0; j < half; ++j) sums[j] += sums[j + half];
  return sums[0];
}

/// Where the entry (i, j) of the upper half of a matrix of n columns stands.
std::size_t in_upper_half(std::size_t i, std::size_t j, std::size_t n) { return i * n - i * (i + 1) / 2 + j; }

/// Value and gradient of f over the samples into `sinks`, first the value; those that are nullptr are left out.
void run_recorded(const Function& f, const Samples& gathered, std::span<double* const> sinks, int threads) {
  const std::size_t n = gathered.count();
  std::vector<double> nowhere;
  BatchOptions options;
  options.threads = threads;
  options.standard_errors = false;
  if (sinks[0] != nullptr) options.values = std::span(sinks[0], n);
  for (double* const sink : sinks.subspan(1)) {
    if (sink == nullptr) nowhere.resize(n);
    options.sample_gradient.push_back(std::span(sink != nullptr ? sink : nowhere.data(), n));
  }
  sum_gradient(f, std::span<const double>(), gathered, options);
}

[[noreturn]] void throw_entries(std::size_t count) {
  throw ShapeMismatch(fmt::format("elements: {} entries in a sparse matrix; more than 2^31 - 1", count));
}

/// Rows of a matrix in which each element has entries, as compressed rows; `place[k]` is where the k-th of the entries given came
/// to lie.
struct Pattern {
  CompressedRows matrix;
  std::vector<int> place;
};
Pattern compress(std::size_t rows, std::size_t columns, const std::vector<std::pair<std::uint32_t, std::uint32_t>>& entries) {
  Pattern result;
  CompressedRows& m = result.matrix;
  m.rows = rows;
  m.columns = columns;
  if (entries.size() > static_cast<std::size_t>(INT32_MAX)) throw_entries(entries.size());
  // by row, then each row by column
  std::vector<int> begin(rows + 1), order(entries.size());
  for (const auto& [i, j] : entries) ++begin[i + 1];
  for (std::size_t i = 0; i < rows; ++i) begin[i + 1] += begin[i];
  std::vector<int> next(begin.begin(), begin.end() - 1);
  for (std::size_t k = 0; k < entries.size(); ++k)
    order[static_cast<std::size_t>(next[entries[k].first]++)] = static_cast<int>(k);
  result.place.resize(entries.size());
  m.row_begin.push_back(0);
  for (std::size_t i = 0; i < rows; ++i) {
    const auto column = [&](int k) { return static_cast<int>(entries[static_cast<std::size_t>(k)].second); };
    std::sort(order.begin() + begin[i], order.begin() + begin[i + 1], [&](int a, int b) { return column(a) < column(b); });
    for (int k = begin[i]; k < begin[i + 1]; ++k) {
      const int entry = order[static_cast<std::size_t>(k)];
      if (static_cast<int>(m.column.size()) == m.row_begin.back() || m.column.back() != column(entry))
        m.column.push_back(column(entry));
      result.place[static_cast<std::size_t>(entry)] = static_cast<int>(m.column.size()) - 1;
    }
    m.row_begin.push_back(static_cast<int>(m.column.size()));
  }
  m.value.assign(m.column.size(), 0.0);
  return result;
}

}  // namespace

namespace detail {

ElementCode gradient_code(const char* name, const Function& f) {
  throw_unless_one_output(name, "that of f.output(k)", f.outputs());
  return {
      f.inputs(),
      f.inputs(),
      1,
      1 + f.inputs(),
      [f](const Samples& gathered, std::span<double* const> sinks, int threads) { run_recorded(f, gathered, sinks, threads); },
      [f](std::span<const double> gathered, const Samples& run) {
        return sum_gradient(f, gathered, run, {.threads = 1, .standard_errors = false});
      }};
}

ElementCode jacobian_code(const Function& g) {
  std::vector<Function> outputs;
  for (std::size_t o = 0; o < g.outputs(); ++o) outputs.push_back(g.output(o));
  const std::size_t n = g.inputs(), m = outputs.size();
  return {n, n, m, m * (1 + n), [outputs, n, m](const Samples& gathered, std::span<double* const> sinks, int threads) {
            for (std::size_t o = 0; o < m; ++o) {
              std::vector<double*> row{sinks[o]};
              row.insert(row.end(), &sinks[m + o * n], &sinks[m + o * n] + n);
              run_recorded(outputs[o], gathered, row, threads);
            }
          }};
}

ElementCode hessian_code(const Function& f, std::size_t gathered) {
  if (f.outputs() != 1)
    throw ShapeMismatch(fmt::format("ElementHessian: the function has {} outputs; a sum has one", f.outputs()));
  const Function gradient = f.derivative();
  std::vector<Function> rows;
  for (std::size_t i = 0; i < std::min(gathered, f.inputs()); ++i) rows.push_back(gradient.output(1 + i));
  const std::size_t n = f.inputs();
  return {n, n, 0, n * (n + 1) / 2, [rows, n](const Samples& samples, std::span<double* const> sinks, int threads) {
            for (std::size_t i = 0; i < rows.size(); ++i) {
              std::vector<double*> row(1 + n, nullptr);  // the half to the left is that above
              for (std::size_t j = i; j < n; ++j) row[1 + j] = sinks[in_upper_half(i, j, n)];
              run_recorded(rows[i], samples, row, threads);
            }
          }};
}

void run_loop(const ElementLoop& loop, const Samples& gathered, std::span<double* const> sinks, int threads) {
  constexpr std::size_t block = 256, chunk = 8 * block;
  const std::size_t count = gathered.count();
  parallel_for((count + chunk - 1) / chunk, threads, [&](std::size_t c) {
    std::vector<double> room(block * gathered.columns());
    std::vector<const double*> columns(gathered.columns());
    std::vector<double*> places(sinks.size());
    const std::size_t end = std::min(count, (c + 1) * chunk);
    for (std::size_t first = c * chunk; first < end; first += block) {
      const std::size_t n = std::min(block, end - first);
      gathered.block(first, n, room.data(), columns.data());
      for (std::size_t k = 0; k < sinks.size(); ++k) places[k] = sinks[k] != nullptr ? sinks[k] + first : nullptr;
      loop.run(loop.context, first, n, columns.data(), places.data(), nullptr, nullptr);
    }
  });
}

/// The sum run by run, each an ordinary batch.
static void add_runs(const ElementCode& code, std::span<const double> x, const Elements& elements, const Samples& data,
                     int threads, BatchResult& result) {
  const std::span<const std::size_t> begins = elements.runs();
  const std::size_t runs = begins.size() - 1, size = elements.size();
  std::vector<BatchResult> sums(runs);
  parallel_for(runs, threads, [&](std::size_t r) {
    std::vector<double> gathered(size);
    for (std::size_t c = 0; c < size; ++c) gathered[c] = x[elements.index(begins[r], c)];
    try {
      sums[r] = code.run_alike(gathered, data.part(begins[r], begins[r + 1] - begins[r]));
    } catch (const BranchChanged& error) {
      throw BranchChanged(fmt::format("{}, which begins with element {}", error.what(), begins[r]));
    }
  });
  for (std::size_t r = 0; r < runs; ++r) {
    result.value += sums[r].value;
    for (std::size_t c = 0; c < size; ++c) result.gradient[elements.index(begins[r], c)] += sums[r].gradient[c];
  }
  result.count = elements.count();
}

BatchResult sum_elements(const char* name, const ElementCode& code, std::span<const double> x, const Elements& elements,
                         const Samples* data, int threads, bool mean) {
  if (mean && elements.count() == 0) throw ShapeMismatch(fmt::format("{}: there is no element to take a mean of", name));
  BatchResult result;
  result.gradient.assign(x.size(), 0.0);
  const Slices slices(name, code, x, elements, data);
  if (code.run_alike && data != nullptr && data->columns() > 0 && !elements.runs().empty()) {
    add_runs(code, x, elements, *data, threads, result);
  } else {
    slices.run(
        threads, [&](std::size_t c) { return c <= elements.size(); },
        [&](std::size_t first, std::size_t n, std::span<double* const> columns) {
          result.value += sum_of(columns[0], n);
          result.count += n;
          for (std::size_t c = 0; c < elements.size(); ++c)
            for (std::size_t k = 0; k < n; ++k) result.gradient[elements.index(first + k, c)] += columns[1 + c][k];
        });
  }
  if (mean) {
    const double count = static_cast<double>(elements.count());
    result.value /= count;
    for (double& g : result.gradient) g /= count;
  }
  return result;
}

}  // namespace detail

Elements::Elements(std::size_t all, std::size_t size) : count_(size == 0 ? 0 : all / size), size_(size), indices_(all) {
  if (size == 0 || all % size != 0)
    throw ShapeMismatch(fmt::format("Elements: {} indices do not make whole elements of {}", all, size));
}

void Elements::throw_index(std::size_t element, std::size_t column, long long index) {
  throw ShapeMismatch(
      fmt::format("Elements: index {} of element {} in column {}; indices go from 0 to 2^32 - 1", index, element, column));
}

void Elements::find_runs() {
  std::vector<unsigned char> begins(count_, 0);
  for (std::size_t c = 0; c < size_; ++c)
    for (std::size_t e = 1; e < count_; ++e)
      if (index(e, c) != index(e - 1, c)) begins[e] = 1;
  const auto runs = 1 + static_cast<std::size_t>(std::count(begins.begin(), begins.end(), 1));
  if (count_ < 32 * runs) return;
  runs_.push_back(0);
  for (std::size_t e = 1; e < count_; ++e)
    if (begins[e] != 0) runs_.push_back(e);
  runs_.push_back(count_);
}

void Elements::check(const char* name, std::size_t entries) const {
  if (indices_.empty() || largest_ < entries) return;
  for (std::size_t c = 0; c < size_; ++c)
    for (std::size_t e = 0; e < count_; ++e)
      if (index(e, c) >= entries)
        throw ShapeMismatch(fmt::format("{}: index {} of element {} in column {} is beyond the {} entries of x", name,
                                        index(e, c), e, c, entries));
}

ElementHessian::ElementHessian(detail::ElementCode code, Elements elements, std::size_t entries)
    : elements_(std::move(elements)), code_(std::move(code)) {
  elements_.check("ElementHessian", entries);
  const std::size_t size = elements_.size();
  if (code_.inputs < size)
    throw ShapeMismatch(
        fmt::format("ElementHessian: the function takes {} inputs, but elements have {} indices", code_.inputs, size));
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t j = 0; j < size; ++j)
      for (std::size_t e = 0; e < elements_.count(); ++e)
        pairs.emplace_back(static_cast<std::uint32_t>(elements_.index(e, i)), static_cast<std::uint32_t>(elements_.index(e, j)));
  Pattern pattern = compress(entries, entries, pairs);
  hessian_ = std::move(pattern.matrix);
  place_ = std::move(pattern.place);
}

const CompressedRows& ElementHessian::fill(std::span<const double> x, const Samples* data, int threads) {
  if (x.size() != hessian_.rows)
    throw ShapeMismatch(fmt::format("ElementHessian: x has {} entries, the pattern was made for {}", x.size(), hessian_.rows));
  const Slices slices("ElementHessian", code_, x, elements_, data);
  std::fill(hessian_.value.begin(), hessian_.value.end(), 0.0);
  const std::size_t size = elements_.size(), inputs = code_.derivatives;
  std::vector<unsigned char> wanted(code_.outputs, 0);
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t j = i; j < size; ++j) wanted[in_upper_half(i, j, inputs)] = 1;
  slices.run(
      threads, [&](std::size_t c) { return wanted[c] != 0; },
      [&](std::size_t first, std::size_t n, std::span<double* const> columns) {
        // the lower half mirrors the upper one: symmetric to the bit
        const auto add = [&](std::size_t row, std::size_t column, std::size_t k, double amount) {
          const std::size_t entry = (row * size + column) * elements_.count() + first + k;
          hessian_.value[static_cast<std::size_t>(place_[entry])] += amount;
        };
        for (std::size_t i = 0; i < size; ++i)
          for (std::size_t j = i; j < size; ++j) {
            const double* const amounts = columns[in_upper_half(i, j, inputs)];
            for (std::size_t k = 0; k < n; ++k) {
              add(i, j, k, amounts[k]);
              if (j != i) add(j, i, k, amounts[k]);
            }
          }
      });
  return hessian_;
}
const CompressedRows& ElementHessian::operator()(std::span<const double> x, const Samples& data, int threads) {
  return fill(x, &data, threads);
}
const CompressedRows& ElementHessian::operator()(std::span<const double> x, int threads) { return fill(x, nullptr, threads); }

ElementResiduals::ElementResiduals(detail::ElementCode code, Elements elements, std::size_t entries)
    : elements_(std::move(elements)), code_(std::move(code)) {
  elements_.check("residuals", entries);
  const std::size_t outputs = code_.values, size = elements_.size(), count = elements_.count();
  if (count * outputs * size > static_cast<std::size_t>(INT32_MAX)) throw_entries(count * outputs * size);
  CompressedRows& jacobian = residuals_.jacobian;
  jacobian.rows = count * outputs;
  jacobian.columns = entries;
  jacobian.row_begin.reserve(jacobian.rows + 1);
  jacobian.column.reserve(count * outputs * size);
  jacobian.row_begin.push_back(0);
  place_.resize(count * size);
  // all rows of an element have the same columns
  std::vector<std::size_t> order(size);
  for (std::size_t e = 0; e < count; ++e) {
    for (std::size_t c = 0; c < size; ++c) order[c] = c;
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return elements_.index(e, a) < elements_.index(e, b); });
    const std::size_t begin = jacobian.column.size();
    for (const std::size_t c : order) {
      const int column = static_cast<int>(elements_.index(e, c));
      if (jacobian.column.size() == begin || jacobian.column.back() != column)
        jacobian.column.push_back(column);
      else
        repeats_ = true;
      place_[c * count + e] = static_cast<int>(jacobian.column.size()) - 1;
    }
    const std::size_t end = jacobian.column.size();
    for (std::size_t o = 0; o < outputs; ++o) {
      if (o > 0)
        for (std::size_t k = begin; k < end; ++k) jacobian.column.push_back(jacobian.column[k]);
      jacobian.row_begin.push_back(static_cast<int>(jacobian.column.size()));
    }
  }
  jacobian.value.resize(jacobian.column.size());
  residuals_.values.resize(jacobian.rows);
}

const Residuals& ElementResiduals::fill(std::span<const double> x, const Samples* data, int threads) {
  CompressedRows& jacobian = residuals_.jacobian;
  if (x.size() != jacobian.columns)
    throw ShapeMismatch(
        fmt::format("ElementResiduals: x has {} entries, the pattern was made for {}", x.size(), jacobian.columns));
  const std::size_t outputs = code_.values, size = elements_.size(), inputs = code_.derivatives;
  const Slices slices("residuals", code_, x, elements_, data);
  if (repeats_) std::fill(jacobian.value.begin(), jacobian.value.end(), 0.0);
  slices.run(
      threads, [&](std::size_t c) { return c < outputs || (c - outputs) % inputs < size; },
      [&](std::size_t first, std::size_t n, std::span<double* const> columns) {
        for (std::size_t o = 0; o < outputs; ++o)
          for (std::size_t k = 0; k < n; ++k) residuals_.values[(first + k) * outputs + o] = columns[o][k];
        for (std::size_t k = 0; k < n; ++k) {
          const std::size_t row = (first + k) * outputs;
          const int length = jacobian.row_begin[row + 1] - jacobian.row_begin[row];
          for (std::size_t c = 0; c < size; ++c) {
            double* to = &jacobian.value[static_cast<std::size_t>(place_[c * elements_.count() + first + k])];
            for (std::size_t o = 0; o < outputs; ++o, to += length) {
              const double entry = columns[outputs + o * inputs + c][k];
              *to = repeats_ ? *to + entry : entry;
            }
          }
        }
      });
  return residuals_;
}
const Residuals& ElementResiduals::operator()(std::span<const double> x, const Samples& data, int threads) {
  return fill(x, &data, threads);
}
const Residuals& ElementResiduals::operator()(std::span<const double> x, int threads) { return fill(x, nullptr, threads); }

}  // namespace wengert
