#include <array>
#include <wengert/fuse.hpp>

auto f() {
  return wengert::fuse([](auto x, auto y) { return x * y; }).push_forward(std::array{1.0}, 1.0, 2.0);
}
