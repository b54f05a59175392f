#include "estimators/descent.hpp"

#include <fmt/core.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "question/closed_form.hpp"
#include "question/error.hpp"

namespace vae_kl {

std::string_view name(StepRule rule) {
  return rule == StepRule::constant ? "constant" : rule == StepRule::decay ? "decay" : "adam";
}

StepRule rule_named(std::string_view wanted, std::string_view where) {
  for (const StepRule rule : {StepRule::constant, StepRule::decay, StepRule::adam})
    if (name(rule) == wanted) return rule;
  throw InputError(fmt::format("{}: `{}` is no step rule; choose from constant, decay, adam", where, wanted));
}

double Descent::kl() const {
  return ran_away ? std::numeric_limits<double>::infinity() : closed_form::kl(path.back().mu, path.back().sigma);
}

Descent descend(const DescentOptions& options, Estimator estimator, std::uint64_t batch, StepRule rule) {
  Descent result{estimator, batch, rule, {options.start}, false};
  double mu = options.start.mu, log_sigma = std::log(options.start.sigma);
  SampleGradient sample;
  std::vector<double> eps(batch);
  std::array<double, 2> first{}, second{};
  for (std::uint64_t step = 0; step < options.steps; ++step) {
    const double sigma = step == 0 ? options.start.sigma : result.path.back().sigma;
    // a block of quasi-Monte Carlo is one draw of `batch` points
    fill_eps(estimator, batch, options.seed, static_cast<std::uint64_t>(estimator),
             estimator == Estimator::quasi ? step : step * batch, eps);
    const MuSigma g = mean_gradient(estimator, mu, sigma, eps, sample);
    const std::array slope{g.mu, sigma * g.sigma};
    std::array<double, 2> move{};
    for (std::size_t k = 0; k < 2; ++k) {
      if (rule == StepRule::adam) {  // Kingma and Ba 2015
        constexpr double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
        const double taken = static_cast<double>(step + 1);
        first[k] = beta1 * first[k] + (1 - beta1) * slope[k];
        second[k] = beta2 * second[k] + (1 - beta2) * slope[k] * slope[k];
        move[k] = options.rate * (first[k] / (1 - std::pow(beta1, taken))) /
                  (std::sqrt(second[k] / (1 - std::pow(beta2, taken))) + epsilon);
      } else {
        const double slower =
            rule == StepRule::decay ? 1 + 10 * static_cast<double>(step) / static_cast<double>(options.steps) : 1;
        move[k] = options.rate / slower * slope[k];
      }
    }
    mu -= move[0];
    log_sigma -= move[1];
    const double next = std::exp(log_sigma);
    if (!std::isfinite(mu) || !std::isfinite(mu * mu) || !(next > 0) || !std::isfinite(next * next)) {
      result.ran_away = true;
      break;
    }
    result.path.push_back({mu, next});
  }
  return result;
}

std::vector<Descent> descend(const DescentOptions& options) {
  std::vector<Descent> all;
  for (const StepRule rule : options.rules)
    for (const Estimator estimator : options.estimators)
      for (const std::uint64_t batch : options.batches) {
        if (estimator != Estimator::closed_form)
          all.push_back(descend(options, estimator, batch, rule));
        else if (batch == options.batches.front())
          all.push_back(descend(options, estimator, 1, rule));
      }
  return all;
}

}  // namespace vae_kl
