// Var: a number that records what is done with it. Operand and record(): the one door through which every operation goes.
#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "wengert/location.hpp"
#include "wengert/record/config.hpp"
#include "wengert/tape.hpp"

namespace wengert {

class Condition;

namespace detail {
/// What stands for a number in an operation: arithmetic types, enums, and whatever else converts to double by itself.
template <class T>
concept Number = std::is_arithmetic_v<T> ||
                 (!std::derived_from<T, Var> && !std::same_as<T, Condition> && std::convertible_to<const T&, double>);
}  // namespace detail

/// A value and its place on a tape. Small and trivially copyable: pass it by value.
/// Made from a number it is a constant: it sits on no tape, and operations among constants record nothing. So is a Var of zero
/// bytes, as memset and calloc make it: the constant 0.
class Var {
 public:
  constexpr Var() = default;
  /// A constant.
  template <detail::Number Number>
  constexpr Var(const Number& value) : value_(static_cast<double>(value)) {}
  /// For sweeps that record: the node (or, below 0, the constant) `index` of a tape.
  constexpr Var(Tape& tape, NodeId index) : Var(tape, index, tape.value(index)) {}
  constexpr Var(Tape& tape, NodeId index, double value) : Var(&tape, value, index, tape.generation()) {}
  /// From its parts, unchecked.
  constexpr Var(Tape* tape, double value, NodeId index, std::uint32_t generation)
      : tape_(tape), value_(value), index_(index), generation_(generation) {}

  /// The number.
  constexpr double value() const { return value_; }
  /// index(): the node's number; below 0 where is_constant().
  constexpr NodeId index() const { return tape_ != nullptr ? index_ : -1; }
  constexpr bool is_constant() const { return tape_ == nullptr || index_ < 0; }
  /// tape(): nullptr for a constant made from a number. generation(): the tape's when this was recorded.
  constexpr Tape* tape() const { return tape_; }
  constexpr std::uint32_t generation() const { return generation_; }

  /// static_cast<double>(x), if (x): the value leaves the tape; a replay must find the same (as a bool: zero, or not).
  template <detail::Arithmetic Number>
  explicit constexpr operator Number() const;

  /// How a sweep on the number type Var computes an operation: it records it.
  template <class Rule, class... Vars>
  static constexpr Var evaluate(const Vars&... x);

 private:
  friend struct Operand;

  Tape* tape_ = nullptr;
  double value_ = 0;
  NodeId index_ = 0;
  std::uint32_t generation_ = 0;  // of no tape, so that one comparison tells constants and strangers from what is on the tape
};

static_assert((sizeof(void*) != 8 || sizeof(Var) == 24) && std::is_trivially_copyable_v<Var>);

/// What every operation takes: a Var (`var`), a number, or what converts to one of them, and where in the source it was handed
/// over (`at`).
struct Operand {
  Var var;
  Location at;
  bool is_number;  // known while compiling, where what a Var holds is not

  /// From a Var, a number, or what converts to a Var.
  // Member by member: copied whole, with vector moves, a Var that was just written (by parts) stalls the load.
  WENGERT_INLINE constexpr Operand(const Var& v, Location here = Location::current())
      : var(v.tape_, v.value_, v.index_, v.generation_), at(here), is_number(false) {}
  template <detail::Number Number>
  WENGERT_INLINE constexpr Operand(const Number& v, Location here = Location::current()) : var(v), at(here), is_number(true) {}
  template <class Other>
    requires(!detail::Number<Other> && !std::derived_from<Other, Var> && !std::same_as<Other, Operand> &&
             std::convertible_to<const Other&, Var>)
  WENGERT_INLINE constexpr Operand(const Other& v, Location here = Location::current()) : Operand(static_cast<Var>(v), here) {}

