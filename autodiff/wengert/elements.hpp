// Sums of one small function over elements that index into a long vector: springs of a net, factors of a graph, observations,
// terms of a likelihood. (Partially separable functions: Griewank & Toint 1982.)
//
//     const Function energy = record([](Var a, Var b, Var length) { return 0.5 * pow(a - b - length, 2); }, 0.0, 1.0, 0.5);
//     const Elements springs = Elements::rows(ends, 2);                // two indices into x for each spring
//     const BatchResult sum = sum_gradient(energy, x, springs, Samples(lengths));
//
// f takes its k gathered inputs first, then the numbers of the data. It is recorded, or fused (fused_elements.hpp), and runs on
// vector lanes and threads, as batches do. Results are the same bits for any number of threads: each entry of x adds up what
// reaches it in the order of the elements.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <ranges>
#include <span>
#include <utility>
#include <vector>

#include "wengert/batch.hpp"
#include "wengert/function.hpp"

namespace wengert {

/// Which entries of a vector each element reads: `size` indices for each of `count` elements. Keeps a copy, 4 bytes an index.
class Elements {
 public:
  /// Element after element, each with its indices side by side; any type of integer. Throws ShapeMismatch if their number is no
  /// multiple of `size`, or one is negative, naming element and column.
  template <std::ranges::contiguous_range Indices>
    requires std::integral<std::ranges::range_value_t<Indices>>
  static Elements rows(const Indices& indices, std::size_t size) {
    return Elements(std::ranges::data(indices), std::ranges::size(indices), size, size, 1);
  }
  /// Column after column, each with one index for each element. Throws as rows() does.
  template <std::ranges::contiguous_range Indices>
    requires std::integral<std::ranges::range_value_t<Indices>>
  static Elements columns(const Indices& indices, std::size_t size) {
    const std::size_t all = std::ranges::size(indices);
    return Elements(std::ranges::data(indices), all, size, 1, size == 0 ? 0 : all / size);
  }

  /// count() elements of size() indices each; index() is one of them.
  std::size_t count() const { return count_; }
  std::size_t size() const { return size_; }
  std::size_t index(std::size_t element, std::size_t column) const { return indices_[column * count_ + element]; }
  /// Where runs of elements begin that read the same entries in the same order, and the end of the last: if they are long, 32
  /// elements or more as a rule, and else none.
  std::span<const std::size_t> runs() const { return runs_; }
  /// Throws ShapeMismatch, naming element and column, unless all indices are below `entries`.
  void check(const char* name, std::size_t entries) const;

 private:
  template <class Integer>
  Elements(const Integer* indices, std::size_t all, std::size_t size, std::size_t stride, std::size_t column_stride)
      : Elements(all, size) {
    for (std::size_t c = 0; c < size_; ++c)
      for (std::size_t e = 0; e < count_; ++e) {
        const Integer index = indices[e * stride + c * column_stride];
        if (index < 0 || static_cast<std::uintmax_t>(index) > UINT32_MAX) throw_index(e, c, static_cast<long long>(index));
        indices_[c * count_ + e] = static_cast<std::uint32_t>(index);
        if (largest_ < static_cast<std::uint32_t>(index)) largest_ = static_cast<std::uint32_t>(index);
      }
    find_runs();
  }
  Elements(std::size_t all, std::size_t size);
  void find_runs();
  [[noreturn]] static void throw_index(std::size_t element, std::size_t column, long long index);

  std::size_t count_, size_;
  std::uint32_t largest_ = 0;
  std::vector<std::uint32_t> indices_;  // column after column
  std::vector<std::size_t> runs_;
};

namespace detail {

/// A function of one element, run over many of them: fills output c of each element that `gathered` makes into sinks[c], unless
/// that is nullptr. What the outputs are depends on what is asked for; of a Hessian they are its upper half, row by row.
struct ElementCode {
  std::size_t inputs = 0;
  std::size_t derivatives = 0;  ///< of how many inputs, the first ones
  std::size_t values = 1;       ///< outputs of the function itself: of gradients and Jacobians these come first
  std::size_t outputs = 0;      ///< all of them
  std::function<void(const Samples& gathered, std::span<double* const> sinks)> run;
  /// Of a gradient, unless empty: value and gradient over elements that all gather the same numbers, their data being `run`.
  std::function<BatchResult(std::span<const double> gathered, const Samples& run)> run_alike = {};
  /// More indices than these an element may not have, whatever could be computed.
  std::size_t most_gathered = static_cast<std::size_t>(-1);
};
ElementCode gradient_code(const char* name, const Function& f);
ElementCode jacobian_code(const Function& g);
ElementCode hessian_code(const Function& f, std::size_t gathered);
/// The codes of a function: gradient(name, f), jacobian(f), and hessian(f, k) in the first k inputs at least. `optimised` says
/// how the caller's file is compiled.
template <class Summand, bool optimised>
struct ElementCodes;
template <bool optimised>
struct ElementCodes<Function, optimised> {
  static ElementCode gradient(const char* name, const Function& f) { return gradient_code(name, f); }
  static ElementCode jacobian(const Function& g) { return jacobian_code(g); }
  static ElementCode hessian(const Function& f, std::size_t gathered) { return hessian_code(f, gathered); }
};

BatchResult sum_elements(const char* name, const ElementCode& code, std::span<const double> x, const Elements& elements,
                         const Samples* data, int threads, bool mean);

/// Where each element's pairs lie in a symmetric matrix that has an entry for each two entries of x that an element reads.
class ElementPairs {
 public:
  /// `name` is whose complaint it is. Makes the matrix, of zeros. Throws as sum_gradient does.
  ElementPairs(const char* name, Elements elements, std::size_t entries, CompressedRows& matrix);
  /// Adds amounts[0] … [n - 1] to the entries (i, j) and (j, i) of n elements from `first` on: symmetric to the bit.
  void add(std::size_t i, std::size_t j, std::size_t first, std::size_t n, const double* amounts, CompressedRows& matrix) const;

