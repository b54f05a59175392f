#include "wengert/transform/structure.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <numeric>

#include "wengert/nary.hpp"
#include "wengert/sweep/rule_calls.hpp"
#include "wengert/var.hpp"

namespace wengert::detail {
namespace {

constexpr int operations = static_cast<int>(Op::Independent);  // those of the table come first

std::array<Structure, operations> structures() {
  std::array<Structure, operations> all;
  const auto recorded = [](int op, auto visit) {
    Tape tape(false);  // what the numbers are does not matter
    const std::array<Var, 3> arguments{tape.variable(0.5), tape.variable(0.5), tape.variable(0.5)};
    const std::array<Var, 3> partials = dispatch(
        static_cast<Op>(op), [&]<class Rule>() { return partials_at<Rule>(arguments.data(), value_at<Rule>(arguments.data())); });
    for (int k = 0; k < 3; ++k) visit(tape, k, partials[static_cast<std::size_t>(k)]);
  };
  for (int op = 0; op < operations; ++op)
    recorded(op, [&](const Tape&, int k, const Var& partial) {
      all[static_cast<std::size_t>(op)].first[k] = !partial.is_constant() || partial.value() != 0;
    });
  for (int op = 0; op < operations; ++op)
    recorded(op, [&](const Tape& tape, int k, const Var& partial) {
      const bool switching = dispatch(static_cast<Op>(op), []<class Rule>() { return Rule::switching; });
      if (partial.is_constant() || switching) return;  // what only passes on or drops is linear on either side
      std::vector<unsigned char> used(static_cast<std::size_t>(tape.size()), 0);
      used[static_cast<std::size_t>(partial.index())] = 1;
      for (NodeId i = tape.size(); i-- > 0;) {
        if (!used[static_cast<std::size_t>(i)] || tape[i].op == Op::Independent) continue;
        const Structure& inner = all[static_cast<std::size_t>(tape[i].op)];
        const Arguments arguments = tape.arguments(i);
        for (NodeId j = 0; j < arguments.size(); ++j)
          if (arguments[j] >= 0 && inner.first[j]) used[static_cast<std::size_t>(arguments[j])] = 1;
      }
      Structure& structure = all[static_cast<std::size_t>(op)];
      for (int j = 0; j < 3; ++j) {
        structure.second[k][j] = used[static_cast<std::size_t>(tape.independents()[static_cast<std::size_t>(j)])] != 0;
        structure.curved |= structure.second[k][j];
      }
    });
  return all;
}

/// Whether the partial of node i in its argument k is not 0 everywhere.
bool varies_with(const Tape& tape, NodeId i, NodeId k) { return tape[i].op == Op::Custom || structure_of(tape[i].op).first[k]; }

/// Shows each two arguments of node i, by number, in which it is not linear; (j, k) as well as (k, j).
template <class Visit>
void each_curved_pair(const Tape& tape, NodeId i, Visit visit) {
  const NodeId count = tape.arguments(i).size();
  if (tape[i].op != Op::Custom) {
    const Structure& structure = structure_of(tape[i].op);
    for (NodeId k = 0; k < count; ++k)
      for (NodeId j = 0; j < count; ++j)
        if (structure.second[k][j]) visit(k, j);
    return;
  }
  const Reduction reduction = tape.nary(tape[i].y).reduction();
  if (reduction == Reduction::Sum) return;
  for (NodeId k = 0; k < count; ++k) {
    if (reduction == Reduction::SquaredNorm)
      visit(k, k);
    else if (reduction == Reduction::Dot)
      visit(k, (k + count / 2) % count);
    else
      for (NodeId j = 0; j < count; ++j) visit(k, j);
  }
}

/// Sets of independents, ascending, shared by the nodes that have the same.
using Set = std::shared_ptr<const std::vector<NodeId>>;

/// `all` is the set of all of them: nodes that vary with everything share one.
Set join(const Set& a, const Set& b, const Set& all) {
  if (a == nullptr || a == b) return b;
  if (b == nullptr) return a;
  auto both = std::make_shared<std::vector<NodeId>>();
  both->reserve(a->size() + b->size());
  std::set_union(a->begin(), a->end(), b->begin(), b->end(), std::back_inserter(*both));
  if (both->size() == all->size()) return all;
  return both->size() == a->size() ? a : both->size() == b->size() ? b : both;
}

/// The sets of nodes that are `wanted` and of what these vary with, first node first; each is let go after its last use.
template <class Visit>
void each_set(const Tape& tape, std::vector<unsigned char> wanted, Visit visit) {
  std::vector<NodeId> last_use(static_cast<std::size_t>(tape.size()), -1);
  for (NodeId i = tape.size(); i-- > 0;) {
    const Arguments arguments = tape.arguments(i);
    for (NodeId k = 0; k < arguments.size(); ++k) {
      if (arguments[k] < 0) continue;
      const auto argument = static_cast<std::size_t>(arguments[k]);
      last_use[argument] = std::max(last_use[argument], i);
      if (wanted[static_cast<std::size_t>(i)] && varies_with(tape, i, k)) wanted[argument] = 1;
    }
  }
  std::vector<Set> sets(static_cast<std::size_t>(tape.size()));
  auto numbers = std::make_shared<std::vector<NodeId>>(tape.independents().size());
  std::iota(numbers->begin(), numbers->end(), NodeId{0});
  const Set all = std::move(numbers);
  NodeId number = 0;
  for (NodeId i = 0; i < tape.size(); ++i) {
    Set& set = sets[static_cast<std::size_t>(i)];
    const Arguments arguments = tape.arguments(i);
    if (tape[i].op == Op::Independent)
      set = std::make_shared<std::vector<NodeId>>(1, number++);
    else if (wanted[static_cast<std::size_t>(i)])
      for (NodeId k = 0; k < arguments.size(); ++k)
        if (arguments[k] >= 0 && varies_with(tape, i, k)) set = join(set, sets[static_cast<std::size_t>(arguments[k])], all);
    visit(i, sets);
    for (NodeId k = 0; k < arguments.size(); ++k)
      if (arguments[k] >= 0 && last_use[static_cast<std::size_t>(arguments[k])] == i)
        sets[static_cast<std::size_t>(arguments[k])] = nullptr;
    if (last_use[static_cast<std::size_t>(i)] < 0) set = nullptr;
  }
}

/// A row that grows by whole sets; what is there twice goes when it has doubled.
struct GrowingRow {
  std::vector<NodeId> columns;
  std::size_t unique = 0;

