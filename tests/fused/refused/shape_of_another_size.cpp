#include <array>
#include <wengert/fuse.hpp>

auto f() {
  constexpr auto product = [](const auto& w, auto x) { return w[0] * w[1] * x; };
  return wengert::fuse(product).hessian_vector(wengert::Shape<2, 0>(), std::array{1.0, 2.0}, std::array{1.0, 0.0});
}
