// tape -> a shorter tape with the same results: constants folded, common subexpressions merged, identities applied, dead code
// left out. Works at run time and in constant evaluation, so replayed and fused programs go through the same passes.
//
// Every result stays within rounding, and NaN and infinity arise exactly where they did: x * 0, x - x, 0 + x and the like are
// left alone, because they are not what they seem at NaN, at infinity and at -0.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "wengert/forward_sweep.hpp"
#include "wengert/tape.hpp"
#include "wengert/transform/tape_copy.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wfloat-equal"  // what is compared here is meant to the bit

namespace wengert {

/// What an optimiser pass did, in nodes.
struct OptimiseReport {
  NodeId before = 0;      ///< nodes that came in
  NodeId dead = 0;        ///< left out: no output needs them
  NodeId folded = 0;      ///< all arguments constant: computed now
  NodeId merged = 0;      ///< computed before with the same arguments
  NodeId simplified = 0;  ///< replaced by an argument or a cheaper operation
  NodeId after = 0;       ///< nodes that remain
};

namespace detail {

/// The value of a rule on constants, each by its place. Defined before its user, as clang needs in constant evaluation.
struct Compute {
  const double* value;
  NodeId x, y, z;

  template <class Rule>
  constexpr double operator()() const {
    if constexpr (Rule::arity == 1)
      return Rule::template value<double>(value[x]);
    else if constexpr (Rule::arity == 2)
      return Rule::template value<double>(value[x], value[y]);
    else
      return Rule::template value<double>(value[x], value[y], value[z]);
  }
};

/// Rebuilds a tape node by node. `emit` returns the index, on the new tape, of what stands for the node.
class Rebuilder {
 public:
  /// `last` says that what is rebuilt is not differentiated again.
  WENGERT_CONSTEXPR Rebuilder(Tape& to, NodeId expected_nodes, OptimiseReport& report, bool last = false)
      : to_(to), report_(report), last_(last) {
    std::size_t size = 64;
    while (size < 2 * static_cast<std::size_t>(expected_nodes)) size *= 2;
    nodes_.resize(size, empty);
    constants_.resize(64, empty);
  }

  /// Of a constant on the new tape.
  constexpr double value(NodeId constant) const { return to_.value(constant); }
  /// How many nodes the new tape has.
  constexpr NodeId size() const { return to_.size(); }

  WENGERT_CONSTEXPR NodeId constant(double value) {
    if (2 * static_cast<std::size_t>(to_.constants()) > constants_.size()) grow_constants();
    NodeId& cell = constant_cell(value);
    if (cell == empty) cell = to_.constant(value);
    return cell;
  }

  constexpr NodeId emit(Op op, NodeId x, NodeId y, NodeId z, Location at) {
    const NodeId simpler = simplify(op, x, y, z, at);
    if (simpler != none) {
      ++report_.simplified;
      return simpler;
    }
    if (can_fold(op, x, y, z)) {
      ++report_.folded;
      return constant(dispatch(op, Compute{to_.values().base, x, y, z}));
    }
    return find_or_push(op, x, y, z, at);
  }

 private:
  static constexpr NodeId none = std::numeric_limits<NodeId>::min();
  static constexpr NodeId empty = none;

  constexpr bool is(NodeId x, double number) const {
    return x < 0 && std::bit_cast<std::uint64_t>(value(x)) == std::bit_cast<std::uint64_t>(number);
  }
  constexpr bool is(NodeId x, Op op) const { return x >= 0 && to_[x].op == op; }
  constexpr bool is_finite_constant(NodeId x) const { return x < 0 && value(x) - value(x) == 0; }

  constexpr bool can_fold(Op op, NodeId x, NodeId y, NodeId z) const {
    const int count = arity(op);
    if (x >= 0 || (count >= 2 && y >= 0) || (count == 3 && z >= 0)) return false;
    if (!std::is_constant_evaluated()) return true;
    // The compiler rejects arithmetic that makes a NaN or an infinity: leave that, and the transcendental, to run time.
    const auto tame = [this](NodeId k) {
      return value(k) == 0 || (value(k) < 1e75 && value(k) > -1e75 && (value(k) > 1e-75 || value(k) < -1e-75));
    };
    return traits_of(op).arithmetic && tame(x) && (count < 2 || tame(y)) && (count < 3 || tame(z)) &&
           !(op == Op::Div && value(y) == 0);
  }

