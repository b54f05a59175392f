// Fused functions over elements: sum_gradient(fuse(f), x, elements, data) and its kin, the same calls as for a recorded Function
// (elements.hpp). Inputs and results go through straight-line code on vectors.
//
//     constexpr auto spring = fuse([](auto a, auto b, auto length) { return 0.5 * (a - b - length) * (a - b - length); });
//     const BatchResult sum = sum_gradient(spring, x, Elements::rows(ends, 2), Samples(lengths));
//
// A callable that takes arrays is given with their sizes, and with how many of its inputs are gathered where data follow:
// residuals(fuse(reprojection).taking<9, 3, 2>().gathering<12>(), …).
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

#include "wengert/batch/element_loop.hpp"
#include "wengert/elements.hpp"
#include "wengert/fused/batch_program.hpp"
#include "wengert/fused_batch.hpp"

namespace wengert::detail {

/// A written program on lanes, with all that it needs while it runs.
template <class Recipe>
struct ElementLanes {
  SharedValues<Recipe> numbers;
  decltype(call_kernels<Recipe, double>()) kernels = call_kernels<Recipe, double>();
  FusedBatch<double> batch{numbers.v.data(), kernels.data(), nullptr};
  ElementLoop loop{fused_loop<Recipe, double, false>(instruction_set()), &batch};

  static auto run() {
    const auto lanes = std::make_shared<ElementLanes>();
    lanes->numbers.run({});
    return [lanes](const Samples& gathered, std::span<double* const> sinks, int threads) {
      run_loop(lanes->loop, gathered, sinks, threads);
    };
  }
};

/// Straight-line code that nobody optimises is slower than the loop of the library, which is: then the recorded twin runs there.
template <class Callable, class Taken, std::size_t n, bool optimised>
struct ElementCodes<FusedTaking<Callable, Taken, n>, optimised> {
  using F = FusedTaking<Callable, Taken, n>;
  static constexpr std::size_t inputs = Taken::inputs;

  static ElementCode gradient([[maybe_unused]] const char* name, const F&) {
    if constexpr (optimised)
      return {inputs, n, 1, 1 + n, ElementLanes<WrittenRecipe<GradientRecipe<Callable, Taken>, 1, inputs, n>>::run()};
    else
      return gradient_code(name, twin());
  }
  static ElementCode jacobian(const F&) {
    constexpr std::size_t m = recorded<Callable, Taken>.outputs.size();
    if constexpr (optimised)
      return {inputs, n, m, m * (1 + n), ElementLanes<WrittenRecipe<JacobianRecipe<Callable, Taken>, m, inputs, n>>::run()};
    else
      return jacobian_code(twin());
  }
  static ElementCode hessian(const F&, [[maybe_unused]] std::size_t gathered) {
    constexpr std::size_t half = n * (n + 1) / 2;
    if constexpr (optimised)
      return {inputs, n, 0, half, ElementLanes<WrittenRecipe<HessianRecipe<Callable, Taken, n>, half, 1, 1>>::run()};
    else
      return hessian_code(twin(), gathered);
  }

 private:
  static const Function& twin() {
    static_cast<void>(recorded<Callable, Taken>);  // so that what cannot be fused is refused here too
    return recorded_twin<Callable>(Taken{});
  }
};

/// A callable of scalars says by itself what it takes.
template <class Callable>
constexpr auto taking_scalars() {
  constexpr std::size_t count = scalars_taken<Callable>();
  static_assert(count > 0, "fuse: say the shape of a callable that takes arrays: sum_gradient(f.taking<3, 0>(), …)");
  return []<std::size_t... k>(std::index_sequence<k...>) {
    return FusedTaking<Callable, Shape<(0 * k)...>, count>();
  }(std::make_index_sequence<count>());
}
template <class Callable, bool optimised>
struct ElementCodes<Fused<Callable>, optimised> {
  template <class F>
  using Codes = ElementCodes<decltype(taking_scalars<F>()), optimised>;

  static ElementCode gradient(const char* name, const Fused<Callable>&) { return Codes<Callable>::gradient(name, {}); }
  static ElementCode jacobian(const Fused<Callable>&) { return Codes<Callable>::jacobian({}); }
  static ElementCode hessian(const Fused<Callable>&, std::size_t gathered) { return Codes<Callable>::hessian({}, gathered); }
};

}  // namespace wengert::detail
