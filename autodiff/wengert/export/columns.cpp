// A picture without Graphviz, in time proportional to the graph: columns by depth, in bands that are read like lines of text, from
// left to right and then on to the next band. An edge from the column before is drawn; one from further away is a short arrow with the
// name of where it comes from, because lines across a large picture can't be followed anyway.
#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <numeric>

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
    switch (c) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      default: result += static_cast<unsigned char>(c) < ' ' ? ' ' : c;  // control characters are no XML
    }
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

std::size_t position(const std::vector<Index>& nodes, Index i) {
  return static_cast<std::size_t>(std::lower_bound(nodes.begin(), nodes.end(), i) - nodes.begin());
}

// The shown edges by the position of the node that uses, one after the other.
using Edges = std::vector<Contribution>;

/// Nodes (by their position among the shown) in columns, arguments left of what uses them and as close to it as can be: so the terms
/// of a sum stand beside the additions that take them up, not all in one column at the very left.
std::vector<std::vector<std::size_t>> columns_by_depth(const std::vector<Index>& nodes, const Edges& edges) {
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

/// Rows within a band, from its last column to its first: each node beside what uses it, in the tape's order where that is the same.
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

}  // namespace

std::string laid_out_in_columns(const Tape& tape, const std::vector<Index>& nodes, const Gradient& gradient, int digits) {
  const Edges edges = shown_edges(tape, nodes, gradient);
  std::vector<std::vector<std::size_t>> columns = columns_by_depth(nodes, edges), users(nodes.size());
  std::vector<Place> places(nodes.size());
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

  const double width = 2 * margin + stub + static_cast<double>(std::min(columns.size(), columns_in_band)) * column_width -
                       (column_width - box_width);
  const double height = y - band_gap + margin;
  std::string text = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:g}px\" height=\"{1:g}px\" viewBox=\"0 0 {0:g} {1:g}\" "
      "font-family=\"Helvetica, Arial, sans-serif\" font-size=\"12\">\n",
      width, height);
  const auto number = [&](double x) { return short_number(x, digits); };
  for (std::size_t e = 0; e < edges.size();) {
    const Index i = edges[e].from;
    const Place& to = places[position(nodes, i)];
    std::size_t end = e;
    while (end < edges.size() && edges[end].from == i) ++end;
    int stubs = 0;
    for (std::size_t k = e; k < end; ++k) {
      const Contribution& edge = edges[k];
      const Place& from = places[position(nodes, edge.to)];
      const double arrives = to.y + box_height * (static_cast<double>(k - e) + 1) / (static_cast<double>(end - e) + 1);
      const bool beside = from.column + 1 == to.column && to.column % columns_in_band != 0;
      if (!beside && ++stubs > most_stubs) continue;
      // One line of text over each arrow: the partial, after the name of where it comes from unless one sees that.
      std::string path, text_over = number(edge.partial);
      if (beside) {
        const double start = from.x + box_width, leaves = from.y + box_height / 2, middle = (start + to.x) / 2;
        path = fmt::format("M{:g},{:g}C{:g},{:g} {:g},{:g} {:g},{:g}", start, leaves, middle, leaves, middle, arrives, to.x - 6, arrives);
      } else {
        path = fmt::format("M{:g},{:g}H{:g}", to.x - stub, arrives, to.x - 6);
        text_over = stubs == most_stubs && end - k > 1
                        ? fmt::format("and {} more", end - k)
                        : fmt::format("{}<tspan> {}</tspan>", shortened(label(tape, edge.to), characters_at_stub), text_over);
      }
      text += fmt::format(
          "<g id=\"e{0}_{1}\" class=\"edge\"><title>{2}</title><path fill=\"none\" stroke=\"#888\" d=\"{3}\"/><polygon fill=\"#888\" "
          "points=\"{4:g},{5:g} {6:g},{7:g} {6:g},{8:g}\"/><text{9} text-anchor=\"end\" font-size=\"10\" x=\"{10:g}\" "
          "y=\"{11:g}\">{12}</text></g>\n",
          i, edge.argument, escaped(edge_tooltip(tape, edge, digits)), path, to.x, arrives, to.x - 7, arrives - 3, arrives + 3,
          beside ? "" : " class=\"from\"", to.x - 9, arrives - 3, text_over);
    }
    e = end;
  }
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    const Index i = nodes[k];
    const Place& p = places[k];
    const std::string says = equation(tape, i);
    text += fmt::format(
        "<g id=\"n{0}\" class=\"node\"><title>{1}: {2}</title><rect x=\"{3:g}\" y=\"{4:g}\" width=\"{5:g}\" height=\"{6:g}\" rx=\"8\" "
        "fill=\"#fff\" stroke=\"#444\" stroke-width=\"{7}\"/>",
        i, escaped(node_tooltip(tape, i)), escaped(says), p.x, p.y, box_width, box_height, tape[i].op == Op::Independent ? 2 : 1);
    const std::string lines[] = {shortened(says, characters_in_box), "value " + number(tape.value(i)),
                                 "adjoint " + number(gradient.adjoints[i])};
    for (int line = 0; line < 3; ++line)
      text += fmt::format("<text text-anchor=\"middle\" x=\"{:g}\" y=\"{:g}\">{}</text>", p.x + box_width / 2, p.y + 14 + 15 * line,
                          lines[line]);
    text += "</g>\n";
  }
  return text + "</svg>\n";
}

}  // namespace wengert::detail
