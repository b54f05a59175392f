// tape -> tape, node by node: what is needed, and where it comes to lie.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "wengert/tape.hpp"

namespace wengert::detail {

/// Which nodes the outputs and the guards need.
WENGERT_CONSTEXPR std::vector<unsigned char> live_nodes(const Tape& tape, std::span<const NodeId> outputs) {
  std::vector<unsigned char> live(static_cast<std::size_t>(tape.size()), 0);
  const auto mark = [&](NodeId i) {
    if (i >= 0) live[static_cast<std::size_t>(i)] = 1;
  };
  for (const NodeId output : outputs) mark(output);
  for (const Guard& guard : tape.guards()) {
    mark(guard.x);
    mark(guard.y);
  }
  for (NodeId i = tape.size(); i-- > 0;) {
    if (!live[static_cast<std::size_t>(i)]) continue;
    const Arguments arguments = tape.arguments(i);
    for (NodeId k = 0; k < arguments.size(); ++k) mark(arguments[k]);
  }
  return live;
}

/// Appends node i, no independent, to another tape as it is; moved(k) is the place there of what has index k here.
template <class Moved>
constexpr NodeId copy_node(const Tape& from, NodeId i, Tape& to, const Moved& moved) {
  const Node node = from[i];
  const Arguments arguments = from.arguments(i);
  if (node.op == Op::Custom) {
    std::vector<NodeId> list{arguments.size()};
    for (NodeId k = 0; k < arguments.size(); ++k) list.push_back(moved(arguments[k]));
    return to.push(node.op, to.push_extra(list), to.adopt(from.nary(node.y)), 0u, from.value(i), from.location(i));
  }
  const NodeId x = moved(arguments[0]), y = arguments.size() > 1 ? moved(arguments[1]) : 0,
               z = arguments.size() > 2 ? moved(arguments[2]) : 0;
  return to.push(node.op, x, y, z, from.value(i), from.location(i));
}

/// Copies nodes of one tape to another, where they get new indices.
class TapeCopy {
 public:
  WENGERT_CONSTEXPR TapeCopy(const Tape& from, Tape& to)
      : from_(from), to_(to), place_(static_cast<std::size_t>(from.size()), 0) {}

  constexpr NodeId at(NodeId i) { return i < 0 ? to_.constant(from_.value(i)) : place(i); }
  WENGERT_CONSTEXPR void independent(NodeId i) {
    place(i) = to_.variable(from_.value(i), from_.name(i), from_.location(i)).index();
  }
  WENGERT_CONSTEXPR void node(NodeId i) {
    place(i) = copy_node(from_, i, to_, [this](NodeId k) { return at(k); });
    if (!from_.name(i).empty()) to_.set_name(place(i), from_.name(i));
  }
  WENGERT_CONSTEXPR void guard(const Guard& guard) {
    to_.push_guard({guard.relation, at(guard.x), at(guard.y), guard.outcome, to_.size(), guard.location});
  }

 private:
  WENGERT_CONSTEXPR NodeId& place(NodeId i) { return place_[static_cast<std::size_t>(i)]; }

  const Tape& from_;
  Tape& to_;
  std::vector<NodeId> place_;
};

}  // namespace wengert::detail
