#include "wengert/record/config.hpp"

#ifdef WENGERT_CAN_FUSE  // without which nothing is fused
#include <utility>

#include "wengert/forward_sweep.hpp"
#include "wengert/fuse.hpp"

namespace wengert::detail {

void outputs_with_bounds(const Tape& tape, std::span<const NodeId> outputs, std::span<const Bounded> x, Bounded* out) {
  // not kept for the thread: lldb resolves no vtable in a program with thread-local storage
  const Values<Bounded> values = forward_sweep(tape, x);
  for (const NodeId output : outputs) *out++ = values[output];
}

}  // namespace wengert::detail
#endif
