// How far apart two computations of one number are, in units of the rounding that both may hold.
#pragma once

#include <cmath>
#include <limits>

#include "wengert/bounded.hpp"

namespace vae_kl {

using wengert::Bounded;

/// |x - y| in units of the rounding that both may hold: at most 1 if they are the same real number.
/// 0 where they are equal to the bit, and infinite where they differ although neither was rounded, or where one is NaN.
inline double discrepancy(const Bounded& x, const Bounded& y) {
  if (x.value == y.value) return 0;
  const double units = std::fabs(x.value - y.value) / (x.error + y.error);
  return std::isnan(units) ? std::numeric_limits<double>::infinity() : units;
}

}  // namespace vae_kl
