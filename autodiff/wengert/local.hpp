// local(f, x…): a piece of a recording as one node, for functions that branch, loop or use custom operations, where fuse can't
// go.
//
//     const Var y = local([](auto a, auto b) { return a > b ? sin(a) / b : a * b; }, u, v);
//
// f is recorded op by op on a small tape to the side, which stays in the cache, and is swept at once; the tape of u and v gets
// one node with the partials. It takes 24 bytes, and 12 for each variable, however many operations f is made of. Pieces nest.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#include "wengert/bounded.hpp"
#include "wengert/custom.hpp"
#include "wengert/function.hpp"
#include "wengert/sweep/pieces.hpp"

namespace wengert {

namespace detail {

/// An empty tape of this thread's. Several at a time nest.
class SideTape {
 public:
  SideTape();
  ~SideTape();
  SideTape(const SideTape&) = delete;
  SideTape& operator=(const SideTape&) = delete;
  Tape& operator*() const { return tape_; }

 private:
  Tape& tape_;
};
/// The derivatives of y, which was made on that tape, in its first variables: one for each of `out`. Throws ForeignVariable if it
/// was made on another.
void differentiate(Tape& tape, const Var& y, std::span<double> out);
/// The k-th row of the Hessian.
void hessian_row(Tape& tape, const Var& y, std::size_t k, std::span<double> out);
/// The value of a node, and its derivatives in the first variables, of numbers with bounds.
Bounded differentiate_with_bounds(const Tape& tape, NodeId dependent, std::span<const Bounded> x, std::span<Bounded> out);
/// A piece of so many inputs as an operation, from its value, its gradient, the rows of its Hessian, and all of it with bounds.
CustomOperation local_operation(std::size_t inputs, CustomOperation::Value value,
                                std::function<void(std::span<const double> x, std::span<double> out)> gradient,
                                std::function<void(std::span<const double> x, std::size_t k, std::span<double> out)> hessian_row,
                                CustomOperation::BoundsOf bounds);
/// A recorded function as an operation.
CustomOperation local_operation(const Function& function);

/// A callable without captures, as an operation: it runs again wherever its values are asked for.
template <class Callable, class Shape>
struct LocalPiece;
template <class Callable, std::size_t... sizes>
struct LocalPiece<Callable, Shape<sizes...>> {
  static constexpr std::size_t inputs = Shape<sizes...>::inputs;

  /// Runs on a side tape.
  static Var run(const Callable& callable, Tape& side, const double* x) {
    const auto take = [&]<std::size_t size>(std::integral_constant<std::size_t, size>) {
      if constexpr (size == 0) {
        return side.variable(*x++, {}, Location{});
      } else {
        std::array<Var, size> vars;
        for (Var& var : vars) var = side.variable(*x++, {}, Location{});
        return vars;
      }
    };
    // braces: in the order of the arguments
    std::tuple<decltype(take(std::integral_constant<std::size_t, sizes>()))...> arguments{
        take(std::integral_constant<std::size_t, sizes>())...};
    using Result = decltype(std::apply(callable, std::move(arguments)));
    static_assert(std::is_convertible_v<Result, Var> && !Number<Result>,
                  "local: the callable must return a Var; a plain number no longer depends on the arguments");
    return std::apply(callable, std::move(arguments));
  }
  /// Value and partials.
  static double compute(const Callable& callable, const double* x, std::span<double> partials) {
    const SideTape side;
    const Var y = run(callable, *side, x);
    differentiate(*side, y, partials);
    return y.value();
  }

  static const CustomOperation& instance() {
    static const CustomOperation operation = local_operation(
        inputs,
        [](std::span<const double> x) {
          const SideTape side;
          return run(Callable{}, *side, x.data()).value();
        },
        [](std::span<const double> x, std::span<double> out) { compute(Callable{}, x.data(), out); },
        [](std::span<const double> x, std::size_t k, std::span<double> out) {
          const SideTape side;
          hessian_row(*side, run(Callable{}, *side, x.data()), k, out);
        },
        [](std::span<const Bounded> x, std::span<Bounded> out) {
          const SideTape side;
          std::array<double, inputs> point;
          for (std::size_t k = 0; k < inputs; ++k) point[k] = x[k].value;
          const Var y = run(Callable{}, *side, point.data());
          return differentiate_with_bounds(*side, index_on(*side, y, "local", {}), x, out);
        });
    return operation;
  }
};

/// What local does at run time.
template <class Callable, class... Arguments>
Var record_local(Location at, const Callable& f, const Arguments&... x) {
  Tape* tape = nullptr;
  ((tape = tape != nullptr ? tape : tape_of(x)), ...);
  using Taken = Shape<shape_size<Arguments>...>;
  using Piece = LocalPiece<Callable, Taken>;
  const std::array<double, Taken::inputs> point = input_values(x...);
  std::array<double, Taken::inputs> partials;
  const auto push = [&](double value, auto adopt) {
    if (tape == nullptr) return Var(value);
    PieceWriter piece(*tape, "local", at, Taken::inputs, partials.data());
    (piece.append(x), ...);
    return piece.push(adopt(), value);
  };
  if constexpr (std::is_empty_v<Callable> && std::is_default_constructible_v<Callable>) {
    return push(Piece::compute(f, point.data(), partials), [&] { return tape->adopt_static(Piece::instance()); });
  } else {
    Recorder recorder(false);
    const Var y = Piece::run(f, recorder.tape(), point.data());
    differentiate(recorder.tape(), y, partials);
    return push(y.value(), [&] { return tape->adopt(local_operation(recorder.finish(std::span(&y, 1)))); });
  }
}

struct Local : LocatedCall<Local> {
  template <class Callable, class... Arguments>
  static constexpr Var apply(Location at, const Callable& f, const Arguments&... x) {
    static_assert(sizeof...(Arguments) > 0, "local: hand over what the callable takes: local(f, x, y)");
    if (!std::is_constant_evaluated()) return record_local(at, f, as_read(x)...);
    Tape* tape = nullptr;  // within a fused function it is part of it
    ((tape = tape != nullptr ? tape : tape_of(x)), ...);
    return Var(f(as_taken(*tape, x)...));
  }
};

}  // namespace detail

/// f(x…) as one node on the tape of the variables among x…; among numbers it only computes. The arguments are numbers or Vars,
/// and arrays of them (or spans of fixed size), which f takes as std::array<Var, n>; f returns a Var, and must depend on its
/// arguments alone: variables of the outer tape are refused by ForeignVariable.
///
/// Replays, batches, Hessians and recorded gradients work through the node. An f without captures runs again wherever they ask,
/// and takes the branches that it takes there: a replay need not refuse another branch, since it is right on it. Of an f with
/// captures, which may be gone by then, the recording is kept and replayed: it takes memory as op by op, and refuses a branch
/// that comes out otherwise by BranchChanged, as ever. Derivatives beyond the second throw NoSecondOrder.
inline constexpr detail::Local local;

}  // namespace wengert
