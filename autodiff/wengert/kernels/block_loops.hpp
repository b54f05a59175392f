// The loops over a block, for one instruction set S; compiled in baseline.cpp, avx2.cpp and avx512.cpp. Inside the library only.
#pragma once

#include <cstring>

#include "wengert/kernels/block_kernels.hpp"
#include "wengert/kernels/lanes.hpp"
#include "wengert/kernels/row_products.hpp"
#include "wengert/sweep/chain_rule.hpp"

#pragma GCC visibility push(hidden)  // kernels leave no library
namespace wengert::detail {

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
  /// Fewer samples than a register holds; the first of them fills it up, so that nothing unusual is computed.
  L few(std::size_t n) const {
    if constexpr (!Varies) return same;
    L padded(static_cast<double>(*from));
    std::memcpy(&padded, from, n * sizeof(T));
    return padded;
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
  if (n < L::size) {
    const L few = value(xs.few(n), ys.few(n), zs.few(n));
    std::memcpy(out, &few, n * sizeof(T));
    return;
  }
  // A block that does not fill its last register ends with one that overlaps the register before it. It is computed first, since
  // `out` may be an argument.
  const std::size_t end = n - L::size;
  const bool overlaps = n % L::size != 0;
  L last;
  if (overlaps) last = value(xs.at(end), ys.at(end), zs.at(end));
  for (std::size_t i = 0; i <= end; i += L::size) value(xs.at(i), ys.at(i), zs.at(i)).store(out + i);
  if (overlaps) last.store(out + end);
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

/// second(first(x, y), z), or second(z, first(x, y)) if Swapped, as one rule. Each step rounds, as the two rules do.
template <class First, class Second, bool Swapped>
struct Pair {
  static constexpr int arity = 3;

  template <class L>
  static L value(L x, L y, L z) {
    const L inner = First::template value<L>(x, y);
    return Swapped ? Second::template value<L>(z, inner) : Second::template value<L>(inner, z);
  }
};

template <class T, InstructionSet S>
struct ChoosePairLoop {
  Op second;
  bool swapped;
  unsigned varying;

  template <class First>
  BlockKernel<T> with_first() const {
    switch (second) {
      case Op::Add:
        return choose<Pair<First, ops::Add, false>>();
      case Op::Sub:
        return swapped ? choose<Pair<First, ops::Sub, true>>() : choose<Pair<First, ops::Sub, false>>();
      case Op::Mul:
        return choose<Pair<First, ops::Mul, false>>();
      case Op::AbsorbingProduct:
        return swapped ? choose<Pair<First, ops::AbsorbingProduct, true>>() : choose<Pair<First, ops::AbsorbingProduct, false>>();
      default:
        return nullptr;
    }
  }

 private:
  template <class Rule>
  BlockKernel<T> choose() const {
    switch (varying) {
      case 1:
        return block_loop<Rule, T, S, 1>;
      case 2:
        return block_loop<Rule, T, S, 2>;
      case 3:
        return block_loop<Rule, T, S, 3>;
      case 5:
        return block_loop<Rule, T, S, 5>;
      case 6:
        return block_loop<Rule, T, S, 6>;
      case 7:
        return block_loop<Rule, T, S, 7>;
      default:
        return nullptr;
    }
  }
};

/// pair_kernel for one instruction set.
template <class T, InstructionSet S>
BlockKernel<T> pair_kernel_for(Op first, Op second, bool swapped, unsigned varying) {
  const ChoosePairLoop<T, S> choice{second, swapped, varying};
  switch (first) {
    case Op::Add:
      return choice.template with_first<ops::Add>();
    case Op::Sub:
      return choice.template with_first<ops::Sub>();
    case Op::Mul:
      return choice.template with_first<ops::Mul>();
    case Op::AbsorbingProduct:
      return choice.template with_first<ops::AbsorbingProduct>();
    default:
      return nullptr;
  }
}

/// Sixteen partial sums, added up pairwise. The order is the same for all instruction sets.
template <InstructionSet S>
double total(const Lanes<double, S> (&part)[16 / Lanes<double, S>::size]) {
  double sum[16];
  std::memcpy(sum, part, sizeof sum);
  for (int half = 8; half > 0; half /= 2)
    for (int k = 0; k < half; ++k) sum[k] += sum[k + half];
  return sum[0];
}

template <class T, InstructionSet S>
double block_sum(const T* x, std::size_t n) {
  using L = Lanes<double, S>;
  constexpr int registers = 16 / L::size;
  L sum[registers];
  for (L& part : sum) part = L(0);
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16)
    for (int k = 0; k < registers; ++k) sum[k] = sum[k] + load_as_double<T, S>(x + i + k * L::size);
  if (i < n) {
    T rest[16] = {};
    std::memcpy(rest, x + i, (n - i) * sizeof(T));
    for (int k = 0; k < registers; ++k) sum[k] = sum[k] + load_as_double<T, S>(rest + k * L::size);
  }
  return total<S>(sum);
}

template <class T, InstructionSet S>
BlockSums block_sums(const T* x, double shift, std::size_t n) {
  using L = Lanes<double, S>;
  constexpr int registers = 16 / L::size;
  L sum[registers], squares[registers];
  for (L& part : sum) part = L(0);
  for (L& part : squares) part = L(0);
  const L shifts(shift);
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16)
    for (int k = 0; k < registers; ++k) {
      const L d = load_as_double<T, S>(x + i + k * L::size) - shifts;
      sum[k] = sum[k] + d;
      squares[k] = squares[k] + d * d;
    }
  if (i < n) {
    // the end of the block, padded with the shift itself, which adds nothing
    double rest[16];
    for (std::size_t k = 0; k < 16; ++k) rest[k] = i + k < n ? static_cast<double>(x[i + k]) : shift;
    for (int k = 0; k < registers; ++k) {
      const L d = L::load(rest + k * L::size) - shifts;
      sum[k] = sum[k] + d;
      squares[k] = squares[k] + d * d;
    }
  }
  return {total<S>(sum), total<S>(squares)};
}

