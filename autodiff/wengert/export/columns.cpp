// A picture without Graphviz, in time proportional to the graph: columns by depth, in bands that are read like lines of text,
// from left to right and then on to the next band. An edge from the column before is drawn; one from further away is a short
// arrow with the name of where it comes from, because lines across a large picture can't be followed anyway.
#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <span>

#include "wengert/export/graph.hpp"
#include "wengert/notation.hpp"

namespace wengert::detail {

namespace {

// In pixels. Six columns are as wide as a screen of 1280.
constexpr double box_width = 138, box_height = 50, column_width = 202, row_height = 62, band_gap = 26, margin = 10, stub = 58;
constexpr std::size_t columns_in_band = 6, most_rows = 16;
constexpr std::size_t characters_in_box = 22, characters_at_stub = 7;
constexpr int most_stubs = 3;  // of one node; more would not be told apart

struct Place {
  std::size_t column = 0;  // of all bands together
  double row = 0;
  double x = 0, y = 0;  // the upper left corner of the box
};

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const char* const special = c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '"' ? "&quot;" : nullptr;
    if (special != nullptr)
      result += special;
    else
      result += static_cast<unsigned char>(c) < ' ' ? ' ' : c;  // control characters are no XML
  }
  return result;
}

// The first `most` characters, whole ones, and "…".
std::string shortened(std::string_view text, std::size_t most) {
  std::size_t characters = 0, end = text.size();
  for (std::size_t k = 0; k < text.size(); ++k) {
    if ((text[k] & 0xC0) == 0x80) continue;
    if (++characters == most) end = k;
    if (characters > most) return escaped(text.substr(0, end)) + "…";
  }
  return escaped(text);
}

std::size_t position(const std::vector<NodeId>& nodes, NodeId i) {
  return static_cast<std::size_t>(std::lower_bound(nodes.begin(), nodes.end(), i) - nodes.begin());
}

/// Nodes (by their position among the shown) in columns, arguments left of what uses them and as close to it as can be: so the
/// terms of a sum stand beside the additions that take them up, not all in one column at the very left.
std::vector<std::vector<std::size_t>> columns_by_depth(const std::vector<NodeId>& nodes, const std::vector<Contribution>& edges) {
  std::vector<std::size_t> depth(nodes.size());  // the longest way to a node that is not used
  for (std::size_t k = edges.size(); k-- > 0;) {
    std::size_t& of_argument = depth[position(nodes, edges[k].to)];
    of_argument = std::max(of_argument, depth[position(nodes, edges[k].from)] + 1);
  }
  std::vector<std::vector<std::size_t>> by_depth(*std::max_element(depth.begin(), depth.end()) + 1);
  for (std::size_t k = 0; k < nodes.size(); ++k) by_depth[depth[k]].push_back(k);
  std::vector<std::vector<std::size_t>> columns;
  for (std::size_t d = by_depth.size(); d-- > 0;)
    for (std::size_t from = 0; from < by_depth[d].size(); from += most_rows) {  // nodes of one depth don't use each other
      const std::size_t to = std::min(from + most_rows, by_depth[d].size());
      columns.emplace_back(by_depth[d].begin() + static_cast<std::ptrdiff_t>(from),
                           by_depth[d].begin() + static_cast<std::ptrdiff_t>(to));
    }
  return columns;
}

/// Rows within a band, from its last column to its first: each node beside what uses it, in the tape's order where that is the
/// same.
void arrange_rows(std::vector<std::vector<std::size_t>>& columns, std::size_t first, std::size_t last,
                  const std::vector<std::vector<std::size_t>>& users, std::vector<Place>& places) {
  double top = 0;
  for (std::size_t c = last; c-- > first;) {
    std::vector<std::size_t>& column = columns[c];
    std::vector<double> wish(column.size());
    for (std::size_t k = 0; k < column.size(); ++k) {
      double sum = 0, count = 0;
      for (const std::size_t user : users[column[k]])
        if (places[user].column == c + 1 && c + 1 < last) {
          sum += places[user].row;
          ++count;
        }
      wish[k] = count > 0 ? sum / count : k > 0 ? wish[k - 1] : 0;
    }
    std::vector<std::size_t> order(column.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return wish[a] < wish[b]; });
    double row = -std::numeric_limits<double>::infinity(), excess = 0;
    for (const std::size_t k : order) {
      row = std::max(wish[k], row + 1);
      places[column[k]].row = row;
      excess += row - wish[k];
    }
    for (const std::size_t k : column) {
      places[k].row -= excess / static_cast<double>(column.size());  // as far up as down
      top = std::min(top, places[k].row);
    }
  }
  for (std::size_t c = first; c < last; ++c)
    for (const std::size_t k : columns[c]) places[k].row -= top;
}

/// Where everything stands.
struct Layout {
  std::vector<Place> places;  // by position among the shown nodes
  double width = 0, height = 0;
};

