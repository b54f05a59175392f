// One random program through every way of running it, for the property tests and the fuzzer: recorded, replayed, differentiated
// to a tape of its own, optimised, and in batches on vector lanes, at its own inputs and at others.
#pragma once

#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "support/hand_dual.hpp"
#include "support/program.hpp"
#include "support/program_reference.hpp"
#include "support/var_machine.hpp"
#include "wengert/batch.hpp"
#include "wengert/error.hpp"
#include "wengert/function.hpp"
#include "wengert/wengert.hpp"

namespace program {

/// Whether the first-order bound holds water: the errors stay far below what they are errors of.
inline bool tame(const Bounded& r, std::size_t inputs) {
  Wide largest = abs(r.value), error = r.value_error.loose;
  for (std::size_t j = 0; j < inputs; ++j) {
    if (largest < r.magnitude[j]) largest = r.magnitude[j];
    if (error < r.tangent_error[j].loose) error = r.tangent_error[j].loose;
    if (!(r.tangent_error[j].loose == r.tangent_error[j].loose)) return false;  // so ill-conditioned that the bound overflowed
  }
  return r.defined && error < Wide(1e-7) * largest + Wide(1e-300);
}

/// Collects what disagrees, and how much was compared.
struct Findings {
  std::string text;
  long comparisons = 0, skipped = 0;
  double furthest = 0, sum = 0;  // in units of the bound

  void compare(const char* what, double computed, Wide exact, Wide bound) {
    const double error = static_cast<double>(abs(Wide(computed) - exact));
    // First order only: what is quadratic in u is some 1e-7 of the bound at most (see tame). Results below the normal numbers
    // have no relative accuracy: some of the smallest of them besides.
    const double allowed = 1.001 * static_cast<double>(bound) + 64 * 5e-324;
    ++comparisons;
    if (error <= allowed) {
      furthest = std::max(furthest, error / allowed);
      sum += error / allowed;
      return;
    }
    char line[256];
    std::snprintf(line, sizeof line, "%s: %.17g instead of %.17g, off by %.2g, allowed %.2g\n", what, computed,
                  static_cast<double>(exact), error, allowed);
    text += line;
  }
};

/// A batch of three samples: the function's last inputs go from its own towards `other` while the first half are shared.
inline void check_batch(const Program& p, const wengert::Function& f, std::span<const double> other, Findings& found) {
  const std::size_t inputs = p.inputs.size(), shared = inputs / 2, columns = inputs - shared, count = 3;
  std::vector<double> rows;
  std::array<Bounded, count> exact;
  std::vector<bool> recorded_way;
  bounded(p, p.inputs, &recorded_way);
  for (std::size_t s = 0; s < count; ++s) {
    std::vector<double> x = p.inputs;
    for (std::size_t k = shared; k < inputs; ++k) {
      x[k] += (other[k] - x[k]) * (static_cast<double>(s) / 2);
      rows.push_back(x[k]);
    }
    std::vector<bool> way;
    exact[s] = bounded(p, x, &way);
    if (way != recorded_way || !tame(exact[s], inputs)) {
      ++found.skipped;
      return;
    }
  }
  std::vector<double> values(count), gradients(count * columns);
  wengert::BatchOptions options;
  options.standard_errors = false;
  options.values = values;
  for (std::size_t k = 0; k < columns; ++k) options.sample_gradient.push_back(std::span(gradients).subspan(k * count, count));
  const auto result = wengert::sum_gradient(f, std::span(p.inputs).first(shared), wengert::Samples::rows(rows, columns), options);
  for (std::size_t s = 0; s < count; ++s) {
    found.compare("value in a batch", values[s], exact[s].value, exact[s].value_error.loose);
    for (std::size_t k = 0; k < columns; ++k)
      found.compare("gradient of a sample", gradients[k * count + s], exact[s].tangent[shared + k],
                    exact[s].tangent_error[shared + k].loose);
  }
  for (std::size_t j = 0; j < shared; ++j) {
    Wide sum = 0, bound = 0;
    for (const Bounded& each : exact) {
      sum += each.tangent[j];
      bound += each.tangent_error[j].loose + Wide(4 * 0x1p-53) * each.magnitude[j];  // and the additions of the sum itself
    }
    found.compare("gradient of a batch", result.gradient[j], sum, bound);
  }
}

/// The program recorded at its own inputs and run at `x`.
inline void check_at(const Program& p, const wengert::Function& f, std::span<const double> x, Findings& found) {
  std::vector<bool> recorded_way, way;
  bounded(p, p.inputs, &recorded_way);
  const Bounded exact = bounded(p, x, &way);
  const std::size_t inputs = p.inputs.size();
  try {
    const double value = f(x);
    const std::vector<double> gradient = f.gradient(x);
    const wengert::Function derivative = f.derivative();
    const std::vector<double> recorded = derivative.values(x), again = f.optimised().gradient(x);
    const std::vector<double> second = derivative.optimised().values(x);
    if (way != recorded_way || !tame(exact, inputs)) {
      ++found.skipped;
      return;
    }
    found.compare("value", value, exact.value, exact.value_error.rules);
    found.compare("value beside the derivative", recorded[0], exact.value, exact.value_error.loose);
    for (std::size_t j = 0; j < inputs; ++j) {
      const Bound& bound = exact.tangent_error[j];
      found.compare("gradient", gradient[j], exact.tangent[j], bound.rules);
      found.compare("gradient of the optimised function", again[j], exact.tangent[j], bound.loose);
      found.compare("derivative as a function", recorded[1 + j], exact.tangent[j], bound.loose);
      found.compare("derivative, optimised again", second[1 + j], exact.tangent[j], bound.loose);
      std::vector<hand::Dual<double>> by_hand;
      for (std::size_t k = 0; k < inputs; ++k) by_hand.emplace_back(x[k], k == j ? 1.0 : 0.0);
      found.compare("forward mode by hand", run<hand::Dual<double>>(p, by_hand, hand::Machine<double>()).tangent,
                    exact.tangent[j], bound.loose);
    }
  } catch (const wengert::BranchChanged& error) {
    // outside the domains a NaN decides a comparison either way
    if (way == recorded_way && exact.defined) found.text += std::string("refused without a reason: ") + error.what() + "\n";
  }
}

inline Findings check_everywhere(const Program& p, std::span<const double> other) {
  Findings found;
  const wengert::Function f =
      wengert::record([&](const std::vector<wengert::Var>& x) { return run<wengert::Var>(p, x, VarMachine()); }, p.inputs);
  check_at(p, f, p.inputs, found);
  check_at(p, f, other, found);
  check_batch(p, f, other, found);
  return found;
}

}  // namespace program
