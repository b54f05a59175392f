#include "proof/check.hpp"

#include <fmt/core.h>

#include <Eigen/QR>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <random>
#include <span>

#include "proof/linear_gaussian.hpp"
#include "proof/quadrature.hpp"
#include "proof/running_error.hpp"
#include "question/closed_form.hpp"
#include "question/graph.hpp"
#include "wengert/wengert.hpp"

namespace vae_kl {
namespace {

using wengert::Tape;
using wengert::Var;

constexpr double half_ulp = std::numeric_limits<double>::epsilon() / 2;
constexpr long double wide_ulp = std::numeric_limits<long double>::epsilon();

void compare(CheckLine& line, const Bounded& left, const Bounded& right, const auto& where) {
  ++line.cases;
  const double units = discrepancy(left, right);
  if (units <= line.in_bounds && !line.where.empty()) return;
  line.in_bounds = units;
  line.discrepancy = std::fabs(left.value - right.value);
  line.bound = left.error + right.error;
  line.where = where();
}

/// A long double as a side of a comparison: its own error, and that of turning it into a double.
Bounded rounded(long double value, long double error) {
  const auto result = static_cast<double>(value);
  return {result, half_ulp * std::fabs(result) + static_cast<double>(error)};
}

/// Uniform numbers that are the same with every standard library.
class Uniform {
 public:
  explicit Uniform(std::uint64_t seed) : bits_(seed) {}
  double operator()(double from, double to) { return from + (to - from) * static_cast<double>(bits_() >> 11) * 0x1p-53; }
  double log_uniform(double from, double to) { return std::exp((*this)(std::log(from), std::log(to))); }
  int whole(int from, int to) { return from + static_cast<int>((*this)(0, to - from + 1)); }

 private:
  std::mt19937_64 bits_;
};

/// 1, or 1 + the planted fault.
double factor(const CheckOptions& options, char part) { return options.fault_in == part ? 1 + options.fault : 1; }

/// Values and gradients of a tape with their rounding bounds. The independents are taken as exact.
class BoundedTape {
 public:
  explicit BoundedTape(const Tape& tape) : tape_(tape) {
    std::vector<Bounded> start;
    for (const wengert::NodeId i : tape.independents()) start.emplace_back(tape.value(i), 0);
    values_ = wengert::forward_sweep<Bounded>(tape, start);
  }
  Bounded value(const Var& x) const { return values_[x.index()]; }
  wengert::Adjoints<Bounded> gradient(const Var& t) const {
    const std::array seed{wengert::Seed<Bounded>{t, Bounded(1)}};
    return wengert::reverse_sweep<Bounded>(tape_, values_, seed);
  }

