#include "wengert/check/check_nodes.hpp"

#include <fmt/core.h>

#include <cmath>
#include <concepts>

#include "wengert/check/complex_step.hpp"
#include "wengert/sweep/complaints.hpp"
#include "wengert/check/richardson.hpp"

namespace wengert {
namespace {

constexpr double half_ulp = 0x1p-53;  // the most that one rounding is off, relatively

std::vector<double> argument_values(const Tape& tape, Index i) {
  const Arguments arguments = tape.arguments(i);
  std::vector<double> x(static_cast<std::size_t>(arguments.size()));
  for (Index k = 0; k < arguments.size(); ++k) x[static_cast<std::size_t>(k)] = tape.value(arguments[k]);
  return x;
}

/// f(x, y, …) for a rule's arguments taken from an array.
template <class Rule, class F, class T>
auto spread(F f, const T* x) {
  if constexpr (Rule::arity == 1)
    return f(x[0]);
  else if constexpr (Rule::arity == 2)
    return f(x[0], x[1]);
  else
    return f(x[0], x[1], x[2]);
}

bool in_table(Op op) { return op != Op::Independent && op != Op::Custom; }

/// Error of a node's value in ulps.
double value_ulps(Op op) {
  if (op == Op::Independent) return 0;
  if (op == Op::Custom) return 4;  // unknown; a few roundings
  return dispatch(op, []<class Rule>() { return Rule::value_ulps; });
}

double partial_ulps(Op op) {
  if (!in_table(op)) return 4;
  return dispatch(op, []<class Rule>() { return Rule::partial_ulps; });
}

/// What the detour by way of exp(y log x) adds to the error of a complex pow, in ulps.
double detour_ulps(const Tape& tape, Index i) {
  return tape[i].op == Op::Pow ? 2 * std::abs(tape.value(tape[i].y) * std::log(std::abs(tape.value(tape[i].x)))) : 0;
}

std::string describe_node(const Tape& tape, Index i) {
  const char* what = tape[i].op == Op::Custom ? tape.nary(tape[i].y).name() : name(tape[i].op);
  const std::string_view label = tape.name(i);
  std::string text = fmt::format("`{}` (node {}", what, i);
  if (!label.empty()) text += fmt::format(", named {}", label);
  if (tape.location(i).known()) text += fmt::format(", recorded at {}:{}", tape.location(i).file, tape.location(i).line);
  return text + ")";
}

bool node_at_kink(const Tape& tape, Index i) {
  if (!in_table(tape[i].op)) return false;
  const std::vector<double> x = argument_values(tape, i);
  return dispatch(tape[i].op, [&]<class Rule>() {
    return spread<Rule>(
        [](auto... arguments) {
          if constexpr (requires { Rule::at_kink(arguments...); })
            return Rule::at_kink(arguments...);
          else
            return false;
        },
        x.data());
  });
}

/// Whether a node with a kink or a jump is on the same side of it on both tapes.
bool same_side(const Tape& tape, const Tape& other, Index i) {
  switch (tape[i].op) {
    case Op::Abs:
    case Op::Min:
    case Op::Max:
      return partials_of(tape, i) == partials_of(other, i);
    case Op::Floor:
    case Op::Ceil:
    case Op::Round:
    case Op::Trunc:
    case Op::Less:
    case Op::LessEqual:
    case Op::Equal:
      return tape.value(i) == other.value(i);
    default:
      return true;
  }
}

/// d value / d argument k of a rule of the table, by complex step where it has one, otherwise by differences.
Difference independent_partial(const Tape& tape, Index i, std::size_t k) {
  const std::vector<double> x = argument_values(tape, i);
  const auto by_differences = [&](auto value) {
    std::vector<double> moved = x;
    const auto slope = [&](double h) -> std::optional<Slope> {
      moved[k] = x[k] + h;
      const double right = moved[k], above = value(moved);
      moved[k] = x[k] - h;
      const double left = moved[k], below = value(moved);
      return Slope{(above - below) / (right - left), 8 * half_ulp * (std::abs(above) + std::abs(below)) / (right - left)};
    };
    return extrapolate(slope, std::max(std::abs(x[k]), 0x1p-20) / 8);
  };
  if (tape[i].op == Op::Custom) {
    const NaryOperation& operation = tape.nary(tape[i].y);
    return by_differences([&](const std::vector<double>& at) { return operation.value(at); });
  }
  return dispatch(tape[i].op, [&]<class Rule>() -> Difference {
    try {
      std::vector<ComplexStep> z(x.begin(), x.end());
      z[k].value.imag(ComplexStep::step);
      const ComplexStep result = spread<Rule>([](auto... a) { return ComplexStep::evaluate<Rule>(a...); }, z.data());
      const double derivative = result.value.imag() / ComplexStep::step;
      const double ulps = 32 + Rule::partial_ulps + 2 * detour_ulps(tape, i);
      return {derivative, ulps * half_ulp * std::abs(derivative) + 0x1p-700};
    } catch (const NoComplexStep&) {
      return by_differences([](const std::vector<double>& at) {
        return spread<Rule>([](auto... a) { return Rule::template value<double>(a...); }, at.data());
      });
    }
  });
}

/// The largest second partial of node i, and what a rule may lose in computing one: where 1 - x^2 and the like are
/// differentiated, terms of the size of the partial (over the length of the point, with two arguments) cancel.
double curvature_of(const Tape& tape, Index i, std::span<const double> partials) {
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
      const auto p = spread<Rule>(
          [](auto... a) { return Rule::template partials<Dual<double>>(a..., Dual<double>::evaluate<Rule>(a...)); }, at.data());
      see(p.x.tangent);
      if constexpr (Rule::arity > 1) see(p.y.tangent);
      if constexpr (Rule::arity > 2) see(p.z.tangent);
    }
    if (Rule::arithmetic || Rule::switching || Rule::arity == 3) return;
    double length = 0;
    for (const double number : x) length = std::max(length, std::abs(number));
    for (const double number : partials) see(Rule::arity == 1 ? number : number / length);
  });
  return largest;
}

