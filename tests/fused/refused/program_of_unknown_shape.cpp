#include <wengert/fuse.hpp>

auto f() {
  return wengert::fuse([](const auto& w, auto x) { return w[0] * w[1] * x; }).program();
}
