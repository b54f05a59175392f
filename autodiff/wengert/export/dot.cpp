// The graph in Graphviz's language, and the choice of who lays it out.
#include <fmt/core.h>

#include <map>

#include "wengert/export/graph.hpp"
#include "wengert/notation.hpp"

namespace wengert {

using namespace detail;

namespace {

// For Graphviz, between double quotes.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c == '\n' ? ' ' : c;
  }
  return result;
}

// The named node that a node was recorded on the way to, or -1.
std::map<NodeId, NodeId> groups(const Tape& tape, const std::vector<NodeId>& nodes) {
  std::map<NodeId, NodeId> result;
  NodeId group = -1;
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
    if (tape[*node].op == Op::Independent) continue;
    if (!tape.name(*node).empty()) group = *node;
    if (group >= 0) result[*node] = group;
  }
  return result;
}

std::string dot_text(const Tape& tape, const std::vector<NodeId>& nodes, const std::vector<Contribution>& edges,
                     const Gradient& gradient, int digits) {
  const auto number = [&](double x) { return short_number(x, digits); };
  std::string text =
      "digraph tape {\n  rankdir=LR;\n  bgcolor=\"transparent\";\n"
      "  node [shape=box, style=rounded, fontname=\"Helvetica\", fontsize=11];\n"
      "  edge [fontname=\"Helvetica\", fontsize=9];\n";
  const auto node_text = [&](NodeId i, const char* indent) {
    return fmt::format("{}n{} [id=\"n{}\", label=\"{}\\nvalue {}\\nadjoint {}\"{}, tooltip=\"{}\"];\n", indent, i, i,
                       escaped(equation(tape, i)), number(tape.value(i)), number(gradient.adjoints[i]),
                       tape[i].op == Op::Independent ? ", style=\"rounded,bold\"" : "", escaped(node_tooltip(tape, i)));
  };
  std::map<NodeId, std::string> clusters;
  const std::map<NodeId, NodeId> group = groups(tape, nodes);
  for (const NodeId i : nodes)
    if (const auto found = group.find(i); found != group.end())
      clusters[found->second] += node_text(i, "    ");
    else
      text += node_text(i, "  ");
  for (const auto& [named, members] : clusters)
    text +=
        fmt::format("  subgraph \"cluster_{}\" {{\n    label=\"{}\";\n    fontname=\"Helvetica\";\n    style=dashed;\n{}  }}\n",
                    named, escaped(tape.name(named)), members);
  for (const Contribution& c : edges)
    text += fmt::format("  n{} -> n{} [id=\"e{}_{}\", label=\"{}\", tooltip=\"{}\"];\n", c.to, c.from, c.from, c.argument,
                        number(c.partial), escaped(edge_tooltip(tape, c, digits)));
  return text + "}\n";
}

}  // namespace

std::string to_dot(const Var& t, const GraphOptions& options) {
  const std::vector<NodeId> nodes = shown_nodes(t, options, "to_dot");
  const Gradient g = gradient(t);
  return dot_text(*t.tape(), nodes, shown_edges(*t.tape(), nodes, g), g, options.digits);
}

std::string to_svg(const Var& t, const GraphOptions& options) { return svg_text(t, options, "to_svg"); }

std::string detail::svg_text(const Var& t, const GraphOptions& options, const char* function) {
  const std::vector<NodeId> nodes = shown_nodes(t, options, function);
  const Tape& tape = *t.tape();
  const Gradient g = gradient(t);
  // Graphviz's time grows with the square of the edges and more: 50 nodes that share one argument take 0.1 s, 500 take 13 s.
  if constexpr (runs_graphviz) {
    const auto most = static_cast<std::size_t>(options.graphviz_nodes < 0 ? 0 : options.graphviz_nodes);
    const std::vector<Contribution> edges = nodes.size() <= most ? shown_edges(tape, nodes, g) : std::vector<Contribution>();
    if (nodes.size() <= most && edges.size() <= 2 * most)
      return laid_out_by_graphviz(dot_text(tape, nodes, edges, g, options.digits), options.seconds, function);
  }
  return laid_out_in_columns(tape, nodes, g, options.digits);
}

}  // namespace wengert
