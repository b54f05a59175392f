// The memory of a tape: nodes in one array, values in another, with the constants' values below those of the nodes.
#pragma once

#include <cstddef>
#include <limits>
#include <type_traits>

#include "wengert/record/node.hpp"

namespace wengert::detail {

/// Arrays that grow by doubling. `limit_` is where pushing must stop to think: at the capacity, or sooner.
class NodeStorage {
 public:
  NodeStorage(const NodeStorage&) = delete;
  NodeStorage& operator=(const NodeStorage&) = delete;

 protected:
  constexpr NodeStorage() = default;
  constexpr ~NodeStorage() { release(); }

  constexpr void grow_nodes() {
    constexpr Index most = std::numeric_limits<Index>::max();
    move_to(capacity_ > most / 2 ? most : capacity_ < 32 ? 64 : 2 * capacity_, constant_capacity_);
  }
  /// False where the constants cannot grow further.
  constexpr bool grow_constants() {
    if (constant_capacity_ > std::numeric_limits<Index>::max() / 2) return false;
    // Growing moves the values too, so constants keep up with the nodes: each value moves a bounded number of times.
    const Index twice = constant_capacity_ < 16 ? 32 : 2 * constant_capacity_;
    move_to(capacity_, twice > capacity_ / 8 ? twice : capacity_ / 8);
    return true;
  }
  constexpr void move_to(Index capacity, Index constant_capacity) {
    const auto cells = static_cast<std::size_t>(capacity) + static_cast<std::size_t>(constant_capacity);
    Node* const nodes = make<Node>(static_cast<std::size_t>(capacity));
    double* const values = make<double>(cells) + constant_capacity;
    for (Index i = 0; i < size_; ++i) nodes[i] = nodes_[i];
    for (Index i = -constants_; i < size_; ++i) values[i] = values_[i];
    release();
    nodes_ = nodes;
    values_ = values;
    capacity_ = capacity;
    constant_capacity_ = constant_capacity;
  }

  Node* nodes_ = nullptr;
  double* values_ = nullptr;  // of node 0; constants lie below
  Index size_ = 0;
  Index limit_ = 0;
  Index constants_ = 0;
  Index capacity_ = 0;
  Index constant_capacity_ = 0;

 private:
  template <class T>
  static constexpr T* make(std::size_t count) {
    // Constant evaluation may not read or assign what was never initialised; at run time untouched pages cost nothing.
    return std::is_constant_evaluated() ? new T[count]() : new T[count];
  }
  constexpr void release() {
    delete[] nodes_;
    delete[] (values_ - constant_capacity_);
  }
};

}  // namespace wengert::detail
