#include "wengert/batch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "wengert/batch/assembly.hpp"
#include "wengert/batch/lower.hpp"
#include "wengert/batch/run_blocks.hpp"
#include "wengert/error.hpp"
#include "wengert/forward_sweep.hpp"
#include "wengert/sweep/complaints.hpp"
#include "wengert/transform/function_state.hpp"

namespace wengert::detail {

/// Plans of a function, made once and kept with it.
class BatchPlans {
 public:
  static std::shared_ptr<const BatchPlan> of(const Function& f, std::size_t shared, bool standard_errors, bool sample_gradient) {
    Function::State& state = *f.state_;
    const InstructionSet set = instruction_set();
    const std::pair key{shared, (standard_errors ? 1u : 0u) | (sample_gradient ? 2u : 0u) | static_cast<unsigned>(set) << 2};
    const PlansLock lock(state.plans_mutex);
    std::shared_ptr<const BatchPlan>& plan = state.plans[key];
    if (plan == nullptr)
      plan = std::make_shared<const BatchPlan>(f.tape(), f.dependents()[0], shared, standard_errors, sample_gradient, set);
    return plan;
  }
};

namespace {

/// A lowered program with this batch's shared values: the context of the block loop.
template <class T>
class Replay {
 public:
  Replay(const Lowered& code, const Values<double>& shared)
      : code_(code), kernels_(code.kernels<T>()), reductions_(block_reductions<T>()) {
    shared_.reserve(code.numbers.size());
    number_of_sum_.reserve(static_cast<std::size_t>(code.shared) + 1);
    for (const NodeId i : code.numbers) shared_.push_back(static_cast<T>(shared[i]));
    for (std::size_t k = 0; k <= static_cast<std::size_t>(code.shared); ++k)
      number_of_sum_.push_back(code.varies(code.program.outputs[k]) ? sums_++ : 0);
  }

  BlockJob<T> job(bool squares, std::size_t samples) {
    squares_ = squares;
    // a block's slots stay in the L1 cache; no room for more samples than there are
    const std::size_t slots = static_cast<std::size_t>(code_.slots) + 1;
    const std::size_t most = std::clamp<std::size_t>(samples / 64 * 64 + 64, 64, 1024);
    const std::size_t block = std::clamp<std::size_t>(std::size_t{24} * 1024 / (slots * sizeof(T)) / 64 * 64, 64, most);
    const std::size_t cells = shared_.size() + static_cast<std::size_t>(code_.columns + code_.slots);
    return {&run, this, sums_, block, slots * block * sizeof(T) + cells * sizeof(T*), code_.instructions.size() + 1};
  }

 private:
  static void run(const void* context, std::size_t first, std::size_t n, const T* const* columns, T* const* sinks,
                  std::byte* workspace, OutputSums* sums) {
    static_cast<const Replay*>(context)->run_block(first, n, columns, sinks, workspace, sums);
  }

  void run_block(std::size_t first, std::size_t n, const T* const* columns, T* const* sinks, std::byte* workspace,
                 OutputSums* sums) const {
    const auto slots = static_cast<std::size_t>(code_.slots);
    // The slots come first, for their alignment; then the addresses of all cells. Only slots are written.
    T* const slot = reinterpret_cast<T*>(workspace);
    const std::size_t stride = (n + 15) / 16 * 16;
    T** const cells = reinterpret_cast<T**>(slot + (slots + 1) * std::max<std::size_t>(stride, 64));
    T** cell = cells;
    for (const T& number : shared_) *cell++ = const_cast<T*>(&number);
    for (NodeId c = 0; c < code_.columns; ++c) *cell++ = const_cast<T*>(columns[c]);
    for (std::size_t k = 0; k < slots; ++k) *cell++ = slot + k * stride;

    for (std::size_t k = 0; k < code_.instructions.size(); ++k) {
      const Instruction& instruction = code_.instructions[k];
      if (kernels_[k] != nullptr)
        kernels_[k](cells[instruction.out], cells[instruction.x], cells[instruction.y], cells[instruction.z], n);
      if (instruction.kind == Instruction::Kind::Operation || instruction.kind == Instruction::Kind::Pair) continue;
      if (instruction.kind == Instruction::Kind::Guard)
        check_guard(instruction, first, n, cells);
      else if (instruction.kind == Instruction::Kind::Custom)
        run_custom(instruction, n, cells);
      else
        hand_over(static_cast<std::size_t>(instruction.node), cells[instruction.x], n, sinks, sums);
    }
    for (std::size_t k = 0; k < code_.program.outputs.size(); ++k) {
      T* const sink = sink_of(k, sinks);
      const NodeId output = code_.program.outputs[k];
      if (sink != nullptr && !code_.varies(output)) std::fill_n(sink, n, *cells[code_.cell_of(output)]);
    }
  }

