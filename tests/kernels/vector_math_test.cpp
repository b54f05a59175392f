#include "wengert/vector_math.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <vector>

#include "wengert/error.hpp"
#include "wengert/instruction_set.hpp"

namespace {

using namespace wengert;

// Distances are in units of epsilon of the expected value, about an ulp.
void expect_near_ulp(double x, double expected) {
  EXPECT_NEAR(x, expected, 2 * std::numeric_limits<double>::epsilon() * std::abs(expected));
}

TEST(VectorMath, ComputesAFunctionOfEveryElement) {
  std::vector<double> x, out(101);
  for (int k = 0; k <= 100; ++k) x.push_back(-5 + 0.1 * k);
  vector_math::exp(x, out);
  for (std::size_t k = 0; k < x.size(); ++k) expect_near_ulp(out[k], std::exp(x[k]));
  vector_math::tanh(x, out);
  for (std::size_t k = 0; k < x.size(); ++k) expect_near_ulp(out[k], std::tanh(x[k]));
  vector_math::apply(Op::Erfc, x, out);
  for (std::size_t k = 0; k < x.size(); ++k) EXPECT_NEAR(out[k], std::erfc(x[k]), 2e-15 * std::erfc(x[k]));  // libm's erfc: 5 ulp
}

TEST(VectorMath, ComputesFunctionsOfTwoArrays) {
  const std::vector<double> x = {1, 2, 3, 0.5, 10}, y = {0.5, -1, 2, 3, -2};
  std::vector<double> out(5);
  vector_math::pow(x, y, out);
  EXPECT_THAT(out, testing::ElementsAre(1, 0.5, 9, 0.125, 0.01));
  vector_math::hypot(std::vector<double>{3, 5, 8}, std::vector<double>{4, 12, 15}, std::span(out).first(3));
  EXPECT_THAT(std::span(out).first(3), testing::ElementsAre(5, 13, 17));
}

TEST(VectorMath, ComputesFloats) {
  const std::vector<float> x = {0, 1, 4, 9};
  std::vector<float> out(4);
  vector_math::sqrt(x, out);
  EXPECT_THAT(out, testing::ElementsAre(0, 1, 2, 3));
}

TEST(VectorMath, ComputesFloatsOfTwoArraysAndSineAndCosine) {
  std::vector<float> x = {1, 2, 3, 0.5f, 10}, y = {0.5f, -1, 2, 3, -2}, out(5), cosine(5);
  vector_math::pow(x, y, out);
  EXPECT_THAT(out, testing::ElementsAre(1.0f, 0.5f, 9.0f, 0.125f, 0.01f));
  vector_math::sincos(x, out, cosine);
  const float ulp = std::numeric_limits<float>::epsilon();
  for (std::size_t k = 0; k < x.size(); ++k) {
    EXPECT_NEAR(out[k], std::sin(static_cast<double>(x[k])), ulp);
    EXPECT_NEAR(cosine[k], std::cos(static_cast<double>(x[k])), ulp);
  }
}

TEST(VectorMath, WorksInPlace) {
  std::vector<double> x = {1, 2, 4, 8, 16, 32, 64, 128, 256};
  vector_math::log2(x, x);
  EXPECT_THAT(x, testing::ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8));
}

TEST(VectorMath, ComputesSineAndCosineTogether) {
  std::vector<double> x, sine(200), cosine(200);
  for (int k = 0; k < 200; ++k) x.push_back(0.0314 * k);
  vector_math::sincos(x, sine, cosine);
  for (std::size_t k = 0; k < x.size(); ++k) {
    expect_near_ulp(sine[k], std::sin(x[k]));
    expect_near_ulp(cosine[k], std::cos(x[k]));
  }
}

TEST(VectorMath, TakesEmptyArrays) { EXPECT_NO_THROW(vector_math::exp(std::span<const double>(), std::span<double>())); }

TEST(VectorMath, RefusesArraysOfOtherSizes) {
  const std::vector<double> x(3), y(4);
  std::vector<double> out(4);
  EXPECT_THROW(vector_math::exp(x, out), ShapeMismatch);
  EXPECT_THROW(vector_math::pow(x, y, out), ShapeMismatch);
  EXPECT_THROW(vector_math::pow(y, x, out), ShapeMismatch);
  EXPECT_THROW(vector_math::pow(x, x, out), ShapeMismatch);
  EXPECT_THROW(vector_math::sincos(y, out, std::span(out).first(2)), ShapeMismatch);
  EXPECT_THROW(vector_math::sincos(y, std::span(out).first(2), out), ShapeMismatch);
  try {
    vector_math::exp(x, out);
  } catch (const ShapeMismatch& error) {
    EXPECT_STREQ(error.what(), "vector_math::exp: arrays of 3 and 4 numbers; give all the same size");
  }
}

TEST(VectorMath, RefusesAnOperationOfAnotherArity) {
  const std::vector<double> x(3);
  std::vector<double> out(3);
  EXPECT_THROW(vector_math::apply(Op::Mul, x, out), ShapeMismatch);
  EXPECT_THROW(vector_math::apply(Op::Exp, x, x, out), ShapeMismatch);
  EXPECT_THROW(vector_math::apply(Op::Independent, x, out), ShapeMismatch);
}

}  // namespace
