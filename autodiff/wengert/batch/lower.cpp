#include "wengert/batch/lower.hpp"

#include <algorithm>
#include <utility>

#include "wengert/transform/derivative.hpp"

namespace wengert::detail {

namespace {

/// Calls use(i) once for each distinct argument of node i.
template <class Use>
void for_each_argument(const Tape& tape, NodeId i, Use use) {
  const Arguments arguments = tape.arguments(i);
  for (NodeId k = 0; k < arguments.size(); ++k) {
    bool seen = false;
    for (NodeId before = 0; before < k; ++before) seen = seen || arguments[before] == arguments[k];
    if (!seen) use(arguments[k]);
  }
}

/// Per node: the nodes that use it, side by side.
struct Users {
  std::vector<std::size_t> first;
  std::vector<NodeId> all;

  std::span<const NodeId> of(NodeId i) const {
    const auto k = static_cast<std::size_t>(i);
    return std::span(all).subspan(first[k], first[k + 1] - first[k]);
  }
};

Users users_of(const Lowered& code) {
  Users users;
  users.first.assign(static_cast<std::size_t>(code.tape.size()) + 1, 0);
  const auto for_each_use = [&](auto use) {
    for (NodeId i = 0; i < code.tape.size(); ++i)
      if (code.computed(i))
        for_each_argument(code.tape, i, [&](NodeId k) {
          if (code.computed(k)) use(static_cast<std::size_t>(k), i);
        });
  };
  for_each_use([&](std::size_t k, NodeId) { ++users.first[k + 1]; });
  for (std::size_t k = 1; k < users.first.size(); ++k) users.first[k] += users.first[k - 1];
  users.all.resize(users.first.back());
  std::vector<std::size_t> next = users.first;
  for_each_use([&](std::size_t k, NodeId i) { users.all[next[k]++] = i; });
  return users;
}

/// Orders computed nodes so that values die young: depth first from the outputs, and a node whose operand has no other use left
/// is computed as soon as it can be, since it takes no more room than it gives back.
class Scheduler {
 public:
  explicit Scheduler(const Lowered& code)
      : code_(code), users_(users_of(code)), done_(static_cast<std::size_t>(code.tape.size())) {
    for (NodeId i = 0; i < code.tape.size(); ++i) uses_left_.push_back(users_.of(i).size());
  }

  void reach(NodeId root) {
    std::vector<NodeId> open{root};
    while (!open.empty()) {
      const NodeId i = open.back();
      const NodeId missing = pending(i) ? first_missing(i) : i;
      if (missing != i) {
        open.push_back(missing);
        continue;
      }
      open.pop_back();
      if (pending(i)) compute_and_follow(i);
    }
  }
  std::vector<NodeId> order;

 private:
  bool pending(NodeId i) const { return code_.computed(i) && !done_[static_cast<std::size_t>(i)]; }
  std::size_t& uses_left(NodeId i) { return uses_left_[static_cast<std::size_t>(i)]; }

  /// An argument of i that is not computed yet, or i itself.
  NodeId first_missing(NodeId i) const {
    NodeId missing = i;
    for_each_argument(code_.tape, i, [&](NodeId k) {
      if (missing == i && pending(k)) missing = k;
    });
    return missing;
  }
  bool frees_an_argument(NodeId i) {
    bool frees = false;
    for_each_argument(code_.tape, i, [&](NodeId k) {
      frees = frees || (code_.computed(k) && (uses_left(k) == 1 || (uses_left(k) == 2 && next_user_frees(k, i))));
    });
    return frees;
  }
  /// Whether the other user of k that is left waits for i alone, as in x * (c * x): computing i and then it frees k.
  bool next_user_frees(NodeId k, NodeId i) const {
    for (const NodeId user : users_.of(k)) {
      if (user == i || !pending(user)) continue;
      bool waits_for_i = false, waits_for_more = false;
      for_each_argument(code_.tape, user, [&](NodeId argument) {
        if (argument == i)
          waits_for_i = true;
        else if (pending(argument))
          waits_for_more = true;
      });
      return waits_for_i && !waits_for_more;
    }
    return false;
  }
  void compute_and_follow(NodeId i) {
    std::vector<NodeId> next{i};
    while (!next.empty()) {
      const NodeId k = next.back();
      next.pop_back();
      if (k != i && !(pending(k) && first_missing(k) == k && frees_an_argument(k))) continue;
      done_[static_cast<std::size_t>(k)] = 1;
      order.push_back(k);
      const auto offer_users = [&](NodeId of) {
        for (const NodeId user : users_.of(of))
          if (pending(user)) next.push_back(user);
      };
      for_each_argument(code_.tape, k, [&](NodeId argument) {
        if (code_.computed(argument) && --uses_left(argument) <= 2) offer_users(argument);
      });
      offer_users(k);
    }
  }

