// Differences with Richardson extrapolation (Ridders' tableau), and an error estimate of their own.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

namespace wengert::detail {

/// A derivative by differences and how far it may be off. `error` is infinite where no step size worked.
struct Difference {
  double value = 0;
  double error = std::numeric_limits<double>::infinity();
  double change = 0;       ///< of F in the longest step, over its length: the derivative's scale where it is 0 itself
  bool contested = false;  ///< smaller steps say something else: stairs that look smooth from afar, or waves that look flat
};

/// (F(h) - F(-h)) / 2h, a bound on its rounding error, and how much F changes, over h.
struct Slope {
  double value, noise, change = 0;
};

/// Extrapolates a slope(h) to h = 0, from steps of `reach` downwards to `least`. slope returns std::optional<Slope>, empty where
/// F cannot be had on the way (outside its domain, across a kink): then the step shrinks.
///
/// slope's error is a series in h^power, 2 for central differences; column j of the tableau has removed its first j terms. An
/// entry's error is estimated by its distance from both entries that it was made of and from the one above it, and the rounding
/// noise is carried along the same recurrence. The best entry wins, unless smaller steps contradict it: steps that are longer
/// than the waves of F can agree by accident, and an F that is smooth from afar can be stairs from close by. Then there is no
/// telling.
template <class Sample>
Difference extrapolate(Sample slope, double reach, double least = 0, int power = 2) {
  constexpr int columns = 10;
  struct Row {
    std::array<double, columns> value, noise;
  };
  const auto is_sharp = [](const Difference& d) { return d.error < 1e-4 * std::abs(d.value); };
  // no power of two: the samples of a periodic function could all fall on its period
  double h = reach * 0.7390851332151607;
  if (least == 0) least = h * 0x1p-100;
  while (h > least) {
    Row above{}, row{};
    Difference best;
    double slope_of_best = 0, change = 0;
    for (int i = 0; h > least; ++i) {
      const std::optional<Slope> sampled = slope(h);
      if (!sampled || !std::isfinite(sampled->value)) {
        best = {};
        i = -1;
        h /= 4;
        continue;
      }
      if (i == 0) change = sampled->change;
      row.value[0] = sampled->value;
      row.noise[0] = sampled->noise;
      const double ratio = std::ldexp(1, power);  // of two steps, as the series has it
      double factor = ratio;
      for (int j = 1; j <= std::min(i, columns - 1); ++j, factor *= ratio) {
        const auto at = static_cast<std::size_t>(j);
        row.value[at] = row.value[at - 1] + (row.value[at - 1] - above.value[at - 1]) / (factor - 1);
        row.noise[at] = (factor * row.noise[at - 1] + above.noise[at - 1]) / (factor - 1);
        const double truncation =
            std::max({std::abs(row.value[at] - row.value[at - 1]), std::abs(row.value[at] - above.value[at - 1]),
                      std::abs(row.value[at] - above.value[at])});
        const double error = 4 * truncation + row.noise[at];  // the distances are an estimate, not a bound: four of them
        if (j == i || !(error < best.error)) continue;        // the first of its column has nothing above it
        if (is_sharp(best) && std::abs(row.value[at] - best.value) > 100 * (best.error + error)) {
          best.contested = true;
          return best;
        }
        best = {row.value[at], error, change};
        slope_of_best = row.value[0];
      }
      h /= 2;
      if (best.error <= 2 * row.noise[0]) break;  // smaller steps only add noise
      above = row;
    }
    // Two much smaller steps must not contradict it. A slope of 0 is what any step shows that is far too long: more of them, and
    // if one does, all over again from there.
    const bool is_zero = std::abs(best.value) <= best.error;
    bool contradicted = false;
    double smaller = h / 16;
    for (int k = 0; (k < 2 || is_zero) && smaller > least && !contradicted; ++k, smaller /= 64) {
      const std::optional<Slope> sampled = slope(smaller);
      if (!sampled || !std::isfinite(sampled->value)) continue;
      const double allowed = best.error + sampled->noise + std::abs(slope_of_best - best.value);
      contradicted = std::abs(sampled->value - best.value) > allowed;
    }
    best.contested = contradicted;
    if (!contradicted || is_sharp(best)) return best;
    if (!is_zero) return {};
    h = std::min(h, smaller * 64 * 64);  // between the last step that saw nothing and the one that saw something
  }
  return {};
}

}  // namespace wengert::detail
