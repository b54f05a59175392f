#include "estimate/random.hpp"

#include <algorithm>
#include <bit>
#include <numbers>

#include "wengert/instruction_set.hpp"
#include "wengert/vector_math.hpp"

namespace vae_kl {
namespace {

constexpr std::size_t most_pairs = 256;  // of normals, made together: arrays that stay in the L1 cache
constexpr std::size_t step = 32;         // pairs are made in multiples of it: whole vectors of any instruction set

struct Words {
  std::uint32_t word[4][most_pairs];
};

/// Ten rounds on every counter at once; all have the same key.
[[gnu::always_inline]] inline void rounds(Words& x, std::size_t count, std::uint32_t key0, std::uint32_t key1) {
  for (int round = 0; round < 10; ++round) {
    for (std::size_t k = 0; k < count; ++k) {
      const std::uint64_t a = std::uint64_t{0xD2511F53} * x.word[0][k];
      const std::uint64_t b = std::uint64_t{0xCD9E8D57} * x.word[2][k];
      x.word[0][k] = static_cast<std::uint32_t>(b >> 32) ^ x.word[1][k] ^ key0;
      x.word[1][k] = static_cast<std::uint32_t>(b);
      x.word[2][k] = static_cast<std::uint32_t>(a >> 32) ^ x.word[3][k] ^ key1;
      x.word[3][k] = static_cast<std::uint32_t>(a);
    }
    key0 += 0x9E3779B9;  // Weyl sequences: the golden ratio and sqrt(3) - 1
    key1 += 0xBB67AE85;
  }
}

// The same integers on any instruction set, sooner on a wider one.
void baseline_rounds(Words& x, std::size_t count, std::uint32_t key0, std::uint32_t key1) { rounds(x, count, key0, key1); }
#ifdef __x86_64__
[[gnu::target("avx2")]] void avx2_rounds(Words& x, std::size_t count, std::uint32_t key0, std::uint32_t key1) {
  rounds(x, count, key0, key1);
}
[[gnu::target("avx512f,avx512bw,avx512dq,avx512vl")]] void avx512_rounds(Words& x, std::size_t count, std::uint32_t key0,
                                                                         std::uint32_t key1) {
  rounds(x, count, key0, key1);
}
#else
constexpr auto avx2_rounds = baseline_rounds, avx512_rounds = baseline_rounds;
#endif

void philox_rounds(Words& x, std::size_t count, std::uint32_t key0, std::uint32_t key1) {
  switch (wengert::instruction_set()) {
    case wengert::InstructionSet::Baseline:
      return baseline_rounds(x, count, key0, key1);
    case wengert::InstructionSet::Avx2:
      return avx2_rounds(x, count, key0, key1);
    case wengert::InstructionSet::Avx512:
      return avx512_rounds(x, count, key0, key1);
  }
}

/// Uniform on [1, 2), multiples of 2^-52: the random bits become the fraction of a double.
double one_to_two(std::uint32_t low, std::uint32_t high) {
  const std::uint64_t bits = (std::uint64_t{high} << 32 | low) >> 12;
  return std::bit_cast<double>(bits | 0x3FF0000000000000);
}

/// The normals of `count` counters from pair `first` on, two for each. `count` is a multiple of `step`.
void make_pairs(std::uint64_t seed, std::uint64_t stream, std::uint64_t first, std::size_t count, double* normals) {
  Words x;
  for (std::size_t k = 0; k < count; ++k) {
    const std::uint64_t pair = first + k;
    x.word[0][k] = static_cast<std::uint32_t>(pair);
    x.word[1][k] = static_cast<std::uint32_t>(pair >> 32);
    x.word[2][k] = static_cast<std::uint32_t>(stream);
    x.word[3][k] = static_cast<std::uint32_t>(stream >> 32);
  }
  philox_rounds(x, count, static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32));

  // Box and Muller: a radius with -radius^2 / 2 = log of a uniform on (0, 1], and an angle.
  double radius[most_pairs], angle[most_pairs];
  for (std::size_t k = 0; k < count; ++k) {
    radius[k] = 2 - one_to_two(x.word[0][k], x.word[1][k]);
    angle[k] = 2 * std::numbers::pi * (one_to_two(x.word[2][k], x.word[3][k]) - 1);
  }
  double sine[most_pairs], cosine[most_pairs];
  const std::span r(radius, count);
  wengert::vector_math::log(r, r);
  for (double& each : r) each *= -2;
  wengert::vector_math::sqrt(r, r);
  wengert::vector_math::sincos({angle, count}, {sine, count}, {cosine, count});
  for (std::size_t k = 0; k < count; ++k) {
    normals[2 * k] = radius[k] * cosine[k];
    normals[2 * k + 1] = radius[k] * sine[k];
  }
}

}  // namespace

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  Words x{};
  for (std::size_t w = 0; w < 4; ++w) x.word[w][0] = counter[w];
  philox_rounds(x, 1, key[0], key[1]);
  return {x.word[0][0], x.word[1][0], x.word[2][0], x.word[3][0]};
}

void fill_normals(std::uint64_t seed, std::uint64_t stream, std::uint64_t first, std::span<double> normals) {
  double block[2 * most_pairs];
  for (std::size_t done = 0; done < normals.size();) {
    const std::size_t skip = (first + done) % 2;
    const std::uint64_t pair = (first + done) / 2;
    const std::size_t wanted = std::min(normals.size() - done, 2 * most_pairs - skip);
    const std::size_t count = ((skip + wanted + 1) / 2 + step - 1) / step * step;
    if (skip == 0 && wanted == 2 * count) {
      make_pairs(seed, stream, pair, count, normals.data() + done);
    } else {
      make_pairs(seed, stream, pair, count, block);
      std::copy_n(block + skip, wanted, normals.data() + done);
    }
    done += wanted;
  }
}

}  // namespace vae_kl
