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
  constexpr Var(Tape& tape, Index index, double value) : Var(&tape, value, index, tape.generation()) {}
  /// From its parts, unchecked.
  constexpr Var(Tape* tape, double value, Index index, std::uint32_t generation)
      : tape_(tape), value_(value), index_(index), generation_(generation) {}

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
  bool is_number;  // known while compiling, where what a Var holds is not

  // Member by member: copied whole, with vector moves, a Var that was just written (by parts) stalls the load.
  WENGERT_INLINE constexpr Operand(const Var& v, Location here = Location::current())
      : var(v.tape(), v.value(), v.index(), v.generation()), at(here), is_number(false) {}
  template <class Number>
  requires std::is_arithmetic_v<Number> WENGERT_INLINE constexpr Operand(Number v, Location here = Location::current())
      : var(v), at(here), is_number(true) {}
};

// The errors of recording; they never return. `operation` is what the user called.
[[noreturn]] void throw_foreign(const char* operation, const Var& x, const Tape& tape, std::span<const Operand> beside,
                                Location at);
[[noreturn]] void throw_stale(const char* operation, const Var& x, Location at);
// Not constexpr, and that is the point: what calls them does not compile as part of a fused function.
void a_fused_function_cannot_branch_on_a_value__use_select();
void a_fused_function_cannot_compute_this_of_a_plain_number__write_the_number();

/// Index of an operand that is no variable of this recording: that of the constant it is. Throws for any other.
// Out of line and piece by piece: an operand or a location handed over whole would have to be built in memory by every operation,
// for the sake of this rare call.
[[gnu::noinline]] constexpr Index index_of_other(Tape& tape, Tape* owner, double value, Index index, std::uint32_t generation,
                                                 const char* operation, const char* file, unsigned line, Index beside) {
  if (index < 0) return tape.constant(value);
  const Var x(owner, value, index, generation);
  const Operand other(Var(&tape, 0, beside, tape.generation()));
  if (owner != &tape) throw_foreign(operation, x, tape, {&other, beside < 0 ? 0u : 1u}, {file, line});
  throw_stale(operation, x, {file, line});
}

/// Index of an operand on the tape: its own, or that of the constant it is. An error names the node `beside` it that is on the
/// tape.
WENGERT_INLINE constexpr Index index_on(Tape& tape, const Var& x, const char* operation, Location at, Index beside = -1) {
  if (x.tape() == &tape && x.generation() == tape.generation()) [[likely]]
    return x.index();
  return index_of_other(tape, x.tape(), x.value(), x.index(), x.generation(), operation, at.file, at.line, beside);
}
WENGERT_INLINE constexpr Index index_on(Tape& tape, const Operand& x, const char* operation, Location at, Index beside) {
  return x.is_number ? tape.constant(x.var.value()) : index_on(tape, x.var, operation, at, beside);
}

WENGERT_INLINE constexpr const Operand& first_of(const Operand& x, const auto&...) { return x; }

/// Appends Rule of the nodes x to the tape.
template <class Rule>
WENGERT_INLINE constexpr Index push(Tape& tape, const Index (&x)[Rule::arity], double value, Location at) {
  if constexpr (Rule::arity == 3)
    return tape.push(op_of<Rule>, x[0], tape.push_extra(std::span(x).subspan(1)), value, at);
  else
    return tape.push(op_of<Rule>, x[0], x[Rule::arity - 1], value, at);
}

/// The tape of the first operand that is no constant; nullptr where all are.
WENGERT_INLINE constexpr Tape* common_tape() { return nullptr; }
template <class... Operands>
WENGERT_INLINE constexpr Tape* common_tape(const Operand& x, const Operands&... more) {
  if (x.is_number || x.var.is_constant()) return common_tape(more...);
  if (x.var.tape() == nullptr) __builtin_unreachable();  // nodes are on tapes
  return x.var.tape();
}

/// Index of the first operand that is no constant.
WENGERT_INLINE constexpr Index index_beside() { return -1; }
template <class... Operands>
WENGERT_INLINE constexpr Index index_beside(const Operand& x, const Operands&... more) {
  return x.is_number || x.var.is_constant() ? index_beside(more...) : x.var.index();
}

/// Appends Rule of x… to their tape; among constants it only computes. `at` is the operation's place in the source. Throws
/// ForeignVariable or StaleVariable. In constant evaluation values are skipped: only the structure is wanted.
// No loops over operands and no addresses of them: so the optimiser keeps them in registers.
template <class Rule, std::same_as<Operand>... Operands>
WENGERT_INLINE constexpr Var record_at(Location at, const Operands&... x) {
  Tape* tape = common_tape(x...);
  if (tape == nullptr) {
    if (!std::is_constant_evaluated() || Rule::arithmetic) return Rule::template value<double>(x.var.value()...);
    tape = first_of(x...).var.tape();  // a constant that knows its tape: what cannot be computed now is recorded
    if (tape == nullptr) a_fused_function_cannot_compute_this_of_a_plain_number__write_the_number();
  }
  const double value = std::is_constant_evaluated() ? 0 : Rule::template value<double>(x.var.value()...);
  const Index beside = index_beside(x...);
  const Index indices[] = {index_on(*tape, x, Rule::name, at, beside)...};
  return Var(*tape, push<Rule>(*tape, indices, value, at), value);
}

