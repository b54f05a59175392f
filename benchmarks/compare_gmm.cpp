#include "compare.hpp"
#include "kernels/gmm.hpp"

void add_gmm() {
  add_common_ways(keep<kernels::Gmm>(2, 5, 1000));
  add_common_ways(keep<kernels::Gmm>(10, 25, 1000));
}
