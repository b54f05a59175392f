#include "wengert/fuse.hpp"

double f(double x) {
  return wengert::fuse([](auto v) { return v * exp(decltype(v)(2)); })(x);
}
