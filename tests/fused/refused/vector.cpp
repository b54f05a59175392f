#include <vector>
#include <wengert/fuse.hpp>

auto f() {
  return wengert::fuse([](const std::vector<wengert::Var>& x) { return x[0] * x[1]; }).gradient(std::vector<double>{1, 2});
}
