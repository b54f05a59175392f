// What a fused batch runs: its programs, and the loops over the samples for each instruction set.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "wengert/batch/program.hpp"
#include "wengert/batch/run_blocks.hpp"
#include "wengert/fused/recorded.hpp"
#include "wengert/fused/straight_line.hpp"
#include "wengert/fused/vector_valued.hpp"
#include "wengert/instruction_set.hpp"
#include "wengert/kernels/block_kernels.hpp"
#include "wengert/record/config.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wfloat-equal"  // what is compared here is meant to the bit

namespace wengert::detail {

/// The inner program of a batch, for shared values that are ordinary numbers.
template <class Callable, class Shape, std::size_t shared, bool standard_errors>
struct BatchRecipe {
  static constexpr bool adds_up = true;
  static constexpr std::size_t room = room_for<Callable, Shape>(4);
  static constexpr Build build(Tape& to) {
    Tape tape(false), outer(false), inner(false), careful(false);
    NodeId dependent = record_fused<Callable, Shape>(tape);
    Build result;
    result.frontier = split(tape, dependent, static_cast<NodeId>(shared), standard_errors, outer, inner);
    result.shared = static_cast<NodeId>(result.frontier.size());
    const std::vector<NodeId> outputs =
        optimised_derivative(inner, std::span(&dependent, 1), result.frontier.size(), careful, result.report);
    result.program = ordinary_program(careful, outputs, result.shared, to);
    return result;
  }
};

/// What depends on shared inputs alone: the frontier's values at these, …
template <class Callable, class Shape, std::size_t shared, bool standard_errors>
struct OuterRecipe {
  static constexpr std::size_t room = room_for<Callable, Shape>(1);
  static constexpr Build build(Tape& outer) {
    Tape tape(false), inner(false);
    NodeId dependent = record_fused<Callable, Shape>(tape);
    Build result;
    result.program.outputs = split(tape, dependent, static_cast<NodeId>(shared), standard_errors, outer, inner);
    return result;
  }
};
/// … and, from these and the frontier's adjoints, the gradient in the shared inputs.
template <class Callable, class Shape, std::size_t shared, bool standard_errors>
struct OuterBackRecipe {
  static constexpr std::size_t room = room_for<Callable, Shape>(4);
  static constexpr Build build(Tape& to) {
    Tape outer(false);
    const auto& forward = frozen<OuterRecipe<Callable, Shape, shared, standard_errors>>;
    forward.thaw(outer);
    return pull_back_of(outer, forward.outputs, to);
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

/// Where an operand comes from: it varies from sample to sample, or is one number for all of them, known while compiling or not.
enum class Operands : unsigned char { Varying, Shared, Constant };
/// What is done to compute a node; of what is not computed for each sample, Op::Independent.
struct StepKind {
  Op op;
  Operands x, y, z;
  bool operator==(const StepKind&) const = default;
};
/// And on what: nodes, or constants.
struct Step {
  NodeId node, x, y, z, kernel;
  double constant_x, constant_y, constant_z;
  const char* name;
};

/// Where things stand in a recipe's batch program.
template <class Recipe>
struct BatchLayout {
  static constexpr const auto& program = frozen<Recipe>;
  static constexpr Operands operand(NodeId i) {
    return i < 0 ? Operands::Constant : program.varies(i) ? Operands::Varying : Operands::Shared;
  }
  static constexpr double constant(NodeId i) { return i < 0 ? program.constant(i) : 0; }
  static constexpr NodeId shared_cell(NodeId i) { return i >= 0 ? i : program.size - 1 - i; }
  static constexpr bool is_call(NodeId i) {
    return program[i].varying && program[i].op != Op::Independent && !is_native(program[i].op);
  }
  static constexpr NodeId calls = [] {
    NodeId result = 0;
    for (NodeId i = 0; i < program.size; ++i) result += is_call(i) ? 1 : 0;
    return result;
  }();
  static constexpr auto call_nodes = [] {
    std::array<NodeId, static_cast<std::size_t>(calls)> result{};
    std::size_t k = 0;
    for (NodeId i = 0; i < program.size; ++i)
      if (is_call(i)) result[k++] = i;
    return result;
  }();
  static constexpr auto kinds = [] {
    std::array<StepKind, static_cast<std::size_t>(program.size)> result{};
    for (NodeId i = 0; i < program.size; ++i) {
      const FrozenNode& node = program[i];
      result[static_cast<std::size_t>(i)] = {node.varying ? node.op : Op::Independent, operand(node.x), operand(node.y),
                                             operand(node.z)};
    }
    return result;
  }();
  static constexpr auto steps = [] {
    std::array<Step, static_cast<std::size_t>(program.size)> result{};
    NodeId kernel = 0;
    for (NodeId i = 0; i < program.size; ++i) {
      const FrozenNode& node = program[i];
      result[static_cast<std::size_t>(i)] = {i,
                                             node.x,
                                             node.y,
                                             node.z,
                                             is_call(i) ? kernel++ : 0,
                                             constant(node.x),
                                             constant(node.y),
                                             constant(node.z),
                                             program.label(i)};
    }
    return result;
  }();
  static constexpr int columns = program.independents - program.shared;
  static constexpr NodeId independent(int k) {
    int met = 0;
    for (NodeId i = 0; i < program.size; ++i)
      if (program[i].op == Op::Independent && met++ == k) return i;
    return -1;
  }
  static constexpr auto column_nodes = [] {
    std::array<NodeId, static_cast<std::size_t>(columns)> result{};
    for (int c = 0; c < columns; ++c) result[static_cast<std::size_t>(c)] = independent(program.shared + c);
    return result;
  }();
  /// The outputs that are added up, the value and the adjoints of the frontier, come first, where any are.
  static constexpr int leading = Recipe::adds_up ? 1 + program.shared : 0;
  /// Those of them that differ from sample to sample; the others are the same number each time.
  static constexpr int summed = [] {
    int count = 0;
    for (int k = 0; k < leading; ++k) count += program.varies(program.outputs[static_cast<std::size_t>(k)]) ? 1 : 0;
    return count;
  }();
  static constexpr NodeId summed_node(int k) {
    for (const NodeId output : program.outputs)
      if (program.varies(output) && k-- == 0) return output;
    return -1;
  }
  /// The outputs that are written for each sample: the value alone where the others are added up.
  static constexpr int written = Recipe::adds_up ? 1 : static_cast<int>(program.outputs.size());
  static constexpr NodeId written_node(int k) { return program.outputs[static_cast<std::size_t>(k)]; }
};

/// The outputs of a recipe as they are written for each sample, all inputs being its own, and not added up.
template <class Recipe>
struct WrittenRecipe {
  static constexpr bool adds_up = false;
  static constexpr std::size_t room = Recipe::room;
  static constexpr Build build(Tape& to) {
    Build result = Recipe::build(to);
    result.shared = 0;
    return result;
  }
};

/// What the block loop is given: the shared values of this batch.
template <class T>
struct FusedBatch {
  const T* shared;                // by node, then by constant
  const BlockKernel<T>* kernels;  // of the operations that are calls
  const T* shifts;                // what squares of the summed outputs are taken around
};

#if WENGERT_VECTORS
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
#else
/// Without vectors no file counts as optimised: batches are replayed, and nobody asks.
template <class Recipe, class T, bool squares>
void* fused_loop(InstructionSet) = delete;
#endif

/// Values of a program's shared nodes at the frontier's.
template <class Recipe>
struct SharedValues {
  static constexpr const auto& program = frozen<Recipe>;
  /// By node, then by constant.
  static constexpr auto blank = [] {
    std::array<double, static_cast<std::size_t>(program.size) + program.constants.size()> result{};
    for (std::size_t k = 0; k < program.constants.size(); ++k)
      result[static_cast<std::size_t>(program.size) + k] = program.constants[k];
    return result;
  }();
  std::array<double, blank.size()> v = blank;

  /// The nodes that are computed once.
  static constexpr NodeId once = [] {
    NodeId result = 0;
    for (const FrozenNode& node : program.nodes) result += !node.varying && node.op != Op::Independent ? 1 : 0;
    return result;
  }();
  static constexpr auto computed = [] {
    std::array<NodeId, static_cast<std::size_t>(once)> result{};
    std::size_t k = 0;
    for (NodeId i = 0; i < program.size; ++i)
      if (!program[i].varying && program[i].op != Op::Independent) result[k++] = i;
    return result;
  }();
  // Steps in chunks: clang limits one fold to 256.
  static constexpr NodeId chunk_size = 128;
  template <NodeId first, NodeId... k>
  void chunk(std::integer_sequence<NodeId, k...>) {
    StraightLine<Recipe, double>::template steps<computed[static_cast<std::size_t>(first + k)]...>(v.data());
  }
  template <NodeId first = 0>
  void run_steps() {
    constexpr NodeId left = once - first;
    if constexpr (left > 0) {
      chunk<first>(std::make_integer_sequence<NodeId, (left < chunk_size ? left : chunk_size)>());
      run_steps<first + chunk_size>();
    }
  }
  void run(std::span<const double> frontier) {
    for (std::size_t k = 0; k < frontier.size(); ++k)
      v[static_cast<std::size_t>(BatchLayout<Recipe>::independent(static_cast<int>(k)))] = frontier[k];
    run_steps();
  }
  double operator[](NodeId i) const { return i >= 0 ? v[static_cast<std::size_t>(i)] : program.constant(i); }

  /// Whether they are the ordinary numbers that the program takes them for, in arithmetic on T.
  template <class T>
  bool are_ordinary() const {
    // by bits, whatever this file's compiler may make of isnormal
    const auto normal = [](double x) {
      const double number = static_cast<T>(x);
      return is_finite(number) && std::fabs(number) >= std::numeric_limits<T>::min();
    };
    for (const NodeId i : program.finite)
      if (!is_finite(static_cast<T>((*this)[i]))) return false;
    for (const NodeId i : program.divisors)
      if (!normal((*this)[i]) || !normal(1 / (*this)[i])) return false;
    return true;
  }
};

/// The kernels of a program's calls.
template <class Recipe, class T>
auto call_kernels() {
  using Layout = BatchLayout<Recipe>;
  constexpr const auto& program = Layout::program;
  std::array<BlockKernel<T>, static_cast<std::size_t>(Layout::calls)> kernels;
  for (std::size_t k = 0; k < kernels.size(); ++k) {
    const FrozenNode& node = program[Layout::call_nodes[k]];
    kernels[k] = block_kernel<T>(node.op, (program.varies(node.x) ? varying_x : 0) | (program.varies(node.y) ? varying_y : 0) |
                                              (program.varies(node.z) ? varying_z : 0));
  }
  return kernels;
}

}  // namespace wengert::detail
#pragma GCC diagnostic pop
