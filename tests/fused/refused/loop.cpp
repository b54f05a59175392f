#include "wengert/fuse.hpp"

double f(double x) {
  return wengert::fuse([](auto v) {
    while (v > 1) v = v / 2;
    return v;
  })(x);
}
