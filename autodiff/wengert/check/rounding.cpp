#include "wengert/check/rounding.hpp"

#include <algorithm>
#include <cmath>

#include "wengert/check/nodes.hpp"
#include "wengert/sweep/rule_calls.hpp"

namespace wengert::detail {
namespace {

/// Rounding error of node i where its value is `value`.
double own_rounding(const Tape& tape, NodeId i, double value) {
  const Op op = tape[i].op;
  if (op == Op::Independent) return 0;
  if (op == Op::Custom) return tape.nary(tape[i].y).value_error(argument_values(tape, i), value);
  return std::abs(value) * 2 * half_ulp * dispatch(op, []<class Rule>() { return Rule::value_ulps; });
}

/// The largest second partial of node i, and what a rule may lose in computing one: where 1 - x^2 and the like are
/// differentiated, terms of the size of the partial (over the length of the point, with two arguments) cancel.
double curvature_of(const Tape& tape, NodeId i, std::span<const double> partials) {
  const std::vector<double> x = argument_values(tape, i);
  double largest = 0;
  const auto see = [&](double second) { largest = std::max(largest, std::abs(second)); };
  if (tape[i].op == Op::Custom) {
    std::vector<double> second(x.size());
    for (std::size_t k = 0; k < x.size(); ++k) {
      const NaryOperation* partial = tape.nary(tape[i].y).partial(static_cast<int>(k));
      if (partial == nullptr) continue;
      partial->partials(x, partials[k], second);
      for (const double number : second) see(number);
    }
    for (const double number : partials) see(number);
    return largest;
  }
  dispatch(tape[i].op, [&]<class Rule>() {
    for (std::size_t k = 0; k < x.size(); ++k) {
      std::vector<Dual<double>> at(x.begin(), x.end());
      at[k].tangent = 1;
      const auto second = partials_at<Rule>(at.data(), value_at<Rule>(at.data()));
      for (std::size_t j = 0; j < x.size(); ++j) see(second[j].tangent);
    }
    if (Rule::arithmetic || Rule::switching || Rule::arity == 3) return;
    double length = 0;
    for (const double number : x) length = std::max(length, std::abs(number));
    for (const double number : partials) see(Rule::arity == 1 ? number : number / length);
  });
  return largest;
}

}  // namespace

double partial_ulps(Op op) {
  if (!in_table(op)) return 4;
  return dispatch(op, []<class Rule>() { return Rule::partial_ulps; });
}

double detour_ulps(const Tape& tape, NodeId i) {
  return tape[i].op == Op::Pow ? 2 * std::abs(tape.value(tape[i].y) * std::log(std::abs(tape.value(tape[i].x)))) : 0;
}

double value_rounding(const Tape& tape, const Values<double>& values, const Values<double>& adjoints,
                      const Values<double>* other) {
  double sum = 0;
  for (NodeId i = 0; i < adjoints.nodes(); ++i)
    if (adjoints[i] != 0 && tape[i].op != Op::Independent && (other == nullptr || (*other)[i] != values[i]))
      sum += std::abs(adjoints[i]) * own_rounding(tape, i, values[i]) + (std::abs(adjoints[i]) + 1) * underflow * 4;
  return sum;
}

double sweep_rounding(const Tape& tape, const Values<double>& adjoints, const Values<Dual<double>>& tangents, double ulps,
                      double least) {
  // A product and a share of a sum at each edge, forwards and backwards: an edge's term is rounded once as a product and
  // then with every other term that joins the same sum.
  std::vector<double> uses(static_cast<std::size_t>(tape.size()), 1);
  for (NodeId i = 0; i < adjoints.nodes(); ++i) {
    const Arguments arguments = tape.arguments(i);
    if (tape[i].op == Op::Independent) continue;
    for (NodeId k = 0; k < arguments.size(); ++k)
      if (arguments[k] >= 0) ++uses[static_cast<std::size_t>(arguments[k])];
  }
  double sum = 0;
  for (NodeId i = 0; i < adjoints.nodes(); ++i) {
    if (adjoints[i] == 0 || tape[i].op == Op::Independent) continue;
    const Arguments arguments = tape.arguments(i);
    const std::vector<double> partials = partials_of(tape, i);
    const double own = ulps > 0 ? 2 * (ulps + partial_ulps(tape[i].op) + detour_ulps(tape, i)) : 0;
    for (NodeId k = 0; k < arguments.size(); ++k) {
      const NodeId j = arguments[k];
      if (j < 0 || tangents[j].tangent == 0) continue;
      const double roundings = 2 + arguments.size() + uses[static_cast<std::size_t>(j)] + own;
      const double before = std::abs(tangents[j].tangent), after = std::abs(adjoints[i]);
      sum += roundings *
             (before * std::abs(partials[static_cast<std::size_t>(k)]) * after * half_ulp + (1 + before) * least * (1 + after));
    }
  }
  return sum;
}

double curvature_rounding(const Tape& tape, const Values<Dual<double>>& adjoints, double ulps) {
  double sum = 0;
  for (NodeId i = 0; i < adjoints.nodes(); ++i) {
    const Op op = tape[i].op;
    if (adjoints[i].tangent == 0 || op == Op::Independent) continue;
    // a complex sum or product rounds its real part as the number it is compared with was rounded
    if (ulps > 0 && (op == Op::Add || op == Op::Sub || op == Op::Mul || op == Op::Neg)) continue;
    const double value = tape.value(i);
    sum += std::abs(adjoints[i].tangent) *
           (2 * own_rounding(tape, i, value) + std::abs(value) * 2 * half_ulp * (ulps + detour_ulps(tape, i)));
  }
  return sum;
}

std::vector<double> magnitudes_along(const Tape& tape, std::span<const double> v) {
  std::vector<double> along(static_cast<std::size_t>(tape.size()));
  std::size_t input = 0;
  for (NodeId i = 0; i < tape.size(); ++i) {
    double& here = along[static_cast<std::size_t>(i)];
    if (tape[i].op == Op::Independent) {
      here = std::abs(v[input++]);
      continue;
    }
    const Arguments arguments = tape.arguments(i);
    const std::vector<double> partials = partials_of(tape, i);
    for (NodeId k = 0; k < arguments.size(); ++k)
      if (arguments[k] >= 0 && along[static_cast<std::size_t>(arguments[k])] != 0)
        here += std::abs(partials[static_cast<std::size_t>(k)]) * along[static_cast<std::size_t>(arguments[k])];
  }
  return along;
}

double hessian_rounding(const Tape& tape, std::span<const Seed<double>> seeds, std::span<const double> v,
                        std::span<const double> w) {
  // The sum over nodes of adjoint * second partial * tangent * tangent, each taken as the magnitudes of all that it was summed
  // from, so that nothing that cancels is lost; times the roundings on the longest way through the graph, there and back.
  const auto size = static_cast<std::size_t>(tape.size());
  const std::vector<double> along_v = magnitudes_along(tape, v), along_w = magnitudes_along(tape, w);
  std::vector<double> adjoint(size), depth(size);
  double longest = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const auto node = static_cast<NodeId>(i);
    if (tape[node].op == Op::Independent) continue;
    const Arguments arguments = tape.arguments(node);
    for (NodeId k = 0; k < arguments.size(); ++k)
      if (arguments[k] >= 0)
        depth[i] = std::max(depth[i], depth[static_cast<std::size_t>(arguments[k])] + 1 + static_cast<double>(arguments.size()));
    longest = std::max(longest, depth[i]);
  }
  for (const Seed<double>& seed : seeds)
    if (!seed.variable.is_constant()) adjoint[static_cast<std::size_t>(seed.variable.index())] += std::abs(seed.adjoint);
  double sum = 0;
  for (std::size_t i = size; i-- > 0;) {
    const auto node = static_cast<NodeId>(i);
    if (adjoint[i] == 0 || tape[node].op == Op::Independent) continue;
    const Arguments arguments = tape.arguments(node);
    const std::vector<double> partials = partials_of(tape, node);
    double v_here = 0, w_here = 0;  // tangents of the arguments, by v and by w
    for (std::size_t k = 0; k < partials.size(); ++k) {
      if (arguments[static_cast<NodeId>(k)] < 0) continue;
      const auto j = static_cast<std::size_t>(arguments[static_cast<NodeId>(k)]);
      adjoint[j] += adjoint[i] * std::abs(partials[k]);
      v_here += along_v[j];
      w_here += along_w[j];
    }
    sum += adjoint[i] * curvature_of(tape, node, partials) * v_here * w_here;
  }
  return (64 + 4 * longest) * (half_ulp * sum + underflow);
}

}  // namespace wengert::detail
