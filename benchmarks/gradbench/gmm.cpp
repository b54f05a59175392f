// gmm: the log-posterior of a Gaussian mixture (kernels/gmm.hpp), with the sign of the prior that mathematics gives it.
#include <memory>
#include <span>
#include <vector>

#include "gradbench/input.hpp"
#include "gradbench/module.hpp"
#include "kernels/gmm.hpp"
#include "wengert/batch.hpp"

namespace gradbench {
namespace {

using kernels::Gmm, wengert::Var;

struct Problem {
  std::shared_ptr<const Gmm> kernel;
  std::vector<double> x;  ///< as the kernel wants it

  explicit Problem(const Json& input) {
    const Input object(input);
    const std::size_t d = object.count("d", 1), k = object.count("k", 1), n = object.count("n", 1);
    Gmm gmm(d, k, 0);
    gmm.n = n;
    gmm.prior = -1;
    gmm.gamma = object.number("gamma");
    gmm.m = static_cast<int>(object.count("m", 0));
    gmm.data = object.rows("x", n, d).data;
    x = object.numbers("alpha", k);
    const std::vector<double> means = object.rows("mu", k, d).data;
    x.insert(x.end(), means.begin(), means.end());
    const std::vector<double> q = object.rows("q", k, d).data, l = object.rows("l", k, d * (d - 1) / 2).data;
    for (std::size_t i = 0; i < k; ++i) {
      append(x, q, i, d);
      append(x, l, i, d * (d - 1) / 2);
    }
    kernel = std::make_shared<const Gmm>(std::move(gmm));
  }

 private:
  static void append(std::vector<double>& x, std::span<const double> all, std::size_t row, std::size_t columns) {
    const auto part = all.subspan(row * columns, columns);
    x.insert(x.end(), part.begin(), part.end());
  }
};

/// A row of the data recorded once and replayed over the rows; what does not depend on data, recorded beside it.
class Gradient {
 public:
  explicit Gradient(Problem problem)
      : problem_(std::move(problem)),
        row_(wengert::record(
            [&](const auto& x, const auto& row) { return problem_.kernel->row_term<Var, Var>(x, std::span<const Var>(row)); },
            problem_.x, std::vector<double>(problem_.kernel->d, 0.5))),
        others_(wengert::record([&](const auto& x) { return problem_.kernel->other_terms<Var>(x); }, problem_.x)) {}
  void operator()(std::vector<double>& gradient) {
    const Gmm& kernel = *problem_.kernel;
    const wengert::BatchOptions options{.threads = 1, .standard_errors = false};
    gradient = wengert::sum_gradient(row_, problem_.x, wengert::Samples::rows(kernel.data, kernel.d), options).gradient;
    const std::span<const double> others = others_.gradient(problem_.x, workspace_);
    for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] += others[i];
  }

 private:
  Problem problem_;
  wengert::Function row_, others_;
  wengert::Workspace workspace_;
};

/// The gradient as GradBench has it: by parameter.
Json by_parameter(const Gmm& kernel, std::span<const double> gradient) {
  const std::size_t d = kernel.d, size = kernel.factor_size();
  const auto rows = [&](std::size_t first, std::size_t stride, std::size_t columns) {
    Json result = Json::array();
    for (std::size_t k = 0; k < kernel.K; ++k) result.push_back(gradient.subspan(first + k * stride, columns));
    return result;
  };
  const std::size_t factors = kernel.K * (1 + d);
  return {{"alpha", gradient.first(kernel.K)},
          {"mu", rows(kernel.K, d, d)},
          {"q", rows(factors, size, d)},
          {"l", rows(factors + d, size, size - d)}};
}

Json input(std::size_t d, std::size_t k, std::size_t n) {
  kernels::Random random(45);
  const auto rows = [&](std::size_t count, std::size_t columns) {
    Json result = Json::array();
    for (std::size_t i = 0; i < count; ++i) result.push_back(random.normals(columns));
    return result;
  };
  Json result{{"d", d}, {"k", k}, {"n", n}, {"gamma", 1.0}, {"m", 0}, {"alpha", random.normals(k)}};
  result["x"] = rows(n, d);
  result["mu"] = rows(k, d);
  result["q"] = rows(k, d);
  result["l"] = rows(k, d * (d - 1) / 2);
  return result;
}

}  // namespace

Module gmm() {
  return {
      "gmm",
      {{"objective",
        [](const Json& input) { return task<double>([p = Problem(input)](double& y) { y = p.kernel->value<double>(p.x); }); }},
       {"jacobian",
        [](const Json& input) {
          Problem problem(input);
          const std::shared_ptr<const Gmm> kernel = problem.kernel;
          return task<std::vector<double>>(Gradient(std::move(problem)),
                                           [kernel](const auto& gradient) { return by_parameter(*kernel, gradient); });
        }}},
      [] {
        return std::vector<Example>{{"d 10, k 25, n 1000", "objective", "jacobian", "replayed over rows", input(10, 25, 1000)},
                                    {"d 64, k 25, n 1000", "objective", "jacobian", "replayed over rows", input(64, 25, 1000)}};
      }};
}

}  // namespace gradbench