  /// A node that stands for op(x, y, z) at less cost, or `none`.
  constexpr NodeId simplify(Op op, NodeId x, NodeId y, NodeId z, Location at) {
    switch (op) {
      case Op::Add:
        if (is(x, -0.0)) return y;
        if (is(y, -0.0)) return x;
        if (x == y) return emit(Op::Mul, constant(2), x, none, at);
        if (is(y, Op::Neg)) return emit(Op::Sub, x, to_[y].x, none, at);
        if (is(x, Op::Neg)) return emit(Op::Sub, y, to_[x].x, none, at);
        return none;
      case Op::Sub:
        if (is(y, 0.0)) return x;
        if (is(x, Op::Neg) && to_[x].x == y) return emit(Op::Mul, constant(-2), y, none, at);
        if (is(y, Op::Neg)) return emit(Op::Add, x, to_[y].x, none, at);
        return none;
      case Op::Mul:
        if (is(x, 1.0)) return y;
        if (is(y, 1.0)) return x;
        if (is(x, -1.0)) return emit(Op::Neg, y, none, none, at);
        if (is(y, -1.0)) return emit(Op::Neg, x, none, none, at);
        if (x < 0 && is(y, Op::Mul)) return join_scales(x, y, at);
        if (y < 0 && is(x, Op::Mul)) return join_scales(y, x, at);
        return move_sign_out(op, x, y, at);
      case Op::Div:
        if (is(y, 1.0)) return x;
        if (y < 0 && has_exact_reciprocal(value(y))) return emit(Op::Mul, x, constant(1 / value(y)), none, at);
        return move_sign_out(op, x, y, at);
      case Op::Neg:
        return is(x, Op::Neg) ? to_[x].x : none;
      case Op::Pow:
        if (is(y, 2.0)) return emit(Op::Mul, x, x, none, at);
        if (is(y, 1.0)) return x;
        if (is(y, 0.0)) return constant(1);
        if (is(y, -1.0)) return emit(Op::Div, constant(1), x, none, at);
        return none;
      case Op::PowDerivative:
        if (last_ && is(z, 1.0)) return pow_partial_x(x, y, at);
        if (last_ && is(z, 256.0)) return pow_partial_y(x, y, at);
        return none;
      case Op::AbsorbingProduct:
        if (x < 0) return value(x) == 0 ? constant(0) : emit(Op::Mul, x, y, none, at);
        if (is_finite_constant(y)) return emit(Op::Mul, x, y, none, at);
        if (is(y, Op::Select) && is_finite_constant(second(y)) && is_finite_constant(third(y)))
          return emit(Op::Select, to_[y].x, emit(Op::Mul, x, second(y), none, at), emit(Op::Mul, x, third(y), none, at), at);
        return move_sign_out(op, x, y, at);
      case Op::Select:
        if (x < 0) return value(x) == 0 ? z : y;
        if (y == z) return y;
        if (is(y, Op::Select) && to_[y].x == x) return emit(Op::Select, x, second(y), z, at);
        if (is(z, Op::Select) && to_[z].x == x) return emit(Op::Select, x, y, third(z), at);
        if (is(x, Op::Equal)) return choose_earlier(x, y, z, at);
        return none;
      default:
        return none;
    }
  }
  /// The partials of pow as the products that its rule makes of them for plain numbers: they share the power, and run on lanes.
  WENGERT_CONSTEXPR NodeId pow_partial_x(NodeId x, NodeId y, Location at) {
    const NodeId result = emit(Op::Pow, x, y, none, at);
    const NodeId ordinary = emit(Op::Equal, emit(Op::Div, result, result, none, at), constant(1), none, at);
    const NodeId below = emit(Op::Pow, x, emit(Op::Sub, y, constant(1), none, at), none, at);
    const NodeId edge = emit(Op::Select, emit(Op::Equal, result, result, none, at), below, constant(ops::not_a_number), at);
    return emit(Op::AbsorbingProduct, y, emit(Op::Select, ordinary, emit(Op::Div, result, x, none, at), edge, at), none, at);
  }
  WENGERT_CONSTEXPR NodeId pow_partial_y(NodeId x, NodeId y, Location at) {
    const NodeId product = emit(Op::AbsorbingProduct, emit(Op::Pow, x, y, none, at), emit(Op::Log, x, none, none, at), none, at);
    return emit(Op::Select, emit(Op::LessEqual, constant(0), x, none, at), product, constant(ops::not_a_number), at);
  }
  /// (-a) * b = -(a * b) and the like: exact, and signs that meet cancel.
  constexpr NodeId move_sign_out(Op op, NodeId x, NodeId y, Location at) {
    if (is(x, Op::Neg)) return emit(Op::Neg, emit(op, to_[x].x, y, none, at), none, none, at);
    if (is(y, Op::Neg)) return emit(Op::Neg, emit(op, x, to_[y].x, none, at), none, none, at);
    return none;
  }
  /// 2^j * (2^k * x) = 2^(j+k) * x, where the inner product cannot overflow (k <= 0); below the normal numbers it may round less.
  constexpr NodeId join_scales(NodeId scale, NodeId product, Location at) {
    const NodeId a = to_[product].x, b = to_[product].y;
    const NodeId inner = a < 0 ? a : b, x = a < 0 ? b : a;
    if (inner >= 0 || !has_exact_reciprocal(value(scale)) || !has_exact_reciprocal(value(inner))) return none;
    if (value(inner) > 1 || value(inner) < -1) return none;
    return emit(Op::Mul, constant(value(scale) * value(inner)), x, none, at);
  }
  /// select(select(c, k, l) == m, y, z) with constants k, l, m asks only for c.
  constexpr NodeId choose_earlier(NodeId equal, NodeId y, NodeId z, Location at) {
    const NodeId a = to_[equal].x, b = to_[equal].y;
    const NodeId choice = is(a, Op::Select) ? a : b, number = is(a, Op::Select) ? b : a;
    if (!is(choice, Op::Select) || number >= 0 || second(choice) >= 0 || third(choice) >= 0) return none;
    return emit(Op::Select, to_[choice].x, value(second(choice)) == value(number) ? y : z,
                value(third(choice)) == value(number) ? y : z, at);
  }
  /// Powers of two, away from the ends of the range: x / 2^k and x * 2^-k round alike.
  static constexpr bool has_exact_reciprocal(double x) {
    const auto bits = std::bit_cast<std::uint64_t>(x);
    const auto exponent = (bits >> 52) & 0x7ff;
    return (bits & 0xfffffffffffff) == 0 && exponent > 1 && exponent < 0x7fd;
  }
  constexpr NodeId second(NodeId select) const { return to_.extra_arguments(to_[select].y)[0]; }
  constexpr NodeId third(NodeId select) const { return to_.extra_arguments(to_[select].y)[1]; }

