#include "wengert/export/graph.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "wengert/error.hpp"
#include "wengert/inspect/contributions.hpp"
#include "wengert/notation.hpp"
#include "wengert/sweep/complaints.hpp"

namespace wengert::detail {

namespace {

template <class Visit>
void each_argument(const Tape& tape, std::size_t i, Visit visit) {
  const Arguments arguments = tape.arguments(static_cast<NodeId>(i));
  for (NodeId k = 0; k < arguments.size(); ++k)
    if (arguments[k] >= 0) visit(static_cast<std::size_t>(arguments[k]));
}

// Of the needed nodes those within `reach` edges of `around`, whichever way the edges go.
std::vector<bool> window(const Tape& tape, const std::vector<bool>& needed, NodeId around, int reach) {
  std::vector<bool> near(needed.size());
  near[static_cast<std::size_t>(around)] = true;
  for (int k = 0; k < reach; ++k) {
    std::vector<bool> next = near;
    for (std::size_t i = 0; i < needed.size(); ++i) {
      if (!needed[i]) continue;
      each_argument(tape, i, [&](std::size_t argument) {
        if (near[i]) next[argument] = true;
        if (near[argument]) next[i] = true;
      });
    }
    near = next;
  }
  return near;
}

}  // namespace

std::vector<NodeId> shown_nodes(const Var& t, const GraphOptions& options, const char* function) {
  if (t.is_constant())
    throw NotRecorded(fmt::format("{}: {} is on no tape, there is no graph; give a recorded variable", function, describe(t)));
  const Tape& tape = *t.tape();
  if (t.generation() != tape.generation()) throw_stale(function, t, {});
  std::vector<bool> shown(static_cast<std::size_t>(t.index()) + 1);
  shown.back() = true;
  for (std::size_t i = shown.size(); i-- > 0;)
    if (shown[i]) each_argument(tape, i, [&](std::size_t argument) { shown[argument] = true; });
  if (options.around >= 0) {
    if (options.around > t.index() || !shown[static_cast<std::size_t>(options.around)])
      throw NotRecorded(fmt::format("{}: node {} is no part of what {} was computed from; choose a window around one that is",
                                    function, options.around, describe(t)));
    shown = window(tape, shown, options.around, options.reach);
  }
  const auto count = std::count(shown.begin(), shown.end(), true);
  if (count > options.most_nodes)
    throw ShapeMismatch(fmt::format(
        "{}: the graph has {} nodes, more than the limit of {}; ask for a window around a node (options.around, options.reach), "
        "or raise options.most_nodes",
        function, count, options.most_nodes));
  std::vector<NodeId> nodes;
  for (std::size_t i = 0; i < shown.size(); ++i)
    if (shown[i]) nodes.push_back(static_cast<NodeId>(i));
  return nodes;
}

std::vector<Contribution> shown_edges(const Tape& tape, const std::vector<NodeId>& nodes, const Gradient& gradient) {
  std::vector<Contribution> edges;
  for (const NodeId i : nodes)
    for (const Contribution& c : contributions(tape, tape.values(), i, gradient.adjoints[i]))
      if (c.to >= 0 && std::binary_search(nodes.begin(), nodes.end(), c.to)) edges.push_back(c);
  return edges;
}

std::string edge_tooltip(const Tape& tape, const Contribution& edge, int digits) {
  return fmt::format("d {} / d {} = {} = {}", label(tape, edge.from), label(tape, edge.to),
                     partial_statement(tape, edge.from, edge.argument), short_number(edge.partial, digits));
}

std::string node_tooltip(const Tape& tape, NodeId i) {
  const std::string place = short_location(tape.location(i));
  return fmt::format("node {}{}{}", i, place.empty() ? "" : ", ", place);
}

}  // namespace wengert::detail
