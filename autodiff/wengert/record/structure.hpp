// Recording in constant evaluation, for fused functions: values are skipped, and constants may know their tape.
#pragma once

#include "wengert/var.hpp"

namespace wengert::detail {

template <class Rule>
constexpr Var record_structure(const Operand& x, const Operand& y, const Operand& z, Location at) {
  const Var& beside = !x.var.is_constant() ? x.var : !y.var.is_constant() ? y.var : z.var;
  Tape* tape = beside.tape();
  if (beside.is_constant()) {  // all of them
    if constexpr (Rule::arithmetic) {
      if constexpr (Rule::arity == 1)
        return Rule::template value<double>(x.var.value());
      else if constexpr (Rule::arity == 2)
        return Rule::template value<double>(x.var.value(), y.var.value());
      else
        return Rule::template value<double>(x.var.value(), y.var.value(), z.var.value());
    }
    // a constant that knows its tape: what cannot be computed now is recorded
    tape = x.var.tape() != nullptr ? x.var.tape() : y.var.tape() != nullptr ? y.var.tape() : z.var.tape();
    if (tape == nullptr) a_fused_function_cannot_compute_this_of_a_plain_number_write_the_number();
  }
  const Index at_x = index_on(*tape, x.var, Rule::name, at, beside);
  const Index at_y = Rule::arity > 1 ? index_on(*tape, y.var, Rule::name, at, beside) : at_x;
  const Index at_z = Rule::arity > 2 ? index_on(*tape, z.var, Rule::name, at, beside) : at_y;
  return push<Rule>(*tape, at_x, at_y, at_z, (at_x < 0 ? 1u : 0u) | (at_y < 0 ? 2u : 0u), 0, at);
}

}  // namespace wengert::detail
