#include "estimators/estimator_comparison.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <limits>

#include "estimate/moments.hpp"
#include "question/closed_form.hpp"

namespace vae_kl {
namespace {

struct Measured {
  Estimate mu, sigma;
  double nanoseconds = 0;
};

Measured measure(Estimator estimator, const EstimatorOptions& options, std::uint64_t draws, std::uint64_t per_draw,
                 Progress& progress, RecordSample program) {
  const double size = std::fabs(options.mu) + options.sigma + 1 / options.sigma;
  Moments mu(closed_form::kl_wrt_mu(options.mu), size), sigma(closed_form::kl_wrt_sigma(options.sigma), size);
  // an antithetic pair comes from one eps
  const std::uint64_t eps_per_draw = estimator == Estimator::quasi ? per_draw : 1;
  const std::uint64_t chunk = std::max<std::uint64_t>(1, 1024 / eps_per_draw);
  std::vector<double> eps;
  SampleGradient sample(program);

  const std::clock_t began = std::clock();  // processor time: other programs on the machine do not count
  for (std::uint64_t done = 0; done < draws; done += chunk) {
    const std::uint64_t count = std::min(chunk, draws - done);
    eps.resize(count * eps_per_draw);
    fill_eps(estimator, options.block, options.seed, static_cast<std::uint64_t>(estimator), done, eps);
    for (std::uint64_t k = 0; k < count; ++k) {
      const MuSigma g =
          mean_gradient(estimator, options.mu, options.sigma, std::span(eps).subspan(k * eps_per_draw, eps_per_draw), sample);
      mu.add(g.mu);
      sigma.add(g.sigma);
    }
    progress.advance(count * per_draw);
  }
  const double nanoseconds = 1e9 * static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
  return {mu.estimate(draws), sigma.estimate(draws), nanoseconds / static_cast<double>(draws * per_draw)};
}

ParameterLine judge(double exact, const Estimate& measured, double exact_variance, const Power& power, std::uint64_t draws,
                    double rounding) {
  ParameterLine line;
  line.exact = exact;
  line.mean = measured.mean;
  line.variance = measured.standard_error * measured.standard_error * static_cast<double>(draws);
  line.exact_variance = exact_variance;
  line.power = power;
  const double bias = line.mean - exact, excess = line.variance - exact_variance;
  if (exact_variance > 0) {
    line.bias_in_errors = bias / power.mean_error;
    line.variance_in_errors = excess / (power.variance_error * exact_variance);
  }
  // What has no variance may still be off by rounding. Written so that NaN does not agree.
  line.agrees = std::fabs(bias) <= power.mean_limit * power.mean_error + rounding &&
                std::fabs(excess) <= power.variance_limit * power.variance_error * exact_variance + rounding * rounding;
  return line;
}

}  // namespace

std::vector<EstimatorLine> compare_estimators(const EstimatorOptions& options, Progress& progress, RecordSample program) {
  constexpr int comparisons = 4 * static_cast<int>(estimators.size());  // a mean and a variance for each parameter
  const double rounding =
      16 * std::numeric_limits<double>::epsilon() * (std::fabs(options.mu) + options.sigma + 1 / options.sigma);
  std::vector<EstimatorLine> lines;
  for (const Estimator estimator : estimators) {
    EstimatorLine line{estimator, 0, evaluations_per_draw(estimator, options.block), {}, {}, 0};
    line.draws = std::max<std::uint64_t>(2, options.samples / line.evaluations_per_draw);
    const Measured measured = measure(estimator, options, line.draws, line.evaluations_per_draw, progress, program);
    const MuSigma variance = exact_variance(estimator, options.mu, options.sigma, options.block);
    const MuSigmaMoments moments = central_moments(estimator, options.mu, options.sigma, options.block);
    line.nanoseconds = measured.nanoseconds;
    // Moments by integration leave rounding where the law says 0.
    const auto power_of = [&](const CentralMoments& of, double exact) {
      return exact > 0 ? power(of, line.draws, comparisons) : Power{};
    };
    line.mu = judge(closed_form::kl_wrt_mu(options.mu), measured.mu, variance.mu, power_of(moments.mu, variance.mu), line.draws,
                    rounding);
    line.sigma = judge(closed_form::kl_wrt_sigma(options.sigma), measured.sigma, variance.sigma,
                       power_of(moments.sigma, variance.sigma), line.draws, rounding);
    lines.push_back(line);
  }
  return lines;
}

std::string advice(const EstimatorOptions& options, const std::vector<EstimatorLine>& lines) {
  const EstimatorLine *best = nullptr, *closed = nullptr;
  for (const EstimatorLine& line : lines) {
    if (line.estimator == Estimator::closed_form)
      closed = &line;
    else if (best == nullptr || line.variance_times_time() < best->variance_times_time())
      best = &line;
  }
  const double square = options.sigma * options.sigma, b = options.sigma - 1 / options.sigma;
  std::string text = fmt::format(
      "Use the closed form: it has no variance at all, and takes {:.0f} ns.\nWhere there is none (another p or q, a decoder in "
      "between), use {}: of those that "
      "only need samples it has the least variance times time here",
      closed->nanoseconds, name(best->estimator));
  text += best->mu.exact_variance + best->sigma.exact_variance == 0 ? ", none.\n" : ".\n";
  const double ahead = 1 - 2 * square;          // (b^2 - square) * square, path's variance less total's
  const bool level = std::fabs(ahead) < 1e-12;  // sigma^2 is a rounded 1/2
  text += fmt::format(
      "{} here, in both parameters, because sigma^2 = {:.4g} {} 1/2:\npath has (sigma - 1/sigma)^2 = {:.4g} where total has "
      "sigma^2 = {:.4g}, and the first is the smaller exactly when sigma^2 > 1/2.\n"
      "In sigma both have mu^2 = {:.4g} besides.\n",
      level       ? "path and total are level"
      : ahead < 0 ? "path beats total"
                  : "total beats path",
      square,
      level       ? "="
      : ahead < 0 ? ">"
                  : "<",
      b * b, square, options.mu * options.mu);
  return text;
}

}  // namespace vae_kl
