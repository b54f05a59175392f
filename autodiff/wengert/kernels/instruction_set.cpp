#include "wengert/instruction_set.hpp"

#include <fmt/core.h>

#include <atomic>
#include <cstdlib>

#include "wengert/error.hpp"

namespace wengert {
namespace {

constexpr const char* environment_variable = "WENGERT_INSTRUCTION_SET";

// -1 until somebody asks or chooses.
std::atomic<int> in_use{-1};

InstructionSet widest() {
  InstructionSet best = InstructionSet::Baseline;
  for (const InstructionSet set : instruction_sets)
    if (supported(set)) best = set;
  return best;
}

[[noreturn]] void throw_unsupported(const char* function, InstructionSet set) {
  throw UnsupportedInstructionSet(fmt::format("{}: this processor or this build has no {}; the widest that runs here is {}",
                                              function, name(set), name(widest())));
}

InstructionSet initial() {
  const char* const wanted = std::getenv(environment_variable);
  if (wanted == nullptr || *wanted == '\0') return widest();
  const InstructionSet set = instruction_set_named(wanted);
  if (!supported(set)) throw_unsupported(environment_variable, set);
  return set;
}

}  // namespace

const char* name(InstructionSet set) {
  switch (set) {
    case InstructionSet::Baseline:
      return "baseline";
    case InstructionSet::Avx2:
      return "avx2";
    case InstructionSet::Avx512:
      return "avx512";
  }
  return "unknown";
}

InstructionSet instruction_set_named(std::string_view text) {
  for (const InstructionSet set : instruction_sets)
    if (text == name(set)) return set;
  throw UnsupportedInstructionSet(
      fmt::format("{}: no instruction set is called '{}'; use baseline, avx2 or avx512", environment_variable, text));
}

bool supported(InstructionSet set) {
#ifdef WENGERT_HAS_WIDE_KERNELS
  // these builtins ask the system too: a set whose registers it does not save is not supported
  switch (set) {
    case InstructionSet::Baseline:
      return true;
    case InstructionSet::Avx2:
      return WENGERT_CPU_SUPPORTS("avx2") && WENGERT_CPU_SUPPORTS("fma");
    case InstructionSet::Avx512:
      return WENGERT_CPU_SUPPORTS("avx2") && WENGERT_CPU_SUPPORTS("fma") && WENGERT_CPU_SUPPORTS("avx512f") &&
             WENGERT_CPU_SUPPORTS("avx512bw") && WENGERT_CPU_SUPPORTS("avx512dq") && WENGERT_CPU_SUPPORTS("avx512vl");
  }
  return false;
#else
  return set == InstructionSet::Baseline;
#endif
}

InstructionSet instruction_set() {
  int set = in_use.load(std::memory_order_relaxed);
  if (set < 0) {
    // of two threads that ask first, both find the same
    const int found = static_cast<int>(initial());
    in_use.compare_exchange_strong(set, found);
    set = in_use.load();
  }
  return static_cast<InstructionSet>(set);
}

void use_instruction_set(InstructionSet set) {
  if (!supported(set)) throw_unsupported("use_instruction_set", set);
  in_use.store(static_cast<int>(set));
}

}  // namespace wengert