  /// Whether it needs no further look: a number, or a variable of the tape as it is recorded now.
  WENGERT_INLINE constexpr bool fits(const Tape& tape) const { return is_number || var.generation_ == tape.generation(); }
  /// The index of an operand that fits; of a number, that of a constant for it.
  WENGERT_INLINE constexpr NodeId index_on(Tape& tape) const {
    if (!is_number) return var.index_;
    return WENGERT_IS_DATA(var.value_) ? tape.new_constant(var.value_) : tape.constant(var.value_);
  }
};

namespace detail {

/// Appends Rule of the nodes x, y and z, as far as it has so many arguments, to the tape.
template <class Rule>
WENGERT_INLINE constexpr Var push(Tape& tape, NodeId x, NodeId y, NodeId z, unsigned constants, double value, Location at) {
  if constexpr (Rule::arity == 3) {
    const NodeId rest[] = {y, z};
    return Var(tape, tape.push(op_of<Rule>, x, tape.push_extra(rest), 0u, value, at), value);
  } else {
    return Var(tape, tape.push(op_of<Rule>, x, y, constants, value, at), value);
  }
}

// Not constexpr, and that is the point: what calls them does not compile as part of a fused function.
void a_fused_function_cannot_branch_on_a_value_use_select();
void a_fused_function_cannot_compute_this_of_a_plain_number_write_the_number();
[[noreturn]] void throw_foreign(const char* operation, const Var& x, const Var& beside, const Tape& tape, Location at);
[[noreturn]] void throw_stale(const char* operation, const Var& x, Location at);
/// What the fast way does not know: constants that are Vars, and the errors. Throws ForeignVariable or StaleVariable.
// Handed piece by piece: a whole Var would have to be built in memory by every operation, for the sake of this rare call.
struct Place {
  Tape* tape;
  NodeId index;
  std::uint32_t generation;
};
WENGERT_COLD Place record_other(Op op, double result, const char* file, unsigned line,               //
                                Tape* x_tape, double x, NodeId x_index, std::uint32_t x_generation,  //
                                Tape* y_tape, double y, NodeId y_index, std::uint32_t y_generation,  //
                                Tape* z_tape, double z, NodeId z_index, std::uint32_t z_generation);
/// NodeId on the tape of a variable or constant; an error names the variable `beside` it that is on the tape.
constexpr NodeId index_on(Tape& tape, const Var& x, const char* operation, Location at, const Var& beside = {}) {
  if (x.tape() == &tape && x.generation() == tape.generation()) return x.index();
  if (x.is_constant()) return tape.constant(x.value());
  if (x.tape() != &tape) throw_foreign(operation, x, beside, tape, at);
  throw_stale(operation, x, at);
}

/// Recording in constant evaluation, where values are skipped: only the structure is wanted.
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
  const NodeId at_x = index_on(*tape, x.var, Rule::name, at, beside);
  const NodeId at_y = Rule::arity > 1 ? index_on(*tape, y.var, Rule::name, at, beside) : at_x;
  const NodeId at_z = Rule::arity > 2 ? index_on(*tape, z.var, Rule::name, at, beside) : at_y;
  return push<Rule>(*tape, at_x, at_y, at_z, (at_x < 0 ? 1u : 0u) | (at_y < 0 ? 2u : 0u), 0, at);
}

/// Appends Rule of x… to their tape; among constants it only computes. `at` is the operation's place in the source.
// No loops over operands and no addresses of them: so the optimiser keeps them in registers. The builtin, since std's function is
// a call until it is inlined: up to then every operand has an address, and gcc's time grows with the cube of the operations.
template <class Rule>
WENGERT_INLINE constexpr Var record(Location at, const Operand& x, const Operand& y, const Operand& z) {
  if (WENGERT_WHILE_COMPILING) return record_structure<Rule>(x, y, z, at);
  double value;
  if constexpr (Rule::arity == 1)
    value = Rule::template value<double>(x.var.value());
  else if constexpr (Rule::arity == 2)
    value = Rule::template value<double>(x.var.value(), y.var.value());
  else
    value = Rule::template value<double>(x.var.value(), y.var.value(), z.var.value());
  Tape* const tape = !x.is_number ? x.var.tape() : !y.is_number ? y.var.tape() : z.var.tape();
  if (x.is_number && y.is_number && z.is_number) return value;
  if (tape == nullptr || !x.fits(*tape) || !y.fits(*tape) || !z.fits(*tape)) [[unlikely]] {
    const Place place = record_other(op_of<Rule>, value, at.file, at.line, x.var.tape(), x.var.value(), x.var.index(),
                                     x.var.generation(), y.var.tape(), y.var.value(), y.var.index(), y.var.generation(),
                                     z.var.tape(), z.var.value(), z.var.index(), z.var.generation());
    return Var(place.tape, value, place.index, place.generation);
  }
  const NodeId at_x = x.index_on(*tape);
  const NodeId at_y = Rule::arity > 1 ? y.index_on(*tape) : at_x;
  const NodeId at_z = Rule::arity > 2 ? z.index_on(*tape) : at_y;
  return push<Rule>(*tape, at_x, at_y, at_z, (x.is_number ? 1u : 0u) | (y.is_number ? 2u : 0u), value, at);
}

/// The same, at the place of the last operand: gcc puts the operator's line there, clang the operand's own.
template <class Rule>
WENGERT_INLINE constexpr Var record(const Operand& x) {
  return record<Rule>(x.at, x, x, x);
}
template <class Rule>
WENGERT_INLINE constexpr Var record(const Operand& x, const Operand& y) {
  return record<Rule>(y.at, x, y, y);
}
template <class Rule>
WENGERT_INLINE constexpr Var record(const Operand& x, const Operand& y, const Operand& z) {
  return record<Rule>(z.at, x, y, z);
}

}  // namespace detail

