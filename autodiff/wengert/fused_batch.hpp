// Fused functions over many samples: mean_gradient(fuse(f), shared, samples), the same call as for a recorded Function.
//
// The loop over the samples is ours alone: straight-line code on vectors, compiled for every instruction set whatever the user's
// flags, chosen when the program runs.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "wengert/batch.hpp"
#include "wengert/batch/assembly.hpp"
#include "wengert/batch/run_blocks.hpp"
#include "wengert/forward_sweep.hpp"
#include "wengert/fuse.hpp"
#include "wengert/instruction_set.hpp"
#include "wengert/kernels/block_kernels.hpp"

namespace wengert {
namespace detail {

/// The inner program of a batch, for shared values that are ordinary numbers.
template <class Callable, class Shape, std::size_t shared, bool standard_errors>
struct BatchRecipe {
  static constexpr std::size_t room = room_for<Callable, Shape>(4);
  static constexpr Build build(Tape& to) {
    Tape tape(false), outer(false), inner(false), careful(false);
    Index dependent = record_fused<Callable, Shape>(tape);
    Build result;
    result.frontier = split(tape, dependent, static_cast<Index>(shared), standard_errors, outer, inner);
    result.shared = static_cast<Index>(result.frontier.size());
    const BatchProgram program = careful_program(inner, dependent, result.shared, false, careful, &result.report);
    result.program = ordinary_program(careful, program, result.shared, to);
    return result;
  }
};

/// What depends on shared inputs alone.
template <class Callable, class Shape, std::size_t shared, bool standard_errors>
struct OuterRecipe {
  static constexpr std::size_t room = room_for<Callable, Shape>(1);
  static constexpr Build build(Tape& outer) {
    Tape tape(false), inner(false);
    Index dependent = record_fused<Callable, Shape>(tape);
    Build result;
    result.frontier = split(tape, dependent, static_cast<Index>(shared), standard_errors, outer, inner);
    return result;
  }
};

/// Operations that the loop spells out; the others are calls.
constexpr bool is_native(Op op) {
  switch (op) {
    case Op::Add:
    case Op::Sub:
    case Op::Mul:
    case Op::Div:
    case Op::Neg:
    case Op::AbsorbingProduct:
    case Op::Select:
    case Op::Less:
    case Op::LessEqual:
    case Op::Equal:
    case Op::Detach:
      return true;
    default:
      return false;
  }
}

/// Where things stand in a recipe's batch program.
template <class Recipe>
struct BatchLayout {
  static constexpr const auto& program = frozen<Recipe>;
  static constexpr Index shared_cell(Index i) { return i >= 0 ? i : program.size - 1 - i; }
  static constexpr bool is_call(Index i) {
    return program[i].varying && program[i].op != Op::Independent && !is_native(program[i].op);
  }
  static constexpr Index kernel_number(Index i) {
    Index before = 0;
    for (Index k = 0; k < i; ++k) before += is_call(k) ? 1 : 0;
    return before;
  }
  static constexpr Index calls = kernel_number(program.size);
  static constexpr int columns = program.independents - program.shared;
  static constexpr Index independent(int k) {
    int met = 0;
    for (Index i = 0; i < program.size; ++i)
      if (program[i].op == Op::Independent && met++ == k) return i;
    return -1;
  }
  static constexpr Index column_node(int c) { return independent(program.shared + c); }
  static constexpr Index value_node = program.outputs[0];
  /// Outputs that differ from sample to sample; the others are the same number each time.
  static constexpr int summed = [] {
    int count = 0;
    for (const Index output : program.outputs) count += program.varies(output) ? 1 : 0;
    return count;
  }();
  static constexpr Index summed_node(int k) {
    for (const Index output : program.outputs)
      if (program.varies(output) && k-- == 0) return output;
    return -1;
  }
};

/// What the block loop is given: the shared values of this batch.
template <class T>
struct FusedBatch {
  const T* shared;                // by node, then by constant
  const BlockKernel<T>* kernels;  // of the operations that are calls
  const T* shifts;                // what squares of the summed outputs are taken around
};

#define WENGERT_LOOP_NAME BaselineLoop
#define WENGERT_LOOP_BYTES 16
#include "wengert/fused/loop-inl.hpp"
#undef WENGERT_LOOP_NAME
#undef WENGERT_LOOP_BYTES

#if defined(__x86_64__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
#define WENGERT_LOOP_NAME Avx2Loop
#define WENGERT_LOOP_BYTES 32
#include "wengert/fused/loop-inl.hpp"
#undef WENGERT_LOOP_NAME
#undef WENGERT_LOOP_BYTES
#if defined(__clang__)
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,avx2,fma"))), apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512vl,avx512bw,avx2,fma,prefer-vector-width=512")
#endif
#define WENGERT_LOOP_NAME Avx512Loop
#define WENGERT_LOOP_BYTES 64
#include "wengert/fused/loop-inl.hpp"
#undef WENGERT_LOOP_NAME
#undef WENGERT_LOOP_BYTES
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif

/// The loop of a recipe for an instruction set.
template <class Recipe, class T, bool squares>
auto fused_loop(InstructionSet set) {
#if defined(__x86_64__)
  if (set == InstructionSet::Avx512) return &Avx512Loop<Recipe, T, squares>::run;
  if (set == InstructionSet::Avx2) return &Avx2Loop<Recipe, T, squares>::run;
#endif
  static_cast<void>(set);
  return &BaselineLoop<Recipe, T, squares>::run;
}

/// Values of a program's shared nodes at the frontier's.
template <class Recipe>
struct SharedValues {
  static constexpr const auto& program = frozen<Recipe>;
  std::array<double, static_cast<std::size_t>(program.size)> v{};

