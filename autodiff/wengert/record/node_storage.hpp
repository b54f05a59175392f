// The memory of a tape: nodes in one array, values in another, with the constants' values below those of the nodes.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <type_traits>

#include "wengert/record/config.hpp"
#include "wengert/record/memory.hpp"
#include "wengert/record/node.hpp"

namespace wengert::detail {

[[noreturn]] void throw_full(const char* what);

/// Arrays that grow by doubling. `limit_` is where pushing must stop to think: at the capacity, or sooner.
class NodeStorage {
 public:
  NodeStorage(const NodeStorage&) = delete;
  NodeStorage& operator=(const NodeStorage&) = delete;

  /// The index of a constant. Equal constants (to the bit) met shortly after each other share one.
  WENGERT_INLINE constexpr NodeId constant(double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    // Multiplying mixes all bits into the upper ones: 2 and 3 differ in one bit only.
    const auto slot = static_cast<std::size_t>((bits * 0x9E3779B97F4A7C15u) >> 60);
    const NodeId known = known_constants_[slot];
    if (known < 0 && std::bit_cast<std::uint64_t>(values_[known]) == bits) return known;
    return known_constants_[slot] = new_constant(value);
  }
  /// The same for data, which seldom repeat: without the search.
  WENGERT_INLINE constexpr NodeId new_constant(double value) {
    if (constants_ == constant_capacity_) [[unlikely]]
      make_room_for_constants();
    const NodeId i = -++constants_;
    values_[i] = value;
    return i;
  }
  /// The same for a row of data: the k-th has the returned index + k. The row that came last is not appended again.
  NodeId row_of_constants(std::span<const double> row) {
    const auto size = static_cast<NodeId>(row.size());
    if (size == 0) return -constants_;
    if (size == last_row_size_ && std::memcmp(values_ + last_row_, row.data(), row.size_bytes()) == 0) return last_row_;
    while (size > constant_capacity_ - constants_) make_room_for_constants();
    constants_ += size;
    std::memcpy(values_ - constants_, row.data(), row.size_bytes());
    last_row_size_ = size;
    return last_row_ = -constants_;
  }

 protected:
  constexpr NodeStorage() { known_constants_.fill(0); }
  constexpr ~NodeStorage() { release(); }

  constexpr void clear_nodes() {
    size_ = 0;
    constants_ = 0;
    last_row_size_ = 0;
    known_constants_.fill(0);
  }
  constexpr void grow_nodes() {
    constexpr NodeId most = std::numeric_limits<NodeId>::max();
    move_to(capacity_ > most / 2 ? most : capacity_ < 32 ? 64 : 2 * capacity_, constant_capacity_);
  }
  constexpr void move_to(NodeId capacity, NodeId constant_capacity) {
    const auto cells = [](NodeId count) { return static_cast<std::size_t>(count); };
    if (capacity > node_capacity_) {  // kept apart: the values below may find no memory
      nodes_ = resized(nodes_, cells(node_capacity_), cells(capacity));
      node_capacity_ = capacity;
    }
    double* first = values_ - constant_capacity_;
    const std::size_t old_count = cells(constant_capacity_) + cells(capacity_);
    const std::size_t count = cells(constant_capacity) + cells(capacity);
    if (constant_capacity == constant_capacity_) {
      first = resized(first, old_count, count);
    } else {  // constants lie below: they move apart from what lies above
      double* const larger = resized<double>(nullptr, 0, count);
      for (NodeId i = -constants_; i < size_; ++i) larger[constant_capacity + i] = values_[i];
      give_back(first, old_count);
      first = larger;
    }
    values_ = first + constant_capacity;
    capacity_ = capacity;
    constant_capacity_ = constant_capacity;
  }

  Node* nodes_ = nullptr;
  double* values_ = nullptr;  // of node 0; constants lie below
  NodeId size_ = 0;
  NodeId limit_ = 0;
  NodeId constants_ = 0;
  NodeId capacity_ = 0;
  NodeId constant_capacity_ = 0;
  NodeId node_capacity_ = 0;  // of nodes_, at least capacity_
  NodeId last_row_ = 0, last_row_size_ = 0;
  std::array<NodeId, 16> known_constants_;  // recently used constants, by 4 bits of a hash; 0 for none

 private:
  WENGERT_COLD constexpr void make_room_for_constants() {
    if (constant_capacity_ > std::numeric_limits<NodeId>::max() / 2) throw_full("constants");
    // Growing moves the values too, so constants keep up with the nodes: each value moves a bounded number of times.
    const NodeId twice = constant_capacity_ < 16 ? 32 : 2 * constant_capacity_;
    move_to(capacity_, twice > capacity_ / 8 ? twice : capacity_ / 8);
  }
  constexpr void release() {
    give_back(nodes_, static_cast<std::size_t>(node_capacity_));
    give_back(values_ - constant_capacity_, static_cast<std::size_t>(constant_capacity_) + static_cast<std::size_t>(capacity_));
  }
};

}  // namespace wengert::detail
