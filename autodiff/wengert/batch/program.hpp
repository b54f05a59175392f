// tape -> what a batch runs: work on shared inputs once, work on each sample in a loop. Shared by replayed and fused batches,
// so all of it works in constant evaluation too.
//
//     shared inputs --outer tape--> frontier values --+
//                                                     +--> inner program, per sample --> value, adjoints of the frontier
//     a sample's inputs ------------------------------+
//
// The adjoints of the frontier are summed over the samples, and one reverse sweep of the outer tape carries the sums back to the
// shared inputs. So what depends on shared inputs alone is computed once, forwards and backwards.
#pragma once

#include <span>
#include <vector>

#include "wengert/tape.hpp"
#include "wengert/transform/optimise.hpp"
#include "wengert/transform/tape_copy.hpp"

namespace wengert::detail {

/// Which nodes depend on an independent with number `shared` or later.
WENGERT_CONSTEXPR std::vector<unsigned char> varying_nodes(const Tape& tape, NodeId shared) {
  std::vector<unsigned char> varying(static_cast<std::size_t>(tape.size()), 0);
  for (std::size_t k = static_cast<std::size_t>(shared); k < tape.independents().size(); ++k)
    varying[static_cast<std::size_t>(tape.independents()[k])] = 1;
  for (NodeId i = 0; i < tape.size(); ++i) {
    const Arguments arguments = tape.arguments(i);
    for (NodeId k = 0; k < arguments.size(); ++k)
      if (arguments[k] >= 0 && varying[static_cast<std::size_t>(arguments[k])]) varying[static_cast<std::size_t>(i)] = 1;
  }
  return varying;
}

/// Splits a tape whose first `shared` independents are the same for all samples. The inner tape's independents are the frontier
/// (values of shared nodes that varying nodes use), then the samples' own inputs; the result is the frontier's place on the outer
/// tape. With `at_inputs` the frontier is the shared inputs themselves and the outer tape computes nothing: then the inner tape's
/// derivatives are each sample's gradient in the shared inputs, as standard errors need.
WENGERT_CONSTEXPR std::vector<NodeId> split(const Tape& from, NodeId& dependent, NodeId shared, bool at_inputs, Tape& outer,
                                            Tape& inner) {
  const std::vector<unsigned char> varying = varying_nodes(from, shared);
  const std::vector<unsigned char> live = live_nodes(from, std::span(&dependent, 1));
  const auto varies = [&](NodeId i) { return i >= 0 && varying[static_cast<std::size_t>(i)]; };

  std::vector<unsigned char> frontier(static_cast<std::size_t>(from.size()), 0);
  const auto enters = [&](NodeId i) {
    if (i >= 0 && !varies(i)) frontier[static_cast<std::size_t>(i)] = 1;
  };
  if (at_inputs) {
    for (std::size_t k = 0; k < static_cast<std::size_t>(shared); ++k)
      frontier[static_cast<std::size_t>(from.independents()[k])] = 1;
  } else {
    for (NodeId i = 0; i < from.size(); ++i) {
      if (!varies(i) || !live[static_cast<std::size_t>(i)]) continue;
      const Arguments arguments = from.arguments(i);
      for (NodeId k = 0; k < arguments.size(); ++k) enters(arguments[k]);
    }
    for (const Guard& guard : from.guards())
      if (varies(guard.x) || varies(guard.y)) {
        enters(guard.x);
        enters(guard.y);
      }
    enters(dependent);
  }

  TapeCopy to_outer(from, outer), to_inner(from, inner);
  std::vector<NodeId> places;
  for (std::size_t k = 0; k < static_cast<std::size_t>(shared); ++k) to_outer.independent(from.independents()[k]);
  auto guard = from.guards().begin();
  const auto outer_guards = [&](NodeId before) {
    for (; guard != from.guards().end() && guard->position <= before; ++guard)
      if (!at_inputs && !varies(guard->x) && !varies(guard->y)) to_outer.guard(*guard);
  };
  for (NodeId i = 0; i < from.size(); ++i) {
    outer_guards(i);
    if (!at_inputs && live[static_cast<std::size_t>(i)] && !varies(i) && from[i].op != Op::Independent) to_outer.node(i);
    if (!frontier[static_cast<std::size_t>(i)]) continue;
    places.push_back(to_outer.at(i));
    to_inner.independent(i);
  }
  outer_guards(from.size());
  for (std::size_t k = static_cast<std::size_t>(shared); k < from.independents().size(); ++k)
    to_inner.independent(from.independents()[k]);

  guard = from.guards().begin();
  const auto inner_guards = [&](NodeId before) {
    for (; guard != from.guards().end() && guard->position <= before; ++guard)
      if (at_inputs || varies(guard->x) || varies(guard->y)) to_inner.guard(*guard);
  };
  for (NodeId i = 0; i < from.size(); ++i) {
    inner_guards(i);
    if (from[i].op == Op::Independent || !live[static_cast<std::size_t>(i)]) continue;
    if (varies(i) || at_inputs) to_inner.node(i);  // independents were passed over above
  }
  inner_guards(from.size());
  dependent = dependent < 0 ? inner.constant(from.value(dependent)) : to_inner.at(dependent);
  return places;
}

/// A tape in two parts: nodes that depend on the first `shared` independents alone, computed once, and varying ones, computed for
/// each sample. `outputs` are the value, the adjoints of the shared independents, and those of the samples' own where asked for.
struct BatchProgram {
  /// What the shared values must satisfy for this program to be valid: these nodes are finite, …
  std::vector<NodeId> finite;
  /// … and these, which others are divided by, normal numbers with a normal reciprocal.
  std::vector<NodeId> divisors;
  std::vector<NodeId> outputs;
};

/// From the careful program, value and derivatives of an inner tape as `outputs` on `from`, one for shared values that are
/// ordinary: divisions by them become products with a reciprocal computed once, and absorbing products with them plain products.
/// Valid only if the nodes in `finite` and `divisors` are what they say; the careful program serves the rest. Changes results by
/// at most one rounding per division.
WENGERT_CONSTEXPR BatchProgram ordinary_program(const Tape& from, std::span<const NodeId> outputs, NodeId shared, Tape& to) {
  const std::vector<unsigned char> varying = varying_nodes(from, shared);
  const auto varies = [&](NodeId i) { return i >= 0 && varying[static_cast<std::size_t>(i)]; };
  BatchProgram program;
  OptimiseReport report;
  Rebuilder rebuilder(to, 2 * from.size(), report);
  std::vector<NodeId> place(static_cast<std::size_t>(from.size()), 0);
  const auto moved = [&](NodeId i) { return i < 0 ? rebuilder.constant(from.value(i)) : place[static_cast<std::size_t>(i)]; };
  auto guard = from.guards().begin();
  for (NodeId i = 0; i <= from.size(); ++i) {
    for (; guard != from.guards().end() && guard->position <= i; ++guard)
      to.push_guard({guard->relation, moved(guard->x), moved(guard->y), guard->outcome, to.size(), guard->location});
    if (i == from.size()) break;
    const Node node = from[i];
    const Location at = from.location(i);
    NodeId& here = place[static_cast<std::size_t>(i)];
    const Arguments arguments = from.arguments(i);
    if (node.op == Op::Independent) {
      here = to.variable(from.value(i), from.name(i), at).index();
    } else if (node.op == Op::Custom) {
      here = copy_node(from, i, to, moved);
    } else if (node.op == Op::Div && varies(node.x) && node.y >= 0 && !varies(node.y)) {
      const NodeId reciprocal = rebuilder.emit(Op::Div, rebuilder.constant(1), moved(node.y), 0, at);
      program.divisors.push_back(moved(node.y));
      here = rebuilder.emit(Op::Mul, moved(node.x), reciprocal, 0, at);
    } else if (node.op == Op::AbsorbingProduct && node.y >= 0 && !varies(node.y)) {
      program.finite.push_back(moved(node.y));
      here = rebuilder.emit(Op::Mul, moved(node.x), moved(node.y), 0, at);
    } else {
      here = rebuilder.emit(node.op, moved(node.x), arguments.size() > 1 ? moved(arguments[1]) : 0,
                            arguments.size() > 2 ? moved(arguments[2]) : 0, at);
    }
    if (here >= 0 && !from.name(i).empty() && to.name(here).empty()) to.set_name(here, from.name(i));
  }
  for (const NodeId output : outputs) program.outputs.push_back(moved(output));
  return program;
}

}  // namespace wengert::detail