  const Lowered& code_;
  Users users_;
  std::vector<unsigned char> done_;
  std::vector<std::size_t> uses_left_;
};

}  // namespace

std::vector<NodeId> Lowered::recorded_order() const {
  std::vector<NodeId> order;
  for (NodeId i = 0; i < tape.size(); ++i)
    if (computed(i)) order.push_back(i);
  return order;
}

std::vector<NodeId> Lowered::short_lived_order() const {
  Scheduler scheduler(*this);
  // the gradient first: the values that it takes are most of what the value takes
  for (std::size_t k = 1; k < program.outputs.size(); ++k)
    if (computed(program.outputs[k])) scheduler.reach(program.outputs[k]);
  for (NodeId i = 0; i < tape.size(); ++i)
    if (computed(i)) scheduler.reach(i);
  return std::move(scheduler.order);
}

std::size_t Lowered::most_alive(std::span<const NodeId> order) const {
  const Users users = users_of(*this);
  std::vector<std::size_t> uses_left;
  for (NodeId i = 0; i < tape.size(); ++i) uses_left.push_back(users.of(i).size());
  std::size_t alive = 0, most = 0;
  for (const NodeId i : order) {
    for_each_argument(tape, i, [&](NodeId k) {
      if (computed(k) && --uses_left[static_cast<std::size_t>(k)] == 0) --alive;
    });
    most = std::max(most, ++alive);
    if (uses_left[static_cast<std::size_t>(i)] == 0) --alive;
  }
  return most;
}

/// Per node: the argument that is computed along with it in one pass, or -1. It must have no other use.
std::vector<NodeId> Lowered::partners(std::span<const NodeId> order) const {
  const Users users = users_of(*this);
  std::vector<unsigned char> kept(static_cast<std::size_t>(tape.size()), 0);  // needed on its own
  for (const NodeId output : program.outputs)
    if (output >= 0) kept[static_cast<std::size_t>(output)] = 1;
  for (const Guard& guard : tape.guards())
    for (const NodeId i : {guard.x, guard.y})
      if (i >= 0) kept[static_cast<std::size_t>(i)] = 1;
  const auto paired = [&](NodeId i) {
    const Op op = tape[i].op;
    return op == Op::Add || op == Op::Sub || op == Op::Mul || op == Op::AbsorbingProduct;
  };
  std::vector<std::size_t> place(static_cast<std::size_t>(tape.size()), 0);
  for (std::size_t k = 0; k < order.size(); ++k) place[static_cast<std::size_t>(order[k])] = k;
  // the inner node's two arguments live until its user takes them, so the user must be near
  constexpr std::size_t near = 16;
  std::vector<NodeId> partner(static_cast<std::size_t>(tape.size()), -1);
  for (const NodeId i : order) {
    if (kept[static_cast<std::size_t>(i)] || !paired(i) || partner[static_cast<std::size_t>(i)] >= 0 || users.of(i).size() != 1)
      continue;
    const NodeId user = users.of(i)[0];
    if (place[static_cast<std::size_t>(user)] > place[static_cast<std::size_t>(i)] + near) continue;
    if (!paired(user) || partner[static_cast<std::size_t>(user)] >= 0 || tape.arguments(user)[0] == tape.arguments(user)[1])
      continue;
    partner[static_cast<std::size_t>(user)] = i;
  }
  return partner;
}

std::vector<Lowered::Step> Lowered::steps() const {
  bool in_recorded_order = !tape.guards().empty();  // a guard comes before what is valid only behind it
  for (NodeId i = 0; i < tape.size(); ++i) in_recorded_order = in_recorded_order || tape[i].op == Op::Custom;
  std::vector<NodeId> order = recorded_order();
  if (!in_recorded_order) {
    std::vector<NodeId> other = short_lived_order();
    if (most_alive(other) < most_alive(order)) order = std::move(other);
  }

  std::vector<std::vector<NodeId>> outputs_at(static_cast<std::size_t>(tape.size()));
  for (std::size_t k = 0; k < program.outputs.size(); ++k)
    if (varies(program.outputs[k])) outputs_at[static_cast<std::size_t>(program.outputs[k])].push_back(static_cast<NodeId>(k));
  std::vector<Step> result;
  const auto hand_over = [&](NodeId i) {
    for (const NodeId k : outputs_at[static_cast<std::size_t>(i)]) result.push_back({Instruction::Kind::Output, k});
  };
  for (const NodeId i : tape.independents())
    if (varies(i)) hand_over(i);
  std::size_t next_guard = 0;
  const auto guards_before = [&](NodeId i) {
    for (; next_guard < tape.guards().size() && tape.guards()[next_guard].position <= i; ++next_guard)
      if (varies(tape.guards()[next_guard].x) || varies(tape.guards()[next_guard].y))
        result.push_back({Instruction::Kind::Guard, static_cast<NodeId>(next_guard)});
  };
  const std::vector<NodeId> partner = partners(order);
  std::vector<unsigned char> absorbed(static_cast<std::size_t>(tape.size()), 0);
  for (const NodeId i : partner)
    if (i >= 0) absorbed[static_cast<std::size_t>(i)] = 1;
  for (const NodeId i : order) {
    guards_before(i);
    if (absorbed[static_cast<std::size_t>(i)]) continue;
    const NodeId first = partner[static_cast<std::size_t>(i)];
    result.push_back({tape[i].op == Op::Custom ? Instruction::Kind::Custom
                      : first >= 0             ? Instruction::Kind::Pair
                                               : Instruction::Kind::Operation,
                      i, first});
    hand_over(i);
  }
  guards_before(tape.size());
  return result;
}

/// The argument of a pair's node that is not computed along with it.
NodeId Lowered::third_operand(const Step& pair) const {
  const Arguments arguments = tape.arguments(pair.number);
  return arguments[0] == pair.first ? arguments[1] : arguments[0];
}

template <class Use>
void Lowered::for_each_operand(const Step& step, Use use) const {
  if (step.kind == Instruction::Kind::Guard) {
    const Guard& guard = tape.guards()[static_cast<std::size_t>(step.number)];
    use(guard.x);
    if (guard.y != guard.x) use(guard.y);
  } else if (step.kind == Instruction::Kind::Output) {
    use(program.outputs[static_cast<std::size_t>(step.number)]);
  } else if (step.kind == Instruction::Kind::Pair) {
    for_each_argument(tape, step.first, use);
    const NodeId z = third_operand(step);
    if (z != tape.arguments(step.first)[0] && z != tape.arguments(step.first)[1]) use(z);
  } else {
    for_each_argument(tape, step.number, use);
  }
}

void Lowered::number_cells(const std::vector<Step>& steps) {
  cell.assign(place(tape.size()), -1);
  const auto number = [&](NodeId i) {
    if (varies(i) || cell_of(i) >= 0) return;
    cell_at(i) = static_cast<NodeId>(numbers.size());
    numbers.push_back(i);
  };
  for (const Step& step : steps) for_each_operand(step, number);
  for (const NodeId output : program.outputs) number(output);
  for (NodeId c = 0; c < columns; ++c)
    cell_at(tape.independents()[static_cast<std::size_t>(shared) + static_cast<std::size_t>(c)]) = first_column() + c;
}

void Lowered::lower(NodeId shared_independents, InstructionSet set) {
  shared = shared_independents;
  columns = static_cast<NodeId>(tape.independents().size()) - shared;
  varying = varying_nodes(tape, shared);
  const std::vector<Step> steps = this->steps();
  number_cells(steps);

  std::vector<std::size_t> last_use(static_cast<std::size_t>(tape.size()), steps.size());
  for (std::size_t s = 0; s < steps.size(); ++s)
    for_each_operand(steps[s], [&](NodeId i) {
      if (computed(i)) last_use[static_cast<std::size_t>(i)] = s;
    });

  std::vector<NodeId> free_slots;
  const auto take_slot = [&] {
    if (free_slots.empty()) return slots++;
    const NodeId slot = free_slots.back();
    free_slots.pop_back();
    return slot;
  };
  const NodeId first_slot = first_column() + columns;
  for (std::size_t s = 0; s < steps.size(); ++s) {
    const Step& step = steps[s];
    const auto release_operands = [&] {
      for_each_operand(step, [&](NodeId i) {
        if (computed(i) && last_use[static_cast<std::size_t>(i)] == s) free_slots.push_back(cell_of(i) - first_slot);
      });
    };
    Instruction instruction{step.kind, Op::Custom, 0, step.number};
    const auto operand = [&](NodeId Instruction::* place, NodeId i, unsigned bit) {
      instruction.*place = cell_of(i);
      if (varies(i)) instruction.varying |= bit;
    };
    switch (step.kind) {
      case Instruction::Kind::Operation: {
        const Arguments arguments = tape.arguments(step.number);
        instruction.op = tape[step.number].op;
        operand(&Instruction::x, arguments[0], varying_x);
        if (arguments.size() > 1) operand(&Instruction::y, arguments[1], varying_y);
        if (arguments.size() > 2) operand(&Instruction::z, arguments[2], varying_z);
        // a kernel may write over an operand that it has read, so an operand that dies here leaves its slot to the result
        release_operands();
        instruction.out = cell_at(step.number) = first_slot + take_slot();
        break;
      }
      case Instruction::Kind::Pair: {
        const Arguments arguments = tape.arguments(step.first);
        operand(&Instruction::x, arguments[0], varying_x);
        operand(&Instruction::y, arguments[1], varying_y);
        operand(&Instruction::z, third_operand(step), varying_z);
        release_operands();
        instruction.out = cell_at(step.number) = first_slot + take_slot();
        break;
      }
      case Instruction::Kind::Custom:
        instruction.out = cell_at(step.number) = first_slot + take_slot();
        release_operands();
        break;
      case Instruction::Kind::Guard: {
        const Guard& guard = tape.guards()[static_cast<std::size_t>(step.number)];
        instruction.op = guard.relation;
        operand(&Instruction::x, guard.x, varying_x);
        operand(&Instruction::y, guard.y, varying_y);
        const NodeId slot = take_slot();
        instruction.out = first_slot + slot;
        free_slots.push_back(slot);
        release_operands();
        break;
      }
      case Instruction::Kind::Output:
        operand(&Instruction::x, program.outputs[static_cast<std::size_t>(step.number)], varying_x);
        release_operands();
        break;
    }
    instructions.push_back(instruction);
    const auto add_kernel = [&]<class T>(std::vector<BlockKernel<T>>& kernels) {
      if (step.kind == Instruction::Kind::Pair)
        kernels.push_back(pair_kernel<T>(tape[step.first].op, tape[step.number].op, tape.arguments(step.number)[1] == step.first,
                                         instruction.varying, set));
      else if (step.kind == Instruction::Kind::Operation || step.kind == Instruction::Kind::Guard)
        kernels.push_back(block_kernel<T>(instruction.op, instruction.varying, set));
      else
        kernels.push_back(nullptr);
    };
    add_kernel(std::get<0>(kernels_));
    add_kernel(std::get<1>(kernels_));
  }
}

BatchPlan::BatchPlan(const Tape& tape, NodeId dependent, std::size_t shared, bool standard_errors, bool sample_gradient,
                     InstructionSet set) {
  Tape inner(tape.keeps_locations());
  frontier = split(tape, dependent, static_cast<NodeId>(shared), standard_errors, outer, inner);
  const auto inner_shared = static_cast<NodeId>(frontier.size());
  Tape raw(tape.keeps_locations());
  std::vector<NodeId>& outputs = careful.program.outputs;
  outputs = record_derivative(inner, std::span(&dependent, 1), raw);
  if (!sample_gradient) outputs.resize(1 + frontier.size());
  optimise(raw, outputs, careful.tape, true);
  ordinary.program = ordinary_program(careful.tape, outputs, inner_shared, ordinary.tape);
  careful.lower(inner_shared, set);
  ordinary.lower(inner_shared, set);
}

}  // namespace wengert::detail
