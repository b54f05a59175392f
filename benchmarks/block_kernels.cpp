// Nanoseconds per element of every block kernel, by instruction set: the price list of a batch.
//
//   wengert_block_kernels [operation…]
//
// Blocks of 1024 elements that vary in every argument, in the first-level cache; the shortest of 20 rounds. Arguments are drawn
// from the part of the operation's domain that lies within [-8, 8] (positive ones for pow's base).
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>
#include <string_view>
#include <vector>

#include "inside/kernels.hpp"

namespace {

using namespace wengert;
using namespace wengert::detail;

constexpr std::size_t block = 1024;
constexpr int rounds = 20, repetitions = 50;

template <class F>
double nanoseconds_per_element(F run) {
  double best = 1e300;
  for (int round = 0; round < rounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int k = 0; k < repetitions; ++k) run();
    const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
    best = std::min(best, time.count() / repetitions / block);
  }
  return best;
}

/// Room for a block that starts at a cache line, as a batch's own blocks do.
template <class T>
struct Block {
  Block() : memory(block + 64 / sizeof(T)) {
    const auto address = reinterpret_cast<std::uintptr_t>(memory.data());
    start = memory.data() + (64 - address % 64) % 64 / sizeof(T);
  }
  Block(Block&&) = default;
  Block& operator=(Block&&) = default;
  T* data() { return start; }

  std::vector<T> memory;
  T* start;
};

template <class T>
Block<T> sample(Domain domain, std::mt19937_64& random) {
  std::uniform_real_distribution<double> uniform(std::max(domain.low, -8.0), std::min(domain.high, 8.0));
  Block<T> values;
  for (std::size_t k = 0; k < block; ++k) values.data()[k] = static_cast<T>(uniform(random));
  return values;
}

template <class T>
double time_of(Op op, InstructionSet set) {
  std::mt19937_64 random(1);
  Block<T> arguments[3];
  dispatch(op, [&]<class Rule>() {
    for (int k = 0; k < Rule::arity; ++k) arguments[k] = sample<T>(Rule::domain[k], random);
  });
  Block<T> out;
  const BlockKernel<T> kernel = block_kernel<T>(op, varying_x | varying_y | varying_z, set);
  return nanoseconds_per_element(
      [&] { kernel(out.data(), arguments[0].data(), arguments[1].data(), arguments[2].data(), block); });
}

template <class T>
double time_of_sums(InstructionSet set) {
  std::mt19937_64 random(1);
  Block<T> x = sample<T>({-1, 1}, random);
  const BlockReductions<T> reductions = block_reductions<T>(set);
  double total = 0;
  const double time = nanoseconds_per_element([&] { total += reductions.sums(x.data(), 0.5, block).squares; });
  return total > 0 ? time : 0;
}

template <class T>
double time_of_sincos(InstructionSet set) {
  std::mt19937_64 random(1);
  Block<T> x = sample<T>({-8, 8}, random);
  Block<T> sine, cosine;
  const SinCosKernel<T> kernel = sincos_kernel<T>(set);
  return nanoseconds_per_element([&] { kernel(sine.data(), cosine.data(), x.data(), block); });
}

template <class Time>
void print_row(std::string_view label, Time time) {
  fmt::print("{:<18}", label);
  for (const bool wide : {true, false})
    for (const InstructionSet set : instruction_sets)
      if (supported(set)) fmt::print(" {:>9.3f}", wide ? time(set, double()) : time(set, float()));
  fmt::print("\n");
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> wanted(argv + 1, argv + argc);
  const auto asked = [&](std::string_view label) { return wanted.empty() || std::ranges::find(wanted, label) != wanted.end(); };
  fmt::print("{:<18}", "ns per element");
  for (const char* type : {"f64", "f32"})
    for (const InstructionSet set : instruction_sets)
      if (supported(set)) fmt::print(" {:>9}", fmt::format("{}{}", type, set == InstructionSet::Baseline ? "" : name(set)));
  fmt::print("\n");
#define X(Rule, function)    \
  if (asked(name(Op::Rule))) \
    print_row(name(Op::Rule), [](InstructionSet set, auto type) { return time_of<decltype(type)>(Op::Rule, set); });
  WENGERT_OPERATIONS(X)
#undef X
  if (asked("sums")) print_row("sums", [](InstructionSet set, auto type) { return time_of_sums<decltype(type)>(set); });
  if (asked("sincos")) print_row("sincos", [](InstructionSet set, auto type) { return time_of_sincos<decltype(type)>(set); });
}
