#include "estimate/way_comparison.hpp"

#include <chrono>
#include <cmath>

#include "estimate/comparison.hpp"

namespace vae_kl {
namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

/// Nanoseconds for one normal: the shortest of a hundred blocks, for whatever else the machine does only adds to it.
double time_of_a_normal(const SamplingOptions& sampling) {
  std::vector<double> block(4096);
  double shortest = 1;
  for (std::uint64_t round = 0; round < 100; ++round) {
    const auto begin = Clock::now();
    fill_eps(sampling, 0, 0, round * block.size(), block);
    shortest = std::fmin(shortest, seconds_since(begin));
  }
  return 1e9 * shortest / static_cast<double>(block.size());
}

/// Distance of two estimates of the same mean, from the same samples, in roundings of one sample: sums that keep their digits
/// differ by no more than the samples do.
double roundings_apart(const Estimate& a, const Estimate& b, double resolution, std::uint64_t means) {
  const double spread = a.standard_error * std::sqrt(static_cast<double>(means));
  const double rounding = std::fmax(0x1p-52 * (std::fabs(a.mean) + spread), resolution);
  const double error_apart = std::fabs(a.standard_error - b.standard_error) * std::sqrt(static_cast<double>(means));
  return (std::fabs(a.mean - b.mean) + error_apart) / rounding;  // a sum, since fmax would drop a NaN
}

}  // namespace

std::vector<WayRun> run_ways(const std::vector<Way>& chosen, const Parameters& parameters, const SamplingOptions& sampling,
                             bool show_progress, Program program) {
  std::vector<WayRun> runs;
  const double evaluations = static_cast<double>(sampling.samples) * static_cast<double>(parameters.dimensions());
  Progress progress(evaluations * static_cast<double>(chosen.size()), show_progress);
  for (const Way way : chosen) {
    const auto begin = Clock::now();
    std::vector<DimensionEstimate> estimates = estimate(parameters, sampling, way, progress, program);
    runs.push_back({way, std::move(estimates), seconds_since(begin)});
  }
  return runs;
}

bool batches_in_range(const Parameters& parameters) {
  for (std::size_t d = 0; d < parameters.dimensions(); ++d)
    if (std::fabs(parameters.mu[d]) + 9 * parameters.sigma[d] > 1e70) return false;  // its fourth power, 1e28 times
  return true;
}

WayComparison compare_ways(const std::vector<WayRun>& runs, const Parameters& parameters, const SamplingOptions& sampling) {
  // A few roundings in a sample, and the standard errors' differences are those of squares.
  WayComparison result{{}, time_of_a_normal(sampling), 64, true};
  const double evaluations = static_cast<double>(sampling.samples) * static_cast<double>(parameters.dimensions());
  const std::vector<DimensionEstimate>& first = runs.front().estimates;
  for (const WayRun& run : runs) {
    double most = 0;
    for (std::size_t d = 0; d < first.size(); ++d) {
      const Resolution resolution(parameters.mu[d], parameters.sigma[d]);
      const auto compare = [&](const Estimate& a, const Estimate& b, double rounding) {
        const double apart = roundings_apart(a, b, rounding, plan(sampling).means());
        if (!std::isnan(most) && !(apart <= most)) most = apart;  // a NaN stays
      };
      compare(first[d].kl, run.estimates[d].kl, resolution.kl);
      compare(first[d].wrt_mu, run.estimates[d].wrt_mu, resolution.wrt_mu);
      compare(first[d].wrt_sigma, run.estimates[d].wrt_sigma, resolution.wrt_sigma);
    }
    result.rows.push_back({run.way, 1e9 * run.seconds / evaluations, most});
    result.agree = result.agree && most <= result.allowed;
  }
  return result;
}

}  // namespace vae_kl
