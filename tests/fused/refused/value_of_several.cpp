#include <array>
#include <wengert/fuse.hpp>

auto f() {
  return wengert::fuse([](auto x, auto y) { return std::array{x * y, x + y}; }).value(1.0, 2.0);
}
