// ht: hand tracking of ADBench (Srajer, Kukelova, Fitzgibbon 2018, section 4.3): how far points are from the vertices of a
// skinned hand, or from places on its triangles, and the Jacobian in the pose (and in each place, two columns for all).
//
// The pose is 26 numbers: rotation of the hand about an axis, by its length, 3; translation 3; and for each of five fingers the
// first joint's two angles and those of the next two joints. Bones 0 and 1 are palm and wrist, then come four bones a finger, the
// last of which does not bend, and what is left.
#include <array>
#include <cmath>
#include <numeric>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "gradbench/input.hpp"
#include "gradbench/module.hpp"
#include "kernels/inputs.hpp"
#include "wengert/function.hpp"
#include "wengert/reductions.hpp"

namespace gradbench {
namespace {

using wengert::DenseMatrix, wengert::Var;

constexpr std::size_t pose_size = 26, fingers = 5, least_bones = 2 + 4 * fingers - 1;

template <class T>
using Vector = std::array<T, 3>;
/// The upper three rows of a 4 x 4 matrix whose last row is 0 0 0 1.
template <class T>
struct Affine {
  std::array<std::array<T, 4>, 3> row;

  template <class Other>
  friend auto operator*(const Affine& a, const Affine<Other>& b) {
    Affine<decltype(T() * Other())> result;
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t j = 0; j < 4; ++j) {
        result.row[i][j] = a.row[i][0] * b.row[0][j] + a.row[i][1] * b.row[1][j] + a.row[i][2] * b.row[2][j];
        if (j == 3) result.row[i][j] += a.row[i][3];
      }
    return result;
  }
};
template <class T>
Affine<T> turned_into(const Affine<double>& a) {
  Affine<T> result;
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 4; ++j) result.row[i][j] = a.row[i][j];
  return result;
}

/// Turning by the angles about x, then y, then z.
template <class T>
Affine<T> by_angles(const T& x, const T& y, const T& z) {
  using std::cos, std::sin;
  const T cx = cos(x), sx = sin(x), cy = cos(y), sy = sin(y), cz = cos(z), sz = sin(z), zero = 0;
  return {{{{cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx, zero},
            {sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx, zero},
            {-sy, cy * sx, cy * cx, zero}}}};
}
/// Turning about an axis, by its length; by less than 0.0001, not at all.
template <class T>
Affine<T> by_axis(const T& a, const T& b, const T& c) {
  using std::cos, std::sin, std::sqrt;
  const T length = sqrt(a * a + b * b + c * c), zero = 0, one = 1;
  if (length < 0.0001) return {{{{one, zero, zero, zero}, {zero, one, zero, zero}, {zero, zero, one, zero}}}};
  const T x = a / length, y = b / length, z = c / length, s = sin(length), co = cos(length);
  return {{{{x * x + (1.0 - x * x) * co, x * y * (1.0 - co) - z * s, x * z * (1.0 - co) + y * s, zero},
            {x * y * (1.0 - co) + z * s, y * y + (1.0 - y * y) * co, y * z * (1.0 - co) - x * s, zero},
            {x * z * (1.0 - co) - y * s, y * z * (1.0 - co) + x * s, z * z + (1.0 - z * z) * co, zero}}}};
}

struct Problem {
  std::vector<double> pose;
  std::vector<int> parents;  ///< -1 for none
  std::vector<Affine<double>> relative, inverse_absolute;
  DenseMatrix vertices, weights, points, places;  ///< a row for each
  std::vector<std::array<int, 3>> triangles;
  std::vector<int> correspondences;
  bool mirrored;

  explicit Problem(const Json& input) {
    const Input object(input), data = object.object("data"), model = data.object("model");
    pose = object.numbers("theta", pose_size);
    const std::size_t bones = model.count("bone_count", least_bones);
    vertices = model.rows("base_positions");
    if (vertices.rows == 0 || vertices.columns != 4)
      model.refuse("base_positions", "must have a row at least, and four numbers in each");
    weights = model.rows("weights", vertices.rows, bones);
    parents = model.indices("parents", -1, bones);
    if (parents.size() != bones) model.refuse("parents", "must have a number for each bone");
    for (std::size_t i = 0; i < bones; ++i)
      if (parents[i] >= static_cast<int>(i)) model.refuse("parents", "must name bones that come before");
    relative = affine(model, "base_relatives", bones);
    inverse_absolute = affine(model, "inverse_base_absolutes", bones);
    mirrored = model.truth("is_mirrored");

    places = object.has("us") ? object.rows("us") : DenseMatrix();
    const bool on_triangles = places.rows > 0;
    if (on_triangles) {
      const DenseMatrix corners = model.rows("triangles");
      if (corners.columns != 3) model.refuse("triangles", "must have three numbers in each row");
      for (std::size_t t = 0; t < corners.rows; ++t) {
        std::array<int, 3> triangle;
        for (std::size_t k = 0; k < 3; ++k) {
          const double v = corners(t, k);
          if (!(v >= 0 && v < static_cast<double>(vertices.rows) && v == std::floor(v)))
            model.refuse("triangles", "must have numbers of vertices");
          triangle[k] = static_cast<int>(v);
        }
        triangles.push_back(triangle);
      }
    }
    correspondences = data.indices("correspondences", 0, on_triangles ? triangles.size() : vertices.rows);
    points = data.rows("points", correspondences.size(), 3);
    if (on_triangles && (places.rows != correspondences.size() || places.columns != 2))
      object.refuse("us", "must be empty, or have two numbers for each correspondence");
  }
  bool on_triangles() const { return places.rows > 0; }
  /// The vertices that correspondence i is about.
  std::span<const int> corners(std::size_t i) const {
    const std::size_t k = static_cast<std::size_t>(correspondences[i]);
    return on_triangles() ? std::span<const int>(triangles[k]) : std::span(&correspondences[i], 1);
  }

