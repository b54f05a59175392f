#include "estimate/estimator.hpp"

#include <array>
#include <span>
#include <stdexcept>

#include "question/graph.hpp"
#include "random/random.hpp"
#include "wengert/batch.hpp"
#include "wengert/fused_batch.hpp"
#include "wengert/parallel_for.hpp"

namespace vae_kl {
namespace {

using wengert::Var;

constexpr auto faulty_kl_sample = []<class T>(const T& mu, const T& sigma, const T& fault, const T& eps) -> T {
  return with_fault(kl_sample(mu, sigma, eps), sigma, fault);
};

/// Every dimension by the library's batches. `function` is anything that mean_gradient takes, `shared` gives a dimension's
/// inputs.
template <class Function, class Shared>
std::vector<DimensionEstimate> estimate_batched(const Function& function, const Parameters& parameters, const Shared& shared,
                                                const SamplingOptions& sampling, Progress& progress) {
  wengert::Ranks* const ranks = sampling.ranks;
  const auto dimensions = parameters.dimensions();
  // Ranks share out the dimensions where there are enough, and each dimension's samples where not; so do threads.
  const bool by_dimensions = ranks != nullptr && dimensions >= static_cast<std::size_t>(16 * ranks->count());
  const std::uint64_t weight = by_dimensions ? static_cast<std::uint64_t>(ranks->count()) : 1;
  const auto run = [&](std::size_t d, int threads) -> DimensionEstimate {
    const auto samples =
        wengert::Samples::generated(sampling.samples, 1, [&](std::size_t first, std::size_t count, double* const* columns) {
          fill_normals(sampling.seed, d, first, {columns[0], count});
        });
    wengert::BatchOptions options;
    options.threads = threads;
    std::size_t before = 0;
    options.progress = [&](std::size_t done) {
      progress.advance((done - before) * weight);
      before = done;
      return true;
    };
    const auto inputs = shared(parameters.mu[d], parameters.sigma[d]);
    const wengert::BatchResult mean = ranks != nullptr && !by_dimensions
                                          ? mean_gradient(*ranks, function, inputs, samples, options)
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
  if (!by_dimensions) return run_some(0, dimensions, ranks == nullptr);
  return wengert::gather(*ranks, "estimate", [&] {
    const auto rank = static_cast<std::size_t>(ranks->rank()), count = static_cast<std::size_t>(ranks->count());
    return run_some(dimensions * rank / count, dimensions * (rank + 1) / count, true);
  });
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
  if (sampling.fault == 0) {
    const auto shared = [](double mu, double sigma) { return std::array{mu, sigma}; };
    if (way == Way::fused) return estimate_batched(wengert::fuse(kl_sample), parameters, shared, sampling, progress);
    return estimate_batched(wengert::record(program, 0.5, 0.8, 0.3), parameters, shared, sampling, progress);
  }
  const auto shared = [&](double mu, double sigma) { return std::array{mu, sigma, sampling.fault}; };
  if (way == Way::fused) return estimate_batched(wengert::fuse(faulty_kl_sample), parameters, shared, sampling, progress);
  const auto faulty = [&](const Var& mu, const Var& sigma, const Var& fault, const Var& eps) {
    return with_fault(program(mu, sigma, eps), sigma, fault);
  };
  return estimate_batched(wengert::record(faulty, 0.5, 0.8, 0.1, 0.3), parameters, shared, sampling, progress);
}

}  // namespace vae_kl
