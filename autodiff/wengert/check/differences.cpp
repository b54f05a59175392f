#include "wengert/check/differences.hpp"

#include <algorithm>

#include "wengert/check/nodes.hpp"
#include "wengert/check/rounding.hpp"

namespace wengert::detail {

/// f recorded anew at x + h v, its values with whatever is detached as at x; nothing where it is out of reach from x without
/// crossing a kink.
template <class Use>
std::optional<Differences::Sample> Differences::beside(const Direction& along, double h, const std::vector<bool>& in_use,
                                                       Use use) {
  std::vector<double> at(x_.begin(), x_.end());
  for (std::size_t k = 0; k < at.size(); ++k) at[k] += h * along.v[k];
  try {
    const Recorded there(f_, at);
    if (there.y.size() == base_.y.size() && same_operations(base_.tape, there.tape)) {
      const Values<double> values = replay<double>(there.tape, at, base_.tape);
      if (same_sides(base_.tape, there.tape, values, in_use)) {
        const Sample sample = use(there, at, values);
        if (std::isfinite(sample.value)) return sample;
        return std::nullopt;
      }
    }
    for (const Var& y : there.y) crossed_ |= std::isfinite(y.value());  // NaN may compare as it likes
  } catch (...) {                                                       // f refuses this point
  }
  return std::nullopt;
}

/// From both sides; from one side alone at the edge of f's domain.
template <class Use>
Difference Differences::differences(const Direction& along, const std::vector<bool>& in_use, Use use) {
  double least = 0;  // steps that are no more than a few units in the last place of an input tell nothing
  for (std::size_t k = 0; k < x_.size(); ++k)
    if (along.v[k] != 0) least = std::max(least, std::abs(x_[k] / along.v[k]) * 0x1p-46);
  const std::vector<double> point(x_.begin(), x_.end());
  const Sample here = use(base_, point, replay<double>(base_.tape, point, base_.tape));
  const auto slope = [&](const Sample& below, const Sample& above, double from, double to) {
    const auto k = static_cast<std::size_t>(along.input);
    // in a single input, what was really gone
    const double length = along.input < 0 ? to - from : (x_[k] + to) - (x_[k] + from);
    return Slope{(above.value - below.value) / length, 2 * (above.noise + below.noise) / length,
                 std::max(std::abs(above.value - here.value), std::abs(below.value - here.value)) / length};
  };
  // f is flat where it was asked, on both sides: there is a pole or a spike within the step. The tape knows of none in a custom
  // operation.
  const auto steps_over = [&](const Sample& below, const Sample& above) {
    return std::abs(here.slope) > 4 * std::max(std::abs(below.slope), std::abs(above.slope));
  };
  bool both_sides = false;
  const auto central = [&](double h) -> std::optional<Slope> {
    const auto above = beside(along, h, in_use, use), below = beside(along, -h, in_use, use);
    if (!above || !below || steps_over(*below, *above)) return std::nullopt;
    both_sides = true;
    return slope(*below, *above, -h, h);
  };
  // values that are off by more than rounding ask for long steps
  const double first = std::max(along.reach / (accuracy_ > 0 ? 2 : 8), 4 * least);
  Difference result = extrapolate(central, first, least);
  for (const double side : {1.0, -1.0}) {
    if (both_sides || std::isfinite(result.error)) break;
    crossed_ = false;
    if (beside(along, -side * std::max(least, first * 0x1p-40), in_use, use) || crossed_) continue;
    const auto one_sided = [&](double h) -> std::optional<Slope> {
      const auto there = beside(along, side * h, in_use, use);
      if (!there || steps_over(*there, *there)) return std::nullopt;
      return side > 0 ? slope(here, *there, 0, h) : slope(*there, here, -h, 0);
    };
    result = extrapolate(one_sided, first, least, 1);
  }
  return result;
}

Difference Differences::of_value(const Direction& along, std::span<const double> weights, const std::vector<bool>& in_use) {
  sampled = false;
  recorded_well = true;
  const auto sample = [&](const Recorded& there, const std::vector<double>& at, const Values<double>& values) {
    const auto adjoints = reverse_sweep<double>(there.tape, values, there.seeds<double>(weights)).adjoints;
    double noise = value_rounding(there.tape, values, adjoints);
    double slope = 0;
    for (std::size_t k = 0; k < at.size(); ++k)
      if (along.v[k] != 0 && there.x[k].index() < adjoints.nodes()) {
        const double adjoint = adjoints[there.x[k].index()];
        noise += std::abs(adjoint * at[k]) * half_ulp;  // x + h v is rounded, which moves f
        slope += adjoint * along.v[k];
      }
    const std::vector<double> y = there.dependents(values);
    const double value = dot(weights, y);
    // the sum is rounded too, and each is as accurate as stated
    noise += dot_of_magnitudes(weights, y) * (static_cast<double>(y.size()) * half_ulp + accuracy_ / 2);
    if (&there != &base_ && std::isfinite(value)) {
      sampled = true;
      const Values<double> recorded = replay<double>(base_.tape, at, base_.tape);
      const double allowed =
          value_rounding(there.tape, values, adjoints, &recorded) + 8 * half_ulp * dot_of_magnitudes(weights, y);
      recorded_well &= std::abs(dot(weights, base_.dependents(recorded)) - value) <= allowed;
    }
    return Sample{value, noise, slope};
  };
  const Difference result = differences(along, in_use, sample);
  recorded_well &= sampled;
  return result;
}

Difference Differences::of_gradient(const Direction& along, std::span<const double> weights, const std::vector<bool>& in_use,
                                    std::span<const double> w) {
  return differences(along, in_use, [&](const Recorded& there, const std::vector<double>& at, const Values<double>& numbers) {
    std::vector<Dual<double>> point;
    for (std::size_t k = 0; k < w.size(); ++k) point.emplace_back(at[k], w[k]);
    const auto values = replay<Dual<double>>(there.tape, point, base_.tape);
    const auto plain = reverse_sweep<double>(there.tape, numbers, there.seeds<double>(weights));
    const auto curved = reverse_sweep<Dual<double>>(there.tape, values, there.seeds<Dual<double>>(weights));
    double sum = 0, slope = 0;
    double noise = curvature_rounding(there.tape, curved.adjoints, 0) + sweep_rounding(there.tape, plain.adjoints, values, 1);
    for (std::size_t k = 0; k < w.size(); ++k) {
      const double term = w[k] * plain.wrt(there.x[k]);
      sum += term;
      noise += std::abs(term) * static_cast<double>(w.size()) * half_ulp;
      if (along.v[k] == 0) continue;
      const double curvature = curved.wrt(there.x[k]).tangent;
      noise += std::abs(curvature * at[k]) * half_ulp;
      slope += curvature * along.v[k];
    }
    return Sample{sum, noise + accuracy_ / 2 * std::abs(sum), slope};
  });
}

}  // namespace wengert::detail
