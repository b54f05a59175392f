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

detail::ElementPairs::ElementPairs(const char* name, Elements all, std::size_t entries, CompressedRows& matrix)
    : elements(std::move(all)) {
  elements.check(name, entries);
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
  for (std::size_t i = 0; i < elements.size(); ++i)
    for (std::size_t j = 0; j < elements.size(); ++j)
      for (std::size_t e = 0; e < elements.count(); ++e)
        pairs.emplace_back(static_cast<std::uint32_t>(elements.index(e, i)), static_cast<std::uint32_t>(elements.index(e, j)));
  Pattern pattern = compress(entries, entries, pairs);
  matrix = std::move(pattern.matrix);
  place_ = std::move(pattern.place);
}

void detail::ElementPairs::add(std::size_t i, std::size_t j, std::size_t first, std::size_t n, const double* amounts,
                               CompressedRows& matrix) const {
  const auto at = [&](std::size_t row, std::size_t column) {
    return &place_[(row * elements.size() + column) * elements.count() + first];
  };
  const int *const upper = at(i, j), *const lower = at(j, i);
  for (std::size_t k = 0; k < n; ++k) {
    matrix.value[static_cast<std::size_t>(upper[k])] += amounts[k];
    if (j != i) matrix.value[static_cast<std::size_t>(lower[k])] += amounts[k];
  }
}

ElementHessian::ElementHessian(detail::ElementCode code, Elements elements, std::size_t entries)
    : pairs_("ElementHessian", std::move(elements), entries, hessian_), code_(std::move(code)) {
  const std::size_t size = pairs_.elements.size();
  if (code_.inputs < size)
    throw ShapeMismatch(
        fmt::format("ElementHessian: the function takes {} inputs, but elements have {} indices", code_.inputs, size));
}

const CompressedRows& ElementHessian::fill(std::span<const double> x, const Samples* data, int threads) {
  if (x.size() != hessian_.rows)
    throw ShapeMismatch(fmt::format("ElementHessian: x has {} entries, the pattern was made for {}", x.size(), hessian_.rows));
  const Slices slices("ElementHessian", code_, x, pairs_.elements, data);
  std::fill(hessian_.value.begin(), hessian_.value.end(), 0.0);
  const std::size_t size = pairs_.elements.size(), inputs = code_.derivatives;
  std::vector<unsigned char> wanted(code_.outputs, 0);
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t j = i; j < size; ++j) wanted[in_upper_half(i, j, inputs)] = 1;
  slices.in_order(threads, wanted, [&](std::size_t first, std::size_t n, std::span<double* const> columns) {
    for (std::size_t i = 0; i < size; ++i)
      for (std::size_t j = i; j < size; ++j) pairs_.add(i, j, first, n, columns[in_upper_half(i, j, inputs)], hessian_);
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

ElementNormalEquations::ElementNormalEquations(detail::ElementCode code, Elements elements, std::size_t entries)
    : pairs_("normal_equations", std::move(elements), entries, result_.matrix), code_(std::move(code)) {}

const NormalEquations& ElementNormalEquations::fill(std::span<const double> x, const Samples* data, int threads) {
  const Elements& elements = pairs_.elements;
  if (x.size() != result_.matrix.rows)
    throw ShapeMismatch(
        fmt::format("ElementNormalEquations: x has {} entries, the pattern was made for {}", x.size(), result_.matrix.rows));
  const std::size_t outputs = code_.values, size = elements.size(), inputs = code_.derivatives;
  const Slices slices("normal_equations", code_, x, elements, data);
  result_.value = 0;
  result_.gradient.assign(x.size(), 0.0);
  std::fill(result_.matrix.value.begin(), result_.matrix.value.end(), 0.0);
  std::vector<unsigned char> wanted(code_.outputs, 1);
  for (std::size_t c = outputs; c < wanted.size(); ++c) wanted[c] = (c - outputs) % inputs < size ? 1 : 0;
  std::vector<double> products(Slices::block);
  slices.in_order(threads, wanted, [&](std::size_t first, std::size_t n, std::span<double* const> columns) {
    // the sum over the outputs of the products of two columns, the residuals' or the partials' in one input
    const auto dot = [&](std::size_t a, std::size_t a_step, std::size_t b, std::size_t b_step) {
      std::fill_n(products.begin(), n, 0.0);
      for (std::size_t o = 0; o < outputs; ++o)
        for (std::size_t k = 0; k < n; ++k) products[k] += columns[a + o * a_step][k] * columns[b + o * b_step][k];
      return products.data();
    };
    const double* const squares = dot(0, 1, 0, 1);
    for (std::size_t k = 0; k < n; ++k) result_.value += squares[k] / 2;
    for (std::size_t i = 0; i < size; ++i) {
      const double* const descent = dot(0, 1, outputs + i, inputs);
      for (std::size_t k = 0; k < n; ++k) result_.gradient[elements.index(first + k, i)] += descent[k];
      for (std::size_t j = i; j < size; ++j)
        pairs_.add(i, j, first, n, dot(outputs + i, inputs, outputs + j, inputs), result_.matrix);
    }
  });
  return result_;
}
const NormalEquations& ElementNormalEquations::operator()(std::span<const double> x, const Samples& data, int threads) {
  return fill(x, &data, threads);
}
const NormalEquations& ElementNormalEquations::operator()(std::span<const double> x, int threads) {
  return fill(x, nullptr, threads);
}

}  // namespace wengert
