// A batch program as instructions over blocks. Inside the library only; not installed.
#pragma once

#include <memory>
#include <vector>

#include "wengert/batch_driver.hpp"
#include "wengert/batch_plan.hpp"
#include "wengert/block_kernels.hpp"
#include "wengert/tape.hpp"

namespace wengert {

/// One operation over a block. Operands are cells: shared numbers, then the samples' columns, then slots of the workspace.
struct Instruction {
  enum class Kind : unsigned char { Operation, Custom, Guard } kind;
  Op op;
  unsigned varying = 0;  // which operands vary, as block_kernel takes it
  Index node;            // on the tape; of a guard, its number there
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
