// K4: the recurrent network of ADBench (Srajer, Kukelova, Fitzgibbon 2018, and its published programs): `layers` layers of
// `width` cells whose weights are diagonal, run over a sequence of characters; the loss is the mean negative log-likelihood of
// the next character; the gradient in the weights of the layers and of the input and output. Each step of a layer, cell by cell,
// with the layer's input x, its hidden state h and cell state c:
//
//   f = sigmoid(x w_f + b_f)   i = sigmoid(h w_i + b_i)   o = sigmoid(x w_o + b_o)   g = tanh(h w_g + b_g)
//   c' = c f + i g             h' = o tanh(c')
//
// The published log-normaliser adds 2 to the sum of exponentials; so does this one.
#pragma once

#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "kernels/inputs.hpp"

namespace kernels {

inline constexpr auto sigmoid = [](const auto& y) {
  using std::exp;
  return 1.0 / (1.0 + exp(-y));
};

/// c' of one cell, from its input, hidden state, cell state, and the weights and biases of forget, in and change.
inline constexpr auto lstm_cell = [](auto x, auto h, auto c, auto w_f, auto w_i, auto w_g, auto b_f, auto b_i, auto b_g) {
  using std::tanh;
  return c * sigmoid(x * w_f + b_f) + sigmoid(h * w_i + b_i) * tanh(h * w_g + b_g);
};

/// h' of one cell, from its input, the weight and bias of out, and c'.
inline constexpr auto lstm_hidden = [](auto x, auto w_o, auto b_o, auto next) {
  using std::tanh;
  return sigmoid(x * w_o + b_o) * tanh(next);
};

/// What a cell hands on.
template <class T>
struct CellState {
  T hidden, cell;
};

struct Lstm {
  std::size_t layers, length, width = 14;
  std::vector<double> sequence;            ///< length rows of `width` bits
  std::vector<CellState<double>> initial;  ///< before the first, layer by layer

  Lstm(std::size_t l, std::size_t c) : layers(l), length(c), initial(l * width, {0, 0}) {
    Random random(11);
    for (std::size_t i = 0; i < length * width; ++i) sequence.push_back(random.uniform() < 0.5 ? 0.0 : 1.0);
  }

  std::string name() const {
    return "K4 lstm (" + std::to_string(layers) + "," + std::to_string(length) + "," + std::to_string(width) + ")";
  }
  /// For each layer and cell 4 weights and 4 biases; then input weights, output weights, output biases.
  std::vector<double> point() const { return Random(12).uniforms(width * (8 * layers + 3), -0.8, 0.8); }

  template <class T, class Cell = decltype(lstm_cell), class Hidden = decltype(lstm_hidden)>
  T value(std::span<const T> x, const Cell& cell = lstm_cell, const Hidden& hidden = lstm_hidden) const {
    using std::exp, std::log;
    const auto in_weight = x.subspan(8 * layers * width, width);
    const auto out_weight = x.subspan((8 * layers + 1) * width, width), out_bias = x.last(width);
    std::vector<CellState<T>> state;
    for (const CellState<double>& before : initial) state.push_back({T(before.hidden), T(before.cell)});
    std::vector<T> input(width), prediction(width);
    T total = 0;
    for (std::size_t t = 0; t + 1 < length; ++t) {
      for (std::size_t j = 0; j < width; ++j) input[j] = in_weight[j] * sequence[t * width + j];
      for (std::size_t l = 0; l < layers; ++l)
        for (std::size_t j = 0; j < width; ++j) {
          CellState<T>& own = state[l * width + j];
          const T* w = &x[(l * width + j) * 8];  // weights of forget, in, out, change; then their biases
          own.cell = cell(input[j], own.hidden, own.cell, w[0], w[1], w[3], w[4], w[5], w[7]);
          input[j] = own.hidden = hidden(input[j], w[2], w[6], own.cell);
        }
      T sum = 2;
      for (std::size_t j = 0; j < width; ++j) {
        prediction[j] = input[j] * out_weight[j] + out_bias[j];
        sum += exp(prediction[j]);
      }
      const T log_sum = log(sum);
      for (std::size_t j = 0; j < width; ++j) total += sequence[(t + 1) * width + j] * (prediction[j] - log_sum);
    }
    return -total / static_cast<double>((length - 1) * width);
  }

