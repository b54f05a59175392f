// What the debugger tests look into: the demo's trace, and one of each type, compiled without optimisation in every kind of
// build.
#include <cstdio>
#include <cstdlib>
#include <memory>
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

// A variable that many nodes use, on a tape long enough to feel what each node costs.
double many_uses(int n) {
  wengert::Tape tape;
  const wengert::Var x = tape.variable(0.5, "x");
  wengert::Var s = named("early", sin(x));
  for (int i = 0; i < n; ++i) s = sin(s) + 0.1 * x;
  const wengert::Gradient g = gradient(named("last", s));
  look_here();
  return g.wrt(x);
}

struct Model {
  wengert::Tape tape{true};
  wengert::Var loss;
  double fit(double at) {
    const wengert::Var w = tape.variable(at);
    const wengert::Var square = w * w;
    const wengert::Var dead = detach(w) * 2;
    loss = named("loss", select(w > 0, square, dead));
    return gradient(loss).wrt(w);
  }
};

// Variables without a name, tapes in members and behind pointers, and a fused function as a node.
double hidden_tapes() {
  const auto model = std::make_unique<Model>();
  Model* const same = model.get();
  const double slope = same->fit(3);
  constexpr auto fused = wengert::fuse([](auto x, auto y) { return x * y + sin(x); });
  wengert::Tape tape(true);
  const wengert::Var u = tape.variable(0.3, "u"), v = tape.variable(0.4, "v");
  const wengert::Var w = fused(u, v) * u;
  const wengert::Gradient g = gradient(w);
  look_here();
  return slope + g.wrt(v);
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

int main(int count, char** arguments) {
  if (count > 1) {
    std::printf("%g\n", hidden_tapes());
    std::printf("%g\n", many_uses(std::atoi(arguments[1])));
    return 0;
  }
  std::puts(vae_kl::trace_table(vae_kl::trace(0.5, 0.8, 0.3)).c_str());
  one_of_each_type();
  std::printf("%g\n", three_lines());
  std::printf("%g\n", area_and_edge(2, 3));
}
