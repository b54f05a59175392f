// Sums over many variables as one node each: sum(xs), dot(xs, ys), squared_norm(xs), log_sum_exp(xs).
//
//     const Var energy = 0.5 * squared_norm(velocities) + dot(weights, heights);
//
// Each takes a range of variables, of numbers, or one of each where it takes two: vectors, arrays, spans, Eigen's vectors. Of
// numbers alone the result is a double. A node takes 12 bytes for each variable, and its reverse sweep one multiplication; op by
// op it would be 20 bytes or 40. Inside fuse(…) they are the operations that they stand for. They are objects, so that a function
// of yours that has the same name, on ranges of Var, is never mistaken for ours.
#pragma once

#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

#include "wengert/sweep/pieces.hpp"
#include "wengert/sweep/scratch.hpp"
#include "wengert/var.hpp"

namespace wengert {

namespace detail {

/// What a range holds, as far as a reduction is concerned.
template <class Range>
using Entry = std::conditional_t<Number<std::remove_cvref_t<decltype(*std::declval<const Range&>().begin())>>, double, Var>;
template <class Range>
concept Reducible = requires(const Range& range) {
  { *range.begin() } -> std::convertible_to<Var>;
  range.end();
};

/// Value and partials.
double compute(Reduction reduction, std::span<const double> x, std::span<double> partials);
/// The place of the operation among those of the tape.
NodeId adopt(Tape& tape, Reduction reduction, std::size_t arguments);
[[noreturn]] void throw_lengths(const char* name, std::size_t x, std::size_t y, Location at);

/// The reduction of all entries of xs…, one node, or a number where there is none but numbers.
template <class Rule, class... Entries>
auto reduce(Reduction reduction, Location at, std::span<const Entries>... xs) {
  const std::size_t size = (... + xs.size());
  Scratch<double> point(static_cast<NodeId>(size)), partials(static_cast<NodeId>(size));
  double* next = point.span().data();
  const auto enter = [&](const auto& entries) {
    for (const auto& x : entries) *next++ = value_of(Var(x));
  };
  (enter(xs), ...);
  const double value = compute(reduction, point.span(), partials.span());
  if constexpr ((std::is_same_v<Entries, double> && ...)) {
    return value;
  } else {
    Tape* tape = nullptr;
    ((tape = tape != nullptr ? tape : tape_of(xs)), ...);
    if (tape == nullptr) return Var(value);
    PieceWriter piece(*tape, Rule::name, at, size, partials.span().data());
    (piece.append(xs), ...);
    return piece.push(adopt(*tape, reduction, size), value);
  }
}

template <class Range>
constexpr auto entries(const Range& xs) {
  return side_by_side<Entry<Range>>(xs);
}

struct Sum {
  template <Reducible Range>
  constexpr Entry<Range> operator()(const Range& xs, Location at = Location::current()) const {
    if (std::is_constant_evaluated()) {
      Entry<Range> sum = 0;
      bool first = true;
      for (const auto& x : xs) sum = std::exchange(first, false) ? Entry<Range>(x) : sum + x;
      return sum;
    }
    return reduce<SumRule>(Reduction::Sum, at, std::span<const Entry<Range>>(entries(xs)));
  }
};

struct Dot {
  template <Reducible First, Reducible Second>
  constexpr auto operator()(const First& xs, const Second& ys, Location at = Location::current()) const {
    using Result = std::conditional_t<std::is_same_v<Entry<First>, double> && std::is_same_v<Entry<Second>, double>, double, Var>;
    if (std::is_constant_evaluated()) {
      Result sum = 0;
      bool first = true;
      auto y = ys.begin();
      for (const auto& x : xs) {
        const Result product = x * *y++;
        sum = std::exchange(first, false) ? product : sum + product;
      }
      return sum;
    }
    const auto x = entries(xs);
    const auto y = entries(ys);
    if (x.size() != y.size()) throw_lengths("dot", x.size(), y.size(), at);
    return Result(reduce<DotRule>(Reduction::Dot, at, std::span<const Entry<First>>(x), std::span<const Entry<Second>>(y)));
  }
};

struct SquaredNorm {
  template <Reducible Range>
  constexpr Entry<Range> operator()(const Range& xs, Location at = Location::current()) const {
    if (std::is_constant_evaluated()) return Dot()(xs, xs, at);
    return reduce<SquaredNormRule>(Reduction::SquaredNorm, at, std::span<const Entry<Range>>(entries(xs)));
  }
};

struct LogSumExp {
  template <Reducible Range>
  constexpr Entry<Range> operator()(const Range& xs, Location at = Location::current()) const {
    if (std::is_constant_evaluated()) {
      auto x = xs.begin();
      Entry<Range> largest = *x;
      while (++x != xs.end()) largest = max(largest, Entry<Range>(*x));
      largest = detach(largest);
      Entry<Range> sum = 0;
      bool first = true;
      for (const auto& y : xs) {
        const Entry<Range> term = exp(y - largest);
        sum = std::exchange(first, false) ? term : sum + term;
      }
      return log(sum) + largest;
    }
    return reduce<LogSumExpRule>(Reduction::LogSumExp, at, std::span<const Entry<Range>>(entries(xs)));
  }
};

}  // namespace detail

/// The sum of all entries; 0 of none.
inline constexpr detail::Sum sum;
/// x0 y0 + x1 y1 + …; 0 of none. Throws ShapeMismatch where the lengths differ.
inline constexpr detail::Dot dot;
/// x0^2 + x1^2 + …
inline constexpr detail::SquaredNorm squared_norm;
/// log(exp(x0) + exp(x1) + …), without overflow; minus infinity of none. The derivatives are the weights of a softmax; NaN where
/// all entries are minus infinity, or one is plus infinity.
inline constexpr detail::LogSumExp log_sum_exp;

}  // namespace wengert