  Elements elements;

 private:
  std::vector<int> place_;  // of each element's entry (i, j) among the values: element after element for (0, 0), then (0, 1), …
};

}  // namespace detail

/// What runs over elements: a recorded Function, or what fused_elements.hpp adds.
template <class Summand>
concept ElementFunction = requires { &detail::ElementCodes<Summand, true>::hessian; };

/// The sum over the elements of f(x[i0], …, x[ik-1], data…), and its gradient in x. Each element costs its share of a batch, and
/// an addition for each index; of runs of elements that read the same entries, what depends on these alone is computed once.
/// `threads` as in BatchOptions. Throws ShapeMismatch, before anything runs, if an index is out of
/// range, the inputs do not add up, or there is not one sample of data for each element; BranchChanged as batches do.
template <ElementFunction Summand, bool optimised = WENGERT_OPTIMISED>
BatchResult sum_gradient(const Summand& f, std::span<const double> x, const Elements& elements, const Samples& data,
                         int threads = 0) {
  return detail::sum_elements("sum_gradient", detail::ElementCodes<Summand, optimised>::gradient("sum_gradient", f), x, elements,
                              &data, threads, false);
}
template <ElementFunction Summand, bool optimised = WENGERT_OPTIMISED>
BatchResult sum_gradient(const Summand& f, std::span<const double> x, const Elements& elements, int threads = 0) {
  return detail::sum_elements("sum_gradient", detail::ElementCodes<Summand, optimised>::gradient("sum_gradient", f), x, elements,
                              nullptr, threads, false);
}
/// The mean likewise. Throws ShapeMismatch where there is no element.
template <ElementFunction Summand, bool optimised = WENGERT_OPTIMISED>
BatchResult mean_gradient(const Summand& f, std::span<const double> x, const Elements& elements, const Samples& data,
                          int threads = 0) {
  return detail::sum_elements("mean_gradient", detail::ElementCodes<Summand, optimised>::gradient("mean_gradient", f), x,
                              elements, &data, threads, true);
}
template <ElementFunction Summand, bool optimised = WENGERT_OPTIMISED>
BatchResult mean_gradient(const Summand& f, std::span<const double> x, const Elements& elements, int threads = 0) {
  return detail::sum_elements("mean_gradient", detail::ElementCodes<Summand, optimised>::gradient("mean_gradient", f), x,
                              elements, nullptr, threads, true);
}

/// The Hessian of such a sum: symmetric, with an entry for each two inputs that share an element. The pattern is worked out once;
/// each call fills in the values at another x.
class ElementHessian {
 public:
  /// `entries` is the size of x. Throws as sum_gradient does.
  template <ElementFunction Summand, bool optimised = WENGERT_OPTIMISED>
  ElementHessian(const Summand& f, Elements elements, std::size_t entries)
      : ElementHessian(detail::ElementCodes<Summand, optimised>::hessian(f, elements.size()), std::move(elements), entries) {}
  /// Valid until the next call. Throws as sum_gradient does. Costs, of a recorded function, a batch with second derivatives for
  /// each input that is gathered; of a fused one, half a Hessian of straight-line code for each element.
  const CompressedRows& operator()(std::span<const double> x, const Samples& data, int threads = 0);
  const CompressedRows& operator()(std::span<const double> x, int threads = 0);

  /// From what the constructor above makes of f.
  ElementHessian(detail::ElementCode code, Elements elements, std::size_t entries);

 private:
  const CompressedRows& fill(std::span<const double> x, const Samples* data, int threads);

