// Rows of measurements, made up.
#pragma once

#include <cstdint>

#include "proof/linear_gaussian.hpp"

namespace vae_kl {

/// Rows of x = Wz + b + s noise with all of W, b ~ N(0, 1) and s = 0.5. The same numbers for the same seed.
Matrix make_data(Eigen::Index rows, Eigen::Index observed, Eigen::Index latent, std::uint64_t seed);

/// 64 bits of a hash of size and numbers: tells data sets apart.
std::uint64_t digest(const Matrix& data);

}  // namespace vae_kl
