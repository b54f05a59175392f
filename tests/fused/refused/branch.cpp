#include "wengert/fuse.hpp"

double f(double x) {
  return wengert::fuse([](auto v) { return v > 0 ? v : -v; })(x);
}
