#include "wengert/values.hpp"

#include <gmock/gmock.h>

#include "wengert/dual.hpp"

namespace {

using namespace wengert;

TEST(Values, NumbersNodesFromZeroUpAndConstantsFromMinusOneDown) {
  Values<double> values(2, 3);
  for (NodeId i = -2; i < 3; ++i) values[i] = 10 * i;
  EXPECT_EQ(values.constants(), 2);
  EXPECT_EQ(values.nodes(), 3);
  EXPECT_EQ(values.base()[-2], -20);
  EXPECT_EQ(values.base()[2], 20);
}

TEST(Values, StartAtZeroAndReturnToItOnReset) {
  Values<Dual<double>> values(1, 1);
  EXPECT_EQ(values[-1].value, 0);
  values[0] = {3, 4};
  values.reset(1, 2);
  EXPECT_EQ(values[0].value, 0);
  EXPECT_EQ(values[0].tangent, 0);
  EXPECT_EQ(values.nodes(), 2);
}

TEST(Values, KeepTheirMemoryWhereItSuffices) {
  Values<double> values(10, 1000);
  const double* const before = values.base() - 10;
  values.reset(5, 500);
  EXPECT_EQ(values.base() - 5, before);
}

TEST(Values, AreEmptyByDefault) {
  const Values<float> values;
  EXPECT_EQ(values.nodes(), 0);
  EXPECT_EQ(values.constants(), 0);
}

TEST(Values, LendAViewOfThemselves) {
  Values<double> values(1, 2);
  values[-1] = 5;
  values[1] = 7;
  const ValuesView<double> view = values;
  EXPECT_EQ(view[-1], 5);
  EXPECT_EQ(view[1], 7);
  EXPECT_EQ(view.constants, 1);
  EXPECT_EQ(view.nodes, 2);
}

constexpr bool works_in_constant_evaluation() {
  Values<double> values(1, 1);
  values[-1] = 2;
  values.reset(2, 2);
  return values[-1] == 0 && values.nodes() == 2;
}
static_assert(works_in_constant_evaluation());

}  // namespace
