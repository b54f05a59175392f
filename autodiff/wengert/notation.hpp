// How nodes read in print: "z", "v3", "mu + v3". One notation for tables, pictures, pages and the debugger's cursor.
#pragma once

#include <string>

#include "wengert/tape.hpp"

namespace wengert {

class Function;

/// The name of node i, or "v3" where it has none; the number itself for a constant (i < 0).
std::string label(const Tape& tape, NodeId i);

/// What node i computes, in the labels of its arguments: "mu + v3", "log(sigma)"; "independent" for an independent.
std::string statement(const Tape& tape, NodeId i);

/// The two together: "z = mu + v3"; "mu, independent" for an independent.
std::string equation(const Tape& tape, NodeId i);

/// The partial of node i in its k-th argument, in labels: "v3" for mu in mu * v3; "d f / d x" for a custom operation f.
std::string partial_statement(const Tape& tape, NodeId i, NodeId k);

/// A recorded function as a program: its inputs, a line "v2 = mu * v0" for each node, its outputs. Of more than `most_lines`
/// nodes the middle is left out, and a line says how many.
std::string to_string(const Function& f, NodeId most_lines = 200);

/// "graph.hpp:12", the folders left out; empty where the line is unknown.
std::string short_location(Location at);

/// A number with that many significant digits, as printf's %g writes it.
std::string short_number(double value, int digits = 6);

}  // namespace wengert
