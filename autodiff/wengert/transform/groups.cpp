#include "wengert/transform/groups.hpp"

#include <algorithm>

#include "wengert/forward_sweep.hpp"
#include "wengert/kernels/block_kernels.hpp"
#include "wengert/reverse_sweep.hpp"
#include "wengert/transform/tape_copy.hpp"

namespace wengert::detail {
namespace {

/// Fewer nodes are not worth a loop: they are swept one by one.
constexpr NodeId least_group = 3;
/// How many arguments are gathered at a time.
constexpr NodeId gathered = 256;

/// What lanes compute quicker, arguments gathered, than a loop over the nodes: not sums, products and the like.
bool is_costly(Op op) { return arity(op) <= 2 && !traits_of(op).arithmetic; }

/// The order of nodes between two guards: by level, then beside their like.
struct Position {
  NodeId level;
  Op op;
  NodeId node;

  auto operator<=>(const Position&) const = default;
  bool is_like(const Position& other) const { return level == other.level && op == other.op; }
};

std::vector<Position> by_level(const Tape& tape, NodeId first, NodeId end) {
  std::vector<Position> result;
  std::vector<NodeId> level(static_cast<std::size_t>(end - first), 0);
  for (NodeId i = first; i < end; ++i) {
    if (tape[i].op == Op::Independent) continue;
    NodeId& here = level[static_cast<std::size_t>(i - first)];
    for (const NodeId argument : tape.arguments(i))
      if (argument >= first && tape[argument].op != Op::Independent)
        here = std::max(here, level[static_cast<std::size_t>(argument - first)] + 1);
    result.push_back({here, tape[i].op, i});
  }
  std::sort(result.begin(), result.end());
  return result;
}

// Loops over a group, with the rule compiled into them.
struct EvaluateGroup {
  const Tape& tape;
  double* values;
  NodeGroup group;

  template <class Rule>
  void operator()() const {
    for (NodeId i = group.first; i < group.first + group.count; ++i)
      values[i] = Evaluate<double>{tape, values, i}.template operator()<Rule>();
  }
};
struct PullBackGroup {
  const Tape& tape;
  const double* values;
  double* adjoints;
  NodeGroup group;

  template <class Rule>
  void operator()() const {
    for (NodeId i = group.first + group.count; i-- > group.first;)
      if (!carries_nothing(adjoints[i])) PullBack<double>{tape, values, adjoints, i}.template operator()<Rule>();
  }
};

void evaluate_on_lanes(const Tape& tape, double* values, const NodeGroup& group) {
  const BlockKernel<double> kernel = block_kernel<double>(group.op, varying_x | varying_y);
  double x[gathered], y[gathered];
  for (NodeId done = 0; done < group.count; done += gathered) {
    const NodeId first = group.first + done, count = std::min(gathered, group.count - done);
    for (NodeId k = 0; k < count; ++k) {
      const Node& node = tape[first + k];  // a unary node's y is its x
      x[k] = values[node.x];
      y[k] = values[node.y];
    }
    kernel(values + first, x, y, nullptr, static_cast<std::size_t>(count));
  }
}

}  // namespace

std::vector<NodeGroup> group(const Tape& from, std::vector<NodeId>& outputs, Tape& to) {
  std::vector<NodeGroup> groups;
  TapeCopy copy(from, to);
  for (const NodeId independent : from.independents()) copy.independent(independent);
  const auto lay = [&](NodeId first, NodeId end) {
    const std::vector<Position> nodes = by_level(from, first, end);
    bool after_few = false;  // between two guards: no group reaches over one
    for (auto here = nodes.begin(); here != nodes.end();) {
      const auto next = std::find_if_not(here, nodes.end(), [&](const Position& p) { return p.is_like(*here); });
      const auto count = static_cast<NodeId>(next - here);
      const bool few = count < least_group || here->op == Op::Custom;
      if (few && after_few)
        groups.back().count += count;
      else
        groups.push_back({few ? Op::Independent : here->op, to.size(), count});
      after_few = few;
      for (; here != next; ++here) copy.node(here->node);
    }
  };
  NodeId done = 0;
  for (const Guard& guard : from.guards()) {
    lay(done, guard.position);
    done = guard.position;
    copy.guard(guard);
  }
  lay(done, from.size());
  for (NodeId& output : outputs) output = copy.at(output);
  if (groups.size() == 1 && groups[0].op == Op::Independent) groups.clear();  // a chain
  return groups;
}

// With all rules compiled into them.
WENGERT_FLATTEN void evaluate_group(const Tape& tape, double* values, const NodeGroup& group) {
  if (group.op == Op::Independent)
    evaluate_nodes(tape, values, group.first, group.first + group.count);
  else if (is_costly(group.op))
    evaluate_on_lanes(tape, values, group);
  else
    dispatch(group.op, EvaluateGroup{tape, values, group});
}
WENGERT_FLATTEN void pull_back_group(const Tape& tape, const double* values, double* adjoints, const NodeGroup& group) {
  if (group.op == Op::Independent)
    pull_back_all(tape, values, adjoints, group.first + group.count, group.first);
  else
    dispatch(group.op, PullBackGroup{tape, values, adjoints, group});
}

}  // namespace wengert::detail
