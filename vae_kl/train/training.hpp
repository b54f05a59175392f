// Training of the linear VAE: minibatches through the recorded loss, Adam, and a state that can be kept and taken up again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "train/linear_vae.hpp"
#include "wengert/function.hpp"
#include "wengert/ranks.hpp"

namespace vae_kl {

struct TrainingOptions {
  std::size_t latent = 2;
  std::size_t batch = 50;
  std::uint64_t epochs = 1000;
  double rate = 0.02;  ///< of Adam at the start; it falls to 0 along half a cosine
  std::uint64_t seed = 1;
  Derivative derivative = Derivative::path;
  /// Who share each minibatch out; null for this process alone. The numbers do not depend on it.
  wengert::Ranks* ranks = nullptr;
};
/// Rows of a minibatch from which on ranks are worth it: with fewer, messages take longer than the work.
inline constexpr std::size_t shared_batch = 2048;

/// A point of the loss curve, in nats per row.
struct CurvePoint {
  std::uint64_t epoch = 0;
  double sampled = 0;         ///< what the epoch's minibatches saw; NaN before the first epoch
  double free_energy = 0;     ///< exact, after the epoch
  double log_likelihood = 0;  ///< exact, of the decoder
};

/// All that training goes on from: after the same epoch of the same options on the same data it is the same to the bit.
struct TrainingState {
  std::uint64_t epoch = 0, step = 0;
  std::vector<double> weights, first_moment, second_moment;
  std::vector<CurvePoint> curve;
};

/// The run as a whole. The data are shifted to mean 0 and divided by one number, their overall deviation, so that one learning
/// rate suits all weights; free energies and likelihoods are given for the data as they came.
class Training {
 public:
  /// Throws InputError if the options do not fit the data: too few columns or rows, columns that do not vary.
  Training(const TrainingOptions& options, const Matrix& data);

  TrainingState initial_state() const;
  /// Runs one epoch: every row once, in an order drawn anew, one sample of eps each.
  void run_epoch(TrainingState& state) const;
  bool finished(const TrainingState& state) const { return state.epoch >= options_.epochs; }

  /// Maximum log-likelihood of probabilistic PCA on these data, in nats per row: what the free energy cannot exceed.
  double best_possible() const { return fit_.log_likelihood - log_scale_; }
  double free_energy(const TrainingState& state) const { return exact_free_energy(vae_, state.weights, data_) - log_scale_; }
  double log_likelihood(const TrainingState& state) const {
    return exact_log_likelihood(vae_, state.weights, data_) - log_scale_;
  }

  const LinearVae& vae() const { return vae_; }
  const Matrix& data() const { return data_; }  ///< shifted and scaled
  const PrincipalComponents& fit() const { return fit_; }
  const TrainingOptions& options() const { return options_; }
  std::uint64_t digest() const { return digest_; }  ///< tells data sets apart

 private:
  TrainingOptions options_;
  Matrix data_;
  LinearVae vae_;
  double log_scale_ = 0;  ///< log of the density's change under the scaling
  std::uint64_t digest_ = 0;
  PrincipalComponents fit_;
  std::uint64_t steps_ = 0;  ///< in all
  wengert::Function loss_;
};

}  // namespace vae_kl
