#include "wengert/bounded.hpp"
#include "wengert/forward_sweep.hpp"
#include "wengert/reverse_sweep.hpp"

namespace wengert::detail {

// All rules in one loop, as for plain numbers: a number with its bound is passed in registers then.
WENGERT_FLATTEN void evaluate_nodes(const Tape& tape, Bounded* values, NodeId first, NodeId end) {
  for (NodeId i = first; i < end; ++i)
    if (tape[i].op != Op::Independent) values[i] = evaluate_node(tape, values, i);
}
WENGERT_FLATTEN void pull_back_all(const Tape& tape, const Bounded* values, Bounded* adjoints, NodeId nodes) {
  for (NodeId i = nodes; i-- > 0;) pull_back(tape, values, adjoints, i);
}

}  // namespace wengert::detail