template <class T, InstructionSet S>
void sincos_loop(T* sine, T* cosine, const T* x, std::size_t n) {
  using L = Lanes<T, S>;
  if (n == 0) return;
  const BlockArgument<T, S, true> xs(x);
  L s, c;
  if (n < L::size) {
    sincos(xs.few(n), s, c);
    std::memcpy(sine, &s, n * sizeof(T));
    std::memcpy(cosine, &c, n * sizeof(T));
    return;
  }
  const std::size_t end = n - L::size;
  L last_s, last_c;
  sincos(xs.at(end), last_s, last_c);
  for (std::size_t i = 0; i < end; i += L::size) {
    sincos(xs.at(i), s, c);
    s.store(sine + i);
    c.store(cosine + i);
  }
  last_s.store(sine + end);
  last_c.store(cosine + end);
}

template <InstructionSet S, bool finite>
void row_loop(Rows out, Rows in, const RowProduct* products, std::size_t n) {
  using L = Lanes<double, S>;
  for (std::size_t k = 0; k < n; ++k) {
    const auto [target, source, number] = products[k];
    if (!in.written[source]) continue;
    const L factor(number);
    double* const to = out.row[target].number;
    const double* const from = in.row[source].number;
    const bool again = out.written[target] != 0;
    out.written[target] = 1;
    for (std::size_t j = 0; j < Row::size; j += L::size) {
      const L x = L::load(from + j);
      const L product = finite ? x * factor : absorbing_product(x, factor);
      (again ? L::load(to + j) + product : product).store(to + j);
    }
  }
}

/// What each of these files defines for its instruction set.
#define WENGERT_BLOCK_LOOPS(prefix, S)                                                       \
  prefix template BlockKernel<double> block_kernel_for<double, S>(Op, unsigned);             \
  prefix template BlockKernel<float> block_kernel_for<float, S>(Op, unsigned);               \
  prefix template BlockKernel<double> pair_kernel_for<double, S>(Op, Op, bool, unsigned);    \
  prefix template BlockKernel<float> pair_kernel_for<float, S>(Op, Op, bool, unsigned);      \
  prefix template double block_sum<double, S>(const double*, std::size_t);                   \
  prefix template double block_sum<float, S>(const float*, std::size_t);                     \
  prefix template BlockSums block_sums<double, S>(const double*, double, std::size_t);       \
  prefix template BlockSums block_sums<float, S>(const float*, double, std::size_t);         \
  prefix template void sincos_loop<double, S>(double*, double*, const double*, std::size_t); \
  prefix template void sincos_loop<float, S>(float*, float*, const float*, std::size_t);     \
  prefix template void row_loop<S, true>(Rows, Rows, const RowProduct*, std::size_t);        \
  prefix template void row_loop<S, false>(Rows, Rows, const RowProduct*, std::size_t);

}  // namespace wengert::detail
#pragma GCC visibility pop