/// The same, at the place of the last operand: gcc puts the operator's line there, clang the operand's own.
template <class Rule>
WENGERT_INLINE constexpr Var record(const Operand& x) {
  return record_at<Rule>(x.at, x);
}
template <class Rule>
WENGERT_INLINE constexpr Var record(const Operand& x, const Operand& y) {
  return record_at<Rule>(y.at, x, y);
}
template <class Rule>
WENGERT_INLINE constexpr Var record(const Operand& x, const Operand& y, const Operand& z) {
  return record_at<Rule>(z.at, x, y, z);
}

template <class Rule, class... Vars>
constexpr Var Var::evaluate(const Vars&... x) {
  return record<Rule>(Operand(x)...);
}

/// Marks that the recording program branched on a comparison, unless both sides are constants.
constexpr void record_guard(Op relation, const Operand& x, const Operand& y, bool outcome) {
  Tape* tape = x.var.tape() != nullptr ? x.var.tape() : y.var.tape();
  if (x.var.is_constant() && y.var.is_constant()) return;
  if (std::is_constant_evaluated()) a_fused_function_cannot_branch_on_a_value__use_select();
  const Index at_x = index_on(*tape, x.var, name(relation), y.at, y.var.index());
  const Index at_y = index_on(*tape, y.var, name(relation), y.at, x.var.index());
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
    const Var truth = relation_ == Op::Less        ? record<ops::Less>(x_, y_)
                      : relation_ == Op::LessEqual ? record<ops::LessEqual>(x_, y_)
                                                   : record<ops::Equal>(x_, y_);
    return negated_ ? record<ops::Sub>(Operand(1.0, y_.at), Operand(truth, y_.at)) : truth;
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

WENGERT_INLINE constexpr Var operator+(Operand x, Operand y) { return record<ops::Add>(x, y); }
WENGERT_INLINE constexpr Var operator-(Operand x, Operand y) { return record<ops::Sub>(x, y); }
WENGERT_INLINE constexpr Var operator*(Operand x, Operand y) { return record<ops::Mul>(x, y); }
WENGERT_INLINE constexpr Var operator/(Operand x, Operand y) { return record<ops::Div>(x, y); }
WENGERT_INLINE constexpr Var operator-(Operand x) { return record<ops::Neg>(x); }
WENGERT_INLINE constexpr Var operator+(Operand x) { return x.var; }
WENGERT_INLINE constexpr Var& operator+=(Var& x, Operand y) { return x = record<ops::Add>(Operand(x, y.at), y); }
WENGERT_INLINE constexpr Var& operator-=(Var& x, Operand y) { return x = record<ops::Sub>(Operand(x, y.at), y); }
WENGERT_INLINE constexpr Var& operator*=(Var& x, Operand y) { return x = record<ops::Mul>(Operand(x, y.at), y); }
WENGERT_INLINE constexpr Var& operator/=(Var& x, Operand y) { return x = record<ops::Div>(Operand(x, y.at), y); }

// Every operation of the table as a function, found by argument-dependent lookup: exp(x), hypot(x, 2), fma(x, y, z), detach(x).
#define X(Rule, function) \
  WENGERT_INLINE constexpr Var function(Operand x) { return record<ops::Rule>(x); }
WENGERT_UNARY_OPERATIONS(X)
#undef X
#define X(Rule, function) \
  WENGERT_INLINE constexpr Var function(Operand x, Operand y) { return record<ops::Rule>(x, y); }
WENGERT_BINARY_OPERATIONS(X)
#undef X
#define X(Rule, function) \
  WENGERT_INLINE constexpr Var function(Operand x, Operand y, Operand z) { return record<ops::Rule>(x, y, z); }
WENGERT_TERNARY_OPERATIONS(X)
#undef X

WENGERT_INLINE constexpr Var fabs(Operand x) { return record<ops::Abs>(x); }
WENGERT_INLINE constexpr Var fmin(Operand x, Operand y) { return record<ops::Min>(x, y); }
WENGERT_INLINE constexpr Var fmax(Operand x, Operand y) { return record<ops::Max>(x, y); }
// Exact matches, so that they win over std::min and std::max where `using std::max;` brings those in.
WENGERT_INLINE constexpr Var min(const Var& x, const Var& y, Location at = Location::current()) {
  return record<ops::Min>(Operand(x, at), Operand(y, at));
}
WENGERT_INLINE constexpr Var max(const Var& x, const Var& y, Location at = Location::current()) {
  return record<ops::Max>(Operand(x, at), Operand(y, at));
}

/// x where the condition holds, y elsewhere, decided anew in every replay. Both sides are computed; only the chosen one gets an
/// adjoint.
constexpr Var select(const Condition& condition, Operand x, Operand y) {
  const Var truth = condition.as_var();
  if (truth.is_constant()) return truth.value() != 0 ? x.var : y.var;
  return record<ops::Select>(Operand(truth, y.at), x, y);
}
constexpr Var select(bool condition, Operand x, Operand y) { return condition ? x.var : y.var; }

constexpr Condition operator&(const Condition& x, const Condition& y) {
  return {Op::Equal, record<ops::Mul>(x.as_var(), y.as_var()), Operand(1.0)};
}
constexpr Condition operator|(const Condition& x, const Condition& y) {
  return {Op::Less, Operand(0.0), record<ops::Add>(x.as_var(), y.as_var())};
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

// Inlined, because a Var returned through memory, written by parts and copied whole, stalls its reader.
WENGERT_INLINE constexpr Var Tape::variable(double value, std::string_view name, Location at) {
  const Index i = push(Op::Independent, 0, 0, value, at);
  independents_.push_back(i);
  if (!name.empty()) set_name(i, name);
  return Var(*this, i, value);
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
