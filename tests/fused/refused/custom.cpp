#include "wengert/custom.hpp"
#include "wengert/fuse.hpp"

const wengert::CustomOperation twice(
    "twice", 1, [](auto x) { return 2 * x[0]; }, [](auto, double, auto partials) { partials[0] = 2; });

double f(double x) {
  return wengert::fuse([](auto v) { return twice(v) + 1; })(x);
}
