#include "compare.hpp"
#include "kernels/mlp.hpp"

void add_mlp() { add_common_ways(keep<kernels::Mlp>()); }
