// K5: a small perceptron, 16 inputs, 32 hidden tanh units, 1 output, squared loss averaged over 32 examples; the gradient in all
// weights.
#pragma once

#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "kernels/inputs.hpp"

namespace kernels {

/// A hidden unit: tanh(bias + weights . row).
inline constexpr auto hidden_unit = [](const auto& weights, const auto& bias, const auto& row) {
  using std::tanh;
  auto sum = bias;
  for (std::size_t i = 0; i < weights.size(); ++i) sum += weights[i] * row[i];
  return tanh(sum);
};

struct Mlp {
  static constexpr std::size_t inputs = 16, hidden = 32, examples = 32;
  std::vector<double> data = Random(8).normals(examples * inputs);
  std::vector<double> targets = Random(9).normals(examples);

  std::string name() const { return "K5 mlp (16-32-1)"; }
  /// Hidden weights [32][16], hidden biases [32], output weights [32], output bias.
  std::vector<double> point() const { return Random(10).uniforms(hidden * inputs + hidden + hidden + 1, -0.4, 0.4); }

  /// Squared error of one example, whose numbers are of type R.
  template <class T, class R, class Unit = decltype(hidden_unit)>
  T squared_error(std::span<const T> x, std::span<const R> row, const R& target, const Unit& unit = hidden_unit) const {
    const auto weights = x.first(hidden * inputs), biases = x.subspan(hidden * inputs, hidden);
    const auto output = x.subspan(hidden * inputs + hidden, hidden);
    T y = x.back();
    for (std::size_t h = 0; h < hidden; ++h) y += output[h] * unit(weights.subspan(h * inputs, inputs), biases[h], row);
    const T error = y - target;
    return error * error;
  }

  template <class T, class Unit = decltype(hidden_unit)>
  T value(std::span<const T> x, const Unit& unit = hidden_unit) const {
    T loss = 0;
    for (std::size_t e = 0; e < examples; ++e)
      loss += squared_error<T, double>(x, std::span(&data[e * inputs], inputs), targets[e], unit);
    return loss / static_cast<double>(examples);
  }

  double gradient_by_hand(std::span<const double> x, std::span<double> gradient) const {
    const auto weights = x.first(hidden * inputs), biases = x.subspan(hidden * inputs, hidden);
    const auto output = x.subspan(hidden * inputs + hidden, hidden);
    const auto d_weights = gradient.first(hidden * inputs), d_biases = gradient.subspan(hidden * inputs, hidden);
    const auto d_output = gradient.subspan(hidden * inputs + hidden, hidden);
    for (double& g : gradient) g = 0;
    double loss = 0;
    std::vector<double> activation(hidden);
    for (std::size_t e = 0; e < examples; ++e) {
      const double* row = &data[e * inputs];
      double y = x.back();
      for (std::size_t h = 0; h < hidden; ++h) {
        double sum = biases[h];
        for (std::size_t i = 0; i < inputs; ++i) sum += weights[h * inputs + i] * row[i];
        activation[h] = std::tanh(sum);
        y += output[h] * activation[h];
      }
      const double error = y - targets[e];
      loss += error * error;
      const double d_y = 2 * error / static_cast<double>(examples);
      gradient.back() += d_y;
      for (std::size_t h = 0; h < hidden; ++h) {
        d_output[h] += d_y * activation[h];
        const double d_sum = d_y * output[h] * (1 - activation[h] * activation[h]);
        d_biases[h] += d_sum;
        for (std::size_t i = 0; i < inputs; ++i) d_weights[h * inputs + i] += d_sum * row[i];
      }
    }
    return loss / static_cast<double>(examples);
  }
};

}  // namespace kernels