 private:
  static std::vector<Affine<double>> affine(const Input& model, const char* field, std::size_t bones) {
    std::vector<Affine<double>> result;
    for (const DenseMatrix& m : model.blocks(field, bones, 4, 4)) {
      if (m(3, 0) != 0 || m(3, 1) != 0 || m(3, 2) != 0 || m(3, 3) != 1)
        model.refuse(field, "must be matrices whose last row is 0, 0, 0, 1");
      Affine<double>& a = result.emplace_back();
      for (std::size_t i = 0; i < 3; ++i)
        for (std::size_t j = 0; j < 4; ++j) a.row[i][j] = m(i, j);
    }
    return result;
  }
};

/// What each bone does to a vertex.
template <class T>
std::vector<Affine<T>> transforms(const Problem& problem, std::span<const T> pose) {
  std::vector<Affine<T>> absolute, result;
  for (std::size_t bone = 0; bone < problem.parents.size(); ++bone) {
    Affine<T> own = turned_into<T>(problem.relative[bone]);
    const std::size_t finger = bone >= 2 ? (bone - 2) / 4 : fingers, joint = (bone + 2) % 4;
    if (finger < fingers && joint < 3) {
      const T* const angle = &pose[6 + 4 * finger];
      own = problem.relative[bone] *
            (joint == 0 ? by_angles<T>(angle[0], T(0), angle[1]) : by_angles<T>(angle[joint + 1], T(0), T(0)));
    }
    absolute.push_back(problem.parents[bone] < 0 ? own : absolute[static_cast<std::size_t>(problem.parents[bone])] * own);
    result.push_back(absolute.back() * problem.inverse_absolute[bone]);
  }
  return result;
}

/// x0 y0 + x1 y1 + …; recorded, it is one node.
template <class T, class Factor>
T products(std::span<const T> x, std::span<const Factor> y) {
  if constexpr (std::is_same_v<T, double>)
    return std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
  else
    return wengert::dot(x, y);
}

/// The residuals: the pose, and what is added to all places' first and second numbers (0, but for its derivative).
template <class T>
std::vector<T> residuals(const Problem& problem, std::span<const T> pose, const T& first, const T& second) {
  const std::vector<Affine<T>> bones = transforms(problem, pose);
  const Affine<T> hand = by_axis<T>(pose[0], pose[1], pose[2]);
  std::vector<Vector<T>> known(problem.vertices.rows);
  std::vector<bool> is_known(problem.vertices.rows);
  std::array<std::vector<T>, 3> entries;  // of all bones that move a vertex, by row
  std::vector<double> factors;
  const auto vertex = [&](int number) -> const Vector<T>& {
    const std::size_t v = static_cast<std::size_t>(number);
    if (!is_known[v]) {
      is_known[v] = true;
      const double* const base = &problem.vertices.data[4 * v];
      Vector<T> at{};
      factors.clear();
      for (std::vector<T>& row : entries) row.clear();
      for (std::size_t b = 0; b < bones.size(); ++b) {
        const double weight = problem.weights(v, b);
        if (weight == 0) continue;  // of most bones
        for (std::size_t i = 0; i < 3; ++i) {
          const std::array<T, 4>& row = bones[b].row[i];
          if constexpr (std::is_same_v<T, double>)
            at[i] += weight * std::inner_product(row.begin(), row.end(), base, 0.0);
          else
            entries[i].insert(entries[i].end(), row.begin(), row.end());
        }
        for (std::size_t j = 0; j < 4; ++j) factors.push_back(weight * base[j]);
      }
      if constexpr (!std::is_same_v<T, double>)
        for (std::size_t i = 0; i < 3; ++i) at[i] = products<T, double>(entries[i], factors);
      if (problem.mirrored) at[0] = -at[0];
      for (std::size_t i = 0; i < 3; ++i)
        known[v][i] = products<T, T>(std::span<const T>(hand.row[i]).first(3), at) + pose[3 + i];
    }
    return known[v];
  };
  std::vector<T> result;
  result.reserve(3 * problem.correspondences.size());
  for (std::size_t i = 0; i < problem.correspondences.size(); ++i) {
    const std::span<const int> corners = problem.corners(i);
    const Vector<T>& a = vertex(corners[0]);
    if (problem.on_triangles()) {
      const Vector<T>&b = vertex(corners[1]), &c = vertex(corners[2]);
      const T u = problem.places(i, 0) + first, v = problem.places(i, 1) + second;
      const Vector<T> shares{u, v, 1.0 - u - v};
      for (std::size_t j = 0; j < 3; ++j)
        result.push_back(problem.points(i, j) - products<T, T>(shares, Vector<T>{a[j], b[j], c[j]}));
    } else {
      for (std::size_t j = 0; j < 3; ++j) result.push_back(problem.points(i, j) - a[j]);
    }
  }
  return result;
}

