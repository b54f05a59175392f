// Runs a random program on Vars, by the operators and functions that users call.
#pragma once

#include <array>

#include "wengert/wengert.hpp"

struct VarMachine {
  using Var = wengert::Var;
  using Op = wengert::Op;

  static Var constant(double c) { return c; }
  static bool is_less(const Var& x, const Var& y) { return x < y; }
  static Var compute(Op op, const std::array<Var, 3>& a) {
    switch (op) {
      case Op::Add:
        return a[0] + a[1];
      case Op::Sub:
        return a[0] - a[1];
      case Op::Mul:
        return a[0] * a[1];
      case Op::Div:
        return a[0] / a[1];
      case Op::Neg:
        return -a[0];
      default:
        break;
    }
    switch (op) {
#define X(Rule, function) \
  case Op::Rule:          \
    return function(a[0]);
      WENGERT_UNARY_OPERATIONS(X)
#undef X
#define X(Rule, function) \
  case Op::Rule:          \
    return wengert::function(a[0], a[1]);  // is_less here is a branch
      WENGERT_BINARY_OPERATIONS(X)
#undef X
#define X(Rule, function) \
  case Op::Rule:          \
    return function(a[0], a[1], a[2]);
      WENGERT_TERNARY_OPERATIONS(X)
#undef X
      default:
        throw op;
    }
  }
};
