// What must come out alike on another processor: batches on its lanes against the scalar sweep, fused code against both, and the
// bits of the demo's normals. Plain assertions, so that it cross-compiles without a test framework; built by .ci/aarch64.
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "random/random.hpp"
#include "wengert/batch.hpp"
#include "wengert/function.hpp"
#include "wengert/fuse.hpp"
#include "wengert/fused_batch.hpp"
#include "wengert/instruction_set.hpp"
#include "wengert/vector_math.hpp"

namespace {

int failures = 0;

void expect_near(double got, double want, double ulps, const char* what) {
  const double allowed = ulps * 0x1p-52 * std::fabs(want);
  if (std::fabs(got - want) <= allowed || (std::isnan(got) && std::isnan(want))) return;
  std::printf("FAIL %s: %.17g instead of %.17g\n", what, got, want);
  ++failures;
}

constexpr auto sample = [](auto mu, auto sigma, auto eps) {
  const auto z = mu + sigma * eps, u = (z - mu) / sigma;
  return -0.5 * u * u - log(sigma) + 0.5 * z * z + tanh(z) * exp(-z * z);
};

}  // namespace

int main() {
  using namespace wengert;
  std::vector<double> eps(1001);
  vae_kl::fill_normals(7, 3, 5, eps);

  // FNV-1a over the bits of 1001 normals, the same on every processor and instruction set
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const double x : eps)
    for (int k = 0; k < 64; k += 8) hash = (hash ^ (std::bit_cast<std::uint64_t>(x) >> k & 0xff)) * 0x100000001b3;
  if (hash != 0x9bcf742de61f7d60u) {
    std::printf("FAIL normals: other bits, 0x%llx\n", static_cast<unsigned long long>(hash));
    ++failures;
  }

  const Function f = record(sample, 0.5, 0.8, 0.3);
  double value = 0, by_mu = 0, by_sigma = 0;
  for (const double e : eps) {
    const auto [v, g] = f.value_and_gradient(std::array{0.5, 0.8, e});
    value += v;
    by_mu += g[0];
    by_sigma += g[1];
  }
  // sums of a thousand terms of size 1: a few hundred roundings
  const BatchResult replayed = sum_gradient(f, std::array{0.5, 0.8}, eps),
                    fused = sum_gradient(fuse(sample), std::array{0.5, 0.8}, eps);
  for (const BatchResult* batch : {&replayed, &fused}) {
    expect_near(batch->value, value, 500, "value of a batch");
    expect_near(batch->gradient[0], by_mu, 500, "d/dmu of a batch");
    expect_near(batch->gradient[1], by_sigma, 500, "d/dsigma of a batch");
  }

  std::vector<double> x(257), out(257);
  for (std::size_t k = 0; k < x.size(); ++k) x[k] = 0.01 + 0.05 * static_cast<double>(k);
  const auto hold = [&](void (*lanes)(std::span<const double>, std::span<double>), double (*plain)(double), const char* name) {
    lanes(x, out);
    for (std::size_t k = 0; k < x.size(); ++k) expect_near(out[k], plain(x[k]), 4, name);
  };
  hold(&vector_math::exp, [](double v) { return std::exp(v); }, "exp");
  hold(&vector_math::log, [](double v) { return std::log(v); }, "log");
  hold(&vector_math::sin, [](double v) { return std::sin(v); }, "sin");
  hold(&vector_math::tanh, [](double v) { return std::tanh(v); }, "tanh");
  hold(&vector_math::sqrt, [](double v) { return std::sqrt(v); }, "sqrt");
  std::printf("%s, %zu samples: %s\n", name(instruction_set()), eps.size(), failures == 0 ? "all alike" : "differences");
  return failures == 0 ? 0 : 1;
}
