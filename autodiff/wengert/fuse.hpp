// Fused: a function recorded, differentiated and optimised during compilation. No tape is left at run time. It needs a standard
// library whose std::vector may be used during compilation: that of gcc 12, libc++ 15, or a later one, without _GLIBCXX_DEBUG.
#pragma once

#include "wengert/record/config.hpp"

#ifndef WENGERT_CAN_FUSE
#error \
    "wengert: fuse needs a standard library whose std::vector may be used during compilation (of gcc 12, libc++ 15, or later, without _GLIBCXX_DEBUG); with another, record(f, …)"
#endif

#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "wengert/fused/piece.hpp"

namespace wengert {

template <class Callable>
class Fused;
/// A fused function over elements whose first k inputs are gathered, the others being data: Fused::gathering.
template <class Callable, std::size_t k>
struct FusedGathering {};

namespace detail {

/// A callable of exactly these arguments.
template <class Callable, class Shape>
struct Shaped;
template <class Callable, std::size_t... sizes>
struct Shaped<Callable, Shape<sizes...>> {
  constexpr auto operator()(const std::conditional_t<sizes == 0, Var, std::array<Var, sizes>>&... x) const {
    return Callable{}(x...);
  }
};
template <class Callable, class Shape>
Shape stated_shape(const Shaped<Callable, Shape>&);

/// How a program reads: a line for each node with its arguments; in a batch, whether it is computed once or for each sample.
std::string print_fused(const Tape& tape, std::span<const NodeId> outputs, NodeId shared, const OptimiseReport& report);

}  // namespace detail

/// A function whose value and derivatives were worked out by the compiler. Made by fuse(). Empty: copying costs nothing.
template <class Callable>
class Fused : public detail::LocatedCall<Fused<Callable>> {
 public:
  /// The value; applied to Vars, one node on their tape (a constant among constants). Arguments are numbers or Vars, and arrays
  /// of them (or spans of fixed size) where the callable takes arrays. The node knows the caller's line.
  using detail::LocatedCall<Fused<Callable>>::operator();
  /// The value of numbers.
  template <class... Arguments>
  double value(const Arguments&... x) const {
    static_assert(detail::has_one_output<Callable, Shape<detail::shape_size<Arguments>...>>,
                  "fuse: value is of one output; of several there are values");
    return outputs<detail::ValuesRecipe>(x...)[0];
  }
  /// Derivatives in every input, in order; the value costs nothing beside them: see value_and_gradient.
  template <class... Arguments>
  auto gradient(const Arguments&... x) const {
    const auto all = outputs<detail::GradientRecipe>(x...);
    std::array<double, all.size() - 1> result;
    for (std::size_t k = 0; k < result.size(); ++k) result[k] = all[1 + k];
    return result;
  }
  /// The value, then the derivatives.
  template <class... Arguments>
  auto value_and_gradient(const Arguments&... x) const {
    return outputs<detail::GradientRecipe>(x...);
  }
  /// The outputs of a callable that returns several (an array, a tuple, or arrays of them), in order.
  template <class... Arguments>
  auto values(const Arguments&... x) const {
    return outputs<detail::ValuesRecipe>(x...);
  }
  /// outputs x inputs: jacobian(x…)[i][k] is the derivative of output i in input k; the rows lie side by side. In forward or
  /// reverse mode, whichever leaves fewer operations; entries that are 0 by structure are not computed.
  template <class... Arguments>
  auto jacobian(const Arguments&... x) const {
    return values_and_jacobian(x...).jacobian;
  }
  /// Both at once, `values` and `jacobian`, for the price of the Jacobian: values_and_jacobian().
  template <std::size_t m, std::size_t n>
  struct ValuesAndJacobian {
    std::array<double, m> values;
    std::array<std::array<double, n>, m> jacobian;
  };
  template <class... Arguments>
  auto values_and_jacobian(const Arguments&... x) const {
    using Taken = Shape<detail::shape_size<Arguments>...>;
    constexpr std::size_t n = Taken::inputs, m = outputs_of<Taken>;
    const auto all = outputs<detail::JacobianRecipe>(x...);
    ValuesAndJacobian<m, n> result;
    for (std::size_t i = 0; i < m; ++i) {
      result.values[i] = all[i];
      for (std::size_t k = 0; k < n; ++k) result.jacobian[i][k] = all[m + i * n + k];
    }
    return result;
  }
  /// Which entries of the Jacobian are not 0 by structure, known while compiling: jacobian_pattern(Shape<3, 0>())[i][k].
  template <std::size_t... sizes>
  static constexpr auto jacobian_pattern(Shape<sizes...>) {
    using Taken = Shape<sizes...>;
    constexpr const auto& program = detail::frozen<detail::JacobianRecipe<Callable, Taken>>;
    constexpr std::size_t n = Taken::inputs, m = outputs_of<Taken>;
    std::array<std::array<bool, n>, m> pattern{};
    for (std::size_t i = 0; i < m; ++i)
      for (std::size_t k = 0; k < n; ++k) {
        const NodeId entry = program.outputs[m + i * n + k];
        pattern[i][k] = entry >= 0 || program.constant(entry) != 0;
      }
    return pattern;
  }
  /// Weights times Jacobian, w'J: w has a number for each output. One reverse sweep.
  template <std::size_t m, class... Arguments>
  auto pull_back(const std::array<double, m>& w, const Arguments&... x) const {
    static_assert(m == outputs_of<Shape<detail::shape_size<Arguments>...>>, "fuse: pull_back takes a weight for each output");
    return outputs_beside<detail::PullBackRecipe>(w, x...);
  }
  /// Jacobian times direction, Jv: v has a number for each input, in order. One forward sweep.
  template <std::size_t n, class... Arguments>
  auto push_forward(const std::array<double, n>& v, const Arguments&... x) const {
    static_assert(n == Shape<detail::shape_size<Arguments>...>::inputs, "fuse: push_forward takes a direction of all inputs");
    return outputs_beside<detail::PushForwardRecipe>(v, x...);
  }
  /// The Hessian of one output, hessian(x…)[i][k]: half of it is computed, so it is symmetric to the bit.
  template <class... Arguments>
  auto hessian(const Arguments&... x) const {
    constexpr std::size_t n = Shape<detail::shape_size<Arguments>...>::inputs;
    const auto half = outputs<detail::HessianRecipe>(x...);
    std::array<std::array<double, n>, n> result;
    std::size_t next = 0;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t k = i; k < n; ++k) result[i][k] = result[k][i] = half[next++];
    return result;
  }

