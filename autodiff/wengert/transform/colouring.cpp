#include "wengert/transform/colouring.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <numeric>
#include <set>

namespace wengert::detail {
namespace {

constexpr NodeId none = -1;

std::size_t at(NodeId i) { return static_cast<std::size_t>(i); }

std::vector<NodeId> most_entries_first(const Pattern& rows) {
  std::vector<NodeId> order(rows.size());
  std::iota(order.begin(), order.end(), NodeId{0});
  std::stable_sort(order.begin(), order.end(), [&](NodeId a, NodeId b) { return rows[at(a)].size() > rows[at(b)].size(); });
  return order;
}

/// The lowest colour that is not forbidden for v, a new one if need be; for each colour `forbidden_for` has the last vertex that
/// it was forbidden for.
NodeId first_free(std::vector<NodeId>& forbidden_for, NodeId v) {
  const auto free = std::find_if(forbidden_for.begin(), forbidden_for.end(), [v](NodeId last) { return last != v; });
  const auto colour = static_cast<NodeId>(free - forbidden_for.begin());
  if (free == forbidden_for.end()) forbidden_for.push_back(none);
  return colour;
}

Colouring each_its_own(std::size_t count) {
  Colouring result{std::vector<NodeId>(count), static_cast<NodeId>(count)};
  std::iota(result.colour.begin(), result.colour.end(), NodeId{0});
  return result;
}

}  // namespace

Pattern transposed(const Pattern& rows, std::size_t columns) {
  Pattern result(columns);
  for (std::size_t row = 0; row < rows.size(); ++row)
    for (const NodeId column : rows[row]) result[at(column)].push_back(static_cast<NodeId>(row));
  return result;
}

Colouring colour_columns(const Pattern& rows, std::size_t columns) {
  for (const auto& row : rows)
    if (row.size() == columns) return each_its_own(columns);
  const Pattern of_column = transposed(rows, columns);
  Colouring result{std::vector<NodeId>(columns, none)};
  std::vector<NodeId> forbidden_for;
  for (const NodeId v : most_entries_first(of_column)) {
    for (const NodeId row : of_column[at(v)])
      for (const NodeId other : rows[at(row)])
        if (result.colour[at(other)] != none) forbidden_for[at(result.colour[at(other)])] = v;
    result.colour[at(v)] = first_free(forbidden_for, v);
  }
  result.colours = static_cast<NodeId>(forbidden_for.size());
  return result;
}

Colouring colour_stars(const Pattern& symmetric) {
  std::size_t entries = 0;
  for (const auto& row : symmetric) entries += row.size();
  if (4 * entries > symmetric.size() * symmetric.size()) return each_its_own(symmetric.size());

  // Kept up to date with each vertex that gets its colour: how many neighbours of each colour a vertex has, and which colours
  // would make a path of two colours with it: that of a neighbour which has two neighbours of the vertex's colour.
  std::vector<std::map<NodeId, NodeId>> neighbours(symmetric.size());
  std::vector<std::set<NodeId>> closing(symmetric.size());
  Colouring result{std::vector<NodeId>(symmetric.size(), none)};
  std::vector<NodeId> forbidden_for;
  for (const NodeId v : most_entries_first(symmetric)) {
    const auto forbid = [&](NodeId colour) { forbidden_for[at(colour)] = v; };
    for (const NodeId w : symmetric[at(v)]) {
      if (w == v) continue;
      if (result.colour[at(w)] != none) {
        forbid(result.colour[at(w)]);
        for (const NodeId colour : closing[at(w)]) forbid(colour);
      } else {
        for (const auto& [colour, count] : neighbours[at(w)]) forbid(colour);
      }
    }
    const NodeId chosen = first_free(forbidden_for, v);
    result.colour[at(v)] = chosen;
    for (const NodeId w : symmetric[at(v)]) {
      if (w == v) continue;
      const NodeId count = ++neighbours[at(w)][chosen], of_w = result.colour[at(w)];
      // As long as w has no colour, its neighbours' differ. With one, it may get a second neighbour of v's colour: then another
      // vertex of w's colour may not meet any of those.
      if (of_w == none || count < 2) continue;
      closing[at(v)].insert(of_w);
      if (count == 2)
        for (const NodeId x : symmetric[at(w)])
          if (x != w && result.colour[at(x)] == chosen) closing[at(x)].insert(of_w);
    }
  }
  result.colours = static_cast<NodeId>(forbidden_for.size());
  return result;
}

}  // namespace wengert::detail
