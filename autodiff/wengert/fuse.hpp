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
#include "wengert/fused/straight_line.hpp"
#include "wengert/sweep/pieces.hpp"

namespace wengert {

template <class Callable>
class Fused;

// -- what is recorded during compilation ---------------------------------------------------------------------------------------

namespace detail {

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
    // braces: independents in the order of the arguments
    std::tuple<decltype(fused_argument<sizes>(tape))...> arguments{fused_argument<sizes>(tape)...};
    const Var dependent = std::apply(Callable{}, arguments);
    Build result;
    result.program.outputs = {index_on(tape, dependent, "fuse", {})};
    return result;
  }
};
template <class Callable, class Shape>
inline constexpr const auto& recorded = frozen<RecordedRecipe<Callable, Shape>>;

/// Puts the recorded callable on a tape and returns its dependent.
template <class Callable, class Shape>
constexpr Index record_fused(Tape& tape) {
  recorded<Callable, Shape>.thaw(tape);
  return recorded<Callable, Shape>.outputs[0];
}
/// Cells that a program made from it may take, at a first guess: so many for each node.
template <class Callable, class Shape>
constexpr std::size_t room_for(std::size_t per_node) {
  return 64 + per_node * (recorded<Callable, Shape>.nodes.size() + 4);
}

/// The value alone.
template <class Callable, class Shape>
struct ValueRecipe {
  static constexpr std::size_t room = room_for<Callable, Shape>(1);
  static constexpr Build build(Tape& to) {
    Tape tape(false);
    Build result;
    result.program.outputs = {record_fused<Callable, Shape>(tape)};
    result.report = optimise(tape, result.program.outputs, to);
    return result;
  }
};

/// The value, and its derivative in every input.
template <class Callable, class Shape>
struct GradientRecipe {
  static constexpr std::size_t room = room_for<Callable, Shape>(4);
  static constexpr Build build(Tape& to) {
    Tape tape(false);
    const Index dependent = record_fused<Callable, Shape>(tape);
    Build result;
    result.program.outputs = derivative(tape, std::span(&dependent, 1), to, &result.report, true);
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
    return StraightLine<ValueRecipe<Callable, Shape>, double>::outputs(x.data())[0];
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
  template <class... Arguments>
  double value(const Arguments&... x) const {
    return outputs<detail::ValueRecipe>(x...)[0];
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

  /// The program of value and gradient as a table of text, with what the optimiser did.
  std::string program() const {
    static_assert(detail::scalars_taken<Callable>() > 0,
                  "fuse: say the shape of a callable that takes arrays: program(Shape<3, 0>())");
    return program(detail::scalars(std::make_index_sequence<detail::scalars_taken<Callable>()>()));
  }
  template <std::size_t... sizes>
  std::string program(Shape<sizes...>) const {
    constexpr const auto& code = detail::frozen<detail::GradientRecipe<Callable, Shape<sizes...>>>;
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
        return Var(Callable{}(detail::as_taken(*tape, x)...));
      }
      return record(at, x...);
    } else {
      return outputs<detail::ValueRecipe>(x...)[0];
    }
  }

  template <template <class, class> class Recipe, class... Arguments>
  static auto outputs(const Arguments&... x) {
    const auto all = detail::input_values(x...);
    return detail::StraightLine<Recipe<Callable, Shape<detail::shape_size<Arguments>...>>, double>::outputs(all.data());
  }
  /// One node. The partials cost little beside the value here, so they are computed with it, and the reverse sweep reads them.
  template <class... Arguments>
  static Var record(Location at, const Arguments&... x) {
    using Taken = Shape<detail::shape_size<Arguments>...>;
    const auto all = outputs<detail::GradientRecipe>(x...);
    Tape* tape = nullptr;
    ((tape = tape != nullptr ? tape : detail::tape_of(x)), ...);
    if (tape == nullptr) return all[0];
    detail::PieceWriter piece(*tape, "fused", at, Taken::inputs, &all[1]);
    (piece.append(x), ...);
    return piece.push(tape->adopt_static(detail::FusedOperation<Callable, Taken>::instance()), all[0]);
  }
};

/// Fuses a callable without captures, generic in its number type: `fuse([](auto x, auto y) { return sin(x) * y; })`. It is
/// recorded, differentiated and optimised by the compiler, with the tape, the rules and the passes that serve at run time. It may
/// not branch on values (use select), call custom operations, or apply exp and the like to a plain number of its own (write the
/// number).
template <class Callable>
constexpr Fused<Callable> fuse(Callable) {
  static_assert(std::is_empty_v<Callable> && std::is_default_constructible_v<Callable>,
                "fuse: the callable must not capture anything; pass what it needs as arguments");
  return {};
}

}  // namespace wengert