  /// Hessian at x times v: x and v are arrays of all inputs in order.
  template <std::size_t length>
  std::array<double, length> hessian_vector(const std::array<double, length>& x, const std::array<double, length>& v) const {
    return hessian_vector(detail::scalars(std::make_index_sequence<length>()), x, v);
  }
  /// The same for a callable that takes arrays: say its shape, with 0 for each scalar. hessian_vector(Shape<3, 0>(), x, v).
  template <std::size_t... sizes, std::size_t length>
  std::array<double, length> hessian_vector(Shape<sizes...>, const std::array<double, length>& x,
                                            const std::array<double, length>& v) const {
    static_assert(Shape<sizes...>::inputs == length, "fuse: the callable takes another number of inputs");
    std::array<double, 2 * length> point;
    for (std::size_t k = 0; k < length; ++k) {
      point[k] = x[k];
      point[length + k] = v[k];
    }
    return detail::StraightLine<detail::HessianVectorRecipe<Callable, Shape<sizes...>>, double>::outputs(point.data());
  }

  /// The same for elements of k indices (fused_elements.hpp): differentiated in the first k inputs alone, those after them being
  /// data. Of a Hessian that is much less to compile and to compute.
  template <std::size_t k>
  constexpr FusedGathering<Callable, k> gathering() const {
    return {};
  }

  /// The program of value and gradient (values and Jacobian) as a table of text, with what the optimiser did.
  std::string program() const {
    static_assert(detail::scalars_taken<Callable>() > 0,
                  "fuse: say the shape of a callable that takes arrays: program(Shape<3, 0>())");
    return program(detail::scalars(std::make_index_sequence<detail::scalars_taken<Callable>()>()));
  }
  template <std::size_t... sizes>
  std::string program(Shape<sizes...>) const {
    constexpr const auto& code = detail::frozen<detail::JacobianRecipe<Callable, Shape<sizes...>>>;
    Tape tape(false);
    code.thaw(tape);
    return detail::print_fused(tape, code.outputs, code.shared, code.report);
  }

