// Random numbers by counting: number i of a stream is a function of (seed, stream, i) and of nothing else, so any thread can make
// any part of a stream, and the same seed gives the same samples however the work is shared out.
//
// What this room promises: the words are Philox4x32-10's, held to its authors' known answers. The normals are made of them by
// additions, products, quotients, roots and shifts of doubles alone, none of them contracted, so that they have the same bits on
// every processor and instruction set; they are within 5 ulps of what Box and Muller's formulas give for these words.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace vae_kl {

/// Philox4x32-10: four random words from a counter and a key. Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as
/// 1, 2, 3" (SC 2011).
std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

/// Writes normals number first, first + 1, … of a stream: independent samples of N(0, 1), up to 8.49 in size. Streams of one seed
/// are independent of each other, and so are seeds.
void fill_normals(std::uint64_t seed, std::uint64_t stream, std::uint64_t first, std::span<double> normals);

}  // namespace vae_kl
