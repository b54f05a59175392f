// Fused functions over elements: sum_gradient(fuse(f), x, elements, data) and its kin, the same calls as for a recorded Function
// (elements.hpp). Inputs and results go through straight-line code on vectors.
//
//     constexpr auto spring = fuse([](auto a, auto b, auto length) { return 0.5 * (a - b - length) * (a - b - length); });
//     const BatchResult sum = sum_gradient(spring, x, Elements::rows(ends, 2), Samples(lengths));
//
// A callable that takes arrays is given with their sizes, and any with how many of its inputs are gathered where data follow:
// residuals(fuse(reprojection, Shape<9, 3, 2>()).gathering<12>(), x, observations, images).
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
    return [lanes](const Samples& gathered, std::span<double* const> sinks) { run_loop(lanes->loop, gathered, sinks); };
  }
};

/// The shape that was stated, or that of a callable of scalars.
template <class Callable>
constexpr auto element_shape() {
  if constexpr (requires { stated_shape(Callable{}); }) {
    return decltype(stated_shape(Callable{})){};
  } else {
    constexpr std::size_t count = scalars_taken<Callable>();
    static_assert(count > 0,
                  "fuse: say the shape of a callable that takes arrays, with 0 for each scalar: fuse(f, Shape<3, 0>())");
    return scalars(std::make_index_sequence<count>());
  }
}

/// Straight-line code that nobody optimises is slower than the loop of the library, which is: then the recorded twin runs there.
template <class Callable, std::size_t n, bool optimised>
struct ElementCodes<FusedGathering<Callable, n>, optimised> {
  using Gathering = FusedGathering<Callable, n>;

  static ElementCode gradient([[maybe_unused]] const char* name, const Gathering&) {
    if constexpr (optimised) {
      ElementCode code{inputs(), n, 1, 1 + n, ElementLanes<WrittenRecipe<PartOfGradientRecipe<Callable, Taken<>, n>>>::run()};
      if constexpr (n < inputs())
        code.run_alike = [](std::span<const double> gathered, const Samples& run) {
          const BatchOptions sums_alone{.threads = 1, .standard_errors = false};
          return run_fused<false, Callable>("sum_gradient", false, gathered.first<n>(), run, sums_alone);
        };
      return code;
    } else {
      return of_gathered(gradient_code(name, twin()));
    }
  }
  static ElementCode jacobian(const Gathering&) {
    constexpr std::size_t m = recorded<Callable, Taken<>>.outputs.size();
    if constexpr (optimised)
      return {inputs(), n, m, m * (1 + n), ElementLanes<WrittenRecipe<PartOfJacobianRecipe<Callable, Taken<>, n>>>::run()};
    else
      return of_gathered(jacobian_code(twin()));
  }
  static ElementCode hessian(const Gathering&, [[maybe_unused]] std::size_t gathered) {
    constexpr std::size_t half = n * (n + 1) / 2;
    if constexpr (optimised)
      return {inputs(), n, 0, half, ElementLanes<WrittenRecipe<PartOfHessianRecipe<Callable, Taken<>, n>>>::run()};
    else
      return of_gathered(hessian_code(twin(), gathered));
  }

 private:
  // asked late, so that what is wrong with a callable is said where it is called
  template <class Same = Callable>
  using Taken = decltype(element_shape<Same>());
  template <class Same = Callable>
  static constexpr std::size_t inputs() {
    static_assert(n <= Taken<Same>::inputs, "fuse: gathering more inputs than the function takes");
    return Taken<Same>::inputs;
  }
  static ElementCode of_gathered(ElementCode code) {
    code.most_gathered = n;
    return code;
  }
  static const Function& twin() {
    static_cast<void>(inputs());  // so that what cannot be fused is refused here too
    static_cast<void>(recorded<Callable, Taken<>>);
    return recorded_twin<Callable>(Taken<>{});
  }
};
/// Of all inputs.
template <class Callable, bool optimised>
struct ElementCodes<Fused<Callable>, optimised> {
  template <class Same = Callable>
  using Codes = ElementCodes<FusedGathering<Same, decltype(element_shape<Same>())::inputs>, optimised>;

  static ElementCode gradient(const char* name, const Fused<Callable>&) { return Codes<>::gradient(name, {}); }
  static ElementCode jacobian(const Fused<Callable>&) { return Codes<>::jacobian({}); }
  static ElementCode hessian(const Fused<Callable>&, std::size_t gathered) { return Codes<>::hessian({}, gathered); }
};

}  // namespace wengert::detail
