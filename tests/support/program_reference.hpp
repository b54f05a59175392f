// What a random program ought to give: its value and derivatives in wide precision, and how far any sweep in double precision may
// be off. Formulas come from reference.hpp; the rules lend nothing but the errors that they state of themselves.
//
// The bound is a running error analysis to first order, with u = 2^-53:
//   value      e(v) = sum |p_k| e(x_k) + 2u * value_ulps * |v|                        (an ulp is at most 2u of the result)
//   partial    d(p) = sum |dp/dx_m| e(x_m) + 2u * partial_ulps * |p|                   (it is evaluated at rounded arguments)
//   tangent    E(t) = sum |p_k| E(t_k) + (d(p_k) + u * r_k |p_k|) A(t_k)
// where A is the sum over all paths of the magnitudes of the products of their partials, so that nothing that cancels is
// lost from the bound, and r_k counts the roundings at an edge: the product, and the additions into a tangent (its operation has
// at most three arguments) or into an adjoint (its argument has so many uses). So it covers both modes, in any order of
// summation.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "support/program.hpp"
#include "support/reference.hpp"
#include "wengert/operations.hpp"

namespace program {

using wide::Wide;

inline constexpr std::size_t most_inputs = 4;

/// A bound for the table's rules, and a loose one for formulas or vector math with up to `loose_ulps` more of error each.
struct Bound {
  Wide rules, loose;
};
inline constexpr double loose_ulps = 8;

struct Bounded {
  Wide value = 0;
  Bound value_error;
  std::array<Wide, most_inputs> tangent{}, magnitude{};
  std::array<Bound, most_inputs> tangent_error{};
  /// No value on the way, used or not, was NaN: the program stayed within its domains.
  bool defined = true;
};

/// Value and partials of an operation of the table in wide precision; a tie of min and max gives each side half.
template <class Rule>
Wide wide_partial(const reference::Point<Rule::arity>& x, std::size_t k) {
  if constexpr (Rule::arity == 2 && (wengert::op_of<Rule> == Op::Min || wengert::op_of<Rule> == Op::Max))
    if (x[0] == x[1]) return 0.5;
  return reference::Reference<Rule>::partial(x, k);
}

/// One step: value, derivatives and bounds from those of its arguments. uses[k] counts what else reads argument k.
template <class Rule>
Bounded bounded_step(const std::array<const Bounded*, 3>& arguments, const std::array<int, 3>& uses, std::size_t inputs) {
  constexpr std::size_t arity = Rule::arity;
  constexpr double u = 0x1p-53;
  reference::Point<Rule::arity> x;
  for (std::size_t k = 0; k < arity; ++k) x[k] = arguments[k]->value;
  Bounded result;
  result.value = reference::Reference<Rule>::value(x);
  result.value_error = {2 * u * Rule::value_ulps * abs(result.value),
                        2 * u * (Rule::value_ulps + loose_ulps) * abs(result.value)};
  for (std::size_t k = 0; k < arity; ++k) {
    const Wide p = wide_partial<Rule>(x, k);
    const Wide slope = wengert::op_of<Rule> == Op::Detach ? Wide(1) : abs(p);  // detached from differentiation, not from rounding
    result.value_error.rules += slope * arguments[k]->value_error.rules;
    result.value_error.loose += slope * arguments[k]->value_error.loose;
    Bound off{2 * u * Rule::partial_ulps * abs(p), 2 * u * (Rule::partial_ulps + loose_ulps) * abs(p)};
    for (std::size_t m = 0; m < arity; ++m) {
      const Bound& error = arguments[m]->value_error;
      if (error.loose == 0) continue;
      auto moved = x;
      moved[m] = x[m] + error.loose;
      const Wide above = abs(wide_partial<Rule>(moved, k) - p);
      moved[m] = x[m] - error.loose;
      const Wide below = abs(wide_partial<Rule>(moved, k) - p);
      const Wide change = above > below ? above : below;
      off.loose += change;
      off.rules += change * (error.rules / error.loose);
    }
    const Wide roundings = u * (1 + 3 + uses[k]) * abs(p);
    for (std::size_t j = 0; j < inputs; ++j) {
      result.tangent[j] += p * arguments[k]->tangent[j];
      result.magnitude[j] += abs(p) * arguments[k]->magnitude[j];
      const Bound& carried = arguments[k]->tangent_error[j];
      result.tangent_error[j].rules += abs(p) * carried.rules + (off.rules + roundings) * arguments[k]->magnitude[j];
      result.tangent_error[j].loose += abs(p) * carried.loose + (off.loose + roundings) * arguments[k]->magnitude[j];
    }
  }
  return result;
}

/// The program at `inputs` (not necessarily its own), by wide arithmetic. `taken`, where given, gets the outcome of each branch.
inline Bounded bounded(const Program& program, std::span<const double> inputs, std::vector<bool>* taken = nullptr) {
  const std::size_t count = inputs.size();
  std::vector<int> uses(count + program.steps.size());
  for (std::size_t s = program.steps.size(); s-- > 0;) {
    const Step& step = program.steps[s];
    // a branch records nothing: who reads its result reads the value that it passed on
    for (std::size_t k = 0; k < (step.branch ? 3 : static_cast<std::size_t>(wengert::arity(step.op))); ++k)
      if (step.arguments[k] >= 0) uses[static_cast<std::size_t>(step.arguments[k])] += step.branch ? uses[count + s] : 1;
  }
  std::vector<Bounded> values(count + program.steps.size());
  for (std::size_t j = 0; j < count; ++j) {
    values[j].value = inputs[j];
    values[j].tangent[j] = values[j].magnitude[j] = 1;
  }
  std::vector<Bounded> constants(program.constants.size());
  for (std::size_t k = 0; k < constants.size(); ++k) constants[k].value = program.constants[k];
  for (std::size_t s = 0; s < program.steps.size(); ++s) {
    const Step& step = program.steps[s];
    std::array<const Bounded*, 3> x{};
    std::array<int, 3> reads{};
    for (std::size_t k = 0; k < 3; ++k) {
      const int place = step.arguments[k];
      x[k] = place >= 0 ? &values[static_cast<std::size_t>(place)] : &constants[static_cast<std::size_t>(-1 - place)];
      reads[k] = place >= 0 ? uses[static_cast<std::size_t>(place)] : 0;
    }
    if (step.branch) {
      const bool less = x[0]->value < x[1]->value;
      if (taken != nullptr) taken->push_back(less);
      values[count + s] = less ? *x[2] : *x[1];
    } else {
      values[count + s] = wengert::dispatch(step.op, [&]<class Rule>() { return bounded_step<Rule>(x, reads, count); });
    }
  }
  Bounded result = values.back();
  for (const Bounded& each : values) result.defined &= each.value == each.value;
  return result;
}

}  // namespace program
