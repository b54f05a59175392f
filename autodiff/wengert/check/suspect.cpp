#include "wengert/check/suspect.hpp"

#include <fmt/core.h>

#include <cmath>

#include "wengert/check/complex_step.hpp"
#include "wengert/check/nodes.hpp"
#include "wengert/check/richardson.hpp"
#include "wengert/check/rounding.hpp"
#include "wengert/sweep/rule_calls.hpp"

namespace wengert::detail {
namespace {

/// d value / d argument k of a rule of the table, by complex step where it has one, otherwise by differences.
Difference independent_partial(const Tape& tape, NodeId i, std::size_t k) {
  const std::vector<double> x = argument_values(tape, i);
  const auto by_differences = [&](auto value) {
    std::vector<double> moved = x;
    const auto slope = [&](double h) -> std::optional<Slope> {
      moved[k] = x[k] + h;
      const double right = moved[k], above = value(moved);
      moved[k] = x[k] - h;
      const double left = moved[k], below = value(moved);
      return Slope{(above - below) / (right - left),
                   8 * (half_ulp * (std::abs(above) + std::abs(below)) + underflow) / (right - left)};
    };
    return extrapolate(slope, (x[k] == 0 ? 1 : std::abs(x[k])) / 8);
  };
  if (tape[i].op == Op::Custom) {
    const NaryOperation& operation = tape.nary(tape[i].y);
    return by_differences([&](const std::vector<double>& at) { return operation.value(at); });
  }
  return dispatch(tape[i].op, [&]<class Rule>() -> Difference {
    try {
      std::vector<ComplexStep> z(x.begin(), x.end());
      const double step = ComplexStep::step(x[k]);
      z[k].value.imag(step);
      const ComplexStep result = value_at<Rule>(z.data());
      const double derivative = result.value.imag() / step;
      const double ulps = 32 + Rule::partial_ulps + 2 * detour_ulps(tape, i);
      return {derivative, ulps * half_ulp * std::abs(derivative) + 0x1p40 * step * step + underflow / step};
    } catch (const NoComplexStep&) {
      return by_differences([](const std::vector<double>& at) { return value_at<Rule>(at.data()); });
    }
  });
}

/// Whether the operation given as the partial of custom node i in argument k computes something else than that partial.
bool wrong_partial_operation(const Tape& tape, NodeId i, std::size_t k, double partial, double accuracy, std::string& why) {
  if (tape[i].op != Op::Custom) return false;
  const NaryOperation* operation = tape.nary(tape[i].y).partial(static_cast<int>(k));
  if (operation == nullptr) return false;
  const std::vector<double> x = argument_values(tape, i);
  const double value = operation->value(x);
  if (std::abs(value - partial) > (64 * half_ulp + accuracy) * std::abs(partial)) {
    why = fmt::format("{}: its partial in argument {} is {:.17g}, but the operation given for that partial says {:.17g}",
                      describe_node(tape, i), k, partial, value);
    return true;
  }
  // the partials of the partial, recorded on a tape of their own and judged as any node
  Tape small(false);
  std::vector<Var> at;
  for (const double number : x) at.push_back(small.variable(number));
  const Var y = record_nary(*operation, at);
  if (find_wrong_partial(small, nodes_in_use(small, std::span(&y, 1)), false, accuracy, why) < 0) return false;
  why = fmt::format("{}, as the partial of {} in argument {}", why, describe_node(tape, i), k);
  return true;
}

}  // namespace

NodeId find_wrong_partial(const Tape& tape, const std::vector<bool>& in_use, bool second_order, double accuracy,
                          std::string& why) {
  for (NodeId i = 0; i < tape.size(); ++i) {
    if (!in_use[static_cast<std::size_t>(i)] || tape[i].op == Op::Independent) continue;
    const Arguments arguments = tape.arguments(i);
    const std::vector<double> partials = partials_of(tape, i);
    for (NodeId k = 0; k < arguments.size(); ++k) {
      if (arguments[k] < 0) continue;
      const auto argument = static_cast<std::size_t>(k);
      const double partial = partials[argument];
      const Difference expected = independent_partial(tape, i, argument);
      if (!expected.contested && std::abs(partial - expected.value) > expected.error + accuracy * std::abs(partial)) {
        why = fmt::format("{}: its partial in argument {} is {:.17g}, but its value changes by {:.17g}", describe_node(tape, i),
                          k, partial, expected.value);
        return i;
      }
      if (second_order && wrong_partial_operation(tape, i, argument, partial, accuracy, why)) return i;
    }
  }
  return -1;
}

NodeId find_stale_constant(const Tape& tape, const Tape& other, std::string& why) {
  if (tape.size() != other.size()) return -1;
  for (NodeId i = 0; i < tape.size(); ++i) {
    if (tape[i].op == Op::Independent || tape[i].op != other[i].op) continue;
    const Arguments arguments = tape.arguments(i), others = other.arguments(i);
    for (NodeId k = 0; k < arguments.size(); ++k) {
      if (arguments[k] >= 0 || others[k] >= 0 || tape.value(arguments[k]) == other.value(others[k])) continue;
      why = fmt::format(
          "{}: its argument {} is a constant on the tape, {:.17g} here but {:.17g} when f is called beside this point; a value() "
          "or another number computed from the inputs is lost to differentiation",
          describe_node(tape, i), k, tape.value(arguments[k]), other.value(others[k]));
      return i;
    }
  }
  return -1;
}

}  // namespace wengert::detail
