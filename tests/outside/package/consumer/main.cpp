// A program of somebody else's: takes a gradient, runs a batch, catches an error. Ends with 0 if all are right.
#include <array>
#include <cstdio>
#include <vector>
#include <wengert/batch.hpp>
#include <wengert/wengert.hpp>

int main() {
  wengert::Tape tape;
  const wengert::Var x = tape.variable(3, "x");
  const double slope = wengert::gradient(x * x + exp(0 * x)).wrt(x);
  std::printf("d(x^2)/dx at 3 = %g\n", slope);
  const wengert::Function product = wengert::record([](wengert::Var a, wengert::Var b) { return a * exp(b); }, 1.0, 1.0);
  const double mean = mean_gradient(product, std::array{2.0}, std::vector<double>(100, 0.0)).value;
  std::printf("mean of 2 exp(0) = %g\n", mean);
  tape.clear();
  try {
    wengert::gradient(x + 1);
  } catch (const wengert::StaleVariable& error) {
    std::printf("%s\n", error.what());
    return slope == 6 && mean == 2 ? 0 : 1;
  }
  return 1;
}
