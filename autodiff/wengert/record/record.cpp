// What is rare in recording: constants that are Vars, and the errors.
#include "wengert/var.hpp"

namespace wengert::detail {

Var record_other(Op op, double value, Var x, Var y, Var z, const char* file, unsigned line) {
  const Location at{file, line};
  const Var* operands[] = {&x, &y, &z};
  const int count = arity(op);
  Var beside;
  for (int k = count; k-- > 0;)
    if (!operands[k]->is_constant()) beside = *operands[k];  // the first
  if (beside.is_constant()) return value;
  Tape& tape = *beside.tape();
  Index indices[3] = {};
  for (int k = 0; k < count; ++k) indices[k] = index_on(tape, *operands[k], name(op), at, beside);
  return Var(tape, tape.push(op, indices[0], indices[1], indices[2], value, at), value);
}

}  // namespace wengert::detail