/// Recorded once; forward mode, eight columns at a time.
class Jacobian {
 public:
  explicit Jacobian(Problem problem) : problem_(std::move(problem)) {
    const std::size_t places = problem_.on_triangles() ? 2 : 0;
    point_.assign(places, 0.0);
    point_.insert(point_.end(), problem_.pose.begin(), problem_.pose.end());
    residuals_ = wengert::record(
                     [&](const std::vector<Var>& x) {
                       const std::span<const Var> pose = std::span(x).subspan(places);
                       return places == 0 ? residuals<Var>(problem_, pose, 0, 0) : residuals<Var>(problem_, pose, x[0], x[1]);
                     },
                     point_)
                     .optimised();
  }
  void operator()(DenseMatrix& out) {
    residuals_.jacobian(point_, workspace_);
    std::swap(out, workspace_.matrix);  // which has room for the next
  }

 private:
  Problem problem_;
  std::vector<double> point_;
  wengert::Function residuals_;
  wengert::Workspace workspace_;
};

/// A hand of `vertices` vertices, each moved by two bones, and so many correspondences.
Json input(std::size_t vertices, std::size_t correspondences, bool on_triangles) {
  constexpr std::size_t bones = 22;
  kernels::Random random(47);
  const auto index = [&](std::size_t end) { return static_cast<int>(random.uniform(0, static_cast<double>(end))); };
  const auto rows = [&](std::size_t count, std::size_t columns, auto number) {
    Json result = Json::array();
    for (std::size_t i = 0; i < count; ++i) {
      Json row = Json::array();
      for (std::size_t j = 0; j < columns; ++j) row.push_back(number(i, j));
      result.push_back(row);
    }
    return result;
  };
  const auto frame = [&](double shift) {
    return rows(4, 4, [&](std::size_t i, std::size_t j) {
      return i == j ? 1.0 : j == 3 && i < 3 ? shift * random.uniform(-1, 1) : 0.0;
    });
  };
  Json model{{"bone_count", bones}, {"is_mirrored", false}};
  for (std::size_t b = 0; b < bones; ++b) {
    model["bone_names"].push_back("bone");
    model["parents"].push_back(b == 0 ? -1 : b % 4 == 2 ? 1 : static_cast<int>(b) - 1);  // fingers begin at bone 1
    model["base_relatives"].push_back(frame(0.3));
    model["inverse_base_absolutes"].push_back(frame(0.3));
  }
  model["base_positions"] = rows(vertices, 4, [&](std::size_t, std::size_t j) { return j == 3 ? 1.0 : random.uniform(-1, 1); });
  model["weights"] = rows(vertices, bones, [&](std::size_t v, std::size_t b) {
    return b == v % bones ? 0.7 : b == (v + 1) % bones ? 0.3 : 0.0;
  });
  model["triangles"] = rows(vertices, 3, [&](std::size_t, std::size_t) { return index(vertices); });
  Json data;
  for (std::size_t i = 0; i < correspondences; ++i) data["correspondences"].push_back(index(vertices));
  data["points"] = rows(correspondences, 3, [&](std::size_t, std::size_t) { return random.uniform(-1, 1); });
  data["model"] = std::move(model);
  Json us = Json::array();
  if (on_triangles) us = rows(correspondences, 2, [&](std::size_t, std::size_t) { return random.uniform(0, 0.5); });
  return {{"theta", random.uniforms(pose_size, -0.3, 0.3)}, {"data", std::move(data)}, {"us", std::move(us)}};
}

}  // namespace

Module ht() {
  return {"ht",
          {{"objective",
            [](const Json& input) {
              return task<std::vector<double>>(
                  [p = Problem(input)](std::vector<double>& out) { out = residuals<double>(p, p.pose, 0, 0); });
            }},
           {"jacobian", [](const Json& input) { return task<DenseMatrix>(Jacobian(Problem(input)), as_rows); }}},
          [] {
            return std::vector<Example>{
                {"544 vertices, 1000 points", "objective", "jacobian", "replayed, 26 columns", input(544, 1000, false)},
                {"the same on triangles", "objective", "jacobian", "replayed, 28 columns", input(544, 1000, true)}};
          }};
}

}  // namespace gradbench
