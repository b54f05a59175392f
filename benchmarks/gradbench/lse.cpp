// lse: log(exp(x0) + exp(x1) + …), the largest taken out of the exponentials.
#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "gradbench/input.hpp"
#include "gradbench/module.hpp"
#include "kernels/inputs.hpp"
#include "wengert/reductions.hpp"
#include "wengert/wengert.hpp"

namespace gradbench {
namespace {

std::vector<double> read(const Json& input) {
  const Input object(input);
  std::vector<double> x = object.numbers("x");
  if (x.empty()) object.refuse("x", "must have a number at least");
  return x;
}

double primal(const std::vector<double>& x) {
  const double largest = *std::max_element(x.begin(), x.end());
  double sum = 0;
  for (const double y : x) sum += std::exp(y - largest);
  return largest + std::log(sum);
}

/// One reduction on a tape that is kept.
class Gradient {
 public:
  explicit Gradient(std::vector<double> x) : x_(std::move(x)), variables_(x_.size()) {}
  void operator()(std::vector<double>& gradient) {
    tape_->clear();
    for (std::size_t k = 0; k < x_.size(); ++k) variables_[k] = tape_->variable(x_[k]);
    wengert::gradient(wengert::log_sum_exp(variables_), result_);
    gradient.resize(x_.size());
    for (std::size_t k = 0; k < x_.size(); ++k) gradient[k] = result_.wrt(variables_[k]);
  }

 private:
  std::vector<double> x_;
  std::vector<wengert::Var> variables_;
  std::unique_ptr<wengert::Tape> tape_ = std::make_unique<wengert::Tape>();
  wengert::Gradient result_;
};

}  // namespace

Module lse() {
  return {"lse",
          {{"primal", [](const Json& input) { return task<double>([x = read(input)](double& y) { y = primal(x); }); }},
           {"gradient", [](const Json& input) { return task<std::vector<double>>(Gradient(read(input))); }}},
          [] {
            return std::vector<Example>{
                {"n 10000", "primal", "gradient", "reduction", {{"x", kernels::Random(41).uniforms(10000, 0, 1)}}}};
          }};
}

}  // namespace gradbench
