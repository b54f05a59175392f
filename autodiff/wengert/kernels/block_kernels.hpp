// One operation over a block of samples: out[i] = op(x[i], y[i], z[i]) on vector lanes. The instructions of a batch.
//
// A kernel is a plain function, compiled once per instruction set, operation and choice of which arguments vary. What it computes
// for a sample is the same bits wherever the sample stands in the block and however long the block is. + - * / and negation,
// fma, sqrt, absolute value, extremes, roundings, comparisons and selections are the scalar sweep's bits on every instruction
// set. The other functions come from SLEEF (from the standard library, lane by lane, in a build without it) and from the standard
// library where SLEEF's range ends; lane_ulps says how far from the exact result they may be.
#pragma once

#include <cstddef>

#include "wengert/instruction_set.hpp"
#include "wengert/operations.hpp"

namespace wengert::detail {

/// Computes n values of an operation. A varying argument is an array of n; one that does not vary is read from its first element.
/// Arguments that the operation does not have are not read and may be null. `out` may be an argument that varies, and may not
/// overlap one in any other way. No alignment is needed; 64 bytes is fastest.
template <class T>
using BlockKernel = void (*)(T* out, const T* x, const T* y, const T* z, std::size_t n);

/// Bits of `varying`: the argument has one value per sample.
inline constexpr unsigned varying_x = 1, varying_y = 2, varying_z = 4;

/// The kernel of an operation of the table. T is double or float; `set` must be supported here. Op::Independent and Op::Custom
/// have none: nullptr.
template <class T>
BlockKernel<T> block_kernel(Op op, unsigned varying, InstructionSet set = instruction_set());

extern template BlockKernel<double> block_kernel<double>(Op, unsigned, InstructionSet);
extern template BlockKernel<float> block_kernel<float>(Op, unsigned, InstructionSet);

/// Two operations in one pass, which saves the way through memory between them: out = second(first(x, y), z), or second(z,
/// first(x, y)) if `swapped`. Both steps round: the bits are those of the two kernels one after the other. There are pairs of
/// add, sub, mul and absorbing_product whose x or y varies; anything else gives nullptr.
template <class T>
BlockKernel<T> pair_kernel(Op first, Op second, bool swapped, unsigned varying, InstructionSet set = instruction_set());

extern template BlockKernel<double> pair_kernel<double>(Op, Op, bool, unsigned, InstructionSet);
extern template BlockKernel<float> pair_kernel<float>(Op, Op, bool, unsigned, InstructionSet);

/// Sums over a block, in double for float samples too.
struct BlockSums {
  double sum = 0;      ///< sum of x[i] - shift
  double squares = 0;  ///< sum of (x[i] - shift)^2
};

/// The reductions of a batch. Sixteen partial sums are kept, element i going to number i mod 16, and are then added up pairwise:
/// the same bits on every instruction set, with an error bound of n/16 + 4 roundings.
template <class T>
struct BlockReductions {
  double (*sum)(const T* x, std::size_t n);
  BlockSums (*sums)(const T* x, double shift, std::size_t n);
};

template <class T>
BlockReductions<T> block_reductions(InstructionSet set = instruction_set());

extern template BlockReductions<double> block_reductions<double>(InstructionSet);
extern template BlockReductions<float> block_reductions<float>(InstructionSet);

/// Sine and cosine of each x.
template <class T>
using SinCosKernel = void (*)(T* sine, T* cosine, const T* x, std::size_t n);

template <class T>
SinCosKernel<T> sincos_kernel(InstructionSet set = instruction_set());

extern template SinCosKernel<double> sincos_kernel<double>(InstructionSet);
extern template SinCosKernel<float> sincos_kernel<float>(InstructionSet);

}  // namespace wengert::detail
