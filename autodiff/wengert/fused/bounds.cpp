#include <utility>

#include "wengert/forward_sweep.hpp"
#include "wengert/fuse.hpp"

namespace wengert::detail {

void outputs_with_bounds(const Tape& tape, std::span<const Index> outputs, std::span<const Bounded> x, Bounded* out) {
  thread_local Values<Bounded> values;  // a program that was frozen has no pieces within
  forward_sweep(tape, x, values);
  for (const Index output : outputs) *out++ = values[output];
}

}  // namespace wengert::detail
