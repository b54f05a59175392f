#include "estimate/estimator.hpp"

#include <array>
#include <stdexcept>

#include "question/graph.hpp"
#include "estimate/random.hpp"
#include "estimate/stepped.hpp"
#include "wengert/batch.hpp"
#include "wengert/fused_batch.hpp"
#include "wengert/parallel_for.hpp"

namespace vae_kl {
namespace {

/// One dimension, by the library's batches. `function` is anything that mean_gradient takes.
template <class Function>
DimensionEstimate estimate_dimension(const Function& function, double mu, double sigma, const SamplingOptions& sampling,
                                     std::uint64_t stream, int threads, Progress& progress) {
  const auto samples =
      wengert::Samples::generated(sampling.samples, 1, [&](std::size_t first, std::size_t count, double* const* columns) {
        fill_normals(sampling.seed, stream, first, {columns[0], count});
      });
  wengert::BatchOptions options;
  options.threads = threads;
  std::size_t before = 0;
  options.progress = [&](std::size_t done) {
    progress.advance(done - before);
    before = done;
    return true;
  };
  const wengert::BatchResult mean = mean_gradient(function, std::array{mu, sigma}, samples, options);
  return {{mean.value, mean.value_error}, {mean.gradient[0], mean.gradient_error[0]}, {mean.gradient[1], mean.gradient_error[1]}};
}

template <class Function>
std::vector<DimensionEstimate> estimate_batched(const Function& function, const Parameters& parameters,
                                                const SamplingOptions& sampling, Progress& progress) {
  std::vector<DimensionEstimate> estimates(parameters.dimensions());
  const auto run = [&](std::size_t d, int threads) {
    estimates[d] = estimate_dimension(function, parameters.mu[d], parameters.sigma[d], sampling, d, threads, progress);
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
  switch (way) {
    case Way::stepped:
      return "stepped";
    case Way::replayed:
      return "replayed";
    case Way::fused:
      return "fused";
  }
  return {};
}

wengert::Var record_graph(const wengert::Var& mu, const wengert::Var& sigma, const wengert::Var& eps) {
  return graph(mu, sigma, eps).t;
}

std::vector<DimensionEstimate> estimate(const Parameters& parameters, const SamplingOptions& sampling, Way way,
                                        Progress& progress, Program program) {
  switch (way) {
    case Way::stepped:
      return estimate_stepped(parameters, sampling, progress, program);
    case Way::replayed:
      return estimate_batched(wengert::record(program, 0.5, 0.8, 0.3), parameters, sampling, progress);
    case Way::fused:
      if (program != record_graph) throw std::invalid_argument("estimate: only the graph of graph.hpp is fused");
      return estimate_batched(wengert::fuse(kl_sample), parameters, sampling, progress);
  }
  return {};
}

}  // namespace vae_kl