  /// Outputs are the value, the adjoints of shared independents, which have no sink, and those of the samples' own.
  T* sink_of(std::size_t output, T* const* sinks) const {
    const auto shared = static_cast<std::size_t>(code_.shared);
    return output == 0 ? sinks[0] : output > shared ? sinks[output - shared] : nullptr;
  }

  /// Adds up an output and copies it to its sink, as wanted.
  void hand_over(std::size_t output, const T* block, std::size_t n, T* const* sinks, OutputSums* sums) const {
    if (T* const sink = sink_of(output, sinks)) std::copy_n(block, n, sink);
    if (output >= number_of_sum_.size()) return;
    OutputSums& sum = sums[number_of_sum_[output]];
    if (squares_) {
      sum.shift = std::isfinite(block[0]) ? static_cast<double>(block[0]) : 0;
      const BlockSums total = reductions_.sums(block, sum.shift, n);
      sum.sum = total.sum;
      sum.squares = total.squares;
    } else {
      sum.sum = reductions_.sum(block, n);
    }
  }

  void run_custom(const Instruction& instruction, std::size_t n, T* const* cells) const {
    const Arguments arguments = code_.tape.arguments(instruction.node);
    const NaryOperation& operation = code_.tape.nary(code_.tape[instruction.node].y);
    Scratch<T> x(arguments.size());
    for (std::size_t k = 0; k < n; ++k) {
      for (NodeId a = 0; a < arguments.size(); ++a)
        x.span()[static_cast<std::size_t>(a)] = cells[code_.cell_of(arguments[a])][code_.varies(arguments[a]) ? k : 0];
      cells[instruction.out][k] = evaluate_nary(operation, std::span<const T>(x.span()));
    }
  }

  void check_guard(const Instruction& instruction, std::size_t first, std::size_t n, T* const* cells) const {
    const Guard& guard = code_.tape.guards()[static_cast<std::size_t>(instruction.node)];
    const T expected = guard.outcome ? T(1) : T(0);
    const T* const truth = cells[instruction.out];
    for (std::size_t k = 0; k < n; ++k) {
      if (truth[k] == expected) continue;
      const auto value = [&](NodeId i, NodeId cell) { return static_cast<double>(cells[cell][code_.varies(i) ? k : 0]); };
      try {
        throw_branch_changed(code_.tape, guard, value(guard.x, instruction.x), value(guard.y, instruction.y));
      } catch (const BranchChanged& error) {
        throw BranchChanged(fmt::format("{}; in sample {} of the batch", error.what(), first + k));
      }
    }
  }

