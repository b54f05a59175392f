// A fused function as one node of a tape: its value and partials come from straight-line code, written where they stay, and so
// does what a reverse sweep carries back by them.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "wengert/bounded.hpp"
#include "wengert/fused/scalar_valued.hpp"
#include "wengert/fused/straight_line.hpp"
#include "wengert/fused/vector_valued.hpp"
#include "wengert/nary.hpp"
#include "wengert/sweep/pieces.hpp"

namespace wengert::detail {

/// Outputs of a program that was frozen, at numbers with bounds.
void outputs_with_bounds(const Tape& tape, std::span<const NodeId> outputs, std::span<const Bounded> x, Bounded* out);
template <class Recipe>
auto outputs_with_bounds(std::span<const Bounded> x) {
  // by a sweep: straight-line code would be compiled for every callable, and run for few
  static const struct Thawed {
    Tape tape{false};
    Thawed() { frozen<Recipe>.thaw(tape); }
  } thawed;
  std::array<Bounded, frozen<Recipe>.outputs.size()> result;
  outputs_with_bounds(thawed.tape, frozen<Recipe>.outputs, x, result.data());
  return result;
}

/// What a fused function is as an operation, whatever the types of its arguments.
template <class Callable, class Shape>
class FusedRules : public PieceOperation {
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
    Identity identity() const override { return {&common, 1 + static_cast<std::size_t>(k_)}; }
    const NaryOperation* clone() const override { return new Partial(*this); }
    Bounded bounded(std::span<const Bounded> x, std::span<Bounded> partials) const override {
      if (!partials.empty()) {
        std::vector<Bounded> point(x.begin(), x.end());
        point.resize(2 * Shape::inputs);
        point[Shape::inputs + static_cast<std::size_t>(k_)].value = 1;
        const auto row = outputs_with_bounds<HessianVectorRecipe<Callable, Shape>>(point);
        for (std::size_t k = 0; k < Shape::inputs; ++k) partials[k] = row[k];
      }
      return outputs_with_bounds<GradientRecipe<Callable, Shape>>(x)[1 + static_cast<std::size_t>(k_)];
    }

   private:
    int k_;
  };
  static constexpr char common = 0;  // its address tells the partials of this function from others

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
  Bounded bounded(std::span<const Bounded> x, std::span<Bounded> partials) const override {
    if (partials.empty()) return outputs_with_bounds<ValuesRecipe<Callable, Shape>>(x)[0];
    const auto all = outputs_with_bounds<GradientRecipe<Callable, Shape>>(x);
    for (std::size_t k = 0; k < Shape::inputs; ++k) partials[k] = all[1 + k];
    return all[0];
  }
};

/// What the inputs of a piece are by their types: Vars, or numbers, whose partials nobody reads.
template <class... Arguments>
struct Inputs {
  static constexpr std::size_t count = Shape<shape_size<Arguments>...>::inputs;
  static constexpr std::array<bool, count> is_variable = [] {
    std::array<bool, count> result{};
    std::size_t k = 0;
    const auto enter = [&](std::size_t size, bool variable) {
      for (const std::size_t end = k + (size == 0 ? 1 : size); k < end; ++k) result[k] = variable;
    };
    (enter(shape_size<Arguments>, holds_var<Arguments>), ...);
    return result;
  }();
  /// How many of the first k are Vars, and of all.
  static constexpr std::size_t variables_before(std::size_t k) {
    std::size_t result = 0;
    for (std::size_t j = 0; j < k; ++j) result += is_variable[j] ? 1 : 0;
    return result;
  }
  static constexpr std::size_t variables = variables_before(count);
};

/// An output of a fused function of Arguments…, as an operation: see PieceOperation. Outputs of one call share the list, which
/// holds the partials of the first after the arguments, then those of the second.
template <class Callable, std::size_t output, class... Arguments>
class FusedOperation final : public FusedRules<Callable, Shape<shape_size<Arguments>...>> {
 public:
  static const FusedOperation& instance() {
    static constexpr FusedOperation operation;
    return operation;
  }
  NaryOperation::Identity identity() const override { return {&instance()}; }
  const NaryOperation* clone() const override { return new FusedOperation(*this); }

