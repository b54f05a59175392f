#include "estimators/gradient_estimators.hpp"

#include <fmt/core.h>

#include <string>

#include "question/closed_form.hpp"
#include "question/error.hpp"
#include "question/graph.hpp"
#include "question/normal_distribution.hpp"
#include "random/random.hpp"

namespace vae_kl {

using wengert::Var;

namespace {

/// In the order of the enumerators.
constexpr struct {
  std::string_view name, description;
} texts[] = {
    {"total", "total derivative: backpropagation of t"},
    {"path", "path derivative: mu and sigma detached in log q (sticking the landing)"},
    {"score", "score function: t times the gradient of log q (REINFORCE)"},
    {"score+baseline", "score function with its optimal baseline in each parameter"},
    {"antithetic", "total derivative, averaged over eps and -eps"},
    {"quasi", "total derivative at scrambled Sobol points"},
    {"closed", "closed form, backpropagated: no sampling"},
};

/// Backpropagation meets mu and sigma only where z is made: in log q they count as numbers. "Sticking the landing": Roeder, Wu
/// and Duvenaud 2017.
Var path_sample(const Var& mu, const Var& sigma, const Var& eps) {
  const Var z = mu + sigma * eps;
  const Var r = log_normal(z, detach(mu), detach(sigma));
  const Var s = -0.5 * z * z - half_log_two_pi;
  return r - s;
}

/// The optimal baseline of the score function in each parameter: E[t score^2] / E[score^2], score = d log q(z) / d parameter.
/// With t = a + mu sigma eps + c eps^2 they are a + 3c and a + 5c.
MuSigma optimal_baseline(double mu, double sigma) {
  const double a = mu * mu / 2 - std::log(sigma), c = (sigma * sigma - 1) / 2;
  return {a + 3 * c, a + 5 * c};
}

/// The gradient passes through log q alone, at a z that counts as given: REINFORCE. Its expectation is right because E[score] =
/// 0.
Var score_sample(const Var& mu, const Var& sigma, const Var& eps, MuSigma baseline) {
  const Var z = detach(mu + sigma * eps);
  const Var t = detach(log_normal(z, mu, sigma) - (-0.5 * z * z - half_log_two_pi));
  return (t - baseline.mu) * log_normal(z, mu, Var(detach(sigma))) + (t - baseline.sigma) * log_normal(z, Var(detach(mu)), sigma);
}

Var closed_form_sample(const Var& mu, const Var& sigma) { return (mu * mu + sigma * sigma - 1) / 2 - log(sigma); }

}  // namespace

std::string_view name(Estimator estimator) { return texts[static_cast<std::size_t>(estimator)].name; }
std::string_view description(Estimator estimator) { return texts[static_cast<std::size_t>(estimator)].description; }

Estimator estimator_named(std::string_view wanted, std::string_view where) {
  std::string names;
  for (const Estimator estimator : estimators) {
    if (name(estimator) == wanted) return estimator;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", name(estimator));
  }
  throw InputError(fmt::format("{}: `{}` is no estimator; choose from {}", where, wanted, names));
}

Var record_sample(Estimator estimator, const Var& mu, const Var& sigma, const Var& eps) {
  switch (estimator) {
    case Estimator::total:
    case Estimator::quasi:
      return kl_sample(mu, sigma, eps);
    case Estimator::path:
      return path_sample(mu, sigma, eps);
    case Estimator::score:
      return score_sample(mu, sigma, eps, {});
    case Estimator::score_baseline:
      return score_sample(mu, sigma, eps, optimal_baseline(mu.value(), sigma.value()));
    case Estimator::antithetic:
      return (kl_sample(mu, sigma, eps) + kl_sample(mu, sigma, Var(-eps))) / 2;
    case Estimator::closed_form:
      return closed_form_sample(mu, sigma);
  }
  return {};
}

MuSigma sample_by_hand(Estimator estimator, double mu, double sigma, double eps) {
  const double b = sigma - 1 / sigma;
  switch (estimator) {
    case Estimator::total:
    case Estimator::quasi:
      return {mu + sigma * eps, (mu + sigma * eps) * eps - 1 / sigma};
    case Estimator::path:
      return {mu + b * eps, (mu + b * eps) * eps};
    case Estimator::score:
    case Estimator::score_baseline: {
      const double a = mu * mu / 2 - std::log(sigma), c = (sigma * sigma - 1) / 2;
      const double t = a + mu * sigma * eps + c * eps * eps;
      const MuSigma baseline = estimator == Estimator::score ? MuSigma{} : optimal_baseline(mu, sigma);
      return {(t - baseline.mu) * eps / sigma, (t - baseline.sigma) * (eps * eps - 1) / sigma};
    }
    case Estimator::antithetic:
      return {mu, sigma * eps * eps - 1 / sigma};
    case Estimator::closed_form:
      return {closed_form::kl_wrt_mu(mu), closed_form::kl_wrt_sigma(sigma)};
  }
  return {};
}

MuSigma SampleGradient::operator()(Estimator estimator, double mu, double sigma, double eps) {
  tape_.clear();
  const Var at_mu = tape_.variable(mu), at_sigma = tape_.variable(sigma), at_eps = tape_.variable(eps);
  wengert::gradient(record_(estimator, at_mu, at_sigma, at_eps), gradient_);
  return {gradient_.wrt(at_mu), gradient_.wrt(at_sigma)};
}

std::uint64_t evaluations_per_draw(Estimator estimator, std::uint64_t block) {
  return estimator == Estimator::antithetic ? 2 : estimator == Estimator::quasi ? block : 1;
}

void fill_eps(Estimator estimator, std::uint64_t block, std::uint64_t seed, std::uint64_t stream, std::uint64_t first,
              std::span<double> eps) {
  if (estimator != Estimator::quasi) return fill_normals(seed, stream, first, eps);
  const auto words = [](std::uint64_t x) {
    return std::array{static_cast<std::uint32_t>(x), static_cast<std::uint32_t>(x >> 32)};
  };
  const auto key = words(seed), in_stream = words(stream);
  for (std::size_t k = 0; k < eps.size(); ++k) {
    const std::uint64_t point = first * block + k;
    const auto counter = words(point);
    const auto bits = philox({counter[0], counter[1], in_stream[0], in_stream[1]}, {key[0], key[1]});
    // in the middle of a cell of width 2^-52, so never 0 or 1
    const double uniform = (static_cast<double>((std::uint64_t{bits[1]} << 32 | bits[0]) >> 12) + 0.5) * 0x1p-52;
    eps[k] = normal_quantile((static_cast<double>(point % block) + uniform) / static_cast<double>(block));
  }
}

MuSigma mean_gradient(Estimator estimator, double mu, double sigma, std::span<const double> eps, SampleGradient& sample) {
  MuSigma sum;
  for (const double e : eps) {
    const MuSigma g = sample(estimator, mu, sigma, e);
    sum.mu += g.mu;
    sum.sigma += g.sigma;
  }
  const auto count = static_cast<double>(eps.size());
  return {sum.mu / count, sum.sigma / count};
}

}  // namespace vae_kl
