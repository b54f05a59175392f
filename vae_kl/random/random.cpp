#include "random/random.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numbers>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "wengert/instruction_set.hpp"

namespace vae_kl {
namespace {

constexpr std::size_t step = 32;  // pairs of normals are made in multiples of it: four vectors of any instruction set

constexpr std::uint64_t philox_a = 0xD2511F53, philox_b = 0xCD9E8D57;
/// The two words that each round mixes in.
using Keys = std::array<std::array<std::uint64_t, 2>, 10>;

Keys keys_of(std::uint32_t key0, std::uint32_t key1) {
  Keys keys;
  for (auto& key : keys) {
    key = {key0, key1};
    key0 += 0x9E3779B9;  // Weyl sequences: the golden ratio and sqrt(3) - 1
    key1 += 0xBB67AE85;
  }
  return keys;
}

#define VAE_KL_NAME BaselinePairs
#define VAE_KL_BYTES 16
#include "random/normals-inl.hpp"
#undef VAE_KL_NAME
#undef VAE_KL_BYTES

#ifdef __x86_64__
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2")
#endif
#define VAE_KL_NAME Avx2Pairs
#define VAE_KL_BYTES 32
#include "random/normals-inl.hpp"
#undef VAE_KL_NAME
#undef VAE_KL_BYTES
#ifdef __clang__
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,avx2"))), apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512vl,avx512bw,avx2,prefer-vector-width=512")
#endif
#define VAE_KL_NAME Avx512Pairs
#define VAE_KL_BYTES 64
#include "random/normals-inl.hpp"
#undef VAE_KL_NAME
#undef VAE_KL_BYTES
#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#else
using Avx2Pairs = BaselinePairs;
using Avx512Pairs = BaselinePairs;
#endif

/// The normals of `count` counters from pair `first` on, two for each. `count` is a multiple of `step`.
void make_pairs(const Keys& keys, std::uint64_t stream, std::uint64_t first, std::size_t count, double* normals) {
  switch (wengert::instruction_set()) {
    case wengert::InstructionSet::Baseline:
      return BaselinePairs::run(keys, stream, first, count, normals);
    case wengert::InstructionSet::Avx2:
      return Avx2Pairs::run(keys, stream, first, count, normals);
    case wengert::InstructionSet::Avx512:
      return Avx512Pairs::run(keys, stream, first, count, normals);
  }
}

}  // namespace

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> x, std::array<std::uint32_t, 2> key) {
  for (const auto& [key0, key1] : keys_of(key[0], key[1])) {
    const std::uint64_t a = philox_a * x[0], b = philox_b * x[2];
    x = {static_cast<std::uint32_t>(b >> 32 ^ x[1] ^ key0), static_cast<std::uint32_t>(b),
         static_cast<std::uint32_t>(a >> 32 ^ x[3] ^ key1), static_cast<std::uint32_t>(a)};
  }
  return x;
}

void fill_normals(std::uint64_t seed, std::uint64_t stream, std::uint64_t first, std::span<double> normals) {
  const Keys keys = keys_of(static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32));
  for (std::size_t done = 0; done < normals.size();) {
    const std::size_t left = normals.size() - done, skip = (first + done) % 2;
    const std::uint64_t pair = (first + done) / 2;
    // up to where a counter's second word changes; a difference of 2^32, which 32 bits do not hold
    const std::uint64_t to_boundary = (std::uint64_t{1} << 32) - (pair & 0xFFFFFFFF);
    const auto at_most = [to_boundary](std::size_t pairs) {
      return static_cast<std::size_t>(std::min<std::uint64_t>(pairs, to_boundary));
    };
    if (const std::size_t whole = at_most(left / 2) / step * step; skip == 0 && whole > 0) {
      make_pairs(keys, stream, pair, whole, normals.data() + done);
      done += 2 * whole;
    } else {
      double block[2 * step];
      make_pairs(keys, stream, pair, step, block);
      const std::size_t wanted = std::min(left, 2 * at_most(step) - skip);
      std::copy_n(block + skip, wanted, normals.data() + done);
      done += wanted;
    }
  }
}

}  // namespace vae_kl
