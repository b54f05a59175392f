#include "wengert/instruction_set.hpp"

#include <gmock/gmock.h>

#include <cstdio>
#include <cstdlib>

#include "inside/kernels.hpp"
#include "wengert/error.hpp"

namespace {

using namespace wengert;
using namespace wengert::detail;

TEST(InstructionSet, IsTheWidestSupportedUnlessChosen) {
  if (std::getenv("WENGERT_INSTRUCTION_SET") != nullptr) GTEST_SKIP() << "chosen by the environment";
  InstructionSet widest = InstructionSet::Baseline;
  for (const InstructionSet set : instruction_sets)
    if (supported(set)) widest = set;
  EXPECT_EQ(instruction_set(), widest);
}

TEST(InstructionSet, BaselineRunsEverywhere) { EXPECT_TRUE(supported(InstructionSet::Baseline)); }

TEST(InstructionSet, CanBeChosen) {
  const InstructionSet before = instruction_set();
  for (const InstructionSet set : instruction_sets) {
    if (!supported(set)) continue;
    use_instruction_set(set);
    EXPECT_EQ(instruction_set(), set);
    EXPECT_EQ(block_kernel<double>(Op::Mul, varying_x), block_kernel<double>(Op::Mul, varying_x, set));
  }
  use_instruction_set(before);
}

TEST(InstructionSet, RefusesWhatCannotRunHere) {
  for (const InstructionSet set : instruction_sets)
    if (!supported(set)) {
      EXPECT_THROW(use_instruction_set(set), UnsupportedInstructionSet) << name(set);
    }
}

TEST(InstructionSet, HasANameThatReadsBack) {
  for (const InstructionSet set : instruction_sets) EXPECT_EQ(instruction_set_named(name(set)), set);
  EXPECT_EQ(vector_bytes(InstructionSet::Baseline), 16);
  EXPECT_EQ(vector_bytes(InstructionSet::Avx2), 32);
  EXPECT_EQ(vector_bytes(InstructionSet::Avx512), 64);
}

TEST(InstructionSet, UnknownNameIsAnErrorThatListsTheNames) {
  try {
    instruction_set_named("AVX-512");
    FAIL() << "no error";
  } catch (const UnsupportedInstructionSet& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("'AVX-512'"));
    EXPECT_THAT(error.what(), testing::HasSubstr("baseline, avx2 or avx512"));
  }
}

/// What a new process finds with the environment variable set so: prints and exits with 0, or with 3 on an error.
[[noreturn]] void ask_with(const char* value) {
  setenv("WENGERT_INSTRUCTION_SET", value, 1);
  try {
    std::fprintf(stderr, "using %s\n", name(instruction_set()));
  } catch (const UnsupportedInstructionSet& error) {
    std::fprintf(stderr, "%s\n", error.what());
    std::exit(3);
  }
  std::exit(0);
}

class Environment : public testing::Test {
 protected:
  Environment() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }  // starts the program anew
};

TEST_F(Environment, ChoosesTheInstructionSet) {
  EXPECT_EXIT(ask_with("baseline"), testing::ExitedWithCode(0), "using baseline");
  if (supported(InstructionSet::Avx2)) {
    EXPECT_EXIT(ask_with("avx2"), testing::ExitedWithCode(0), "using avx2");
  }
}

TEST_F(Environment, BadValueIsAnErrorThatNamesTheVariable) {
  EXPECT_EXIT(ask_with("sse9"), testing::ExitedWithCode(3), "WENGERT_INSTRUCTION_SET: .*'sse9'.*baseline, avx2 or avx512");
}

TEST_F(Environment, EmptyValueIsNoChoice) { EXPECT_EXIT(ask_with(""), testing::ExitedWithCode(0), "using "); }

}  // namespace