  CompressedRows hessian_;
  detail::ElementPairs pairs_;
  detail::ElementCode code_;
};
/// The same once.
template <ElementFunction Summand, bool optimised = WENGERT_OPTIMISED>
CompressedRows sum_hessian(const Summand& f, std::span<const double> x, const Elements& elements, const Samples& data,
                           int threads = 0) {
  return ElementHessian(detail::ElementCodes<Summand, optimised>::hessian(f, elements.size()), elements, x.size())(x, data,
                                                                                                                   threads);
}
template <ElementFunction Summand, bool optimised = WENGERT_OPTIMISED>
CompressedRows sum_hessian(const Summand& f, std::span<const double> x, const Elements& elements, int threads = 0) {
  return ElementHessian(detail::ElementCodes<Summand, optimised>::hessian(f, elements.size()), elements, x.size())(x, threads);
}

/// Least squares: the outputs of g for each element, one after the other (`values`), and their `jacobian`, a row for each.
struct Residuals {
  std::vector<double> values;
  CompressedRows jacobian;
};
/// Those of g at one x after the other: the pattern of the Jacobian is worked out once.
class ElementResiduals {
 public:
  /// `entries` is the size of x. Throws as sum_gradient does.
  template <ElementFunction Summand, bool optimised = WENGERT_OPTIMISED>
  ElementResiduals(const Summand& g, Elements elements, std::size_t entries)
      : ElementResiduals(detail::ElementCodes<Summand, optimised>::jacobian(g), std::move(elements), entries) {}
  /// Valid until the next call. Throws as sum_gradient does. Costs a batch with derivatives for each output of a recorded
  /// function; of a fused one, a Jacobian of straight-line code for each element.
  const Residuals& operator()(std::span<const double> x, const Samples& data, int threads = 0);
  const Residuals& operator()(std::span<const double> x, int threads = 0);

  /// From what the constructor above makes of g.
  ElementResiduals(detail::ElementCode code, Elements elements, std::size_t entries);

 private:
  const Residuals& fill(std::span<const double> x, const Samples* data, int threads);

  Elements elements_;
  detail::ElementCode code_;
  std::vector<int> place_;  // of each index's entry in the row of the element's first output; others follow at the same distance
  bool repeats_ = false;    // whether an element reads an entry of x twice
  Residuals residuals_;
};
/// The same once.
template <ElementFunction Summand, bool optimised = WENGERT_OPTIMISED>
Residuals residuals(const Summand& g, std::span<const double> x, const Elements& elements, const Samples& data, int threads = 0) {
  return ElementResiduals(detail::ElementCodes<Summand, optimised>::jacobian(g), elements, x.size())(x, data, threads);
}
template <ElementFunction Summand, bool optimised = WENGERT_OPTIMISED>
Residuals residuals(const Summand& g, std::span<const double> x, const Elements& elements, int threads = 0) {
  return ElementResiduals(detail::ElementCodes<Summand, optimised>::jacobian(g), elements, x.size())(x, threads);
}

/// Least squares as the step of Gauss and Newton takes it: `value` is half the sum of the squares r'r / 2, `gradient` its
/// gradient J'r, and `matrix` J'J, what its Hessian is but for the curvature of g.
struct NormalEquations {
  double value = 0;
  std::vector<double> gradient;
  CompressedRows matrix;
};
/// Those of g at one x after the other, without J: the pattern of J'J is worked out once.
class ElementNormalEquations {
 public:
  /// `entries` is the size of x. Throws as sum_gradient does.
  template <ElementFunction Summand, bool optimised = WENGERT_OPTIMISED>
  ElementNormalEquations(const Summand& g, Elements elements, std::size_t entries)
      : ElementNormalEquations(detail::ElementCodes<Summand, optimised>::jacobian(g), std::move(elements), entries) {}
  /// Valid until the next call. Throws as sum_gradient does. Costs what the residuals cost, and for each output a product for
  /// each two inputs that are gathered.
  const NormalEquations& operator()(std::span<const double> x, const Samples& data, int threads = 0);
  const NormalEquations& operator()(std::span<const double> x, int threads = 0);

  /// From what the constructor above makes of g.
  ElementNormalEquations(detail::ElementCode code, Elements elements, std::size_t entries);

 private:
  const NormalEquations& fill(std::span<const double> x, const Samples* data, int threads);

  NormalEquations result_;
  detail::ElementPairs pairs_;
  detail::ElementCode code_;
};
/// The same once.
template <ElementFunction Summand, bool optimised = WENGERT_OPTIMISED>
NormalEquations normal_equations(const Summand& g, std::span<const double> x, const Elements& elements, const Samples& data,
                                 int threads = 0) {
  return ElementNormalEquations(detail::ElementCodes<Summand, optimised>::jacobian(g), elements, x.size())(x, data, threads);
}
template <ElementFunction Summand, bool optimised = WENGERT_OPTIMISED>
NormalEquations normal_equations(const Summand& g, std::span<const double> x, const Elements& elements, int threads = 0) {
  return ElementNormalEquations(detail::ElementCodes<Summand, optimised>::jacobian(g), elements, x.size())(x, threads);
}

}  // namespace wengert
