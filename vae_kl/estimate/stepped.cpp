#include "estimate/estimator.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "question/closed_form.hpp"
#include "question/graph.hpp"
#include "wengert/gradient.hpp"
#include "wengert/parallel_for.hpp"

namespace vae_kl {
namespace {

constexpr std::uint64_t chunk_size = 16384;  // samples that one thread takes at a time
constexpr std::uint64_t wave_size = 256;     // chunks whose sums are held at a time

struct Sums {
  Moments kl, wrt_mu, wrt_sigma;

  Sums() = default;
  // The pivots are the closed form: any number near the mean does, and this one is at hand.
  Sums(double mu, double sigma)
      : kl(closed_form::kl(mu, sigma), std::fmax(1, std::fmax(mu * mu, sigma * sigma))),
        wrt_mu(closed_form::kl_wrt_mu(mu), std::fmax(std::fabs(mu), sigma)),
        wrt_sigma(closed_form::kl_wrt_sigma(sigma), std::fmax(std::fmax(std::fabs(mu), sigma), 1 / sigma)) {}

  void add(const Sums& other) {
    kl.add(other.kl);
    wrt_mu.add(other.wrt_mu);
    wrt_sigma.add(other.wrt_sigma);
  }
};

/// Samples first … first + count - 1 of one dimension.
Sums sweep_samples(double mu, double sigma, Program program, const SamplingOptions& sampling, std::uint64_t stream,
                   std::uint64_t replicate, std::uint64_t first, std::uint64_t count) {
  Sums sums(mu, sigma);
  wengert::Tape tape(false);
  wengert::Gradient gradient;
  std::array<double, 1024> eps;
  for (std::uint64_t done = 0; done < count;) {
    const std::span block(eps.data(), std::min<std::uint64_t>(eps.size(), count - done));
    fill_eps(sampling, stream, replicate, first + done, block);
    for (const double e : block) {
      tape.clear();
      const wengert::Var at_mu = tape.variable(mu, "mu");
      const wengert::Var at_sigma = tape.variable(sigma, "sigma");
      const wengert::Var at_eps = tape.variable(e, "eps");
      wengert::Var t = program(at_mu, at_sigma, at_eps);
      if (sampling.sampling == Sampling::antithetic) t = 0.5 * (t + program(at_mu, at_sigma, -at_eps));
      if (sampling.fault != 0) t = with_fault(t, at_sigma, wengert::Var(sampling.fault));
      wengert::gradient(t, gradient);
      sums.kl.add(t.value());
      sums.wrt_mu.add(gradient.wrt(at_mu));
      sums.wrt_sigma.add(gradient.wrt(at_sigma));
    }
    done += block.size();
  }
  return sums;
}

}  // namespace

std::vector<DimensionEstimate> estimate_stepped(const Parameters& parameters, const SamplingOptions& sampling,
                                                std::uint64_t replicate, Progress& progress, Program program) {
  const std::uint64_t evaluations = plan(sampling).evaluations, at_once = plan(sampling).at_once;  // for each dimension
  const std::uint64_t chunks = (evaluations + chunk_size - 1) / chunk_size;
  const std::uint64_t jobs = chunks * parameters.dimensions();
  std::vector<Sums> totals;
  for (std::size_t d = 0; d < parameters.dimensions(); ++d) totals.emplace_back(parameters.mu[d], parameters.sigma[d]);
  const auto first_of = [&](std::uint64_t job) { return job % chunks * chunk_size; };
  const auto count_of = [&](std::uint64_t job) { return std::min(chunk_size, evaluations - first_of(job)); };
  const auto run_some = [&](std::uint64_t begin, std::uint64_t end) {
    std::vector<Sums> sums(end - begin);
    wengert::parallel_for(sums.size(), sampling.threads, [&](std::size_t k) {
      const std::uint64_t job = begin + k, d = job / chunks, count = count_of(job);
      sums[k] = sweep_samples(parameters.mu[d], parameters.sigma[d], program, sampling, d, replicate, first_of(job), count);
      if (sampling.ranks == nullptr) progress.advance(count * at_once);
    });
    return sums;
  };
  const auto run_wave = [&](std::uint64_t begin, std::uint64_t count) {
    if (sampling.ranks == nullptr) return run_some(begin, begin + count);
    std::vector<Sums> sums = wengert::gather(*sampling.ranks, "estimate_stepped", [&] {
      const auto rank = static_cast<std::uint64_t>(sampling.ranks->rank());
      const auto ranks = static_cast<std::uint64_t>(sampling.ranks->count());
      return run_some(begin + count * rank / ranks, begin + count * (rank + 1) / ranks);
    });
    for (std::uint64_t job = begin; job < begin + count; ++job) progress.advance(count_of(job) * at_once);
    return sums;
  };
  for (std::uint64_t begin = 0; begin < jobs; begin += wave_size) {
    const std::uint64_t count = std::min(wave_size, jobs - begin);
    const std::vector<Sums> wave = run_wave(begin, count);
    for (std::uint64_t k = 0; k < count; ++k) totals[(begin + k) / chunks].add(wave[k]);  // in order, whichever thread was first
  }
  std::vector<DimensionEstimate> estimates;
  for (const Sums& total : totals)
    estimates.push_back(
        {total.kl.estimate(evaluations), total.wrt_mu.estimate(evaluations), total.wrt_sigma.estimate(evaluations)});
  return estimates;
}

}  // namespace vae_kl
