// Var: a number that records what is done with it. Operand and record(): the one door through which every operation goes.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>

#include "wengert/location.hpp"
#include "wengert/tape.hpp"

namespace wengert {

/// A value and its place on a tape. Small and trivially copyable: pass it by value.
/// Made from a number it is a constant: it sits on no tape, and operations among constants record nothing.
class Var {
 public:
  constexpr Var() = default;
  template <class Number>
  requires std::is_arithmetic_v<Number>
  constexpr Var(Number value) : value_(static_cast<double>(value)) {}
  /// For sweeps that record: the node (or, below 0, the constant) `index` of a tape.
  constexpr Var(Tape& tape, Index index) : Var(tape, index, tape.value(index)) {}
  constexpr Var(Tape& tape, Index index, double value)
      : tape_(&tape), value_(value), index_(index), generation_(tape.generation()) {}

  constexpr double value() const { return value_; }
  /// The node's number; below 0 for a constant.
  constexpr Index index() const { return index_; }
  constexpr bool is_constant() const { return index_ < 0; }
  /// nullptr for a constant made from a number.
  constexpr Tape* tape() const { return tape_; }
  constexpr std::uint32_t generation() const { return generation_; }

  /// How a sweep on the number type Var computes an operation: it records it.
  template <class Rule, class... Vars>
  static constexpr Var evaluate(const Vars&... x);

 private:
  Tape* tape_ = nullptr;
  double value_ = 0;
  Index index_ = -1;
  std::uint32_t generation_ = 0;
};

static_assert(sizeof(Var) == 24 && std::is_trivially_copyable_v<Var>);

/// What every operation takes: a Var or a number, and the place in the source where it was handed over.
struct Operand {
  Var var;
  Location at;

  constexpr Operand(Var v, Location here = Location::current()) : var(v), at(here) {}
  template <class Number>
  requires std::is_arithmetic_v<Number>
  constexpr Operand(Number v, Location here = Location::current()) : var(v), at(here) {}
};

// The errors of recording; they never return. `operation` is what the user called.
[[noreturn]] void throw_foreign(const char* operation, const Var& x, const Tape& tape, std::span<const Operand> beside,
                                Location at);
[[noreturn]] void throw_stale(const char* operation, const Var& x, Location at);
// Not constexpr, and that is the point: what calls them does not compile as part of a fused function.
void a_fused_function_cannot_branch_on_a_value__use_select();
void a_fused_function_cannot_compute_this_of_a_plain_number__write_the_number();

/// Index of an operand on the tape: its own, or that of the constant it is. An error names the one `beside` it that is on the
/// tape.
constexpr Index index_on(Tape& tape, const Var& x, const char* operation, Location at, std::span<const Operand> beside = {}) {
  if (x.tape() == &tape && x.generation() == tape.generation()) [[likely]]
    return x.index();
  if (x.is_constant()) return tape.constant(x.value());
  if (x.tape() != &tape) throw_foreign(operation, x, tape, beside, at);
  throw_stale(operation, x, at);
}

/// Rule's value at the values of its operands.
template <class Rule>
constexpr double value_at(const Operand (&operands)[Rule::arity]) {
  if constexpr (Rule::arity == 1)
    return Rule::template value<double>(operands[0].var.value());
  else if constexpr (Rule::arity == 2)
    return Rule::template value<double>(operands[0].var.value(), operands[1].var.value());
  else
    return Rule::template value<double>(operands[0].var.value(), operands[1].var.value(), operands[2].var.value());
}

/// Computes Rule of its operands and appends it to their tape; among constants it only computes.
/// Throws ForeignVariable or StaleVariable. In constant evaluation values are skipped: only the structure is wanted.
template <class Rule>
constexpr Var record(const Operand (&operands)[Rule::arity]) {
  Tape* tape = nullptr;
  for (const Operand& operand : operands)
    if (tape == nullptr && !operand.var.is_constant()) tape = operand.var.tape();
  if (tape == nullptr) {
    if (!std::is_constant_evaluated() || Rule::arithmetic) return value_at<Rule>(operands);
    tape = operands[0].var.tape();  // a constant that knows its tape: what cannot be computed now is recorded
    if (tape == nullptr) a_fused_function_cannot_compute_this_of_a_plain_number__write_the_number();
  }
  const Location at = operands[Rule::arity - 1].at;  // gcc puts the operator's line there, clang the operand's own
  Index index[Rule::arity] = {};
  for (int k = 0; k < Rule::arity; ++k) index[k] = index_on(*tape, operands[k].var, Rule::name, at, operands);
  const double value = std::is_constant_evaluated() ? 0 : value_at<Rule>(operands);
  Index y = index[0];
  if constexpr (Rule::arity == 2) y = index[1];
  if constexpr (Rule::arity == 3) y = tape->push_extra(std::span(index).subspan(1));
  return Var(*tape, tape->push(op_of<Rule>, index[0], y, value, at), value);
}

template <class Rule, class... Vars>
constexpr Var Var::evaluate(const Vars&... x) {
  return record<Rule>({Operand(x)...});
}

/// Marks that the recording program branched on a comparison, unless both sides are constants.
constexpr void record_guard(Op relation, const Operand& x, const Operand& y, bool outcome) {
  Tape* tape = x.var.tape() != nullptr ? x.var.tape() : y.var.tape();
  if (x.var.is_constant() && y.var.is_constant()) return;
  if (std::is_constant_evaluated()) a_fused_function_cannot_branch_on_a_value__use_select();
  const Index at_x = index_on(*tape, x.var, name(relation), y.at, {&y, 1});
  const Index at_y = index_on(*tape, y.var, name(relation), y.at, {&x, 1});
  tape->push_guard({relation, at_x, at_y, outcome, tape->size(), y.at});
}

/// The outcome of comparing two Vars. As a bool it is a branch, which is guarded in replays; in select(…) it is data.
class Condition {
 public:
  constexpr Condition(Op relation, Operand x, Operand y, bool negated = false)
      : x_(x), y_(y), relation_(relation), negated_(negated) {}

