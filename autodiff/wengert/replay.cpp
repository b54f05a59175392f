#include "wengert/replay.hpp"

namespace wengert {

void Lowered::lower(Index shared_independents) {
  shared = shared_independents;
  columns = static_cast<Index>(tape.independents().size()) - shared;
  varying = varying_nodes(tape, shared);
  const auto varies = [&](Index i) { return i >= 0 && varying[static_cast<std::size_t>(i)] != 0; };

  // Shared nodes and constants have a cell each, by index; then come the columns, then slots.
  cell.resize(static_cast<std::size_t>(tape.size()));
  for (Index i = 0; i < tape.size(); ++i) cell[static_cast<std::size_t>(i)] = i;
  for (Index c = 0; c < columns; ++c)
    cell[static_cast<std::size_t>(tape.independents()[static_cast<std::size_t>(shared + c)])] = first_column() + c;

  std::vector<Index> last_use(static_cast<std::size_t>(tape.size()), -1);
  const auto used = [&](Index i, Index by) {
    if (i >= 0 && last_use[static_cast<std::size_t>(i)] < by) last_use[static_cast<std::size_t>(i)] = by;
  };
  for (Index i = 0; i < tape.size(); ++i) {
    const Arguments arguments = tape.arguments(i);
    for (Index k = 0; k < arguments.size(); ++k) used(arguments[k], i);
  }
  for (const Guard& guard : tape.guards()) {
    used(guard.x, guard.position);
    used(guard.y, guard.position);
  }
  for (const Index output : program.outputs) used(output, tape.size());

  std::vector<Index> free_slots;
  const auto take_slot = [&] {
    if (free_slots.empty()) return slots++;
    const Index slot = free_slots.back();
    free_slots.pop_back();
    return slot;
  };
  const Index first_slot = first_column() + columns;
  const auto release = [&](Index i, Index after) {
    if (!varies(i) || tape[i].op == Op::Independent || last_use[static_cast<std::size_t>(i)] != after) return;
    last_use[static_cast<std::size_t>(i)] = -1;  // x * x releases x once
    free_slots.push_back(cell_of(i) - first_slot);
  };

  std::size_t next_guard = 0;
  for (Index i = 0; i <= tape.size(); ++i) {
    for (; next_guard < tape.guards().size() && tape.guards()[next_guard].position == i; ++next_guard) {
      const Guard& guard = tape.guards()[next_guard];
      if (!varies(guard.x) && !varies(guard.y)) continue;
      const unsigned mask = (varies(guard.x) ? varying_x : 0) | (varies(guard.y) ? varying_y : 0);
      const Index slot = take_slot();
      instructions.push_back({Instruction::Kind::Guard, guard.relation, mask, static_cast<Index>(next_guard), cell_of(guard.x),
                              cell_of(guard.y), 0, first_slot + slot});
      free_slots.push_back(slot);
    }
    if (i == tape.size() || !varies(i) || tape[i].op == Op::Independent) continue;
    const Arguments arguments = tape.arguments(i);
    Instruction instruction{tape[i].op == Op::Custom ? Instruction::Kind::Custom : Instruction::Kind::Operation, tape[i].op, 0,
                            i};
    const bool custom = instruction.kind == Instruction::Kind::Custom;
    if (!custom) {
      Index* const operands[] = {&instruction.x, &instruction.y, &instruction.z};
      for (Index k = 0; k < arguments.size(); ++k) {
        *operands[k] = cell_of(arguments[k]);
        if (varies(arguments[k])) instruction.varying |= 1u << k;
      }
      // a kernel may write over an operand that it has read, so an operand that dies here leaves its slot to the result
      for (Index k = 0; k < arguments.size(); ++k) release(arguments[k], i);
    }
    instruction.out = cell[static_cast<std::size_t>(i)] = first_slot + take_slot();
    if (custom)
      for (Index k = 0; k < arguments.size(); ++k) release(arguments[k], i);
    instructions.push_back(instruction);
  }
}

BatchPlan::BatchPlan(const Tape& tape, Index dependent, std::size_t shared, bool standard_errors, bool sample_gradient) {
  Tape inner(tape.keeps_locations());
  frontier = split(tape, dependent, static_cast<Index>(shared), standard_errors, outer, inner);
  const auto inner_shared = static_cast<Index>(frontier.size());
  careful.program = careful_program(inner, dependent, inner_shared, sample_gradient, careful.tape);
  ordinary.program = ordinary_program(careful.tape, careful.program, inner_shared, ordinary.tape);
  careful.lower(inner_shared);
  ordinary.lower(inner_shared);
}

}  // namespace wengert
