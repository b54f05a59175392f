#include <vector>
#include <wengert/batch.hpp>

wengert::BatchResult f(const wengert::Function& f) {
  return wengert::mean_gradient(f, std::vector<double>{1}, std::vector<int>{1, 2});
}
