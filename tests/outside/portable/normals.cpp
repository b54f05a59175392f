// The demo's random numbers on every system: a row across the boundary where the counter's second word changes, whole and one at
// a time, against the formulas of Box and Muller. Plain assertions, as in main.cpp; built by .ci/compilers.
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <numbers>
#include <vector>

#include "random/random.hpp"

int main() {
  constexpr std::uint64_t boundary = std::uint64_t{1} << 32;
  int failures = 0;
  for (const std::uint64_t first : {std::uint64_t{0}, boundary - 100}) {  // pairs
    std::vector<double> row(400), one(1);
    vae_kl::fill_normals(7, 5, 2 * first, row);
    for (std::size_t i = 0; i < row.size(); ++i) {
      vae_kl::fill_normals(7, 5, 2 * first + i, one);
      const std::uint64_t pair = first + i / 2;
      const auto words = vae_kl::philox({static_cast<std::uint32_t>(pair), static_cast<std::uint32_t>(pair >> 32), 5, 0}, {7, 0});
      const auto fraction = [](std::uint32_t low, std::uint32_t high) {
        return static_cast<double>((std::uint64_t{high} << 32 | low) >> 12) * 0x1p-52;
      };
      const double radius = std::sqrt(-2 * std::log1p(-fraction(words[0], words[1])));
      const double angle = 2 * std::numbers::pi * fraction(words[2], words[3]);
      const double want = radius * (i % 2 == 0 ? std::cos(angle) : std::sin(angle));
      // the angle is rounded twice, by up to an ulp of 2 pi each, and the radius is below 9
      const bool right = std::fabs(row[i] - want) <= 9 * 0x1p-50 && row[i] - one[0] == 0;
      if (right) continue;
      std::printf("FAIL normal %zu from pair %llu on: %.17g, alone %.17g, wanted %.17g\n", i,
                  static_cast<unsigned long long>(first), row[i], one[0], want);
      ++failures;
    }
  }
  return failures == 0 ? 0 : 1;
}