 private:
  friend detail::LocatedCall<Fused<Callable>>;
  template <class... Arguments>
  static constexpr auto apply(Location at, const Arguments&... x) {
    if constexpr ((... || detail::holds_var<Arguments>)) {
      if (std::is_constant_evaluated()) {  // within another fused function it is recorded with it
        Tape* tape = nullptr;
        ((tape = tape != nullptr ? tape : detail::tape_of(x)), ...);
        if constexpr (detail::has_one_output<Callable, Shape<detail::shape_size<Arguments>...>>)
          return Var(Callable{}(detail::as_taken(*tape, x)...));
        else
          return within<Arguments...>(Callable{}(detail::as_taken(*tape, x)...));
      }
      return record(at, x...);
    } else if constexpr (detail::has_one_output<Callable, Shape<detail::shape_size<Arguments>...>>) {
      return outputs<detail::ValuesRecipe>(x...)[0];
    } else {
      return outputs<detail::ValuesRecipe>(x...);
    }
  }

  /// What several outputs are within another fused function.
  template <class... Arguments, class Result>
  static constexpr auto within(const Result& result) {
    std::vector<Var> all;
    detail::append_outputs(all, result);
    std::array<Var, outputs_of<Shape<detail::shape_size<Arguments>...>>> array;
    for (std::size_t k = 0; k < array.size(); ++k) array[k] = all[k];
    return array;
  }

  template <class Taken>
  static constexpr std::size_t outputs_of = detail::recorded<Callable, Taken>.outputs.size();

  template <template <class, class> class Recipe, class... Arguments>
  static auto outputs(const Arguments&... x) {
    const auto all = detail::input_values(x...);
    return detail::StraightLine<Recipe<Callable, Shape<detail::shape_size<Arguments>...>>, double>::outputs(all.data());
  }
  /// The same for a recipe whose inputs are x and then `more`.
  template <template <class, class> class Recipe, std::size_t length, class... Arguments>
  static auto outputs_beside(const std::array<double, length>& more, const Arguments&... x) {
    const auto point = detail::input_values(x...);
    std::array<double, point.size() + length> all;
    for (std::size_t k = 0; k < all.size(); ++k) all[k] = k < point.size() ? point[k] : more[k - point.size()];
    return detail::StraightLine<Recipe<Callable, Shape<detail::shape_size<Arguments>...>>, double>::outputs(all.data());
  }
  /// A node for each output.
  template <class... Arguments>
  static auto record(Location at, const Arguments&... x) {
    using Taken = Shape<detail::shape_size<Arguments>...>;
    using detail::as_read;
    const auto nodes =
        detail::FusedNodes<Callable, outputs_of<Taken>, std::remove_cvref_t<decltype(as_read(x))>...>::record(at, as_read(x)...);
    if constexpr (detail::has_one_output<Callable, Taken>)
      return nodes[0];
    else
      return nodes;
  }
};

/// Fuses a callable without captures, generic in its number type: `fuse([](auto x, auto y) { return sin(x) * y; })`. It is
/// recorded, differentiated and optimised by the compiler, with the tape, the rules and the passes that serve at run time. It
/// returns a number, or an array or tuple of them: `fuse(…).jacobian(x…)`. It may
/// not branch on values (use select), call custom operations, or apply exp and the like to a plain number of its own (write the
/// number).
template <class Callable>
constexpr Fused<Callable> fuse(Callable) {
  static_assert(std::is_empty_v<Callable> && std::is_default_constructible_v<Callable>,
                "fuse: the callable must not capture anything; pass what it needs as arguments");
  return {};
}
/// The same with the sizes of the arguments, 0 for each scalar: `fuse(f, Shape<3, 0, 2>())`. A batch has to be told where f
/// itself leaves it open, `[](const auto& w, const auto& x)`.
template <class Callable, std::size_t... sizes>
constexpr Fused<detail::Shaped<Callable, Shape<sizes...>>> fuse(Callable callable, Shape<sizes...>) {
  static_cast<void>(fuse(callable));
  return {};
}

}  // namespace wengert