  WENGERT_CONSTEXPR NodeId find_or_push(Op op, NodeId x, NodeId y, NodeId z, Location at) {
    const int count = arity(op);
    if (count < 2) y = x;
    if (count < 3) z = 0;
    if (count == 2 && y > x && traits_of(op).commutative) {
      const NodeId larger = y;
      y = x;
      x = larger;
    }
    if (2 * static_cast<std::size_t>(found_) > nodes_.size()) grow_nodes();
    NodeId& cell = node_cell(op, x, y, z);
    if (cell != empty) {
      ++report_.merged;
      return cell;
    }
    ++found_;
    const double result = std::is_constant_evaluated() ? 0 : dispatch(op, Compute{to_.values().base, x, y, z});
    return cell = to_.push(op, x, y, z, result, at);
  }

  // Open addressing, linear probing. A cell is an index on the new tape, or empty.
  WENGERT_CONSTEXPR NodeId& node_cell(Op op, NodeId x, NodeId y, NodeId z) {
    const auto mix = [](std::uint64_t a, std::uint64_t b) { return (a ^ b) * 0x9E3779B97F4A7C15u; };
    const auto as_bits = [](NodeId i) { return static_cast<std::uint32_t>(i); };
    std::uint64_t hash = mix(mix(mix(static_cast<std::uint64_t>(op), as_bits(x)), as_bits(y)), as_bits(z));
    for (std::size_t k = static_cast<std::size_t>(hash >> 20) & (nodes_.size() - 1);; k = (k + 1) & (nodes_.size() - 1)) {
      const NodeId i = nodes_[k];
      if (i == empty) return nodes_[k];
      if (to_[i].op != op || to_[i].x != x) continue;
      if (arity(op) == 3 ? second(i) == y && third(i) == z : to_[i].y == y) return nodes_[k];
    }
  }
  WENGERT_CONSTEXPR void grow_nodes() {
    const std::vector<NodeId> old = std::exchange(nodes_, std::vector<NodeId>(2 * nodes_.size(), empty));
    for (const NodeId i : old) {
      if (i == empty) continue;
      const Node& node = to_[i];
      const bool ternary = arity(node.op) == 3;
      node_cell(node.op, node.x, ternary ? second(i) : node.y, ternary ? third(i) : 0) = i;
    }
  }
  WENGERT_CONSTEXPR NodeId& constant_cell(double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    const auto hash = static_cast<std::size_t>((bits * 0x9E3779B97F4A7C15u) >> 40);
    for (std::size_t k = hash & (constants_.size() - 1);; k = (k + 1) & (constants_.size() - 1))
      if (constants_[k] == empty || is(constants_[k], value)) return constants_[k];
  }
  WENGERT_CONSTEXPR void grow_constants() {
    constants_ = std::vector<NodeId>(2 * constants_.size(), empty);
    for (NodeId c = -1; c >= -to_.constants(); --c) constant_cell(to_.value(c)) = c;
  }

