// The package links, and differentiates.
#include <cstdio>
#include <wengert/wengert.hpp>

int main() {
  wengert::Tape tape;
  const wengert::Var x = tape.variable(3, "x");
  const double slope = gradient(x * x).wrt(x);
  std::printf("d(x^2)/dx at 3 = %g\n", slope);
  return slope == 6 ? 0 : 1;
}
