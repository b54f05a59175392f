// What does a gradient cost, each way, against the adjoint written by hand? All kernels, all ways, in one run.
#include "compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace {

std::vector<Registered>& registered_ways() {
  static std::vector<Registered> ways;
  return ways;
}

}  // namespace

void remember(Registered registered) { registered_ways().push_back(std::move(registered)); }

bool all_ways_agree() {
  bool agree = true;
  std::string kernel;
  double expected_value = 0;
  std::vector<double> expected;
  for (const Registered& way : registered_ways()) {
    std::vector<double> gradient(way.point.size());
    const double value = way.run(way.point, gradient);
    if (way.kernel != kernel) {  // the first way of a kernel is the one by hand
      kernel = way.kernel;
      expected_value = value;
      expected = gradient;
      continue;
    }
    // Of the largest entry: rounding in sums of 10^6 terms in another order stays 100 times below 1e-12. In single precision a
    // term is off by some 1e-7 of its parts, which are larger than their mean.
    const double tolerance = way.check == Check::Roughly ? 1e-5 : 1e-12;
    double largest = 0, apart = 0;
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      largest = std::max(largest, std::abs(expected[i]));
      const double difference = std::abs(gradient[i] - expected[i]);
      if (!(difference <= apart)) apart = difference;  // NaN counts
    }
    const bool value_agrees = std::abs(value - expected_value) <= tolerance * std::max(1.0, std::abs(expected_value));
    const bool gradient_agrees = way.check == Check::Value || apart <= tolerance * std::max(1.0, largest);
    if (value_agrees && gradient_agrees) continue;
    fmt::print(stderr, "compare: {}/{} disagrees with the adjoint by hand: value {} for {}, gradient apart by {:.2e}\n",
               way.kernel, way.way, value, expected_value, apart);
    agree = false;
  }
  return agree;
}

int main(int argc, char** argv) {
  add_vae_kl();
  add_gmm();
  add_reductions();
  add_lstm();
  add_mlp();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  if (!all_ways_agree()) return 1;
  benchmark::AddCustomContext("compiler", WENGERT_BENCHMARK_COMPILER);
  benchmark::AddCustomContext("flags", WENGERT_BENCHMARK_FLAGS);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
