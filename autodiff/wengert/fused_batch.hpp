// Fused functions over many samples: mean_gradient(fuse(f), shared, samples), the same call as for a recorded Function.
//
// The loop over the samples is ours alone: straight-line code on vectors, compiled for every instruction set whatever the user's
// flags, chosen when the program runs.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "wengert/batch.hpp"
#include "wengert/batch/assembly.hpp"
#include "wengert/batch/run_blocks.hpp"
#include "wengert/fuse.hpp"
#include "wengert/fused/batch_program.hpp"
#include "wengert/instruction_set.hpp"

namespace wengert {
namespace detail {

/// Whether a callable takes `shared` numbers in an array, then n more for the sample: as scalars, or in an array too.
template <class Callable, std::size_t shared, std::size_t n>
struct TakesColumns {
  static constexpr std::size_t columns = n;
  static constexpr bool as_scalars = []<std::size_t... k>(std::index_sequence<k...>) {
    if constexpr (n <= 32)
      return std::is_invocable_v<Callable, std::array<Var, shared>, std::conditional_t<(k >= 0), Var, Var>...>;
    else
      return false;
  }(std::make_index_sequence<n <= 32 ? n : 0>());
  static constexpr bool value = [] {
    if constexpr (as_scalars)
      return true;
    else  // not asked of a callable of scalars, whose body may not compile for arrays
      return std::is_invocable_v<Callable, std::array<Var, shared>, std::array<Var, n>>;
  }();
};

/// The shape that was stated, that of a callable of scalars, or else that with the fewest columns that fits; looked for 64 at a
/// time.
template <class Callable, std::size_t shared, std::size_t before = 0>
constexpr auto batch_shape() {
  if constexpr (requires { stated_shape(Callable{}); }) {
    return decltype(stated_shape(Callable{})){};
  } else if constexpr (scalars_taken<Callable>() > 0) {
    return scalars(std::make_index_sequence<scalars_taken<Callable>()>());
  } else if constexpr (before >= 1024) {
    static_assert(
        before < 1024,
        "fuse: a batch needs a callable of scalars (32 at most), of an array of the shared inputs and scalars, or of two "
        "arrays, the second of 1024 numbers at most; the shared inputs are as many as its first array holds. For any "
        "other, say its shape, with 0 for each scalar: fuse(f, Shape<3, 0, 2>())");
    return Shape<shared>{};  // or the search would go on after the error, for minutes
  } else {
    using Fit = decltype([]<std::size_t... k>(std::index_sequence<k...>) {
      return std::disjunction<TakesColumns<Callable, shared, before + 1 + k>...>();
    }(std::make_index_sequence<64>()));
    if constexpr (!Fit::value)
      return batch_shape<Callable, shared, before + 64>();
    else if constexpr (Fit::as_scalars)
      return []<std::size_t... k>(std::index_sequence<k...>) {
        return Shape<shared, (0 * k)...>{};
      }(std::make_index_sequence<Fit::columns>());
    else
      return Shape<shared, Fit::columns>{};
  }
}

/// The recorded twin of a fused function, for shared values that are no ordinary numbers and for gradients by sample.
template <class Callable, std::size_t... sizes>
const Function& recorded_twin(Shape<sizes...>) {
  const auto part = []<std::size_t size>(std::integral_constant<std::size_t, size>) {
    if constexpr (size == 0)
      return 0.5;
    else
      return std::array<double, size>{};
  };
  static const Function function = wengert::record(Callable{}, part(std::integral_constant<std::size_t, sizes>())...);
  return function;
}

/// A batch by way of it.
template <class Callable, class T>
BatchResult run_twin(bool mean, std::span<const double> shared, const BasicSamples<T>& samples,
                     const BasicBatchOptions<T>& options, auto taken) {
  const Function& f = recorded_twin<Callable>(taken);
  return mean ? mean_gradient(f, shared, samples, options) : sum_gradient(f, shared, samples, options);
}

template <bool standard_errors, class Callable, std::size_t shared, class T>
BatchResult run_fused(const char* name, bool mean, std::span<const double, shared> shared_inputs, const BasicSamples<T>& samples,
                      const BasicBatchOptions<T>& options) {
  using Taken = decltype(batch_shape<Callable, shared>());
  check_batch(name, mean, Taken::inputs, shared, samples, options);
  const auto replayed = [&] { return run_twin<Callable>(mean, shared_inputs, samples, options, Taken{}); };
  if (!options.sample_gradient.empty()) return replayed();

  using Outer = OuterRecipe<Callable, Taken, shared, standard_errors>;
  using OuterBack = OuterBackRecipe<Callable, Taken, shared, standard_errors>;
  using Inner = BatchRecipe<Callable, Taken, shared, standard_errors>;
  constexpr const auto& program = frozen<Inner>;
  using Layout = BatchLayout<Inner>;
  if constexpr (Layout::summed == 0) return replayed();  // nothing depends on the samples

  const auto frontier = StraightLine<Outer, double>::outputs(shared_inputs.data());
  SharedValues<Inner> values;
  values.run(frontier);
  if (!values.template are_ordinary<T>()) return replayed();

  std::array<T, std::is_same_v<T, double> ? 0 : values.v.size()> narrow;
  for (std::size_t k = 0; k < narrow.size(); ++k) narrow[k] = static_cast<T>(values.v[k]);
  const auto kernels = call_kernels<Inner, T>();
  std::array<T, static_cast<std::size_t>(Layout::summed)> shifts{};
  FusedBatch<T> batch{nullptr, kernels.data(), shifts.data()};
  if constexpr (std::is_same_v<T, double>)
    batch.shared = values.v.data();
  else
    batch.shared = narrow.data();
  const auto loop = fused_loop<Inner, T, standard_errors>(instruction_set());
  std::array<const T*, static_cast<std::size_t>(Layout::columns)> columns;
  std::array<T*, static_cast<std::size_t>(Layout::written)> no_sinks{};
  std::array<OutputSums, shifts.size()> sums;
  if (standard_errors && samples.count() > 0) {
    // squares are taken around the first sample
    std::array<T, static_cast<std::size_t>(Layout::columns)> room;
    samples.block(0, 1, room.data(), columns.data());
    loop(&batch, 0, 1, columns.data(), no_sinks.data(), nullptr, sums.data());
    for (std::size_t k = 0; k < shifts.size(); ++k) shifts[k] = is_finite(sums[k].sum) ? static_cast<T>(sums[k].sum) : T(0);
  }
  constexpr std::size_t block = 1024;
  std::array<Moments, shifts.size()> varying;
  std::size_t count = samples.count();
  const bool sums_alone = options.values.empty() && !options.progress && options.sharing == nullptr;
  if (sums_alone && samples.in_place() && count > 0 && count <= block) {  // no block but this one
    samples.block(0, count, nullptr, columns.data());
    loop(&batch, 0, count, columns.data(), no_sinks.data(), nullptr, sums.data());
    for (std::size_t k = 0; k < varying.size(); ++k) varying[k] = moments_of(sums[k], count);
  } else {
    count = run_blocks(BlockJob<T>{loop, &batch, shifts.size(), block, 64, program.nodes.size()}, samples, options, varying);
  }
  std::array<Moments, static_cast<std::size_t>(Layout::leading)> totals;
  const Moments* next = varying.data();
  for (std::size_t k = 0; k < totals.size(); ++k) {
    const NodeId output = program.outputs[k];
    totals[k] = program.varies(output) ? *next++ : Moments{values[output], 0};
  }
  BatchResult result = without_gradient(count, totals, mean, standard_errors);
  std::array<double, shared + frontier.size()> back;
  for (std::size_t k = 0; k < shared; ++k) back[k] = shared_inputs[k];
  for (std::size_t k = 0; k < frontier.size(); ++k)
    back[shared + k] = totals[1 + k].mean * (mean ? 1 : static_cast<double>(count));
  const auto gradient = StraightLine<OuterBack, double>::outputs(back.data());
  result.gradient.assign(gradient.begin(), gradient.end());
  return result;
}

/// Shared inputs, whose number the compiler must know.
template <std::size_t shared>
std::span<const double, shared> of_fixed_size(const std::array<double, shared>& inputs) {
  return inputs;
}
template <class Number, std::size_t shared>
  requires(std::is_same_v<std::remove_const_t<Number>, double> && shared != std::dynamic_extent)
std::span<const double, shared> of_fixed_size(const std::span<Number, shared>& inputs) {
  return inputs;
}
template <class Shared>
auto of_fixed_size(const Shared&) {
  static_assert(!sizeof(Shared), "fuse: pass the shared inputs as a std::array of double, or a span of fixed size");
  return std::span<const double, 0>();
}

template <class Callable, bool optimised, std::size_t shared, class T>
BatchResult run_fused(const char* name, bool mean, std::span<const double, shared> shared_inputs, const BasicSamples<T>& samples,
                      const BasicBatchOptions<T>& options) {
  if constexpr (!optimised) {
    // Straight-line code that nobody optimises is slower than the loop of the library, which is. Still recorded while compiling,
    // so that what cannot be fused is refused here too.
    using Taken = decltype(batch_shape<Callable, shared>());
    static_cast<void>(recorded<Callable, Taken>);
    check_batch(name, mean, Taken::inputs, shared, samples, options);
    return run_twin<Callable>(mean, shared_inputs, samples, options, Taken{});
  } else {
    if (options.standard_errors) return run_fused<true, Callable>(name, mean, shared_inputs, samples, options);
    return run_fused<false, Callable>(name, mean, shared_inputs, samples, options);
  }
}

}  // namespace detail

/// The program that a batch of a fused function runs, as a table: what is computed once and what for each sample.
template <std::size_t shared, bool standard_errors = false, class Callable>
std::string batch_program(const Fused<Callable>&) {
  constexpr const auto& code =
      detail::frozen<detail::BatchRecipe<Callable, decltype(detail::batch_shape<Callable, shared>()), shared, standard_errors>>;
  Tape tape(false);
  code.thaw(tape);
  return detail::print_fused(tape, code.outputs, code.shared, code.report);
}

/// mean_gradient() and sum_gradient() as of a recorded Function, with the same result within rounding (one rounding more per
/// division by a shared value). `shared` is an array, or a span of fixed size. Shared values that are zero, infinite, NaN or
/// subnormal, calls that ask for each sample's own gradient, and files compiled without optimisation take the replayed way
/// (`optimised` is asked where the call is written: files compiled for debugging and others meet in one program).
template <class Callable, class Shared, class T, bool optimised = WENGERT_OPTIMISED>
BatchResult mean_gradient(const Fused<Callable>&, const Shared& shared, const BasicSamples<T>& samples,
                          const BasicBatchOptions<std::type_identity_t<T>>& options = {}) {
  return detail::run_fused<Callable, optimised>("mean_gradient", true, detail::of_fixed_size(shared), samples, options);
}
template <class Callable, class Shared, class T, bool optimised = WENGERT_OPTIMISED>
BatchResult sum_gradient(const Fused<Callable>&, const Shared& shared, const BasicSamples<T>& samples,
                         const BasicBatchOptions<std::type_identity_t<T>>& options = {.standard_errors = false}) {
  return detail::run_fused<Callable, optimised>("sum_gradient", false, detail::of_fixed_size(shared), samples, options);
}
template <class Callable, class Shared, class T, bool optimised = WENGERT_OPTIMISED>
BatchResult mean_gradient(const Fused<Callable>& f, const Shared& shared, const std::vector<T>& samples,
                          const BasicBatchOptions<T>& options = {}) {
  return mean_gradient<Callable, Shared, T, optimised>(f, shared, BasicSamples<T>(samples), options);
}
template <class Callable, class Shared, class T, bool optimised = WENGERT_OPTIMISED>
BatchResult sum_gradient(const Fused<Callable>& f, const Shared& shared, const std::vector<T>& samples,
                         const BasicBatchOptions<T>& options = {.standard_errors = false}) {
  return sum_gradient<Callable, Shared, T, optimised>(f, shared, BasicSamples<T>(samples), options);
}

}  // namespace wengert
