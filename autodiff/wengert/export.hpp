// A tape as a picture, as data, and as a page that replays its reverse sweep.
#pragma once

#include <string>

#include "wengert/gradient.hpp"
#include "wengert/tape.hpp"
#include "wengert/var.hpp"

namespace wengert {

struct GraphOptions {
  Index most_nodes = 1000;  ///< of a larger graph, nobody could read the picture: ask for a window
  Index around = -1;        ///< a node: only it and what is near it in the graph
  int reach = 3;            ///< how many edges from `around`, either way
  int digits = 4;           ///< significant digits in pictures
};

/// The graph of what t was computed from, in Graphviz's language: nodes with name, statement, value and adjoint, partials on the
/// edges, and what was recorded up to a named node grouped under its name. Literals stand in the statements, not in the graph.
/// Throws ShapeMismatch if the graph has more than most_nodes nodes and no window is asked for, NotRecorded if t is a constant.
std::string to_dot(const Var& t, const GraphOptions& options = {});

/// The same laid out by Graphviz's program `dot`, as SVG. Throws Error if that is not installed or fails, and as above.
std::string to_svg(const Var& t, const GraphOptions& options = {});

/// The tape as JSON: nodes with operation, arguments, values, adjoints, partials and places; constants; independents. Numbers
/// read back to the bit; those that JSON lacks are the strings "nan", "inf" and "-inf". Of any size.
std::string to_json(const Var& t);

/// One HTML file, self-contained, that replays the reverse sweep of t with a slider and the arrow keys. Laid out by `dot`; throws
/// as to_svg does.
std::string to_html(const Var& t, const GraphOptions& options = {});

}  // namespace wengert
