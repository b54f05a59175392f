// A number that records itself on a tape which is optimised as it grows. Sweeps on it give at once what sweeps on Var and the
// optimiser after them give in two: a third of the steps, which constant evaluation counts, and pays for one by one.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "wengert/forward_sweep.hpp"
#include "wengert/operations.hpp"
#include "wengert/reverse_sweep.hpp"
#include "wengert/tape.hpp"
#include "wengert/transform/optimise.hpp"
#include "wengert/transform/tape_copy.hpp"
#include "wengert/var.hpp"

namespace wengert::detail {

/// The node or constant `index` of a tape that is being rebuilt, or a constant of none.
class Emitted {
 public:
  constexpr Emitted() = default;
  constexpr Emitted(double value) : value_(value) {}
  constexpr Emitted(Rebuilder& to, NodeId index) : to_(&to), index_(index), value_(index < 0 ? to.value(index) : 0) {}

  /// As an adjoint: one that nobody asks for.
  static constexpr Emitted unwanted() {
    Emitted result;
    result.index_ = nobody;
    return result;
  }

  constexpr bool is_unwanted() const { return index_ == nobody; }
  constexpr bool is_constant() const { return index_ < 0; }
  /// Of a constant.
  constexpr double value() const { return value_; }
  constexpr NodeId index_on(Rebuilder& to) const { return to_ != nullptr ? index_ : to.constant(value_); }

  /// How sweeps compute an operation.
  template <class Rule, class... Numbers>
  static constexpr Emitted evaluate(const Numbers&... x) {
    Rebuilder* to = nullptr;
    ((to = to != nullptr ? to : x.to_), ...);
    // what can be computed of constants is; what not is recorded
    if constexpr (Rule::arithmetic)
      if (to == nullptr || (Rule::switching && (... && x.is_constant()))) return Rule::template value<double>(x.value_...);
    if (to == nullptr) a_fused_function_cannot_compute_this_of_a_plain_number_write_the_number();
    const NodeId at[] = {x.index_on(*to)..., 0, 0};
    return Emitted(*to, to->emit(op_of<Rule>, at[0], at[1], at[2], Location{}));
  }

  friend constexpr Emitted operator+(const Emitted& x, const Emitted& y) { return evaluate<ops::Add>(x, y); }
  friend constexpr Emitted operator-(const Emitted& x, const Emitted& y) { return evaluate<ops::Sub>(x, y); }
  friend constexpr Emitted operator*(const Emitted& x, const Emitted& y) { return evaluate<ops::Mul>(x, y); }
  friend constexpr Emitted operator/(const Emitted& x, const Emitted& y) { return evaluate<ops::Div>(x, y); }
  friend constexpr Emitted operator-(const Emitted& x) { return evaluate<ops::Neg>(x); }
  friend constexpr Emitted& operator+=(Emitted& x, const Emitted& y) { return x = x + y; }
#define WENGERT_X(Rule, function) \
  friend constexpr Emitted function(const Emitted& x) { return evaluate<ops::Rule>(x); }
  WENGERT_UNARY_OPERATIONS(WENGERT_X)
#undef WENGERT_X
#define WENGERT_X(Rule, function) \
  friend constexpr Emitted function(const Emitted& x, const Emitted& y) { return evaluate<ops::Rule>(x, y); }
  WENGERT_BINARY_OPERATIONS(WENGERT_X)
#undef WENGERT_X
#define WENGERT_X(Rule, function) \
  friend constexpr Emitted function(const Emitted& x, const Emitted& y, const Emitted& z) { return evaluate<ops::Rule>(x, y, z); }
  WENGERT_TERNARY_FUNCTIONS(WENGERT_X)
#undef WENGERT_X

  /// The truth of a comparison, 1 or 0: data.
  struct Truth;
  friend constexpr Truth operator<(const Emitted& x, const Emitted& y);
  friend constexpr Truth operator>(const Emitted& x, const Emitted& y);
  friend constexpr Truth operator<=(const Emitted& x, const Emitted& y);
  friend constexpr Truth operator>=(const Emitted& x, const Emitted& y);
  friend constexpr Truth operator==(const Emitted& x, const Emitted& y);
  friend constexpr Emitted select(const Truth& condition, const Emitted& x, const Emitted& y);

