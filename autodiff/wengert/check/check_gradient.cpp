// Records f once at x, then asks each oracle for directional derivatives of w.f, w being 1 for a single dependent and random
// weights for several.
#include "wengert/check_gradient.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ostream>
#include <random>

#include "wengert/check/check_nodes.hpp"
#include "wengert/check/complex_step.hpp"
#include "wengert/error.hpp"
#include "wengert/forward_sweep.hpp"
#include "wengert/gradient.hpp"
#include "wengert/sweep/complaints.hpp"
#include "wengert/check/richardson.hpp"

namespace wengert {
namespace {

constexpr std::array names{"dot product", "complex step", "differences", "symmetry", "gradient differences"};

/// f recorded at a point, on a tape of its own.
struct Recorded {
  Recorded(detail::Recording f, std::span<const double> at) {
    for (const double number : at) x.push_back(tape.variable(number));
    y = f.call(f.function, x);
  }
  double weighted_sum(std::span<const double> weights) const {
    double sum = 0;
    for (std::size_t k = 0; k < y.size(); ++k) sum += weights[k] * y[k].value();
    return sum;
  }
  template <class T>
  std::vector<Seed<T>> seeds(std::span<const double> weights) const {
    std::vector<Seed<T>> result;
    for (std::size_t k = 0; k < y.size(); ++k) result.push_back({y[k], T(weights[k])});
    return result;
  }

  Tape tape{true};
  std::vector<Var> x, y;
};

double dot(std::span<const double> x, std::span<const double> y) {
  double sum = 0;
  for (std::size_t k = 0; k < x.size(); ++k) sum += x[k] * y[k];
  return sum;
}
double dot_of_magnitudes(std::span<const double> x, std::span<const double> y) {
  double sum = 0;
  for (std::size_t k = 0; k < x.size(); ++k) sum += std::abs(x[k] * y[k]);
  return sum;
}

/// Without the sign that a NaN may carry.
double unsigned_nan(double x) { return std::isnan(x) ? std::abs(x) : x; }

struct Direction {
  std::ptrdiff_t input;  // -1: random
  std::vector<double> v;
};

class Checker {
 public:
  Checker(detail::Recording f, std::span<const double> x, const CheckOptions& options, Location at)
      : f_(f), x_(x), options_(options), base_(f, x), random_(options.seed) {
    report_.called_at = at;
  }

