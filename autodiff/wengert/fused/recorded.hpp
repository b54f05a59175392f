// The callable recorded during compilation: it runs here alone, once, and all other programs are made from this one.
#pragma once

#include <array>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "wengert/fused/frozen.hpp"
#include "wengert/record/outputs.hpp"
#include "wengert/sweep/pieces.hpp"
#include "wengert/tape.hpp"
#include "wengert/var.hpp"

namespace wengert::detail {

template <std::size_t size>
constexpr auto fused_argument(Tape& tape) {
  if constexpr (size == 0) {
    return tape.variable(0, {}, Location{});
  } else {
    std::array<Var, size> vars;
    for (Var& var : vars) var = tape.variable(0, {}, Location{});
    return vars;
  }
}

/// The callable as it was recorded: it runs here alone, and all other programs are made from this one.
template <class Callable, class Shape>
struct RecordedRecipe;
template <class Callable, std::size_t... sizes>
struct RecordedRecipe<Callable, Shape<sizes...>> {
  static constexpr std::size_t room = 256;
  static constexpr Build build(Tape& tape) {
    static_assert(
        std::is_invocable_v<Callable, decltype(fused_argument<sizes>(tape))&...>,
        "fuse: the callable does not take these arguments; it takes numbers, and a std::array where there are several (of "
        "a vector the compiler knows no size: record(f, …))");
    // braces: independents in the order of the arguments
    std::tuple<decltype(fused_argument<sizes>(tape))...> arguments{fused_argument<sizes>(tape)...};
    std::vector<Var> outputs;
    constexpr bool returns = !std::is_void_v<decltype(std::apply(Callable{}, arguments))>;
    static_assert(returns, "fuse: the callable returns nothing; return the number that it computes");
    if constexpr (returns) append_outputs(outputs, std::apply(Callable{}, arguments));
    Build result;
    for (const Var& output : outputs) result.program.outputs.push_back(index_on(tape, output, "fuse", {}));
    return result;
  }
};
template <class Callable, class Shape>
inline constexpr const auto& recorded = frozen<RecordedRecipe<Callable, Shape>>;

/// Whether the callable returns one number, and no range of them.
template <class Callable, class Shape>
inline constexpr bool has_one_output = false;
template <class Callable, std::size_t... sizes>
inline constexpr bool has_one_output<Callable, Shape<sizes...>> =
    std::is_convertible_v<std::invoke_result_t<Callable, decltype(fused_argument<sizes>(std::declval<Tape&>()))...>, Var>;

/// Puts the recorded callable on a tape and returns its outputs.
template <class Callable, class Shape>
constexpr std::vector<NodeId> record_outputs(Tape& tape) {
  recorded<Callable, Shape>.thaw(tape);
  return {recorded<Callable, Shape>.outputs.begin(), recorded<Callable, Shape>.outputs.end()};
}
/// The same for a callable of one output.
template <class Callable, class Shape>
constexpr NodeId record_fused(Tape& tape) {
  static_assert(has_one_output<Callable, Shape>,
                "fuse: value, gradient, hessian and batches are of one output; of several there are values and jacobian");
  return record_outputs<Callable, Shape>(tape)[0];
}
/// Cells that a program made from it may take, at a first guess: so many for each node.
template <class Callable, class Shape>
constexpr std::size_t room_for(std::size_t per_node) {
  return 64 + per_node * (recorded<Callable, Shape>.nodes.size() + 4);
}

}  // namespace wengert::detail
