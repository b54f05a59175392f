#include "estimate/sampling.hpp"

#include <algorithm>
#include <bit>

#include "random/random.hpp"
#include "random/sobol.hpp"

namespace vae_kl {

std::string_view name(Sampling sampling) {
  constexpr std::string_view names[] = {"plain", "antithetic", "sobol"};
  return names[static_cast<int>(sampling)];
}

SamplingPlan plan(const SamplingOptions& sampling) {
  const std::uint64_t samples = sampling.samples;
  if (sampling.sampling == Sampling::plain) return {1, samples, 1};
  if (sampling.sampling == Sampling::antithetic) return {1, samples / 2, 2};
  // 64 replicates or more: the verdict needs some to know their spread, and the error of each falls with its points
  const std::uint64_t points = std::min(std::uint64_t{1} << 32, std::bit_floor(std::max<std::uint64_t>(samples / 64, 1)));
  return {samples / points, points, 1};
}

void fill_eps(const SamplingOptions& sampling, std::uint64_t stream, std::uint64_t replicate, std::uint64_t first,
              std::span<double> eps) {
  if (sampling.sampling != Sampling::sobol) return fill_normals(sampling.seed, stream, first, eps);
  const int log_points = static_cast<int>(std::bit_width(plan(sampling).evaluations)) - 1;
  fill_sobol_normals({sampling.seed, stream, static_cast<std::uint32_t>(replicate), log_points}, first, eps);
}

}  // namespace vae_kl
