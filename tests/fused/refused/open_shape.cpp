#include <array>
#include <vector>
#include <wengert/fused_batch.hpp>

auto f() {
  constexpr auto in_arrays = [](const auto& w, const auto& x) { return w[0] * x[0] + w[1] * x[1]; };
  return mean_gradient(wengert::fuse(in_arrays), std::array{0.5, 0.25}, wengert::Samples::rows(std::vector<double>(4), 2));
}
