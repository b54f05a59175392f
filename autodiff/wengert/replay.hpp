// A batch program as instructions over blocks. Inside the library only; not installed.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "wengert/batch_driver.hpp"
#include "wengert/batch_plan.hpp"
#include "wengert/block_kernels.hpp"
#include "wengert/tape.hpp"

namespace wengert {

/// One operation over a block. Operands are cells: shared numbers, then the samples' columns, then slots of the workspace.
struct Instruction {
  enum class Kind : unsigned char { Operation, Custom, Guard, Output } kind;
  Op op;
  unsigned varying = 0;  // which operands vary, as block_kernel takes it
  Index node;            // on the tape; of a guard and of an output, its number there; an output's operand is x
  Index x = 0, y = 0, z = 0, out = 0;
};

/// A program lowered to instructions. Slots are shared out by liveness: one is free again after its value's last use.
struct Lowered {
  Tape tape{false};
  BatchProgram program;
  std::vector<unsigned char> varying;
  std::vector<Index> cell;  // of each node
  std::vector<Instruction> instructions;
  Index shared = 0;   // independents that are shared
  Index columns = 0;  // independents that are not
  Index slots = 0;

  void lower(Index shared_independents);
  /// Where an operand is found: a node's cell; constants follow the nodes among the shared cells.
  Index cell_of(Index i) const { return i >= 0 ? cell[static_cast<std::size_t>(i)] : tape.size() - 1 - i; }
  Index first_column() const { return tape.size() + tape.constants(); }
  bool varies(Index i) const { return i >= 0 && varying[static_cast<std::size_t>(i)] != 0; }
  /// Varies, and is computed: no sample's own input.
  bool computed(Index i) const { return varies(i) && tape[i].op != Op::Independent; }

 private:
  /// What is done to a block, step by step: a node is computed, a guard checked, an output handed over.
  struct Step {
    Instruction::Kind kind;
    Index number;
  };
  std::vector<Step> steps() const;
  std::vector<Index> recorded_order() const;
  std::vector<Index> short_lived_order() const;
  std::size_t most_alive(std::span<const Index> order) const;
};

/// All that a batch of one function needs, for one number of shared inputs and one choice of what is wanted.
class BatchPlan {
 public:
  BatchPlan(const Tape& tape, Index dependent, std::size_t shared, bool standard_errors, bool sample_gradient);

  Tape outer{false};
  std::vector<Index> frontier;  // on the outer tape
  Lowered careful, ordinary;
};

}  // namespace wengert
