// The messages. What happened, where, and what to do about it.
#include "wengert/error.hpp"

#include <fmt/core.h>

#include <string>

#include "wengert/forward_sweep.hpp"
#include "wengert/nary.hpp"
#include "wengert/reverse_sweep.hpp"
#include "wengert/sweep/complaints.hpp"
#include "wengert/tape.hpp"
#include "wengert/var.hpp"

namespace wengert::detail {

std::string called(const char* function, Location at) {
  return at.known() ? fmt::format("{}, at {}:{}", function, at.file, at.line) : std::string(function);
}

std::string describe(const Tape& tape, NodeId i) {
  if (i < 0) return fmt::format("constant {}", printed(tape.value(i)));
  const std::string_view name = tape.name(i);
  const std::string label = name.empty() ? fmt::format("variable v{}", i) : fmt::format("variable `{}`", name);
  const Location at = tape.location(i);
  if (at.known()) return fmt::format("{} (node {}, recorded at {}:{})", label, i, at.file, at.line);
  const char* cure = tape.keeps_locations() ? "" : "; tape.keep_locations(true) would tell its source line";
  return fmt::format("{} (node {}{})", label, i, cure);
}

std::string describe(const Var& x) {
  if (x.is_constant()) return fmt::format("constant {}", printed(x.value()));
  if (x.generation() == x.tape()->generation() && x.index() < x.tape()->size()) return describe(*x.tape(), x.index());
  return fmt::format("variable of value {} (node {} of an earlier recording)", printed(x.value()), x.index());
}

void throw_foreign(const char* operation, const Var& x, const Var& beside, const Tape& tape, Location at) {
  if (beside.tape() == &tape)
    throw ForeignVariable(fmt::format("{}: {} and {} are on two tapes; record both on one, or pass the value of one as a number",
                                      called(operation, at), describe(beside), describe(x)));
  throw ForeignVariable(
      fmt::format("{}: {} is on another tape than the rest; record it on the same, or pass its value as a number",
                  called(operation, at), describe(x)));
}

void throw_stale(const char* operation, const Var& x, Location at) {
  throw StaleVariable(fmt::format("{}: {} belongs to a tape cleared since; record it again", called(operation, at), describe(x)));
}

void throw_not_on(const char* function, const Var& x, const Tape* tape, std::uint32_t generation, Location at) {
  if (x.is_constant())
    throw NotRecorded(fmt::format("{}: {} is on no tape, so it has no adjoint; make it with tape.variable(…)",
                                  called(function, at), describe(x)));
  if (x.tape() != tape)
    throw ForeignVariable(fmt::format("{}: {} is on another tape than what was differentiated; ask the gradient of its own tape",
                                      called(function, at), describe(x)));
  if (generation != x.tape()->generation())
    throw StaleVariable(fmt::format("{}: the tape was cleared since the gradient was taken; take it again from {}",
                                    called(function, at), describe(x)));
  throw_stale(function, x, at);
}

void check_adjoints_of(const Tape& tape, const Adjoints<double>& adjoints, const char* function) {
  if (adjoints.tape() == nullptr) return;  // the gradient of a constant
  if (adjoints.tape() != &tape)
    throw ForeignVariable(fmt::format("{}: the gradient is of another tape; give the tape that it was taken on", function));
  if (adjoints.generation() != tape.generation())
    throw StaleVariable(fmt::format("{}: the tape was cleared since the gradient was taken; take it again", function));
}

void throw_independents(const char* function, NodeId expected, std::size_t got) {
  throw ShapeMismatch(fmt::format("{}: the tape has {} independents, got {} values; give one for each, in the order of recording",
                                  function, expected, got));
}

void throw_values(NodeId constants, NodeId nodes, NodeId expected_constants, NodeId expected_nodes) {
  throw ShapeMismatch(fmt::format(
      "reverse_sweep: values of {} nodes and {} constants for a tape of {} and {}; run forward_sweep on this tape again", nodes,
      constants, expected_nodes, expected_constants));
}

void throw_direction(const char* function, std::size_t variables, std::size_t direction) {
  throw ShapeMismatch(
      fmt::format("{}: {} variables, but a direction of {} numbers; give one for each", function, variables, direction));
}

void throw_not_independent(const char* function, const Var& x, Location at) {
  throw NotRecorded(fmt::format("{}: {} is no independent; second derivatives are taken in variables made with tape.variable(…)",
                                called(function, at), describe(x)));
}

void throw_branch_changed(const Tape& tape, const Guard& guard, double x, double y) {
  const char* sign = guard.relation == Op::Less ? "<" : guard.relation == Op::LessEqual ? "<=" : "==";
  const std::string place =
      guard.location.known() ? fmt::format(" at {}:{}", guard.location.file, guard.location.line) : std::string();
  throw BranchChanged(fmt::format(
      "forward_sweep: the comparison `{} {} {}`{} was {} when recorded, but {} {} {} is {}; record the program again at these "
      "inputs, or write the branch as select(condition, a, b)",
      describe(tape, guard.x), sign, describe(tape, guard.y), place, guard.outcome, x, sign, y, !guard.outcome));
}

void throw_no_second_order(const NaryOperation& operation, int argument) {
  throw NoSecondOrder(
      fmt::format("custom operation `{}` has no second derivatives: its partial in argument {} is not given as an operation; "
                  "add second-order rules to it",
                  operation.name(), argument));
}

void throw_no_rules_for_custom() {
  throw NoSecondOrder("a sweep on a number type without rules for custom operations met one; give the type evaluate_nary");
}

void throw_no_bounds(const char* name) {
  throw NoSecondOrder(
      fmt::format("nobody said how far off custom operation `{}` and its partials may be; give it `bounds`, or an `error` and "
                  "partial operations that have one too",
                  name));
}

void throw_recorded_meanwhile(const NaryOperation& operation) {
  throw RecordedMeanwhile(fmt::format(
      "custom operation `{}` recorded on the tape that was being swept, or cleared it; give its rules plain numbers, or "
      "record on a tape of their own",
      operation.name()));
}

void throw_unless_one_output(const char* function, const char* instead, std::size_t outputs) {
  if (outputs != 1)
    throw ShapeMismatch(fmt::format("{}: the function has {} outputs, not 1; ask for {}", function, outputs, instead));
}

// These are never called: a call to them is what stops constant evaluation.
void a_fused_function_cannot_branch_on_a_value_use_select() {}
void a_fused_function_cannot_compute_this_of_a_plain_number_write_the_number() {}

}  // namespace wengert::detail

