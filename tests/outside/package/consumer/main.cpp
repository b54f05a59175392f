// A program of somebody else's: takes a gradient, catches an error. Ends with 0 if both are right.
#include <cstdio>
#include <wengert/wengert.hpp>

int main() {
  wengert::Tape tape;
  const wengert::Var x = tape.variable(3, "x");
  const double slope = wengert::gradient(x * x + exp(0 * x)).wrt(x);
  std::printf("d(x^2)/dx at 3 = %g\n", slope);
  tape.clear();
  try {
    wengert::gradient(x + 1);
  } catch (const wengert::StaleVariable& error) {
    std::printf("%s\n", error.what());
    return slope == 6 ? 0 : 1;
  }
  return 1;
}
