#include "gradbench/ratios.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <limits>
#include <stdexcept>

#include "gradbench/module.hpp"

namespace gradbench {
namespace {

/// Of the processor, which is all that one thread's work depends on where the machine is busy.
double seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// The time of one run, from as many as take 20 ms.
double time_of(const Task& task) {
  for (int runs = 1;; runs *= 2) {
    const double start = seconds();
    for (int run = 0; run < runs; ++run) task.run();
    const double passed = seconds() - start;
    if (passed >= 0.02) return passed / runs;
  }
}

void print(const Module& module, const Example& example) {
  const Prepare &primal_of = module.functions.at(example.primal), &derivative_of = module.functions.at(example.derivative);
  const Task primal = primal_of(example.input);
  const double start = seconds();
  const Task derivative = derivative_of(example.input);
  const double prepare = seconds() - start;
  derivative.run();  // the first fills memory that later ones find
  double least_primal = std::numeric_limits<double>::infinity(), least_derivative = least_primal;
  for (int round = 0; round < 9; ++round) {
    least_primal = std::min(least_primal, time_of(primal));
    least_derivative = std::min(least_derivative, time_of(derivative));
  }
  fmt::print("| {:<8} | {:<22} | {:<28} | {:>10.4g} | {:>7.2f} | {:>8.2g} |\n", module.name, example.size, example.way,
             1e6 * least_primal, least_derivative / least_primal, prepare / least_primal);
  std::fflush(stdout);
}

}  // namespace

void print_ratios(std::span<const std::string> only) {
  for (const std::string& name : only)
    if (std::none_of(modules().begin(), modules().end(), [&](const Module& module) { return module.name == name; }))
      throw std::invalid_argument(fmt::format("--only: there is no module `{}`", name));
  fmt::print("| {:<8} | {:<22} | {:<28} | {:>10} | {:>7} | {:>8} |\n|---|---|---|--:|--:|--:|\n", "module", "size", "way",
             "primal, us", "ratio", "prepare");
  for (const Module& module : modules())
    if (only.empty() || std::find(only.begin(), only.end(), module.name) != only.end())
      for (const Example& example : module.examples()) print(module, example);
}

}  // namespace gradbench