 private:
  static constexpr NodeId nobody = std::numeric_limits<NodeId>::min();

  Rebuilder* to_ = nullptr;
  NodeId index_ = -1;
  double value_ = 0;
};

struct Emitted::Truth {
  Emitted number;
};
constexpr Emitted::Truth operator<(const Emitted& x, const Emitted& y) { return {Emitted::evaluate<ops::Less>(x, y)}; }
constexpr Emitted::Truth operator>(const Emitted& x, const Emitted& y) { return {Emitted::evaluate<ops::Less>(y, x)}; }
constexpr Emitted::Truth operator<=(const Emitted& x, const Emitted& y) { return {Emitted::evaluate<ops::LessEqual>(x, y)}; }
constexpr Emitted::Truth operator>=(const Emitted& x, const Emitted& y) { return {Emitted::evaluate<ops::LessEqual>(y, x)}; }
constexpr Emitted::Truth operator==(const Emitted& x, const Emitted& y) { return {Emitted::evaluate<ops::Equal>(x, y)}; }
constexpr Emitted select(const Emitted::Truth& condition, const Emitted& x, const Emitted& y) {
  if (condition.number.is_constant()) return condition.number.value() > 0 ? x : y;  // 0 or 1
  return Emitted::evaluate<ops::Select>(condition.number, x, y);
}

}  // namespace wengert::detail

namespace wengert {

/// Nothing is computed for an adjoint that nobody asks for.
template <>
template <class Rule>
constexpr void PullBack<detail::Emitted>::add(NodeId argument, const detail::Emitted& adjoint,
                                              const detail::Emitted& partial) const {
  if (!adjoints[argument].is_unwanted()) detail::accumulate(adjoints[argument], detail::carry<Rule>(adjoint, partial));
}
template <>
constexpr void PullBack<detail::Emitted>::otherwise(Op) const {}

}  // namespace wengert

