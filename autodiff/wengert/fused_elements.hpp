// Fused functions over elements: sum_gradient(fuse(f), x, elements, data) and its kin, the same calls as for a recorded Function
// (elements.hpp). Inputs and results go through straight-line code on vectors.
//
//     constexpr auto spring = fuse([](auto a, auto b, auto length) { return 0.5 * (a - b - length) * (a - b - length); });
//     const BatchResult sum = sum_gradient(spring, x, Elements::rows(ends, 2), Samples(lengths));
//
// A callable that takes arrays is given with their sizes: residuals(fuse(reprojection).taking<9, 3, 2>(), …).
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

/// A recipe's program on lanes, with all that it needs while it runs.
template <class Recipe>
struct ElementLanes {
  using Written = WrittenRecipe<Recipe>;

  SharedValues<Written> numbers;
  decltype(call_kernels<Written, double>()) kernels = call_kernels<Written, double>();
  FusedBatch<double> batch{numbers.v.data(), kernels.data(), nullptr};
  ElementLoop loop{fused_loop<Written, double, false>(instruction_set()), &batch};

  static ElementCode code(std::size_t inputs, std::size_t values) {
    const auto lanes = std::make_shared<ElementLanes>();
    lanes->numbers.run({});
    return {inputs, values, frozen<Written>.outputs.size(),
            [lanes](const Samples& gathered, std::span<double* const> sinks, int threads) {
              run_loop(lanes->loop, gathered, sinks, threads);
            }};
  }
};

template <class Callable, class Taken>
struct ElementCodes<FusedTaking<Callable, Taken>> {
  using F = FusedTaking<Callable, Taken>;

// Straight-line code that nobody optimises is slower than the loop of the library, which is.
#ifdef __OPTIMIZE__
  static ElementCode gradient(const char*, const F&) {
    return ElementLanes<GradientRecipe<Callable, Taken>>::code(Taken::inputs, 1);
  }
  static ElementCode jacobian(const F&) {
    return ElementLanes<JacobianRecipe<Callable, Taken>>::code(Taken::inputs, recorded<Callable, Taken>.outputs.size());
  }
  static ElementCode hessian(const F&, std::size_t) {
    return ElementLanes<HessianRecipe<Callable, Taken>>::code(Taken::inputs, 0);
  }
#else
  static const Function& twin() {
    static_cast<void>(recorded<Callable, Taken>);  // so that what cannot be fused is refused here too
    return recorded_twin<Callable>(Taken{});
  }
  static ElementCode gradient(const char* name, const F&) { return ElementCodes<Function>::gradient(name, twin()); }
  static ElementCode jacobian(const F&) { return ElementCodes<Function>::jacobian(twin()); }
  static ElementCode hessian(const F&, std::size_t gathered) { return ElementCodes<Function>::hessian(twin(), gathered); }
#endif
};

/// A callable of scalars says by itself what it takes.
template <class Callable>
constexpr auto taking_scalars() {
  constexpr std::size_t count = scalars_taken<Callable>();
  static_assert(count > 0, "fuse: say the shape of a callable that takes arrays: sum_gradient(f.taking<3, 0>(), …)");
  return []<std::size_t... k>(std::index_sequence<k...>) {
    return FusedTaking<Callable, Shape<(0 * k)...>>();
  }(std::make_index_sequence<count>());
}
template <class Callable>
struct ElementCodes<Fused<Callable>> {
  template <class F>
  using Codes = ElementCodes<decltype(taking_scalars<F>())>;

  static ElementCode gradient(const char* name, const Fused<Callable>&) { return Codes<Callable>::gradient(name, {}); }
  static ElementCode jacobian(const Fused<Callable>&) { return Codes<Callable>::jacobian({}); }
  static ElementCode hessian(const Fused<Callable>&, std::size_t gathered) { return Codes<Callable>::hessian({}, gathered); }
};

}  // namespace wengert::detail
