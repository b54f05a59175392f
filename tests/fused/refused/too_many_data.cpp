#include <wengert/ceres.hpp>

auto f() {
  constexpr auto distance = [](const auto& x, auto... y) { return (x[0] - ... - y); };
  return new wengert::FusedCostFunction<distance, 1, 1>(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                                        22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33);
}
