#include "wengert/format.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <string>

#include "wengert/wengert.hpp"

namespace {

using namespace wengert;

TEST(Format, PrintsAVariableAsItsValue) {
  Tape tape;
  const Var x = tape.variable(1.0 / 3, "x");
  EXPECT_EQ(fmt::format("{}", x), fmt::format("{}", 1.0 / 3));
  EXPECT_EQ(fmt::format("{}", Var(2)), "2");
}

TEST(Format, TakesTheSpecificationsOfADouble) {
  Tape tape;
  const Var x = tape.variable(1.0 / 3);
  EXPECT_EQ(fmt::format("[{:+.3f}] [{:>8.2g}] [{:e}]", x, x, x), "[+0.333] [    0.33] [3.333333e-01]");
}

// 0 / 0 has the sign set on x86, and not on AArch64.
TEST(Format, PrintsANanWithoutItsSign) {
  const double negative = -std::numeric_limits<double>::quiet_NaN();
  ASSERT_TRUE(std::signbit(negative));
  Tape tape;
  const Var x = tape.variable(negative, "x");
  EXPECT_EQ(fmt::format("{} {:.1f}", x, x), "nan nan");
  EXPECT_EQ(fmt::format("{}", Dual<double>(negative, negative)), "(nan, nan)");
  DenseMatrix matrix(1, 1);
  matrix(0, 0) = negative;
  EXPECT_EQ(fmt::format("{}", matrix), "[[nan]]");
  EXPECT_EQ(fmt::format("{}", gradient(x * negative)), "{x: nan}");
  EXPECT_EQ(fmt::format("{}", Var(-1)), "-1");
}

TEST(Format, PrintsADualAsValueAndTangent) {
  EXPECT_EQ(fmt::format("{}", Dual<double>(1.5, -2)), "(1.5, -2)");
  EXPECT_EQ(fmt::format("{:.2f}", Dual<float>(1.5f, -2)), "(1.50, -2.00)");
}

TEST(Format, PrintsAnOperationByItsName) {
  EXPECT_EQ(fmt::format("{} {:>6}|", Op::Mul, Op::Exp), "mul    exp|");
  EXPECT_EQ(fmt::format("{}", Op::Independent), "independent");
}

TEST(Format, PrintsALocationAsFileAndLine) {
  EXPECT_EQ(fmt::format("{}", Location{"demo.cpp", 12}), "demo.cpp:12");
  EXPECT_EQ(fmt::format("{}", Location{}), "unknown place");
}

TEST(Format, PrintsAMatrixARowToALine) {
  DenseMatrix matrix(2, 3);
  for (std::size_t k = 0; k < 6; ++k) matrix.data[k] = static_cast<double>(k);
  EXPECT_EQ(fmt::format("{}", matrix), "[[0, 1, 2],\n [3, 4, 5]]");
  EXPECT_EQ(fmt::format("{:.1f}", matrix), "[[0.0, 1.0, 2.0],\n [3.0, 4.0, 5.0]]");
  EXPECT_EQ(fmt::format("{}", DenseMatrix()), "[]");
}

TEST(Format, PrintsAGradientByTheNamesOfItsIndependents) {
  Tape tape;
  const Var mu = tape.variable(2, "mu");
  const Var nameless = tape.variable(3);
  const Gradient g = gradient(mu * mu * nameless);
  EXPECT_EQ(fmt::format("{}", g), "{mu: 12, v1: 4}");
  EXPECT_EQ(fmt::format("{:.1f}", g), "{mu: 12.0, v1: 4.0}");
  EXPECT_EQ(fmt::format("{}", gradient(Var(1))), "{}");
  tape.clear();
  EXPECT_EQ(fmt::format("{}", g), "{of a tape cleared since}");
}

}  // namespace
