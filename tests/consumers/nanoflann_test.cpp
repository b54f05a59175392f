// nanoflann: a tree of points that are variables; distances to the nearest have their gradient in points and query.
#include <wengert/std.hpp>
// before theirs, which say std::sqrt
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <nanoflann.hpp>
#include <vector>
#include <wengert/wengert.hpp>

namespace {

using namespace wengert;

template <class T>
struct Cloud {
  std::vector<std::array<T, 2>> points;
  std::size_t kdtree_get_point_count() const { return points.size(); }
  T kdtree_get_pt(std::size_t i, std::size_t axis) const { return points[i][axis]; }
  template <class Box>
  bool kdtree_get_bbox(Box&) const {
    return false;
  }
};

template <class T>
Cloud<T> cloud_of(const T& a, const T& b) {
  Cloud<T> cloud;
  for (int i = 0; i < 50; ++i) cloud.points.push_back({a * T(i % 7) + b * T(i % 11), T(i) * b - a * T(i % 5)});
  return cloud;
}

/// A sum of the distances to the three nearest, in which each has a weight of its own.
template <template <class...> class Metric, class T>
T by_tree(const T& a, const T& b, const T& x, const T& y) {
  const Cloud<T> cloud = cloud_of(a, b);
  using Tree = nanoflann::KDTreeSingleIndexAdaptor<Metric<T, Cloud<T>>, Cloud<T>, 2>;
  Tree tree(2, cloud, nanoflann::KDTreeSingleIndexAdaptorParams(4));
  tree.buildIndex();
  unsigned at[3] = {};
  T distance[3] = {};
  const T query[2] = {x, y};
  tree.knnSearch(query, 3, at, distance);
  return distance[0] + 2 * distance[1] + 3 * distance[2];
}
/// The same by looking at all points.
template <class T, class Distance>
T by_all(const T& a, const T& b, const T& x, const T& y, Distance distance) {
  std::vector<T> all;
  for (const auto& point : cloud_of(a, b).points) all.push_back(distance(point[0] - x, point[1] - y));
  std::sort(all.begin(), all.end());
  return all[0] + 2 * all[1] + 3 * all[2];
}

// (Not against differences of long doubles, as the others: the tree keeps them at addresses that are not theirs.)
template <template <class...> class Metric, class Distance>
void compares(const char* name, Distance distance) {
  SCOPED_TRACE(name);
  for (const auto& [a, b, x, y] : {std::array{0.71, 0.33, 3.2, 4.1}, std::array{0.21, 0.53, 1.23, 14.15}}) {
    Tape tape;
    const Var p[] = {tape.variable(a), tape.variable(b), tape.variable(x), tape.variable(y)};
    const Var found = by_tree<Metric, Var>(p[0], p[1], p[2], p[3]), expected = by_all<Var>(p[0], p[1], p[2], p[3], distance);
    EXPECT_DOUBLE_EQ(found.value(), (by_tree<Metric, double>(a, b, x, y)));
    EXPECT_DOUBLE_EQ(found.value(), expected.value());
    // sums of a dozen products up to some hundreds, in another order
    for (const Var& v : p) EXPECT_NEAR(gradient(found).wrt(v), gradient(expected).wrt(v), 1e-12);
  }
}

TEST(Nanoflann, DistancesToTheNearest) {
  const auto sum = [](const auto& x, const auto& y) { return abs(x) + abs(y); };
  const auto squares = [](const auto& x, const auto& y) { return x * x + y * y; };
  compares<nanoflann::L1_Adaptor>("L1", sum);
  compares<nanoflann::L2_Adaptor>("L2", squares);
  compares<nanoflann::L2_Simple_Adaptor>("L2_Simple", squares);
}

}  // namespace
