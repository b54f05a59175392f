#include "random.hpp"

#include <algorithm>
#include <bit>
#include <numbers>

#include "wengert/instruction_set.hpp"
#include "wengert/vector_math.hpp"

namespace vae_kl {
namespace {

constexpr std::size_t pairs = 256;  // of normals, made together: loops of fixed length over arrays, for the vectoriser

struct Words {
  std::uint32_t word[4][pairs];
};

/// Ten rounds on every counter at once; all have the same key.
[[gnu::always_inline]] inline void rounds(Words& x, std::uint32_t key0, std::uint32_t key1) {
  for (int round = 0; round < 10; ++round) {
    for (std::size_t k = 0; k < pairs; ++k) {
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
void baseline_rounds(Words& x, std::uint32_t key0, std::uint32_t key1) { rounds(x, key0, key1); }
#ifdef __x86_64__
[[gnu::target("avx2")]] void avx2_rounds(Words& x, std::uint32_t key0, std::uint32_t key1) { rounds(x, key0, key1); }
[[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")]] void avx512_rounds(Words& x, std::uint32_t key0,
                                                                                                 std::uint32_t key1) {
  rounds(x, key0, key1);
}
#else
constexpr auto avx2_rounds = baseline_rounds, avx512_rounds = baseline_rounds;
#endif

void philox_rounds(Words& x, std::uint32_t key0, std::uint32_t key1) {
  switch (wengert::instruction_set()) {
    case wengert::InstructionSet::Baseline:
      return baseline_rounds(x, key0, key1);
    case wengert::InstructionSet::Avx2:
      return avx2_rounds(x, key0, key1);
    case wengert::InstructionSet::Avx512:
      return avx512_rounds(x, key0, key1);
  }
}

/// Uniform on [1, 2), multiples of 2^-52: the random bits become the fraction of a double.
double one_to_two(std::uint32_t low, std::uint32_t high) {
  const std::uint64_t bits = (std::uint64_t{high} << 32 | low) >> 12;
  return std::bit_cast<double>(bits | 0x3FF0000000000000);
}

/// The normals of 256 counters from pair `first` on, two for each.
void make_pairs(std::uint64_t seed, std::uint64_t stream, std::uint64_t first, double* normals) {
  Words x;
  for (std::size_t k = 0; k < pairs; ++k) {
    const std::uint64_t pair = first + k;
    x.word[0][k] = static_cast<std::uint32_t>(pair);
    x.word[1][k] = static_cast<std::uint32_t>(pair >> 32);
    x.word[2][k] = static_cast<std::uint32_t>(stream);
    x.word[3][k] = static_cast<std::uint32_t>(stream >> 32);
  }
  philox_rounds(x, static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32));

  // Box and Muller: a radius with -radius^2 / 2 = log of a uniform on (0, 1], and an angle.
  double radius[pairs], angle[pairs];
  for (std::size_t k = 0; k < pairs; ++k) {
    radius[k] = 2 - one_to_two(x.word[0][k], x.word[1][k]);
    angle[k] = 2 * std::numbers::pi * (one_to_two(x.word[2][k], x.word[3][k]) - 1);
  }
  double sine[pairs], cosine[pairs];
  wengert::vector_math::log(radius, radius);
  for (double& r : radius) r *= -2;
  wengert::vector_math::sqrt(radius, radius);
  wengert::vector_math::sincos(angle, sine, cosine);
  for (std::size_t k = 0; k < pairs; ++k) {
    normals[2 * k] = radius[k] * cosine[k];
    normals[2 * k + 1] = radius[k] * sine[k];
  }
}

}  // namespace

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  Words x{};
  for (std::size_t w = 0; w < 4; ++w) x.word[w][0] = counter[w];
  philox_rounds(x, key[0], key[1]);
  return {x.word[0][0], x.word[1][0], x.word[2][0], x.word[3][0]};
}

void fill_normals(std::uint64_t seed, std::uint64_t stream, std::uint64_t first, std::span<double> normals) {
  double block[2 * pairs];
  for (std::size_t done = 0; done < normals.size();) {
    const std::size_t skip = (first + done) % 2;
    const std::uint64_t pair = (first + done) / 2;
    const std::size_t count = std::min(2 * pairs - skip, normals.size() - done);
    if (skip == 0 && count == 2 * pairs) {
      make_pairs(seed, stream, pair, normals.data() + done);
    } else {
      make_pairs(seed, stream, pair, block);
      std::copy_n(block + skip, count, normals.data() + done);
    }
    done += count;
  }
}

}  // namespace vae_kl