template <class Rule, class... Vars>
constexpr Var Var::evaluate(const Vars&... x) {
  return detail::record<Rule>(Operand(x)...);
}

/// Each records one operation and returns its result; among constants it only computes. Throws ForeignVariable, StaleVariable.
WENGERT_OPERATION constexpr Var operator+(Operand x, Operand y) { return detail::record<ops::Add>(x, y); }
WENGERT_OPERATION constexpr Var operator-(Operand x, Operand y) { return detail::record<ops::Sub>(x, y); }
WENGERT_OPERATION constexpr Var operator*(Operand x, Operand y) { return detail::record<ops::Mul>(x, y); }
WENGERT_OPERATION constexpr Var operator/(Operand x, Operand y) { return detail::record<ops::Div>(x, y); }
WENGERT_OPERATION constexpr Var operator-(Operand x) { return detail::record<ops::Neg>(x); }
WENGERT_OPERATION constexpr Var operator+(Operand x) { return x.var; }
WENGERT_OPERATION constexpr Var& operator+=(Var& x, Operand y) { return x = detail::record<ops::Add>(Operand(x, y.at), y); }
WENGERT_OPERATION constexpr Var& operator-=(Var& x, Operand y) { return x = detail::record<ops::Sub>(Operand(x, y.at), y); }
WENGERT_OPERATION constexpr Var& operator*=(Var& x, Operand y) { return x = detail::record<ops::Mul>(Operand(x, y.at), y); }
WENGERT_OPERATION constexpr Var& operator/=(Var& x, Operand y) { return x = detail::record<ops::Div>(Operand(x, y.at), y); }

// Inlined, because a Var returned through memory, written by parts and copied whole, stalls its reader.
WENGERT_INLINE WENGERT_CONSTEXPR Var Tape::variable(double value, std::string_view name, Location at) {
  const NodeId i = push(Op::Independent, 0, 0, 0u, value, at);
  if (i == leading_) ++leading_;
  independents_.push_back(i);
  if (!name.empty()) set_name(i, name);
  return Var(*this, i, value);
}

}  // namespace wengert

#include "wengert/record/condition.hpp"   // comparisons, select, named
#include "wengert/record/functions.hpp"   // exp, hypot, fma, …
#include "wengert/record/small_code.hpp"  // the operators once more, as calls
