// Records f once at x, then asks each oracle for directional derivatives of w.f, w being 1 for a single dependent and random
// weights for several.
#include "wengert/check_gradient.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "wengert/check/complex_step.hpp"
#include "wengert/check/differences.hpp"
#include "wengert/check/nodes.hpp"
#include "wengert/check/rounding.hpp"
#include "wengert/check/suspect.hpp"
#include "wengert/error.hpp"
#include "wengert/forward_sweep.hpp"
#include "wengert/gradient.hpp"
#include "wengert/sweep/complaints.hpp"

namespace wengert::detail {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

class Checker {
 public:
  Checker(Recording f, std::span<const double> x, const CheckOptions& options, Location at)
      : f_(f), x_(x), options_(options), base_(f, x), differences_(f, x, base_, options.accuracy), random_(options.seed) {
    report_.called_at = at;
  }

  CheckReport run() {
    if (!refused()) {
      if (options_.accuracy > 0)
        note(fmt::format("f is taken for accurate to {:.1e} only, as CheckOptions::accuracy says", options_.accuracy));
      for (NodeId i = 0; i < base_.tape.size(); ++i)
        if (in_use_[static_cast<std::size_t>(i)] && base_.tape[i].op == Op::Detach)
          note("f detaches a value; differences of f take it as it is at the point");
      for (const Direction& direction : directions()) check_along(direction);
      conclude();
    }
    return std::move(report_);
  }

 private:
  void note(const std::string& text) {
    if (std::find(report_.notes.begin(), report_.notes.end(), text) == report_.notes.end()) report_.notes.push_back(text);
  }
  bool refuse(const std::string& text) {
    report_.outcome = CheckReport::Outcome::Refused;
    note(text);
    return true;
  }

  /// Looks at the point itself, and takes the gradient.
  bool refused() {
    if (x_.empty()) return refuse("there are no inputs; give at least one");
    if (base_.y.empty()) return refuse("f returned no dependents; return a variable, or a range of them");
    for (std::size_t k = 0; k < x_.size(); ++k)
      if (!std::isfinite(x_[k])) return refuse(fmt::format("input {} is {}; give finite numbers", k, printed(x_[k])));
    for (std::size_t k = 0; k < base_.y.size(); ++k) {
      if (!base_.y[k].is_constant() && (base_.y[k].tape() != &base_.tape || base_.y[k].generation() != base_.tape.generation()))
        return refuse(fmt::format("dependent {} is on another tape; compute it from the variables that f is given", k));
      if (!std::isfinite(base_.y[k].value()))
        return refuse(
            fmt::format("dependent {} is {} at this point; check a point inside f's domain", k, printed(base_.y[k].value())));
    }
    in_use_ = nodes_in_use(base_.tape, base_.y);
    if (const std::string kink = find_kink(base_.tape, in_use_); !kink.empty()) return refuse(kink);
    const Recorded again(f_, x_);
    if (again.y.size() != base_.y.size())
      return refuse(fmt::format("f returned {} dependents, then {}", base_.y.size(), again.y.size()));
    for (std::size_t k = 0; k < base_.y.size(); ++k)
      if (again.y[k].value() != base_.y[k].value())
        return refuse(fmt::format("f gave {:.17g}, then {:.17g} at the same point; it must not keep state or draw random numbers",
                                  base_.y[k].value(), again.y[k].value()));

    weights_.assign(base_.y.size(), 1);
    for (const double x : x_) scale_.push_back(x == 0 ? 1 : std::abs(x));
    if (weights_.size() > 1) {  // none may drown in the others: each is measured by its paths
      const std::vector<double> magnitudes = magnitudes_along(base_.tape, scale_);
      for (std::size_t k = 0; k < weights_.size(); ++k) {
        const double size = base_.y[k].is_constant() ? 0 : magnitudes[static_cast<std::size_t>(base_.y[k].index())];
        weights_[k] = away_from_zero() / (std::isnormal(size) ? size : 1);
      }
    }
    adjoints_ = reverse_sweep<double>(base_.tape, base_.tape.values(), base_.seeds<double>(weights_)).adjoints;
    for (std::size_t k = 0; k < x_.size(); ++k) {
      gradient_.push_back(adjoint(adjoints_, k));
      if (!std::isfinite(gradient_[k]))
        return refuse(fmt::format("the derivative in input {} is {} at this point; check a point where it is finite", k,
                                  printed(gradient_[k])));
    }
    for (NodeId i = 0; i < base_.tape.size(); ++i)
      if (in_use_[static_cast<std::size_t>(i)]) largest_ = std::max(largest_, std::abs(base_.tape.value(i)));
    return false;
  }

