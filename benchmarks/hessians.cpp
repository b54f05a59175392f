// What do Jacobians and Hessians of a recorded function cost? In gradients of the same function, or in its forward sweeps for a
// function of many outputs: products with one direction after the other, all at once, and sparse.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <limits>
#include <vector>

#include "wengert/function.hpp"

namespace {

using wengert::Function, wengert::Var;

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// Least time of one call, of five rounds of 50 ms.
template <class Work>
double least_time(Work work) {
  double least = std::numeric_limits<double>::infinity();
  for (int round = 0; round < 5; ++round) {
    const double start = seconds();
    int calls = 0;
    double passed = 0;
    for (; passed < 0.05; passed = seconds() - start, ++calls) work();
    least = std::min(least, passed / calls);
  }
  return least;
}

/// Tridiagonal Hessian.
Var rosenbrock(const std::vector<Var>& x) {
  Var sum = 0;
  for (std::size_t i = 0; i + 1 < x.size(); ++i) {
    const Var a = x[i + 1] - x[i] * x[i], b = 1 - x[i];
    sum += 100 * a * a + b * b;
  }
  return sum;
}
/// Dense Hessian.
Var dense(const std::vector<Var>& x) {
  Var sum = 10;
  for (const Var& number : x) sum += exp(number) * sin(number);
  return log(sum) * tanh(sum);
}
/// Tridiagonal Jacobian.
std::vector<Var> broyden(const std::vector<Var>& x) {
  std::vector<Var> r;
  for (std::size_t i = 0; i < x.size(); ++i)
    r.push_back((3 - 2 * x[i]) * x[i] + 1 - (i > 0 ? x[i - 1] : Var(0)) - (i + 1 < x.size() ? 2 * x[i + 1] : Var(0)));
  return r;
}

}  // namespace

int main() {
  fmt::print("{:<12}{:>6}{:>8}{:>14}{:>11}{:>11}{:>11}{:>12}\n", "function", "n", "nodes", "gradient us", "H v", "all H v", "H",
             "sparse H");
  for (const std::size_t n : {8, 64, 256, 1000}) {
    std::vector<double> x(n);
    for (std::size_t k = 0; k < n; ++k) x[k] = 0.1 + 0.8 * static_cast<double>(k) / static_cast<double>(n);
    const auto report = [&](const char* name, const Function& f) {
      wengert::Workspace workspace;
      const double gradient = least_time([&] { f.gradient(x, workspace); });
      const double product = least_time([&] { f.hessian_vector(x, x); }) / gradient;
      fmt::print("{:<12}{:>6}{:>8}{:>14.2f}{:>11.1f}{:>11.1f}{:>11.1f}{:>12.1f}\n", name, n, f.tape().size(), 1e6 * gradient,
                 product, product * static_cast<double>(n), least_time([&] { f.hessian(x); }) / gradient,
                 least_time([&] { f.sparse_hessian(x); }) / gradient);
      std::fflush(stdout);
    };
    report("rosenbrock", wengert::record(rosenbrock, x));
    report("dense", wengert::record(dense, x));
  }
  fmt::print("\n{:<12}{:>6}{:>8}{:>14}{:>11}{:>11}{:>11}{:>12}\n", "function", "n", "nodes", "values us", "J v", "all J v", "J",
             "sparse J");
  for (const std::size_t n : {8, 64, 256, 1000}) {
    const std::vector<double> x(n, 0.5);
    const Function f = wengert::record(broyden, x);
    const double values = least_time([&] { f.values(x); });
    const double product = least_time([&] { f.push_forward(x, x); }) / values;
    fmt::print("{:<12}{:>6}{:>8}{:>14.2f}{:>11.1f}{:>11.1f}{:>11.1f}{:>12.1f}\n", "broyden", n, f.tape().size(), 1e6 * values,
               product, product * static_cast<double>(n), least_time([&] { f.jacobian(x); }) / values,
               least_time([&] { f.sparse_jacobian(x); }) / values);
    std::fflush(stdout);
  }
}
