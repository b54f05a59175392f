#include <vector>
#include <wengert/fused_elements.hpp>

wengert::BatchResult f(const std::vector<double>& x, const wengert::Elements& elements) {
  constexpr auto spring = [](auto a, auto b) { return (a - b) * (a - b); };
  return sum_gradient(wengert::fuse(spring).gathering<3>(), x, elements);
}
