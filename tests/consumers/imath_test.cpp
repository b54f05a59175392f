// Imath: vectors, matrices, rotations, shapes and roots of variables.
#include <wengert/std.hpp>
// before theirs, which say std::sqrt
#include <gmock/gmock.h>

#include <Imath/ImathBox.h>
#include <Imath/ImathEuler.h>
#include <Imath/ImathFun.h>
#include <Imath/ImathLine.h>
#include <Imath/ImathLineAlgo.h>
#include <Imath/ImathMatrix.h>
#include <Imath/ImathPlane.h>
#include <Imath/ImathQuat.h>
#include <Imath/ImathRoots.h>
#include <Imath/ImathSphere.h>
#include <Imath/ImathVec.h>
#include <Imath/ImathVecAlgo.h>
#include <wengert/wengert.hpp>

#include "like_numbers.hpp"

namespace {

using consumers::like_numbers;
using Imath::Vec3;

const std::vector<std::array<double, 3>> points = {{0.7, 1.3, 2.3}, {2, 1.1, -4.7}};

/// One number of three, none of which can hide.
template <class T>
T weighed(const Vec3<T>& v) {
  return v.x + v.y * T(2) + v.z * v.x;
}

TEST(Imath, Vectors) {
  const auto products = []<class T>(T a, T b, T c) {
    const Vec3<T> u(a, b, c), v(c, a * b, T(1));
    return (u ^ v) + weighed(u % v) + weighed(u + v * u - u / v + u * T(2)) + u.length() + weighed(u.normalized()) + u.length2() +
           weighed(Imath::project(u, v)) + weighed(Imath::reflect(u, v));
  };
  like_numbers<3>("products", products, points);
}

TEST(Imath, Matrices) {
  const auto of_three = []<class T>(T a, T b, T c) {
    const Imath::Matrix33<T> m(a, b, c, T(1), c, a, b, T(2), T(5));
    return m.determinant() + weighed(Vec3<T>(a, b, c) * m.inverse()) + (m.transposed() * m).determinant();
  };
  // by cofactors, without pivots: products cancel to some hundredths of themselves
  like_numbers<3>("3 x 3", of_three, points, {.value = 1e-11, .derivative = 1e-10});
  const auto of_four = []<class T>(T a, T b, T c) {
    Imath::Matrix44<T> m;
    m.translate(Vec3<T>(a, b, c));
    m.rotate(Vec3<T>(a, b, c));
    m.scale(Vec3<T>(a, b, c));
    return m.determinant() + weighed(Vec3<T>(a, b, c) * m.inverse()) + weighed(Vec3<T>(c, a, b) * m.gjInverse());
  };
  like_numbers<3>("4 x 4", of_four, points, {.value = 1e-11, .derivative = 1e-10});
}

TEST(Imath, Rotations) {
  const auto quaternions = []<class T>(T a, T b, T c) {
    Imath::Quat<T> q(a, b, c, T(1)), r;
    q.normalize();
    r.setAxisAngle(Vec3<T>(a, b, c), a);
    return weighed((q * r).rotateVector(Vec3<T>(a, b, c))) + weighed((q.inverse() * r).axis()) + r.angle() +
           Imath::slerp(q, r, T(0.25)).r;
  };
  like_numbers<3>("quaternions", quaternions, points);
  const auto euler = []<class T>(T a, T b, T c) {
    const Imath::Euler<T> e(a / T(8), b / T(8), c / T(8));
    return weighed(Vec3<T>(a, b, c) * e.toMatrix33()) + e.toQuat().r;
  };
  like_numbers<3>("euler", euler, points);
}

TEST(Imath, PlanesLinesSpheresBoxes) {
  const auto plane = []<class T>(T a, T b, T c) {
    const Imath::Plane3<T> p(Vec3<T>(a, b, c), Vec3<T>(T(1), T(0), T(2)), Vec3<T>(T(0), T(3), T(1)));
    const Imath::Line3<T> line(Vec3<T>(a, b, c), Vec3<T>(T(1), a, b));
    Vec3<T> met;
    p.intersect(line, met);
    return p.distanceTo(Vec3<T>(c, b, T(7))) + weighed(met) + weighed(p.reflectPoint(Vec3<T>(T(1), a, b))) +
           line.distanceTo(Vec3<T>(T(9), T(8), a));
  };
  like_numbers<3>("plane", plane, points);
  const auto sphere = []<class T>(T a, T b, T c) {
    const Imath::Sphere3<T> ball(Vec3<T>(a, b, c), T(2));
    const Imath::Line3<T> line(Vec3<T>(T(10)), Vec3<T>(a, b, c));
    T along = 0;
    ball.intersectT(line, along);
    Imath::Box<Vec3<T>> box;
    box.extendBy(Vec3<T>(a, b, c));
    box.extendBy(Vec3<T>(T(1)));
    return along + weighed(box.center()) + weighed(box.size());
  };
  like_numbers<3>("sphere", sphere, points);
}

TEST(Imath, RootsAndSmallFunctions) {
  const auto roots = []<class T>(T a, T b, T c) {
    T x[3] = {}, y[3] = {};
    Imath::solveQuadratic(a * a, T(20) + b, c, x);
    Imath::solveCubic(T(1), a, b, c, y);
    return x[0] + x[1] * 2 + y[0];
  };
  like_numbers<3>("roots", roots, points);
  const auto small = []<class T>(T a, T b, T c) {
    return Imath::lerp(a, b, c) + Imath::lerpfactor(a, b, c) + Imath::clamp(a, T(0), T(1)) + Imath::abs(c) + Imath::sign(a);
  };
  like_numbers<3>("small", small, points);
}

}  // namespace
