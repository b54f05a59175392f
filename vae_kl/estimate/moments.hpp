// Sums that lose no digits, however many numbers go in, and the mean and standard error made from them.
#pragma once

#include <cmath>
#include <cstdint>

namespace vae_kl {

/// A sum and what rounding took from it. The error stays near one ulp of the sum plus count^2 * 2^-106 of the sum of sizes.
// Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen" (1974); the two-sum is Knuth's, without a
// branch.
class CompensatedSum {
 public:
  void add(double x) {
    const double sum = sum_ + x;
    const double part = sum - sum_;
    error_ += (sum_ - (sum - part)) + (x - part);
    sum_ = sum;
  }
  void add(const CompensatedSum& other) {
    add(other.sum_);
    error_ += other.error_;
  }
  double value() const { return sum_ + error_; }

 private:
  double sum_ = 0, error_ = 0;
};

/// A mean and its standard error.
struct Estimate {
  double mean = 0;
  double standard_error = 0;
};

/// First and second moment about a pivot, in a unit. A pivot near the mean and a unit near the size of the numbers keep digits
/// and range; the result does not depend on them otherwise.
class Moments {
 public:
  Moments() = default;
  /// `size` is about how large the numbers get; above 0.
  Moments(double pivot, double size) : pivot_(pivot), unit_(std::ldexp(1.0, std::ilogb(size))) {}

  void add(double x) {
    const double deviation = (x - pivot_) / unit_;
    sum_.add(deviation);
    squares_.add(deviation * deviation);
  }
  /// Adds moments about the same pivot in the same unit.
  void add(const Moments& other) {
    sum_.add(other.sum_);
    squares_.add(other.squares_);
  }
  /// Of `count` numbers, at least 2.
  Estimate estimate(std::uint64_t count) const {
    const auto n = static_cast<double>(count);
    const double mean = sum_.value() / n;
    const double variance = std::fmax(0, (squares_.value() - mean * sum_.value()) / (n - 1));
    return {pivot_ + mean * unit_, std::sqrt(variance / n) * unit_};
  }

 private:
  double pivot_ = 0, unit_ = 1;
  CompensatedSum sum_, squares_;
};

}  // namespace vae_kl