  /// +-[0.5, 1]: no direction may leave an input out by accident.
  double away_from_zero() {
    const double magnitude = 0.5 + 0.5 * std::ldexp(static_cast<double>(random_() >> 11), -53);
    return (random_() & 1) != 0 ? magnitude : -magnitude;
  }

  double reach(const Direction& along, const Values<Dual<double>>& tangents) const {
    double natural = natural_reach(base_.tape, in_use_, tangents);
    if (std::isinf(natural)) natural = along.reach;
    // where f is stationary, tangents say nothing about how far is far
    return std::clamp(natural, 0x1p-1000, std::max(1.0, 0x1p10 * along.reach));
  }

  /// Random directions first: they have a scale where the derivative in each single input is 0.
  std::vector<Direction> directions() {
    std::vector<Direction> each, result;
    one_by_one_ = x_.size() <= options_.each_input_up_to;
    if (!one_by_one_)
      note(fmt::format("of {} inputs, {} random directions were checked; each_input_up_to asks them one by one", x_.size(),
                       options_.directions));
    for (std::size_t k = 0; one_by_one_ && k < x_.size(); ++k) {
      each.push_back({static_cast<std::ptrdiff_t>(k), std::vector<double>(x_.size()), scale_[k]});
      each[k].v[k] = 1;
      if (x_.size() > 1) scale_[k] = reach(each[k], tangents(each[k].v));
    }
    const int random = !one_by_one_ ? options_.directions : x_.size() > 1 ? 1 : 0;
    for (int k = 0; k < random; ++k) {
      result.push_back({-1, {}, 1});
      for (const double scale : scale_) result.back().v.push_back(away_from_zero() * scale);
    }
    result.insert(result.end(), each.begin(), each.end());
    return result;
  }

  template <class T>
  T adjoint(const Values<T>& adjoints, std::size_t input) const {
    const NodeId i = base_.x[input].index();
    return i < adjoints.nodes() ? adjoints[i] : T(0);
  }

  /// Weighted sum of what `part` makes of each dependent's value.
  template <class T, class Part>
  double weighted(const Values<T>& values, Part part) const {
    double sum = 0;
    for (std::size_t k = 0; k < weights_.size(); ++k)
      if (!base_.y[k].is_constant()) sum += weights_[k] * part(values[base_.y[k].index()]);
    return sum;
  }

  Values<Dual<double>> tangents(std::span<const double> v) const {
    std::vector<Dual<double>> point;
    for (std::size_t k = 0; k < x_.size(); ++k) point.emplace_back(x_[k], v[k]);
    return forward_sweep<Dual<double>>(base_.tape, std::span<const Dual<double>>(point));
  }

  /// `scale` is the derivative's, where it is 0 as well: the sum of the magnitudes of its paths, or what differences saw.
  CheckLine& add(Oracle oracle, const Direction& along, double found, double expected, double error, double scale) {
    const double derivative = std::max(std::abs(found), std::abs(expected));
    scale = std::max(derivative, scale);
    if (scale == 0 && along.input >= 0) scale = random_scale_ / scale_[static_cast<std::size_t>(along.input)];
    if (scale == 0)
      scale = std::abs(dot(weights_, base_.dependents(base_.tape.values()))) / along.reach;  // flat, whatever one does
    error += options_.accuracy * scale;
    if (!std::isfinite(found) || !std::isfinite(expected) || std::isnan(error)) error = infinity;
    CheckLine line{oracle, along.input, found, printed(expected), error};
    // a derivative that may be 0 is held against its scale, one that is small beside it at least by a billionth of that
    const double beside = derivative <= error ? scale : std::max(derivative, 1e-5 * scale);
    line.sharp = error <= (options_.accuracy > 0 ? 0.1 : 1e-4) * beside || error < std::numeric_limits<double>::min() ||
                 (scale == 0 && error < 1e-100);
    report_.lines.push_back(line);
    return report_.lines.back();
  }

