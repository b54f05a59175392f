#include "wengert/kernels/block_loops.hpp"

namespace wengert {

WENGERT_BLOCK_LOOPS(, InstructionSet::Avx2)

}  // namespace wengert