/// Whether the operation given as the partial of custom node i in argument k computes something else than that partial.
bool wrong_partial_operation(const Tape& tape, Index i, std::size_t k, double partial, std::string& why) {
  if (tape[i].op != Op::Custom) return false;
  const NaryOperation* operation = tape.nary(tape[i].y).partial(static_cast<int>(k));
  if (operation == nullptr) return false;
  const std::vector<double> x = argument_values(tape, i);
  const double value = operation->value(x);
  if (std::abs(value - partial) > 64 * half_ulp * std::abs(partial)) {
    why = fmt::format("{}: its partial in argument {} is {:.17g}, but the operation given for that partial says {:.17g}",
                      describe_node(tape, i), k, partial, value);
    return true;
  }
  // the partials of the partial, recorded on a tape of their own and judged as any node
  Tape small(false);
  std::vector<Var> at;
  for (const double number : x) at.push_back(small.variable(number));
  const Var y = detail::record_nary(*operation, at);
  if (find_wrong_partial(small, nodes_in_use(small, std::span(&y, 1)), false, why) < 0) return false;
  why = fmt::format("{}, as the partial of {} in argument {}", why, describe_node(tape, i), k);
  return true;
}

}  // namespace

std::vector<bool> nodes_in_use(const Tape& tape, std::span<const Var> dependents) {
  std::vector<bool> in_use(static_cast<std::size_t>(tape.size()));
  for (const Var& y : dependents)
    if (!y.is_constant()) in_use[static_cast<std::size_t>(y.index())] = true;
  for (Index i = tape.size(); i-- > 0;) {
    if (!in_use[static_cast<std::size_t>(i)] || tape[i].op == Op::Independent) continue;
    const Arguments arguments = tape.arguments(i);
    for (Index k = 0; k < arguments.size(); ++k)
      if (arguments[k] >= 0) in_use[static_cast<std::size_t>(arguments[k])] = true;
  }
  return in_use;
}

std::vector<double> partials_of(const Tape& tape, Index i) {
  if (tape[i].op == Op::Independent) return {};
  const std::vector<double> x = argument_values(tape, i);
  if (tape[i].op == Op::Custom) {
    std::vector<double> partials(x.size());
    tape.nary(tape[i].y).partials(x, tape.value(i), partials);
    return partials;
  }
  return dispatch(tape[i].op, [&]<class Rule>() -> std::vector<double> {
    const auto p = spread<Rule>([&](auto... a) { return Rule::template partials<double>(a..., tape.value(i)); }, x.data());
    if constexpr (Rule::arity == 1)
      return {p.x};
    else if constexpr (Rule::arity == 2)
      return {p.x, p.y};
    else
      return {p.x, p.y, p.z};
  });
}

