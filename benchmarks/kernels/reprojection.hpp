// Bundle adjustment, as ADBench has it (Srajer, Kukelova, Fitzgibbon 2018, section 4.2): how far a point is from where a camera
// saw it.
#pragma once

#include <array>
#include <cmath>
#include <type_traits>

namespace kernels {

/// x where the condition holds, else y; as data, where the condition is data.
inline constexpr auto either = [](const auto& condition, const auto& x, const auto& y) {
  if constexpr (std::is_same_v<decltype(condition), const bool&>)
    return condition ? x : y;
  else
    return select(condition, x, y);
};

/// Two residuals, from a camera (rotation about an axis, by its length 3, centre 3, focal length, principal point 2, radial
/// distortion 2), a point 3, a weight 1, and what was seen 2. Of no rotation at all, to first order.
inline constexpr auto reprojection = [](const auto& camera, const auto& point, const auto& weight, const auto& seen) {
  using std::cos, std::sin, std::sqrt;
  const auto x = point[0] - camera[3], y = point[1] - camera[4], z = point[2] - camera[5];
  const auto angle2 = camera[0] * camera[0] + camera[1] * camera[1] + camera[2] * camera[2];
  using T = std::remove_cvref_t<decltype(angle2 + 0.0)>;
  const auto turns = angle2 > 0.0;
  const T angle = sqrt(either(turns, T(angle2), T(angle2 + 1.0))), c = cos(angle), s = sin(angle);
  const auto a = camera[0] / angle, b = camera[1] / angle, d = camera[2] / angle;
  const auto along = (a * x + b * y + d * z) * (1.0 - c);
  const auto turned = [&](const auto& across, const auto& v, const auto& axis, const auto& small) {
    return either(turns, T(v * c + across * s + axis * along), T(v + small));
  };
  const T rx = turned(b * z - d * y, x, a, camera[1] * z - camera[2] * y);
  const T ry = turned(d * x - a * z, y, b, camera[2] * x - camera[0] * z);
  const T rz = turned(a * y - b * x, z, d, camera[0] * y - camera[1] * x);
  const auto u = rx / rz, v = ry / rz, r2 = u * u + v * v;
  const auto l = 1.0 + camera[9] * r2 + camera[10] * r2 * r2;
  return std::array{weight[0] * (u * l * camera[6] + camera[7] - seen[0]), weight[0] * (v * l * camera[6] + camera[8] - seen[1])};
};

}  // namespace kernels
