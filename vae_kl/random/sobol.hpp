// Sobol' points in one dimension, scrambled, as normals. Point i of a sequence is a function of (seed, stream, replicate, i) and
// of nothing else, as the numbers of random.hpp are.
//
// The graph takes one eps for each dimension of q, and dimensions do not meet before their results are added up, so each
// dimension has a sequence of its own: the first coordinate of Sobol's, all of whose direction numbers m_k are 1 (Sobol' 1967;
// the tables of Joe and Kuo, "Constructing Sobol sequences with better two-dimensional projections", 2008, begin with the
// second). The other coordinates would do as well: each by itself, scrambled, has the same law.
#pragma once

#include <cstdint>
#include <span>

namespace vae_kl {

/// A sequence that has a scramble of its own; sequences are independent of each other, and so are seeds.
struct SobolSequence {
  std::uint64_t seed, stream;
  std::uint32_t replicate;
  int log_points;  ///< it has 2^log_points points; 0 to 32
};

/// Which of the 2^log_points intervals of equal length point i lies in: each has one, and of the first 2^k points each of the 2^k
/// intervals too.
std::uint32_t interval(const SobolSequence& sequence, std::uint32_t i);

/// Writes the normals of points first, first + 1, …: the normal quantiles of points that are uniform in their intervals.
void fill_sobol_normals(const SobolSequence& sequence, std::uint64_t first, std::span<double> normals);

/// The x below 0 with P(eps <= x) = p, for 0 < p <= 1/2, within 1e-15 of it, relatively.
double lower_normal_quantile(double p);

}  // namespace vae_kl
