// What does a bound on rounding cost? gradient_with_bounds in gradients of the same function, each operation a node, in local
// pieces, and fused. Least times of rounds in which the two take turns.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <limits>
#include <vector>

#include "wengert/function.hpp"
#include "wengert/local.hpp"
#if defined(WENGERT_CAN_FUSE)
#include "wengert/fuse.hpp"
#endif

namespace {

using wengert::Var;

/// The shortest time of one call in a round of 2 ms, and of what was measured before.
template <class Work>
double shorter(double least, Work work) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  int calls = 0;
  std::chrono::duration<double> passed{};
  for (; passed.count() < 2e-3; passed = Clock::now() - start, ++calls) work();
  return std::min(least, passed.count() / calls);
}

/// A sum over pairs of inputs of what `piece` makes of two.
template <class Piece>
void report(const char* name, const char* way, std::size_t n, Piece piece) {
  std::vector<double> x(n);
  for (std::size_t k = 0; k < n; ++k) x[k] = 0.3 + 0.4 * std::pow(std::sin(static_cast<double>(k) + 1), 2);
  const auto f = wengert::record(
      [&](const std::vector<Var>& v) {
        Var sum = 0;
        for (std::size_t k = 0; k + 1 < n; k += 2) sum += piece(v[k], v[k + 1]);
        return sum;
      },
      x);
  wengert::Workspace workspace;
  double gradient = std::numeric_limits<double>::infinity(), with_bounds = gradient;
  for (int round = 0; round < 50; ++round) {
    gradient = shorter(gradient, [&] { f.gradient(x, workspace); });
    with_bounds = shorter(with_bounds, [&] { f.gradient_with_bounds(x); });
  }
  fmt::print("{:<14}{:<8}{:>6}{:>14.2f}{:>12.1f}\n", name, way, n, 1e6 * gradient, with_bounds / gradient);
  std::fflush(stdout);
}

}  // namespace

int main() {
  constexpr auto log_density = [](const auto& mu, const auto& sigma) {
    const auto z = mu + 0.5 * sigma, e = (z - mu) / sigma;
    return -0.5 * e * e - log(sigma) + 0.5 * z * z;
  };
  constexpr auto sums = [](const auto& a, const auto& b) { return a + b - 0.25 + (a - 2 * b) + (b - a); };
  constexpr auto products = [](const auto& a, const auto& b) { return a * b * a * b * 1.25 * a * b + a * a * b; };
  constexpr auto quotients = [](const auto& a, const auto& b) { return 1 / (a / (1 / (b + 1)) + 1) / b; };
  constexpr auto functions = [](const auto& a, const auto& b) { return exp(sin(tanh(a))) * b + sqrt(a * a + b * b); };
  fmt::print("{:<14}{:<8}{:>6}{:>14}{:>12}\n", "sum over", "way", "n", "gradient us", "with bounds");
  for (const std::size_t n : {20, 200, 2000}) {
    const auto ways = [n](const char* name, auto piece) {
      report(name, "nodes", n, piece);
      report(name, "local", n, [piece](const Var& a, const Var& b) { return wengert::local(piece, a, b); });
#if defined(WENGERT_CAN_FUSE)
      report(name, "fused", n, wengert::fuse(piece));
#endif
    };
    ways("log-density", log_density);
    ways("sums", sums);
    ways("products", products);
    ways("quotients", quotients);
    ways("functions", functions);
  }
}