  void check_along(Direction along) {
    const double found = dot(gradient_, along.v);
    const auto tangents = this->tangents(along.v);
    along.reach = reach(along, tangents);
    const double forward = weighted(tangents, [](const Dual<double>& y) { return y.tangent; });
    const double sums =
        static_cast<double>(x_.size() + weights_.size()) * 0x1p-53 * (dot_of_magnitudes(gradient_, along.v) + std::abs(forward));
    const std::vector<double> magnitudes = magnitudes_along(base_.tape, along.v);
    double scale = 0;
    for (std::size_t k = 0; k < weights_.size(); ++k)
      if (!base_.y[k].is_constant()) scale += std::abs(weights_[k]) * magnitudes[static_cast<std::size_t>(base_.y[k].index())];

    double rounding = sums + sweep_rounding(base_.tape, adjoints_, tangents, 0);
    const double between_sweeps = rounding;
    Values<Dual<double>> curved;
    try {
      curved = reverse_sweep<Dual<double>>(base_.tape, tangents, base_.seeds<Dual<double>>(weights_)).adjoints;
      rounding += curvature_rounding(base_.tape, curved, 0);
    } catch (const NoSecondOrder&) {  // a custom operation without second derivatives: no complex step either
    }
    const Difference difference = differences_.of_value(along, weights_, in_use_);
    // in a chaotic system paths grow without end and cancel: they count as far as values of the tape could change so much
    scale = std::max(difference.change, std::min(scale, largest_ / along.reach));
    if (along.input < 0) random_scale_ = std::max(random_scale_, scale);

    bool told = add(Oracle::DotProduct, along, found, forward, between_sweeps, scale).expected_error < infinity;
    if (!told) note("the dot product can't tell: infinite partials on the way leave no bound on its rounding");
    const double complex_error = check_complex_step(along, found, sums, tangents, curved, scale);
    if (!differences_.sampled) {
      note("differences not asked: f cannot be called beside the point without crossing a kink or leaving its domain");
      told = false;
    } else {
      // where both that look at the tape alone have told, and beside the point the tape is f, differences of f know no better
      const bool known = differences_.recorded_well && std::isfinite(complex_error);
      CheckLine& line = add(Oracle::Differences, along, found, difference.value, difference.error + rounding, scale);
      // Stairs that are not on the tape were made by value(), and what f is from afar was meant; but they pass nothing.
      if (difference.contested) line.sharp = false;
      if (difference.contested && (differences_.recorded_well || line.units() <= 100)) line.expected_error = infinity;
      if (line.units() > 1 && known && 2 * complex_error < std::abs(line.found - line.expected)) {
        line.expected_error = infinity;
        line.sharp = false;
      }
      told &= line.sharp || known;
      if (!line.sharp && !differences_.recorded_well) {
        note("beside the point f is not what its recording says; numbers may have been taken out of variables by value()");
        if (report_.suspect.empty()) find_stale();
      }
    }
    if (along.input >= 0 || !one_by_one_) all_told_ &= told;
    if (options_.second_order) check_second_order(along, scale);
  }

  /// Returns the error bound if it could tell and agrees, infinity otherwise.
  double check_complex_step(const Direction& along, double found, double sums, const Values<Dual<double>>& tangents,
                            const Values<Dual<double>>& curved, double scale) try {
    constexpr double ulps = 16;  // of the standard library's complex functions, real and imaginary part alike
    const double step = ComplexStep::step(along.reach);
    if (step < std::numeric_limits<double>::min()) {
      note("complex step not asked: beside an input so small it would underflow");
      return infinity;
    }
    std::vector<ComplexStep> point;
    for (std::size_t k = 0; k < x_.size(); ++k) point.push_back(ComplexStep({x_[k], along.v[k] * step}));
    const auto values = replay<ComplexStep>(base_.tape, point, base_.tape);
    const double expected = weighted(values, [step](const ComplexStep& y) { return y.value.imag() / step; });
    // what the square of the step, 2^-200 of the reach, leaves out
    const double unscaled = scale > 0 ? 0 : std::min(along.reach, 1.0);
    const double truncation =
        0x1p-160 * (scale + unscaled + std::abs(dot(weights_, base_.dependents(base_.tape.values()))) / along.reach);
    const double error = sums + sweep_rounding(base_.tape, adjoints_, tangents, ulps, underflow / step) +
                         curvature_rounding(base_.tape, curved, ulps) + truncation;
    const CheckLine& line = add(Oracle::ComplexStep, along, found, expected, error, scale);
    return line.sharp && line.units() <= 1 ? line.expected_error : infinity;
  } catch (const NoComplexStep& none) {
    note(fmt::format("complex step not asked: `{}` has no complex continuation", none.operation));
    return infinity;
  }