namespace wengert::detail {

/// Evaluates what `dependents` need by a rebuilder, at independents that are recorded already: on Emitted, or on a number type
/// made from it. `tape` has neither guards nor custom operations, as what is recorded in constant evaluation. Where more than
/// `most` nodes would be emitted, the rest is not evaluated.
template <class T>
WENGERT_CONSTEXPR Values<T> emit_values(const Tape& tape, std::span<const NodeId> dependents, Rebuilder& rebuilder,
                                        std::span<const T> independents, NodeId most = std::numeric_limits<NodeId>::max()) {
  Values<T> values(tape.constants(), tape.size());
  for (NodeId k = -tape.constants(); k < 0; ++k) values[k] = T(Emitted(rebuilder, rebuilder.constant(tape.value(k))));
  for (std::size_t k = 0; k < independents.size(); ++k) values[tape.independents()[k]] = independents[k];
  const std::vector<unsigned char> live = live_nodes(tape, dependents);
  for (NodeId i = 0; i < tape.size() && rebuilder.size() <= most; ++i)
    if (live[static_cast<std::size_t>(i)] && tape[i].op != Op::Independent)
      values[i] = dispatch(tape[i].op, Evaluate<T>{tape, values.base(), i});
  return values;
}

/// Of each node the last of the first `inputs` independents that it depends on, by number; -1 for none.
WENGERT_CONSTEXPR std::vector<NodeId> last_inputs(const Tape& tape, std::size_t inputs) {
  std::vector<NodeId> last(static_cast<std::size_t>(tape.size()), -1);
  for (std::size_t k = 0; k < inputs; ++k) last[static_cast<std::size_t>(tape.independents()[k])] = static_cast<NodeId>(k);
  for (NodeId i = 0; i < tape.size(); ++i) {
    const Arguments arguments = tape.arguments(i);
    for (NodeId k = 0; k < arguments.size(); ++k)
      if (arguments[k] >= 0 && last[static_cast<std::size_t>(arguments[k])] > last[static_cast<std::size_t>(i)])
        last[static_cast<std::size_t>(i)] = last[static_cast<std::size_t>(arguments[k])];
  }
  return last;
}

/// What is asked for: the dependents and then their derivatives, row by row; these alone; or of a symmetric matrix the upper
/// half, of the k-th dependent in the independents from the k-th on.
enum class Wanted { ValuesAndDerivatives, Derivatives, UpperHalf };

/// What record_derivative records, in the first `inputs` independents, and by a rebuilder: what comes to lie on the empty tape
/// `to` is optimised, but for what became dead.
WENGERT_CONSTEXPR std::vector<NodeId> emit_derivative(const Tape& from, std::span<const NodeId> dependents, std::size_t inputs,
                                                      Rebuilder& rebuilder, Tape& to, Wanted wanted) {
  std::vector<Emitted> independents;
  for (const NodeId i : from.independents())
    independents.emplace_back(rebuilder, to.variable(0, from.name(i), Location{}).index());
  const Values<Emitted> values = emit_values<Emitted>(from, dependents, rebuilder, independents);
  for (NodeId i = 0; i < from.size(); ++i) {
    if (from.name(i).empty() || values[i].is_constant()) continue;
    const NodeId here = values[i].index_on(rebuilder);
    if (to.name(here).empty()) to.set_name(here, from.name(i));
  }
  std::vector<NodeId> results;
  if (wanted == Wanted::ValuesAndDerivatives)
    for (const NodeId dependent : dependents) results.push_back(values[dependent].index_on(rebuilder));
  const std::vector<NodeId> last = last_inputs(from, inputs);
  Values<Emitted> adjoints(from.constants(), from.size());
  for (NodeId i = -from.constants(); i < from.size(); ++i)
    if (i < 0 || last[static_cast<std::size_t>(i)] < 0) adjoints[i] = Emitted::unwanted();
  for (std::size_t row = 0; row < dependents.size(); ++row) {
    const std::size_t first = wanted == Wanted::UpperHalf ? row : 0;
    if (first > 0)  // what depends on earlier inputs alone is wanted no more
      for (NodeId i = 0; i < from.size(); ++i)
        if (last[static_cast<std::size_t>(i)] == static_cast<NodeId>(first) - 1) adjoints[i] = Emitted::unwanted();
    const NodeId dependent = dependents[row];
    if (dependent >= 0 && !adjoints[dependent].is_unwanted()) {
      adjoints[dependent] = Emitted(1);
      for (NodeId i = dependent + 1; i-- > 0;) {
        if (from[i].op == Op::Independent || carries_nothing(adjoints[i])) continue;
        dispatch(from[i].op, PullBack<Emitted>{from, values.base(), adjoints.base(), i});
        adjoints[i] = Emitted();
      }
    }
    for (std::size_t k = first; k < inputs; ++k) {
      Emitted& adjoint = adjoints[from.independents()[k]];
      results.push_back(adjoint.index_on(rebuilder));
      adjoint = Emitted();
    }
  }
  return results;
}

/// The end of it: what the results need goes to the empty tape `to`.
WENGERT_CONSTEXPR void keep_results(const Tape& once, std::vector<NodeId>& results, Tape& to, OptimiseReport& report) {
  sweep_up(once, results, to, report);
  report.before = report.after + report.dead + report.folded + report.merged + report.simplified;
}

/// All of it, of what is not differentiated again.
WENGERT_CONSTEXPR std::vector<NodeId> optimised_derivative(const Tape& from, std::span<const NodeId> dependents,
                                                           std::size_t inputs, Tape& to, OptimiseReport& report,
                                                           Wanted wanted = Wanted::ValuesAndDerivatives) {
  Tape once(false);
  Rebuilder rebuilder(once, 2 * from.size(), report, true);
  std::vector<NodeId> results = emit_derivative(from, dependents, inputs, rebuilder, once, wanted);
  keep_results(once, results, to, report);
  return results;
}

/// The gradient of one dependent, to be differentiated again; what is dead is not left out.
WENGERT_CONSTEXPR std::vector<NodeId> emit_gradient(const Tape& from, NodeId dependent, std::size_t inputs, Tape& to) {
  OptimiseReport report;
  Rebuilder rebuilder(to, 2 * from.size(), report);
  return emit_derivative(from, std::span(&dependent, 1), inputs, rebuilder, to, Wanted::Derivatives);
}

}  // namespace wengert::detail
