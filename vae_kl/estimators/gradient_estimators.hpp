// Ways to estimate the gradient of KL(q || p) in mu and sigma, each as a recorded graph whose backpropagated gradient is one
// sample of it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "wengert/gradient.hpp"
#include "wengert/var.hpp"

namespace vae_kl {

enum class Estimator { total, path, score, score_baseline, antithetic, quasi, closed_form };
inline constexpr std::array estimators{Estimator::total,      Estimator::path,  Estimator::score,      Estimator::score_baseline,
                                       Estimator::antithetic, Estimator::quasi, Estimator::closed_form};

/// As on the command line: total, path, score, score+baseline, antithetic, quasi, closed.
std::string_view name(Estimator estimator);
/// In a line, for people.
std::string_view description(Estimator estimator);
/// The estimator of that name; throws InputError, which lists the names. `where` is the option it came from.
Estimator estimator_named(std::string_view name, std::string_view where);

/// A number for each of the two parameters.
struct MuSigma {
  double mu = 0, sigma = 0;
};

/// What is recorded for one draw of eps; its gradient in mu and sigma is the estimate. The closed form ignores eps; antithetic
/// pairs use eps and -eps; quasi records what total does, and differs in its eps.
wengert::Var record_sample(Estimator estimator, const wengert::Var& mu, const wengert::Var& sigma, const wengert::Var& eps);

/// The gradient of record_sample, worked out by hand. For tests, and for the moments of its distribution.
MuSigma sample_by_hand(Estimator estimator, double mu, double sigma, double eps);

/// What is recorded for a sample: record_sample, or a faulty one in a test.
using RecordSample = wengert::Var (*)(Estimator, const wengert::Var& mu, const wengert::Var& sigma, const wengert::Var& eps);

/// Gradients of samples, one tape each, in memory that is kept.
class SampleGradient {
 public:
  explicit SampleGradient(RecordSample record = record_sample) : record_(record) {}
  MuSigma operator()(Estimator estimator, double mu, double sigma, double eps);

 private:
  RecordSample record_;
  wengert::Tape tape_{false};
  wengert::Gradient gradient_;
};

/// Evaluations of the graph of t in one independent draw: 2 for an antithetic pair, `block` for quasi-Monte Carlo, else 1.
std::uint64_t evaluations_per_draw(Estimator estimator, std::uint64_t block);

/// Writes the eps of draws first, first + 1, … : one each, or for quasi-Monte Carlo `block` each. The numbers depend on seed,
/// stream, block and position alone.
// In one dimension nested scrambling (Owen 1995) of the first N = 2^m points of a Sobol sequence leaves one uniform point in each
// of N equal strata, independently; their order does not matter to a mean. So that is what is drawn, and N need not be a power
// of 2. Each dimension of q has its own eps and its own two gradients, which no other dimension enters: nothing is gained by
// drawing jointly.
void fill_eps(Estimator estimator, std::uint64_t block, std::uint64_t seed, std::uint64_t stream, std::uint64_t first,
              std::span<double> eps);

/// Mean of the estimates at these eps: what a step of gradient descent uses.
MuSigma mean_gradient(Estimator estimator, double mu, double sigma, std::span<const double> eps, SampleGradient& sample);

}  // namespace vae_kl
