// A recorded computation: nodes (operation and argument indices), their values, and the constants they use.
//
// Nodes are numbered from 0 in the order of recording, so arguments precede the node that uses them. Constants are no nodes:
// they stand in the same array of values at negative indices, where a sweep reads them without asking what they are.
//
//      index    -2    -1  |   0     1     2    …
//      value    c1    c0  |  v0    v1    v2    …
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>
#include <vector>

#include "wengert/record/config.hpp"
#include "wengert/record/names.hpp"
#include "wengert/record/nary_nodes.hpp"
#include "wengert/record/node.hpp"
#include "wengert/record/node_storage.hpp"

namespace wengert {

class Var;

/// The tape. Explicit and pinned: variables point to it, so it is neither copied nor moved.
/// Recording costs amortised constant time and at most 24 bytes an operation (a custom one 4 besides for each argument, a fused
/// one 12); clear() keeps the memory. Not for two threads at once.
class Tape : detail::NodeStorage, detail::NaryNodes, detail::Names {
 public:
  /// An empty one; whether it keeps locations.
  WENGERT_CONSTEXPR explicit Tape(bool keep_locations = WENGERT_KEEP_LOCATIONS)
      : generation_(std::is_constant_evaluated() ? 1 : first_generation()), keeps_locations_(keep_locations) {}

  // -- recording

  /// A new independent variable. `name` is for readers: tables, errors, pictures; it may be empty.
  WENGERT_INLINE WENGERT_CONSTEXPR Var variable(double value, std::string_view name = {}, Location at = Location::current());

  /// Forgets everything recorded and keeps the memory, and of the custom operations those that were recorded since the last call.
  /// Variables from before are refused from then on. O(1) in the nodes.
  WENGERT_CONSTEXPR void clear() {
    leading_ = 0;
    independents_.clear();
    guards_.clear();
    locations_.clear();
    clear_nodes();
    clear_nary();
    clear_names();
    generation_ = std::is_constant_evaluated() ? generation_ + 1 : next_generation(generation_);
  }

  /// Makes room for `nodes` operations and `constants` constants ahead of time.
  constexpr void reserve(NodeId nodes, NodeId constants = 0) {
    if (nodes <= capacity_ && constants <= constant_capacity_) return;
    move_to(nodes > capacity_ ? nodes : capacity_, constants > constant_capacity_ ? constants : constant_capacity_);
    update_limit();
  }

  /// Whether each node from now on keeps the file and line that made it. On by default in Debug builds; free when off.
  constexpr void keep_locations(bool keep) { switch_on(keeps_locations_, keep); }
  /// Whether recording throws NonFinite at the first node whose value is NaN or infinite. Off by default; free when off.
  constexpr void check_finite(bool check) { switch_on(checks_finite_, check); }
  /// Whether recording throws AtKink where an operation stands exactly on a kink or a jump, or a branch on equal numbers, and its
  /// derivative is a convention. Off by default; free when off.
  constexpr void check_kinks(bool check) { switch_on(checks_kinks_, check); }
  /// Recording more nodes than this throws TapeFull. Never more than 2^31 - 1, the largest index.
  constexpr void max_nodes(NodeId most) {
    max_nodes_ = most;
    update_limit();
  }

  // -- what was recorded

  /// size(): how many nodes. constants(): how many constants.
  constexpr NodeId size() const { return size_; }
  constexpr NodeId constants() const { return constants_; }
  /// Node i, and the indices of its arguments().
  constexpr const Node& operator[](NodeId i) const { return nodes_[i]; }
  constexpr Arguments arguments(NodeId i) const { return arguments(nodes_[i]); }
  constexpr Arguments arguments(const Node& node) const {
    if (node.op == Op::Custom) return {*extra_arguments(node.x), 0, 0, 0, extra_arguments(node.x) + 1};
    const int count = arity(node.op);
    return {count, node.x, node.y, count == 3 ? 1 : 2, count == 3 ? extra_arguments(node.y) : nullptr};
  }
  /// values() as recorded, constants at negative indices; value(i) is one of them. independents(): their nodes.
  constexpr ValuesView<double> values() const { return {values_, constants_, size_}; }
  constexpr double value(NodeId i) const { return values_[i]; }
  constexpr const std::vector<NodeId>& independents() const { return independents_; }
  /// How many nodes at the beginning are independents: a reverse sweep ends there.
  constexpr NodeId leading_independents() const { return leading_; }
  /// guards(): the branches that were taken. keeps_locations(): whether it does from now on.
  constexpr const std::vector<Guard>& guards() const { return guards_; }
  constexpr bool keeps_locations() const { return keeps_locations_; }
  /// Unknown unless locations were kept while the node was recorded.
  constexpr Location location(NodeId i) const {
    return i >= 0 && static_cast<std::size_t>(i) < locations_.size() ? locations_[static_cast<std::size_t>(i)] : Location{};
  }
  /// name(i): empty for a node without a name. find(name): the last node of that name, or -1. set_name(i, name).
  using Names::find, Names::name, Names::set_name;
  /// extra_arguments(from): of ternary and custom nodes. nary(which): an operation of a custom node.
  using NaryNodes::extra_arguments, NaryNodes::nary;
  /// Another one after every clear(), and of no other tape; a variable remembers it.
  constexpr std::uint32_t generation() const { return generation_; }

