// A tape as a picture, as data, and as a page that replays its reverse sweep.
#pragma once

#include <string>

#include "wengert/gradient.hpp"
#include "wengert/tape.hpp"
#include "wengert/var.hpp"

namespace wengert {

/// How much of a graph is drawn, and how.
struct GraphOptions {
  NodeId most_nodes = 2500;  ///< of a larger graph, nobody could read the picture: ask for a window
  NodeId around = -1;        ///< a node: only it and what is near it in the graph
  int reach = 3;             ///< how many edges from `around`, either way
  int digits = 4;            ///< significant digits in pictures
  NodeId graphviz_nodes =
      40;               ///< a larger graph (or one of twice as many edges) is laid out in columns by depth, without Graphviz
  double seconds = 20;  ///< after which Graphviz is ended, with an Error
};

/// The graph of what t was computed from, in Graphviz's language: nodes with name, statement, value and adjoint, partials on the
/// edges, and what was recorded up to a named node grouped under its name. Literals stand in the statements, not in the graph.
/// Throws ShapeMismatch if the graph has more than most_nodes nodes and no window is asked for, NotRecorded if t is a constant.
std::string to_dot(const Var& t, const GraphOptions& options = {});

/// The same as SVG: up to options.graphviz_nodes laid out by Graphviz's program `dot`, beyond in columns by depth that are read
/// like lines of text, in time proportional to the graph. Throws Error if `dot` is wanted and is not installed, fails or takes
/// longer than options.seconds, and as above.
std::string to_svg(const Var& t, const GraphOptions& options = {});

/// The tape as JSON: nodes with operation, arguments, values, adjoints, partials and places; constants; independents. Numbers
/// read back to the bit; those that JSON lacks are the strings "nan", "inf" and "-inf". Of any size.
std::string to_json(const Var& t);

/// One HTML file, self-contained, that replays the reverse sweep of t with a slider and the arrow keys. Laid out,
/// and throws, as to_svg.
std::string to_html(const Var& t, const GraphOptions& options = {});

}  // namespace wengert
