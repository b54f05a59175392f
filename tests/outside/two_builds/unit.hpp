// What each of three files says of itself; one is compiled for debugging, one for release, one for small code, and they are
// linked together.
#pragma once

#include <memory>
#include <vector>

#include "wengert/fused_batch.hpp"
#include "wengert/local.hpp"
#include "wengert/wengert.hpp"

inline constexpr auto kl = [](auto mu, auto sigma, auto eps) {
  auto z = mu + sigma * eps;
  auto u = (z - mu) / sigma;
  return -0.5 * u * u - log(sigma) + 0.5 * z * z;
};

struct Unit {
  bool tape_keeps, tape_knows_lines, function_keeps;
  double fused_batch;
  // the same numbers whoever computes them, to the bit
  std::vector<double> numbers;
};

Unit debug_unit();
Unit release_unit();
Unit small_unit();

/// Compiled in all files: which of them a linker takes must not matter.
inline double by_operations(double x) {
  wengert::Tape tape(false);
  const wengert::Var at = tape.variable(x);
  return wengert::gradient(kl(at, at * at, 0.3) + wengert::local([](auto y) { return y > 1 ? sin(y) : cos(y); }, at)).wrt(at);
}
