#include "wengert/kernels/block_loops.hpp"

namespace wengert::detail {

WENGERT_BLOCK_LOOPS(, InstructionSet::Avx512)

}  // namespace wengert::detail
