// What is rare in recording: constants that are Vars, and the errors.
#include "wengert/var.hpp"

namespace wengert::detail {

Place record_other(Op op, double result, const char* file, unsigned line,               //
                   Tape* x_tape, double x, NodeId x_index, std::uint32_t x_generation,  //
                   Tape* y_tape, double y, NodeId y_index, std::uint32_t y_generation,  //
                   Tape* z_tape, double z, NodeId z_index, std::uint32_t z_generation) {
  // Not rare at all is the first sum of an accumulator that starts at 0. So no arrays: operands stay in registers.
  const Location at{file, line};
  const int count = arity(op);
  const auto is_variable = [](const Tape* tape, NodeId index) { return tape != nullptr && index >= 0; };
  const bool from_x = is_variable(x_tape, x_index);
  const bool from_y = count > 1 && is_variable(y_tape, y_index);
  if (!from_x && !from_y && !(count > 2 && is_variable(z_tape, z_index))) return {};
  Tape& tape = from_x ? *x_tape : from_y ? *y_tape : *z_tape;  // that of the first variable
  const auto place = [&](Tape* on, double value, NodeId index, std::uint32_t generation) {
    if (on == &tape && generation == tape.generation()) return index;
    if (!is_variable(on, index)) return tape.constant(value);
    const Var beside = from_x   ? Var(x_tape, x, x_index, x_generation)
                       : from_y ? Var(y_tape, y, y_index, y_generation)
                                : Var(z_tape, z, z_index, z_generation);
    return index_on(tape, Var(on, value, index, generation), name(op), at, beside);  // throws
  };
  const NodeId at_x = place(x_tape, x, x_index, x_generation);
  const NodeId at_y = count > 1 ? place(y_tape, y, y_index, y_generation) : at_x;
  const NodeId at_z = count > 2 ? place(z_tape, z, z_index, z_generation) : at_y;
  return {&tape, tape.push(op, at_x, at_y, at_z, result, at), tape.generation()};
}

}  // namespace wengert::detail
