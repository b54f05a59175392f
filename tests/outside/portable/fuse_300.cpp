// A function of 300 operations: its gradient is fused under the limits that compilers set by themselves.
#include <array>
#include <cmath>
#include <cstdio>
#include <vector>

#include "wengert/fuse.hpp"
#include "wengert/fused_batch.hpp"

namespace {

constexpr auto f = [](auto x, auto y) {
  auto t = x;
  for (int k = 0; k < 50; ++k) t = t + 0.1 * sin(t * y) - t / (k + 20);  // six operations each
  return t;
};

}  // namespace

int main() {
  const double h = 1e-6;
  const auto g = wengert::fuse(f).gradient(0.7, 0.9);
  double up = 0.7 + h, down = 0.7 - h;
  using std::sin;
  for (double* t : {&up, &down})
    for (int k = 0; k < 50; ++k) *t = *t + 0.1 * sin(*t * 0.9) - *t / (k + 20);
  // a difference of numbers of size 1 over 2e-6: 1e-10
  if (!(std::fabs(g[0] - (up - down) / (2 * h)) < 1e-9)) {
    std::printf("FAIL d/dx = %g instead of %g\n", g[0], (up - down) / (2 * h));
    return 1;
  }
  std::printf("300 operations fused, d/dx = %.6g\n", g[0]);
  return 0;
}