  /// memory(): bytes that the recorded nodes, values, constants and lists take (`used`), and bytes held for them (`reserved`).
  struct Memory {
    std::size_t used, reserved;
  };
  Memory memory() const;

  // -- what Var calls while it records: indices of constants, and nodes with more than two arguments
  using NaryNodes::adopt, NaryNodes::adopt_static, NaryNodes::push_extra, NaryNodes::room_for_extra, NaryNodes::take_extra;
  using NodeStorage::constant, NodeStorage::new_constant, NodeStorage::row_of_constants;

  /// Appends a node and returns its index. `constants` says which arguments are constants, as in Node.
  WENGERT_INLINE constexpr NodeId push(Op op, NodeId x, NodeId y, unsigned constants, double value, Location at) {
    // With locations or checks on, the limit is 0 and every node takes the slow way; so they cost nothing when off.
    if (size_ >= limit_) [[unlikely]]
      prepare(op, x, y, value, at.file, at.line);
    const NodeId i = size_++;
    nodes_[i] = {x, y, op, static_cast<std::uint8_t>(constants)};
    values_[i] = value;
    return i;
  }
  /// The same for any number of arguments.
  constexpr NodeId push(Op op, NodeId x, NodeId y, NodeId z, double value, Location at) {
    const int count = arity(op);
    if (count == 1) return push(op, x, x, x < 0 ? 1u : 0u, value, at);
    if (count == 2) return push(op, x, y, (x < 0 ? 1u : 0u) | (y < 0 ? 2u : 0u), value, at);
    const NodeId rest[] = {y, z};
    return push(op, x, push_extra(rest), 0u, value, at);
  }
  /// Says anew where node i was made: for tapes that are made from others.
  WENGERT_CONSTEXPR void relocate(NodeId i, Location at) {
    if (static_cast<std::size_t>(i) < locations_.size()) locations_[static_cast<std::size_t>(i)] = at;
  }
  /// Appends a guard; throws AtKink as operations do.
  WENGERT_CONSTEXPR void push_guard(const Guard& guard) {
    if (checks_kinks_) throw_if_at_kink(guard.relation, guard.x, guard.y, guard.location);
    guards_.push_back(guard);
  }

 private:
  static std::uint32_t first_generation();
  static std::uint32_t next_generation(std::uint32_t generation) {
    return (generation + 1) % generations_at_a_time != 0 ? generation + 1 : first_generation();
  }
  static constexpr std::uint32_t generations_at_a_time = 16;
  [[noreturn]] void throw_full(Op op, Location at) const;
  [[noreturn]] void throw_non_finite(Op op, NodeId x, NodeId y, double value, Location at) const;
  void throw_if_at_kink(Op op, NodeId x, NodeId y, Location at) const;

  constexpr void switch_on(bool& what, bool on) {
    what = on;
    update_limit();
  }
  constexpr void update_limit() {
    const bool watched = keeps_locations_ || checks_finite_ || checks_kinks_;
    limit_ = watched ? 0 : capacity_ < max_nodes_ ? capacity_ : max_nodes_;
  }
  WENGERT_COLD constexpr void prepare(Op op, NodeId x, NodeId y, double value, const char* file, unsigned line) {
    const Location at{file, line};
    if (size_ >= max_nodes_) throw_full(op, at);
    if (checks_finite_ && !detail::is_finite(value)) throw_non_finite(op, x, y, value, at);
    if (checks_kinks_) throw_if_at_kink(op, x, y, at);
    if (size_ == capacity_) {
      grow_nodes();
      update_limit();
    }
    if (keeps_locations_) {
      while (locations_.size() < static_cast<std::size_t>(size_)) locations_.push_back({});  // switched on later
      locations_.push_back(at);
    }
  }
  NodeId leading_ = 0;
  NodeId max_nodes_ = std::numeric_limits<NodeId>::max();
  std::uint32_t generation_;
  bool keeps_locations_;
  bool checks_finite_ = false, checks_kinks_ = false;
  std::vector<NodeId> independents_;
  std::vector<Guard> guards_;
  std::vector<Location> locations_;
};

}  // namespace wengert
