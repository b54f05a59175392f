// What must run on every system: recording, a gradient, a Hessian, a recorded Function, a batch, fused code, an error, printing.
// Plain assertions, so that it cross-compiles without a test framework; built by .ci/compilers and .ci/wasm.
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "wengert/batch.hpp"
#include "wengert/elements.hpp"
#include "wengert/function.hpp"
#include "wengert/ostream.hpp"
#include "wengert/wengert.hpp"
#ifdef WENGERT_CAN_FUSE
#include "wengert/fuse.hpp"
#include "wengert/fused_batch.hpp"
#endif

namespace {

int failures = 0;

/// A few roundings of terms of size 1.
void expect_near(double got, double want, const char* what) {
  if (std::fabs(got - want) <= 1e-14 * (1 + std::fabs(want))) return;
  std::printf("FAIL %s: %.17g instead of %.17g\n", what, got, want);
  ++failures;
}
void expect(bool right, const char* what) {
  if (right) return;
  std::printf("FAIL %s\n", what);
  ++failures;
}

// x y + sin x, whose derivatives are y + cos x and x, and -sin x, 1, 0
constexpr auto f = [](auto x, auto y) { return x * y + sin(x); };

}  // namespace

int main() {
  using namespace wengert;
  const double x0 = 0.7, y0 = -1.3, by_x = y0 + std::cos(x0), by_y = x0;
  {
    Tape tape;
    const Var x = tape.variable(x0, "x"), y = tape.variable(y0, "y");
    const Var t = f(x, y);
    const Gradient g = gradient(t);
    expect_near(t.value(), x0 * y0 + std::sin(x0), "value");
    expect_near(g.wrt(x), by_x, "d/dx");
    expect_near(g.wrt(y), by_y, "d/dy");
    const DenseMatrix h = hessian(t, std::array{x, y});
    expect_near(h(0, 0), -std::sin(x0), "d2/dx2");
    expect_near(h(0, 1), 1, "d2/dxdy");
    expect_near(h(1, 1), 0, "d2/dy2");
    std::ostringstream out;
    out << -std::numeric_limits<double>::quiet_NaN() * x;
    expect(out.str() == "nan", "a NaN prints as nan");
#ifndef __wasm__  // which has no exceptions
    bool refused = false;
    try {
      Tape other;
      static_cast<void>(x + other.variable(1));
    } catch (const ForeignVariable&) {
      refused = true;
    }
    expect(refused, "variables of two tapes are refused");
#endif
  }
  const Function recorded = record(f, x0, y0);
  expect_near(recorded.gradient(x0, y0)[0], by_x, "d/dx of a Function");
  expect_near(recorded(1.5, 2.0), 3 + std::sin(1.5), "value of a Function elsewhere");

  std::vector<double> samples(1001);
  double mean = 0, mean_by_x = 0;
  for (std::size_t k = 0; k < samples.size(); ++k) {
    samples[k] = 0.001 * static_cast<double>(k) - 0.5;
    mean += (x0 * samples[k] + std::sin(x0)) / 1001;
    mean_by_x += (samples[k] + std::cos(x0)) / 1001;
  }
  const BatchResult replayed = mean_gradient(recorded, std::array{x0}, samples);
  expect_near(replayed.value, mean, "mean of a batch");
  expect_near(replayed.gradient[0], mean_by_x, "d/dx of a batch");

  // three terms of a sum, each of two entries of a long vector
  const std::vector<double> long_vector = {x0, y0, 0.25};
  const Elements elements = Elements::rows(std::vector<NodeId>{0, 1, 1, 2, 2, 0}, 2);
  const BatchResult sum = sum_gradient(recorded, long_vector, elements);
  expect_near(sum.gradient[0], y0 + std::cos(x0) + 0.25, "d/dx of elements");

#ifdef WENGERT_CAN_FUSE
  const auto fused = fuse(f);
  expect_near(fused.gradient(x0, y0)[0], by_x, "d/dx fused");
  expect_near(fused.hessian(x0, y0)[0][0], -std::sin(x0), "d2/dx2 fused");
  const BatchResult batch = mean_gradient(fused, std::array{x0}, samples);
  expect_near(batch.value, mean, "mean of a fused batch");
  expect_near(batch.gradient[0], mean_by_x, "d/dx of a fused batch");
  // a piece of a recording: the partials of its partials are operations that must not be taken for others
  const Function piece = record([](auto x, auto y) { return fuse(f)(x, y); }, x0, y0);
  const std::vector<double> second = piece.derivative().output(1).derivative().values(std::array{x0, y0});
  expect_near(second[0], by_x, "d/dx of a piece");
  expect_near(second[1], -std::sin(x0), "d2/dx2 of a piece, on tapes");
  expect_near(second[2], 1, "d2/dxdy of a piece, on tapes");
  const char* const fuses = "fused too";
#else
  const char* const fuses = "not fused";
#endif
  std::printf("%d-bit, %s: %s\n", static_cast<int>(8 * sizeof(void*)), fuses, failures == 0 ? "all is well" : "failures");
  return failures == 0 ? 0 : 1;
}
