// Which vector instructions the batched and fused kernels use, chosen when the program runs.
#pragma once

#include <string_view>

namespace wengert {

/// Kernels are compiled once for each.
enum class InstructionSet : unsigned char {
  Baseline,  ///< 16-byte vectors: SSE2 on x86-64, NEON on AArch64.
  Avx2,      ///< 32-byte vectors with fused multiply-add (AVX2 and FMA).
  Avx512,    ///< 64-byte vectors (AVX-512 F, BW, DQ and VL).
};

/// All of them, narrowest first.
inline constexpr InstructionSet instruction_sets[] = {InstructionSet::Baseline, InstructionSet::Avx2, InstructionSet::Avx512};

/// Bytes in a vector register.
constexpr int vector_bytes(InstructionSet set) { return 16 << static_cast<int>(set); }

/// "baseline", "avx2", "avx512".
const char* name(InstructionSet set);

/// The set of that name. Throws UnsupportedInstructionSet for any other text.
InstructionSet instruction_set_named(std::string_view name);

/// Whether the library was built for the set and the processor and system can run it.
bool supported(InstructionSet set);

/// The set in use: the last one given to use_instruction_set, else what the environment variable WENGERT_INSTRUCTION_SET names,
/// else the widest supported. Throws UnsupportedInstructionSet if the variable names no set, or one that cannot run here.
InstructionSet instruction_set();

/// Makes batches and fused functions use `set` from the next call on, in the whole process; results agree within the ulps that
/// block_kernels.hpp states. Throws UnsupportedInstructionSet if it cannot run here.
void use_instruction_set(InstructionSet set);

}  // namespace wengert
