// What a fused function of one output is expanded from: its value and gradient, and its Hessian times a direction.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "wengert/fused/vector_valued.hpp"
#include "wengert/transform/derivative.hpp"

namespace wengert::detail {

/// The value, and its derivative in every input, as the reverse sweep recorded them. A program of its own, since compilers count
/// the steps of each: optimised in one go with it, 300 operations would go beyond what clang allows by default.
template <class Callable, class Shape>
struct DerivativeRecipe {
  static constexpr std::size_t room = room_for<Callable, Shape>(4);
  static constexpr Build build(Tape& to) {
    Tape tape(false);
    const NodeId dependent = record_fused<Callable, Shape>(tape);
    Build result;
    result.program.outputs = record_derivative(tape, std::span(&dependent, 1), to);
    return result;
  }
};

/// The same, optimised.
template <class Callable, class Shape>
struct GradientRecipe {
  static constexpr const auto& recorded_derivative = frozen<DerivativeRecipe<Callable, Shape>>;
  static constexpr std::size_t room = 64 + recorded_derivative.nodes.size();
  static constexpr Build build(Tape& to) {
    Tape tape(false);
    recorded_derivative.thaw(tape);
    Build result;
    result.program.outputs.assign(recorded_derivative.outputs.begin(), recorded_derivative.outputs.end());
    result.report = optimise(tape, result.program.outputs, to, true);
    result.shared = static_cast<NodeId>(Shape::inputs);
    return result;
  }
};

/// Hessian times direction: inputs x then v, outputs the gradient of g(x) . v in x, which is the gradient's own tape pulled back.
template <class Callable, class Shape>
struct HessianVectorRecipe {
  static constexpr std::size_t room = room_for<Callable, Shape>(16);
  static constexpr Build build(Tape& to) {
    Tape tape(false), gradient(false);
    const NodeId dependent = record_fused<Callable, Shape>(tape);
    const std::vector<NodeId> partials = derivative(tape, std::span(&dependent, 1), gradient);
    return pull_back_of(gradient, std::span(partials).subspan(1), to);
  }
};

}  // namespace wengert::detail