 private:
  const Tape& tape_;
  wengert::Values<Bounded> values_;
};

}  // namespace

std::vector<CheckLine> check_free_energy(const CheckOptions& options) {
  CheckLine value{'a', "value of F(q)"}, gradient{'a', "gradient of F(q) in mu and sigma"};
  Uniform random(options.seed);
  for (int k = 0; k < options.models; ++k) {
    const int observed = random.whole(1, 6), latent = random.whole(1, 4);
    LinearGaussian model;
    model.W = Matrix::NullaryExpr(observed, latent, [&] { return random(-1.5, 1.5); });
    model.b = Vector::NullaryExpr(observed, [&] { return random(-2, 2); });
    model.s = random.log_uniform(0.2, 2);
    const Vector x = Vector::NullaryExpr(observed, [&] { return random(-3, 3); });

    Tape tape(false);
    std::vector<Var> mu, sigma;
    for (int j = 0; j < latent; ++j) mu.push_back(tape.variable(random(-3, 3)));
    for (int j = 0; j < latent; ++j) sigma.push_back(tape.variable(random.log_uniform(0.05, 5)));
    const std::span<const Var> m(mu), d(sigma);
    const Var left = expected_log_likelihood(model, x, m, d) - factor(options, 'a') * kl_to_prior(m, d);
    const Var right = static_cast<double>(log_evidence(model, x)) - kl_to(posterior(model, x), m, d);

    const BoundedTape bounded(tape);
    const auto where = [&] { return fmt::format("model {}: {} observed, {} latent", k + 1, observed, latent); };
    compare(value, bounded.value(left), bounded.value(right), where);
    const auto of_left = bounded.gradient(left), of_right = bounded.gradient(right);
    for (int j = 0; j < latent; ++j) {
      const auto at = static_cast<std::size_t>(j);
      compare(gradient, of_left.wrt(mu[at]), of_right.wrt(mu[at]), [&] { return fmt::format("{}, mu[{}]", where(), j); });
      compare(gradient, of_left.wrt(sigma[at]), of_right.wrt(sigma[at]),
              [&] { return fmt::format("{}, sigma[{}]", where(), j); });
    }
  }
  return {value, gradient};
}

std::vector<CheckLine> check_sum_over_dimensions(const CheckOptions& options) {
  CheckLine straight{'b', "diagonal covariance"}, turned{'b', "the same q, all axes turned"};
  Uniform random(options.seed + 1);
  for (int k = 0; k < options.models; ++k) {
    const int dimensions = random.whole(1, 16);
    WideVector mean(dimensions);
    WideMatrix covariance = WideMatrix::Zero(dimensions, dimensions);
    Bounded sum = 0;
    double narrowest = 1, widest = 1;
    for (int j = 0; j < dimensions; ++j) {
      const double mu = random(-3, 3), sigma = random.log_uniform(0.05, 5);
      mean[j] = mu;
      covariance(j, j) = static_cast<long double>(sigma) * sigma;
      narrowest = std::fmin(narrowest, sigma * sigma);
      widest = std::fmax(widest, sigma * sigma);
      const std::array m{Bounded(mu, 0)}, d{Bounded(sigma, 0)};
      sum += Bounded(factor(options, 'b'), 0) * kl_to_prior(std::span<const Bounded>(m), std::span<const Bounded>(d));
    }
    const WideVector zero = WideVector::Zero(dimensions);
    const WideMatrix identity = WideMatrix::Identity(dimensions, dimensions);
    // Cholesky's pivots are good to (size) * (condition number) roundings of long double.
    const long double own = 4 * wide_ulp * dimensions * dimensions * (widest / narrowest);
    const auto where = [&] { return fmt::format("q {}, {} dimensions", k + 1, dimensions); };
    compare(straight, sum, rounded(general_kl(mean, covariance, zero, identity), own), where);

    const WideMatrix any = WideMatrix::NullaryExpr(dimensions, dimensions, [&] { return random(-1, 1); });
    const WideMatrix turn = Eigen::HouseholderQR<WideMatrix>(any).householderQ();
    const WideMatrix turned_covariance = turn * covariance * turn.transpose();
    compare(turned, sum, rounded(general_kl(turn * mean, turned_covariance, zero, identity), own), where);
  }
  return {straight, turned};
}

std::vector<CheckLine> check_closed_form(const CheckOptions& options) {
  CheckLine ordinary{'c', "mu and sigma between 1e-3 and 40"}, extreme{'c', "out to 1e-150 and 1e150"};
  const auto visit = [&](CheckLine& line, double mu, double sigma) {
    const long double m = mu, d = sigma, normaliser = std::sqrt(2 * std::numbers::pi_v<long double>);
    // The variable of integration is y = z - mu, so that z keeps its digits where sigma is far below mu.
    const Integral integral = integrate(
        [&](long double y) {
          const long double u = y / d, z = m + y;
          const long double log_q = -u * u / 2 - std::log(d), log_p = -z * z / 2;  // both less log(2 pi) / 2
          return std::exp(-u * u / 2) / (d * normaliser) * (log_q - log_p);
        },
        -13 * d, 13 * d);  // beyond, q holds 1e-38
    const long double own = integral.change + 1e-18L * integral.size;
    const std::array means{Bounded(mu, 0)}, deviations{Bounded(sigma, 0)};
    const double bound = kl_to_prior(std::span<const Bounded>(means), std::span<const Bounded>(deviations)).error;
    compare(line, {factor(options, 'c') * closed_form::kl(mu, sigma), bound}, rounded(integral.value, own),
            [&] { return fmt::format("mu = {}, sigma = {}", mu, sigma); });
  };
  for (const double mu : {-40.0, -3.0, -0.5, -1e-3, 0.0, 0.1, 1.0, 7.0})
    for (const double sigma : {1e-3, 0.05, 0.3, 0.7071067811865476, 0.999999, 1.0, 1.000001, 1.7, 5.0, 40.0})
      visit(ordinary, mu, sigma);
  for (const double mu : {0.0, -1e-150, 1e-8, 0.5, -1e8, 1e75, 1e150})
    for (const double sigma : {1e-150, 1e-75, 1e-8, 1.0, 1e8, 1e75, 1e150}) visit(extreme, mu, sigma);
  return {ordinary, extreme};
}

std::vector<CheckLine> check_gradient_samples(const CheckOptions& options) {
  CheckLine sample{'d', "at a sample: (z, z eps - 1/sigma)"}, mean{'d', "in expectation: (mu, sigma - 1/sigma)"};
  const GaussHermite rule = gauss_hermite(20);
  Tape tape(false);
  for (const double m : {-3.0, -0.5, 0.0, 0.25, 1.0, 2.5})
    for (const double d : {0.05, 0.3, 0.7, 1.0, 1.5, 4.0, 20.0}) {
      Bounded expectation_mu = 0, expectation_sigma = 0;
      for (std::size_t i = 0; i < rule.nodes.size(); ++i) {
        tape.clear();
        const Var mu = tape.variable(m), sigma = tape.variable(d), eps = tape.variable(rule.nodes[i]);
        const Var t = factor(options, 'd') * graph(mu, sigma, eps).t;
        const auto g = BoundedTape(tape).gradient(t);
        const Bounded by_mu = g.wrt(mu), by_sigma = g.wrt(sigma);
        const auto where = [&] { return fmt::format("mu = {}, sigma = {}, eps = {:.4g}", m, d, rule.nodes[i]); };
        const Bounded e(rule.nodes[i], 0), z = Bounded(m, 0) + Bounded(d, 0) * e;
        compare(sample, by_mu, z, where);
        compare(sample, by_sigma, z * e - 1 / Bounded(d, 0), where);
        // A node is the rounded form of a root, a weight good to an ulp; in a sum over nodes both count.
        const double at_node = half_ulp * std::fabs(rule.nodes[i]);
        const Bounded weight(rule.weights[i], 2 * half_ulp * rule.weights[i]);
        expectation_mu += weight * Bounded(by_mu.value, by_mu.error + d * at_node);
        expectation_sigma += weight * Bounded(by_sigma.value, by_sigma.error + std::fabs(m + 2 * d * rule.nodes[i]) * at_node);
      }
      const auto where = [&] { return fmt::format("mu = {}, sigma = {}", m, d); };
      compare(mean, expectation_mu, {closed_form::kl_wrt_mu(m), 0}, where);
      compare(mean, expectation_sigma, {closed_form::kl_wrt_sigma(d), 2 * half_ulp * (d + 1 / d)}, where);
    }
  return {sample, mean};
}

std::vector<CheckLine> check(const CheckOptions& options) {
  std::vector<CheckLine> lines;
  for (const auto part : {check_free_energy, check_sum_over_dimensions, check_closed_form, check_gradient_samples})
    for (CheckLine& line : part(options)) lines.push_back(std::move(line));
  return lines;
}

}  // namespace vae_kl
