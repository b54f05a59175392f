#include "wengert/gradient.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "wengert/wengert.hpp"

namespace {

using namespace wengert;

// The walk-through of the demo's graph, line by line, at mu = 0.5, sigma = 0.8, eps = 0.3. Expected values by hand:
// dt/dmu = z, dt/dsigma = z * eps - 1/sigma.
TEST(Gradient, WalksThroughTheGraphOfTheDemo) {
  Tape tape;
  const Var mu = tape.variable(0.5, "mu");
  const Var sigma = tape.variable(0.8, "sigma");
  const Var eps = tape.variable(0.3, "eps");
  const Var z = named("z", mu + sigma * eps);
  const Var u = (z - mu) / sigma;
  const Var r = named("r", -0.5 * u * u - log(sigma));
  const Var s = named("s", -0.5 * z * z);
  const Var t = named("t", r - s);

  const Gradient g = gradient(t);
  EXPECT_EQ(g.wrt(t), 1);
  EXPECT_EQ(g.wrt(r), 1);
  EXPECT_EQ(g.wrt(s), -1);
  EXPECT_DOUBLE_EQ(g.wrt(mu), 0.74);
  EXPECT_DOUBLE_EQ(g.wrt(sigma), 0.74 * 0.3 - 1 / 0.8);
}

}  // namespace
