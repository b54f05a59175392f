#include "compare.hpp"
#include "kernels/reductions.hpp"

void add_reductions() {
  add_common_ways(keep<kernels::LogSumExp>(1000));
  add_common_ways(keep<kernels::Product>(1000));
  add_common_ways(keep<kernels::NormalLogDensity>(1000));
}
