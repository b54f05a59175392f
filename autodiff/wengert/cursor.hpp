// A sweep that is pulled: one node at a time, forwards or backwards, and back again. It calls what the sweeps call for each node.
#pragma once

#include <concepts>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wengert/gradient.hpp"
#include "wengert/tape.hpp"

namespace wengert {

/// One product of the chain rule: `amount` = adjoint of `from` * `partial` is added to the adjoint of `to`.
struct Contribution {
  NodeId from;      ///< the node whose rule gives the partial
  NodeId argument;  ///< which of its arguments, from 0
  NodeId to;        ///< that argument; below 0 for a constant
  double partial;   ///< d from / d to, through this argument alone
  double amount;    ///< as the sweep adds it: 0 where the adjoint is 0, whatever the partial
};

/// Stands on the node that the sweep has just done, or before the first. The tape must outlive it, and must not be cleared
/// while it is in use (StaleVariable). Holds a value and an adjoint for each node, and what is needed to go back.
class Cursor {
 public:
  /// Which way the sweep goes.
  enum class Direction : std::uint8_t {
    forward,  ///< values, from the first node on
    reverse   ///< adjoints, from the last node back
  };

  /// The reverse sweep from t, at the recorded values. Throws NotRecorded if t is a constant, StaleVariable if its tape was
  /// cleared since.
  static Cursor reverse(const Var& t, Location at = Location::current());
  /// The same at values of a forward sweep, from several dependents. Throws as reverse_sweep does.
  static Cursor reverse(const Tape& tape, ValuesView<double> values, std::span<const Seed<double>> seeds,
                        Location at = Location::current());
  /// The forward sweep at new independents, in the order of their recording. Throws ShapeMismatch if their number differs.
  static Cursor forward(const Tape& tape, std::span<const double> independents);
  /// The forward sweep at the recorded independents.
  static Cursor forward(const Tape& tape);

  /// Does the next node. False at the end of the sweep. A forward step throws BranchChanged where a recorded branch would go the
  /// other way, and stays where it is.
  bool step();
  /// Undoes the last step: every adjoint (or value) is to the bit what it was. False before the first step.
  bool back();

  /// Goes to a node, in either direction, so that it is the one just done: run_to(z) shows z with its adjoint complete. Throws
  /// NotRecorded if the sweep does not pass it (it comes after the dependent) or if there is none of that name ("v7" is node 7),
  /// ForeignVariable or StaleVariable for a variable of another recording.
  void run_to(NodeId node);
  void run_to(const Var& x, Location at = Location::current());
  void run_to(std::string_view name);
  /// Steps on to the next node that was recorded there; the file may be given by the end of its path. False, at the end of the
  /// sweep, if there is no more. Throws NotRecorded if no node of the tape was recorded there.
  bool run_to(Location place);
  /// Steps on until predicate(*this). False, at the end of the sweep, if it never holds.
  template <class Predicate>
    requires std::predicate<Predicate&, const Cursor&>
  bool run_to(Predicate predicate) {
    while (step())
      if (predicate(*this)) return true;
    return false;
  }

  /// The node of that name, or of that number ("v7"). Throws NotRecorded if there is none; the message lists the names.
  NodeId find(std::string_view name) const;

  /// Which way this sweep goes.
  Direction direction() const { return direction_; }
  /// The node just done; -1 before the first step.
  NodeId node() const { return before_first() ? -1 : position_; }
  /// Where it stands: before_first(), and done() after the last step; steps_done() of all the steps(). tape() is the tape that it
  /// reads.
  bool before_first() const { return steps_done() == 0; }
  bool done() const { return steps_done() == steps(); }
  NodeId steps() const { return nodes_; }
  NodeId steps_done() const { return direction_ == Direction::reverse ? nodes_ - position_ : position_ + 1; }
  const Tape& tape() const { return *tape_; }

  /// value() and adjoint() by node, or below 0 by constant. Going forwards, a value that is yet to come is 0; so is an adjoint
  /// that nothing reached yet.
  double value(NodeId i) const { return values_[i]; }
  double adjoint(NodeId i) const { return i < nodes_ ? adjoints_[i] : 0; }
  /// value() and adjoint() of the node just done.
  double value() const { return value(node()); }
  double adjoint() const { return adjoint(node()); }
  /// Going forwards: whether node i has its value. Going backwards: whether its adjoint is complete.
  bool reached(NodeId i) const { return direction_ == Direction::reverse ? i >= position_ && i < nodes_ : i <= position_; }
  /// The values so far.
  ValuesView<double> values() const { return values_; }
  /// None while going forwards.
  ValuesView<double> adjoints() const { return adjoints_; }

  /// What the last step added to each argument. Empty going forwards, and for an independent.
  std::vector<Contribution> contributions() const;
  /// What the steps so far added to the adjoint of a node, in their order. O(nodes).
  std::vector<Contribution> contributions_to(NodeId node) const;

 private:
  Cursor(const Tape& tape, Direction direction);
  void check_tape() const;
  void check_guards(NodeId position) const;

  const Tape* tape_;
  std::uint32_t generation_;
  Direction direction_;
  NodeId nodes_;     // that the sweep passes
  NodeId position_;  // the node just done: nodes_ before the first step of a reverse sweep, -1 of a forward one
  Values<double> values_, adjoints_;
  std::vector<double> before_;  // of each step in turn: the cells that it was about to change
};

/// The cursor's stop as text: the node, its source line, its value and adjoint, and what it added to each argument.
std::string describe(const Cursor& cursor, int digits = 6);
/// What made up the adjoint of a node so far, product by product, and the sum; of more than ten products the largest.
std::string explain_adjoint(const Cursor& cursor, NodeId node, int digits = 6);

}  // namespace wengert
