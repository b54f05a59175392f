// What else a number can do: comparisons (branches, guarded in replays, or data for select), names, limits.
#pragma once

#include <compare>
#include <concepts>
#include <limits>
#include <string_view>
#include <type_traits>

#include "wengert/record/functions.hpp"
#include "wengert/var.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wfloat-equal"  // what is compared here is meant to the bit

namespace wengert {
namespace detail {

/// Marks that the recording program branched on a comparison, unless both sides are constants.
constexpr void record_guard(Op relation, const Operand& x, const Operand& y, bool outcome) {
  if (x.var.is_constant() && y.var.is_constant()) return;
  if (WENGERT_WHILE_COMPILING) a_fused_function_cannot_branch_on_a_value_use_select();
  Tape& tape = x.var.is_constant() ? *y.var.tape() : *x.var.tape();
  const NodeId at_x = index_on(tape, x.var, name(relation), y.at, y.var);
  const NodeId at_y = index_on(tape, y.var, name(relation), y.at, x.var);
  tape.push_guard({relation, at_x, at_y, outcome, tape.size(), y.at});
}

}  // namespace detail

/// The outcome of comparing two Vars. As a bool it is a branch, which is guarded in replays; as a Var (1 or 0) and in select(…)
/// it is data.
class Condition {
 public:
  /// A comparison by Op::Less, Op::LessEqual or Op::Equal, or its opposite.
  constexpr Condition(Op relation, Operand x, Operand y, bool negated = false)
      : x_(x), y_(y), relation_(relation), negated_(negated) {}

  /// A branch: a replay must find the same.
  WENGERT_NOINLINE constexpr operator bool() const {
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
  /// The same by itself, where a Var is wanted.
  constexpr operator Var() const { return as_var(); }
  /// In arithmetic they are data, also where two of them meet.
  friend constexpr Var operator+(const Condition& x, const Condition& y) { return Operand(x) + Operand(y); }
  friend constexpr Var operator-(const Condition& x, const Condition& y) { return Operand(x) - Operand(y); }
  friend constexpr Var operator*(const Condition& x, const Condition& y) { return Operand(x) * Operand(y); }
  friend constexpr Var operator/(const Condition& x, const Condition& y) { return Operand(x) / Operand(y); }
  constexpr Var operator-() const { return -as_var(); }
  constexpr Var operator+() const { return as_var(); }
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

/// Comparisons: branches where a bool is wanted, data in select(…) and where a Var is.
constexpr Condition operator<(Operand x, Operand y) { return {Op::Less, x, y}; }
constexpr Condition operator>(Operand x, Operand y) { return {Op::Less, y, x}; }
constexpr Condition operator<=(Operand x, Operand y) { return {Op::LessEqual, x, y}; }
constexpr Condition operator>=(Operand x, Operand y) { return {Op::LessEqual, y, x}; }
constexpr Condition operator==(Operand x, Operand y) { return {Op::Equal, x, y}; }
constexpr Condition operator!=(Operand x, Operand y) { return {Op::Equal, x, y, true}; }

namespace detail {
/// The value of a number, which leaves the tape here: replays must find the same. (Of NaN: a NaN.)
constexpr double leave(const Operand& x) {
  if (!(x != x)) static_cast<void>(static_cast<bool>(x == Operand(x.var.value(), x.at)));
  return x.var.value();
}
}  // namespace detail

template <detail::Arithmetic Number>
constexpr Var::operator Number() const {
  if constexpr (std::is_same_v<Number, bool>)
    return *this != Operand(0.0, Location{});
  else if constexpr (std::is_integral_v<Number>)
    return static_cast<Number>(detail::leave(Operand(trunc(Operand(*this, Location{})), Location{})));
  else
    return static_cast<Number>(detail::leave(Operand(*this, Location{})));
}
/// Branches, as the others are.
constexpr std::partial_ordering operator<=>(Operand x, Operand y) {
  return x < y    ? std::partial_ordering::less
         : x == y ? std::partial_ordering::equivalent
         : x > y  ? std::partial_ordering::greater
                  : std::partial_ordering::unordered;
}

/// One more, one less.
constexpr Var& operator++(Var& x) { return x += 1; }
constexpr Var& operator--(Var& x) { return x -= 1; }
constexpr Var operator++(Var& x, int) {
  const Var before = x;
  ++x;
  return before;
}
constexpr Var operator--(Var& x, int) {
  const Var before = x;
  --x;
  return before;
}

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

/// isnan(), isinf(), isfinite(): what generic code asks of a number. Branches on the value, guarded in replays like any other.
constexpr bool isnan(Operand x) { return x != x; }
constexpr bool isinf(Operand x) { return x == Operand(ops::infinity, x.at) || x == Operand(-ops::infinity, x.at); }
constexpr bool isfinite(Operand x) { return Operand(-ops::infinity, x.at) < x && x < Operand(ops::infinity, x.at); }

/// Gives a node a name for tables, errors and pictures, and returns it. Numbers of other types pass through, so generic code can
/// name its steps. Throws StaleVariable for a variable from before clear().
constexpr Var named(std::string_view name, Var x, Location at = Location::current()) {
  if (x.is_constant()) return x;
  if (x.generation() != x.tape()->generation()) detail::throw_stale("named", x, at);
  x.tape()->set_name(x.index(), name);
  return x;
}
template <class T>
  requires(!std::derived_from<T, Var>)
constexpr T named(std::string_view, T x) {
  return x;
}

}  // namespace wengert

// Without it, generic code that asks for epsilon() of a Var would be told 0.
template <>
class std::numeric_limits<wengert::Var> : public std::numeric_limits<double> {};

namespace wengert::detail {
/// Equal values do not make two variables the same, and what is equal here may differ in a replay: variables are no keys.
struct a_variable_has_no_hash_use_its_index_or_its_value {
  a_variable_has_no_hash_use_its_index_or_its_value() = delete;
};
}  // namespace wengert::detail
template <>
struct std::hash<wengert::Var> : wengert::detail::a_variable_has_no_hash_use_its_index_or_its_value {};
#pragma GCC diagnostic pop