  constexpr operator bool() const {
    const bool outcome = holds();
    record_guard(relation_, x_, y_, outcome);
    return outcome != negated_;
  }
  /// The truth as a recorded number, 1 or 0.
  constexpr Var as_var() const {
    const Var truth = relation_ == Op::Less        ? record<ops::Less>({x_, y_})
                      : relation_ == Op::LessEqual ? record<ops::LessEqual>({x_, y_})
                                                   : record<ops::Equal>({x_, y_});
    return negated_ ? record<ops::Sub>({Operand(1.0, y_.at), Operand(truth, y_.at)}) : truth;
  }
  constexpr Condition operator!() const { return {relation_, x_, y_, !negated_}; }

 private:
  constexpr bool holds() const {
    const double x = x_.var.value(), y = y_.var.value();
    return relation_ == Op::Less ? x < y : relation_ == Op::LessEqual ? x <= y : x == y;
  }

  Operand x_, y_;
  Op relation_;
  bool negated_;
};

constexpr Condition operator<(Operand x, Operand y) { return {Op::Less, x, y}; }
constexpr Condition operator>(Operand x, Operand y) { return {Op::Less, y, x}; }
constexpr Condition operator<=(Operand x, Operand y) { return {Op::LessEqual, x, y}; }
constexpr Condition operator>=(Operand x, Operand y) { return {Op::LessEqual, y, x}; }
constexpr Condition operator==(Operand x, Operand y) { return {Op::Equal, x, y}; }
constexpr Condition operator!=(Operand x, Operand y) { return {Op::Equal, x, y, true}; }
/// Both, and either, as data: 1 or 0. (&& and || branch, as in any C++.)
constexpr Condition operator&(const Condition& x, const Condition& y);
constexpr Condition operator|(const Condition& x, const Condition& y);

constexpr Var operator+(Operand x, Operand y) { return record<ops::Add>({x, y}); }
constexpr Var operator-(Operand x, Operand y) { return record<ops::Sub>({x, y}); }
constexpr Var operator*(Operand x, Operand y) { return record<ops::Mul>({x, y}); }
constexpr Var operator/(Operand x, Operand y) { return record<ops::Div>({x, y}); }
constexpr Var operator-(Operand x) { return record<ops::Neg>({x}); }
constexpr Var operator+(Operand x) { return x.var; }
constexpr Var& operator+=(Var& x, Operand y) { return x = record<ops::Add>({Operand(x, y.at), y}); }
constexpr Var& operator-=(Var& x, Operand y) { return x = record<ops::Sub>({Operand(x, y.at), y}); }
constexpr Var& operator*=(Var& x, Operand y) { return x = record<ops::Mul>({Operand(x, y.at), y}); }
constexpr Var& operator/=(Var& x, Operand y) { return x = record<ops::Div>({Operand(x, y.at), y}); }

// Every operation of the table as a function, found by argument-dependent lookup: exp(x), hypot(x, 2), fma(x, y, z), detach(x).
#define X(Rule, function) \
  constexpr Var function(Operand x) { return record<ops::Rule>({x}); }
WENGERT_UNARY_OPERATIONS(X)
#undef X
#define X(Rule, function) \
  constexpr Var function(Operand x, Operand y) { return record<ops::Rule>({x, y}); }
WENGERT_BINARY_OPERATIONS(X)
#undef X
#define X(Rule, function) \
  constexpr Var function(Operand x, Operand y, Operand z) { return record<ops::Rule>({x, y, z}); }
WENGERT_TERNARY_OPERATIONS(X)
#undef X

constexpr Var fabs(Operand x) { return record<ops::Abs>({x}); }
constexpr Var fmin(Operand x, Operand y) { return record<ops::Min>({x, y}); }
constexpr Var fmax(Operand x, Operand y) { return record<ops::Max>({x, y}); }
// Exact matches, so that they win over std::min and std::max where `using std::max;` brings those in.
constexpr Var min(const Var& x, const Var& y, Location at = Location::current()) {
  return record<ops::Min>({Operand(x, at), Operand(y, at)});
}
constexpr Var max(const Var& x, const Var& y, Location at = Location::current()) {
  return record<ops::Max>({Operand(x, at), Operand(y, at)});
}

/// x where the condition holds, y elsewhere, decided anew in every replay. Both sides are computed; only the chosen one gets an
/// adjoint.
constexpr Var select(const Condition& condition, Operand x, Operand y) {
  const Var truth = condition.as_var();
  if (truth.is_constant()) return truth.value() != 0 ? x.var : y.var;
  return record<ops::Select>({Operand(truth, y.at), x, y});
}
constexpr Var select(bool condition, Operand x, Operand y) { return condition ? x.var : y.var; }

constexpr Condition operator&(const Condition& x, const Condition& y) {
  return {Op::Equal, record<ops::Mul>({x.as_var(), y.as_var()}), Operand(1.0)};
}
constexpr Condition operator|(const Condition& x, const Condition& y) {
  return {Op::Less, Operand(0.0), record<ops::Add>({x.as_var(), y.as_var()})};
}

// What generic code asks of a number. Branches on the value, guarded in replays like any other.
constexpr bool isnan(Operand x) { return x != x; }
constexpr bool isinf(Operand x) { return x == Operand(ops::infinity, x.at) || x == Operand(-ops::infinity, x.at); }
constexpr bool isfinite(Operand x) { return Operand(-ops::infinity, x.at) < x && x < Operand(ops::infinity, x.at); }

/// Gives a node a name for tables, errors and pictures, and returns it. Numbers pass through, so generic code can name its steps.
constexpr Var named(std::string_view name, Var x) {
  if (!x.is_constant()) x.tape()->set_name(index_on(*x.tape(), x, "named", {}), name);
  return x;
}
template <class T>
requires(!std::is_same_v<T, Var>) constexpr T named(std::string_view, T x) { return x; }

constexpr Var Tape::variable(double value, std::string_view name, Location at) {
  const Index i = push(Op::Independent, 0, 0, value, at);
  independents_.push_back(i);
  if (!name.empty()) set_name(i, name);
  return Var(*this, i);
}

/// The plain number inside, for generic code.
constexpr double value_of(const Var& x) { return x.value(); }

/// A constant of the number type T for a sweep whose independents are xs. In constant evaluation a Var constant remembers the
/// tape, so that what cannot be computed at compile time (log 2, say) can be recorded there.
template <class T>
constexpr T constant_beside(double value, std::span<const T> xs) {
  if constexpr (std::is_same_v<T, Var>)
    if (std::is_constant_evaluated() && !xs.empty() && xs[0].tape() != nullptr)
      return Var(*xs[0].tape(), xs[0].tape()->constant(value));
  return static_cast<T>(value);
}

}  // namespace wengert

// Without it, generic code that asks for epsilon() of a Var would be told 0.
template <>
class std::numeric_limits<wengert::Var> : public std::numeric_limits<double> {};