std::string find_kink(const Tape& tape, const std::vector<bool>& in_use) {
  for (const Guard& guard : tape.guards()) {
    if (tape.value(guard.x) != tape.value(guard.y)) continue;
    const std::string place =
        guard.location.known() ? fmt::format(" at {}:{}", guard.location.file, guard.location.line) : std::string();
    return fmt::format(
        "the branch{} compares {} with {}, which are both {:.17g}: the point is where the branches meet, and f may "
        "have a kink there; move the point off it",
        place, detail::describe(tape, guard.x), detail::describe(tape, guard.y), tape.value(guard.x));
  }
  for (Index i = 0; i < tape.size(); ++i) {
    if (!in_use[static_cast<std::size_t>(i)] || !node_at_kink(tape, i)) continue;
    std::string arguments;
    for (const double x : argument_values(tape, i)) arguments += fmt::format("{}{:.17g}", arguments.empty() ? "" : ", ", x);
    return fmt::format("{} is at its kink, at ({}): there is no derivative there, only a convention; move the point off it",
                       describe_node(tape, i), arguments);
  }
  return {};
}

bool same_way(const Tape& tape, const Tape& other) {
  if (tape.size() != other.size() || tape.guards().size() != other.guards().size()) return false;
  for (std::size_t k = 0; k < tape.guards().size(); ++k)
    if (tape.guards()[k].outcome != other.guards()[k].outcome) return false;
  for (Index i = 0; i < tape.size(); ++i)
    if (tape[i].op != other[i].op || !same_side(tape, other, i)) return false;
  return true;
}

double value_rounding(const Tape& tape, const Values<double>& adjoints) {
  double sum = 0;
  for (Index i = 0; i < adjoints.nodes(); ++i)
    if (adjoints[i] != 0) sum += std::abs(adjoints[i] * tape.value(i)) * 2 * half_ulp * value_ulps(tape[i].op);
  return sum;
}

double sweep_rounding(const Tape& tape, const Values<double>& adjoints, const Values<Dual<double>>& tangents, double ulps) {
  // A product and a share of a sum at each edge, forwards and backwards: an edge's term is rounded once as a product and
  // then with every other term that joins the same sum.
  std::vector<double> uses(static_cast<std::size_t>(tape.size()), 1);
  for (Index i = 0; i < adjoints.nodes(); ++i) {
    const Arguments arguments = tape.arguments(i);
    if (tape[i].op == Op::Independent) continue;
    for (Index k = 0; k < arguments.size(); ++k)
      if (arguments[k] >= 0) ++uses[static_cast<std::size_t>(arguments[k])];
  }
  double sum = 0;
  for (Index i = 0; i < adjoints.nodes(); ++i) {
    if (adjoints[i] == 0 || tape[i].op == Op::Independent) continue;
    const Arguments arguments = tape.arguments(i);
    const std::vector<double> partials = partials_of(tape, i);
    const double own = ulps > 0 ? 2 * (ulps + partial_ulps(tape[i].op) + detour_ulps(tape, i)) : 0;
    for (Index k = 0; k < arguments.size(); ++k) {
      const Index j = arguments[k];
      if (j < 0 || tangents[j].tangent == 0) continue;
      const double roundings = 2 + arguments.size() + uses[static_cast<std::size_t>(j)] + own;
      sum += std::abs(adjoints[i] * partials[static_cast<std::size_t>(k)] * tangents[j].tangent) * roundings * half_ulp;
    }
  }
  return sum;
}

double curvature_rounding(const Tape& tape, const Values<Dual<double>>& adjoints, double ulps) {
  double sum = 0;
  for (Index i = 0; i < adjoints.nodes(); ++i)
    if (adjoints[i].tangent != 0 && tape[i].op != Op::Independent)
      sum += std::abs(adjoints[i].tangent * tape.value(i)) * 2 * half_ulp *
             (2 * value_ulps(tape[i].op) + ulps + detour_ulps(tape, i));
  return sum;
}

