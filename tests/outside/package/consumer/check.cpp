// Somebody's test of a gradient of their own: component check.
#include <cmath>
#include <cstdio>
#include <vector>
#include <wengert/check_gradient.hpp>

int main() {
  const auto f = [](const auto& x) { return log(x[0]) * sin(x[1]); };
  const auto report = wengert::check_gradient(f, std::vector<double>{0.7, 1.9});
  std::printf("%s\n", report.text().c_str());
  return report ? 0 : 1;
}
