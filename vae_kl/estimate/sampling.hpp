// Where the samples of eps come from, and what the standard errors are made of: means that are independent of each other.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "wengert/ranks.hpp"

namespace vae_kl {

enum class Sampling {
  plain,       ///< independent samples of N(0, 1)
  antithetic,  ///< pairs eps and -eps: what is odd in eps cancels
  sobol,       ///< scrambled Sobol' points, in replicates each with a scramble of its own
};
inline constexpr Sampling samplings[] = {Sampling::plain, Sampling::antithetic, Sampling::sobol};
std::string_view name(Sampling sampling);

struct SamplingOptions {
  std::uint64_t samples = 100'000;
  std::uint64_t seed = 1;
  int threads = 0;                  ///< 0 for one per processor
  double fault = 0;                 ///< relative, planted in the rule of log where not 0
  wengert::Ranks* ranks = nullptr;  ///< who share the work; null for this process alone
  Sampling sampling = Sampling::plain;
};

/// What is averaged: batches, in each of which a function is evaluated many times. Means that are independent and have one law
/// come out, and their spread tells how far off their mean may be, whatever goes on inside of them.
struct SamplingPlan {
  std::uint64_t replicates;   ///< batches, for each dimension
  std::uint64_t evaluations;  ///< in each of them
  std::uint64_t at_once;      ///< samples in an evaluation: 2 for a pair

  std::uint64_t means() const { return replicates > 1 ? replicates : evaluations; }
  std::uint64_t samples() const { return replicates * evaluations * at_once; }
};
/// Plain: each sample for itself. Antithetic: pairs. Sobol: 64 to 127 replicates, and a power of two of points in each, up to
/// 2^32; each sample for itself if there are fewer than 128. There are as many samples as come out even, so fewer than were asked
/// for: by one, or up to a sixty-fourth.
SamplingPlan plan(const SamplingOptions& sampling);

/// Writes the eps of evaluations first, first + 1, … of a replicate, for dimension `stream`; of a pair the first.
void fill_eps(const SamplingOptions& sampling, std::uint64_t stream, std::uint64_t replicate, std::uint64_t first,
              std::span<double> eps);

}  // namespace vae_kl
