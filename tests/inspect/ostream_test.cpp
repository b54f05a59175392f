#include "wengert/ostream.hpp"

#include <gmock/gmock.h>

#include <iomanip>
#include <limits>
#include <sstream>
#include <string>

#include "wengert/wengert.hpp"

namespace {

using namespace wengert;

template <class T>
std::string printed(const T& x) {
  std::ostringstream out;
  out << x;
  return out.str();
}

TEST(Io, PrintsAVariableAsItsValue) {
  Tape tape;
  EXPECT_EQ(printed(tape.variable(0.25, "x")), "0.25");
  EXPECT_EQ(printed(Var(-3)), "-3");
}

TEST(Io, FollowsTheSettingsOfTheStreamAsADoubleDoes) {
  Tape tape;
  std::ostringstream var, number;
  var << std::setw(12) << std::setprecision(3) << std::scientific << tape.variable(1.0 / 3) << '|';
  number << std::setw(12) << std::setprecision(3) << std::scientific << 1.0 / 3 << '|';
  EXPECT_EQ(var.str(), number.str());
}

TEST(Io, PrintsANanWithoutItsSign) {
  const double negative = -std::numeric_limits<double>::quiet_NaN();
  Tape tape;
  const Var x = tape.variable(negative, "x");
  EXPECT_EQ(printed(x), "nan");
  EXPECT_EQ(printed(Dual<double>(negative, negative)), "(nan, nan)");
  DenseMatrix matrix(1, 1);
  matrix(0, 0) = negative;
  EXPECT_EQ(printed(matrix), "[[nan]]");
  EXPECT_EQ(printed(gradient(x * negative)), "{x: nan}");
}

TEST(Io, PrintsOnWideStreamsToo) {
  std::wostringstream out;
  out << Var(1.5);
  EXPECT_EQ(out.str(), L"1.5");
}

TEST(Io, PrintsTheOtherTypesAsFormatDoes) {
  EXPECT_EQ(printed(Dual<double>(1.5, -2)), "(1.5, -2)");
  EXPECT_EQ(printed(Op::Mul), "mul");
  EXPECT_EQ(printed(Location{"demo.cpp", 12}), "demo.cpp:12");
  EXPECT_EQ(printed(Location{}), "unknown place");
  DenseMatrix matrix(2, 2);
  matrix.data = {1, 2, 3, 4};
  EXPECT_EQ(printed(matrix), "[[1, 2],\n [3, 4]]");
  EXPECT_EQ(printed(DenseMatrix()), "[]");
}

TEST(Io, PrintsAGradientByTheNamesOfItsIndependents) {
  Tape tape;
  const Var mu = tape.variable(2, "mu");
  const Var nameless = tape.variable(3);
  const Gradient g = gradient(mu * mu * nameless);
  EXPECT_EQ(printed(g), "{mu: 12, v1: 4}");
  EXPECT_EQ(printed(gradient(Var(1))), "{}");
  tape.clear();
  EXPECT_EQ(printed(g), "{of a tape cleared since}");
  EXPECT_EQ(printed(gradient(tape.variable(1) + 1)), "{v0: 1}");
}

}  // namespace
