// The four statements of the exercise as computations that could fail: each has two sides that share no formula, and is measured
// in units of the rounding that both sides may hold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace vae_kl {

struct CheckOptions {
  std::uint64_t seed = 1;
  int models = 200;  ///< random models, data points and q in (a), random q in (b)
  /// A fault to plant, to see that a check can fail: the check's letter, and the relative error given to one term of its formula.
  char fault_in = 0;
  double fault = 1e-9;
};

/// One line of the report: many comparisons of two numbers that should be the same real number.
struct CheckLine {
  char part;         ///< 'a' to 'd'
  std::string what;  ///< what was compared
  std::size_t cases = 0;
  // Of the case where |left - right| was largest in units of the case's own rounding bound:
  double in_bounds = 0;
  double discrepancy = 0;  ///< |left - right|
  double bound = 0;        ///< most that rounding can make of it
  std::string where;

  CheckLine(char letter, std::string text) : part(letter), what(std::move(text)) {}
  bool passed() const { return in_bounds <= 1; }
};

/// (a) F(q) = E_q[log p(x|z)] - KL(q || p(z)) equals log p(x) - KL(q || p(z|x)), and so do the gradients in q's parameters
/// through the tape.
std::vector<CheckLine> check_free_energy(const CheckOptions& options);
/// (b) The multivariate KL with determinant, trace and inverse equals the sum over dimensions; with all axes turned, too.
std::vector<CheckLine> check_sum_over_dimensions(const CheckOptions& options);
/// (c) The closed form equals the integral of q log(q/p), for mu and sigma from 1e-150 to 1e150.
std::vector<CheckLine> check_closed_form(const CheckOptions& options);
/// (d) The tape's gradient is (z, z eps - 1/sigma) at a sample and (mu, sigma - 1/sigma) in expectation.
std::vector<CheckLine> check_gradient_samples(const CheckOptions& options);

/// All four, in order. About 0.1 s.
std::vector<CheckLine> check(const CheckOptions& options);

}  // namespace vae_kl
