// How sweeps treat custom nodes, for each number type: numbers call the operation, Dual takes its partials along, Var records
// it again. Second derivatives come from the operation's partials taken as operations themselves.
#pragma once

#include <span>
#include <type_traits>

#include "wengert/dual.hpp"
#include "wengert/nary.hpp"
#include "wengert/sweep/chain_rule.hpp"
#include "wengert/sweep/reduction_rules.hpp"
#include "wengert/sweep/scratch.hpp"
#include "wengert/tape.hpp"
#include "wengert/var.hpp"

namespace wengert::detail {

[[noreturn]] void throw_no_second_order(const NaryOperation& operation, int argument);
[[noreturn]] void throw_no_bounds(const char* name);
[[noreturn]] void throw_recorded_meanwhile(const NaryOperation& operation);

/// Appends operation(x…) to the tape of its variables as one node; among constants it only computes. Throws as any operation
/// does.
Var record_nary(const NaryOperation& operation, std::span<const Var> x, Location at = Location::current());
/// Records the operation's k-th partial: by the operation given for it, or else as a node that has no derivative of its own.
Var record_partial(const NaryOperation& operation, int k, std::span<const Var> x);

/// operation(x…) on the number type T.
template <class T>
T evaluate_nary(const NaryOperation& operation, std::span<const T> x) {
  if constexpr (std::is_same_v<T, double>) {
    return operation.value(x);
  } else if constexpr (std::is_same_v<T, float>) {
    Scratch<double> wide(static_cast<NodeId>(x.size()));
    for (std::size_t k = 0; k < x.size(); ++k) wide.span()[k] = x[k];
    return static_cast<float>(operation.value(wide.span()));
  } else if constexpr (std::is_same_v<T, Var>) {
    return record_nary(operation, x);
  } else {
    return T::evaluate_nary(operation, x);
  }
}

/// Its partials. For number types that differentiate or record they are operations again; `wanted(k)` says which ones are needed.
template <class T, class Wanted>
void partials_nary(const NaryOperation& operation, std::span<const T> x, const T& result, std::span<T> out, Wanted wanted) {
  if constexpr (std::is_same_v<T, double>) {
    operation.partials(x, result, out);
  } else if constexpr (std::is_same_v<T, float>) {
    Scratch<double> wide(static_cast<NodeId>(x.size())), partials(static_cast<NodeId>(x.size()));
    for (std::size_t k = 0; k < x.size(); ++k) wide.span()[k] = x[k];
    operation.partials(wide.span(), result, partials.span());
    for (std::size_t k = 0; k < x.size(); ++k) out[k] = static_cast<float>(partials.span()[k]);
  } else if (operation.reduction() != Reduction::None) {
    visit_reduction(operation.reduction(), [&]<class Rule>(Rule) {
      for (std::size_t k = 0; k < x.size(); ++k)
        if (wanted(k)) out[k] = Rule::template partial<T>(x, result, k);
    });
  } else if constexpr (requires { T::partials_nary(operation, x, out); }) {
    T::partials_nary(operation, x, out);
  } else {
    for (std::size_t k = 0; k < x.size(); ++k) {
      if (!wanted(k)) continue;
      if constexpr (std::is_same_v<T, Var>) {
        out[k] = record_partial(operation, static_cast<int>(k), x);
      } else {
        const NaryOperation* partial = operation.partial(static_cast<int>(k));
        if (partial == nullptr) throw_no_second_order(operation, static_cast<int>(k));
        out[k] = evaluate_nary(*partial, x);
      }
    }
  }
}

/// The value of custom node i. Throws if the operation records on the tape that is being swept.
template <class T>
WENGERT_NOINLINE T evaluate_custom(const Tape& tape, const T* values, NodeId i) {
  const Arguments arguments = tape.arguments(i);
  const NaryOperation& operation = tape.nary(tape[i].y);
  Scratch<T> x(arguments.size());
  for (NodeId k = 0; k < arguments.size(); ++k) x.span()[static_cast<std::size_t>(k)] = values[arguments[k]];
  const Unchanged unchanged(tape);
  const T result = evaluate_nary(operation, std::span<const T>(x.span()));
  if (!unchanged) throw_recorded_meanwhile(operation);
  return result;
}

/// Adds what custom node i carries back to each of its arguments. Throws as evaluate_custom does.
template <class T>
WENGERT_NOINLINE void pull_back_custom_anywhere(const Tape& tape, const T* values, T* adjoints, NodeId i) {
  const Node node = tape[i];
  const NaryOperation& operation = tape.nary(node.y);
  const NodeId* const argument = tape.extra_arguments(node.x) + 1;  // after their number
  Scratch<T> x(argument[-1]), partials(argument[-1]);
  const std::span<T> point = x.span(), partial = partials.span();
  for (std::size_t k = 0; k < point.size(); ++k) point[k] = values[argument[k]];
  const auto is_variable = [argument](std::size_t k) { return argument[k] >= 0; };
  const Unchanged unchanged(tape);
  partials_nary(operation, std::span<const T>(point), values[i], partial, is_variable);
  if (!unchanged) throw_recorded_meanwhile(operation);
  const T adjoint = adjoints[i];
  for (std::size_t k = 0; k < point.size(); ++k)
    if (argument[k] >= 0) accumulate(adjoints[argument[k]], absorbing_product(adjoint, partial[k]));
}

/// How recording kept the partials of a custom node, behind its arguments in the tape's list (Node::constants).
constexpr unsigned kept_of_variables = 1;  // those in arguments that are variables, as they come
constexpr unsigned kept_in_order = 2;      // as a PieceOperation knows them
constexpr unsigned kept_side_by_side = 3;  // and each array of variables lies side by side on the tape, in its order

/// An operation that knows where its partials are kept.
class PieceOperation : public NaryOperation {
 public:
  /// Adds to the adjoints of all arguments. `argument` is where they stand in the tape's list.
  virtual void carry_back(const NodeId* argument, bool side_by_side, double* adjoints, double adjoint) const = 0;
};
/// Adds adjoint * partial to each of `count` adjoints.
void add_multiple(double* __restrict adjoints, const NodeId* __restrict partials, NodeId count, double adjoint);

/// What a custom node carries back by the partials that recording kept: at the values as recorded only.
inline void pull_back_kept(const Tape& tape, const Node& node, double* adjoints, double adjoint) {
  const NodeId* const argument = tape.extra_arguments(node.x) + 1;
  if (node.constants != kept_of_variables)
    return static_cast<const PieceOperation&>(tape.nary(node.y))
        .carry_back(argument, node.constants == kept_side_by_side, adjoints, adjoint);
  const NodeId* partial = argument + argument[-1];
  for (NodeId k = 0; k < argument[-1]; ++k) {
    if (argument[k] < 0) continue;
    adjoints[argument[k]] += adjoint * partial_at(partial);
    partial += places_of_partial;
  }
}

/// What custom node i carries back, by the partials that recording kept, or by those of the operation.
template <class T>
void pull_back_custom(const Tape& tape, const T* values, T* adjoints, NodeId i) {
  if constexpr (std::is_same_v<T, double>)
    if (tape[i].constants != 0 && values == tape.values().base) return pull_back_kept(tape, tape[i], adjoints, adjoints[i]);
  pull_back_custom_anywhere(tape, values, adjoints, i);
}

}  // namespace wengert::detail

namespace wengert {

template <class T>
Dual<T> Dual<T>::evaluate_nary(const NaryOperation& operation, std::span<const Dual> x) {
  const auto count = static_cast<NodeId>(x.size());
  detail::Scratch<T> values(count), partials(count);
  for (std::size_t k = 0; k < x.size(); ++k) values.span()[k] = x[k].value;
  const std::span<const T> at = values.span();
  const auto moves = [x](std::size_t k) { return !detail::carries_nothing(x[k].tangent); };
  Dual result(detail::evaluate_nary(operation, at));
  detail::partials_nary(operation, at, result.value, partials.span(), moves);
  for (std::size_t k = 0; k < x.size(); ++k)
    if (moves(k)) result.tangent += absorbing_product(x[k].tangent, partials.span()[k]);
  return result;
}

}  // namespace wengert