  void check_second_order(const Direction& along, double scale) try {
    const auto product = [&](std::span<const double> v) {
      const auto values = tangents(v);
      const auto adjoints = reverse_sweep<Dual<double>>(base_.tape, values, base_.seeds<Dual<double>>(weights_)).adjoints;
      std::vector<double> result;
      for (std::size_t k = 0; k < x_.size(); ++k) result.push_back(adjoint(adjoints, k).tangent);
      return result;
    };
    std::vector<double> w(x_.size());
    for (std::size_t k = 0; k < w.size(); ++k) w[k] = away_from_zero() * scale_[k];
    const std::vector<double> hv = product(along.v);
    const std::vector<double> hw = product(w);
    const double found = dot(hv, w);
    const double rounding = hessian_rounding(base_.tape, base_.seeds<double>(weights_), along.v, w) +
                            64 * 0x1p-53 * (dot_of_magnitudes(hv, w) + dot_of_magnitudes(hw, along.v));
    add(Oracle::Symmetry, along, found, dot(hw, along.v), rounding, scale);
    const Difference difference = differences_.of_gradient(along, weights_, in_use_, w);
    if (std::isfinite(difference.error) && !difference.contested)
      add(Oracle::GradientDifferences, along, found, difference.value, difference.error + rounding, scale);
  } catch (const NoSecondOrder& error) {
    note(fmt::format("second order not checked: {}", error.what()));
  }

  void conclude() {
    using Outcome = CheckReport::Outcome;
    for (const CheckLine& line : report_.lines)
      if (line.units() > 1) report_.outcome = Outcome::Disagrees;
    if (report_.outcome == Outcome::Disagrees) return find_suspect();
    if (all_told_ && !report_.lines.empty()) return;
    report_.outcome = Outcome::Inconclusive;
    note(
        "no oracle that is independent of the rules could tell; try another point, farther from kinks and from the domain's "
        "edge");
  }

  void find_suspect() {
    const NodeId wrong = find_wrong_partial(base_.tape, in_use_, options_.second_order, options_.accuracy, report_.suspect);
    if (wrong >= 0)
      report_.suspect_location = base_.tape.location(wrong);
    else if (!find_stale())
      note(
          "every node's partials agree with its value: f may depend on its inputs in a way that the tape cannot see, by value() "
          "or by numbers kept from another call");
  }

  bool find_stale() {
    for (double h = 0x1p-10; h > 0x1p-40; h /= 32) {
      std::vector<double> at(x_.begin(), x_.end());
      for (std::size_t k = 0; k < at.size(); ++k) at[k] += h * scale_[k];
      try {
        const Recorded there(f_, at);
        const NodeId stale = find_stale_constant(base_.tape, there.tape, report_.suspect);
        if (stale < 0) continue;
        report_.suspect_location = base_.tape.location(stale);
        return true;
      } catch (...) {  // f refuses this point
      }
    }
    return false;
  }

  Recording f_;
  std::span<const double> x_;
  CheckOptions options_;
  Recorded base_;
  Differences differences_;
  std::mt19937_64 random_;
  CheckReport report_;

  std::vector<bool> in_use_;
  std::vector<double> weights_, gradient_;
  std::vector<double> scale_;  // a natural step in each input
  Values<double> adjoints_;
  double largest_ = 0;       // value in use
  double random_scale_ = 0;  // of the derivative along a random direction
  bool one_by_one_ = false, all_told_ = true;
};

}  // namespace

CheckReport check_gradient(Recording f, std::span<const double> x, const CheckOptions& options, Location at) {
  return Checker(f, x, options, at).run();
}

}  // namespace wengert::detail
