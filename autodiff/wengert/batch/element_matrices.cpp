#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "wengert/batch/slices.hpp"
#include "wengert/elements.hpp"
#include "wengert/error.hpp"

namespace wengert {
namespace {

using detail::in_upper_half, detail::Slices;

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
  slices.in_order(threads, wanted, [&](std::size_t first, std::size_t n, std::span<double* const> columns) {
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
  std::vector<unsigned char> wanted(code_.outputs, 1);
  for (std::size_t c = outputs; c < wanted.size(); ++c) wanted[c] = (c - outputs) % inputs < size ? 1 : 0;
  // the rows of an element are its own
  slices.at_once(threads, wanted, [&](std::size_t first, std::size_t n, std::span<double* const> columns) {
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
