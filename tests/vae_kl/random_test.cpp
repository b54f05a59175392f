#include "random/random.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

#include "wengert/instruction_set.hpp"

namespace {

using vae_kl::fill_normals;
using vae_kl::philox;

using Block = std::array<std::uint32_t, 4>;

std::vector<double> normals(std::uint64_t seed, std::uint64_t stream, std::uint64_t first, std::size_t count) {
  std::vector<double> result(count);
  fill_normals(seed, stream, first, result);
  return result;
}

/// P(|N(0, 1)| > x)
double tail(double x) { return std::erfc(x / std::numbers::sqrt2); }

// The three lines `philox4x32 10` of the file kat_vectors that its authors publish with Random123.
TEST(Philox, GivesThePublishedKnownAnswers) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  const std::uint32_t ones = 0xffffffff;
  EXPECT_EQ(philox({ones, ones, ones, ones}, {ones, ones}), (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

// From the words of the counter (pair, stream) and the key (seed), by the formulas of Box and Muller in long double.
TEST(Normals, AreBoxMullerOfTheWordsOfTheirCounter) {
  const std::uint64_t seed = 0x123456789abcdef0, stream = 0xfedcba9876543210;
  for (const std::uint64_t pair : {0ull, 1ull, 63ull, 64ull, 1000ull, (1ull << 32) - 1, 1ull << 32, (1ull << 62) + 5}) {
    const Block words = philox({static_cast<std::uint32_t>(pair), static_cast<std::uint32_t>(pair >> 32), 0x76543210, 0xfedcba98},
                               {0x9abcdef0, 0x12345678});
    const auto fraction = [](std::uint32_t low, std::uint32_t high) {
      return static_cast<long double>((std::uint64_t{high} << 32 | low) >> 12) * 0x1p-52L;
    };
    const long double radius = std::sqrt(-2 * std::log(1 - fraction(words[0], words[1])));
    const long double angle = 2 * std::numbers::pi_v<long double> * fraction(words[2], words[3]);
    const std::vector<double> got = normals(seed, stream, 2 * pair, 2);
    // log and sqrt within an ulp each, the angle in [0, 2 pi) within an ulp of 2 pi: 8 ulp of the radius cover them
    const double tolerance = 8 * 0x1p-53 * std::fmax(1, static_cast<double>(radius));
    EXPECT_NEAR(got[0], static_cast<double>(radius * std::cos(angle)), tolerance) << "pair " << pair;
    EXPECT_NEAR(got[1], static_cast<double>(radius * std::sin(angle)), tolerance) << "pair " << pair;
  }
}

// Each is a small number of roundings away: a quotient, a root, two polynomials; 3.9 ulps in 4 million. long double resolves the
// angle from the fraction itself, whose quarters it takes off exactly.
TEST(Normals, AreWithinFiveUlps) {
  const std::vector<double> got = normals(7, 3, 0, 1 << 16);
  for (std::uint32_t pair = 0; pair < got.size() / 2; ++pair) {
    const Block words = philox({pair, 0, 3, 0}, {7, 0});
    const auto fraction = [](std::uint32_t low, std::uint32_t high) {
      return static_cast<long double>((std::uint64_t{high} << 32 | low) >> 12) * 0x1p-52L;
    };
    const long double radius = std::sqrt(-2 * std::log1p(-fraction(words[0], words[1])));
    const long double quarters = 4 * fraction(words[2], words[3]), whole = std::round(quarters);
    const long double left = (quarters - whole) * std::numbers::pi_v<long double> / 2, s = std::sin(left), c = std::cos(left);
    const int quadrant = static_cast<int>(whole) % 4;
    const long double cosines[] = {c, -s, -c, s}, sines[] = {s, c, -s, -c};
    for (const auto& [number, exact] : {std::pair(got[2 * pair], radius * cosines[quadrant]),  //
                                        std::pair(got[2 * pair + 1], radius * sines[quadrant])}) {
      const double ulp = std::ldexp(1, std::ilogb(number) - 52);
      EXPECT_LE(std::fabs(static_cast<double>(number - exact)), 5 * ulp) << "pair " << pair;
    }
  }
}

// The counter's second word changes within what is made together.
TEST(Normals, GoOnBeyondPairsTwoToThe32) {
  const std::uint64_t boundary = std::uint64_t{1} << 33;  // of normals
  const std::vector<double> across = normals(7, 3, boundary - 1001, 3000);
  for (std::size_t k = 0; k < across.size(); ++k) ASSERT_EQ(across[k], normals(7, 3, boundary - 1001 + k, 1)[0]) << k;
  EXPECT_NE(across[1001], normals(7, 3, 0, 1)[0]) << "the second word counts";
}

TEST(Normals, AreTheSameHoweverAStreamIsCutUp) {
  const std::vector<double> whole = normals(7, 3, 0, 1000);
  for (const std::size_t step : {1u, 2u, 3u, 7u, 64u, 127u, 128u, 129u, 999u}) {
    for (std::size_t first = 0; first < whole.size(); first += step) {
      const std::size_t count = std::min(step, whole.size() - first);
      const std::vector<double> part = normals(7, 3, first, count);
      ASSERT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + static_cast<std::ptrdiff_t>(first)))
          << "from " << first << ", " << count;
    }
  }
}

TEST(Normals, HaveTheSameBitsOnEveryInstructionSet) {
  const wengert::InstructionSet before = wengert::instruction_set();
  std::vector<double> widest(1001), here(1001);
  fill_normals(7, 3, 5, widest);
  for (const wengert::InstructionSet set : wengert::instruction_sets) {
    if (!wengert::supported(set)) continue;
    wengert::use_instruction_set(set);
    fill_normals(7, 3, 5, here);
    for (std::size_t k = 0; k < here.size(); ++k)
      EXPECT_EQ(std::bit_cast<std::uint64_t>(here[k]), std::bit_cast<std::uint64_t>(widest[k])) << wengert::name(set) << ' ' << k;
  }
  wengert::use_instruction_set(before);
}

TEST(Normals, DifferBetweenSeedsAndStreams) {
  const std::vector<double> one = normals(1, 0, 0, 256);
  for (const std::vector<double>& other : {normals(2, 0, 0, 256), normals(1, 1, 0, 256), normals(1ull << 32, 0, 0, 256),
                                           normals(1, 1ull << 32, 0, 256), normals(1, 0, 1ull << 33, 256)})
    for (std::size_t i = 0; i < one.size(); ++i) EXPECT_NE(one[i], other[i]) << i;
}

/// Enough for the moments to four digits; more where the optimiser is on.
#ifdef NDEBUG
constexpr std::uint64_t many = 1 << 24;
#else
constexpr std::uint64_t many = 1 << 21;
#endif

template <class Use>
void for_each_normal(std::uint64_t seed, Use use) {
  std::vector<double> block(1 << 14);
  for (std::uint64_t first = 0; first < many; first += block.size()) {
    fill_normals(seed, 0, first, block);
    for (const double x : block) use(x);
  }
}

// E x^k is 0 for odd k and (k - 1)!! for even k; a sample moment's variance is (E x^2k - (E x^k)^2) / n.
TEST(Normals, HaveTheMomentsOfTheStandardNormal) {
  double sums[9] = {};
  for_each_normal(11, [&](double x) {
    double power = 1;
    for (int k = 1; k <= 8; ++k) sums[k] += power *= x;
  });
  const double moments[17] = {1, 0, 1, 0, 3, 0, 15, 0, 105, 0, 945, 0, 10395, 0, 135135, 0, 2027025};
  for (int k = 1; k <= 8; ++k) {
    const double standard_error = std::sqrt((moments[2 * k] - moments[k] * moments[k]) / static_cast<double>(many));
    EXPECT_NEAR(sums[k] / static_cast<double>(many), moments[k], 5 * standard_error) << "moment " << k;
  }
}

// The count beyond x is binomial: within 5 standard deviations, and where few are expected within what Poisson allows at 1e-6.
TEST(Normals, HaveTheTailsOfTheStandardNormalToSixSigma) {
  std::uint64_t above[7] = {}, below[7] = {};
  for_each_normal(12, [&](double x) {
    for (int k = 1; k <= 6 && std::fabs(x) > k; ++k) ++(x > 0 ? above : below)[k];
  });
  for (int k = 1; k <= 6; ++k) {
    const double expected = static_cast<double>(many) * tail(k) / 2;
    const double allowed = 5 * std::sqrt(expected) + 5;
    EXPECT_NEAR(static_cast<double>(above[k]), expected, allowed) << "above " << k;
    EXPECT_NEAR(static_cast<double>(below[k]), expected, allowed) << "below " << -k;
  }
}

// Beyond six sigma lie 2 of 1e9: too rare to count, so the uniform that makes them is looked at instead. Every leading bit
// pattern of the radius comes up as often as it should, down to 2^-20 in size, and the smallest one gives 8.49.
TEST(Normals, ReachBeyondEightSigma) {
  EXPECT_NEAR(std::sqrt(-2 * std::log(0x1p-52)), 8.49, 0.005);
  double largest = 0;
  std::uint64_t rare[21] = {};
  const std::uint64_t pairs = many / 2;
  std::vector<double> block(1 << 14);
  for (std::uint64_t first = 0; first < many; first += block.size()) {
    fill_normals(13, 0, first, block);
    for (std::size_t i = 0; i < block.size(); i += 2) {
      const double uniform = std::exp(-0.5 * (block[i] * block[i] + block[i + 1] * block[i + 1]));
      largest = std::fmax(largest, -std::log2(uniform));
      for (int k = 1; k <= 20 && uniform < std::ldexp(1, -k); ++k) ++rare[k];
    }
  }
  for (int k = 1; k <= 20; ++k) {
    const double expected = std::ldexp(static_cast<double>(pairs), -k);
    EXPECT_NEAR(static_cast<double>(rare[k]), expected, 5 * std::sqrt(expected) + 5) << "uniform below 2^-" << k;
  }
  EXPECT_GT(largest, std::log2(pairs) - 5);  // the smallest of n uniforms is below 32 / n but for a chance of e^-32
}

// Kolmogorov's distance of n samples stays below sqrt(ln(2 / p) / (2 n)) but for a chance of p (Massart 1990); p = 1e-9.
TEST(Normals, FollowTheDistributionFunctionEverywhere) {
  std::vector<double> x = normals(5, 9, 12345, 1 << 20);
  std::sort(x.begin(), x.end());
  const auto n = static_cast<double>(x.size());
  double distance = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double probability = std::erfc(-x[i] / std::numbers::sqrt2) / 2;
    distance =
        std::fmax(distance, std::fmax(probability - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - probability));
  }
  EXPECT_LT(distance, std::sqrt(std::log(2 / 1e-9) / (2 * n)));
}

