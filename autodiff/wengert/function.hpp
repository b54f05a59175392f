// A recorded function: its own tape, replayed at new inputs. Record once, run many.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "wengert/dual.hpp"
#include "wengert/jacobian.hpp"
#include "wengert/record/outputs.hpp"
#include "wengert/tape.hpp"
#include "wengert/transform/optimise.hpp"
#include "wengert/var.hpp"

namespace wengert {

namespace detail {
class BatchPlans;
class Directions;

/// What a Workspace keeps of Jacobians and Hessians; a copy of it starts with nothing.
struct KeptDirections {
  std::shared_ptr<Directions> memory;

  KeptDirections() = default;
  KeptDirections(const KeptDirections&) {}
  KeptDirections(KeptDirections&&) = default;
  KeptDirections& operator=(const KeptDirections& other) {
    if (this != &other) memory.reset();
    return *this;
  }
  KeptDirections& operator=(KeptDirections&&) = default;
};
}  // namespace detail

/// The numbers that replays need (`values`, `adjoints`) and what they result in (`gradient`, `matrix`, `sparse`); keep one per
/// thread, and repeated calls allocate nothing, but where an operation has more than 80 arguments. After a call that threw, what
/// is in it is of no use, and the next call may take it.
struct Workspace {
  Values<double> values, adjoints;
  std::vector<double> gradient;
  DenseMatrix matrix;
  CompressedRows sparse;
  detail::KeptDirections directions;  ///< what Jacobians and Hessians need besides
};

/// Neighbours on a tape that are computed together: `count` nodes from `first` on, all of the operation `op` and none an argument
/// of another. Of nodes one by one, between such groups, `op` is Op::Independent.
struct NodeGroup {
  Op op;
  NodeId first, count;
};

/// y = f(x) for n numbers x and m numbers y, on a tape of its own. Made by record(). Copies share the tape, which never changes:
/// all calls are const and safe from several threads at once.
///
/// Every call throws ShapeMismatch if x has not n numbers, and BranchChanged if the recording branched on a comparison that comes
/// out differently at x; then the function must be recorded again there (or use select, which follows the data).
class Function {
 public:
  /// An empty one, to be assigned to; asking it anything throws NotRecorded.
  Function() = default;

  /// n is inputs(), m is outputs(); tape() is the recording.
  std::size_t inputs() const { return tape().independents().size(); }
  std::size_t outputs() const { return dependents().size(); }
  const Tape& tape() const;
  /// Indices of the outputs on the tape; below 0 for an output that is constant.
  std::span<const NodeId> dependents() const;

  /// The value of a function with one output: f(0.5, 0.8) or f(x). One forward sweep.
  double operator()(std::span<const double> x) const;
  template <class... Numbers>
    requires(sizeof...(Numbers) > 0 && (std::is_arithmetic_v<Numbers> && ...))
  double operator()(Numbers... x) const {
    return (*this)(std::array{static_cast<double>(x)...});
  }
  /// All outputs.
  std::vector<double> values(std::span<const double> x) const;

  /// values() and the call, of variables: the recording is appended to their tape, operation by operation, with its guards and
  /// source lines.
  std::vector<Var> values(std::span<const Var> x) const;
  /// The one output of variables.
  Var operator()(std::span<const Var> x) const;
  template <class... Vars>
    requires(sizeof...(Vars) > 0 && (std::convertible_to<const Vars&, Var> && ...) && (std::derived_from<Vars, Var> || ...))
  Var operator()(const Vars&... x) const {
    return (*this)(std::span<const Var>(std::array{Var(x)...}));
  }

  /// values() and the call, of dual numbers: what a tangent of the inputs does to the outputs, in one forward sweep. Numbers
  /// among them have no tangent.
  std::vector<Dual<double>> values(std::span<const Dual<double>> x) const;
  /// The one output of dual numbers.
  Dual<double> operator()(std::span<const Dual<double>> x) const;
  /// The same, one by one.
  template <class... Numbers>
    requires((std::same_as<Numbers, Dual<double>> || ...) && (std::convertible_to<const Numbers&, Dual<double>> && ...))
  Dual<double> operator()(const Numbers&... x) const {
    return (*this)(std::span<const Dual<double>>(std::array{Dual<double>(x)...}));
  }