  double gradient_by_hand(std::span<const double> x, std::span<double> gradient) const {
    const std::size_t cells = layers * width;
    const double* in_weight = &x[8 * cells];
    const double* out_weight = in_weight + width;
    const double* out_bias = out_weight + width;
    for (double& g : gradient) g = 0;
    double* d_in_weight = &gradient[8 * cells];
    double* d_out_weight = d_in_weight + width;
    double* d_out_bias = d_out_weight + width;

    std::vector<Step> steps(cells * (length - 1));  // kept for the way back
    std::vector<double> softmax(width * (length - 1)), hidden, cell, prediction(width);
    for (const CellState<double>& before : initial) {
      hidden.push_back(before.hidden);
      cell.push_back(before.cell);
    }
    const double weight = -1 / static_cast<double>((length - 1) * width);
    double total = 0;
    for (std::size_t t = 0; t + 1 < length; ++t) {
      double sum = 2;
      for (std::size_t j = 0; j < width; ++j) {
        double input = in_weight[j] * sequence[t * width + j];
        for (std::size_t l = 0; l < layers; ++l) {
          const std::size_t k = l * width + j;
          const double* w = &x[k * 8];
          Step& s = steps[t * cells + k];
          s = {input,
               hidden[k],
               cell[k],
               sigmoid(input * w[0] + w[4]),
               sigmoid(hidden[k] * w[1] + w[5]),
               sigmoid(input * w[2] + w[6]),
               std::tanh(hidden[k] * w[3] + w[7]),
               0};
          cell[k] = s.cell * s.forget + s.in * s.change;
          s.tanh_next = std::tanh(cell[k]);
          input = hidden[k] = s.out * s.tanh_next;
        }
        prediction[j] = input * out_weight[j] + out_bias[j];
        sum += softmax[t * width + j] = std::exp(prediction[j]);
      }
      const double log_sum = std::log(sum);
      for (std::size_t j = 0; j < width; ++j) {
        softmax[t * width + j] /= sum;
        total += sequence[(t + 1) * width + j] * (prediction[j] - log_sum);
      }
    }

    std::vector<double> d_hidden(cells, 0.0), d_cell(cells, 0.0);
    for (std::size_t t = length - 1; t-- > 0;) {
      double gold = 0;
      for (std::size_t j = 0; j < width; ++j) gold += sequence[(t + 1) * width + j];
      for (std::size_t j = 0; j < width; ++j) {
        const double d_prediction = weight * (sequence[(t + 1) * width + j] - gold * softmax[t * width + j]);
        const Step& last = steps[t * cells + (layers - 1) * width + j];
        d_out_weight[j] += d_prediction * last.out * last.tanh_next;
        d_out_bias[j] += d_prediction;
        double d_output = d_prediction * out_weight[j];
        for (std::size_t l = layers; l-- > 0;) {
          const std::size_t k = l * width + j;
          const Step& s = steps[t * cells + k];
          const double* w = &x[k * 8];
          double* d_w = &gradient[k * 8];
          const double d_h = d_hidden[k] + d_output;
          const double d_next = d_cell[k] + d_h * s.out * (1 - s.tanh_next * s.tanh_next);
          const double d_forget = d_next * s.cell * s.forget * (1 - s.forget);
          const double d_in = d_next * s.change * s.in * (1 - s.in);
          const double d_out = d_h * s.tanh_next * s.out * (1 - s.out);
          const double d_change = d_next * s.in * (1 - s.change * s.change);
          d_w[0] += d_forget * s.input;
          d_w[1] += d_in * s.hidden;
          d_w[2] += d_out * s.input;
          d_w[3] += d_change * s.hidden;
          d_w[4] += d_forget;
          d_w[5] += d_in;
          d_w[6] += d_out;
          d_w[7] += d_change;
          d_cell[k] = d_next * s.forget;
          d_hidden[k] = d_in * w[1] + d_change * w[3];
          d_output = d_forget * w[0] + d_out * w[2];
        }
        d_in_weight[j] += d_output * sequence[t * width + j];
      }
    }
    return total * weight;
  }

 private:
  /// What one cell saw and computed in one step.
  struct Step {
    double input, hidden, cell, forget, in, out, change, tanh_next;
  };
};

}  // namespace kernels
