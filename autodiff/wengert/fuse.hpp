// Fused: a function recorded, differentiated and optimised during compilation. No tape is left at run time.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "wengert/fused/frozen.hpp"
#include "wengert/fused/recorded.hpp"
#include "wengert/fused/straight_line.hpp"
#include "wengert/fused/vector_valued.hpp"
#include "wengert/sweep/pieces.hpp"

namespace wengert {

template <class Callable>
class Fused;

namespace detail {

/// The value, and its derivative in every input, as the reverse sweep recorded them. A program of its own, since compilers count
/// the steps of each: optimised in one go with it, 300 operations would go beyond what clang allows by default.
template <class Callable, class Shape>
struct DerivativeRecipe {
  static constexpr std::size_t room = room_for<Callable, Shape>(4);
  static constexpr Build build(Tape& to) {
    Tape tape(false);
    const Index dependent = record_fused<Callable, Shape>(tape);
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
    result.shared = static_cast<Index>(Shape::inputs);
    return result;
  }
};

/// Hessian times direction: inputs x then v, outputs the gradient of g(x) . v in x, by differentiating the gradient's own tape.
template <class Callable, class Shape>
struct HessianVectorRecipe {
  static constexpr std::size_t room = room_for<Callable, Shape>(16);
  static constexpr Build build(Tape& to) {
    Tape tape(false), gradient(false), product(false);
    const Index dependent = record_fused<Callable, Shape>(tape);
    const std::vector<Index> partials = derivative(tape, std::span(&dependent, 1), gradient);
    TapeCopy copy(gradient, product);
    for (const Index i : gradient.independents()) copy.independent(i);
    std::vector<Var> direction;
    for (std::size_t k = 0; k < Shape::inputs; ++k) direction.push_back(product.variable(0, {}, Location{}));
    for (Index i = 0; i < gradient.size(); ++i)
      if (gradient[i].op != Op::Independent) copy.node(i);
    Var sum = 0;
    for (std::size_t k = 0; k < Shape::inputs; ++k) sum += Var(product, copy.at(partials[1 + k])) * direction[k];
    const Index dot = sum.is_constant() ? product.constant(sum.value()) : sum.index();

    Tape raw(false);
    Build result;
    std::vector<Index> all = record_derivative(product, std::span(&dot, 1), raw);
    result.program.outputs.assign(all.begin() + 1, all.begin() + 1 + static_cast<std::ptrdiff_t>(Shape::inputs));
    result.report = optimise(raw, result.program.outputs, to, true);
    return result;
  }
};

/// A fused function as an operation: one node on a tape, whose partials come from straight-line code.
template <class Callable, class Shape>
class FusedOperation final : public NaryOperation {
 public:
  /// The k-th partial as an operation; its own partials are a row of the Hessian.
  class Partial final : public NaryOperation {
   public:
    explicit Partial(int k) : k_(k) {}
    const char* name() const override { return "fused'"; }
    int arity() const override { return static_cast<int>(Shape::inputs); }
    double value(std::span<const double> x) const override {
      return StraightLine<GradientRecipe<Callable, Shape>, double>::outputs(x.data())[1 + static_cast<std::size_t>(k_)];
    }
    void partials(std::span<const double> x, double, std::span<double> partials) const override {
      std::array<double, 2 * Shape::inputs> point{};
      for (std::size_t k = 0; k < Shape::inputs; ++k) point[k] = x[k];
      point[Shape::inputs + static_cast<std::size_t>(k_)] = 1;
      const auto row = StraightLine<HessianVectorRecipe<Callable, Shape>, double>::outputs(point.data());
      for (std::size_t k = 0; k < Shape::inputs; ++k) partials[k] = row[k];
    }
    const NaryOperation* partial(int) const override { return nullptr; }
    Identity identity() const override { return {&instance(), 1 + static_cast<std::size_t>(k_)}; }
    const NaryOperation* clone() const override { return new Partial(*this); }

   private:
    int k_;
  };

  static const FusedOperation& instance() {
    static constexpr FusedOperation operation;
    return operation;
  }

  const char* name() const override { return "fused"; }
  int arity() const override { return static_cast<int>(Shape::inputs); }
  double value(std::span<const double> x) const override {
    return StraightLine<ValuesRecipe<Callable, Shape>, double>::outputs(x.data())[0];
  }
  void partials(std::span<const double> x, double, std::span<double> partials) const override {
    const auto all = StraightLine<GradientRecipe<Callable, Shape>, double>::outputs(x.data());
    for (std::size_t k = 0; k < Shape::inputs; ++k) partials[k] = all[1 + k];
  }
  const NaryOperation* partial(int k) const override {
    static const auto partials = []<std::size_t... j>(std::index_sequence<j...>) {
      return std::array<Partial, sizeof...(j)>{Partial(static_cast<int>(j))...};
    }(std::make_index_sequence<Shape::inputs>());
    return &partials[static_cast<std::size_t>(k)];
  }
  Identity identity() const override { return {&instance()}; }
  const NaryOperation* clone() const override { return new FusedOperation(*this); }
};

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
std::string print_fused(const Tape& tape, std::span<const Index> outputs, Index shared, const OptimiseReport& report);

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
        const Index entry = program.outputs[m + i * n + k];
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
  /// One node for each output. The partials cost little beside the value here, so they are computed with it, and the reverse
  /// sweep reads them.
  template <class... Arguments>
  static auto record(Location at, const Arguments&... x) {
    using Taken = Shape<detail::shape_size<Arguments>...>;
    Tape* tape = nullptr;
    ((tape = tape != nullptr ? tape : detail::tape_of(x)), ...);
    const auto node = [&](const NaryOperation& operation, double value, const double* partials) {
      if (tape == nullptr) return Var(value);
      detail::PieceWriter piece(*tape, "fused", at, Taken::inputs, partials);
      (piece.append(x), ...);
      return piece.push(tape->adopt_static(operation), value);
    };
    if constexpr (detail::has_one_output<Callable, Taken>) {
      const auto all = outputs<detail::GradientRecipe>(x...);
      return node(detail::FusedOperation<Callable, Taken>::instance(), all[0], &all[1]);
    } else {
      const auto all = outputs<detail::JacobianRecipe>(x...);
      return [&]<std::size_t... k>(std::index_sequence<k...>) {
        return std::array<Var, sizeof...(k)>{node(detail::FusedOperation<detail::OutputOf<Callable, k>, Taken>::instance(),
                                                  all[k], &all[sizeof...(k) + k * Taken::inputs])...};
      }(std::make_index_sequence<outputs_of<Taken>>());
    }
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
