// What a fused function of several outputs is expanded from: its outputs, its Jacobian, and products with that.
#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "wengert/fused/recorded.hpp"
#include "wengert/number_type.hpp"
#include "wengert/transform/emitted.hpp"
#include "wengert/transform/optimise.hpp"

namespace wengert::detail {

/// A value and its derivatives in n directions: a tangent that is 0 costs nothing.
template <std::size_t n>
struct Tangents : NumberType<Tangents<n>> {
  Emitted value;
  std::array<Emitted, n> tangent{};

  constexpr Tangents() = default;
  constexpr explicit Tangents(const Emitted& number) : value(number) {}

  template <class Rule, class... Terms>
  static constexpr Tangents lift(const Emitted& result, const Terms&... term) {
    Tangents lifted(result);
    const auto add = [](Emitted& sum, const Emitted& direction, const Emitted& partial) {
      if (!carries_nothing(direction)) accumulate(sum, carry<Rule>(direction, partial));
    };
    for (std::size_t k = 0; k < n; ++k) (add(lifted.tangent[k], term.argument.tangent[k], term.partial), ...);
    return lifted;
  }
};

/// Records on the empty tape `to` what one forward sweep gives: the outputs, if they are `wanted`, and for each of them its
/// derivative in each of the n directions, which seed(point, rebuilder, tape) writes into the tangents of the inputs once they
/// are all on the tape. Nothing, if that takes more than `most` nodes before what is dead is left out.
template <std::size_t n, class Seed>
WENGERT_CONSTEXPR std::vector<NodeId> optimised_tangents(const Tape& from, std::span<const NodeId> dependents, Tape& to,
                                                         OptimiseReport& report, Wanted wanted, Seed seed,
                                                         NodeId most = std::numeric_limits<NodeId>::max()) {
  Tape once(false);
  Rebuilder rebuilder(once, 4 * from.size(), report, true);
  std::vector<Tangents<n>> point;
  for (std::size_t i = 0; i < from.independents().size(); ++i)
    point.emplace_back(Emitted(rebuilder, once.variable(0, {}, Location{}).index()));
  seed(std::span(point), rebuilder, once);
  const Values<Tangents<n>> values = emit_values<Tangents<n>>(from, dependents, rebuilder, point, most);
  if (once.size() > most) return {};
  std::vector<NodeId> results;
  if (wanted == Wanted::ValuesAndDerivatives)
    for (const NodeId dependent : dependents) results.push_back(values[dependent].value.index_on(rebuilder));
  for (const NodeId dependent : dependents)
    for (std::size_t k = 0; k < n; ++k) results.push_back(values[dependent].tangent[k].index_on(rebuilder));
  keep_results(once, results, to, report);
  return results;
}

/// Whether a forward sweep gives what the reverse sweep gives wherever values are finite. A zero adjoint carries nothing back,
/// even through an infinite partial; a tangent, coming the other way, cannot know.
constexpr bool forward_is_safe(const Tape& tape) {
  for (NodeId i = 0; i < tape.size(); ++i)
    if (traits_of(tape[i].op).steep) return false;
  return true;
}

/// All outputs.
template <class Callable, class Shape>
struct ValuesRecipe {
  static constexpr std::size_t room = room_for<Callable, Shape>(1);
  static constexpr Build build(Tape& to) {
    Tape tape(false);
    Build result;
    result.program.outputs = record_outputs<Callable, Shape>(tape);
    result.report = optimise(tape, result.program.outputs, to);
    return result;
  }
};

/// All outputs, then their Jacobian in the first n inputs row by row, in reverse mode or forward mode: whichever leaves fewer
/// operations.
template <class Callable, class Shape, std::size_t n>
struct PartOfJacobianRecipe {
  static constexpr std::size_t room = room_for<Callable, Shape>(8);
  static constexpr Build build(Tape& to) {
    Tape tape(false);
    const std::vector<NodeId> dependents = record_outputs<Callable, Shape>(tape);
    Build result;
    result.shared = static_cast<NodeId>(Shape::inputs);
    std::vector<NodeId>& outputs = result.program.outputs;
    if (dependents.size() == 1 || !forward_is_safe(tape)) {
      outputs = optimised_derivative(tape, dependents, n, to, result.report);
      return result;
    }
    Tape reverse(false), forward(false);
    outputs = optimised_derivative(tape, dependents, n, reverse, result.report);
    OptimiseReport report;
    const auto each_input = [](auto point, const Rebuilder&, const Tape&) {
      for (std::size_t k = 0; k < n; ++k) point[k].tangent[k] = Emitted(1);
    };
    const std::vector<NodeId> others =
        optimised_tangents<n>(tape, dependents, forward, report, Wanted::ValuesAndDerivatives, each_input, 2 * reverse.size());
    const bool forwards = !others.empty() && forward.size() < reverse.size();
    if (forwards) {
      outputs = others;
      result.report = report;
    }
    leave_out_dead(forwards ? forward : reverse, outputs, to);  // a copy: it is optimised already
    return result;
  }
};

/// In every input.
template <class Callable, class Shape>
struct JacobianRecipe : PartOfJacobianRecipe<Callable, Shape, Shape::inputs> {};

/// Inputs x then v, outputs J v.
template <class Callable, class Shape>
struct PushForwardRecipe {
  static constexpr std::size_t room = room_for<Callable, Shape>(8);
  static constexpr Build build(Tape& to) {
    Tape tape(false);
    const std::vector<NodeId> dependents = record_outputs<Callable, Shape>(tape);
    Build result;
    result.program.outputs = optimised_tangents<1>(
        tape, dependents, to, result.report, Wanted::Derivatives, [](auto point, Rebuilder& rebuilder, Tape& once) {
          for (auto& x : point) x.tangent[0] = Emitted(rebuilder, once.variable(0, {}, Location{}).index());
        });
    return result;
  }
};

/// The gradient of w . (dependents) in the independents of a tape: inputs x then w, outputs w'J.
constexpr Build pull_back_of(const Tape& tape, std::span<const NodeId> dependents, Tape& to) {
  Tape weighted(false);
  TapeCopy copy(tape, weighted);
  for (const NodeId i : tape.independents()) copy.independent(i);
  std::vector<Var> weights;
  for (std::size_t k = 0; k < dependents.size(); ++k) weights.push_back(weighted.variable(0, {}, Location{}));
  for (NodeId i = 0; i < tape.size(); ++i)
    if (tape[i].op != Op::Independent) copy.node(i);
  Var sum = 0;
  for (std::size_t k = 0; k < dependents.size(); ++k) accumulate(sum, weights[k] * Var(weighted, copy.at(dependents[k])));
  const NodeId dot = index_on(weighted, sum, "fuse", {});
  Build result;
  result.program.outputs =
      optimised_derivative(weighted, std::span(&dot, 1), tape.independents().size(), to, result.report, Wanted::Derivatives);
  return result;
}
template <class Callable, class Shape>
struct PullBackRecipe {
  static constexpr std::size_t room = room_for<Callable, Shape>(8);
  static constexpr Build build(Tape& to) {
    Tape tape(false);
    const std::vector<NodeId> dependents = record_outputs<Callable, Shape>(tape);
    return pull_back_of(tape, dependents, to);
  }
};

/// The upper half of the Hessian of one output in its first n inputs, row by row: the gradient's own tape, differentiated.
template <class Callable, class Shape, std::size_t n>
struct PartOfHessianRecipe {
  static constexpr std::size_t room = room_for<Callable, Shape>(16);
  static constexpr Build build(Tape& to) {
    Tape tape(false), gradient(false);
    const NodeId dependent = record_fused<Callable, Shape>(tape);
    const std::vector<NodeId> partials = emit_gradient(tape, dependent, n, gradient);
    Build result;
    result.program.outputs = optimised_derivative(gradient, partials, n, to, result.report, Wanted::UpperHalf);
    return result;
  }
};

/// All of it.
template <class Callable, class Shape>
struct HessianRecipe : PartOfHessianRecipe<Callable, Shape, Shape::inputs> {};

/// The k-th output of a callable of several.
template <class Callable, std::size_t k>
struct OutputOf {
  template <class... Arguments>
  constexpr Var operator()(const Arguments&... x) const {
    std::vector<Var> all;
    append_outputs(all, Callable{}(x...));
    return all[k];
  }
};

}  // namespace wengert::detail