  /// Lays the recording on a tape of yours, to be looked at: new independents with the values x, then every node at them, with
  /// its name and source line. Returns the outputs: to_html(f.on(tape, x)[0]), Cursor::reverse(f.on(tape, x)[0]).
  std::vector<Var> on(Tape& tape, std::span<const double> x) const;

  /// Derivatives of the one output in each input. One forward and one reverse sweep.
  std::vector<double> gradient(std::span<const double> x) const;
  /// The same without allocating; the result stays in the workspace until its next use.
  std::span<const double> gradient(std::span<const double> x, Workspace& workspace) const;
  template <class... Numbers>
    requires(sizeof...(Numbers) > 0 && (std::is_arithmetic_v<Numbers> && ...))
  std::vector<double> gradient(Numbers... x) const {
    return gradient(std::array{static_cast<double>(x)...});
  }

  /// `value` and `gradient` at once, for the price of the gradient: value_and_gradient().
  struct ValueAndGradient {
    double value;
    std::vector<double> gradient;
  };
  ValueAndGradient value_and_gradient(std::span<const double> x) const;

  /// gradient() with a bound on the rounding error of each derivative, the inputs being exact: `error` and digits(), see Bounded
  /// in <wengert/gradient_with_bounds.hpp>, which is to be included.
  std::vector<Bounded> gradient_with_bounds(std::span<const double> x) const;
  template <class... Numbers>
    requires(sizeof...(Numbers) > 0 && (std::is_arithmetic_v<Numbers> && ...))
  auto gradient_with_bounds(Numbers... x) const {
    // of a size that depends on the call: so a compiler asks what a Bounded is only there
    const std::array<double, sizeof...(Numbers)> point{static_cast<double>(x)...};
    return gradient_with_bounds(std::span<const double, sizeof...(Numbers)>(point));
  }

  /// Weights times Jacobian, w'J: one number for each input. One forward and one reverse sweep. Throws ShapeMismatch unless there
  /// is a weight for each output.
  std::vector<double> pull_back(std::span<const double> w, std::span<const double> x) const;
  /// Jacobian times direction, Jv: one number for each output. One forward sweep with tangents. Throws ShapeMismatch unless v has
  /// a number for each input.
  std::vector<double> push_forward(std::span<const double> v, std::span<const double> x) const;

  /// outputs x inputs. One forward sweep, then tangents of eight inputs or adjoints of eight outputs at a time, whichever takes
  /// fewer sweeps (adjoints where a partial is not finite: a zero adjoint carries nothing back).
  DenseMatrix jacobian(std::span<const double> x) const;
  /// The same with an entry only where an output varies with an input. The pattern is worked out at the first call, and columns
  /// (or rows) that have no row (column) in common share a sweep: a band of width b costs b / 8 sweeps, however many inputs.
  CompressedRows sparse_jacobian(std::span<const double> x) const;
  /// Hessian of the one output times v, exact; a small constant times one gradient. Throws NoSecondOrder if a custom operation
  /// has no second derivatives.
  std::vector<double> hessian_vector(std::span<const double> x, std::span<const double> v) const;
  /// inputs x inputs: partials and second derivatives of all nodes once, then eight columns at a time. Takes some 200 bytes a
  /// node. Throws as hessian_vector does.
  DenseMatrix hessian(std::span<const double> x) const;
  /// The same with an entry only where two inputs meet in an operation that is not linear in them, symmetric to the bit. Pattern
  /// and shared sweeps as in sparse_jacobian; an arrow-shaped Hessian takes one sweep.
  CompressedRows sparse_hessian(std::span<const double> x) const;
  /// jacobian() in memory that is kept: the result stays in the workspace until its next use. Where a large matrix is asked for
  /// again and again, memory that the system gives anew each time can cost more than the matrix.
  const DenseMatrix& jacobian(std::span<const double> x, Workspace& workspace) const;
  /// sparse_jacobian(), in memory that is kept.
  const CompressedRows& sparse_jacobian(std::span<const double> x, Workspace& workspace) const;
  /// hessian(), in memory that is kept.
  const DenseMatrix& hessian(std::span<const double> x, Workspace& workspace) const;
  /// sparse_hessian(), in memory that is kept.
  const CompressedRows& sparse_hessian(std::span<const double> x, Workspace& workspace) const;

