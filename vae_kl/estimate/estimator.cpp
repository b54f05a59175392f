#include "estimate/estimator.hpp"

#include <array>
#include <cmath>
#include <span>
#include <stdexcept>
#include <utility>

#include "question/error.hpp"
#include "question/graph.hpp"
#include "wengert/batch.hpp"
#include "wengert/fused_batch.hpp"
#include "wengert/parallel_for.hpp"

namespace vae_kl {
namespace {

using wengert::Var;

constexpr auto faulty_kl_sample = []<class T>(const T& mu, const T& sigma, const T& fault, const T& eps) -> T {
  return with_fault(kl_sample(mu, sigma, eps), sigma, fault);
};
// The mean of t over an antithetic pair is a function of its eps like any other.
constexpr auto kl_pair = []<class T>(const T& mu, const T& sigma, const T& eps) -> T {
  return 0.5 * (kl_sample(mu, sigma, eps) + kl_sample(mu, sigma, -eps));
};
constexpr auto faulty_kl_pair = []<class T>(const T& mu, const T& sigma, const T& fault, const T& eps) -> T {
  return with_fault(kl_pair(mu, sigma, eps), sigma, fault);
};

/// The means of replicates, as one.
Estimate combined(std::span<const DimensionEstimate> replicates, Estimate DimensionEstimate::* quantity) {
  const double first = (replicates[0].*quantity).mean;
  Moments moments(first, std::fmax(1, std::fabs(first)));
  for (const DimensionEstimate& each : replicates) moments.add((each.*quantity).mean);
  return moments.estimate(replicates.size());
}
std::vector<DimensionEstimate> combined(const std::vector<DimensionEstimate>& all, std::size_t replicates) {
  std::vector<DimensionEstimate> estimates;
  for (std::size_t first = 0; first < all.size(); first += replicates) {
    const auto of = [&](auto quantity) { return combined(std::span(all).subspan(first, replicates), quantity); };
    estimates.push_back({of(&DimensionEstimate::kl), of(&DimensionEstimate::wrt_mu), of(&DimensionEstimate::wrt_sigma)});
  }
  return estimates;
}

/// Every dimension by the library's batches. `function` is anything that mean_gradient takes, `shared` gives a dimension's
/// inputs.
template <class Function, class Shared>
std::vector<DimensionEstimate> estimate_batched(const Function& function, const Parameters& parameters, const Shared& shared,
                                                const SamplingOptions& sampling, Progress& progress) {
  wengert::Ranks* const ranks = sampling.ranks;
  const SamplingPlan what = plan(sampling);
  if (!std::in_range<std::size_t>(what.evaluations))  // on 32 bits
    throw InputError("so many samples of a dimension are more than this system can count: ask for less than 2^32");
  const std::size_t replicates = what.replicates, batches = parameters.dimensions() * replicates;
  // Ranks share out the batches where there are enough, and each batch's samples where not; so do threads.
  const bool by_batches = ranks != nullptr && batches >= static_cast<std::size_t>(16 * ranks->count());
  const std::uint64_t weight = by_batches ? static_cast<std::uint64_t>(ranks->count()) : 1;
  const auto run = [&](std::size_t batch, int threads) -> DimensionEstimate {
    const std::size_t d = batch / replicates;
    const auto samples =
        wengert::Samples::generated(what.evaluations, 1, [&](std::size_t first, std::size_t count, double* const* columns) {
          fill_eps(sampling, d, batch % replicates, first, {columns[0], count});
        });
    wengert::BatchOptions options;
    options.threads = threads;
    std::size_t before = 0;
    options.progress = [&](std::size_t done) {
      progress.advance((done - before) * what.at_once * weight);
      before = done;
      return true;
    };
    const auto inputs = shared(parameters.mu[d], parameters.sigma[d]);
    const wengert::BatchResult mean = ranks != nullptr && !by_batches ? mean_gradient(*ranks, function, inputs, samples, options)
                                                                      : mean_gradient(function, inputs, samples, options);
    return {
        {mean.value, mean.value_error}, {mean.gradient[0], mean.gradient_error[0]}, {mean.gradient[1], mean.gradient_error[1]}};
  };
  const auto run_some = [&](std::size_t begin, std::size_t end, bool alone) {
    std::vector<DimensionEstimate> estimates(end - begin);
    const int threads = wengert::thread_count(sampling.threads);
    if (alone && estimates.size() >= static_cast<std::size_t>(4 * threads))
      wengert::parallel_for(estimates.size(), threads, [&](std::size_t k) { estimates[k] = run(begin + k, 1); });
    else
      for (std::size_t k = 0; k < estimates.size(); ++k) estimates[k] = run(begin + k, threads);
    return estimates;
  };
  const auto run_all = [&] {
    if (!by_batches) return run_some(0, batches, ranks == nullptr);
    return wengert::gather(*ranks, "estimate", [&] {
      const auto rank = static_cast<std::size_t>(ranks->rank()), count = static_cast<std::size_t>(ranks->count());
      return run_some(batches * rank / count, batches * (rank + 1) / count, true);
    });
  };
  return replicates == 1 ? run_all() : combined(run_all(), replicates);
}

std::vector<DimensionEstimate> estimate_stepped(const Parameters& parameters, const SamplingOptions& sampling, Progress& progress,
                                                Program program) {
  const std::uint64_t replicates = plan(sampling).replicates;
  if (replicates == 1) return estimate_stepped(parameters, sampling, 0, progress, program);
  std::vector<DimensionEstimate> all(parameters.dimensions() * replicates);
  for (std::uint64_t r = 0; r < replicates; ++r) {
    const auto one = estimate_stepped(parameters, sampling, r, progress, program);
    for (std::size_t d = 0; d < one.size(); ++d) all[d * replicates + r] = one[d];
  }
  return combined(all, replicates);
}

}  // namespace

std::string_view name(Way way) {
  constexpr std::string_view names[] = {"stepped", "replayed", "fused"};
  return names[static_cast<int>(way)];
}

wengert::Var record_graph(const wengert::Var& mu, const wengert::Var& sigma, const wengert::Var& eps) {
  return graph(mu, sigma, eps).t;
}

std::vector<DimensionEstimate> estimate(const Parameters& parameters, const SamplingOptions& sampling, Way way,
                                        Progress& progress, Program program) {
  if (way == Way::stepped) return estimate_stepped(parameters, sampling, progress, program);
  if (way == Way::fused && program != record_graph) throw std::invalid_argument("estimate: only the graph of graph.hpp is fused");
  const bool pairs = sampling.sampling == Sampling::antithetic;
  const auto recorded = [&](const Var& mu, const Var& sigma, const Var& eps) {
    return pairs ? 0.5 * (program(mu, sigma, eps) + program(mu, sigma, -eps)) : program(mu, sigma, eps);
  };
  if (sampling.fault == 0) {
    const auto shared = [](double mu, double sigma) { return std::array{mu, sigma}; };
    const auto run = [&](const auto& function) { return estimate_batched(function, parameters, shared, sampling, progress); };
    if (way == Way::fused) return pairs ? run(wengert::fuse(kl_pair)) : run(wengert::fuse(kl_sample));
    return run(wengert::record(recorded, 0.5, 0.8, 0.3));
  }
  const auto shared = [&](double mu, double sigma) { return std::array{mu, sigma, sampling.fault}; };
  const auto run = [&](const auto& function) { return estimate_batched(function, parameters, shared, sampling, progress); };
  if (way == Way::fused) return pairs ? run(wengert::fuse(faulty_kl_pair)) : run(wengert::fuse(faulty_kl_sample));
  const auto faulty = [&](const Var& mu, const Var& sigma, const Var& fault, const Var& eps) {
    return with_fault(recorded(mu, sigma, eps), sigma, fault);
  };
  return run(wengert::record(faulty, 0.5, 0.8, 0.1, 0.3));
}

}  // namespace vae_kl
