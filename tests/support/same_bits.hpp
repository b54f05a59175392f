// Whether two results of batches are the same to the bit, a NaN included.
#pragma once

#include <cstring>
#include <vector>

#include "wengert/batch.hpp"

inline bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }
inline bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
}
inline bool same_bits(const wengert::BatchResult& a, const wengert::BatchResult& b) {
  return a.count == b.count && same_bits(a.value, b.value) && same_bits(a.gradient, b.gradient) &&
         same_bits(a.value_error, b.value_error) && same_bits(a.gradient_error, b.gradient_error);
}