  void add(const std::vector<NodeId>& set) {
    columns.insert(columns.end(), set.begin(), set.end());
    if (columns.size() > 2 * unique + 64) tidy();
  }
  void tidy() {
    std::sort(columns.begin(), columns.end());
    columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
    unique = columns.size();
  }
};

}  // namespace

const Structure& structure_of(Op op) {
  static const std::array<Structure, operations> all = structures();
  return all[static_cast<std::size_t>(op)];
}

Pattern jacobian_pattern(const Tape& tape, std::span<const NodeId> dependents) {
  std::vector<unsigned char> wanted(static_cast<std::size_t>(tape.size()), 0);
  for (const NodeId dependent : dependents)
    if (dependent >= 0) wanted[static_cast<std::size_t>(dependent)] = 1;
  std::vector<std::vector<std::size_t>> rows_of(wanted.size());  // the outputs that a node is
  for (std::size_t row = 0; row < dependents.size(); ++row)
    if (dependents[row] >= 0) rows_of[static_cast<std::size_t>(dependents[row])].push_back(row);
  Pattern pattern(dependents.size());
  each_set(tape, std::move(wanted), [&](NodeId i, const std::vector<Set>& sets) {
    for (const std::size_t row : rows_of[static_cast<std::size_t>(i)])
      if (const Set& set = sets[static_cast<std::size_t>(i)]) pattern[row] = *set;
  });
  return pattern;
}

Pattern hessian_pattern(const Tape& tape, NodeId dependent) {
  std::vector<unsigned char> live(static_cast<std::size_t>(tape.size()), 0), wanted = live;
  if (dependent >= 0) live[static_cast<std::size_t>(dependent)] = 1;
  for (NodeId i = tape.size(); i-- > 0;) {
    if (!live[static_cast<std::size_t>(i)] || tape[i].op == Op::Independent) continue;
    const Arguments arguments = tape.arguments(i);
    for (NodeId k = 0; k < arguments.size(); ++k)
      if (arguments[k] >= 0 && varies_with(tape, i, k)) live[static_cast<std::size_t>(arguments[k])] = 1;
    each_curved_pair(tape, i, [&](NodeId k, NodeId) {
      if (arguments[k] >= 0) wanted[static_cast<std::size_t>(arguments[k])] = 1;
    });
  }
  std::vector<GrowingRow> rows(tape.independents().size());
  bool full = false;
  each_set(tape, std::move(wanted), [&](NodeId i, const std::vector<Set>& sets) {
    if (!live[static_cast<std::size_t>(i)] || tape[i].op == Op::Independent) return;
    const Arguments arguments = tape.arguments(i);
    each_curved_pair(tape, i, [&](NodeId k, NodeId j) {
      if (arguments[k] < 0 || arguments[j] < 0) return;
      const Set &a = sets[static_cast<std::size_t>(arguments[k])], &b = sets[static_cast<std::size_t>(arguments[j])];
      if (a == nullptr || b == nullptr || full) return;
      full = a->size() == rows.size() && b->size() == rows.size();
      for (const NodeId row : *a) rows[static_cast<std::size_t>(row)].add(*b);
    });
  });
  Pattern pattern;
  for (GrowingRow& row : rows) {
    row.tidy();
    pattern.push_back(std::move(row.columns));
  }
  return pattern;
}

}  // namespace wengert::detail
