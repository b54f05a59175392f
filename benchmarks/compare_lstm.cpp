#include "compare.hpp"
#include "kernels/lstm.hpp"

void add_lstm() {
  add_common_ways(keep<kernels::Lstm>(2, 100));
  add_common_ways(keep<kernels::Lstm>(2, 1024));
}
