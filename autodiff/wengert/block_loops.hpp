// The loops over a block, for one instruction set S; compiled in block_kernels_*.cpp. Inside the library only.
#pragma once

#include "wengert/block_kernels.hpp"
#include "wengert/carry.hpp"
#include "wengert/lanes.hpp"

namespace wengert {

/// One argument of a kernel: a vector of new samples at each step, or one number all along.
template <class T, InstructionSet S, bool Varies>
struct BlockArgument {
  using L = Lanes<T, S>;
  const T* from;
  L same;

  explicit BlockArgument(const T* argument) : from(argument), same(Varies ? L{} : L(*argument)) {}
  L at(std::size_t i) const {
    if constexpr (Varies)
      return L::load(from + i);
    else
      return same;
  }
  /// The last samples, fewer than a register holds; the rest repeats the first of them, so nothing unusual is computed.
  L rest(std::size_t i, std::size_t n) const {
    if constexpr (!Varies) return same;
    T padded[L::size];
    for (std::size_t k = 0; k < L::size; ++k) padded[k] = from[i + k < n ? i + k : i];
    return L::load(padded);
  }
};

template <class Rule, class T, InstructionSet S, unsigned Varying>
void block_loop(T* out, const T* x, const T* y, const T* z, std::size_t n) {
  using L = Lanes<T, S>;
  if (n == 0) return;
  const BlockArgument<T, S, (Varying & varying_x) != 0> xs(x);
  const BlockArgument<T, S, (Varying & varying_y) != 0> ys(Rule::arity >= 2 ? y : x);
  const BlockArgument<T, S, (Varying & varying_z) != 0> zs(Rule::arity >= 3 ? z : x);
  const auto value = [](const L& a, const L& b, const L& c) {
    if constexpr (Rule::arity == 1)
      return evaluate<Rule, L>(a);
    else if constexpr (Rule::arity == 2)
      return evaluate<Rule, L>(a, b);
    else
      return evaluate<Rule, L>(a, b, c);
  };
  std::size_t i = 0;
  for (; i + L::size <= n; i += L::size) value(xs.at(i), ys.at(i), zs.at(i)).store(out + i);
  if (i < n) {
    T last[L::size];
    value(xs.rest(i, n), ys.rest(i, n), zs.rest(i, n)).store(last);
    for (std::size_t k = 0; i + k < n; ++k) out[i + k] = last[k];
  }
}

template <class T, InstructionSet S>
struct ChooseBlockLoop {
  unsigned varying;

  template <class Rule>
  BlockKernel<T> operator()() const {
    return choose<Rule, (1u << Rule::arity) - 1>();
  }

 private:
  template <class Rule, unsigned Varying>
  BlockKernel<T> choose() const {
    if ((varying & ((1u << Rule::arity) - 1)) == Varying) return block_loop<Rule, T, S, Varying>;
    if constexpr (Varying > 0)
      return choose<Rule, Varying - 1>();
    else
      return nullptr;
  }
};

/// block_kernel for one instruction set.
template <class T, InstructionSet S>
BlockKernel<T> block_kernel_for(Op op, unsigned varying) {
  return dispatch(op, ChooseBlockLoop<T, S>{varying});
}

/// Sixteen doubles in as many registers as they need.
template <InstructionSet S>
struct SixteenSums {
  using L = Lanes<double, S>;
  L part[16 / L::size];

  SixteenSums() {
    for (L& p : part) p = L(0);
  }
  double total() const {
    double sum[16];
    for (int k = 0; k < 16 / L::size; ++k) part[k].store(sum + k * L::size);
    for (int half = 8; half > 0; half /= 2)
      for (int k = 0; k < half; ++k) sum[k] += sum[k + half];
    return sum[0];
  }
};

/// Calls use(k, lanes) for each register of doubles, k = 0, 1, … counting modulo those of SixteenSums; the end of the block is
/// padded with `padding`.
template <class T, InstructionSet S, class Use>
void for_each_lanes(const T* x, std::size_t n, double padding, Use use) {
  using L = Lanes<double, S>;
  const auto load = [](const T* from) {
    if constexpr (sizeof(T) == sizeof(double)) {
      return L::load(from);
    } else {
      typedef T Half __attribute__((vector_size(vector_bytes(S) / 2)));
      Half half;
      __builtin_memcpy(&half, from, sizeof half);
      return L(__builtin_convertvector(half, typename L::Vector));
    }
  };
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16)
    for (int k = 0; k < 16 / L::size; ++k) use(k, load(x + i + k * L::size));
  if (i < n) {
    double rest[16];
    for (std::size_t k = 0; k < 16; ++k) rest[k] = i + k < n ? static_cast<double>(x[i + k]) : padding;
    for (int k = 0; k < 16 / L::size; ++k) use(k, L::load(rest + k * L::size));
  }
}

template <class T, InstructionSet S>
double block_sum(const T* x, std::size_t n) {
  SixteenSums<S> sum;
  for_each_lanes<T, S>(x, n, 0, [&sum](int k, Lanes<double, S> xs) { sum.part[k] = sum.part[k] + xs; });
  return sum.total();
}

template <class T, InstructionSet S>
BlockSums block_sums(const T* x, double shift, std::size_t n) {
  SixteenSums<S> sum, squares;
  const Lanes<double, S> shifts(shift);
  for_each_lanes<T, S>(x, n, shift, [&](int k, Lanes<double, S> xs) {
    const Lanes<double, S> d = xs - shifts;
    sum.part[k] = sum.part[k] + d;
    squares.part[k] = squares.part[k] + d * d;
  });
  return {sum.total(), squares.total()};
}

template <class T, InstructionSet S>
void sincos_loop(T* sine, T* cosine, const T* x, std::size_t n) {
  using L = Lanes<T, S>;
  const BlockArgument<T, S, true> xs(x);
  std::size_t i = 0;
  for (; i + L::size <= n; i += L::size) {
    L s, c;
    sincos(xs.at(i), s, c);
    s.store(sine + i);
    c.store(cosine + i);
  }
  if (i < n) {
    L s, c;
    sincos(xs.rest(i, n), s, c);
    T sines[L::size], cosines[L::size];
    s.store(sines);
    c.store(cosines);
    for (std::size_t k = 0; i + k < n; ++k) sine[i + k] = sines[k], cosine[i + k] = cosines[k];
  }
}

/// What each block_kernels_*.cpp defines for its instruction set.
#define WENGERT_BLOCK_LOOPS(prefix, S)                                                       \
  prefix template BlockKernel<double> block_kernel_for<double, S>(Op, unsigned);             \
  prefix template BlockKernel<float> block_kernel_for<float, S>(Op, unsigned);               \
  prefix template double block_sum<double, S>(const double*, std::size_t);                   \
  prefix template double block_sum<float, S>(const float*, std::size_t);                     \
  prefix template BlockSums block_sums<double, S>(const double*, double, std::size_t);       \
  prefix template BlockSums block_sums<float, S>(const float*, double, std::size_t);         \
  prefix template void sincos_loop<double, S>(double*, double*, const double*, std::size_t); \
  prefix template void sincos_loop<float, S>(float*, float*, const float*, std::size_t);

}  // namespace wengert
