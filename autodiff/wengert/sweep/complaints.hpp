// What error messages are made of. Inside the library only; not installed.
#pragma once

#include <string>

#include "wengert/reverse_sweep.hpp"
#include "wengert/tape.hpp"
#include "wengert/var.hpp"

namespace wengert::detail {

/// "gradient, at demo.cpp:12" or just "gradient".
std::string called(const char* function, Location at);
/// "variable `sigma` (node 3, recorded at demo.cpp:12)", as much as the tape knows.
std::string describe(const Tape& tape, NodeId i);
/// The same for a variable whose tape may have forgotten it.
std::string describe(const Var& x);

/// Throws unless the adjoints are those of the tape as it is now recorded.
void check_adjoints_of(const Tape& tape, const Adjoints<double>& adjoints, const char* function);
[[noreturn]] void throw_direction(const char* function, std::size_t variables, std::size_t direction);
[[noreturn]] void throw_not_independent(const char* function, const Var& x, Location at);

/// Throws ShapeMismatch unless a function that is asked for one number has one output.
void throw_unless_one_output(const char* function, const char* instead, std::size_t outputs);

}  // namespace wengert::detail
