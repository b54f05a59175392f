// What the programs for Eigen share: where they compute, and small matrices of three numbers.
#pragma once

#include <Eigen/Core>
#include <array>
#include <vector>

namespace consumers {

template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
template <class T>
using Vector3 = Eigen::Matrix<T, 3, 1>;
template <class T>
using Matrix3 = Eigen::Matrix<T, 3, 3>;

inline const std::vector<std::array<double, 3>> points = {{0.7, 1.3, 0.3}, {0.2, -1.1, 0.7}};

/// 3 x 3, not symmetric.
template <class T>
Matrix<T> filled(const T& a, const T& b, const T& c) {
  Matrix<T> m(3, 3);
  m << a + T(4), b, c, a * b, T(2) + c, a, b * c, a - c, T(-1) + b;
  return m;
}

/// One number of three, none of which can hide.
template <class T>
T weighed(const Vector3<T>& v) {
  return v[0] + v[1] * T(2) + v[2] * v[0];
}

}  // namespace consumers
