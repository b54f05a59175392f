// GLM: vectors, matrices and quaternions of variables. Its unions of x, r and s want a type that need not be constructed, so
// GLM_FORCE_XYZW_ONLY; and it hands std::sin and its kin on as pointers, so <wengert/std.hpp> comes first.
#include <wengert/std.hpp>
// before GLM's
#include <gmock/gmock.h>

#define GLM_FORCE_XYZW_ONLY
#include <glm/ext.hpp>
#include <glm/glm.hpp>
#include <glm/gtc/matrix_transform.hpp>
#include <glm/gtc/quaternion.hpp>
#include <wengert/wengert.hpp>

#include "like_numbers.hpp"

namespace {

using consumers::like_numbers;

template <class T>
using Vec3 = glm::vec<3, T, glm::defaultp>;
template <class T>
using Vec4 = glm::vec<4, T, glm::defaultp>;
template <class T>
using Mat3 = glm::mat<3, 3, T, glm::defaultp>;
template <class T>
using Mat4 = glm::mat<4, 4, T, glm::defaultp>;
template <class T>
using Quat = glm::qua<T, glm::defaultp>;

const std::vector<std::array<double, 3>> points = {{0.7, 1.3, 2.3}, {2, 1.1, -4.7}};

/// One number of three, none of which can hide.
template <class T>
T weighed(const Vec3<T>& v) {
  return v.x + v.y * T(2) + v.z * v.x;
}

TEST(Glm, Vectors) {
  const auto products = []<class T>(T a, T b, T c) {
    const Vec3<T> u(a, b, c), v(c, a * b, T(1));
    return glm::dot(u, v) + glm::length(u) + glm::distance(u, v) + weighed(glm::cross(u, v)) + weighed(glm::normalize(u)) +
           weighed(u + v * u - u / v + T(2) * u - v / T(3) + -u);
  };
  like_numbers<3>("products", products, points);
  const auto reflections = []<class T>(T a, T b, T c) {
    const Vec3<T> u(a, b, c), v(c, a * b, T(1));
    return weighed(glm::reflect(u, v)) + weighed(glm::refract(glm::normalize(u), glm::normalize(v), T(0.75))) +
           weighed(glm::faceforward(u, v, v));
  };
  like_numbers<3>("reflections", reflections, points);
}

TEST(Glm, FunctionsOfVectors) {
  const auto smooth = []<class T>(T a, T b, T c) {
    const Vec3<T> u(a, b, c);
    return weighed(glm::sin(u) + glm::cos(u) + glm::exp(u) + glm::log(u * u) + glm::sqrt(u * u) + glm::inversesqrt(u * u) +
                   glm::pow(glm::abs(u), Vec3<T>(T(1.5))) + glm::atan(u) + glm::tanh(u) + glm::exp2(u)) +
           glm::radians(a) + glm::degrees(b) + glm::pow(c * c, a);
  };
  like_numbers<3>("smooth", smooth, points);
  const auto pieces = []<class T>(T a, T b, T c) {
    const Vec3<T> u(a, b, c), v(c, a * b, T(1));
    return weighed(glm::mix(u, v, T(0.25)) + glm::min(u, v) + glm::max(u, v) + glm::clamp(u, T(-0.5), T(1.5)) +
                   glm::smoothstep(T(-6), T(5), u) + glm::floor(u) + glm::fract(u) + glm::sign(u) + glm::step(T(0.5), u) +
                   glm::mod(u, T(0.75)));
  };
  // at 2, floor jumps: not there
  like_numbers<3>("pieces", pieces, {{0.7, 1.3, 2.35}, {2.2, 1.1, -4.7}});
}

TEST(Glm, Matrices) {
  const auto of_three = []<class T>(T a, T b, T c) {
    const Mat3<T> m(a, b, c, T(1), c, a, b, T(2), T(5));
    return glm::determinant(m) + weighed(glm::inverse(m) * Vec3<T>(a, b, c)) + glm::determinant(glm::transpose(m) * m);
  };
  // by cofactors, without pivots: of nine digits products cancel to some hundredths of themselves
  like_numbers<3>("3 x 3", of_three, points, {.value = 1e-11, .derivative = 1e-10});
  const auto of_four = []<class T>(T a, T b, T c) {
    Mat4<T> m = glm::translate(Mat4<T>(T(1)), Vec3<T>(a, b, c));
    m = glm::rotate(m, a, Vec3<T>(T(1), b, c));
    m = glm::scale(m, Vec3<T>(c, b, a));
    const Vec4<T> v = glm::inverse(m) * Vec4<T>(T(1), T(2), T(3), T(1));
    return glm::dot(v, v) + glm::determinant(m);
  };
  like_numbers<3>("4 x 4", of_four, points);
  const auto view = []<class T>(T a, T b, T c) {
    const Mat4<T> seen = glm::lookAt(Vec3<T>(a, b, c), Vec3<T>(T(0)), Vec3<T>(T(0), T(1), T(0)));
    const Vec4<T> v = glm::perspective(T(0.75) + a / T(10), T(1.25), T(0.125), T(10)) * seen * Vec4<T>(T(1), T(2), T(3), T(1));
    return v.x + v.y + v.z / v.w;
  };
  like_numbers<3>("view", view, points);
}

TEST(Glm, Quaternions) {
  const auto turns = []<class T>(T a, T b, T c) {
    const Quat<T> q = glm::angleAxis(a, glm::normalize(Vec3<T>(T(1), b, c))), r = glm::normalize(Quat<T>(a, b, c, T(1)));
    return weighed((q * r) * Vec3<T>(a, b, c)) + weighed(glm::eulerAngles(r)) + glm::angle(q) + weighed(glm::axis(r)) +
           glm::dot(glm::slerp(q, r, T(0.25)), q);
  };
  like_numbers<3>("turns", turns, points);
  const auto matrices = []<class T>(T a, T b, T c) {
    const Mat3<T> m = glm::mat3_cast(glm::normalize(Quat<T>(a, b, c, T(1))));
    const Quat<T> q = glm::quat_cast(m);
    return weighed(m * Vec3<T>(a, b, c)) + q.w * q.x;
  };
  like_numbers<3>("matrices", matrices, points);
}

}  // namespace
