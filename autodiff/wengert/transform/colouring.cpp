#include "wengert/transform/colouring.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <numeric>
#include <set>

namespace wengert::detail {
namespace {

constexpr Index none = -1;

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

std::vector<Index> most_entries_first(const Pattern& rows) {
  std::vector<Index> order(rows.size());
  std::iota(order.begin(), order.end(), Index{0});
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return rows[at(a)].size() > rows[at(b)].size(); });
  return order;
}

/// The lowest colour that is not forbidden for v, a new one if need be; for each colour `forbidden_for` has the last vertex that
/// it was forbidden for.
Index first_free(std::vector<Index>& forbidden_for, Index v) {
  const auto free = std::find_if(forbidden_for.begin(), forbidden_for.end(), [v](Index last) { return last != v; });
  const auto colour = static_cast<Index>(free - forbidden_for.begin());
  if (free == forbidden_for.end()) forbidden_for.push_back(none);
  return colour;
}

Colouring each_its_own(std::size_t count) {
  Colouring result{std::vector<Index>(count), static_cast<Index>(count)};
  std::iota(result.colour.begin(), result.colour.end(), Index{0});
  return result;
}

}  // namespace

Pattern transposed(const Pattern& rows, std::size_t columns) {
  Pattern result(columns);
  for (std::size_t row = 0; row < rows.size(); ++row)
    for (const Index column : rows[row]) result[at(column)].push_back(static_cast<Index>(row));
  return result;
}

Colouring colour_columns(const Pattern& rows, std::size_t columns) {
  for (const auto& row : rows)
    if (row.size() == columns) return each_its_own(columns);
  const Pattern of_column = transposed(rows, columns);
  Colouring result{std::vector<Index>(columns, none)};
  std::vector<Index> forbidden_for;
  for (const Index v : most_entries_first(of_column)) {
    for (const Index row : of_column[at(v)])
      for (const Index other : rows[at(row)])
        if (result.colour[at(other)] != none) forbidden_for[at(result.colour[at(other)])] = v;
    result.colour[at(v)] = first_free(forbidden_for, v);
  }
  result.colours = static_cast<Index>(forbidden_for.size());
  return result;
}

Colouring colour_stars(const Pattern& symmetric) {
  std::size_t entries = 0;
  for (const auto& row : symmetric) entries += row.size();
  if (4 * entries > symmetric.size() * symmetric.size()) return each_its_own(symmetric.size());

  // Kept up to date with each vertex that gets its colour: how many neighbours of each colour a vertex has, and which colours
  // would make a path of two colours with it: that of a neighbour which has two neighbours of the vertex's colour.
  std::vector<std::map<Index, Index>> neighbours(symmetric.size());
  std::vector<std::set<Index>> closing(symmetric.size());
  Colouring result{std::vector<Index>(symmetric.size(), none)};
  std::vector<Index> forbidden_for;
  for (const Index v : most_entries_first(symmetric)) {
    const auto forbid = [&](Index colour) { forbidden_for[at(colour)] = v; };
    for (const Index w : symmetric[at(v)]) {
      if (w == v) continue;
      if (result.colour[at(w)] != none) {
        forbid(result.colour[at(w)]);
        for (const Index colour : closing[at(w)]) forbid(colour);
      } else {
        for (const auto& [colour, count] : neighbours[at(w)]) forbid(colour);
      }
    }
    const Index chosen = first_free(forbidden_for, v);
    result.colour[at(v)] = chosen;
    for (const Index w : symmetric[at(v)]) {
      if (w == v) continue;
      const Index count = ++neighbours[at(w)][chosen], of_w = result.colour[at(w)];
      // As long as w has no colour, its neighbours' differ. With one, it may get a second neighbour of v's colour: then another
      // vertex of w's colour may not meet any of those.
      if (of_w == none || count < 2) continue;
      closing[at(v)].insert(of_w);
      if (count == 2)
        for (const Index x : symmetric[at(w)])
          if (x != w && result.colour[at(x)] == chosen) closing[at(x)].insert(of_w);
    }
  }
  result.colours = static_cast<Index>(forbidden_for.size());
  return result;
}

}  // namespace wengert::detail
