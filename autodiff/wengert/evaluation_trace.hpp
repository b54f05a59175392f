// The evaluation trace as text: what textbooks print in three parts, the independents, the intermediates, the dependents.
#pragma once

#include <string>

#include "wengert/gradient.hpp"
#include "wengert/tape.hpp"

namespace wengert {

/// How much of a tape is printed, and how.
struct TableOptions {
  int width = 80;          ///< columns; names, statements and places are shortened to fit. 0: as wide as it takes
  int digits = 6;          ///< significant digits
  NodeId most_rows = 200;  ///< of a longer tape the middle is left out, and a line says so
  NodeId around = -1;      ///< a node: only it and those near it in the order of recording
  NodeId reach = 10;       ///< how many nodes before and after `around`
  NodeId mark = -1;        ///< a node whose line begins with >
};

/// One line per node: its number, name, what it computes, its value, and the source line where that is known. Independents come
/// first, dependents (nodes that no other uses) last, rules between.
std::string evaluation_trace(const Tape& tape, const TableOptions& options = {});

/// The same with a column of adjoints. Read values downwards, adjoints upwards. Throws StaleVariable if the tape was cleared
/// since the gradient was taken, ForeignVariable if it is the gradient of another tape.
std::string evaluation_trace(const Tape& tape, const Gradient& gradient, const TableOptions& options = {});

/// The same at values and adjoints of the caller's, such as a cursor's. Either may end before the tape does: the rest is blank.
std::string evaluation_trace(const Tape& tape, ValuesView<double> values, ValuesView<double> adjoints,
                             const TableOptions& options = {});

}  // namespace wengert
