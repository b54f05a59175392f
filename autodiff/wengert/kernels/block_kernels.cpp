// Which kernel serves which instruction set, and the lanes that are computed one at a time. Compiled for the baseline.
#include "wengert/kernels/block_kernels.hpp"

#include "wengert/kernels/row_products.hpp"
#include "wengert/sweep/chain_rule.hpp"

namespace wengert::detail {

// Defined in block_loops.hpp, compiled in baseline.cpp, avx2.cpp and avx512.cpp; declared again here, so that no kernel is
// instantiated in this file.
template <class T, InstructionSet S>
BlockKernel<T> block_kernel_for(Op op, unsigned varying);
template <class T, InstructionSet S>
BlockKernel<T> pair_kernel_for(Op first, Op second, bool swapped, unsigned varying);
template <class T, InstructionSet S>
double block_sum(const T* x, std::size_t n);
template <class T, InstructionSet S>
BlockSums block_sums(const T* x, double shift, std::size_t n);
template <class T, InstructionSet S>
void sincos_loop(T* sine, T* cosine, const T* x, std::size_t n);
template <InstructionSet S, bool finite>
void row_loop(Rows out, Rows in, const RowProduct* products, std::size_t n);

namespace {

/// Calls choose.operator()<S>() for the set; `set` is one that the library was built for.
template <class Choose>
auto with_instruction_set(InstructionSet set, Choose choose) {
#ifdef WENGERT_HAS_WIDE_KERNELS
  if (set == InstructionSet::Avx512) return choose.template operator()<InstructionSet::Avx512>();
  if (set == InstructionSet::Avx2) return choose.template operator()<InstructionSet::Avx2>();
#endif
  return choose.template operator()<InstructionSet::Baseline>();
}

template <class T>
struct ScalarLanes {
  T* result;
  const T *x, *y, *z;
  unsigned lanes;

  template <class Rule>
  void operator()() const {
    for (int k = 0; lanes >> k != 0; ++k) {
      if ((lanes >> k & 1) == 0) continue;
      if constexpr (Rule::arity == 1)
        result[k] = evaluate<Rule, T>(x[k]);
      else if constexpr (Rule::arity == 2)
        result[k] = evaluate<Rule, T>(x[k], y[k]);
      else
        result[k] = evaluate<Rule, T>(x[k], y[k], z[k]);
    }
  }
};

}  // namespace

template <class T>
void scalar_lanes(Op op, T* result, const T* x, const T* y, const T* z, unsigned lanes) {
  dispatch(op, ScalarLanes<T>{result, x, y, z, lanes});
}

template <class T>
BlockKernel<T> block_kernel(Op op, unsigned varying, InstructionSet set) {
  if (op == Op::Independent || op == Op::Custom) return nullptr;
  return with_instruction_set(set, [&]<InstructionSet S>() { return block_kernel_for<T, S>(op, varying); });
}

template <class T>
BlockKernel<T> pair_kernel(Op first, Op second, bool swapped, unsigned varying, InstructionSet set) {
  return with_instruction_set(set, [&]<InstructionSet S>() { return pair_kernel_for<T, S>(first, second, swapped, varying); });
}

template <class T>
BlockReductions<T> block_reductions(InstructionSet set) {
  return with_instruction_set(set, []<InstructionSet S>() { return BlockReductions<T>{block_sum<T, S>, block_sums<T, S>}; });
}

template <class T>
SinCosKernel<T> sincos_kernel(InstructionSet set) {
  return with_instruction_set(set, []<InstructionSet S>() -> SinCosKernel<T> { return sincos_loop<T, S>; });
}

RowKernel row_kernel(bool finite, InstructionSet set) {
  return with_instruction_set(set,
                              [&]<InstructionSet S>() -> RowKernel { return finite ? row_loop<S, true> : row_loop<S, false>; });
}

template void scalar_lanes(Op, double*, const double*, const double*, const double*, unsigned);
template void scalar_lanes(Op, float*, const float*, const float*, const float*, unsigned);
template BlockKernel<double> block_kernel(Op, unsigned, InstructionSet);
template BlockKernel<float> block_kernel(Op, unsigned, InstructionSet);
template BlockKernel<double> pair_kernel(Op, Op, bool, unsigned, InstructionSet);
template BlockKernel<float> pair_kernel(Op, Op, bool, unsigned, InstructionSet);
template BlockReductions<double> block_reductions(InstructionSet);
template BlockReductions<float> block_reductions(InstructionSet);
template SinCosKernel<double> sincos_kernel(InstructionSet);
template SinCosKernel<float> sincos_kernel(InstructionSet);

}  // namespace wengert::detail
