// Central differences with Richardson extrapolation (Ridders' tableau) and an error estimate of their own. Inside the library
// only.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

namespace wengert {

/// A derivative by differences and how far it may be off. `error` is infinite where no step size worked.
struct Difference {
  double value = 0;
  double error = std::numeric_limits<double>::infinity();
};

/// (F(h) - F(-h)) / 2h and a bound on its rounding error.
struct Slope {
  double value, noise;
};

/// Extrapolates a slope(h) to h = 0, from first steps of `reach` downwards. slope returns std::optional<Slope>, empty where F
/// cannot be had on the way (outside its domain, across a kink): then the first step shrinks.
///
/// slope's error is a series in h^2; column j of the tableau has removed its first j terms. An entry's error is estimated by its
/// distance from both entries that it was made of, and the rounding noise is carried along the same recurrence. The best entry
/// wins.
template <class Sample>
Difference extrapolate(Sample slope, double reach) {
  constexpr int rows = 14;
  constexpr double smallest = 0x1p-60;
  // no power of two, lest the samples of a periodic function all fall on its period
  double first = reach * 0.7390851332151607;
  const double give_up = first * smallest;
  for (; first > give_up; first /= 4) {
    std::array<double, rows> above{}, noise_above{};  // the row above, by column
    Difference best;
    bool valid = true;
    double h = first;
    for (int i = 0; i < rows; ++i, h /= 2) {
      const std::optional<Slope> sampled = slope(h);
      if (!sampled.has_value() || !std::isfinite(sampled->value)) {
        valid = false;
        break;
      }
      std::array<double, rows> row{}, noise_row{};
      row[0] = sampled->value;
      noise_row[0] = sampled->noise;
      double factor = 4;
      for (int j = 1; j <= i; ++j, factor *= 4) {
        const std::size_t at = static_cast<std::size_t>(j);
        row[at] = row[at - 1] + (row[at - 1] - above[at - 1]) / (factor - 1);
        noise_row[at] = (factor * noise_row[at - 1] + noise_above[at - 1]) / (factor - 1);
        const double truncation = std::max(std::abs(row[at] - row[at - 1]), std::abs(row[at] - above[at - 1]));
        const double error = 4 * truncation + noise_row[at];  // the distances are an estimate, not a bound: four of them
        if (i >= 2 && error < best.error) best = {row[at], error};
      }
      if (best.error < 2 * noise_row[0]) break;  // smaller steps only add noise
      above = row;
      noise_above = noise_row;
    }
    if (valid) return best;
  }
  return {};
}

}  // namespace wengert
