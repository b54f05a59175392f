#include "wengert/fuse.hpp"

double f(double x, double a) {
  return wengert::fuse([a](auto v) { return v * a; })(x);
}
