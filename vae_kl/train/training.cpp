#include "train/training.hpp"

#include <fmt/core.h>

#include <cmath>
#include <numbers>
#include <numeric>

#include "question/error.hpp"
#include "random/random.hpp"
#include "train/data.hpp"
#include "wengert/batch.hpp"

namespace vae_kl {
namespace {

// Streams of the seed, one per purpose.
constexpr std::uint64_t start_stream = 0, eps_stream = 1, order_stream = 2;

Matrix checked(const Matrix& data, std::size_t latent) {
  if (data.cols() < 2) throw InputError(fmt::format("the data have {} column; a latent space needs at least 2", data.cols()));
  if (data.rows() < 3) throw InputError(fmt::format("the data have {} rows; give at least 3", data.rows()));
  if (latent < 1 || latent >= static_cast<std::size_t>(data.cols()))
    throw InputError(fmt::format("--latent: {} for {} columns; give at least 1 and fewer than columns", latent, data.cols()));
  return data;
}

/// The rows in the order of an epoch: Fisher and Yates, from the counter.
std::vector<std::uint32_t> shuffled(std::size_t rows, std::uint64_t seed, std::uint64_t epoch) {
  std::vector<std::uint32_t> order(rows);
  std::iota(order.begin(), order.end(), 0u);
  for (std::size_t k = rows - 1; k > 0; --k) {
    const auto words = philox({static_cast<std::uint32_t>(k), static_cast<std::uint32_t>(epoch),
                               static_cast<std::uint32_t>(epoch >> 32), static_cast<std::uint32_t>(order_stream)},
                              {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
    // 64 random bits modulo at most 2^32: uneven by less than 2^-32
    std::swap(order[k], order[(std::uint64_t{words[1]} << 32 | words[0]) % (k + 1)]);
  }
  return order;
}

}  // namespace

Training::Training(const TrainingOptions& options, const Matrix& data)
    : options_(options),
      data_(checked(data, options.latent)),
      vae_{static_cast<std::size_t>(data.cols()), options.latent},
      digest_(vae_kl::digest(data)),
      loss_(record_loss(vae_, options.derivative)) {
  const Eigen::RowVectorXd mean = data.colwise().mean();
  data_.rowwise() -= mean;
  const double scale = std::sqrt(data_.squaredNorm() / static_cast<double>(data_.size()));
  if (!(scale > 0) || !std::isfinite(scale))
    throw InputError("the data do not vary, or vary beyond all bounds; there is nothing to learn");
  data_ /= scale;
  log_scale_ = static_cast<double>(data.cols()) * std::log(scale);
  try {
    fit_ = principal_components(data_, static_cast<int>(options.latent));
  } catch (const std::domain_error& error) {
    throw InputError(error.what());
  }
  const std::size_t rows = static_cast<std::size_t>(data.rows());
  steps_ = options.epochs * ((rows + options.batch - 1) / options.batch);
}

TrainingState Training::initial_state() const {
  TrainingState state;
  state.weights.resize(vae_.weights());
  fill_normals(options_.seed, start_stream, 0, state.weights);
  for (double& weight : state.weights) weight *= 0.1;
  for (std::size_t j = 0; j < vae_.latent; ++j) state.weights[vae_.c(j)] = state.weights[vae_.log_sigma(j)] = 0;
  for (std::size_t i = 0; i < vae_.observed; ++i) state.weights[vae_.b(i)] = 0;
  state.weights[vae_.log_s()] = 0;
  state.first_moment.assign(vae_.weights(), 0);
  state.second_moment.assign(vae_.weights(), 0);
  state.curve.push_back({0, std::nan(""), free_energy(state), log_likelihood(state)});
  return state;
}

void Training::run_epoch(TrainingState& state) const {
  const auto rows = static_cast<std::size_t>(data_.rows());
  const auto order = shuffled(rows, options_.seed, state.epoch);
  const std::size_t columns = vae_.observed + vae_.latent;
  std::vector<double> eps(rows * vae_.latent);
  fill_normals(options_.seed, eps_stream, state.epoch * eps.size(), eps);

  double sum = 0;
  std::vector<double> batch;
  wengert::BatchOptions once;
  once.threads = 1;  // most minibatches are too little work to share out
  once.standard_errors = false;
  for (std::size_t begin = 0; begin < rows; begin += options_.batch) {
    const std::size_t count = std::min(options_.batch, rows - begin);
    batch.clear();
    for (std::size_t k = begin; k < begin + count; ++k) {
      for (Eigen::Index i = 0; i < data_.cols(); ++i) batch.push_back(data_(order[k], i));
      for (std::size_t j = 0; j < vae_.latent; ++j) batch.push_back(eps[k * vae_.latent + j]);
    }
    const auto samples = wengert::Samples::rows(batch, columns);
    const auto result = options_.ranks != nullptr ? wengert::sum_gradient(*options_.ranks, loss_, state.weights, samples, once)
                                                  : wengert::sum_gradient(loss_, state.weights, samples, once);
    sum += result.value;

    // Adam (Kingma and Ba 2015)
    constexpr double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
    const double rate =
        options_.rate / 2 * (1 + std::cos(std::numbers::pi * static_cast<double>(state.step) / static_cast<double>(steps_)));
    ++state.step;
    const auto step = static_cast<double>(state.step);
    const double correction1 = 1 - std::pow(beta1, step), correction2 = 1 - std::pow(beta2, step);
    for (std::size_t k = 0; k < state.weights.size(); ++k) {
      const double g = result.gradient[k] / static_cast<double>(count);
      state.first_moment[k] = beta1 * state.first_moment[k] + (1 - beta1) * g;
      state.second_moment[k] = beta2 * state.second_moment[k] + (1 - beta2) * g * g;
      state.weights[k] -=
          rate * (state.first_moment[k] / correction1) / (std::sqrt(state.second_moment[k] / correction2) + epsilon);
    }
  }
  ++state.epoch;
  // A hundred points and the last make a curve; the exact numbers cost as much as some epochs.
  const std::uint64_t every = std::max<std::uint64_t>(1, options_.epochs / 100);
  if (state.epoch % every == 0 || finished(state))
    state.curve.push_back(
        {state.epoch, -sum / static_cast<double>(rows) - log_scale_, free_energy(state), log_likelihood(state)});
}

}  // namespace vae_kl