  const Lowered& code_;
  const std::vector<BlockKernel<T>>& kernels_;
  BlockReductions<T> reductions_;
  bool squares_ = false;
  std::vector<T> shared_;
  std::size_t sums_ = 0;
  std::vector<std::size_t> number_of_sum_;  // of the value and of each shared independent
};

/// Values of the shared nodes of a program; checks its shared guards.
Values<double> shared_values(const Lowered& code, std::span<const double> frontier) {
  Values<double> values(code.tape.constants(), code.tape.size());
  for (NodeId k = -code.tape.constants(); k < 0; ++k) values[k] = code.tape.value(k);
  for (std::size_t k = 0; k < frontier.size(); ++k) values[code.tape.independents()[k]] = frontier[k];
  for (NodeId i = 0; i < code.tape.size(); ++i)
    if (!code.varying[static_cast<std::size_t>(i)] && code.tape[i].op != Op::Independent)
      values[i] = evaluate_node(code.tape, values.base(), i);
  for (const Guard& guard : code.tape.guards()) {
    const auto varies = [&](NodeId i) { return i >= 0 && code.varying[static_cast<std::size_t>(i)]; };
    if (!varies(guard.x) && !varies(guard.y) && !same_branch(guard, values.base()))
      throw_branch_changed(code.tape, guard, values[guard.x], values[guard.y]);
  }
  return values;
}

/// Whether the shared values allow the program that takes them for ordinary numbers, in arithmetic on T.
template <class T>
bool allows(const BatchProgram& program, const Values<double>& values) {
  const auto normal = [](double x) { return std::isnormal(static_cast<T>(x)); };
  return std::all_of(program.finite.begin(), program.finite.end(),
                     [&](NodeId i) { return std::isfinite(static_cast<T>(values[i])); }) &&
         std::all_of(program.divisors.begin(), program.divisors.end(),
                     [&](NodeId i) { return normal(values[i]) && normal(1 / values[i]); });
}

template <class T>
BatchResult run(const char* name, bool mean, const Function& f, std::span<const double> shared, const BasicSamples<T>& samples,
                const BasicBatchOptions<T>& options) {
  throw_unless_one_output(name, "that of f.output(k)", f.outputs());
  check_batch(name, mean, f.inputs(), shared.size(), samples, options);
  const auto plan = BatchPlans::of(f, shared.size(), options.standard_errors, !options.sample_gradient.empty());

  const Values<double> outer = forward_sweep(plan->outer, shared);
  std::vector<double> frontier;
  frontier.reserve(plan->frontier.size());
  for (const NodeId i : plan->frontier) frontier.push_back(outer[i]);

  const Lowered* code = &plan->ordinary;
  Values<double> values = shared_values(*code, frontier);
  if (!allows<T>(code->program, values)) {
    code = &plan->careful;
    values = shared_values(*code, frontier);
  }
  Replay<T> replay(*code, values);
  const BlockJob<T> job = replay.job(options.standard_errors, samples.count());
  std::vector<Moments> totals(frontier.size() + 1);
  const std::size_t count = run_blocks(job, samples, options, std::span(totals).first(job.outputs));
  // to their places, last first: outputs that do not vary have no moments but their value
  std::size_t summed = job.outputs;
  for (std::size_t k = totals.size(); k-- > 0;) {
    const NodeId output = code->program.outputs[k];
    totals[k] = code->varies(output) ? totals[--summed] : Moments{values[output], 0};
  }
  return assemble(plan->outer, outer, plan->frontier, count, totals, mean, options.standard_errors);
}

}  // namespace
}  // namespace wengert::detail

namespace wengert {

template <class T>
BatchResult mean_gradient(const Function& f, std::span<const double> shared, const BasicSamples<T>& samples,
                          const BasicBatchOptions<std::type_identity_t<T>>& options) {
  return detail::run("mean_gradient", true, f, shared, samples, options);
}
template <class T>
BatchResult sum_gradient(const Function& f, std::span<const double> shared, const BasicSamples<T>& samples,
                         const BasicBatchOptions<std::type_identity_t<T>>& options) {
  return detail::run("sum_gradient", false, f, shared, samples, options);
}

#define WENGERT_INSTANTIATE(T)                                                                         \
  template BatchResult mean_gradient(const Function&, std::span<const double>, const BasicSamples<T>&, \
                                     const BasicBatchOptions<T>&);                                     \
  template BatchResult sum_gradient(const Function&, std::span<const double>, const BasicSamples<T>&,  \
                                    const BasicBatchOptions<T>&);
WENGERT_INSTANTIATE(double)
WENGERT_INSTANTIATE(float)
#undef WENGERT_INSTANTIATE

}  // namespace wengert
