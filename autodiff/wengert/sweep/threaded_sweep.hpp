// The sweeps on plain numbers, and on numbers with bounds, for speed. Backwards: the same contributions in the same order as
// pull_back_all's loop, one function for each rule, which calls the next node's at its end.
//
// Node i - 1 mostly is an argument of node i, and through memory a sum takes three times as long to reach it as in a register. So
// the next node's adjoint is kept in a register while node i is done. Where one steps through the sweep, or a sanitizer watches
// it, the plain loop runs (reverse_sweep.hpp).
#pragma once

#include <algorithm>
#include <array>
#include <utility>

#include "wengert/sweep/chain_rule.hpp"
#include "wengert/sweep/nary_sweep.hpp"
#include "wengert/tape.hpp"

namespace wengert::detail {

template <class T>
struct ThreadedSweep {
  const Tape& tape;
  NodeId end;  // the sweep stops before it reaches this node

  using Step = void (*)(const ThreadedSweep& sweep, const Node* node, const T* values, T* adjoints, NodeId i, T adjoint);

  /// Over the nodes end - 1, … first.
  static void run(const Tape& tape, const T* values, T* adjoints, NodeId end, NodeId first) {
    const NodeId leading = std::max(first, tape.leading_independents());  // nothing is carried from those
    // A stretch at a time, so that a compiler that does not turn calls into jumps (gcc's -Og, say) needs little stack all the
    // same.
    constexpr NodeId stretch = 1024;
    for (NodeId i = end - 1; i >= leading; i -= stretch) {
      const ThreadedSweep sweep{tape, i - leading < stretch ? leading : i - stretch + 1};
      steps[which(tape[i])](sweep, &tape[i], values, adjoints, i, adjoints[i]);
    }
  }

 private:
  static constexpr std::size_t which(const Node& node) { return 4 * static_cast<std::size_t>(node.op) + node.constants; }

  /// Leaves node i with its whole adjoint and goes on to the node before it, whose adjoint is `next`.
  static void go_on(const ThreadedSweep& sweep, const Node* node, const T* values, T* adjoints, NodeId i, T next) {
    --node;
    --i;
    if (i < sweep.end) {
      if (i >= 0) adjoints[i] = next;
      return;
    }
    WENGERT_TAIL_CALL steps[which(*node)](sweep, node, values, adjoints, i, next);
  }

  /// Adds to the adjoint of `argument`: to `next`, if that is the node before.
  static void add(T* adjoints, NodeId argument, NodeId before, T& next, const T& contribution) {
    if (argument == before)
      next += contribution;
    else
      adjoints[argument] += contribution;
  }

  template <class Rule, unsigned constants>
  WENGERT_FLATTEN static void step(const ThreadedSweep& sweep, const Node* node, const T* values, T* adjoints, NodeId i,
                                   T adjoint) {
    adjoints[i] = adjoint;
    const NodeId before = i - 1;
    T next = before >= 0 ? adjoints[before] : T(0);
    if (!carries_nothing(adjoint)) {
      const T result = values[i];
      const NodeId x = node->x, y = node->y;
      constexpr bool to_x = (constants & 1) == 0, to_y = (constants & 2) == 0;
      if constexpr (Rule::arity == 1) {
        if constexpr (to_x) add(adjoints, x, before, next, carry<Rule>(adjoint, Rule::template partials<T>(values[x], result).x));
      } else if constexpr (Rule::arity == 2) {
        if constexpr (requires { Rule::template partial_x<T>(result, result, result); }) {  // costly: one by one
          if constexpr (to_x)
            add(adjoints, x, before, next, carry<Rule>(adjoint, Rule::template partial_x<T>(values[x], values[y], result)));
          if constexpr (to_y)
            add(adjoints, y, before, next, carry<Rule>(adjoint, Rule::template partial_y<T>(values[x], values[y], result)));
        } else {
          const auto partial = Rule::template partials<T>(values[x], values[y], result);
          if constexpr (to_x) add(adjoints, x, before, next, carry<Rule>(adjoint, partial.x));
          if constexpr (to_y) add(adjoints, y, before, next, carry<Rule>(adjoint, partial.y));
        }
      } else {
        const NodeId* const extra = sweep.tape.extra_arguments(y);
        const auto partial = Rule::template partials<T>(values[x], values[extra[0]], values[extra[1]], result);
        add(adjoints, x, before, next, carry<Rule>(adjoint, partial.x));
        add(adjoints, extra[0], before, next, carry<Rule>(adjoint, partial.y));
        add(adjoints, extra[1], before, next, carry<Rule>(adjoint, partial.z));
      }
    }
    WENGERT_TAIL_CALL go_on(sweep, node, values, adjoints, i, next);
  }
  static void independent(const ThreadedSweep& sweep, const Node* node, const T* values, T* adjoints, NodeId i, T adjoint) {
    adjoints[i] = adjoint;
    WENGERT_TAIL_CALL go_on(sweep, node, values, adjoints, i, i > 0 ? adjoints[i - 1] : T(0));
  }
  static void kept(const ThreadedSweep& sweep, const Node* node, const T* values, T* adjoints, NodeId i, T adjoint) {
    if constexpr (std::is_same_v<T, double>) {
      if (values == sweep.tape.values().base) {
        adjoints[i] = adjoint;
        if (!carries_nothing(adjoint)) pull_back_kept(sweep.tape, *node, adjoints, adjoint);
        WENGERT_TAIL_CALL go_on(sweep, node, values, adjoints, i, i > 0 ? adjoints[i - 1] : T(0));
      }
    }
    WENGERT_TAIL_CALL custom(sweep, node, values, adjoints, i, adjoint);
  }
  // A function of its own, since it calls others before it goes on.
  WENGERT_NOINLINE static void custom(const ThreadedSweep& sweep, const Node* node, const T* values, T* adjoints, NodeId i,
                                      T adjoint) {
    adjoints[i] = adjoint;
    if (!carries_nothing(adjoint)) pull_back_custom_anywhere(sweep.tape, values, adjoints, i);
    WENGERT_TAIL_CALL go_on(sweep, node, values, adjoints, i, i > 0 ? adjoints[i - 1] : T(0));
  }

