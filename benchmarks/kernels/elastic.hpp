// Elastic elements: a tetrahedron and a spring.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <type_traits>

namespace kernels {

/// The energy of a tetrahedron of neo-Hookean material: its corners; the inverse of its edges at rest, and its volume.
inline constexpr auto tetrahedron = [](const auto& x, const auto& rest) {
  using std::log;
  using T = std::remove_cvref_t<decltype(x[0] + x[0])>;
  std::array<std::array<T, 3>, 3> F;
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j)
      F[i][j] = (x[3 + i] - x[i]) * rest[j] + (x[6 + i] - x[i]) * rest[3 + j] + (x[9 + i] - x[i]) * rest[6 + j];
  T square = F[0][0] * F[0][0];
  for (std::size_t k = 1; k < 9; ++k) square += F[k / 3][k % 3] * F[k / 3][k % 3];
  const T J = F[0][0] * (F[1][1] * F[2][2] - F[1][2] * F[2][1]) - F[0][1] * (F[1][0] * F[2][2] - F[1][2] * F[2][0]) +
              F[0][2] * (F[1][0] * F[2][1] - F[1][1] * F[2][0]);
  const T logarithm = log(J);
  return rest[9] * (0.5 * (square - 3.0) - logarithm + 0.5 * logarithm * logarithm);
};

/// The energy of a spring in space, between two points.
inline constexpr auto spring = [](const auto& a, const auto& b, auto length) {
  using std::sqrt;
  const auto x = a[0] - b[0], y = a[1] - b[1], z = a[2] - b[2];
  const auto stretch = sqrt(x * x + y * y + z * z) - length;
  return 0.5 * stretch * stretch;
};

}  // namespace kernels
