// Eigen: rotations by quaternions, matrices, axes and angles of variables.
#include <gmock/gmock.h>

#include <Eigen/Geometry>
#include <wengert/eigen.hpp>
#include <wengert/wengert.hpp>

#include "eigen_points.hpp"
#include "like_numbers.hpp"

namespace {

using consumers::like_numbers, consumers::Matrix3, consumers::Vector3, consumers::points, consumers::weighed;

TEST(EigenRotations, QuaternionsAndMatrices) {
  const auto quaternions = []<class T>(T a, T b, T c) {
    const Vector3<T> axis(T(1), b, c), point(a, b, c);
    const Eigen::Quaternion<T> q(Eigen::AngleAxis<T>(a, axis.normalized()));
    const Eigen::Quaternion<T> p = Eigen::Quaternion<T>(a, b, c, T(1)).normalized();
    return T(weighed<T>(q * p * point) + q.slerp(T(0.25), p).w() + q.angularDistance(p) + (q.inverse() * p.conjugate()).x());
  };
  like_numbers<3>("quaternions", quaternions, points);
  const auto matrices = []<class T>(T a, T b, T c) {
    const Eigen::Quaternion<T> q = Eigen::Quaternion<T>(a, b, c, T(1)).normalized();
    const Matrix3<T> m = q.toRotationMatrix();
    const Eigen::AngleAxis<T> turn(m);
    const Eigen::Quaternion<T> between = Eigen::Quaternion<T>::FromTwoVectors(Vector3<T>(a, b, c), Vector3<T>(b, T(1), c));
    return T(weighed<T>(m.eulerAngles(0, 1, 2)) + turn.angle() + weighed<T>(turn.axis()) + between.w() +
             Eigen::Rotation2D<T>(a).slerp(T(0.5), Eigen::Rotation2D<T>(b)).angle());
  };
  like_numbers<3>("matrices", matrices, points);
}

}  // namespace