  template <Index i>
  void step() {
    constexpr FrozenNode node = program[i];
    if constexpr (!node.varying && node.op != Op::Independent) StraightLine<Recipe, double>::template step<i>(v.data());
  }
  // Steps in chunks: clang limits one fold to 256.
  static constexpr Index chunk_size = 128;
  template <Index first, Index... i>
  void chunk(std::integer_sequence<Index, i...>) {
    (step<first + i>(), ...);
  }
  template <Index first = 0>
  void run_steps() {
    constexpr Index left = program.size - first;
    if constexpr (left > 0) {
      chunk<first>(std::make_integer_sequence<Index, (left < chunk_size ? left : chunk_size)>());
      run_steps<first + chunk_size>();
    }
  }
  void run(std::span<const double> frontier) {
    for (std::size_t k = 0; k < frontier.size(); ++k)
      v[static_cast<std::size_t>(BatchLayout<Recipe>::independent(static_cast<int>(k)))] = frontier[k];
    run_steps();
  }
  double operator[](Index i) const { return i >= 0 ? v[static_cast<std::size_t>(i)] : program.constant(i); }

  /// Whether they are the ordinary numbers that the program takes them for, in arithmetic on T.
  template <class T>
  bool are_ordinary() const {
    const auto normal = [](double x) { return std::isnormal(static_cast<T>(x)); };
    for (const Index i : program.finite)
      if (!is_finite(static_cast<T>((*this)[i]))) return false;
    for (const Index i : program.divisors)
      if (!normal((*this)[i]) || !normal(1 / (*this)[i])) return false;
    return true;
  }
};

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
  } else {
    static_assert(
        before < 1024,
        "fuse: a batch needs a callable of scalars (32 at most), of an array of the shared inputs and scalars, or of two "
        "arrays, the second of 1024 numbers at most; the shared inputs are as many as its first array holds. For any "
        "other, say its shape, with 0 for each scalar: fuse(f, Shape<3, 0, 2>())");
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

template <bool standard_errors, class Callable, std::size_t shared, class T>
BatchResult run_fused(const char* name, bool mean, std::span<const double, shared> shared_inputs, const BasicSamples<T>& samples,
                      const BasicBatchOptions<T>& options) {
  using Taken = decltype(batch_shape<Callable, shared>());
  check_batch(name, mean, Taken::inputs, shared, samples, options);
  const auto replayed = [&] {
    const Function& f = recorded_twin<Callable>(Taken{});
    return mean ? mean_gradient(f, shared_inputs, samples, options) : sum_gradient(f, shared_inputs, samples, options);
  };
#ifndef __OPTIMIZE__
  // Straight-line code that nobody optimises is slower than the loop of the library, which is. Still recorded while compiling, so
  // that what cannot be fused is refused here too.
  static_cast<void>(recorded<Callable, Taken>);
  return replayed();
#else
  if (!options.sample_gradient.empty()) return replayed();

  using Outer = OuterRecipe<Callable, Taken, shared, standard_errors>;
  using Inner = BatchRecipe<Callable, Taken, shared, standard_errors>;
  constexpr const auto& program = frozen<Inner>;
  using Layout = BatchLayout<Inner>;
  if constexpr (Layout::summed == 0) return replayed();  // nothing depends on the samples

  static const Tape& outer = *[] {
    auto* tape = new Tape(false);
    frozen<Outer>.thaw(*tape);
    return tape;
  }();
  const Values<double> outer_values = forward_sweep(outer, std::span<const double>(shared_inputs));
  std::array<double, frozen<Outer>.frontier.size()> frontier;
  for (std::size_t k = 0; k < frontier.size(); ++k) frontier[k] = outer_values[frozen<Outer>.frontier[k]];

  SharedValues<Inner> values;
  values.run(frontier);
  if (!values.template are_ordinary<T>()) return replayed();

  std::array<T, static_cast<std::size_t>(program.size) + program.constants.size()> cells;
  for (Index i = 0; i < program.size; ++i) cells[static_cast<std::size_t>(i)] = static_cast<T>(values[i]);
  for (std::size_t k = 0; k < program.constants.size(); ++k)
    cells[static_cast<std::size_t>(program.size) + k] = static_cast<T>(program.constants[k]);
  std::array<BlockKernel<T>, static_cast<std::size_t>(Layout::calls) + 1> kernels{};
  for (Index i = 0; i < program.size; ++i) {
    if (!Layout::is_call(i)) continue;
    const FrozenNode& node = program[i];
    kernels[static_cast<std::size_t>(Layout::kernel_number(i))] =
        block_kernel<T>(node.op, (program.varies(node.x) ? varying_x : 0) | (program.varies(node.y) ? varying_y : 0) |
                                     (program.varies(node.z) ? varying_z : 0));
  }
  std::array<T, static_cast<std::size_t>(Layout::summed)> shifts{};
  FusedBatch<T> batch{cells.data(), kernels.data(), shifts.data()};
  const auto loop = fused_loop<Inner, T, standard_errors>(instruction_set());
  if (standard_errors && samples.count() > 0) {
    // squares are taken around the first sample
    std::array<T, static_cast<std::size_t>(Layout::columns)> room;
    std::array<const T*, static_cast<std::size_t>(Layout::columns)> first;
    std::array<OutputSums, static_cast<std::size_t>(Layout::summed)> sums;
    T* const no_sink = nullptr;
    samples.block(0, 1, room.data(), first.data());
    loop(&batch, 0, 1, first.data(), &no_sink, nullptr, sums.data());
    for (std::size_t k = 0; k < shifts.size(); ++k) shifts[k] = is_finite(sums[k].sum) ? static_cast<T>(sums[k].sum) : T(0);
  }
  std::array<Moments, shifts.size()> varying;
  const std::size_t count =
      run_blocks(BlockJob<T>{loop, &batch, shifts.size(), 1024, 64, program.nodes.size()}, samples, options, varying);
  std::array<Moments, program.outputs.size()> totals;
  const Moments* next = varying.data();
  for (std::size_t k = 0; k < totals.size(); ++k) {
    const Index output = program.outputs[k];
    totals[k] = program.varies(output) ? *next++ : Moments{values[output], 0};
  }
  return assemble(outer, outer_values, frozen<Outer>.frontier, count, totals, mean, standard_errors);
#endif
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

template <class Callable, std::size_t shared, class T>
BatchResult run_fused(const char* name, bool mean, std::span<const double, shared> shared_inputs, const BasicSamples<T>& samples,
                      const BasicBatchOptions<T>& options) {
  if (options.standard_errors) return run_fused<true, Callable>(name, mean, shared_inputs, samples, options);
  return run_fused<false, Callable>(name, mean, shared_inputs, samples, options);
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
/// subnormal, calls that ask for each sample's own gradient, and files compiled without optimisation take the replayed way.
template <class Callable, class Shared, class T>
BatchResult mean_gradient(const Fused<Callable>&, const Shared& shared, const BasicSamples<T>& samples,
                          const BasicBatchOptions<std::type_identity_t<T>>& options = {}) {
  return detail::run_fused<Callable>("mean_gradient", true, detail::of_fixed_size(shared), samples, options);
}
template <class Callable, class Shared, class T>
BatchResult sum_gradient(const Fused<Callable>&, const Shared& shared, const BasicSamples<T>& samples,
                         const BasicBatchOptions<std::type_identity_t<T>>& options = {.standard_errors = false}) {
  return detail::run_fused<Callable>("sum_gradient", false, detail::of_fixed_size(shared), samples, options);
}
template <class Callable, class Shared, class T>
BatchResult mean_gradient(const Fused<Callable>& f, const Shared& shared, const std::vector<T>& samples,
                          const BasicBatchOptions<T>& options = {}) {
  return mean_gradient(f, shared, BasicSamples<T>(samples), options);
}
template <class Callable, class Shared, class T>
BatchResult sum_gradient(const Fused<Callable>& f, const Shared& shared, const std::vector<T>& samples,
                         const BasicBatchOptions<T>& options = {.standard_errors = false}) {
  return sum_gradient(f, shared, BasicSamples<T>(samples), options);
}

}  // namespace wengert
