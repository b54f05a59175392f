#include "wengert/elements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "wengert/error.hpp"
#include "wengert/forward_sweep.hpp"

namespace wengert {
namespace {

/// Elements that are computed at a time: bounds the memory, whatever their number. Part of what results depend on, so fixed.
constexpr std::size_t slice_size = 1u << 16;

/// Values and own gradients of a function over the elements, slice by slice.
class Slices {
 public:
  /// `data` is nullptr for none.
  Slices(const char* name, std::span<const double> x, const Elements& elements, const Samples* data, int threads)
      : x_(x), elements_(elements), data_(data), threads_(threads) {
    elements.check(name, x.size());
    if (data != nullptr && data->count() != elements.count())
      throw ShapeMismatch(
          fmt::format("{}: {} samples of data for {} elements; give one for each", name, data->count(), elements.count()));
  }
  std::size_t inputs() const { return elements_.size() + (data_ != nullptr ? data_->columns() : 0); }
  void check(const char* name, const Function& f) const {
    if (f.inputs() != inputs())
      throw ShapeMismatch(fmt::format("{}: the function takes {} inputs, but elements have {} indices and {} numbers of data",
                                      name, f.inputs(), elements_.size(), inputs() - elements_.size()));
  }

  /// Calls visit(first, n, sum, values, gradient): n elements from `first` on, the sum over them, each one's value, and its
  /// derivative in each gathered input, column after column.
  template <class Visit>
  void run(const Function& f, Visit visit) const {
    std::vector<double> values, gradient;
    for (std::size_t first = 0; first < elements_.count(); first += slice_size) {
      const std::size_t n = std::min(slice_size, elements_.count() - first);
      values.resize(n);
      gradient.resize(n * inputs());
      BatchOptions options;
      options.threads = threads_;
      options.standard_errors = false;
      options.values = values;
      for (std::size_t c = 0; c < inputs(); ++c) options.sample_gradient.push_back(std::span(gradient).subspan(c * n, n));
      const Samples gathered = Samples::generated(
          n, inputs(), [&](std::size_t at, std::size_t count, double* const* columns) { gather(first + at, count, columns); });
      try {
        const BatchResult sum = sum_gradient(f, std::span<const double>(), gathered, options);
        visit(first, n, sum.value, std::span<const double>(values), std::span<const double>(gradient));
      } catch (const BranchChanged& error) {
        throw BranchChanged(fmt::format("{}, which begins with element {}", error.what(), first));
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

  std::span<const double> x_;
  const Elements& elements_;
  const Samples* data_;
  int threads_;
};

BatchResult add_up(const char* name, const Function& f, std::span<const double> x, const Elements& elements, const Samples* data,
                   int threads) {
  const Slices slices(name, x, elements, data, threads);
  slices.check(name, f);
  BatchResult result;
  result.gradient.assign(x.size(), 0.0);
  slices.run(f, [&](std::size_t first, std::size_t n, double sum, std::span<const double>, std::span<const double> gradient) {
    result.value += sum;
    result.count += n;
    for (std::size_t c = 0; c < elements.size(); ++c)
      for (std::size_t k = 0; k < n; ++k) result.gradient[elements.index(first + k, c)] += gradient[c * n + k];
  });
  return result;
}
BatchResult mean(const Function& f, std::span<const double> x, const Elements& elements, const Samples* data, int threads) {
  if (elements.count() == 0) throw ShapeMismatch("mean_gradient: there is no element to take a mean of");
  BatchResult result = add_up("mean_gradient", f, x, elements, data, threads);
  const double count = static_cast<double>(elements.count());
  result.value /= count;
  for (double& g : result.gradient) g /= count;
  return result;
}

/// Rows of a matrix in which each element has entries, as compressed rows; `place[k]` is where the k-th of the entries given came
/// to lie.
struct Pattern {
  SparseMatrix matrix;
  std::vector<int> place;
};
Pattern compress(std::size_t rows, std::size_t columns, const std::vector<std::pair<std::uint32_t, std::uint32_t>>& entries) {
  Pattern result;
  SparseMatrix& m = result.matrix;
  m.rows = rows;
  m.columns = columns;
  if (entries.size() > static_cast<std::size_t>(INT32_MAX))
    throw ShapeMismatch(fmt::format("elements: {} entries in a sparse matrix; more than 2^31 - 1", entries.size()));
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

Residuals residuals_of(const Function& g, std::span<const double> x, const Elements& elements, const Samples* data, int threads) {
  const Slices slices("residuals", x, elements, data, threads);
  slices.check("residuals", g);
  const std::size_t outputs = g.outputs(), rows = elements.count() * outputs;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> entries;
  for (std::size_t c = 0; c < elements.size(); ++c)
    for (std::size_t e = 0; e < elements.count(); ++e)
      for (std::size_t o = 0; o < outputs; ++o)
        entries.emplace_back(static_cast<std::uint32_t>(e * outputs + o), static_cast<std::uint32_t>(elements.index(e, c)));
  Pattern pattern = compress(rows, x.size(), entries);
  Residuals result{std::vector<double>(rows), std::move(pattern.matrix)};
  for (std::size_t o = 0; o < outputs; ++o)
    slices.run(g.output(o),
               [&](std::size_t first, std::size_t n, double, std::span<const double> values, std::span<const double> gradient) {
                 for (std::size_t k = 0; k < n; ++k) result.values[(first + k) * outputs + o] = values[k];
                 for (std::size_t c = 0; c < elements.size(); ++c)
                   for (std::size_t k = 0; k < n; ++k) {
                     const std::size_t entry = (c * elements.count() + first + k) * outputs + o;
                     result.jacobian.value[static_cast<std::size_t>(pattern.place[entry])] += gradient[c * n + k];
                   }
               });
  return result;
}

}  // namespace

Elements::Elements(std::size_t all, std::size_t size) : count_(size == 0 ? 0 : all / size), size_(size), indices_(all) {
  if (size == 0 || all % size != 0)
    throw ShapeMismatch(fmt::format("Elements: {} indices do not make whole elements of {}", all, size));
}

void Elements::throw_index(std::size_t element, std::size_t column, long long index) {
  throw ShapeMismatch(
      fmt::format("Elements: index {} of element {} in column {}; indices go from 0 to 2^32 - 1", index, element, column));
}

void Elements::check(const char* name, std::size_t entries) const {
  for (std::size_t c = 0; c < size_; ++c)
    for (std::size_t e = 0; e < count_; ++e)
      if (index(e, c) >= entries)
        throw ShapeMismatch(fmt::format("{}: index {} of element {} in column {} is beyond the {} entries of x", name,
                                        index(e, c), e, c, entries));
}

BatchResult sum_gradient(const Function& f, std::span<const double> x, const Elements& elements, const Samples& data,
                         int threads) {
  return add_up("sum_gradient", f, x, elements, &data, threads);
}
BatchResult sum_gradient(const Function& f, std::span<const double> x, const Elements& elements, int threads) {
  return add_up("sum_gradient", f, x, elements, nullptr, threads);
}
BatchResult mean_gradient(const Function& f, std::span<const double> x, const Elements& elements, const Samples& data,
                          int threads) {
  return mean(f, x, elements, &data, threads);
}
BatchResult mean_gradient(const Function& f, std::span<const double> x, const Elements& elements, int threads) {
  return mean(f, x, elements, nullptr, threads);
}

ElementHessian::ElementHessian(const Function& f, Elements elements, std::size_t entries) : elements_(std::move(elements)) {
  elements_.check("ElementHessian", entries);
  if (f.outputs() != 1)
    throw ShapeMismatch(fmt::format("ElementHessian: the function has {} outputs; a sum has one", f.outputs()));
  if (f.inputs() < elements_.size())
    throw ShapeMismatch(
        fmt::format("ElementHessian: the function takes {} inputs, but elements have {} indices", f.inputs(), elements_.size()));
  const Function gradient = f.derivative();
  const std::size_t size = elements_.size();
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
  for (std::size_t i = 0; i < size; ++i) {
    rows_.push_back(gradient.output(1 + i));
    for (std::size_t j = 0; j < size; ++j)
      for (std::size_t e = 0; e < elements_.count(); ++e)
        pairs.emplace_back(static_cast<std::uint32_t>(elements_.index(e, i)), static_cast<std::uint32_t>(elements_.index(e, j)));
  }
  Pattern pattern = compress(entries, entries, pairs);
  hessian_ = std::move(pattern.matrix);
  place_ = std::move(pattern.place);
}

const SparseMatrix& ElementHessian::fill(std::span<const double> x, const Samples* data, int threads) {
  if (x.size() != hessian_.rows)
    throw ShapeMismatch(fmt::format("ElementHessian: x has {} entries, the pattern was made for {}", x.size(), hessian_.rows));
  const Slices slices("ElementHessian", x, elements_, data, threads);
  std::fill(hessian_.value.begin(), hessian_.value.end(), 0.0);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    slices.check("ElementHessian", rows_[i]);
    slices.run(rows_[i],
               [&](std::size_t first, std::size_t n, double, std::span<const double>, std::span<const double> gradient) {
                 // the lower half mirrors the upper one: symmetric to the bit
                 const auto add = [&](std::size_t row, std::size_t column, std::size_t k, double amount) {
                   const std::size_t entry = (row * elements_.size() + column) * elements_.count() + first + k;
                   hessian_.value[static_cast<std::size_t>(place_[entry])] += amount;
                 };
                 for (std::size_t j = i; j < elements_.size(); ++j)
                   for (std::size_t k = 0; k < n; ++k) {
                     add(i, j, k, gradient[j * n + k]);
                     if (j != i) add(j, i, k, gradient[j * n + k]);
                   }
               });
  }
  return hessian_;
}
const SparseMatrix& ElementHessian::operator()(std::span<const double> x, const Samples& data, int threads) {
  return fill(x, &data, threads);
}
const SparseMatrix& ElementHessian::operator()(std::span<const double> x, int threads) { return fill(x, nullptr, threads); }

SparseMatrix sum_hessian(const Function& f, std::span<const double> x, const Elements& elements, const Samples& data,
                         int threads) {
  return ElementHessian(f, elements, x.size())(x, data, threads);
}
SparseMatrix sum_hessian(const Function& f, std::span<const double> x, const Elements& elements, int threads) {
  return ElementHessian(f, elements, x.size())(x, threads);
}

Residuals residuals(const Function& g, std::span<const double> x, const Elements& elements, const Samples& data, int threads) {
  return residuals_of(g, x, elements, &data, threads);
}
Residuals residuals(const Function& g, std::span<const double> x, const Elements& elements, int threads) {
  return residuals_of(g, x, elements, nullptr, threads);
}

}  // namespace wengert
