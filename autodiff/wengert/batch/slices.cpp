#include "wengert/batch/slices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "wengert/batch/pipeline.hpp"
#include "wengert/error.hpp"
#include "wengert/parallel_for.hpp"

namespace wengert::detail {

static std::size_t used(const std::vector<unsigned char>& wanted) {
  return static_cast<std::size_t>(std::count(wanted.begin(), wanted.end(), 1));
}

/// Room for the wanted outputs of `size` elements.
class Slices::Columns {
 public:
  Columns(std::size_t size, const std::vector<unsigned char>& wanted) {
    // three lines of a cache more than whole pages: columns that are read side by side must not share its sets
    const std::size_t distance = size + 24;
    room_ = std::make_unique_for_overwrite<double[]>(used(wanted) * distance);
    double* free = room_.get();
    for (const unsigned char is_wanted : wanted) {
      columns_.push_back(is_wanted != 0 ? free : nullptr);
      if (is_wanted != 0) free += distance;
    }
  }
  /// nullptr for those that are not wanted.
  std::span<double* const> all() const { return columns_; }

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
  const std::size_t count = elements_.count(), blocks = (count + block - 1) / block;
  int helpers = thread_count(threads);
  if (blocks * used(wanted) < 64) helpers = 1;  // done, in less than 0.1 ms, before another thread is awake
  const std::size_t in_flight = helpers == 1 ? 1 : std::min(blocks, 2 * static_cast<std::size_t>(helpers));
  std::vector<Columns> rooms;
  for (std::size_t k = 0; k < in_flight; ++k) rooms.emplace_back(std::min(block, count), wanted);
  const auto size = [&](std::size_t k) { return std::min(block, count - k * block); };
  pipeline(
      blocks, helpers, in_flight, [&](std::size_t k) { compute(k * block, size(k), rooms[k % in_flight].all()); },
      [&](std::size_t k) { visit(k * block, size(k), rooms[k % in_flight].all()); });
}

void Slices::at_once(int threads, const std::vector<unsigned char>& wanted, const Visit& visit) const {
  const std::size_t job = std::max<std::size_t>(1, 8 / std::max<std::size_t>(1, used(wanted))) * block;
  const std::size_t count = elements_.count();
  parallel_for((count + job - 1) / job, threads, [&](std::size_t k) {
    const std::size_t end = std::min(count, (k + 1) * job);
    const Columns columns(std::min(block, end - k * job), wanted);
    for (std::size_t first = k * job; first < end; first += block) {
      const std::size_t n = std::min(block, end - first);
      compute(first, n, columns.all());
      visit(first, n, columns.all());
    }
  });
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
