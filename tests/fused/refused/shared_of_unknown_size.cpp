#include <vector>
#include <wengert/fused_batch.hpp>

wengert::BatchResult f(const std::vector<double>& shared, const std::vector<double>& samples) {
  return mean_gradient(wengert::fuse([](auto a, auto x) { return a * x; }), shared, samples);
}
