// What does it cost that operators are calls (WENGERT_SMALL_CODE)? Wall time of a value and its gradient, recorded each time,
// with operators in line and as calls: least of 200 rounds in turns.
#include "calls.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>

int main() {
  const CallsKernels in_line = kernels_in_line(), calls = kernels_as_calls();
  const auto compare = [](const char* name, CallsKernel f, CallsKernel g) {
    if (f == nullptr) return;
    const CallsKernel ways[] = {f, g};
    double least[] = {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()}, results[2]{};
    for (int round = 0; round < 200; ++round)
      for (int way = 0; way < 2; ++way) {
        const auto start = std::chrono::steady_clock::now();
        for (const double x : {0.4, 1.3, 2.2}) results[way] += ways[way](x);
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        least[way] = std::min(least[way], seconds / 3);
      }
    const bool same = results[0] - results[1] == 0;
    fmt::print("| {} | {:.1f} | {:.2f} |{}\n", name, 1e6 * least[0], least[1] / least[0], same ? "" : " the results differ!");
  };
  fmt::print("| kernel | in line, us | calls / in line |\n|---|--:|--:|\n");
  compare("product (4000)", in_line.product, calls.product);
  compare("normal log-density (4000)", in_line.log_density, calls.log_density);
  compare("special functions", in_line.special, calls.special);
}