double hessian_rounding(const Tape& tape, std::span<const Seed<double>> seeds, std::span<const double> v,
                        std::span<const double> w) {
  // The sum over nodes of adjoint * second partial * tangent * tangent, each taken as the magnitudes of all that it was summed
  // from, so that nothing that cancels is lost; times the roundings on the longest way through the graph, there and back.
  const auto size = static_cast<std::size_t>(tape.size());
  std::vector<double> along_v(size), along_w(size), adjoint(size), depth(size);
  std::vector<std::vector<double>> partials(size);
  double longest = 0;
  std::size_t input = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const auto node = static_cast<Index>(i);
    if (tape[node].op == Op::Independent) {
      along_v[i] = std::abs(v[input]);
      along_w[i] = std::abs(w[input++]);
      continue;
    }
    partials[i] = partials_of(tape, node);
    const Arguments arguments = tape.arguments(node);
    for (std::size_t k = 0; k < partials[i].size(); ++k) {
      if (arguments[static_cast<Index>(k)] < 0) continue;
      const auto j = static_cast<std::size_t>(arguments[static_cast<Index>(k)]);
      along_v[i] += std::abs(partials[i][k]) * along_v[j];
      along_w[i] += std::abs(partials[i][k]) * along_w[j];
      depth[i] = std::max(depth[i], depth[j] + 1 + static_cast<double>(partials[i].size()));
    }
    longest = std::max(longest, depth[i]);
  }
  for (const Seed<double>& seed : seeds)
    if (!seed.variable.is_constant()) adjoint[static_cast<std::size_t>(seed.variable.index())] += std::abs(seed.adjoint);
  double sum = 0;
  for (std::size_t i = size; i-- > 0;) {
    const auto node = static_cast<Index>(i);
    if (adjoint[i] == 0 || tape[node].op == Op::Independent) continue;
    const Arguments arguments = tape.arguments(node);
    double v_here = 0, w_here = 0;  // tangents of the arguments, by v and by w
    const auto count = partials[i].size();
    for (std::size_t k = 0; k < count; ++k) {
      if (arguments[static_cast<Index>(k)] < 0) continue;
      const auto j = static_cast<std::size_t>(arguments[static_cast<Index>(k)]);
      adjoint[j] += adjoint[i] * std::abs(partials[i][k]);
      v_here += along_v[j];
      w_here += along_w[j];
    }
    sum += adjoint[i] * curvature_of(tape, node, partials[i]) * v_here * w_here;
  }
  return (64 + 4 * longest) * half_ulp * sum;
}

Index find_wrong_partial(const Tape& tape, const std::vector<bool>& in_use, bool second_order, std::string& why) {
  for (Index i = 0; i < tape.size(); ++i) {
    if (!in_use[static_cast<std::size_t>(i)] || tape[i].op == Op::Independent) continue;
    const Arguments arguments = tape.arguments(i);
    const std::vector<double> partials = partials_of(tape, i);
    for (Index k = 0; k < arguments.size(); ++k) {
      if (arguments[k] < 0) continue;
      const auto argument = static_cast<std::size_t>(k);
      const double partial = partials[argument];
      const Difference expected = independent_partial(tape, i, argument);
      if (std::abs(partial - expected.value) > expected.error) {
        why = fmt::format("{}: its partial in argument {} is {:.17g}, but its value changes by {:.17g}", describe_node(tape, i),
                          k, partial, expected.value);
        return i;
      }
      if (second_order && wrong_partial_operation(tape, i, argument, partial, why)) return i;
    }
  }
  return -1;
}

Index find_stale_constant(const Tape& tape, const Tape& other, std::string& why) {
  if (tape.size() != other.size()) return -1;
  for (Index i = 0; i < tape.size(); ++i) {
    if (tape[i].op == Op::Independent || tape[i].op != other[i].op) continue;
    const Arguments arguments = tape.arguments(i), others = other.arguments(i);
    for (Index k = 0; k < arguments.size(); ++k) {
      if (arguments[k] >= 0 || others[k] >= 0 || tape.value(arguments[k]) == other.value(others[k])) continue;
      why = fmt::format(
          "{}: its argument {} is a constant on the tape, {:.17g} here but {:.17g} when f is called beside this point; a value() "
          "or "
          "another number computed from the inputs is lost to differentiation",
          describe_node(tape, i), k, tape.value(arguments[k]), other.value(others[k]));
      return i;
    }
  }
  return -1;
}

}  // namespace wengert
