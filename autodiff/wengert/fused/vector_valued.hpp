// What a fused function of several outputs is expanded from: its outputs, its Jacobian, and products with that.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "wengert/forward_sweep.hpp"
#include "wengert/fused/recorded.hpp"
#include "wengert/number_type.hpp"
#include "wengert/transform/derivative.hpp"

namespace wengert::detail {

/// A value and its derivatives in n directions, recorded: a tangent that is 0 costs nothing.
template <std::size_t n>
struct Tangents : NumberType<Tangents<n>> {
  Var value;
  std::array<Var, n> tangent{};

  constexpr Tangents() = default;
  constexpr explicit Tangents(const Var& v) : value(v) {}

  template <class Rule, class... Terms>
  static constexpr Tangents lift(const Var& result, const Terms&... term) {
    Tangents lifted(result);
    const auto add = [](Var& sum, const Var& direction, const Var& partial) {
      if (!carries_nothing(direction)) accumulate(sum, carry<Rule>(direction, partial));
    };
    for (std::size_t k = 0; k < n; ++k) (add(lifted.tangent[k], term.argument.tangent[k], term.partial), ...);
    return lifted;
  }
};

/// Records on the empty tape `to` what one forward sweep gives: the outputs, then for each of them its derivative in each of the
/// n directions, which seed(point) writes into the tangents of the inputs once they are all on the tape.
template <std::size_t n, class Seed>
constexpr std::vector<NodeId> record_tangents(const Tape& from, std::span<const NodeId> dependents, Tape& to, Seed seed) {
  std::vector<Tangents<n>> point;
  for (std::size_t i = 0; i < from.independents().size(); ++i) point.emplace_back(to.variable(0, {}, Location{}));
  seed(std::span(point));
  const Values<Tangents<n>> values = forward_sweep<Tangents<n>>(from, std::span<const Tangents<n>>(point));
  const auto index = [&to](const Var& x) { return x.is_constant() ? to.constant(x.value()) : x.index(); };
  std::vector<NodeId> results;
  for (const NodeId dependent : dependents) results.push_back(index(values[dependent].value));
  for (const NodeId dependent : dependents)
    for (std::size_t k = 0; k < n; ++k) results.push_back(index(values[dependent].tangent[k]));
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

/// All outputs, then the Jacobian row by row, in reverse mode or forward mode: whichever leaves fewer operations.
template <class Callable, class Shape>
struct JacobianRecipe {
  static constexpr std::size_t room = room_for<Callable, Shape>(8);
  static constexpr Build build(Tape& to) {
    Tape tape(false), reverse(false), forward(false);
    const std::vector<NodeId> dependents = record_outputs<Callable, Shape>(tape);
    Build result;
    std::vector<NodeId> outputs = derivative(tape, dependents, reverse, &result.report, true);
    const Tape* fewer = &reverse;
    if (dependents.size() > 1 && forward_is_safe(tape)) {
      Tape raw(false);
      std::vector<NodeId> others = record_tangents<Shape::inputs>(tape, dependents, raw, [](auto point) {
        for (std::size_t k = 0; k < point.size(); ++k) point[k].tangent[k] = Var(1);
      });
      const OptimiseReport report = optimise(raw, others, forward, true);
      if (forward.size() < reverse.size()) {
        fewer = &forward;
        outputs = others;
        result.report = report;
      }
    }
    leave_out_dead(*fewer, outputs, to);  // a copy: it is optimised already
    result.program.outputs = outputs;
    result.shared = static_cast<NodeId>(Shape::inputs);
    return result;
  }
};

/// Inputs x then v, outputs J v.
template <class Callable, class Shape>
struct PushForwardRecipe {
  static constexpr std::size_t room = room_for<Callable, Shape>(8);
  static constexpr Build build(Tape& to) {
    Tape tape(false), raw(false);
    const std::vector<NodeId> dependents = record_outputs<Callable, Shape>(tape);
    const std::vector<NodeId> all = record_tangents<1>(tape, dependents, raw, [&](auto point) {
      for (auto& x : point) x.tangent[0] = raw.variable(0, {}, Location{});
    });
    Build result;
    result.program.outputs.assign(all.begin() + static_cast<std::ptrdiff_t>(dependents.size()), all.end());
    result.report = optimise(raw, result.program.outputs, to, true);
    return result;
  }
};

/// The gradient of w . (dependents) in the independents of a tape: inputs x then w, outputs w'J.
constexpr Build pull_back_of(const Tape& tape, std::span<const NodeId> dependents, Tape& to) {
  Tape weighted(false), raw(false);
  TapeCopy copy(tape, weighted);
  for (const NodeId i : tape.independents()) copy.independent(i);
  std::vector<Var> weights;
  for (std::size_t k = 0; k < dependents.size(); ++k) weights.push_back(weighted.variable(0, {}, Location{}));
  for (NodeId i = 0; i < tape.size(); ++i)
    if (tape[i].op != Op::Independent) copy.node(i);
  Var sum = 0;
  for (std::size_t k = 0; k < dependents.size(); ++k) accumulate(sum, weights[k] * Var(weighted, copy.at(dependents[k])));
  const NodeId dot = index_on(weighted, sum, "fuse", {});
  const std::vector<NodeId> all = record_derivative(weighted, std::span(&dot, 1), raw);
  const auto inputs = static_cast<std::ptrdiff_t>(tape.independents().size());
  Build result;
  result.program.outputs.assign(all.begin() + 1, all.begin() + 1 + inputs);
  result.report = optimise(raw, result.program.outputs, to, true);
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
    Tape tape(false), gradient(false), raw(false);
    const NodeId dependent = record_fused<Callable, Shape>(tape);
    const std::vector<NodeId> partials = derivative(tape, std::span(&dependent, 1), gradient);
    const std::vector<NodeId> all = record_derivative(gradient, std::span(partials).subspan(1, n), raw);
    Build result;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = i; j < n; ++j) result.program.outputs.push_back(all[n + i * Shape::inputs + j]);
    result.report = optimise(raw, result.program.outputs, to, true);
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
