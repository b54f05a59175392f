// llsq: half the sum of the squares of s - (x0 + x1 t + x2 t^2 + …) over n points t between -1 and 1, s being the sign of t.
// (After llsq_obj of cmpad, https://cmpad.readthedocs.io/llsq_obj.html.)
#include <vector>

#include "gradbench/input.hpp"
#include "gradbench/module.hpp"
#include "kernels/inputs.hpp"
#include "wengert/batch.hpp"

namespace gradbench {
namespace {

/// The term of one point, by Horner's rule.
constexpr auto term = [](const auto& x, const auto& t, const auto& s) {
  auto polynomial = x[x.size() - 1] + 0.0 * t;
  for (std::size_t j = x.size() - 1; j-- > 0;) polynomial = x[j] + t * polynomial;
  const auto residual = s - polynomial;
  return 0.5 * residual * residual;
};

struct Problem {
  std::vector<double> x, points;  ///< t and s of each point, side by side

  explicit Problem(const Json& input) {
    const Input object(input);
    const std::size_t n = object.count("n", 2);
    x = object.numbers("x");
    if (x.empty()) object.refuse("x", "must have a number at least");
    for (std::size_t i = 0; i < n; ++i) {
      const double t = -1 + static_cast<double>(i) * 2 / static_cast<double>(n - 1);
      points.push_back(t);
      points.push_back(t > 0 ? 1 : t < 0 ? -1 : 0);
    }
  }
};

double primal(const Problem& problem) {
  double sum = 0;
  for (std::size_t i = 0; i < problem.points.size(); i += 2) sum += term(problem.x, problem.points[i], problem.points[i + 1]);
  return sum;
}

/// The term recorded once, replayed over the points.
class Gradient {
 public:
  explicit Gradient(Problem problem) : problem_(std::move(problem)), term_(wengert::record(term, problem_.x, 0.5, 1.0)) {}
  void operator()(std::vector<double>& gradient) {
    const wengert::BatchOptions options{.threads = 1, .standard_errors = false};
    gradient = wengert::sum_gradient(term_, problem_.x, wengert::Samples::rows(problem_.points, 2), options).gradient;
  }

 private:
  Problem problem_;
  wengert::Function term_;
};

}  // namespace

Module llsq() {
  return {"llsq",
          {{"primal", [](const Json& input) { return task<double>([p = Problem(input)](double& y) { y = primal(p); }); }},
           {"gradient", [](const Json& input) { return task<std::vector<double>>(Gradient(Problem(input))); }}},
          [] {
            return std::vector<Example>{{"m 128, n 4096",
                                         "primal",
                                         "gradient",
                                         "replayed over points",
                                         {{"x", kernels::Random(42).uniforms(128, 0, 1)}, {"n", 4096}}}};
          }};
}

}  // namespace gradbench
