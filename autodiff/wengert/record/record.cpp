// What is rare in recording: constants that are Vars, and the errors.
#include "wengert/var.hpp"

namespace wengert::detail {

Place record_other(Op op, double result, const char* file, unsigned line,               //
                   Tape* x_tape, double x, NodeId x_index, std::uint32_t x_generation,  //
                   Tape* y_tape, double y, NodeId y_index, std::uint32_t y_generation,  //
                   Tape* z_tape, double z, NodeId z_index, std::uint32_t z_generation) {
  const Location at{file, line};
  const Var operands[] = {Var(x_tape, x, x_index, x_generation), Var(y_tape, y, y_index, y_generation),
                          Var(z_tape, z, z_index, z_generation)};
  const int count = arity(op);
  Var beside;
  for (int k = count; k-- > 0;)
    if (!operands[k].is_constant()) beside = operands[k];  // the first
  if (beside.is_constant()) return {};
  Tape& tape = *beside.tape();
  NodeId indices[3] = {};
  for (int k = 0; k < count; ++k) indices[k] = index_on(tape, operands[k], name(op), at, beside);
  return {&tape, tape.push(op, indices[0], indices[1], indices[2], result, at), tape.generation()};
}

}  // namespace wengert::detail
