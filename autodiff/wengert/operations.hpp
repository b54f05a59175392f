// The list of operations: from it come the enum that a node holds, the dispatch from an enum value to its rule, and the tests.
#pragma once

#include <cassert>
#include <cstdint>

#include "wengert/ops.hpp"
#include "wengert/record/config.hpp"

/// The unary operations of the table, as X(rule in ops.hpp, name of the function that records it).
#define WENGERT_UNARY_OPERATIONS(X) \
  X(Neg, neg)                       \
  X(Sqrt, sqrt)                     \
  X(Cbrt, cbrt)                     \
  X(Exp, exp)                       \
  X(Exp2, exp2)                     \
  X(Expm1, expm1)                   \
  X(Log, log)                       \
  X(Log2, log2)                     \
  X(Log10, log10)                   \
  X(Log1p, log1p)                   \
  X(Sin, sin)                       \
  X(Cos, cos)                       \
  X(Tan, tan)                       \
  X(Asin, asin)                     \
  X(Acos, acos)                     \
  X(Atan, atan)                     \
  X(Sinh, sinh)                     \
  X(Cosh, cosh)                     \
  X(Tanh, tanh)                     \
  X(Asinh, asinh)                   \
  X(Acosh, acosh)                   \
  X(Atanh, atanh)                   \
  X(Erf, erf)                       \
  X(Erfc, erfc)                     \
  X(Erfinv, erfinv)                 \
  X(Erfcinv, erfcinv)               \
  X(Lgamma, lgamma)                 \
  X(Tgamma, tgamma)                 \
  X(Abs, abs)                       \
  X(Floor, floor)                   \
  X(Ceil, ceil)                     \
  X(Round, round)                   \
  X(Trunc, trunc)                   \
  X(Detach, detach)
/// The binary ones.
#define WENGERT_BINARY_OPERATIONS(X) \
  X(Add, add)                        \
  X(Sub, sub)                        \
  X(Mul, mul)                        \
  X(Div, div)                        \
  X(Pow, pow)                        \
  X(Atan2, atan2)                    \
  X(Hypot, hypot)                    \
  X(Polygamma, polygamma)            \
  X(Beta, beta)                      \
  X(Min, min)                        \
  X(Max, max)                        \
  X(Less, is_less)                   \
  X(LessEqual, is_less_equal)        \
  X(Equal, is_equal)                 \
  X(AbsorbingProduct, absorbing_product)
/// The ternary ones that no vector register has.
#define WENGERT_SPECIAL_OPERATIONS_OF_THREE(X) \
  X(PowDerivative, pow_derivative)             \
  X(IncompleteGamma, incomplete_gamma)         \
  X(Ibeta, ibeta)                              \
  X(Ibetac, ibetac)                            \
  X(IbetaDerivative, ibeta_derivative)         \
  X(IbetaA, ibeta_a)                           \
  X(IbetaB, ibeta_b)                           \
  X(IbetaAA, ibeta_aa)                         \
  X(IbetaAB, ibeta_ab)                         \
  X(IbetaBB, ibeta_bb)
/// All of them but select, which takes conditions too.
#define WENGERT_TERNARY_FUNCTIONS(X) \
  X(Fma, fma)                        \
  WENGERT_SPECIAL_OPERATIONS_OF_THREE(X)
/// With it.
#define WENGERT_TERNARY_OPERATIONS(X) \
  WENGERT_TERNARY_FUNCTIONS(X)        \
  X(Select, select)
/// All of them.
#define WENGERT_OPERATIONS(X)  \
  WENGERT_UNARY_OPERATIONS(X)  \
  WENGERT_BINARY_OPERATIONS(X) \
  WENGERT_TERNARY_OPERATIONS(X)

namespace wengert {

/// What a node does: one for each rule, by its name, and two that have no rule in the table.
enum class Op : std::uint8_t {
#define WENGERT_X(Rule, function) Rule,
  WENGERT_OPERATIONS(WENGERT_X)
#undef WENGERT_X
      Independent,  ///< takes its value from outside
  Custom            ///< an n-ary operation with rules of its own
};

/// Calls visitor.operator()<ops::Rule>() for the rule of `op`. An independent or a custom operation goes to
/// visitor.otherwise(op); for a visitor without it, `op` must be an operation of the table.
// One dense switch: a jump table without bounds.
template <class Visitor>
constexpr auto dispatch(Op op, Visitor&& visitor) {
  switch (op) {
#define WENGERT_X(Rule, function) \
  case Op::Rule:                  \
    return visitor.template operator()<ops::Rule>();
    WENGERT_OPERATIONS(WENGERT_X)
#undef WENGERT_X
    case Op::Independent:
    case Op::Custom:
      if constexpr (requires { visitor.otherwise(op); }) return visitor.otherwise(op);
  }
  assert(false && "an operation that is not in the table");
  WENGERT_UNREACHABLE;
}

namespace detail {
/// What the rules say of themselves, by Op: looked up where running a switch would take a compiler long, in constant evaluation.
struct Traits {
  const char* name;
  int arity;
  bool arithmetic, commutative, steep;
};
inline constexpr Traits traits[] = {
#define WENGERT_X(Rule, function) \
  {ops::Rule::name, ops::Rule::arity, ops::Rule::arithmetic, ops::Rule::commutative, ops::Rule::steep},
    WENGERT_OPERATIONS(WENGERT_X)
#undef WENGERT_X
        {"independent", 0, false, false, false},
    {"custom", 0, false, false, false}};
constexpr const Traits& traits_of(Op op) { return traits[static_cast<unsigned>(op)]; }
}  // namespace detail

/// "mul" for Op::Mul, "independent" and "custom" for the two that are not in the table.
constexpr const char* name(Op op) { return detail::traits_of(op).name; }

/// Number of arguments; 0 for an independent. A custom operation's own number stands with the operation.
constexpr int arity(Op op) { return detail::traits_of(op).arity; }

/// The enum value of a rule: op_of<ops::Mul> is Op::Mul.
template <class Rule>
inline constexpr Op op_of = Op::Custom;
#define WENGERT_X(Rule, function) \
  template <>                     \
  inline constexpr Op op_of<ops::Rule> = Op::Rule;
WENGERT_OPERATIONS(WENGERT_X)
#undef WENGERT_X

namespace detail {
/// Whether an operation of the table stands exactly on a kink or a jump at (x, y); a unary one's y is of no account.
inline bool at_kink(Op op, double x, double y) {
  return dispatch(op, [&]<class Rule>() {
    if constexpr (requires { Rule::at_kink(x); })
      return Rule::at_kink(x);
    else if constexpr (requires { Rule::at_kink(x, y); })
      return Rule::at_kink(x, y);
    else
      return false;
  });
}
}  // namespace detail

}  // namespace wengert
