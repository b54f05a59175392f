#include "wengert/elements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "wengert/batch/element_loop.hpp"
#include "wengert/batch/slices.hpp"
#include "wengert/error.hpp"
#include "wengert/parallel_for.hpp"
#include "wengert/sweep/complaints.hpp"

namespace wengert {
namespace {

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

/// Value and gradient of f over the samples into `sinks`, first the value; those that are nullptr are left out.
void run_recorded(const Function& f, const Samples& gathered, std::span<double* const> sinks) {
  const std::size_t n = gathered.count();
  std::vector<double> nowhere;
  BatchOptions options;
  options.threads = 1;
  options.standard_errors = false;
  if (sinks[0] != nullptr) options.values = std::span(sinks[0], n);
  for (double* const sink : sinks.subspan(1)) {
    if (sink == nullptr) nowhere.resize(n);
    options.sample_gradient.push_back(std::span(sink != nullptr ? sink : nowhere.data(), n));
  }
  sum_gradient(f, std::span<const double>(), gathered, options);
}

}  // namespace

namespace detail {

ElementCode gradient_code(const char* name, const Function& f) {
  throw_unless_one_output(name, "that of f.output(k)", f.outputs());
  return {f.inputs(),
          f.inputs(),
          1,
          1 + f.inputs(),
          [f](const Samples& gathered, std::span<double* const> sinks) { run_recorded(f, gathered, sinks); },
          [f](std::span<const double> gathered, const Samples& run) {
            return sum_gradient(f, gathered, run, {.threads = 1, .standard_errors = false});
          }};
}

ElementCode jacobian_code(const Function& g) {
  std::vector<Function> outputs;
  for (std::size_t o = 0; o < g.outputs(); ++o) outputs.push_back(g.output(o));
  const std::size_t n = g.inputs(), m = outputs.size();
  return {n, n, m, m * (1 + n), [outputs, n, m](const Samples& gathered, std::span<double* const> sinks) {
            for (std::size_t o = 0; o < m; ++o) {
              std::vector<double*> row{sinks[o]};
              row.insert(row.end(), &sinks[m + o * n], &sinks[m + o * n] + n);
              run_recorded(outputs[o], gathered, row);
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
  return {n, n, 0, n * (n + 1) / 2, [rows, n](const Samples& samples, std::span<double* const> sinks) {
            for (std::size_t i = 0; i < rows.size(); ++i) {
              std::vector<double*> row(1 + n, nullptr);  // the half to the left is that above
              for (std::size_t j = i; j < n; ++j) row[1 + j] = sinks[in_upper_half(i, j, n)];
              run_recorded(rows[i], samples, row);
            }
          }};
}

void run_loop(const ElementLoop& loop, const Samples& gathered, std::span<double* const> sinks) {
  constexpr std::size_t block = 256;
  std::vector<double> room(block * gathered.columns());
  std::vector<const double*> columns(gathered.columns());
  std::vector<double*> places(sinks.size());
  for (std::size_t first = 0; first < gathered.count(); first += block) {
    const std::size_t n = std::min(block, gathered.count() - first);
    gathered.block(first, n, room.data(), columns.data());
    for (std::size_t k = 0; k < sinks.size(); ++k) places[k] = sinks[k] != nullptr ? sinks[k] + first : nullptr;
    loop.run(loop.context, first, n, columns.data(), places.data(), nullptr, nullptr);
  }
}

/// The sum run by run, each an ordinary batch; as many of them are a job as have the elements that another thread is worth.
static void add_runs(const ElementCode& code, std::span<const double> x, const Elements& elements, const Samples& data,
                     int threads, BatchResult& result) {
  const std::span<const std::size_t> begins = elements.runs();
  const std::size_t runs = begins.size() - 1, size = elements.size();
  std::vector<double> sums(runs * (1 + size));  // of each run the value, then the gradient
  const std::size_t together = std::max<std::size_t>(1, (std::size_t{1} << 14) * runs / elements.count());
  parallel_for((runs + together - 1) / together, threads, [&](std::size_t job) {
    std::vector<double> gathered(size);
    for (std::size_t r = job * together; r < std::min(runs, (job + 1) * together); ++r) {
      for (std::size_t c = 0; c < size; ++c) gathered[c] = x[elements.index(begins[r], c)];
      try {
        const BatchResult sum = code.run_alike(gathered, data.part(begins[r], begins[r + 1] - begins[r]));
        sums[r * (1 + size)] = sum.value;
        std::copy_n(sum.gradient.begin(), size, &sums[r * (1 + size) + 1]);
      } catch (const BranchChanged& error) {
        throw BranchChanged(fmt::format("{}, which begins with element {}", error.what(), begins[r]));
      }
    }
  });
  for (std::size_t r = 0; r < runs; ++r) {
    const double* const sum = &sums[r * (1 + size)];
    result.value += sum[0];
    for (std::size_t c = 0; c < size; ++c) result.gradient[elements.index(begins[r], c)] += sum[1 + c];
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
    std::vector<unsigned char> wanted(code.outputs, 0);
    std::fill_n(wanted.begin(), 1 + elements.size(), 1);
    slices.in_order(threads, wanted, [&](std::size_t first, std::size_t n, std::span<double* const> columns) {
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

}  // namespace wengert
