// Recordings as text.
#include "wengert/notation.hpp"

#include <gmock/gmock.h>

#include <vector>

#include "wengert/function.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace wengert;

TEST(Notation, OfAFunctionIsALineForEachOperation) {
  const Function f = record(
      [](Var x, Var y) {
        const Var product = x * y;  // operands of one expression may come in any order
        return product + sin(x);
      },
      2.0, 3.0);
  EXPECT_EQ(to_string(f), "(v0, v1) ->\n  v2 = v0 * v1\n  v3 = sin(v0)\n  v4 = v2 + v3\n  v4");
  const Function two = record([](const std::vector<Var>& x) { return std::vector<Var>{exp(x[0]), -x[0]}; }, std::vector{1.0});
  EXPECT_EQ(to_string(two), "v0 ->\n  v1 = exp(v0)\n  v2 = -v0\n  (v1, v2)");
}

TEST(Notation, OfALongFunctionIsItsBeginningAndItsEnd) {
  const Function f = record(
      [](Var x) {
        for (int k = 0; k < 9; ++k) x = sin(x);
        return x;
      },
      1.0);
  EXPECT_EQ(to_string(f, 4), "v0 ->\n  v1 = sin(v0)\n  v2 = sin(v1)\n  ... 5 more ...\n  v8 = sin(v7)\n  v9 = sin(v8)\n  v9");
  EXPECT_EQ(to_string(f, 5),
            "v0 ->\n  v1 = sin(v0)\n  v2 = sin(v1)\n  ... 4 more ...\n  v7 = sin(v6)\n  v8 = sin(v7)\n"
            "  v9 = sin(v8)\n  v9");
  EXPECT_EQ(to_string(f, 9), to_string(f, 1000));
  EXPECT_THAT(to_string(f, 9), testing::Not(testing::HasSubstr("more")));
}

}  // namespace
