// lstm: the recurrent network of kernels/lstm.hpp, from any state.
#include <memory>
#include <span>
#include <vector>

#include "gradbench/input.hpp"
#include "gradbench/module.hpp"
#include "kernels/lstm.hpp"
#include "ways.hpp"
#include "wengert/fuse.hpp"

namespace gradbench {
namespace {

using kernels::Lstm;

struct Problem {
  std::shared_ptr<const Lstm> kernel;
  std::vector<double> x;            ///< as the kernel wants it
  std::vector<std::size_t> places;  ///< of each parameter of GradBench, in its order, among them

  explicit Problem(const Json& input) {
    const Input object(input);
    const wengert::DenseMatrix sequence = object.rows("sequence"), main = object.rows("main_params");
    const std::size_t width = sequence.columns, layers = main.rows / 2;
    if (sequence.rows < 2 || width == 0) object.refuse("sequence", "must have two rows at least, and a number in each");
    if (layers == 0 || main.rows % 2 != 0)
      object.refuse("main_params", "must have two rows for each layer, and a layer at least");
    if (main.columns != 4 * width)
      object.refuse("main_params", "must have four numbers in a row for each that the sequence has in a row");
    const wengert::DenseMatrix extra = object.rows("extra_params", 3, width), state = object.rows("state", 2 * layers, width);

    Lstm lstm(layers, 0);
    lstm.length = sequence.rows;
    lstm.width = width;
    lstm.sequence = sequence.data;
    lstm.initial.clear();
    for (std::size_t l = 0; l < layers; ++l)
      for (std::size_t j = 0; j < width; ++j) lstm.initial.push_back({state(2 * l, j), state(2 * l + 1, j)});
    for (std::size_t l = 0; l < layers; ++l)
      for (std::size_t gate = 0; gate < 8; ++gate)  // weights of forget, in, out, change; then their biases
        for (std::size_t j = 0; j < width; ++j) places.push_back((l * width + j) * 8 + gate);
    for (std::size_t k = 0; k < 3 * width; ++k) places.push_back(8 * layers * width + k);
    x.resize(places.size());
    for (std::size_t k = 0; k < places.size(); ++k)
      x[places[k]] = k < main.data.size() ? main.data[k] : extra.data[k - main.data.size()];
    kernel = std::make_shared<const Lstm>(std::move(lstm));
  }
};

/// Each cell recorded as two nodes.
class Gradient {
 public:
  explicit Gradient(Problem problem)
      : problem_(std::move(problem)),
        way_(*problem_.kernel, wengert::fuse(kernels::lstm_cell), wengert::fuse(kernels::lstm_hidden)),
        in_order_(problem_.x.size()) {}
  void operator()(std::vector<double>& gradient) {
    way_(problem_.x, in_order_);
    gradient.resize(in_order_.size());
    for (std::size_t k = 0; k < gradient.size(); ++k) gradient[k] = in_order_[problem_.places[k]];
  }

 private:
  Problem problem_;
  ways::OnTape<Lstm, decltype(wengert::fuse(kernels::lstm_cell)), decltype(wengert::fuse(kernels::lstm_hidden))> way_;
  std::vector<double> in_order_;  // of the kernel
};

Json input(std::size_t layers, std::size_t length) {
  kernels::Random random(46);
  const auto rows = [&](std::size_t count, std::size_t columns, auto number) {
    Json result = Json::array();
    for (std::size_t i = 0; i < count; ++i) {
      std::vector<double> row;
      for (std::size_t j = 0; j < columns; ++j) row.push_back(number());
      result.push_back(row);
    }
    return result;
  };
  const auto any = [&] { return random.uniform(-0.8, 0.8); };
  Json result;
  result["main_params"] = rows(2 * layers, 4 * 14, any);
  result["extra_params"] = rows(3, 14, any);
  result["state"] = rows(2 * layers, 14, any);
  result["sequence"] = rows(length, 14, [&] { return random.uniform() < 0.5 ? 0.0 : 1.0; });
  return result;
}

}  // namespace

Module lstm() {
  return {
      "lstm",
      {{"objective",
        [](const Json& input) { return task<double>([p = Problem(input)](double& y) { y = p.kernel->value<double>(p.x); }); }},
       {"jacobian", [](const Json& input) { return task<std::vector<double>>(Gradient(Problem(input))); }}},
      [] {
        return std::vector<Example>{{"l 2, c 1024, b 14", "objective", "jacobian", "cells as fused pieces", input(2, 1024)}};
      }};
}

}  // namespace gradbench