/// Correlation of x and y, and of their squares, in standard deviations of what independent normals give.
std::pair<double, double> correlations(const std::vector<double>& x, const std::vector<double>& y) {
  double product = 0, squares = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    product += x[i] * y[i];
    squares += (x[i] * x[i] - 1) * (y[i] * y[i] - 1);
  }
  const double scale = std::sqrt(static_cast<double>(x.size()));
  return {product / scale, squares / (2 * scale)};
}

TEST(Normals, AreUncorrelatedBetweenStreamsSeedsAndNeighbours) {
  const std::size_t count = 1 << 18;
  const std::vector<double> x = normals(1, 0, 0, count);
  const auto expect_unrelated = [&](const std::vector<double>& y, const char* what) {
    const auto [plain, squared] = correlations(x, y);
    EXPECT_LT(std::fabs(plain), 5) << what;
    EXPECT_LT(std::fabs(squared), 6) << what << " (squares: a little heavier in the tails)";
  };
  for (std::uint64_t stream = 1; stream <= 16; ++stream) expect_unrelated(normals(1, stream, 0, count), "stream");
  for (std::uint64_t seed = 2; seed <= 16; ++seed) expect_unrelated(normals(seed, 0, 0, count), "seed");
  for (std::uint64_t lag = 1; lag <= 16; ++lag) expect_unrelated(normals(1, 0, lag, count), "lag");
  expect_unrelated(normals(1, 0, 1ull << 40, count), "far away");
}

// The two of a pair share their radius: they must be independent all the same.
TEST(Normals, OfOnePairAreIndependent) {
  const std::vector<double> both = normals(3, 0, 0, 1 << 20);
  std::uint64_t cells[4][4] = {};
  const double quartile = 0.67448975019608171;
  const auto cell = [&](double x) { return x < -quartile ? 0 : x < 0 ? 1 : x < quartile ? 2 : 3; };
  for (std::size_t i = 0; i < both.size(); i += 2) ++cells[cell(both[i])][cell(both[i + 1])];
  const double expected = static_cast<double>(both.size()) / 2 / 16;
  double chi_squared = 0;
  for (const auto& row : cells)
    for (const std::uint64_t count : row)
      chi_squared += (static_cast<double>(count) - expected) * (static_cast<double>(count) - expected) / expected;
  EXPECT_LT(chi_squared, 57);  // 15 degrees of freedom: beyond 57 in 8 of 1e7 cases
}

}  // namespace
