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
  std::vector<DimensionEstimate> estimates(parameters.dimensions());
  const auto run = [&](std::size_t d, int threads) {
    const auto samples =
        wengert::Samples::generated(sampling.samples, 1, [&](std::size_t first, std::size_t count, double* const* columns) {
          fill_normals(sampling.seed, d, first, {columns[0], count});
        });
    wengert::BatchOptions options;
    options.threads = threads;
    std::size_t before = 0;
    options.progress = [&](std::size_t done) {
      progress.advance(done - before);
      before = done;
      return true;
    };
    const wengert::BatchResult mean = mean_gradient(function, shared(parameters.mu[d], parameters.sigma[d]), samples, options);
    estimates[d] = {
        {mean.value, mean.value_error}, {mean.gradient[0], mean.gradient_error[0]}, {mean.gradient[1], mean.gradient_error[1]}};
  };
  // Threads share out the dimensions where there are enough, and each dimension's samples where not.
  const int threads = wengert::thread_count(sampling.threads);
  if (parameters.dimensions() >= static_cast<std::size_t>(4 * threads))
    wengert::parallel_for(parameters.dimensions(), threads, [&](std::size_t d) { run(d, 1); });
  else
    for (std::size_t d = 0; d < parameters.dimensions(); ++d) run(d, threads);
  return estimates;
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
