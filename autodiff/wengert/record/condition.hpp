// Comparisons of Vars: branches, guarded in replays, or data for select. And what recording does during compilation.
#pragma once

#include <concepts>
#include <span>
#include <type_traits>

#include "wengert/var.hpp"

namespace wengert {
namespace detail {

// Not constexpr, and that is the point: what calls them does not compile as part of a fused function.
void a_fused_function_cannot_branch_on_a_value_use_select();
void a_fused_function_cannot_compute_this_of_a_plain_number_write_the_number();
[[noreturn]] void throw_foreign(const char* operation, const Var& x, const Var& beside, const Tape& tape, Location at);

/// Index on the tape of a variable or constant; an error names the variable `beside` it that is on the tape.
constexpr Index index_on(Tape& tape, const Var& x, const char* operation, Location at, const Var& beside = {}) {
  if (x.tape() == &tape && x.generation() == tape.generation()) return x.index();
  if (x.is_constant()) return tape.constant(x.value());
  if (x.tape() != &tape) throw_foreign(operation, x, beside, tape, at);
  throw_stale(operation, x, at);
}

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

/// Marks that the recording program branched on a comparison, unless both sides are constants.
constexpr void record_guard(Op relation, const Operand& x, const Operand& y, bool outcome) {
  if (x.var.is_constant() && y.var.is_constant()) return;
  if (std::is_constant_evaluated()) a_fused_function_cannot_branch_on_a_value_use_select();
  Tape& tape = x.var.is_constant() ? *y.var.tape() : *x.var.tape();
  const Index at_x = index_on(tape, x.var, name(relation), y.at, y.var);
  const Index at_y = index_on(tape, y.var, name(relation), y.at, x.var);
  tape.push_guard({relation, at_x, at_y, outcome, tape.size(), y.at});
}

}  // namespace detail

/// The outcome of comparing two Vars. As a bool it is a branch, which is guarded in replays; as a Var (1 or 0) and in select(…)
/// it is data.
class Condition {
 public:
  constexpr Condition(Op relation, Operand x, Operand y, bool negated = false)
      : x_(x), y_(y), relation_(relation), negated_(negated) {}

  constexpr operator bool() const {
    const bool outcome = holds();
    detail::record_guard(relation_, x_, y_, outcome);
    return outcome != negated_;
  }
  /// The truth as a recorded number, 1 or 0.
  constexpr Var as_var() const {
    const Var truth = relation_ == Op::Less        ? detail::record<ops::Less>(x_, y_)
                      : relation_ == Op::LessEqual ? detail::record<ops::LessEqual>(x_, y_)
                                                   : detail::record<ops::Equal>(x_, y_);
    return negated_ ? detail::record<ops::Sub>(Operand(1.0, y_.at), Operand(truth, y_.at)) : truth;
  }
  constexpr operator Var() const { return as_var(); }
  // Two of them meet as data.
  friend constexpr Var operator+(const Condition& x, const Condition& y) { return Operand(x) + Operand(y); }
  friend constexpr Var operator-(const Condition& x, const Condition& y) { return Operand(x) - Operand(y); }
  friend constexpr Var operator*(const Condition& x, const Condition& y) { return Operand(x) * Operand(y); }
  friend constexpr Condition operator==(const Condition& x, const Condition& y) { return {Op::Equal, x, y}; }
  friend constexpr Condition operator!=(const Condition& x, const Condition& y) { return {Op::Equal, x, y, true}; }
  constexpr Condition operator!() const { return {relation_, x_, y_, !negated_}; }

  /// Both, and either, as data: 1 or 0. (&& and || branch, as in any C++.)
  friend constexpr Condition operator&(const Condition& x, const Condition& y) {
    return {Op::Equal, detail::record<ops::Mul>(x.as_var(), y.as_var()), Operand(1.0)};
  }
  friend constexpr Condition operator|(const Condition& x, const Condition& y) {
    return {Op::Less, Operand(0.0), detail::record<ops::Add>(x.as_var(), y.as_var())};
  }

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

/// x where the condition holds, y elsewhere, decided anew in every replay. Both sides are computed; only the chosen one gets an
/// adjoint.
// A template, so that plain numbers on both sides do not make the select of plain numbers the better match.
template <std::convertible_to<Operand> Chosen, std::convertible_to<Operand> Other>
constexpr Var select(const Condition& condition, const Chosen& x, const Other& y, Location at = Location::current()) {
  const Var truth = condition.as_var();
  const Operand chosen(x, at), other(y, at);
  if (truth.is_constant()) return truth.value() != 0 ? chosen.var : other.var;
  return detail::record<ops::Select>(Operand(truth, at), chosen, other);
}
constexpr Var select(bool condition, Operand x, Operand y) { return condition ? x.var : y.var; }
/// The same by a number: any but 0 is true.
constexpr Var select(Operand condition, Operand x, Operand y) { return detail::record<ops::Select>(condition, x, y); }

// What generic code asks of a number. Branches on the value, guarded in replays like any other.
constexpr bool isnan(Operand x) { return x != x; }
constexpr bool isinf(Operand x) { return x == Operand(ops::infinity, x.at) || x == Operand(-ops::infinity, x.at); }
constexpr bool isfinite(Operand x) { return Operand(-ops::infinity, x.at) < x && x < Operand(ops::infinity, x.at); }

}  // namespace wengert
