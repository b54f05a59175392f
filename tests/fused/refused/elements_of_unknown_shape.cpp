#include <vector>
#include <wengert/fused_elements.hpp>

wengert::BatchResult f(const std::vector<double>& x, const wengert::Elements& elements) {
  constexpr auto spring = [](const auto& a, const auto& b) { return (a[0] - b[0]) * (a[1] - b[1]); };
  return sum_gradient(wengert::fuse(spring), x, elements);
}
