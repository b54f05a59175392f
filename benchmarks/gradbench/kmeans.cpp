// kmeans: the sum over points of the squared distance to the nearest of k centroids, and the step of Newton's method on it:
// gradient over Hessian, which is diagonal (Bottou and Bengio, Convergence properties of the k-means algorithms, 1994).
//
// A minimum has the derivatives of what is the smallest, so the nearest centroid is found among numbers, and only what is between
// it and the point is differentiated: an element for each coordinate of each point, which reads one entry of the centroids.
// Memory grows with the points and with the centroids, not with their product.
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

#include "gradbench/input.hpp"
#include "gradbench/module.hpp"
#include "kernels/inputs.hpp"
#include "wengert/elements.hpp"
#include "wengert/fused_elements.hpp"

namespace gradbench {
namespace {

using wengert::Elements, wengert::DenseMatrix, wengert::Samples;

struct Problem {
  DenseMatrix points, centroids;

  explicit Problem(const Json& input) {
    const Input object(input);
    points = object.rows("points");
    centroids = object.rows("centroids");
    if (points.data.empty()) object.refuse("points", "must have a row at least, and a number in each");
    if (centroids.rows == 0 || centroids.columns != points.columns)
      object.refuse("centroids", "must have a row at least, and as many numbers in each as points has");
  }
};

struct Nearest {
  std::size_t centroid;
  double distance;
};
Nearest nearest(const Problem& problem, std::size_t point) {
  const std::size_t d = problem.points.columns;
  const double* const p = &problem.points.data[point * d];
  Nearest result{0, std::numeric_limits<double>::infinity()};
  for (std::size_t j = 0; j < problem.centroids.rows; ++j) {
    const double* const c = &problem.centroids.data[j * d];
    double distance = 0;
    for (std::size_t k = 0; k < d; ++k) distance += (c[k] - p[k]) * (c[k] - p[k]);
    if (distance < result.distance) result = {j, distance};
  }
  return result;
}

double cost(const Problem& problem) {
  double sum = 0;
  for (std::size_t i = 0; i < problem.points.rows; ++i) sum += nearest(problem, i).distance;
  return sum;
}

constexpr auto along_one_coordinate = wengert::fuse([](auto c, auto p) { return (c - p) * (c - p); }).gathering<1>();

void direction(const Problem& problem, DenseMatrix& out) {
  const std::size_t n = problem.points.rows, d = problem.points.columns;
  std::vector<std::uint32_t> reads(n * d);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t first = nearest(problem, i).centroid * d;
    for (std::size_t k = 0; k < d; ++k) reads[i * d + k] = static_cast<std::uint32_t>(first + k);
  }
  const Elements elements = Elements::rows(reads, 1);
  const std::vector<double>& x = problem.centroids.data;
  const auto gradient = sum_gradient(along_one_coordinate, x, elements, Samples(problem.points.data), 1).gradient;
  const wengert::CompressedRows hessian = sum_hessian(along_one_coordinate, x, elements, Samples(problem.points.data), 1);
  out = DenseMatrix(problem.centroids.rows, d);
  for (std::size_t k = 0; k < x.size(); ++k) {
    if (hessian.row_begin[k] == hessian.row_begin[k + 1])
      throw std::domain_error("centroids: one is nearest to no point, and the Hessian in it is 0");
    out.data[k] = gradient[k] / hessian.value[static_cast<std::size_t>(hessian.row_begin[k])];  // the diagonal is all there is
  }
}

Json input(std::size_t k, std::size_t n, std::size_t d) {
  kernels::Random random(48);
  Json points = Json::array(), centroids = Json::array();
  for (std::size_t i = 0; i < n; ++i) points.push_back(random.uniforms(d, 0, 1));
  for (std::size_t i = 0; i < k; ++i) centroids.push_back(points[n - k + i]);  // so none is left without a point
  return {{"points", std::move(points)}, {"centroids", std::move(centroids)}};
}

}  // namespace

Module kmeans() {
  return {
      "kmeans",
      {{"cost", [](const Json& input) { return task<double>([p = Problem(input)](double& y) { y = cost(p); }); }},
       {"dir",
        [](const Json& input) {
          return task<DenseMatrix>([p = Problem(input)](DenseMatrix& out) { direction(p, out); }, as_rows);
        }}},
      [] { return std::vector<Example>{{"k 1000, n 10000, d 16", "cost", "dir", "elements, fused", input(1000, 10000, 16)}}; }};
}

}  // namespace gradbench
