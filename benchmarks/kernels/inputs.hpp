// Inputs of the kernels: seeded, the same on every machine.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

namespace kernels {

/// A splitmix64 stream (Steele, Lea, Flood 2014): enough for inputs of benchmarks, and the same everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  /// Uniform in [low, high).
  double uniform(double low = 0, double high = 1) {
    state_ += 0x9E3779B97F4A7C15u;
    std::uint64_t bits = state_;
    bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9u;
    bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBu;
    bits ^= bits >> 31;
    return low + (high - low) * static_cast<double>(bits >> 11) * 0x1p-53;
  }
  /// Standard normal, by Box and Muller.
  double normal() {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }
  std::vector<double> uniforms(std::size_t count, double low, double high) {
    std::vector<double> result(count);
    for (double& x : result) x = uniform(low, high);
    return result;
  }
  std::vector<double> normals(std::size_t count) {
    std::vector<double> result(count);
    for (double& x : result) x = normal();
    return result;
  }

 private:
  std::uint64_t state_;
};

}  // namespace kernels