namespace wengert {

using detail::called, detail::describe;

void Tape::throw_full(Op op, Location at) const {
  throw TapeFull(fmt::format("{}: the tape is full at {} nodes; call clear() between recordings, or split the computation",
                             called(wengert::name(op), at), size_));
}

void detail::throw_full(const char* what) {
  throw TapeFull(
      fmt::format("recording: the tape is full of {}; call clear() between recordings, or split the computation", what));
}

void Tape::throw_non_finite(Op op, NodeId x, NodeId y, double value, Location at) const {
  const Node node{x, y, op, 0};
  const Arguments operands = arguments(node);
  std::string text;
  for (NodeId k = 0; k < operands.size(); ++k) {
    text += k == 0 ? "" : k + 1 < operands.size() ? ", " : " and ";
    text += operands[k] < 0 ? describe(*this, operands[k])
                            : fmt::format("{} = {}", describe(*this, operands[k]), values_[operands[k]]);
  }
  const char* operation = op == Op::Custom ? nary(y).name() : wengert::name(op);
  throw NonFinite(fmt::format("{}: {} {}; change the operands, or turn the check off with tape.check_finite(false)",
                              called(operation, at),
                              text.empty() ? "the value is" : text + (operands.size() == 1 ? " gives" : " give"), value));
}

namespace {

/// The node that a value comes from, through operations that only pass one on: the running maximum that meets its own variable
/// again is no tie.
NodeId origin(const Tape& tape, NodeId i) {
  while (i >= 0) {
    const Node& node = tape[i];
    if (node.op == Op::Select) {
      i = tape.arguments(i)[tape.value(node.x) != 0 ? 1 : 2];
    } else if (node.op == Op::Min || node.op == Op::Max) {
      if (tape.value(node.x) == tape.value(node.y) && origin(tape, node.x) != origin(tape, node.y)) return i;
      i = tape.value(node.x) == tape.value(i) ? node.x : node.y;
    } else {
      return i;
    }
  }
  return i;
}

}  // namespace

void Tape::throw_if_at_kink(Op op, NodeId x, NodeId y, Location at) const {
  const int count = wengert::arity(op);
  if (count != 1 && count != 2) return;  // of others y is no node
  if (!detail::at_kink(op, values_[x], values_[y])) return;
  const bool two = count == 2;
  if (two && x >= 0 && y >= 0 && origin(*this, x) == origin(*this, y)) return;
  const auto text = [&](NodeId i) { return i < 0 ? describe(*this, i) : fmt::format("{} = {}", describe(*this, i), values_[i]); };
  throw AtKink(
      fmt::format("{}: {} is exactly where it has a kink or a jump; the derivative there is a convention: move the point, or "
                  "turn the check off with tape.check_kinks(false)",
                  called(wengert::name(op), at), two ? text(x) + " and " + text(y) : text(x)));
}

}  // namespace wengert
