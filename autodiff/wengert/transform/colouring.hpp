// Colours for rows and columns, so that those of one colour can be told apart when a sweep adds them up. Inside the library only.
//
// Gebremedhin, Manne and Pothen, What color is your Jacobian? SIAM Review 47 (2005) 629-705.
#pragma once

#include <vector>

#include "wengert/transform/structure.hpp"

namespace wengert::detail {

struct Colouring {
  std::vector<NodeId> colour;
  NodeId colours = 0;
};

/// No two columns of a colour have an entry in the same row. Greedy, in the order given by the numbers of entries, most first.
Colouring colour_columns(const Pattern& rows, std::size_t columns);

/// Of a symmetric pattern: neighbours differ, and no path of four has two colours only (a star colouring, algorithm 4.1 there),
/// so that each entry stands alone in one of its two places. Greedy likewise.
Colouring colour_stars(const Pattern& symmetric);

Pattern transposed(const Pattern& rows, std::size_t columns);

}  // namespace wengert::detail
