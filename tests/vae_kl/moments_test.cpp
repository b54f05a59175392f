#include "estimate/moments.hpp"

#include <gmock/gmock.h>

#include <cmath>

namespace {

using vae_kl::CompensatedSum;
using vae_kl::Estimate;
using vae_kl::Moments;

TEST(CompensatedSum, KeepsWhatAPlainSumDrops) {
  CompensatedSum sum;
  double plain = 0;
  for (const double x : {1.0, 1e100, 1.0, -1e100}) sum.add(x), plain += x;
  EXPECT_EQ(sum.value(), 2);
  EXPECT_EQ(plain, 0);
}

// 1e8 terms of 0.1: the exact sum is 1e8 times the double nearest to 0.1.
TEST(CompensatedSum, LosesNoDigitsOverManyTerms) {
  const int count = 100'000'000;
  CompensatedSum sum;
  double plain = 0;
  for (int i = 0; i < count; ++i) sum.add(0.1), plain += 0.1;
  const double exact = static_cast<double>(0.1L * count);  // 0.1L * 1e8 as the double 0.1 would have it, to 1 part in 1e16
  EXPECT_NEAR(sum.value(), static_cast<double>(static_cast<long double>(0.1) * count), exact * 0x1p-53);
  EXPECT_GT(std::fabs(plain - exact), 1e-3);  // what would happen without
}

TEST(CompensatedSum, AddsUpPartsAsTheWhole) {
  CompensatedSum whole, parts;
  for (int part = 0; part < 100; ++part) {
    CompensatedSum sum;
    for (int i = 1; i <= 100; ++i) {
      whole.add(1.0 / (100 * part + i));
      sum.add(1.0 / (100 * part + i));
    }
    parts.add(sum);
  }
  long double exact = 0;
  for (int i = 10000; i > 0; --i) exact += 1.0 / i;
  EXPECT_DOUBLE_EQ(whole.value(), static_cast<double>(exact));
  EXPECT_DOUBLE_EQ(parts.value(), static_cast<double>(exact));
}

// What rounding took from either part counts: seven and nine ones beside 10^16, whose last place is 2.
TEST(CompensatedSum, AddsUpWhatRoundingTookFromItsParts) {
  CompensatedSum seven, nine;
  seven.add(1e16);
  for (int k = 0; k < 7; ++k) seven.add(1);
  nine.add(1e16);
  for (int k = 0; k < 9; ++k) nine.add(1);
  seven.add(nine);
  EXPECT_EQ(seven.value(), 2e16 + 16);
}

// 1, 2, …, n: mean (n + 1) / 2, variance n (n + 1) / 12.
TEST(Moments, GiveMeanAndStandardError) {
  const int n = 1000;
  for (const double pivot : {0.0, 500.0, -3.0})
    for (const double size : {1.0, 1000.0, 1e-3}) {
      Moments moments(pivot, size);
      for (int i = 1; i <= n; ++i) moments.add(i);
      const Estimate estimate = moments.estimate(n);
      EXPECT_DOUBLE_EQ(estimate.mean, 500.5);
      EXPECT_DOUBLE_EQ(estimate.standard_error, std::sqrt(1001.0 / 12));
    }
}

TEST(Moments, KeepTheVarianceOfNumbersFarFromZero) {
  const double offset = 1e15;
  Moments moments(offset, 1);
  for (int i = 0; i < 1000; ++i) moments.add(offset + i % 2);
  EXPECT_DOUBLE_EQ(moments.estimate(1000).mean, offset + 0.5);
  EXPECT_DOUBLE_EQ(moments.estimate(1000).standard_error, std::sqrt(0.25 / 999));
}

TEST(Moments, KeepTheirRangeWhereSquaresWouldOverflowOrVanish) {
  for (const double size : {1e300, 1e-300}) {
    Moments moments(0, size);
    for (int i = 0; i < 1000; ++i) moments.add(i % 2 == 0 ? size : -size);
    EXPECT_EQ(moments.estimate(1000).mean, 0);
    EXPECT_NEAR(moments.estimate(1000).standard_error / size, std::sqrt(1.0 / 999), 1e-15);
  }
}

// 1e16 and sixteen ones: each 1 is half an ulp of the sum and would be lost. 10^16 is 1 modulo 17, so the mean is a whole number.
TEST(Moments, CountSmallNumbersBesideALargeOne) {
  Moments all, first, rest;
  all.add(1e16), first.add(1e16);
  for (int k = 0; k < 16; ++k) all.add(1), rest.add(1);
  first.add(rest);
  double plain = 1e16;
  for (int k = 0; k < 16; ++k) plain += 1;
  EXPECT_EQ(plain, 1e16) << "what would happen without";
  EXPECT_EQ(all.estimate(17).mean, 588235294117648);
  EXPECT_EQ(first.estimate(17).mean, 588235294117648);
  // the variance is (1e16 - 1)^2 / 17, and the mean's that over 17
  EXPECT_DOUBLE_EQ(all.estimate(17).standard_error, (1e16 - 1) / 17);
}

TEST(Moments, OfEqualNumbersHaveNoError) {
  Moments moments(0.3, 1);
  for (int i = 0; i < 1000; ++i) moments.add(0.1);
  EXPECT_DOUBLE_EQ(moments.estimate(1000).mean, 0.1);
  EXPECT_NEAR(moments.estimate(1000).standard_error, 0, 1e-9);
}

}  // namespace
