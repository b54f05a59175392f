// What a tape keeps of nodes with more than two arguments: the arguments, the operations of custom nodes, and the partials that
// recording a fused one leaves.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>
#include <span>
#include <vector>

#include "wengert/record/node.hpp"
#include "wengert/record/node_storage.hpp"

namespace wengert {

class NaryOperation;

namespace detail {

class NaryIndex;

// A partial takes two places of the list of arguments, wherever it comes to lie.
inline double partial_at(const NodeId* place) {
  double partial;
  std::memcpy(&partial, place, sizeof partial);
  return partial;
}
inline void write_partial(NodeId* place, double partial) { std::memcpy(place, &partial, sizeof partial); }
inline constexpr NodeId places_of_partial = 2;

/// Arguments side by side in one list, operations by number. Custom nodes' arguments have their number before them, and after
/// them, where recording kept them, the partials in those that are variables.
class NaryNodes {
 public:
  constexpr const NodeId* extra_arguments(NodeId from) const { return extra_ + from; }
  const NaryOperation& nary(NodeId which) const { return *nary_[static_cast<std::size_t>(which)]; }
  constexpr NodeId push_extra(std::span<const NodeId> arguments) {
    NodeId* const room = room_for_extra(arguments.size());
    for (std::size_t k = 0; k < arguments.size(); ++k) room[k] = arguments[k];
    return take_extra(room + arguments.size());
  }
  /// Room for `count` places at the end of the list, for the caller to fill …
  constexpr NodeId* room_for_extra(std::size_t count) {
    if (count > static_cast<std::size_t>(extra_capacity_ - extra_size_)) [[unlikely]]
      grow_extra(count);
    return extra_ + extra_size_;
  }
  /// … and to take, up to `end`. Returns where they begin.
  constexpr NodeId take_extra(const NodeId* end) {
    const NodeId from = extra_size_;
    extra_size_ = static_cast<NodeId>(end - extra_);
    return from;
  }
  /// Keeps a copy of the operation, unless it has one that computes the same.
  NodeId adopt(const NaryOperation& operation);
  /// The same for an operation that lives as long as the program, found again by its address.
  NodeId adopt_static(const NaryOperation& operation) {
    for (std::size_t k = originals_.size(); k-- > 0;)
      if (originals_[k] == &operation) return static_cast<NodeId>(k);
    return adopt_new_static(operation);
  }

 protected:
  WENGERT_CONSTEXPR NaryNodes() = default;
  WENGERT_CONSTEXPR ~NaryNodes() {
    if (nary_index_ != nullptr) release_nary_operations();
    give_back(extra_, static_cast<std::size_t>(extra_capacity_));
  }
  constexpr void clear_nary() {
    extra_size_ = 0;
    if (nary_index_ != nullptr) forget_nary_operations();
  }

  NodeId* extra_ = nullptr;
  NodeId extra_size_ = 0, extra_capacity_ = 0;

 private:
  WENGERT_COLD constexpr void grow_extra(std::size_t count) {
    constexpr auto most = static_cast<std::size_t>(std::numeric_limits<NodeId>::max());
    const auto size = static_cast<std::size_t>(extra_size_);
    if (count > most - size) throw_full("extra arguments");
    const std::size_t twice = size < 32 ? 64 : 2 * size;
    const std::size_t capacity = std::min(most, std::max(twice, size + count));
    extra_ = resized(extra_, static_cast<std::size_t>(extra_capacity_), capacity);
    extra_capacity_ = static_cast<NodeId>(capacity);
  }
  NodeId adopt_new_static(const NaryOperation& operation);
  void forget_nary_operations();
  void release_nary_operations();

  std::vector<const NaryOperation*> nary_;
  std::vector<const NaryOperation*> originals_;  // of nary_, where they live as long as the program
  NaryIndex* nary_index_ = nullptr;
};

}  // namespace detail
}  // namespace wengert
