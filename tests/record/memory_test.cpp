// The memory of large arrays: what grows keeps what it holds, whichever way it takes memory, and a tape that finds none stays
// whole.
#include "wengert/tape.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <new>
#include <vector>

#include "wengert/reductions.hpp"
#include "wengert/wengert.hpp"

#if defined(__linux__)
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#endif

namespace {

using namespace wengert;
using detail::grown_mapped_from, detail::taken_mapped_from;

constexpr std::size_t megabyte = std::size_t{1} << 20;

// One number in each small page: enough to tell pages that got lost or came in another order.
void write(std::uint64_t* array, std::size_t from, std::size_t bytes) {
  for (std::size_t k = (from / 8 + 511) / 512 * 512; k < bytes / 8; k += 512) array[k] = k;
}
std::size_t wrong(const std::uint64_t* array, std::size_t bytes) {
  std::size_t count = 0;
  for (std::size_t k = 0; k < bytes / 8; k += 512) count += array[k] != k;
  return count;
}

TEST(Memory, GrowingKeepsWhatWasThere) {
  // below, at and above where mappings begin and large pages end; by a byte, by little, by doubling
  const std::size_t sizes[] = {
      4096,          megabyte,          grown_mapped_from - 1, grown_mapped_from,     grown_mapped_from + 1,
      3 * megabyte,  4 * megabyte,      4 * megabyte + 8,      8 * megabyte + 4096,   16 * megabyte,
      17 * megabyte, 24 * megabyte + 8, taken_mapped_from - 8, taken_mapped_from + 8, 40 * megabyte};
  for (const std::size_t mapped_from : {grown_mapped_from, taken_mapped_from}) {
    void* array = nullptr;
    std::size_t old_bytes = 0;
    for (const std::size_t bytes : sizes) {
      array = detail::take_memory(array, old_bytes, bytes, mapped_from);
      auto* const numbers = static_cast<std::uint64_t*>(array);
      write(numbers, old_bytes, bytes);
      EXPECT_EQ(wrong(numbers, bytes), 0u) << old_bytes << " to " << bytes << " bytes, mapped from " << mapped_from;
      old_bytes = bytes;
    }
    detail::give_memory_back(array, old_bytes, mapped_from);
  }
}

// Each step has no room where it lies, so all of them move.
TEST(Memory, ArraysThatGrowInTurnsKeepWhatTheyHold) {
  std::array<void*, 3> arrays{};
  std::size_t old_bytes = 0;
  for (std::size_t bytes = megabyte; bytes <= 16 * megabyte; bytes *= 2) {
    for (void*& array : arrays) {
      array = detail::take_memory(array, old_bytes, bytes, grown_mapped_from);
      write(static_cast<std::uint64_t*>(array), old_bytes, bytes);
    }
    old_bytes = bytes;
  }
  for (void* const array : arrays) {
    EXPECT_EQ(wrong(static_cast<const std::uint64_t*>(array), old_bytes), 0u);
    detail::give_memory_back(array, old_bytes, grown_mapped_from);
  }
}

#if defined(__linux__) && !defined(WENGERT_TEST_SANITIZED)
// A mapping that begins anywhere has its large pages broken up when it moves.
TEST(Memory, WhatIsLargeBeginsWithALargePage) {
  constexpr std::uintptr_t large_page = std::uintptr_t{1} << 21;
  void* blocks[8] = {};
  std::size_t old_bytes = 0;
  for (std::size_t bytes = grown_mapped_from; bytes <= 16 * megabyte; bytes *= 2) {
    for (void*& block : blocks) {
      block = detail::take_memory(block, old_bytes, bytes, grown_mapped_from);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % large_page, 0u);
    }
    old_bytes = bytes;
  }
  for (void* const block : blocks) detail::give_memory_back(block, old_bytes, grown_mapped_from);
}
#endif

// Nodes, values, constants and lists of arguments beyond where mappings begin. x <- x b + a at b = 1 has derivatives that count.
TEST(Memory, TapesBeyondALargePageAreRight) {
  Tape tape(false);
  const Var a = tape.variable(0.5), b = tape.variable(1);
  Var x = a;
  constexpr int steps = 300'000;
  for (int k = 0; k < steps; ++k) x = x * b + a;
  EXPECT_EQ(gradient(x).wrt(a), steps + 1.0);

  Var y = a;
  for (int k = 0; k < steps; ++k) y = y + (k + 0.5);  // each a constant of its own
  EXPECT_EQ(gradient(y).wrt(a), 1);
  EXPECT_EQ(y.value(), 0.5 + 0.5 * steps * steps);  // multiples of a half, below 2^53

  const std::vector<Var> many(1000, a);
  Var z = 0;
  for (int k = 0; k < 1000; ++k) z = z + sum(many);
  EXPECT_EQ(gradient(z).wrt(a), 1e6);
  EXPECT_EQ(gradient(x).wrt(a), steps + 1.0);  // as before
}

// AddressSanitizer ends a program that asks for so much.
TEST(Memory, ThatIsNotThereIsAnError) {
#ifdef WENGERT_TEST_SANITIZED
  GTEST_SKIP();
#endif
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  for (const std::size_t bytes : {most / 2, most / 2 + 1, most - 100})
    EXPECT_THROW(detail::take_memory(nullptr, 0, bytes, grown_mapped_from), std::bad_alloc) << bytes;
  void* const array = detail::take_memory(nullptr, 0, 4 * megabyte, grown_mapped_from);
  write(static_cast<std::uint64_t*>(array), 0, 4 * megabyte);
  EXPECT_THROW(detail::take_memory(array, 4 * megabyte, most / 2, grown_mapped_from), std::bad_alloc);
  EXPECT_EQ(wrong(static_cast<const std::uint64_t*>(array), 4 * megabyte), 0u);
  detail::give_memory_back(array, 4 * megabyte, grown_mapped_from);
}

#if defined(__linux__) && !defined(WENGERT_TEST_SANITIZED)
// Limits the address space of this process, a child's, to so much more than it has; 0 lifts it.
void leave_room(std::size_t bytes) {
  rlimit limit{};
  getrlimit(RLIMIT_AS, &limit);
  rlim_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  limit.rlim_cur = bytes == 0 ? limit.rlim_max : pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + bytes;
  setrlimit(RLIMIT_AS, &limit);
}

// Records until there is no memory, gets some, goes on: 0 if all is right.
int record_beyond_memory() {
  for (std::size_t room = 6 * megabyte; room <= 60 * megabyte; room += 3 * megabyte) {
    Tape tape(false);
    const Var a = tape.variable(0.5), b = tape.variable(1);
    Var x = a;
    int steps = 0;
    leave_room(room);
    try {
      for (; steps < 10'000'000; ++steps) x = x * b + a;
      return 1;
    } catch (const std::bad_alloc&) {
    }
    leave_room(0);
    if (gradient(x).wrt(a) != steps + 1.0) return 2;
    for (int more = steps + 300'000; steps < more; ++steps) x = x * b + a;
    if (gradient(x).wrt(a) != steps + 1.0) return 3;
  }
  return 0;
}

// Nodes may find memory where their values find none.
TEST(Memory, ATapeThatFindsNoneIsWholeAndGoesOn) {
  EXPECT_EXIT(std::exit(record_beyond_memory()), testing::ExitedWithCode(0), "");
}
#endif

}  // namespace
