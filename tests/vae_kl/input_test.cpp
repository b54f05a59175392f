// How numbers are read: as std::from_chars reads them, also where the standard library has none for double.
#include "program/input.hpp"

#include <gmock/gmock.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace {

/// The place, the error and the bits that std::from_chars gives.
void reads_as_from_chars(const std::string& text) {
  const char *const begin = text.data(), *const end = begin + text.size();
  double expected = 7, got = 7;
  const auto [expected_stop, expected_error] = std::from_chars(begin, end, expected);
  const auto [stop, error] = vae_kl::read_number(begin, end, got);
  EXPECT_EQ(error, expected_error) << text;
  EXPECT_EQ(stop - begin, expected_stop - begin) << text;
  EXPECT_EQ(std::isnan(got), std::isnan(expected)) << text;
  if (!std::isnan(expected)) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(got), std::bit_cast<std::uint64_t>(expected)) << text;
  }
}

TEST(ReadNumber, StopsWhereFromCharsStops) {
  for (const char* text : {"0",
                           "-0",
                           "1",
                           "1.",
                           ".5",
                           "-.5",
                           ".",
                           "-",
                           "",
                           "+1",
                           " 1",
                           "1 ",
                           "1e3",
                           "1E-3",
                           "1e+",
                           "1e",
                           "1e5x",
                           "0x10",
                           "1,5",
                           "1.5.2",
                           "--1",
                           "e5",
                           ".e5",
                           "1.e2",
                           "inf",
                           "-INF",
                           "Infini",
                           "infinit",
                           "nan",
                           "NaN",
                           "-nan",
                           "na",
                           "in",
                           "1e308",
                           "1.8e308",
                           "-1e999",
                           "1e-320",
                           "5e-324",
                           "1e-400",
                           "0e-999",
                           "0e999",
                           "00012",
                           "9007199254740993",
                           "0.1",
                           "123456789012345678901234567890"})
    reads_as_from_chars(text);
  reads_as_from_chars("infinity");
}

TEST(ReadNumber, HasTheBitsOfFromChars) {
  std::mt19937_64 random(1);
  for (int k = 0; k < 10000; ++k) {
    const double number = std::bit_cast<double>(random());
    if (!std::isfinite(number)) continue;
    char text[64];
    for (const int digits : {3, 16, 17}) {
      const auto [end, error] = std::to_chars(text, text + sizeof text, number, std::chars_format::scientific, digits);
      ASSERT_EQ(error, std::errc());
      reads_as_from_chars(std::string(text, end));
    }
  }
}

}  // namespace