  static constexpr auto steps = [] {
    std::array<Step, 4 * (static_cast<std::size_t>(Op::Custom) + 1)> result{};
    for (std::size_t k = 0; k < 4; ++k) {
      result[4 * static_cast<std::size_t>(Op::Independent) + k] = independent;
      result[4 * static_cast<std::size_t>(Op::Custom) + k] = k == 0 ? custom : kept;
    }
    const auto enter = [&]<class Rule>() {
      Step* const place = &result[4 * static_cast<std::size_t>(op_of<Rule>)];
      constexpr unsigned x = Rule::arity < 3 ? 1 : 0, y = Rule::arity == 2 ? 2 : 0;
      place[0] = step<Rule, 0>;
      place[1] = step<Rule, x>;
      place[2] = step<Rule, y>;
      place[3] = step<Rule, x + y>;
    };
#define WENGERT_X(Rule, function) enter.template operator()<ops::Rule>();
    WENGERT_OPERATIONS(WENGERT_X)
#undef WENGERT_X
    return result;
  }();
};

/// The forward sweep likewise: the value of the node before, mostly an argument, is at hand in a register.
template <class T>
struct ThreadedForwardSweep {
  const Tape& tape;
  NodeId end;  // the sweep stops before it reaches this node

  using Step = void (*)(const ThreadedForwardSweep& sweep, const Node* node, T* values, NodeId i, T before);

  static void run(const Tape& tape, T* values, NodeId first, NodeId end) {
    constexpr NodeId stretch = 1024;  // as above
    for (NodeId i = first; i < end; i += stretch) {
      const ThreadedForwardSweep sweep{tape, end - i < stretch ? end : i + stretch};
      // before the first node lies the first constant
      const T before = i > 0 || tape.constants() > 0 ? values[i - 1] : T(0);
      steps[static_cast<std::size_t>(tape[i].op)](sweep, &tape[i], values, i, before);
    }
  }

 private:
  static void go_on(const ThreadedForwardSweep& sweep, const Node* node, T* values, NodeId i, T value) {
    ++node;
    ++i;
    if (i == sweep.end) return;
    WENGERT_TAIL_CALL steps[static_cast<std::size_t>(node->op)](sweep, node, values, i, value);
  }

  template <class Rule>
  WENGERT_FLATTEN static void step(const ThreadedForwardSweep& sweep, const Node* node, T* values, NodeId i, T before) {
    const auto value = [&](NodeId argument) {
      if (argument == i - 1) return before;  // a choice of two places would keep it in memory
      return values[argument];
    };
    T result;
    if constexpr (Rule::arity == 1) {
      result = evaluate<Rule, T>(value(node->x));
    } else if constexpr (Rule::arity == 2) {
      result = evaluate<Rule, T>(value(node->x), value(node->y));
    } else {
      const NodeId* const extra = sweep.tape.extra_arguments(node->y);
      result = evaluate<Rule, T>(value(node->x), value(extra[0]), value(extra[1]));
    }
    values[i] = result;
    WENGERT_TAIL_CALL go_on(sweep, node, values, i, result);
  }
  static void independent(const ThreadedForwardSweep& sweep, const Node* node, T* values, NodeId i, T) {
    WENGERT_TAIL_CALL go_on(sweep, node, values, i, values[i]);
  }
  static void custom(const ThreadedForwardSweep& sweep, const Node* node, T* values, NodeId i, T) {
    values[i] = evaluate_custom<T>(sweep.tape, values, i);
    WENGERT_TAIL_CALL go_on(sweep, node, values, i, values[i]);
  }

  static constexpr auto steps = [] {
    std::array<Step, static_cast<std::size_t>(Op::Custom) + 1> result{};
    result[static_cast<std::size_t>(Op::Independent)] = independent;
    result[static_cast<std::size_t>(Op::Custom)] = custom;
#define WENGERT_X(Rule, function) result[static_cast<std::size_t>(Op::Rule)] = step<ops::Rule>;
    WENGERT_OPERATIONS(WENGERT_X)
#undef WENGERT_X
    return result;
  }();
};

}  // namespace wengert::detail
