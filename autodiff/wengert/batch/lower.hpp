// A batch program as instructions over blocks. Inside the library only; not installed.
#pragma once

#include <memory>
#include <span>
#include <tuple>
#include <vector>

#include "wengert/batch/program.hpp"
#include "wengert/batch/run_blocks.hpp"
#include "wengert/kernels/block_kernels.hpp"
#include "wengert/tape.hpp"

namespace wengert::detail {

/// One operation over a block. Operands are cells: the shared numbers that instructions use, then the samples' columns, then
/// slots of the workspace.
struct Instruction {
  enum class Kind : unsigned char { Operation, Pair, Custom, Guard, Output } kind;
  Op op;
  unsigned varying = 0;  // which operands vary, as block_kernel takes it
  NodeId node;           // on the tape; of a guard and of an output, its number there; an output's operand is x
  NodeId x = 0, y = 0, z = 0, out = 0;
};

/// A program lowered to instructions. Slots are shared out by liveness: one is free again after its value's last use.
struct Lowered {
  Tape tape{false};
  BatchProgram program;
  std::vector<unsigned char> varying;
  std::vector<NodeId> cell;     // of each constant and node; -1 for what no instruction uses
  std::vector<NodeId> numbers;  // the shared nodes and constants that have a cell, in their order
  std::vector<Instruction> instructions;
  NodeId shared = 0;   // independents that are shared
  NodeId columns = 0;  // independents that are not
  NodeId slots = 0;

  void lower(NodeId shared_independents, InstructionSet set);
  /// Of each instruction; nullptr for those that are no operation over lanes.
  template <class T>
  const std::vector<BlockKernel<T>>& kernels() const {
    return std::get<std::vector<BlockKernel<T>>>(kernels_);
  }
  NodeId cell_of(NodeId i) const { return cell[place(i)]; }
  NodeId first_column() const { return static_cast<NodeId>(numbers.size()); }
  bool varies(NodeId i) const { return i >= 0 && varying[static_cast<std::size_t>(i)] != 0; }
  /// Varies, and is computed: no sample's own input.
  bool computed(NodeId i) const { return varies(i) && tape[i].op != Op::Independent; }

 private:
  /// What is done to a block, step by step: a node is computed, a guard checked, an output handed over.
  struct Step {
    Instruction::Kind kind;
    NodeId number;
    NodeId first = -1;  // of a pair: the node that `number` alone uses, computed along with it
  };
  std::vector<Step> steps() const;
  std::vector<NodeId> partners(std::span<const NodeId> order) const;
  std::vector<NodeId> recorded_order() const;
  std::vector<NodeId> short_lived_order() const;
  std::size_t most_alive(std::span<const NodeId> order) const;
  NodeId third_operand(const Step& pair) const;
  template <class Use>
  void for_each_operand(const Step& step, Use use) const;
  void number_cells(const std::vector<Step>& steps);
  /// Of a node or constant in `cell`.
  std::size_t place(NodeId i) const { return static_cast<std::size_t>(std::ptrdiff_t(i) + tape.constants()); }
  NodeId& cell_at(NodeId i) { return cell[place(i)]; }

  std::tuple<std::vector<BlockKernel<double>>, std::vector<BlockKernel<float>>> kernels_;
};

/// All that a batch of one function needs, for one number of shared inputs, one choice of what is wanted and one instruction set.
class BatchPlan {
 public:
  BatchPlan(const Tape& tape, NodeId dependent, std::size_t shared, bool standard_errors, bool sample_gradient,
            InstructionSet set);

  Tape outer{false};
  std::vector<NodeId> frontier;  // on the outer tape
  Lowered careful, ordinary;
};

}  // namespace wengert::detail