  Tape& to_;
  OptimiseReport& report_;
  bool last_;
  std::vector<NodeId> nodes_;
  NodeId found_ = 0;  // of them
  std::vector<NodeId> constants_;
};

/// One pass from a tape to an empty one. All independents stay, in their order; `outputs` becomes their indices on the new tape.
WENGERT_CONSTEXPR OptimiseReport optimise_once(const Tape& from, std::vector<NodeId>& outputs, Tape& to, bool last) {
  OptimiseReport report;
  report.before = from.size();
  Rebuilder rebuilder(to, from.size(), report, last);
  const std::vector<unsigned char> live = live_nodes(from, outputs);
  std::vector<NodeId> place(static_cast<std::size_t>(from.size()), 0);
  const auto moved = [&](NodeId i) { return i < 0 ? rebuilder.constant(from.value(i)) : place[static_cast<std::size_t>(i)]; };
  auto guard = from.guards().begin();
  const auto move_guards = [&](NodeId before) {
    for (; guard != from.guards().end() && guard->position <= before; ++guard) {
      const NodeId x = moved(guard->x), y = moved(guard->y);
      if (x >= 0 || y >= 0) to.push_guard({guard->relation, x, y, guard->outcome, to.size(), guard->location});
    }
  };
  for (NodeId i = 0; i < from.size(); ++i) {
    move_guards(i);
    const Node node = from[i];
    NodeId& here = place[static_cast<std::size_t>(i)];
    if (node.op == Op::Independent) {
      here = to.variable(from.value(i), from.name(i), from.location(i)).index();
      continue;
    }
    if (!live[static_cast<std::size_t>(i)]) {
      ++report.dead;
      continue;
    }
    const Arguments arguments = from.arguments(i);
    if (node.op == Op::Custom) {
      here = copy_node(from, i, to, moved);
    } else {
      const NodeId count = arguments.size();
      here = rebuilder.emit(node.op, moved(arguments[0]), count > 1 ? moved(arguments[1]) : 0,
                            count > 2 ? moved(arguments[2]) : 0, from.location(i));
    }
    if (here >= 0 && !from.name(i).empty() && to.name(here).empty()) to.set_name(here, from.name(i));
  }
  move_guards(from.size());
  for (NodeId& output : outputs) output = moved(output);
  return report;
}

/// Copies what the outputs and guards need to the empty tape `to`. Returns how many nodes they do not.
WENGERT_CONSTEXPR NodeId leave_out_dead(const Tape& from, std::vector<NodeId>& outputs, Tape& to) {
  const std::vector<unsigned char> live = live_nodes(from, outputs);
  TapeCopy copy(from, to);
  NodeId dead = 0;
  auto guard = from.guards().begin();
  for (NodeId i = 0; i <= from.size(); ++i) {
    for (; guard != from.guards().end() && guard->position <= i; ++guard) copy.guard(*guard);
    if (i == from.size()) break;
    if (from[i].op == Op::Independent)
      copy.independent(i);
    else if (live[static_cast<std::size_t>(i)])
      copy.node(i);
    else
      ++dead;
  }
  for (NodeId& output : outputs) output = copy.at(output);
  return dead;
}

/// The end of a rebuilding on the tape `once`: copies what is not dead to the empty tape `to`, and completes the report.
WENGERT_CONSTEXPR void sweep_up(const Tape& once, std::vector<NodeId>& outputs, Tape& to, OptimiseReport& report) {
  report.dead += leave_out_dead(once, outputs, to);
  report.after = to.size();
}

/// Optimises `from` into the empty tape `to`; `outputs` (indices on `from`) becomes their indices on `to`, below 0 for what
/// turned out to be constant. All independents stay. `last` says that the result is not differentiated again. What the pass made
/// dead is swept up after it. O(nodes).
WENGERT_CONSTEXPR OptimiseReport optimise(const Tape& from, std::vector<NodeId>& outputs, Tape& to, bool last = false) {
  Tape once(from.keeps_locations());
  OptimiseReport report = optimise_once(from, outputs, once, last);
  sweep_up(once, outputs, to, report);
  return report;
}

}  // namespace detail
}  // namespace wengert
#pragma GCC diagnostic pop
