// A frozen program -> straight-line code on one point: the optimiser sees all of it, and no tape is left.
#pragma once

#include <array>
#include <cstddef>
#include <utility>

#include "wengert/fused/frozen.hpp"
#include "wengert/record/config.hpp"
#include "wengert/sweep/chain_rule.hpp"

// Built for debugging, each step is a function of its own to stop in; optimised, all steps are one.
#ifdef __OPTIMIZE__
#define WENGERT_FUSED_STEP WENGERT_ALWAYS_INLINE static inline
#else
#define WENGERT_FUSED_STEP static
#endif

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wfloat-equal"  // what is compared here is meant to the bit

namespace wengert::detail {

/// The rule of an operation, as a type. An independent is there already.
template <Op op>
struct RuleOf {
  struct type {
    static constexpr int arity = 0;
  };
};
#define WENGERT_X(Rule, function) \
  template <>                     \
  struct RuleOf<Op::Rule> {       \
    using type = ops::Rule;       \
  };
WENGERT_OPERATIONS(WENGERT_X)
#undef WENGERT_X

/// absorbing_product(), multiplied even where that is not wanted, so that there is no branch.
WENGERT_INLINE inline double absorbing_product_at_once(double x, double y) {
  const double product = x * y;
#if WENGERT_VECTORS && defined(__clang__) && defined(__AVX512F__)
  // the choice between two numbers goes through a general register there (clang 14), that between two vectors does not
  WENGERT_VECTOR_TYPE(double, Vector, 16);
  WENGERT_VECTOR_TYPE(long long, Bits, 16);
  const Vector factor{x}, result{product};
  return reinterpret_cast<Vector>(~(factor == Vector{}) & reinterpret_cast<Bits>(result))[0];
#else
  return x == 0 ? 0 : product;
#endif
}

/// The steps of a recipe's program on the number type T. `v` holds one number per node.
template <class Recipe, class T>
struct StraightLine {
  static constexpr const auto& program = frozen<Recipe>;

  static constexpr bool is_product(NodeId i) {
    return i >= 0 && (program[i].op == Op::Mul || program[i].op == Op::AbsorbingProduct);
  }
  /// The products that go on into something else than products: a compiler must not contract the two.
  static constexpr auto summed = [] {
    std::array<bool, static_cast<std::size_t>(program.size)> result{};
    for (NodeId i = 0; i < program.size; ++i)
      for (const NodeId argument : {program[i].x, program[i].y, program[i].z})
        if (is_product(argument) && !is_product(i)) result[static_cast<std::size_t>(argument)] = true;
    return result;
  }();

  // A compiler takes longest over what is instantiated for each node. So a step is a template on the rule, and the node is an
  // argument, a constant once the step is inlined.
  WENGERT_FUSED_STEP T operand(const T* v, NodeId i) { return i < 0 ? T(program.constant(i)) : v[i]; }

  /// Computes node i. In a debugger `name` says which one it is, and `v[i]` is its value afterwards.
  template <class Rule, bool is_summed>
  WENGERT_FUSED_STEP void step(T* v, NodeId i, [[maybe_unused]] const char* name, T x, [[maybe_unused]] T y,
                               [[maybe_unused]] T z) {
    if constexpr (std::is_same_v<Rule, ops::AbsorbingProduct> && std::is_same_v<T, double>)
      v[i] = absorbing_product_at_once(x, y);
    else if constexpr (Rule::arity == 1)
      v[i] = evaluate<Rule, T>(x);
    else if constexpr (Rule::arity == 2)
      v[i] = evaluate<Rule, T>(x, y);
    else if constexpr (Rule::arity == 3)
      v[i] = evaluate<Rule, T>(x, y, z);
    if constexpr (std::is_floating_point_v<T> && is_summed) WENGERT_ROUND(v[i]);
  }
  /// Computes the nodes i…
  template <NodeId... i>
  WENGERT_FUSED_STEP void steps([[maybe_unused]] T* v) {
    (step<typename RuleOf<program[i].op>::type, summed[static_cast<std::size_t>(i)]>(
         v, i, program.label(i), operand(v, program[i].x), operand(v, program[i].y), operand(v, program[i].z)),
     ...);
  }

  // Steps in chunks: clang limits one fold to 256.
  static constexpr NodeId chunk_size = 128;
  template <NodeId first, NodeId... i>
  WENGERT_FUSED_STEP void chunk(T* v, std::integer_sequence<NodeId, i...>) {
    steps<(first + i)...>(v);
  }
  template <NodeId first = 0>
  WENGERT_FUSED_STEP void run(T* v) {
    constexpr NodeId left = program.size - first;
    if constexpr (left > 0) {
      chunk<first>(v, std::make_integer_sequence<NodeId, (left < chunk_size ? left : chunk_size)>());
      run<first + chunk_size>(v);
    }
  }

  /// Puts the inputs in the independents' places: the k-th independent is among the first nodes, but not always node k.
  static constexpr auto places = [] {
    std::array<NodeId, static_cast<std::size_t>(program.independents)> result{};
    std::size_t k = 0;
    for (NodeId i = 0; i < program.size; ++i)
      if (program[i].op == Op::Independent) result[k++] = i;
    return result;
  }();

  /// Computes all outputs at x and hands them to take.operator()<k>(output), one by one. What it leaves is not computed, where an
  /// optimiser looks.
  template <class Take>
  WENGERT_FUSED_STEP void compute(const T* x, const Take& take) {
    T v[program.size == 0 ? 1 : program.size];
    if constexpr (places.size() <= 256)
      place(v, x, std::make_index_sequence<places.size()>());
    else
      for (std::size_t k = 0; k < places.size(); ++k) v[places[k]] = x[k];
    run(v);
    hand_over(v, take, std::make_index_sequence<program.outputs.size()>());
  }
  /// All outputs at x, each rounded, whatever the caller does with them.
  WENGERT_FUSED_STEP auto outputs(const T* x) {
    std::array<T, program.outputs.size()> result;
    compute(x, [&result]<std::size_t k>(T output) {
      if constexpr (std::is_floating_point_v<T> && is_product(program.outputs[k])) WENGERT_ROUND(output);
      result[k] = output;
    });
    return result;
  }

 private:
  // One by one, so that an optimiser keeps them in registers.
  template <std::size_t... k>
  WENGERT_FUSED_STEP void place([[maybe_unused]] T* v, [[maybe_unused]] const T* x, std::index_sequence<k...>) {
    ((v[places[k]] = x[k]), ...);
  }
  // Braces, not a fold: of these clang takes no more than 256.
  template <class Take, std::size_t... k>
  WENGERT_FUSED_STEP void hand_over([[maybe_unused]] const T* v, [[maybe_unused]] const Take& take, std::index_sequence<k...>) {
    [[maybe_unused]] const int each[] = { 0, (take.template operator()<k>(operand(v, program.outputs[k])), 0)... };
  }
};

}  // namespace wengert::detail
#pragma GCC diagnostic pop
