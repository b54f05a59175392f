// f called anew beside the point: differences of its value and of its gradient, and whether it is there what its recording says.
#pragma once

#include <cmath>
#include <optional>
#include <span>
#include <vector>

#include "wengert/check/richardson.hpp"
#include "wengert/check_gradient.hpp"
#include "wengert/reverse_sweep.hpp"

namespace wengert::detail {

inline double dot(std::span<const double> x, std::span<const double> y) {
  double sum = 0;
  for (std::size_t k = 0; k < x.size(); ++k) sum += x[k] * y[k];
  return sum;
}
inline double dot_of_magnitudes(std::span<const double> x, std::span<const double> y) {
  double sum = 0;
  for (std::size_t k = 0; k < x.size(); ++k) sum += std::abs(x[k] * y[k]);
  return sum;
}

/// f recorded at a point, on a tape of its own.
struct Recorded {
  Recorded(Recording f, std::span<const double> at) {
    for (const double number : at) x.push_back(tape.variable(number));
    y = f.call(f.function, x);
  }
  /// The dependents' values, by node.
  std::vector<double> dependents(ValuesView<double> values) const {
    std::vector<double> result;
    for (const Var& one : y) result.push_back(one.is_constant() ? one.value() : values[one.index()]);
    return result;
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

struct Direction {
  std::ptrdiff_t input;  // -1: random
  std::vector<double> v;
  double reach;  // the input's size; then how far f behaves like a polynomial, as far as the tape knows
};

/// Differences of w.f along a direction, at the point that `base` was recorded at.
class Differences {
 public:
  Differences(Recording f, std::span<const double> x, const Recorded& base, double accuracy)
      : f_(f), x_(x), base_(base), accuracy_(accuracy) {}

  /// Of the value. Afterwards `sampled` and `recorded_well` speak of this direction.
  Difference of_value(const Direction& along, std::span<const double> weights, const std::vector<bool>& in_use);
  /// Of the gradient's component along w.
  Difference of_gradient(const Direction& along, std::span<const double> weights, const std::vector<bool>& in_use,
                         std::span<const double> w);

  bool sampled = false;        ///< f could be called beside the point
  bool recorded_well = false;  ///< and was there what its recording says

 private:
  /// A value and a bound on its rounding error; and its slope, as the sweep has it.
  struct Sample {
    double value, noise, slope;
  };
  template <class Use>
  std::optional<Sample> beside(const Direction& along, double h, const std::vector<bool>& in_use, Use use);
  template <class Use>
  Difference differences(const Direction& along, const std::vector<bool>& in_use, Use use);

  Recording f_;
  std::span<const double> x_;
  const Recorded& base_;
  double accuracy_;
  bool crossed_ = false;  // f took another way somewhere
};

}  // namespace wengert::detail