  /// The same for other ranges, Eigen's vectors among them: gradient(), value_and_gradient(), jacobian(), sparse_jacobian(),
  /// hessian(), sparse_hessian(), hessian_vector(), pull_back(), push_forward(), and, of variables too, values() and the call.
  template <detail::OtherRangeOf<double> Point>
  double operator()(const Point& x) const {
    return (*this)(std::span<const double>(detail::side_by_side<double>(x)));
  }
  template <detail::OtherRangeOf<double> Point>
  std::vector<double> values(const Point& x) const {
    return values(std::span<const double>(detail::side_by_side<double>(x)));
  }
  template <detail::OtherRangeOf<Var> Point>
    requires(!detail::SpanOf<Point, double> && !detail::OtherRangeOf<Point, double>)
  Var operator()(const Point& x) const {
    return (*this)(std::span<const Var>(detail::side_by_side<Var>(x)));
  }
  template <detail::OtherRangeOf<Var> Point>
    requires(!detail::SpanOf<Point, double> && !detail::OtherRangeOf<Point, double>)
  std::vector<Var> values(const Point& x) const {
    return values(std::span<const Var>(detail::side_by_side<Var>(x)));
  }
  template <detail::OtherRangeOf<double> Point>
  std::vector<double> gradient(const Point& x) const {
    return gradient(std::span<const double>(detail::side_by_side<double>(x)));
  }
  template <detail::OtherRangeOf<double> Point>
  std::span<const double> gradient(const Point& x, Workspace& workspace) const {
    return gradient(std::span<const double>(detail::side_by_side<double>(x)), workspace);
  }
  template <detail::OtherRangeOf<double> Point>
  ValueAndGradient value_and_gradient(const Point& x) const {
    return value_and_gradient(std::span<const double>(detail::side_by_side<double>(x)));
  }
  template <detail::OtherRangeOf<double> Point>
  DenseMatrix jacobian(const Point& x) const {
    return jacobian(std::span<const double>(detail::side_by_side<double>(x)));
  }
  template <detail::OtherRangeOf<double> Point>
  CompressedRows sparse_jacobian(const Point& x) const {
    return sparse_jacobian(std::span<const double>(detail::side_by_side<double>(x)));
  }
  template <detail::OtherRangeOf<double> Point>
  DenseMatrix hessian(const Point& x) const {
    return hessian(std::span<const double>(detail::side_by_side<double>(x)));
  }
  template <detail::OtherRangeOf<double> Point>
  CompressedRows sparse_hessian(const Point& x) const {
    return sparse_hessian(std::span<const double>(detail::side_by_side<double>(x)));
  }
  template <class First, class Second>
    requires(detail::OtherRangeOf<First, double> || detail::OtherRangeOf<Second, double>)
  std::vector<double> hessian_vector(const First& x, const Second& v) const {
    const auto first = detail::side_by_side<double>(x);
    const auto second = detail::side_by_side<double>(v);
    return hessian_vector(std::span<const double>(first), std::span<const double>(second));
  }
  template <class First, class Second>
    requires(detail::OtherRangeOf<First, double> || detail::OtherRangeOf<Second, double>)
  std::vector<double> pull_back(const First& w, const Second& x) const {
    const auto first = detail::side_by_side<double>(w);
    const auto second = detail::side_by_side<double>(x);
    return pull_back(std::span<const double>(first), std::span<const double>(second));
  }
  template <class First, class Second>
    requires(detail::OtherRangeOf<First, double> || detail::OtherRangeOf<Second, double>)
  std::vector<double> push_forward(const First& v, const Second& x) const {
    const auto first = detail::side_by_side<double>(v);
    const auto second = detail::side_by_side<double>(x);
    return push_forward(std::span<const double>(first), std::span<const double>(second));
  }

  /// A Function that computes the m outputs and then the m x n entries of the Jacobian, row by row: the reverse sweep recorded on
  /// a tape of its own and optimised. It can be replayed forwards, printed, and differentiated again. Throws NoSecondOrder as
  /// above.
  Function derivative() const;
  /// The function with one output alone, number `which`. Throws ShapeMismatch if there are not so many.
  Function output(std::size_t which) const;
  /// The same function on an optimised tape.
  Function optimised() const;
  /// The same function for many calls with one point each: equal operations that do not wait for each other stand side by side
  /// on its tape, as the units of a layer do, and each such group is one loop of the sweeps on numbers, on vector lanes where the
  /// operation is costly (exp, tanh, log …: SLEEF's values, within 1 ulp of the standard library's). Derivatives then add up in
  /// another order. For samples a batch is quicker. O(nodes log nodes), once; derivative() and optimised() of it are as of *this.
  Function grouped() const;
  /// What grouped() put together, in the order of the tape; empty for any other function.
  std::span<const NodeGroup> groups() const;
  /// What the optimiser did when this function was made by derivative() or optimised().
  const OptimiseReport& report() const;

