// One number per node and per constant of a tape: values in a forward sweep, adjoints in a reverse sweep.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include "wengert/record/memory.hpp"

namespace wengert {

/// Number of a node (from 0) or of a constant (from -1 downwards).
using NodeId = std::int32_t;

namespace detail {
/// By its bits: -ffast-math lets a compiler think that every number is finite.
constexpr bool is_finite(double x) { return (std::bit_cast<std::uint64_t>(x) << 1) < 0xFFE0000000000000u; }
constexpr bool is_nan(double x) { return (std::bit_cast<std::uint64_t>(x) << 1) > 0xFFE0000000000000u; }
/// What is printed of a number: a NaN without its sign, which says nothing and differs from processor to processor.
template <class T>
constexpr T printed(const T& x) {
  if constexpr (std::is_floating_point_v<T>)
    if (is_nan(x)) return std::numeric_limits<T>::quiet_NaN();
  return x;
}

template <class T>
concept Arithmetic = std::is_arithmetic_v<T>;
template <class Range, class T>
concept SpanOf = std::convertible_to<const Range&, std::span<const T>>;
/// A range of T, or of what becomes T, that is no span by itself: Eigen's vectors (whose entries need not lie side by side),
/// lists.
template <class Range, class T>
concept OtherRangeOf = !SpanOf<Range, T> && requires(const Range& range) {
  { *range.begin() } -> std::convertible_to<T>;
  range.end();
};
/// A span, or a copy that converts to one.
template <class T, class Range>
  requires(SpanOf<Range, T> || OtherRangeOf<Range, T>)
auto side_by_side(const Range& range) {
  if constexpr (SpanOf<Range, T>) {
    return std::span<const T>(range);
  } else {
    std::vector<T> copy;
    for (const auto& entry : range) copy.push_back(static_cast<T>(entry));
    return copy;
  }
}
}  // namespace detail

/// Values that somebody else owns: `base`[0 .. `nodes`) for nodes, base[-`constants` .. 0) for constants.
template <class T>
struct ValuesView {
  const T* base = nullptr;
  NodeId constants = 0;
  NodeId nodes = 0;

  /// That of node i, or below 0 of a constant; unchecked.
  constexpr const T& operator[](NodeId i) const { return base[i]; }
};

/// Values of its own, node i at [i], constant k at [-1 - k].
template <class T>
class Values {
 public:
  constexpr Values() = default;
  /// Zeros.
  constexpr Values(NodeId constants, NodeId nodes) { reset(constants, nodes); }

  /// All cells T(0), in the memory that is there where it suffices.
  constexpr void reset(NodeId constants, NodeId nodes) {
    cells_.assign(static_cast<std::size_t>(constants) + static_cast<std::size_t>(nodes), T(0));
    constants_ = constants;
  }
  /// The same for a caller that writes every cell: what they hold until then is anything.
  constexpr void resize(NodeId constants, NodeId nodes) {
    if (std::is_constant_evaluated()) return reset(constants, nodes);  // clang does not take libstdc++'s resize there
    cells_.resize(static_cast<std::size_t>(constants) + static_cast<std::size_t>(nodes));
    constants_ = constants;
  }
  /// How many of constants() and of nodes(); base() points to node 0.
  constexpr NodeId constants() const { return constants_; }
  constexpr NodeId nodes() const { return static_cast<NodeId>(cells_.size()) - constants_; }
  constexpr T* base() { return cells_.data() + constants_; }
  constexpr const T* base() const { return cells_.data() + constants_; }
  /// That of node i, or below 0 of a constant; unchecked.
  constexpr T& operator[](NodeId i) { return base()[i]; }
  constexpr const T& operator[](NodeId i) const { return base()[i]; }
  /// A view of all.
  constexpr operator ValuesView<T>() const { return {base(), constants_, nodes()}; }

 private:
  std::vector<T, detail::LargeAllocator<T>> cells_;
  NodeId constants_ = 0;
};

}  // namespace wengert
