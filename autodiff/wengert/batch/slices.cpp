#include "wengert/batch/slices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "wengert/error.hpp"
#include "wengert/parallel_for.hpp"

namespace wengert::detail {

/// Room for the wanted outputs of `size` elements.
class Slices::Columns {
 public:
  Columns(std::size_t size, const std::vector<unsigned char>& wanted) {
    const auto used = static_cast<std::size_t>(std::count(wanted.begin(), wanted.end(), 1));
    // three lines of a cache more than whole pages: columns that are read side by side must not share its sets
    const std::size_t distance = size + 24;
    room_ = std::make_unique_for_overwrite<double[]>(used * distance);
    double* free = room_.get();
    for (const unsigned char is_wanted : wanted) {
      columns_.push_back(is_wanted != 0 ? free : nullptr);
      if (is_wanted != 0) free += distance;
    }
  }
  /// From element `at` of these on.
  std::vector<double*> from(std::size_t at) const {
    std::vector<double*> result = columns_;
    for (double*& column : result)
      if (column != nullptr) column += at;
    return result;
  }

 private:
  std::unique_ptr<double[]> room_;
  std::vector<double*> columns_;
};

Slices::Slices(const char* name, const ElementCode& code, std::span<const double> x, const Elements& elements,
               const Samples* data)
    : code_(code), x_(x), elements_(elements), data_(data) {
  elements.check(name, x.size());
  if (data != nullptr && data->count() != elements.count())
    throw ShapeMismatch(
        fmt::format("{}: {} samples of data for {} elements; give one for each", name, data->count(), elements.count()));
  const std::size_t numbers = data != nullptr ? data->columns() : 0;
  if (code.inputs != elements.size() + numbers)
    throw ShapeMismatch(fmt::format("{}: the function takes {} inputs, but elements have {} indices and {} numbers of data", name,
                                    code.inputs, elements.size(), numbers));
  const std::size_t most = std::min(code.derivatives, code.most_gathered);
  if (most < elements.size())
    throw ShapeMismatch(
        fmt::format("{}: elements have {} indices, but the function is given as gathering {}", name, elements.size(), most));
}

void Slices::in_order(int threads, const std::vector<unsigned char>& wanted, const Visit& visit) const {
  const std::size_t count = elements_.count(), helpers = static_cast<std::size_t>(thread_count(threads));
  if (helpers == 1 || count <= 2 * block) {
    const Columns columns(std::min(block, count), wanted);
    const std::vector<double*> all = columns.from(0);
    for (std::size_t first = 0; first < count; first += block) {
      const std::size_t n = std::min(block, count - first);
      compute(first, n, all);
      visit(first, n, all);
    }
    return;
  }
  // A slice is computed, a block a job, while the one before it is visited, in one job more. Slices are worth waiting for each
  // other; those of many columns are short, to stay in the caches.
  const auto used = static_cast<std::size_t>(std::count(wanted.begin(), wanted.end(), 1));
  const std::size_t slice = std::max<std::size_t>(4 * helpers, used <= 16 ? 16 : 0) * block;
  const std::size_t slices = (count + slice - 1) / slice;
  std::vector<Columns> rooms;
  for (std::size_t s = 0; s < std::min<std::size_t>(slices, 2); ++s) rooms.emplace_back(std::min(slice, count), wanted);
  for (std::size_t s = 0; s <= slices; ++s) {
    const std::size_t first = s * slice, end = std::min(count, first + slice);
    const std::size_t visits = s > 0 ? 1 : 0, blocks = s < slices ? (end - first + block - 1) / block : 0;
    parallel_for(visits + blocks, threads, [&](std::size_t k) {
      if (k < visits) {
        visit_blocks(first - slice, std::min(slice, count - (first - slice)), rooms[(s - 1) % 2], visit);
      } else {
        const std::size_t at = (k - visits) * block;
        compute(first + at, std::min(block, end - first - at), rooms[s % 2].from(at));
      }
    });
  }
}

void Slices::at_once(int threads, const std::vector<unsigned char>& wanted, const Visit& visit) const {
  constexpr std::size_t job = 8 * block;
  const std::size_t count = elements_.count();
  parallel_for((count + job - 1) / job, threads, [&](std::size_t k) {
    const std::size_t end = std::min(count, (k + 1) * job);
    const Columns columns(std::min(block, end - k * job), wanted);
    const std::vector<double*> all = columns.from(0);
    for (std::size_t first = k * job; first < end; first += block) {
      const std::size_t n = std::min(block, end - first);
      compute(first, n, all);
      visit(first, n, all);
    }
  });
}

void Slices::visit_blocks(std::size_t first, std::size_t n, const Columns& columns, const Visit& visit) const {
  for (std::size_t at = 0; at < n; at += block) visit(first + at, std::min(block, n - at), columns.from(at));
}

void Slices::compute(std::size_t first, std::size_t n, std::span<double* const> columns) const {
  const Samples gathered = Samples::generated(
      n, code_.inputs, [&](std::size_t at, std::size_t count, double* const* to) { gather(first + at, count, to); });
  try {
    code_.run(gathered, columns);
  } catch (const BranchChanged& error) {
    throw BranchChanged(fmt::format("{}, which begins with element {}", error.what(), first));
  }
}

void Slices::gather(std::size_t first, std::size_t count, double* const* columns) const {
  for (std::size_t c = 0; c < elements_.size(); ++c)
    for (std::size_t k = 0; k < count; ++k) columns[c][k] = x_[elements_.index(first + k, c)];
  if (data_ == nullptr || data_->columns() == 0) return;
  std::vector<const double*> pointers(data_->columns());
  data_->block(first, count, columns[elements_.size()], pointers.data());
  for (std::size_t c = 0; c < pointers.size(); ++c)
    if (double* const column = columns[elements_.size() + c]; pointers[c] != column) std::copy_n(pointers[c], count, column);
}

}  // namespace wengert::detail
