#include "wengert/check/nodes.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "wengert/sweep/complaints.hpp"
#include "wengert/sweep/rule_calls.hpp"

namespace wengert::detail {
namespace {

/// The node whose value each node hands on as it is: of a maximum the origin of its larger argument, of a select that of the
/// chosen one, otherwise itself.
std::vector<NodeId> origins(const Tape& tape) {
  std::vector<NodeId> result(static_cast<std::size_t>(tape.size()));
  const auto of = [&](NodeId k) { return k < 0 ? k : result[static_cast<std::size_t>(k)]; };
  for (NodeId i = 0; i < tape.size(); ++i) {
    NodeId& origin = result[static_cast<std::size_t>(i)] = i;
    const Arguments arguments = tape.arguments(i);
    if (tape[i].op == Op::Select)
      origin = of(arguments[tape.value(arguments[0]) != 0 ? 1 : 2]);
    else if (tape[i].op == Op::Min || tape[i].op == Op::Max) {
      const NodeId x = arguments[0], y = arguments[1];
      if (of(x) == of(y) || tape.value(x) != tape.value(y)) origin = of(tape.value(x) == tape.value(i) ? x : y);
    }
  }
  return result;
}

bool is_tie(Op op) { return op == Op::Min || op == Op::Max || op == Op::Less || op == Op::LessEqual || op == Op::Equal; }

bool node_at_kink(const Tape& tape, NodeId i) {
  if (!in_table(tape[i].op)) return false;
  const std::vector<double> x = argument_values(tape, i);
  return at_kink(tape[i].op, x[0], x.size() > 1 ? x[1] : 0);
}

/// From x to the nearest pole of the gamma function.
double to_pole(double x) { return x > 0 ? x : std::abs(x - std::round(x)); }

/// How far argument k of node i may move: to the nearest singularity, or a unit where the function waves or grows exponentially.
double room(Op op, std::span<const double> all, NodeId k) {
  const double x = all[static_cast<std::size_t>(k)];
  switch (op) {
    case Op::Add:
    case Op::Sub:
    case Op::Neg:
    case Op::Mul:
    case Op::Fma:
    case Op::AbsorbingProduct:
    case Op::Abs:
    case Op::Min:
    case Op::Max:
    case Op::Select:
    case Op::Detach:
    case Op::Floor:
    case Op::Ceil:
    case Op::Round:
    case Op::Trunc:
    case Op::Less:
    case Op::LessEqual:
    case Op::Equal:
      return std::numeric_limits<double>::infinity();
    case Op::Div:
      return k == 1 ? std::abs(x) : std::numeric_limits<double>::infinity();
    case Op::Sqrt:
    case Op::Cbrt:
    case Op::Log:
    case Op::Log2:
    case Op::Log10:
      return std::abs(x);
    case Op::Pow:
    case Op::PowDerivative:
      return k == 0 ? std::abs(x) : 1 / std::abs(std::log(std::abs(all[0])));
    case Op::Atan2:
    case Op::Hypot:
      return std::hypot(all[0], all[1]);
    case Op::Log1p:
      return 1 + x;
    case Op::Asin:
    case Op::Acos:
    case Op::Atanh:
      return 1 - std::abs(x);
    case Op::Acosh:
      return x - 1;
    case Op::Erfinv:
      return 1 - std::abs(x);
    case Op::Erfcinv:
      return std::min(x, 2 - x);
    case Op::Lgamma:
      return to_pole(x);
    case Op::Tgamma:
      return std::min(1.0, to_pole(x));
    case Op::Polygamma:
      return k == 1 ? to_pole(x) : std::numeric_limits<double>::infinity();
    case Op::Beta:
      return to_pole(x);
    case Op::IncompleteGamma:
      return k == 2 ? std::numeric_limits<double>::infinity() : std::min(x, std::sqrt(x));
    case Op::Ibeta:
    case Op::Ibetac:
    case Op::IbetaDerivative:
    case Op::IbetaA:
    case Op::IbetaB:
    case Op::IbetaAA:
    case Op::IbetaAB:
    case Op::IbetaBB:
      return k < 2 ? std::min(x, std::sqrt(x)) : std::min({x, 1 - x, std::sqrt(x * (1 - x) / std::max(1.0, all[0] + all[1]))});
    case Op::Atan:
    case Op::Asinh:
    case Op::Custom:
      return std::max(1.0, std::abs(x));
    default:
      return 1;
  }
}

/// Whether a node with a kink or a jump is on the same side of it on both tapes, the other at `values`.
bool same_side(const Tape& tape, const Tape& other, const Values<double>& values, NodeId i) {
  switch (tape[i].op) {
    case Op::Abs:
      return (tape.value(tape[i].x) > 0) == (values[other[i].x] > 0);
    case Op::Min:
    case Op::Max: {
      const double x = tape.value(tape[i].x), y = tape.value(tape[i].y), u = values[other[i].x], v = values[other[i].y];
      return (x < y) == (u < v) && (y < x) == (v < u);
    }
    case Op::Floor:
    case Op::Ceil:
    case Op::Round:
    case Op::Trunc:
    case Op::Less:
    case Op::LessEqual:
    case Op::Equal:
      return tape.value(i) == values[i];
    default:
      return true;
  }
}

}  // namespace

std::vector<bool> nodes_in_use(const Tape& tape, std::span<const Var> dependents) {
  std::vector<bool> in_use(static_cast<std::size_t>(tape.size()));
  for (const Var& y : dependents)
    if (!y.is_constant()) in_use[static_cast<std::size_t>(y.index())] = true;
  for (NodeId i = tape.size(); i-- > 0;) {
    if (!in_use[static_cast<std::size_t>(i)] || tape[i].op == Op::Independent) continue;
    const Arguments arguments = tape.arguments(i);
    for (NodeId k = 0; k < arguments.size(); ++k)
      if (arguments[k] >= 0) in_use[static_cast<std::size_t>(arguments[k])] = true;
  }
  return in_use;
}

std::vector<double> argument_values(const Tape& tape, NodeId i) {
  const Arguments arguments = tape.arguments(i);
  std::vector<double> x(static_cast<std::size_t>(arguments.size()));
  for (NodeId k = 0; k < arguments.size(); ++k) x[static_cast<std::size_t>(k)] = tape.value(arguments[k]);
  return x;
}

std::vector<double> partials_of(const Tape& tape, NodeId i) {
  if (tape[i].op == Op::Independent) return {};
  const std::vector<double> x = argument_values(tape, i);
  if (tape[i].op == Op::Custom) {
    std::vector<double> partials(x.size());
    tape.nary(tape[i].y).partials(x, tape.value(i), partials);
    return partials;
  }
  return dispatch(tape[i].op, [&]<class Rule>() -> std::vector<double> {
    const auto partials = partials_at<Rule>(x.data(), tape.value(i));
    return {partials.begin(), partials.begin() + Rule::arity};
  });
}

std::string describe_node(const Tape& tape, NodeId i) {
  const char* what = tape[i].op == Op::Custom ? tape.nary(tape[i].y).name() : name(tape[i].op);
  const std::string_view label = tape.name(i);
  std::string text = fmt::format("`{}` (node {}", what, i);
  if (!label.empty()) text += fmt::format(", named {}", label);
  if (tape.location(i).known()) text += fmt::format(", recorded at {}:{}", tape.location(i).file, tape.location(i).line);
  return text + ")";
}

std::string find_kink(const Tape& tape, const std::vector<bool>& in_use) {
  const std::vector<NodeId> origin = origins(tape);
  const auto same_variable = [&](NodeId x, NodeId y) {
    return x >= 0 && y >= 0 && origin[static_cast<std::size_t>(x)] == origin[static_cast<std::size_t>(y)];
  };
  for (const Guard& guard : tape.guards()) {
    if (tape.value(guard.x) != tape.value(guard.y) || same_variable(guard.x, guard.y)) continue;
    const std::string place =
        guard.location.known() ? fmt::format(" at {}:{}", guard.location.file, guard.location.line) : std::string();
    return fmt::format(
        "the branch{} compares {} with {}, which are both {:.17g}: the point is where the branches meet, and f may "
        "have a kink there; move the point off it",
        place, describe(tape, guard.x), describe(tape, guard.y), tape.value(guard.x));
  }
  for (NodeId i = 0; i < tape.size(); ++i) {
    if (!in_use[static_cast<std::size_t>(i)] || !node_at_kink(tape, i)) continue;
    if (is_tie(tape[i].op) && same_variable(tape[i].x, tape[i].y)) continue;
    std::string arguments;
    for (const double x : argument_values(tape, i)) arguments += fmt::format("{}{:.17g}", arguments.empty() ? "" : ", ", x);
    return fmt::format("{} is at its kink, at ({}): there is no derivative there, only a convention; move the point off it",
                       describe_node(tape, i), arguments);
  }
  return {};
}

bool same_operations(const Tape& tape, const Tape& other) {
  if (tape.size() != other.size() || tape.guards().size() != other.guards().size()) return false;
  for (std::size_t k = 0; k < tape.guards().size(); ++k)
    if (tape.guards()[k].outcome != other.guards()[k].outcome) return false;
  for (NodeId i = 0; i < tape.size(); ++i)
    if (tape[i].op != other[i].op) return false;
  return true;
}

bool same_sides(const Tape& tape, const Tape& other, const Values<double>& values, const std::vector<bool>& in_use) {
  for (const Guard& guard : other.guards())
    if (!same_branch(guard, values.base())) return false;
  for (NodeId i = 0; i < tape.size(); ++i)
    if (in_use[static_cast<std::size_t>(i)] && !same_side(tape, other, values, i)) return false;
  return true;
}

double natural_reach(const Tape& tape, const std::vector<bool>& in_use, const Values<Dual<double>>& tangents) {
  double reach = std::numeric_limits<double>::infinity();
  for (NodeId i = 0; i < tape.size(); ++i) {
    if (!in_use[static_cast<std::size_t>(i)] || tape[i].op == Op::Independent) continue;
    const Arguments arguments = tape.arguments(i);
    const std::vector<double> x = argument_values(tape, i);
    for (NodeId k = 0; k < arguments.size(); ++k) {
      const double moved = std::abs(tangents[arguments[k]].tangent);
      const double there = room(tape[i].op, x, k) / moved;
      if (moved > 0 && there > 0 && there < reach) reach = there;
    }
  }
  return reach;
}

}  // namespace wengert::detail
