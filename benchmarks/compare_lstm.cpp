#include "compare.hpp"
#include "kernels/lstm.hpp"
#include "wengert/fuse.hpp"

void add_lstm() {
  for (const int length : {100, 1024}) {
    const auto& kernel = keep<kernels::Lstm>(2, length);
    add_common_ways(kernel);
    add_way(kernel.name(), "fused pieces", kernel.point(),
            ways::OnTape(kernel, wengert::fuse(kernels::lstm_cell), wengert::fuse(kernels::lstm_hidden)));
    add_way(kernel.name(), "replayed", kernel.point(), ways::ReplayedWhole(kernel));
  }
}
