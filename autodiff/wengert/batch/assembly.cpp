#include "wengert/batch/assembly.hpp"

#include <fmt/format.h>

#include <cmath>

#include "wengert/error.hpp"
#include "wengert/reverse_sweep.hpp"

namespace wengert::detail {

template <class T>
void check_batch(const char* function, bool mean, std::size_t inputs, std::size_t shared, const BasicSamples<T>& samples,
                 const BasicBatchOptions<T>& options) {
  if (shared + samples.columns() != inputs)
    throw ShapeMismatch(
        fmt::format("{}: the function has {} inputs, got {} shared and samples of {} columns; together they must be its inputs",
                    function, inputs, shared, samples.columns()));
  if (mean && samples.count() == 0) throw ShapeMismatch(fmt::format("{}: no samples; a mean needs at least one", function));
  const auto check = [&](const char* what, std::size_t size) {
    if (size != samples.count())
      throw ShapeMismatch(
          fmt::format("{}: {} has room for {} numbers, but there are {} samples", function, what, size, samples.count()));
  };
  if (!options.values.empty()) check("options.values", options.values.size());
  if (!options.sample_gradient.empty() && options.sample_gradient.size() != samples.columns())
    throw ShapeMismatch(fmt::format("{}: options.sample_gradient has {} columns, the samples have {}", function,
                                    options.sample_gradient.size(), samples.columns()));
  for (const auto& column : options.sample_gradient) check("a column of options.sample_gradient", column.size());
}

BatchResult without_gradient(std::size_t count, std::span<const Moments> totals, bool mean, bool standard_errors) {
  const double n = static_cast<double>(count), scale = mean ? 1 : n;
  BatchResult result;
  result.count = count;
  result.value = totals[0].mean * scale;
  if (standard_errors) {
    const auto error = [&](const Moments& output) { return scale * std::sqrt(output.deviations / (n * (n - 1))); };
    result.value_error = error(totals[0]);
    for (const Moments& adjoint : totals.subspan(1)) result.gradient_error.push_back(error(adjoint));
  }
  return result;
}

BatchResult assemble(const Tape& outer, const Values<double>& outer_values, std::span<const NodeId> frontier, std::size_t count,
                     std::span<const Moments> totals, bool mean, bool standard_errors) {
  BatchResult result = without_gradient(count, totals, mean, standard_errors);
  const double scale = mean ? 1 : static_cast<double>(count);
  Values<double> adjoints(outer.constants(), outer.size());
  for (std::size_t k = 0; k < frontier.size(); ++k) adjoints[frontier[k]] += totals[1 + k].mean * scale;
  pull_back_all(outer, outer_values.base(), adjoints.base(), outer.size());
  result.gradient.reserve(outer.independents().size());
  for (const NodeId i : outer.independents()) result.gradient.push_back(adjoints[i]);
  return result;
}

template void check_batch(const char*, bool, std::size_t, std::size_t, const BasicSamples<double>&,
                          const BasicBatchOptions<double>&);
template void check_batch(const char*, bool, std::size_t, std::size_t, const BasicSamples<float>&,
                          const BasicBatchOptions<float>&);

}  // namespace wengert::detail
