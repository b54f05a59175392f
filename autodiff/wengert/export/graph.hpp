// What the files of this room share: which nodes a picture shows, their edges, and the picture itself.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "wengert/cursor.hpp"
#include "wengert/export.hpp"

namespace wengert::detail {

/// What t was computed from, or the window of it, in the order of recording. Throws as to_dot does.
std::vector<NodeId> shown_nodes(const Var& t, const GraphOptions& options, const char* function);

/// The shown edges, node after node, in the order of arguments: what each node carries to arguments that are shown too.
std::vector<Contribution> shown_edges(const Tape& tape, const std::vector<NodeId>& nodes, const Gradient& gradient);

/// "d z / d x = y = 4": what a pointer resting on an edge is told.
std::string edge_tooltip(const Tape& tape, const Contribution& edge, int digits);
/// "node 4, demo.cpp:12"
std::string node_tooltip(const Tape& tape, NodeId i);

/// The graph as SVG, laid out by Graphviz where it is small, in columns where it is not. In both, node 5 is the group n5 with
/// three lines of text (statement, value, adjoint), and its edge from argument 0 the group e5_0.
std::string svg_text(const Var& t, const GraphOptions& options, const char* function);

/// Whether other programs are run at all: not on Windows, where every graph is laid out in columns.
#ifdef _WIN32
inline constexpr bool runs_graphviz = false;
#else
inline constexpr bool runs_graphviz = true;
#endif

/// Graphviz's `dot` on a graph, in a process of its own that is ended after `seconds`. Throws Error where it is not there, fails
/// or takes longer.
std::string laid_out_by_graphviz(const std::string& dot, double seconds, const char* function);

/// The graph in columns by depth, in the tape's own order. O(nodes + edges), for graphs of any size.
std::string laid_out_in_columns(const Tape& tape, const std::vector<NodeId>& nodes, const Gradient& gradient, int digits);

/// A number, or one of "nan", "inf" and "-inf", which JSON lacks.
nlohmann::ordered_json json_number(double x);
/// What a node is, whatever the sweep: number, name, operation, statement, value, place.
nlohmann::ordered_json json_node(const Tape& tape, NodeId i);

}  // namespace wengert::detail
