#include <wengert/ceres.hpp>

auto f() {
  constexpr auto distance = [](const auto& x, auto y) { return x[0] - y; };
  return new wengert::FusedCostFunction<distance, 2, 1>(0.5);
}
