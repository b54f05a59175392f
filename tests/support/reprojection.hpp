// How far a camera sees a point from where it was observed, as bundle adjustment asks it: rotation by Rodrigues' formula, pinhole
// projection along -z, radial distortion. The camera: rotation vector, translation, focal length, two coefficients of distortion.
#pragma once

#include <array>
#include <cmath>

inline constexpr auto reprojection = [](const auto& camera, const auto& point, auto u, auto v) {
  using std::cos, std::sin, std::sqrt;
  const auto &wx = camera[0], &wy = camera[1], &wz = camera[2];
  const auto squared_angle = wx * wx + wy * wy + wz * wz;
  const auto angle = sqrt(squared_angle);
  const auto kx = wx / angle, ky = wy / angle, kz = wz / angle;
  const auto c = cos(angle), s = sin(angle);
  const auto along = (kx * point[0] + ky * point[1] + kz * point[2]) * (1.0 - c);
  const auto x = point[0] * c + (ky * point[2] - kz * point[1]) * s + kx * along + camera[3];
  const auto y = point[1] * c + (kz * point[0] - kx * point[2]) * s + ky * along + camera[4];
  const auto z = point[2] * c + (kx * point[1] - ky * point[0]) * s + kz * along + camera[5];
  const auto px = -x / z, py = -y / z;
  const auto squared_radius = px * px + py * py;
  const auto scale = camera[6] * (1.0 + squared_radius * (camera[7] + squared_radius * camera[8]));
  return std::array{scale * px - u, scale * py - v};
};