  /// Whether the recording still is what the program computes: records callable(point…) anew and compares values and Jacobian, to
  /// the bit. Throws as calls do; where a branch comes out otherwise, the answer is false. To be asked of what record() returned:
  /// optimised() and grouped() may round otherwise.
  template <class Callable, class... Point>
  bool verify(Callable&& callable, const Point&... point) const;

 private:
  friend class Recorder;
  friend class detail::BatchPlans;
  struct State;
  explicit Function(std::shared_ptr<State> state) : state_(std::move(state)) {}
  const State& state() const;
  bool same_as(const Function& other, std::span<const double> x) const;

  std::shared_ptr<State> state_;
};

/// What record() uses: a tape on its way to becoming a Function.
class Recorder {
 public:
  /// A new tape, empty.
  explicit Recorder(bool keep_locations);

  /// The tape to record on.
  Tape& tape();
  /// Ends the recording. Throws ForeignVariable if a dependent is on another tape.
  Function finish(std::span<const Var> dependents);
  /// Ends the recording of a tape whose outputs are known by index.
  Function finish(std::vector<NodeId> dependents, const OptimiseReport& report = {});

 private:
  std::shared_ptr<Function::State> state_;
};

namespace detail {

/// One part of a point as independents: a number as a Var, an array of length as an array, any other range as a vector.
template <class Part>
auto make_independents(Tape& tape, const Part& part) {
  if constexpr (std::is_arithmetic_v<Part>) {
    return tape.variable(static_cast<double>(part), {}, Location{});
  } else if constexpr (requires { std::tuple_size<Part>::value; }) {
    std::array<Var, std::tuple_size_v<Part>> vars;
    for (std::size_t k = 0; k < vars.size(); ++k) vars[k] = make_independents(tape, part[k]);
    return vars;
  } else {
    std::vector<Var> vars;
    for (const auto& number : part) vars.push_back(make_independents(tape, number));
    return vars;
  }
}

template <class Part>
void append_numbers(std::vector<double>& all, const Part& part) {
  if constexpr (std::is_arithmetic_v<Part>)
    all.push_back(static_cast<double>(part));
  else
    for (const auto& number : part) append_numbers(all, number);
}

}  // namespace detail

/// Records callable(point…) once. Each part of the point is a number, which becomes a Var, or a vector, span or array of numbers,
/// which becomes a std::vector<Var> (std::array<Var, length>); all of them together, in order, are the inputs. The callable
/// returns a Var, or a range, tuple or matrix of them: the outputs, in order. Loops and branches are recorded as they go at this
/// point; branches on values are guarded in replays. (`keep_locations` is asked where record is called: files compiled for
/// debugging and others meet in one program.)
template <bool keep_locations = WENGERT_KEEP_LOCATIONS, class Callable, class... Point>
  requires(!std::is_base_of_v<NaryOperation, std::remove_cvref_t<Callable>>)
Function record(Callable&& callable, const Point&... point) {
  Recorder recorder(keep_locations);
  Tape& tape = recorder.tape();
  // braces: independents are made in the order of the arguments
  std::tuple<decltype(detail::make_independents(tape, point))...> arguments{detail::make_independents(tape, point)...};
  using Result = decltype(std::apply(static_cast<Callable&&>(callable), arguments));
  static_assert(!std::is_void_v<Result>, "record: the callable returns nothing; return the Var that it computes");
  std::vector<Var> outputs;
  if constexpr (!std::is_void_v<Result>)
    detail::append_outputs(
        outputs, static_cast<const std::remove_cvref_t<Result>&>(std::apply(static_cast<Callable&&>(callable), arguments)));
  return recorder.finish(std::span<const Var>(outputs));
}

template <class Callable, class... Point>
bool Function::verify(Callable&& callable, const Point&... point) const {
  std::vector<double> x;
  (detail::append_numbers(x, point), ...);
  return same_as(wengert::record<false>(static_cast<Callable&&>(callable), point...), x);
}

}  // namespace wengert
