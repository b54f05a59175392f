// A piece of a recording that is one node: its arguments, and recording it with its partials, which are known by then.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <span>
#include <type_traits>

#include "wengert/nary.hpp"
#include "wengert/sweep/nary_sweep.hpp"
#include "wengert/tape.hpp"
#include "wengert/var.hpp"

namespace wengert {

/// The arguments of a piece: each size is that of an array, or 0 for a scalar.
template <std::size_t... sizes>
struct Shape {
  static constexpr std::size_t inputs = ((sizes == 0 ? 1 : sizes) + ... + 0);
};

namespace detail {

/// What an argument list looks like as a Shape.
template <class Argument>
inline constexpr std::size_t shape_size = 0;
template <class T, std::size_t length>
inline constexpr std::size_t shape_size<std::array<T, length>> = length;
template <class T, std::size_t length>
inline constexpr std::size_t shape_size<std::span<T, length>> = length;

/// Whether an argument is recorded: a Var or what converts to one, or an array of them.
template <class Argument>
inline constexpr bool holds_var = !Number<Argument> && std::is_convertible_v<const Argument&, Var>;
template <class T, std::size_t length>
inline constexpr bool holds_var<std::array<T, length>> = holds_var<T>;
template <class T, std::size_t length>
inline constexpr bool holds_var<std::span<T, length>> = holds_var<std::remove_const_t<T>>;

/// The tape of the first variable (within constant evaluation: or constant that knows one) among arguments; nullptr where there
/// is none.
constexpr Tape* tape_of(const Operand& x) {
  return std::is_constant_evaluated() || (!x.is_number && !x.var.is_constant()) ? x.var.tape() : nullptr;
}
template <class T>
  requires requires(const T& x) { x.size(); }
constexpr Tape* tape_of(const T& x) {
  if constexpr (holds_var<T>)
    for (const auto& element : x)
      if (Tape* const tape = tape_of(element)) return tape;
  return nullptr;
}

/// An argument as the callable takes it within a recording: numbers as Vars, so that 3 / 2 is 1.5, and a span as an array. A
/// constant knows the tape, so that exp of it can be recorded.
constexpr Var as_taken(Tape& tape, const Operand& x) {
  return x.var.tape() != nullptr ? x.var : Var(tape, tape.constant(x.var.value()));
}
template <class T>
  requires requires(const T& x) { x.size(); }
constexpr auto as_taken(Tape& tape, const T& x) {
  std::array<Var, shape_size<T>> result;
  for (std::size_t k = 0; k < result.size(); ++k) result[k] = as_taken(tape, x[k]);
  return result;
}

/// The shape that a callable takes where nobody says: the fewest scalars that fit.
template <class Callable, std::size_t... k>
constexpr bool takes_scalars(std::index_sequence<k...>) {
  return std::is_invocable_v<Callable, std::conditional_t<(k >= 0), Var, Var>...>;
}
template <class Callable, std::size_t n = 1>
constexpr std::size_t scalars_taken() {
  if constexpr (n > 32)
    return 0;
  else if constexpr (takes_scalars<Callable>(std::make_index_sequence<n>()))
    return n;
  else
    return scalars_taken<Callable, n + 1>();
}
template <std::size_t... k>
constexpr auto scalars(std::index_sequence<k...>) {
  return Shape<(0 * k)...>{};
}

/// The k-th of all inputs, as a number.
template <std::size_t k, class First, class... Rest>
double input_value(const First& first, const Rest&... rest) {
  constexpr std::size_t size = shape_size<First>;
  if constexpr (k >= (size == 0 ? 1 : size))
    return input_value<k - (size == 0 ? 1 : size)>(rest...);
  else if constexpr (size == 0)
    return value_of(Var(first));
  else
    return value_of(Var(first[k]));
}
/// The values of all inputs, in order.
template <class... Arguments>
std::array<double, Shape<shape_size<Arguments>...>::inputs> input_values(const Arguments&... x) {
  return [&]<std::size_t... k>(std::index_sequence<k...>) {  // one by one, so that an optimiser keeps them in registers
    return std::array<double, sizeof...(k)>{input_value<k>(x...)...};
  }(std::make_index_sequence<Shape<shape_size<Arguments>...>::inputs>());
}

/// Calls Piece::apply(at, x…), where `at` is the caller's line: a default argument can follow a parameter pack in no other way.
/// From eight arguments on no line is known.
template <class Piece>
struct LocatedCall {
  using At = Location;
  constexpr auto operator()(const auto& a, At at = At::current()) const { return Piece::apply(at, a); }
  constexpr auto operator()(const auto& a, const auto& b, At at = At::current()) const { return Piece::apply(at, a, b); }
  constexpr auto operator()(const auto& a, const auto& b, const auto& c, At at = At::current()) const {
    return Piece::apply(at, a, b, c);
  }
  constexpr auto operator()(const auto& a, const auto& b, const auto& c, const auto& d, At at = At::current()) const {
    return Piece::apply(at, a, b, c, d);
  }
  constexpr auto operator()(const auto& a, const auto& b, const auto& c, const auto& d, const auto& e,
                            At at = At::current()) const {
    return Piece::apply(at, a, b, c, d, e);
  }
  constexpr auto operator()(const auto& a, const auto& b, const auto& c, const auto& d, const auto& e, const auto& f,
                            At at = At::current()) const {
    return Piece::apply(at, a, b, c, d, e, f);
  }
  constexpr auto operator()(const auto& a, const auto& b, const auto& c, const auto& d, const auto& e, const auto& f,
                            const auto& g, At at = At::current()) const {
    return Piece::apply(at, a, b, c, d, e, f, g);
  }
  constexpr auto operator()(const auto&... x) const
    requires(sizeof...(x) > 7)
  {
    return Piece::apply(At{}, x...);
  }
};

/// An argument as a piece reads it, several times: Vars, numbers and arrays of them as they are; what only converts to a Var is
/// converted once, since converting it may record.
template <class T>
  requires(!holds_var<T> || shape_size<T> == 0)
constexpr decltype(auto) as_read(const T& x) {
  if constexpr (!holds_var<T> || std::is_same_v<T, Var>)
    return (x);
  else
    return Var(x);
}
template <class T>
  requires(holds_var<T> && shape_size<T> != 0)
constexpr decltype(auto) as_read(const T& x) {
  if constexpr (std::is_same_v<std::remove_cvref_t<decltype(x[0])>, Var>) {
    return (x);
  } else {
    std::array<Var, shape_size<T>> result;
    for (std::size_t k = 0; k < result.size(); ++k) result[k] = Var(x[k]);
    return result;
  }
}

/// The tape of the first Var among arguments, even of a constant; nullptr where it is on none.
template <class First, class... Rest>
Tape* nearest_tape(const First& first, const Rest&... rest) {
  if constexpr (holds_var<First> && shape_size<First> == 0)
    return Var(first).tape();
  else if constexpr (holds_var<First>)
    return Var(first[0]).tape();
  else
    return nearest_tape(rest...);
}

/// Writes the indices of numbers that lie side by side.
inline void append_row(NodeId*& next, NodeId first, std::size_t count) {
  for (std::size_t k = 0; k < count; ++k) next[k] = first + static_cast<NodeId>(k);
  next += count;
}

/// How an argument of a piece is kept: with partials where an operation knows them to be, if all its Vars are variables of the
/// tape.
template <class T>
unsigned fit_of(Tape& tape, const T& x) {
  if constexpr (!holds_var<T>) {
    return kept_side_by_side;
  } else if constexpr (shape_size<T> == 0) {
    const Operand operand = x;
    return operand.fits(tape) && operand.index_on(tape) >= 0 ? kept_side_by_side : 0;
  } else {
    const NodeId first = Operand(x[0]).index_on(tape);
    bool fits = true;
    NodeId all = first, apart = 0;  // bits of indices, and those in which they differ from a row
    for (std::size_t k = 0; k < shape_size<T>; ++k) {
      const Operand operand = x[k];
      const NodeId index = operand.index_on(tape);
      fits &= operand.fits(tape);
      all |= index;
      apart |= index ^ (first + static_cast<NodeId>(k));
    }
    return !fits || all < 0 ? 0 : apart == 0 ? kept_side_by_side : kept_in_order;
  }
}

/// Writes the indices of an argument that fits so, and moves `next` behind them.
template <class T>
void append_indices(Tape& tape, NodeId*& next, unsigned fit, const T& x) {
  if constexpr (shape_size<T> == 0) {
    *next++ = Operand(x).index_on(tape);
  } else if constexpr (std::is_same_v<std::remove_cvref_t<decltype(x[0])>, double>) {
    append_row(next, tape.row_of_constants(std::span<const double, shape_size<T>>(x)), shape_size<T>);
  } else if (holds_var<T> && fit == kept_side_by_side) {
    append_row(next, Operand(x[0]).index_on(tape), shape_size<T>);
  } else {
    for (const auto& element : x) *next++ = Operand(element).index_on(tape);
  }
}

/// Writes a node of many arguments with the partials in them, which are known.
class PieceWriter {
 public:
  /// `partials` has one for each of the `inputs`; errors call the node `name`, recorded at `at`. Throws TapeFull.
  PieceWriter(Tape& tape, const char* name, Location at, std::size_t inputs, const double* partials)
      : tape_(tape),
        name_(name),
        at_(at),
        next_(tape.room_for_extra(1 + (1 + places_of_partial) * inputs)),
        place_(next_ + 1 + inputs),
        partials_(partials) {
    *next_++ = static_cast<NodeId>(inputs);
  }
  /// The next input, or all those of an array. Throws ForeignVariable and StaleVariable as any operation.
  void append(const Operand& x) { write(x.fits(tape_) ? x.index_on(tape_) : index_on(tape_, x.var, name_, at_)); }
  template <class T>
    requires requires(const T& x) { x.size(); }
  void append(const T& x) {
    using Element = std::remove_cvref_t<decltype(x[0])>;
    if constexpr (std::is_same_v<Element, double>) {
      NodeId* end = next_;
      append_row(end, tape_.row_of_constants(std::span<const double>(x)), x.size());
    } else if constexpr (std::is_same_v<Element, Var>) {
      // all of them variables of this tape, as a rule: then they are written side by side
      bool fit = true;
      for (std::size_t k = 0; k < x.size(); ++k) {
        next_[k] = x[k].index();
        fit &= next_[k] >= 0 && x[k].generation() == tape_.generation();
      }
      if (!fit) return append_each(x);
      std::memcpy(place_, partials_, x.size() * sizeof(double));
      place_ += places_of_partial * static_cast<NodeId>(x.size());
    } else {
      return append_each(x);
    }
    next_ += x.size();
    partials_ += x.size();
  }
  /// Appends the node: `which` of the tape's operations.
  Var push(NodeId which, double value) {
    return Var(tape_, tape_.push(Op::Custom, tape_.take_extra(place_), which, 1u, value, at_), value);
  }

 private:
  template <class T>
  void append_each(const T& x) {
    for (const auto& element : x) append(element);
  }
  void write(NodeId i) {
    *next_++ = i;
    if (i >= 0) {
      write_partial(place_, *partials_);
      place_ += places_of_partial;
    }
    ++partials_;
  }

  Tape& tape_;
  const char* name_;
  Location at_;
  NodeId* next_;   // argument
  NodeId* place_;  // of the next partial
  const double* partials_;
};

}  // namespace detail
}  // namespace wengert