  CheckReport run() {
    if (!refused()) {
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
      if (!std::isfinite(x_[k])) return refuse(fmt::format("input {} is {}; give finite numbers", k, unsigned_nan(x_[k])));
    for (std::size_t k = 0; k < base_.y.size(); ++k) {
      if (!base_.y[k].is_constant() && (base_.y[k].tape() != &base_.tape || base_.y[k].generation() != base_.tape.generation()))
        return refuse(fmt::format("dependent {} is on another tape; compute it from the variables that f is given", k));
      if (!std::isfinite(base_.y[k].value()))
        return refuse(fmt::format("dependent {} is {} at this point; check a point inside f's domain", k,
                                  unsigned_nan(base_.y[k].value())));
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
    if (weights_.size() > 1)
      for (double& weight : weights_) weight = away_from_zero();
    adjoints_ = reverse_sweep<double>(base_.tape, base_.tape.values(), base_.seeds<double>(weights_)).adjoints;
    for (std::size_t k = 0; k < x_.size(); ++k) {
      gradient_.push_back(adjoint(adjoints_, k));
      if (!std::isfinite(gradient_[k]))
        return refuse(fmt::format("the derivative in input {} is {} at this point; check a point where it is finite", k,
                                  unsigned_nan(gradient_[k])));
      largest_ = std::max(largest_, std::abs(gradient_[k]));
    }
    largest_ = std::max(largest_, std::abs(base_.weighted_sum(weights_)));
    return false;
  }

  /// +-[0.5, 1]: no direction may leave an input out by accident.
  double away_from_zero() {
    const double magnitude = 0.5 + 0.5 * std::ldexp(static_cast<double>(random_() >> 11), -53);
    return (random_() & 1) != 0 ? magnitude : -magnitude;
  }
  double scale(std::size_t k) const { return std::max(std::abs(x_[k]), 0x1p-10); }

  std::vector<Direction> directions() {
    std::vector<Direction> result;
    if (x_.size() <= options_.each_input_up_to) {
      for (std::size_t k = 0; k < x_.size(); ++k) {
        result.push_back({static_cast<std::ptrdiff_t>(k), std::vector<double>(x_.size())});
        result.back().v[k] = 1;
      }
    } else {
      note(fmt::format("of {} inputs, {} random directions were checked; each_input_up_to asks them one by one", x_.size(),
                       options_.directions));
    }
    const int random = result.empty() ? options_.directions : x_.size() > 1 ? 1 : 0;
    for (int k = 0; k < random; ++k) {
      result.push_back({-1, std::vector<double>(x_.size())});
      for (std::size_t j = 0; j < x_.size(); ++j) result.back().v[j] = away_from_zero() * scale(j);
    }
    return result;
  }
  double reach(const Direction& along) const { return (along.input < 0 ? 1 : scale(static_cast<std::size_t>(along.input))) / 8; }

  template <class T>
  T adjoint(const Values<T>& adjoints, std::size_t input) const {
    const Index i = base_.x[input].index();
    return i < adjoints.nodes() ? adjoints[i] : T(0);
  }

  /// The tape replayed along a direction: T(value, derivative) for each input.
  template <class T, class Make>
  Values<T> replayed(const Direction& along, Make make) const {
    std::vector<T> point;
    for (std::size_t k = 0; k < x_.size(); ++k) point.push_back(make(x_[k], along.v[k]));
    return forward_sweep<T>(base_.tape, std::span<const T>(point));
  }
  /// Weighted sum of what `part` makes of each dependent's value.
  template <class T, class Part>
  double weighted(const Values<T>& values, Part part) const {
    double sum = 0;
    for (std::size_t k = 0; k < weights_.size(); ++k)
      if (!base_.y[k].is_constant()) sum += weights_[k] * part(values[base_.y[k].index()]);
    return sum;
  }

  void add(Oracle oracle, const Direction& along, double found, double expected, double error) {
    CheckLine line{oracle, along.input, found, expected, error};
    const double beside = std::max({std::abs(found), std::abs(expected), largest_});
    line.sharp = error <= 1e-4 * beside || (error < 1e-200 && beside == 0);
    report_.lines.push_back(line);
  }

  void check_along(const Direction& along) {
    const double found = dot(gradient_, along.v);
    const auto tangents = replayed<Dual<double>>(along, [](double x, double v) { return Dual<double>(x, v); });
    const double forward = weighted(tangents, [](const Dual<double>& y) { return y.tangent; });
    const double sums =
        static_cast<double>(x_.size() + weights_.size()) * 0x1p-53 * (dot_of_magnitudes(gradient_, along.v) + std::abs(forward));
    add(Oracle::DotProduct, along, found, forward, sums + sweep_rounding(base_.tape, adjoints_, tangents, 0));

    check_complex_step(along, found, sums, tangents);
    check_differences(along, found);
    if (options_.second_order) check_second_order(along);
  }

  void check_complex_step(const Direction& along, double found, double sums, const Values<Dual<double>>& tangents) try {
    constexpr double ulps = 16;  // of the standard library's complex functions, real and imaginary part alike
    const auto values = replayed<ComplexStep>(along, [](double x, double v) { return ComplexStep({x, v * ComplexStep::step}); });
    const double expected = weighted(values, [](const ComplexStep& y) { return y.value.imag() / ComplexStep::step; });
    const auto curved = reverse_sweep<Dual<double>>(base_.tape, tangents, base_.seeds<Dual<double>>(weights_)).adjoints;
    // the step leaves out its square times a third derivative, here up to 1e12
    constexpr double truncation = 0x1p40 * ComplexStep::step * ComplexStep::step;
    const double error =
        sums + sweep_rounding(base_.tape, adjoints_, tangents, ulps) + curvature_rounding(base_.tape, curved, ulps) + truncation;
    add(Oracle::ComplexStep, along, found, expected, error);
  } catch (const NoComplexStep& none) {
    note(fmt::format("complex step not asked: `{}` has no complex continuation", none.operation));
  }

  /// A value and a bound on its rounding error.
  struct Sample {
    double value, noise;
  };

  /// f recorded anew at x + h v; nothing where it is out of reach from x without crossing a kink.
  template <class Use>
  std::optional<Sample> beside(const Direction& along, double h, Use use) const {
    std::vector<double> at(x_.begin(), x_.end());
    for (std::size_t k = 0; k < at.size(); ++k) at[k] += h * along.v[k];
    try {
      const Recorded there(f_, at);
      if (there.y.size() != base_.y.size() || !same_way(base_.tape, there.tape)) return std::nullopt;
      return use(there);
    } catch (const std::exception&) {
      return std::nullopt;  // f refuses this point, or branches off
    }
  }
  template <class Use>
  Difference differences(const Direction& along, double moved, Use use) const {
    const auto slope = [&](double h) -> std::optional<Slope> {
      const auto above = beside(along, h, use), below = beside(along, -h, use);
      if (!above || !below) return std::nullopt;
      // in a single input, the distance that was really gone
      const auto k = static_cast<std::size_t>(along.input);
      const double distance = along.input < 0 ? 2 * h : (x_[k] + h) - (x_[k] - h);
      return Slope{(above->value - below->value) / distance, 2 * (above->noise + below->noise + moved) / distance};
    };
    return extrapolate(slope, reach(along));
  }

  bool has(Op op) const {
    for (Index i = 0; i < base_.tape.size(); ++i)
      if (in_use_[static_cast<std::size_t>(i)] && base_.tape[i].op == op) return true;
    return false;
  }

  void check_differences(const Direction& along, double found) {
    if (has(Op::Detach)) return note("differences not asked: f detaches a value, which differences of f would see through");
    double moved = 0;  // x + h v is rounded, which moves F
    if (along.input < 0)
      for (std::size_t k = 0; k < x_.size(); ++k) moved += std::abs(gradient_[k] * x_[k]) * 0x1p-53;
    const Difference difference = differences(along, moved, [&](const Recorded& there) {
      const auto adjoints = reverse_sweep<double>(there.tape, there.tape.values(), there.seeds<double>(weights_)).adjoints;
      const double sum = there.weighted_sum(weights_);
      double noise = value_rounding(there.tape, adjoints);
      for (std::size_t k = 0; k < weights_.size(); ++k)  // the sum is rounded too
        noise += std::abs(weights_[k] * there.y[k].value()) * static_cast<double>(weights_.size()) * 0x1p-53;
      return Sample{sum, noise};
    });
    if (!std::isfinite(difference.error))
      return note(
          "differences not asked: f cannot be called on both sides of the point without crossing a kink or leaving "
          "its domain");
    add(Oracle::Differences, along, found, difference.value, difference.error);
  }

  void check_second_order(const Direction& along) try {
    const auto product = [&](std::span<const double> v, Values<Dual<double>>& adjoints) {
      const auto values =
          replayed<Dual<double>>({-1, {v.begin(), v.end()}}, [](double x, double d) { return Dual<double>(x, d); });
      adjoints = reverse_sweep<Dual<double>>(base_.tape, values, base_.seeds<Dual<double>>(weights_)).adjoints;
      std::vector<double> result;
      for (std::size_t k = 0; k < x_.size(); ++k) result.push_back(adjoint(adjoints, k).tangent);
      return result;
    };
    Values<Dual<double>> adjoints;
    std::vector<double> w(x_.size());
    for (std::size_t k = 0; k < w.size(); ++k) w[k] = away_from_zero() * scale(k);
    const std::vector<double> hv = product(along.v, adjoints);
    const std::vector<double> hw = product(w, adjoints);
    const double found = dot(hv, w);
    const double rounding = hessian_rounding(base_.tape, base_.seeds<double>(weights_), along.v, w) +
                            64 * 0x1p-53 * (dot_of_magnitudes(hv, w) + dot_of_magnitudes(hw, along.v));
    add(Oracle::Symmetry, along, found, dot(hw, along.v), rounding);
    if (has(Op::Detach)) return;
    const Difference difference = differences(along, 0, [&](const Recorded& there) {
      std::vector<Dual<double>> point;
      for (std::size_t k = 0; k < w.size(); ++k) point.emplace_back(there.x[k].value(), w[k]);
      const auto values = forward_sweep<Dual<double>>(there.tape, std::span<const Dual<double>>(point));
      const auto seeds = there.seeds<Dual<double>>(weights_);
      const auto curved = reverse_sweep<Dual<double>>(there.tape, values, seeds);
      const auto plain = reverse_sweep<double>(there.tape, there.tape.values(), there.seeds<double>(weights_));
      double sum = 0;
      for (std::size_t k = 0; k < w.size(); ++k) sum += w[k] * plain.wrt(there.x[k]);
      return Sample{sum,
                    curvature_rounding(there.tape, curved.adjoints, 0) + sweep_rounding(there.tape, plain.adjoints, values, 1)};
    });
    if (std::isfinite(difference.error))
      add(Oracle::GradientDifferences, along, found, difference.value, difference.error + rounding);
  } catch (const NoSecondOrder& error) {
    note(fmt::format("second order not checked: {}", error.what()));
  }

  void conclude() {
    using Outcome = CheckReport::Outcome;
    bool all_sharp = !report_.lines.empty();
    bool sharp = true;  // since the last dot product: one independent oracle could tell
    for (const CheckLine& line : report_.lines) {
      if (line.units() > 1) report_.outcome = Outcome::Disagrees;
      if (line.oracle == Oracle::DotProduct) {
        all_sharp &= sharp;
        sharp = false;
      }
      sharp |= line.sharp && (line.oracle == Oracle::ComplexStep || line.oracle == Oracle::Differences);
    }
    all_sharp &= sharp;
    if (report_.outcome == Outcome::Disagrees)
      find_suspect();
    else if (!all_sharp) {
      report_.outcome = Outcome::Inconclusive;
      note(
          "no oracle that is independent of the rules could tell; try another point, farther from kinks and from the domain's "
          "edge");
    }
  }

  void find_suspect() {
    const auto blame = [&](const Tape& tape, Index i) { report_.suspect_location = i < 0 ? Location{} : tape.location(i); };
    const Index wrong = find_wrong_partial(base_.tape, in_use_, options_.second_order, report_.suspect);
    if (wrong >= 0) return blame(base_.tape, wrong);
    for (double h = 0x1p-10; h > 0x1p-40; h /= 32) {
      std::vector<double> at(x_.begin(), x_.end());
      for (std::size_t k = 0; k < at.size(); ++k) at[k] += h * scale(k);
      try {
        const Recorded there(f_, at);
        const Index stale = find_stale_constant(base_.tape, there.tape, report_.suspect);
        if (stale >= 0) return blame(base_.tape, stale);
      } catch (const std::exception&) {
        continue;  // f refuses this point
      }
    }
    note(
        "every node's partials agree with its value: f may depend on its inputs in a way that the tape cannot see, by value() or "
        "by numbers kept from another call");
  }

  detail::Recording f_;
  std::span<const double> x_;
  CheckOptions options_;
  Recorded base_;
  std::mt19937_64 random_;
  CheckReport report_;

  std::vector<bool> in_use_;
  std::vector<double> weights_, gradient_;
  Values<double> adjoints_;
  double largest_ = 0;  // of the sum and its derivatives: what an error is held against
};

std::string where(const CheckLine& line) { return line.input < 0 ? std::string("random") : fmt::format("{}", line.input); }

}  // namespace

double CheckLine::units() const { return found == expected ? 0 : std::abs(found - expected) / expected_error; }

const CheckLine* CheckReport::worst() const {
  const CheckLine* result = nullptr;
  for (const CheckLine& line : lines)
    if (result == nullptr || line.units() > result->units()) result = &line;
  return result;
}

std::string CheckReport::text() const {
  constexpr std::array outcomes{"the gradient agrees", "the gradient DISAGREES", "refused", "inconclusive"};
  std::string text = detail::called("check_gradient", called_at) + ": " + outcomes[static_cast<std::size_t>(outcome)];
  if (!lines.empty())
    text += fmt::format("\n  {:<21} {:<7} {:>24} {:>24} {:>15} {:>10}", "oracle", "input", "found by reverse sweep",
                        "expected by oracle", "expected error", "in units");
  // every line that disagrees, up to a screenful; of the others the worst of each oracle
  int shown = 0;
  for (std::size_t oracle = 0; oracle < names.size(); ++oracle) {
    const CheckLine* furthest = nullptr;
    int count = 0;
    const auto show = [&](const CheckLine& line, const std::string& remark) {
      text += fmt::format("\n  {:<21} {:<7} {:>24.17g} {:>24.17g} {:>15.1e} {:>10.2g}{}", names[oracle], where(line), line.found,
                          line.expected, line.expected_error, line.units(), remark);
    };
    for (const CheckLine& line : lines) {
      if (line.oracle != static_cast<Oracle>(oracle)) continue;
      if (line.units() > 1) {
        if (++shown <= 12) show(line, "  <-");
        continue;
      }
      ++count;
      if (furthest == nullptr || line.units() > furthest->units()) furthest = &line;
    }
    if (furthest != nullptr) show(*furthest, count > 1 ? fmt::format("  worst of {} that agree", count) : "");
  }
  if (shown > 12) text += fmt::format("\n  and {} more", shown - 12);
  if (!suspect.empty()) text += "\n  suspect: " + suspect;
  for (const std::string& one : notes) text += "\n  note: " + one;
  return text;
}

std::ostream& operator<<(std::ostream& out, const CheckReport& report) { return out << report.text() << '\n'; }

namespace detail {

CheckReport check_gradient(Recording f, std::span<const double> x, const CheckOptions& options, Location at) {
  return Checker(f, x, options, at).run();
}

}  // namespace detail
}  // namespace wengert
