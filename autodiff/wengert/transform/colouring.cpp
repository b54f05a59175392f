#include "wengert/transform/colouring.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

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

/// Gives one vertex after the other the lowest colour that `each_forbidden` does not show.
template <class EachForbidden>
Colouring greedy(const std::vector<Index>& order, EachForbidden each_forbidden) {
  Colouring result{std::vector<Index>(order.size(), none)};
  std::vector<Index> forbidden_for;  // the last vertex that a colour was forbidden for
  for (const Index v : order) {
    each_forbidden(v, result.colour, [&](Index colour) { forbidden_for[at(colour)] = v; });
    const auto free = std::find_if(forbidden_for.begin(), forbidden_for.end(), [v](Index last) { return last != v; });
    result.colour[at(v)] = static_cast<Index>(free - forbidden_for.begin());
    if (free == forbidden_for.end()) forbidden_for.push_back(none);
  }
  result.colours = static_cast<Index>(forbidden_for.size());
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
  const Pattern of_column = transposed(rows, columns);
  return greedy(most_entries_first(of_column), [&](Index v, const std::vector<Index>& colour, auto forbid) {
    for (const Index row : of_column[at(v)])
      for (const Index other : rows[at(row)])
        if (colour[at(other)] != none) forbid(colour[at(other)]);
  });
}

Colouring colour_stars(const Pattern& symmetric) {
  return greedy(most_entries_first(symmetric), [&](Index v, const std::vector<Index>& colour, auto forbid) {
    for (const Index w : symmetric[at(v)]) {
      if (w == v) continue;
      if (colour[at(w)] != none) forbid(colour[at(w)]);
      for (const Index x : symmetric[at(w)]) {
        if (x == v || x == w || colour[at(x)] == none) continue;
        // the path v - w - x, and where w has a colour, those that go on to a y of that colour
        if (colour[at(w)] == none || std::any_of(symmetric[at(x)].begin(), symmetric[at(x)].end(),
                                                 [&](Index y) { return y != w && y != x && colour[at(y)] == colour[at(w)]; }))
          forbid(colour[at(x)]);
      }
    }
  });
}

}  // namespace wengert::detail