Layout lay_out(const std::vector<NodeId>& nodes, const std::vector<Contribution>& edges) {
  std::vector<std::vector<std::size_t>> columns = columns_by_depth(nodes, edges), users(nodes.size());
  Layout layout;
  std::vector<Place>& places = layout.places;
  places.resize(nodes.size());
  for (const Contribution& edge : edges) users[position(nodes, edge.to)].push_back(position(nodes, edge.from));
  for (std::size_t c = 0; c < columns.size(); ++c)
    for (const std::size_t k : columns[c]) places[k].column = c;
  double y = margin;
  for (std::size_t first = 0; first < columns.size(); first += columns_in_band) {
    const std::size_t last = std::min(first + columns_in_band, columns.size());
    arrange_rows(columns, first, last, users, places);
    double rows = 0;
    for (std::size_t c = first; c < last; ++c)
      for (const std::size_t k : columns[c]) {
        places[k].x = margin + stub + static_cast<double>(c - first) * column_width;
        places[k].y = y + places[k].row * row_height;
        rows = std::max(rows, places[k].row + 1);
      }
    y += rows * row_height + band_gap;
  }
  const auto wide = static_cast<double>(std::min(columns.size(), columns_in_band));
  layout.width = 2 * margin + stub + (wide - 1) * column_width + box_width;
  layout.height = y - band_gap + margin;
  return layout;
}

/// The edges into one node. Over each arrow one line of text: the partial, after the name of where it comes from unless one sees
/// that.
std::string drawn_edges(const Tape& tape, const std::vector<NodeId>& nodes, const std::vector<Place>& places,
                        std::span<const Contribution> edges, int digits) {
  std::string text;
  const Place& to = places[position(nodes, edges[0].from)];
  int stubs = 0;
  for (std::size_t k = 0; k < edges.size(); ++k) {
    const Contribution& edge = edges[k];
    const Place& from = places[position(nodes, edge.to)];
    const double arrives = to.y + box_height * static_cast<double>(k + 1) / static_cast<double>(edges.size() + 1);
    const bool beside = from.column + 1 == to.column && to.column % columns_in_band != 0;
    if (!beside && ++stubs > most_stubs) continue;
    std::string path, text_over = short_number(edge.partial, digits);
    if (beside) {
      const double start = from.x + box_width, leaves = from.y + box_height / 2, middle = (start + to.x) / 2;
      path = fmt::format("M{:g},{:g}C{:g},{:g} {:g},{:g} {:g},{:g}", start, leaves, middle, leaves, middle, arrives, to.x - 6,
                         arrives);
    } else {
      path = fmt::format("M{:g},{:g}H{:g}", to.x - stub, arrives, to.x - 6);
      text_over = stubs == most_stubs && k + 1 < edges.size()
                      ? fmt::format("and {} more", edges.size() - k)
                      : fmt::format("{}<tspan> {}</tspan>", shortened(label(tape, edge.to), characters_at_stub), text_over);
    }
    text += fmt::format("<g id=\"e{}_{}\" class=\"edge\"><title>{}</title><path fill=\"none\" stroke=\"#888\" d=\"{}\"/>",
                        edge.from, edge.argument, escaped(edge_tooltip(tape, edge, digits)), path);
    text += fmt::format("<polygon fill=\"#888\" points=\"{0:g},{1:g} {2:g},{3:g} {2:g},{4:g}\"/>", to.x, arrives, to.x - 7,
                        arrives - 3, arrives + 3);
    text += fmt::format("<text{} text-anchor=\"end\" font-size=\"10\" x=\"{:g}\" y=\"{:g}\">{}</text></g>\n",
                        beside ? "" : " class=\"from\"", to.x - 9, arrives - 3, text_over);
  }
  return text;
}

std::string drawn_node(const Tape& tape, NodeId i, const Place& at, double adjoint, int digits) {
  const std::string says = equation(tape, i);
  std::string text =
      fmt::format("<g id=\"n{}\" class=\"node\"><title>{}: {}</title>", i, escaped(node_tooltip(tape, i)), escaped(says));
  text += fmt::format(
      "<rect x=\"{:g}\" y=\"{:g}\" width=\"{:g}\" height=\"{:g}\" rx=\"8\" fill=\"#fff\" stroke=\"#444\" stroke-width=\"{}\"/>",
      at.x, at.y, box_width, box_height, tape[i].op == Op::Independent ? 2 : 1);
  const std::string lines[] = {shortened(says, characters_in_box), "value " + short_number(tape.value(i), digits),
                               "adjoint " + short_number(adjoint, digits)};
  for (int line = 0; line < 3; ++line)
    text += fmt::format("<text text-anchor=\"middle\" x=\"{:g}\" y=\"{:g}\">{}</text>", at.x + box_width / 2,
                        at.y + 14 + 15 * line, lines[line]);
  return text + "</g>\n";
}

}  // namespace

std::string laid_out_in_columns(const Tape& tape, const std::vector<NodeId>& nodes, const Gradient& gradient, int digits) {
  const std::vector<Contribution> edges = shown_edges(tape, nodes, gradient);
  const Layout layout = lay_out(nodes, edges);
  std::string text = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:g}px\" height=\"{1:g}px\" viewBox=\"0 0 {0:g} {1:g}\" "
      "font-family=\"Helvetica, Arial, sans-serif\" font-size=\"12\">\n",
      layout.width, layout.height);
  for (std::size_t first = 0, last; first < edges.size(); first = last) {
    for (last = first; last < edges.size() && edges[last].from == edges[first].from;) ++last;
    text += drawn_edges(tape, nodes, layout.places, std::span(edges).subspan(first, last - first), digits);
  }
  for (std::size_t k = 0; k < nodes.size(); ++k)
    text += drawn_node(tape, nodes[k], layout.places[k], gradient.adjoints[nodes[k]], digits);
  return text + "</svg>\n";
}

}  // namespace wengert::detail