  void carry_back(const NodeId* argument, bool side_by_side, double* adjoints, double adjoint) const override {
    const NodeId* partial = argument + Inputs<Arguments...>::count +
                            static_cast<NodeId>(output * Inputs<Arguments...>::variables) * places_of_partial;
    const auto carry = [&]<std::size_t size, bool is_variable>() {
      constexpr NodeId count = size == 0 ? 1 : static_cast<NodeId>(size);
      if constexpr (is_variable) {
        if (count >= 4 && side_by_side) {
          add_multiple(adjoints + *argument, partial, count, adjoint);
        } else {
          for (NodeId k = 0; k < count; ++k) {
            double contribution = adjoint * partial_at(partial + places_of_partial * k);
            WENGERT_ROUND(contribution);
            adjoints[argument[k]] += contribution;
          }
        }
        partial += places_of_partial * count;
      }
      argument += count;
    };
    (carry.template operator()<shape_size<Arguments>, holds_var<Arguments>>(), ...);
  }
};

/// Records the nodes of a fused function, one for each of `outputs`. The partials cost little beside the values here, so they are
/// computed with them, and the reverse sweep reads them.
template <class Callable, std::size_t outputs, class... Arguments>
class FusedNodes {
  using Taken = Shape<shape_size<Arguments>...>;
  using Kinds = Inputs<Arguments...>;
  /// Its outputs, then their partials row by row.
  using Recipe = std::conditional_t<outputs == 1, GradientRecipe<Callable, Taken>, JacobianRecipe<Callable, Taken>>;
  using Code = StraightLine<Recipe, double>;
  template <std::size_t k>
  using Operation = FusedOperation<std::conditional_t<outputs == 1, Callable, OutputOf<Callable, k>>, k, Arguments...>;

 public:
  static std::array<Var, outputs> record(Location at, const Arguments&... x) {
    Tape* const tape = nearest_tape(x...);
    const unsigned fit = tape != nullptr ? (kept_side_by_side & ... & fit_of(*tape, x)) : 0;
    if (fit == 0) [[unlikely]]
      return record_one_by_one(at, x...);
    NodeId* next = tape->room_for_extra(1 + Kinds::count + places_of_partial * outputs * Kinds::variables);
    *next++ = static_cast<NodeId>(Kinds::count);
    (append_indices(*tape, next, fit, x), ...);
    const std::array<double, Kinds::count> inputs = input_values(x...);
    std::array<double, outputs> values;
    Code::compute(inputs.data(), [&]<std::size_t k>(double y) {
      if constexpr (k < outputs) {
        WENGERT_ROUND(y);
        values[k] = y;
      } else {
        constexpr std::size_t row = (k - outputs) / Kinds::count, input = (k - outputs) % Kinds::count;
        if constexpr (Kinds::is_variable[input])
          write_partial(next + places_of_partial * (row * Kinds::variables + Kinds::variables_before(input)), y);
      }
    });
    const NodeId list = tape->take_extra(next + places_of_partial * outputs * Kinds::variables);
    return [&]<std::size_t... k>(std::index_sequence<k...>) {
      return std::array<Var, outputs>{Var(
          *tape, tape->push(Op::Custom, list, tape->adopt_static(Operation<k>::instance()), fit, values[k], at), values[k])...};
    }(std::make_index_sequence<outputs>());
  }

 private:
  /// Where some of the Vars are constants, or an error is to be thrown.
  WENGERT_NOINLINE static std::array<Var, outputs> record_one_by_one(Location at, const Arguments&... x) {
    const auto all = Code::outputs(input_values(x...).data());
    Tape* tape = nullptr;
    ((tape = tape != nullptr ? tape : tape_of(x)), ...);
    const auto node = [&](const NaryOperation& operation, double value, const double* partials) {
      if (tape == nullptr) return Var(value);
      PieceWriter piece(*tape, "fused", at, Kinds::count, partials);
      (piece.append(x), ...);
      return piece.push(tape->adopt_static(operation), value);
    };
    return [&]<std::size_t... k>(std::index_sequence<k...>) {
      return std::array<Var, outputs>{node(Operation<k>::instance(), all[k], &all[outputs + k * Kinds::count])...};
    }(std::make_index_sequence<outputs>());
  }
};

}  // namespace wengert::detail
