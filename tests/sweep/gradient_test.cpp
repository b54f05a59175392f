#include "wengert/gradient.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "wengert/wengert.hpp"

namespace {

using namespace wengert;

// The chain rule on the demo's graph, as a textbook lays it out. q(z) = N(mu, sigma^2), p(z) = N(0, 1), at one sample eps:
//
//   z = mu + sigma eps,   r = log q(z) = -u^2/2 - log sigma - log(2 pi)/2 with u = (z - mu)/sigma,   s = log p(z),   t = r - s
//
// at mu = 0.5, sigma = 0.8, eps = 0.3. The right-hand sides are plain arithmetic, each line the one before it carried on.
TEST(Gradient, WalksThroughTheGraphOfTheDemo) {
  Tape tape;
  const Var mu = tape.variable(0.5, "mu");
  const Var sigma = tape.variable(0.8, "sigma");
  const Var eps = tape.variable(0.3, "eps");
  const double half_log_two_pi = 0.91893853320467274178;  // OEIS A075700

  // forwards: v_i from its arguments
  const Var v1 = sigma * eps;
  const Var z = named("z", mu + v1);
  const Var v2 = z - mu;
  const Var u = named("u", v2 / sigma);
  const Var v3 = u * u;
  const Var v4 = -0.5 * v3;
  const Var v5 = log(sigma);
  const Var v6 = v4 - v5;
  const Var r = named("r", v6 - half_log_two_pi);
  const Var v7 = z * z;
  const Var v8 = -0.5 * v7;
  const Var s = named("s", v8 - half_log_two_pi);
  const Var t = named("t", r - s);

  EXPECT_DOUBLE_EQ(v1.value(), 0.24);
  EXPECT_DOUBLE_EQ(z.value(), 0.74);
  EXPECT_DOUBLE_EQ(u.value(), 0.3);  // (z - mu) / sigma is eps again
  EXPECT_DOUBLE_EQ(r.value(), -0.045 - std::log(0.8) - half_log_two_pi);
  EXPECT_DOUBLE_EQ(s.value(), -0.2738 - half_log_two_pi);
  EXPECT_DOUBLE_EQ(t.value(), 0.2288 - std::log(0.8));

  // backwards: the adjoint of v_i is the sum over its uses v_j of (adjoint of v_j) * dv_j/dv_i
  const Gradient g = gradient(t);
  EXPECT_EQ(g.wrt(t), 1);                      // the seed
  EXPECT_EQ(g.wrt(s), -1);                     // t = r - s
  EXPECT_EQ(g.wrt(r), 1);                      //
  EXPECT_EQ(g.wrt(v8), -1);                    // s = v8 - const
  EXPECT_EQ(g.wrt(v7), 0.5);                   // v8 = -v7 / 2
  EXPECT_EQ(g.wrt(v6), 1);                     // r = v6 - const
  EXPECT_EQ(g.wrt(v5), -1);                    // v6 = v4 - v5
  EXPECT_EQ(g.wrt(v4), 1);                     //
  EXPECT_EQ(g.wrt(v3), -0.5);                  // v4 = -v3 / 2
  EXPECT_DOUBLE_EQ(g.wrt(u), -0.3);            // v3 = u u: u is used twice, -0.5 * u each
  EXPECT_DOUBLE_EQ(g.wrt(v2), -0.3 / 0.8);     // u = v2 / sigma
  EXPECT_DOUBLE_EQ(g.wrt(z), 0.74 - 0.375);    // v7 = z z gives 0.5 * 2z; v2 = z - mu gives -0.375
  EXPECT_DOUBLE_EQ(g.wrt(v1), 0.74 - 0.375);   // z = mu + v1
  EXPECT_DOUBLE_EQ(g.wrt(eps), 0.365 * 0.8);   // v1 = sigma eps
  EXPECT_DOUBLE_EQ(g.wrt(mu), 0.365 + 0.375);  // z = mu + v1 gives 0.365; v2 = z - mu gives 0.375
  EXPECT_DOUBLE_EQ(g.wrt(sigma),               //
                   0.365 * 0.3                 // v1 = sigma eps
                       - -0.3 * 0.3 / 0.8      // u = v2 / sigma: -u / sigma
                       - 1 / 0.8);             // v5 = log sigma

  // and in closed form: dt/dmu = z, dt/dsigma = z eps - 1/sigma
  EXPECT_DOUBLE_EQ(g.wrt(mu), 0.74);
  EXPECT_DOUBLE_EQ(g.wrt(sigma), 0.74 * 0.3 - 1 / 0.8);
}

TEST(Gradient, AddsUpOverAFanOut) {
  Tape tape;
  const Var x = tape.variable(0.7);
  Var sum = 0;
  for (int i = 0; i < 1000; ++i) sum += x * i;
  EXPECT_EQ(gradient(sum).wrt(x), 999 * 1000 / 2);
}

TEST(Gradient, IsZeroInAnUnusedInput) {
  Tape tape;
  const Var x = tape.variable(2), unused = tape.variable(3);
  const Gradient g = gradient(x * x);
  EXPECT_EQ(g.wrt(unused), 0);
  EXPECT_EQ(g.wrt(x), 4);
}

TEST(Gradient, OfAConstantIsZero) {
  Tape tape;
  const Var x = tape.variable(2);
  EXPECT_EQ(gradient(Var(3)).wrt(x), 0);
  EXPECT_EQ(gradient(exp(Var(3)) * 2).wrt(x), 0);
}

TEST(Gradient, OfAnIndependentInItselfIsOne) {
  Tape tape;
  const Var x = tape.variable(2), y = tape.variable(3);
  EXPECT_EQ(gradient(x).wrt(x), 1);
  EXPECT_EQ(gradient(x).wrt(y), 0);
}

TEST(Gradient, IsReadInIntermediateVariablesToo) {
  Tape tape;
  const Var x = tape.variable(2);
  const Var square = x * x;
  EXPECT_EQ(gradient(3 * square).wrt(square), 3);
}

TEST(Gradient, OfSeveralDependentsOnOneTapeIsTakenSeparately) {
  Tape tape;
  const Var x = tape.variable(2);
  const Var a = x * x, b = 5 * x;
  const Gradient ga = gradient(a), gb = gradient(b);
  EXPECT_EQ(ga.wrt(x), 4);
  EXPECT_EQ(gb.wrt(x), 5);
  EXPECT_EQ(ga.wrt(b), 0);
}

TEST(Gradient, OutlivesFurtherRecording) {
  Tape tape;
  const Var x = tape.variable(2);
  const Gradient g = gradient(x * x);
  for (int i = 0; i < 1000; ++i) sin(x);
  EXPECT_EQ(g.wrt(x), 4);
}

TEST(Gradient, RestsInItsOwnMemory) {
  Tape tape;
  const Var x = tape.variable(2);
  Gradient g = gradient(x * x);
  const Gradient copy = g;
  gradient(7 * x, g);
  EXPECT_EQ(g.wrt(x), 7);
  EXPECT_EQ(copy.wrt(x), 4);
}

}  // namespace
