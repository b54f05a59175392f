// nanoflann: a tree of points that are variables; distances to the nearest have their gradient in points and query.
#include <wengert/std.hpp>
// before theirs, which say std::sqrt
#include <gmock/gmock.h>

#include <array>
#include <nanoflann.hpp>
#include <vector>
#include <wengert/wengert.hpp>

#include "like_numbers.hpp"

namespace {

using consumers::like_numbers;

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

template <template <class...> class Metric>
void like_numbers_by(const char* name) {
  const auto nearest = []<class T>(T a, T b, T x, T y) {
    Cloud<T> cloud;
    for (int i = 0; i < 50; ++i) cloud.points.push_back({a * T(i % 7) + b * T(i % 11), T(i) * b - a * T(i % 5)});
    using Tree = nanoflann::KDTreeSingleIndexAdaptor<Metric<T, Cloud<T>>, Cloud<T>, 2>;
    Tree tree(2, cloud, nanoflann::KDTreeSingleIndexAdaptorParams(4));
    tree.buildIndex();
    unsigned at[3] = {};
    T distance[3] = {};
    const T query[2] = {x, y};
    tree.knnSearch(query, 3, at, distance);
    return distance[0] + 2 * distance[1] + 3 * distance[2];
  };
  // no further than where others become the nearest
  like_numbers<4>(name, nearest, {{0.71, 0.33, 3.2, 4.1}, {0.21, 0.53, 1.23, 14.15}}, {.reach = 1e-4});
}

TEST(Nanoflann, DistancesToTheNearest) {
  like_numbers_by<nanoflann::L1_Adaptor>("L1");
  like_numbers_by<nanoflann::L2_Adaptor>("L2");
  like_numbers_by<nanoflann::L2_Simple_Adaptor>("L2_Simple");
}

}  // namespace
