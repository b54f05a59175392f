// What the debugger tests look into: the demo's trace, and one of each type, compiled without optimisation in every kind of
// build.
#include <cstdio>
#include <span>

#include "question/trace.hpp"
#include "wengert/cursor.hpp"
#include "wengert/custom.hpp"
#include "wengert/function.hpp"
#include "wengert/fuse.hpp"
#include "wengert/wengert.hpp"

namespace {

void look_here() {}

void one_of_each_type() {
  using namespace wengert;
  Tape tape(true);
  const Var x = tape.variable(3, "x");
  const CustomOperation cube(
      "cube", 1, [](std::span<const double> v) { return v[0] * v[0] * v[0]; },
      [](std::span<const double> v, double, std::span<double> partials) { partials[0] = 3 * v[0] * v[0]; });
  const Var y = named("y", cube(x));
  const Var half = 0.5;
  const Var t = named("t", fma(x, half, y));
  const Gradient gradient_of_t = gradient(t);
  Cursor cursor = Cursor::reverse(t);
  cursor.step();
  const Function function = record([](auto a, auto b) { return a * b; }, 2.0, 3.0);
  look_here();
}

// What a reader steps through first.
double three_lines() {
  wengert::Tape tape;
  const wengert::Var mu = tape.variable(3, "mu"), sigma = tape.variable(4, "sigma");
  const wengert::Var product = mu * sigma;
  const wengert::Gradient g = gradient(product);
  const double in_mu = g.wrt(mu);
  return in_mu;
}

// One step of straight-line code for each node.
double area_and_edge(double x, double y) {
  constexpr auto fused = wengert::fuse([](auto a, auto b) {
    const auto area = wengert::named("area", a * b);
    return wengert::named("sum", area + a);
  });
  return fused.value(x, y);
}

}  // namespace

int main() {
  std::puts(vae_kl::trace_table(vae_kl::trace(0.5, 0.8, 0.3)).c_str());
  one_of_each_type();
  std::printf("%g\n", three_lines());
  std::printf("%g\n", area_and_edge(2, 3));
}
