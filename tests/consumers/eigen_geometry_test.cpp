// Eigen: transformations, planes, lines and boxes of variables.
#include <gmock/gmock.h>

#include <Eigen/Geometry>
#include <wengert/eigen.hpp>
#include <wengert/wengert.hpp>

#include "eigen_points.hpp"
#include "like_numbers.hpp"

namespace {

using consumers::like_numbers, consumers::Matrix3, consumers::Vector3, consumers::points, consumers::weighed;

TEST(EigenGeometry, Transformations) {
  const auto affine = []<class T>(T a, T b, T c) {
    Eigen::Transform<T, 3, Eigen::Affine> t;
    t = Eigen::Translation<T, 3>(a, b, c) * Eigen::AngleAxis<T>(a, Vector3<T>::UnitX()) * Eigen::UniformScaling<T>(b);
    t.translate(Vector3<T>(c, a, b)).rotate(Eigen::AngleAxis<T>(c, Vector3<T>::UnitZ()));
    const Vector3<T> v = t.inverse() * Vector3<T>(T(1), T(2), T(3));
    return T(weighed<T>(v) + t.linear().determinant() + t(0, 1));
  };
  like_numbers<3>("affine", affine, points);
}

TEST(EigenGeometry, VectorsPlanesLinesBoxes) {
  const auto vectors = []<class T>(T a, T b, T c) {
    const Vector3<T> v(a, b, c), w(c, a * b, T(2));
    return T(weighed<T>(v.cross(w)) + v.unitOrthogonal()[1] + v.stableNorm() + v.hypotNorm());
  };
  like_numbers<3>("vectors", vectors, points);
  const auto planes = []<class T>(T a, T b, T c) {
    const Vector3<T> v(a, b, c), w(c, a * b, T(2)), u(T(1), T(0), T(3));
    const auto plane = Eigen::Hyperplane<T, 3>::Through(u, v, w);
    const auto line = Eigen::ParametrizedLine<T, 3>::Through(Vector3<T>(T(9), T(8), a), Vector3<T>(T(1), T(1), b));
    return T(plane.absDistance(Vector3<T>(T(3), T(1), T(1))) + weighed<T>(line.intersectionPoint(plane)) + line.distance(v));
  };
  // plane and line are some 10 apart and meet at small angles: products of differences
  like_numbers<3>("planes", planes, points, {.value = 1e-12, .derivative = 1e-10});
  const auto boxes = []<class T>(T a, T b, T c) {
    Eigen::AlignedBox<T, 3> box(Vector3<T>(a, b, c));
    box.extend(Vector3<T>(T(1.5), T(2), a));
    return T(box.volume() + weighed<T>(box.center()) + box.squaredExteriorDistance(Vector3<T>(T(7), T(8), T(9))));
  };
  like_numbers<3>("boxes", boxes, points);
}

}  // namespace
