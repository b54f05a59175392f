// What a tape is made of: nodes, their arguments, and the comparisons that the recording program branched on.
#pragma once

#include <cstdint>

#include "wengert/location.hpp"
#include "wengert/operations.hpp"
#include "wengert/values.hpp"

namespace wengert {

/// One recorded operation. A unary node's `y` is its `x`; a ternary one keeps its second and third argument in the tape's
/// list of extra arguments, from position `y` on; a custom one keeps their number and all of them there from `x` on, and `y` says
/// which operation.
// 12 bytes; with the value a recorded operation costs 20. Plain data: a debugger prints {x = 2, y = -1, op = wengert::Op::Mul,
// …}.
struct Node {
  /// Its arguments `x` and `y`, and its operation `op`.
  NodeId x, y;
  Op op;
  /// Bit k is set where the k-th argument of a unary or binary node is a constant: nothing is carried back to it. Of a custom
  /// node: whether and how recording kept its partials (sweep/nary_sweep.hpp).
  std::uint8_t constants;
};

/// The indices of a node's arguments, in order: for (const NodeId argument : tape.arguments(i)).
class Arguments {
 public:
  /// Those that stand `in_node`, x and y, and the others from `extra` on.
  constexpr Arguments(NodeId size, NodeId x, NodeId y, NodeId in_node, const NodeId* extra)
      : size_(size), node_{x, y}, in_node_(in_node), extra_(extra) {}
  /// How many.
  constexpr NodeId size() const { return size_; }
  /// The k-th, unchecked.
  constexpr NodeId operator[](NodeId k) const { return k < in_node_ ? node_[k] : extra_[k - in_node_]; }

  /// What a range-for needs: begin(), end(), and a place `k` in the list that it is `of`.
  struct Iterator {
    const Arguments* of;
    NodeId k;
    /// As any iterator's.
    constexpr NodeId operator*() const { return (*of)[k]; }
    constexpr Iterator& operator++() { return ++k, *this; }
    constexpr bool operator!=(const Iterator& other) const { return k != other.k; }
  };
  /// begin() to end(): all of them.
  constexpr Iterator begin() const { return {this, 0}; }
  constexpr Iterator end() const { return {this, size_}; }

 private:
  NodeId size_;
  NodeId node_[2];  // some in the node itself, …
  NodeId in_node_;
  const NodeId* extra_;  // … the others in the tape's list
};

/// A comparison of `x` with `y` that the recording program branched on, at `location`: a replay must find the same `outcome`.
struct Guard {
  Op relation;  ///< Less, LessEqual or Equal
  NodeId x, y;
  bool outcome;
  NodeId position;  ///< how many nodes were recorded before it
  Location location;
};

}  // namespace wengert
