// Ceres: its rotations of variables, and functors as its users write them, held against its own Jets too.
#include <gmock/gmock.h>

#include <ceres/jet.h>
#include <ceres/rotation.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>
#include <wengert/std.hpp>
#include <wengert/wengert.hpp>

#include "like_numbers.hpp"

namespace {

using consumers::like_numbers;

const std::vector<std::array<double, 3>> rotations = {{0.7, 1.3, 0.3}, {0.2, -1, 0.7}, {0, 0, 0}};
// Below an angle of 1.5e-8 the formulas are of first order: the derivative is off by the angle times the second derivative, below
// 100.
const std::vector<std::array<double, 3>> small = {{1e-9, 0, 0}, {1e-9, -2e-9, 3e-9}};
const consumers::Limits first_order{.derivative = 4e-7};
const std::vector<std::array<double, 4>> quaternions = {{0.7, 1.3, 2.3, -0.4}, {2, 1, -4.7, 0.1}};

/// One number of n, none of which can hide.
template <class T, std::size_t n>
T weighed(const T (&x)[n]) {
  T sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += x[i] * T(static_cast<double>(i + 1)) + x[i] * x[(i + 1) % n];
  return sum;
}

TEST(Ceres, RotationsByAnAngleAndAnAxis) {
  const auto to_quaternion = []<class T>(T a, T b, T c) {
    const T rotation[] = {a, b, c};
    T result[4];
    ceres::AngleAxisToQuaternion(rotation, result);
    return weighed(result);
  };
  like_numbers<3>("AngleAxisToQuaternion", to_quaternion, rotations);
  like_numbers<3>("AngleAxisToQuaternion", to_quaternion, small, first_order);
  const auto rotate = []<class T>(T a, T b, T c) {
    const T rotation[] = {a, b, c}, point[] = {T(1), T(2), T(3)};
    T result[3];
    ceres::AngleAxisRotatePoint(rotation, point, result);
    return weighed(result);
  };
  like_numbers<3>("AngleAxisRotatePoint", rotate, rotations);
  like_numbers<3>("AngleAxisRotatePoint", rotate, small, first_order);
  const auto to_matrix = []<class T>(T a, T b, T c) {
    const T rotation[] = {a, b, c};
    T result[9];
    ceres::AngleAxisToRotationMatrix(rotation, result);
    return weighed(result);
  };
  like_numbers<3>("AngleAxisToRotationMatrix", to_matrix, rotations);
  like_numbers<3>("AngleAxisToRotationMatrix", to_matrix, small, first_order);
  const auto and_back = []<class T>(T a, T b, T c) {
    const T rotation[] = {a, b, c};
    T matrix[9], result[3], quaternion[4];
    ceres::AngleAxisToRotationMatrix(rotation, matrix);
    ceres::RotationMatrixToAngleAxis(matrix, result);
    ceres::RotationMatrixToQuaternion(matrix, quaternion);
    return weighed(result) + weighed(quaternion);
  };
  like_numbers<3>("RotationMatrixToAngleAxis", and_back, {{0.7, 1.3, 0.3}, {0.2, -1, 0.7}});
  const auto products = []<class T>(T a, T b, T c) {
    const T x[] = {a, b, c}, y[] = {T(1), T(2), T(3)};
    T result[3];
    ceres::CrossProduct(x, y, result);
    return weighed(result) + ceres::DotProduct(x, y);
  };
  like_numbers<3>("CrossProduct", products, rotations);
}

TEST(Ceres, RotationsByEulerAnglesAndQuaternions) {
  const auto euler = []<class T>(T a, T b, T c) {
    const T angles[] = {a, b, c};
    T result[9];
    ceres::EulerAnglesToRotationMatrix(angles, 3, result);
    return weighed(result);
  };
  like_numbers<3>("EulerAnglesToRotationMatrix", euler, rotations);
  const auto to_angle_axis = []<class T>(T a, T b, T c, T d) {
    const T quaternion[] = {a, b, c, d};
    T result[3];
    ceres::QuaternionToAngleAxis(quaternion, result);
    return weighed(result);
  };
  like_numbers<4>("QuaternionToAngleAxis", to_angle_axis, quaternions);
  const auto rotate = []<class T>(T a, T b, T c, T d) {
    const T quaternion[] = {a, b, c, d}, point[] = {T(1), T(2), T(3)};
    T result[3], unit[3];
    ceres::QuaternionRotatePoint(quaternion, point, result);
    ceres::UnitQuaternionRotatePoint(quaternion, point, unit);
    return weighed(result) + weighed(unit);
  };
  like_numbers<4>("QuaternionRotatePoint", rotate, quaternions);
  const auto to_matrix = []<class T>(T a, T b, T c, T d) {
    const T quaternion[] = {a, b, c, d};
    T result[9], scaled[9], product[4];
    ceres::QuaternionToRotation(quaternion, result);
    ceres::QuaternionToScaledRotation(quaternion, scaled);
    ceres::QuaternionProduct(quaternion, quaternion, product);
    return weighed(result) + weighed(scaled) + weighed(product);
  };
  like_numbers<4>("QuaternionToRotation", to_matrix, quaternions);
}

/// Bundle adjustment: where a camera (rotation, translation, focal length, two distortions) sees a point, and where it was seen.
struct Reprojection {
  double seen[2];
  template <class T>
  bool operator()(const T* camera, const T* point, T* residuals) const {
    T p[3];
    ceres::AngleAxisRotatePoint(camera, point, p);
    for (int i = 0; i < 3; ++i) p[i] += camera[3 + i];
    const T x = -p[0] / p[2], y = -p[1] / p[2], square = x * x + y * y;
    const T distortion = 1.0 + square * (camera[7] + camera[8] * square);
    residuals[0] = camera[6] * distortion * x - seen[0];
    residuals[1] = camera[6] * distortion * y - seen[1];
    return true;
  }
};

TEST(Ceres, AFunctorHasTheJacobianThatJetsGiveIt) {
  constexpr int inputs = 12;
  const double at[inputs] = {0.0157, -0.0128, -0.0044, -0.0341, -0.1075, 1.1202,
                             399.75, -3.2e-7, 5.9e-13, -0.612,  0.5718,  -1.8476};
  using Jet = ceres::Jet<double, inputs>;
  Jet jets[inputs], expected[2];
  wengert::Tape tape;
  wengert::Var x[inputs], residuals[2];
  for (int i = 0; i < inputs; ++i) jets[i] = Jet(at[i], i), x[i] = tape.variable(at[i]);
  const Reprojection error{{-332.65, 262.09}};
  error(jets, jets + 9, expected);
  error(x, x + 9, residuals);
  for (int k = 0; k < 2; ++k) {
    // the same operations, but for how quotients and roots are differentiated: some roundings of each of 60
    const wengert::Gradient gradient = wengert::gradient(residuals[k]);
    EXPECT_NEAR(residuals[k].value(), expected[k].a, 1e-12);  // a difference of numbers of some hundreds
    for (int i = 0; i < inputs; ++i)
      EXPECT_NEAR(gradient.wrt(x[i]), expected[k].v[i], 1e-13 * std::max(1.0, std::abs(expected[k].v[i]))) << i;
  }
}

}  // namespace
