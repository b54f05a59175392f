// What a fused function of one output is expanded from: its value and gradient, and its Hessian times a direction.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "wengert/fused/vector_valued.hpp"
#include "wengert/transform/emitted.hpp"

namespace wengert::detail {

/// The value, and its derivatives in the first n inputs.
template <class Callable, class Shape, std::size_t n>
struct PartOfGradientRecipe {
  static constexpr std::size_t room = room_for<Callable, Shape>(4);
  static constexpr Build build(Tape& to) {
    Tape tape(false);
    const NodeId dependent = record_fused<Callable, Shape>(tape);
    Build result;
    result.program.outputs = optimised_derivative(tape, std::span(&dependent, 1), n, to, result.report);
    result.shared = static_cast<NodeId>(Shape::inputs);
    return result;
  }
};

/// In every input.
template <class Callable, class Shape>
struct GradientRecipe : PartOfGradientRecipe<Callable, Shape, Shape::inputs> {};

/// Hessian times direction: inputs x then v, outputs the gradient of g(x) . v in x, which is the gradient's own tape pulled back.
template <class Callable, class Shape>
struct HessianVectorRecipe {
  static constexpr std::size_t room = room_for<Callable, Shape>(16);
  static constexpr Build build(Tape& to) {
    Tape tape(false), gradient(false);
    const NodeId dependent = record_fused<Callable, Shape>(tape);
    return pull_back_of(gradient, emit_gradient(tape, dependent, Shape::inputs, gradient), to);
  }
};

}  // namespace wengert::detail
