// Sums over elements: what do gradient, Jacobian and Hessian cost, against derivatives written by hand and against forward-mode
// numbers? Kernels: bundle adjustment of ADBench (Jacobian), a tetrahedral mesh (Hessian), a net of springs (gradient), and the
// demo's sum over samples and dimensions in one call (gradient).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "kernels/elastic.hpp"
#include "kernels/inputs.hpp"
#include "kernels/reprojection.hpp"
#include "kernels/vae_kl.hpp"
#include "wengert/elements.hpp"
#include "wengert/fused_elements.hpp"
#ifdef WENGERT_HAVE_CERES
#include <ceres/jet.h>
#endif

namespace {

using wengert::Elements, wengert::Function, wengert::Samples;
using Numbers = std::vector<double>;

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// Ways that compute the same numbers; the first is what the others are measured by. Timed in turns, the least of 9.
class Row {
 public:
  explicit Row(std::string name) : name_(std::move(name)) {}
  template <class Work>
  void add(const std::string& way, double tolerance, Work work) {
    const Numbers result = work();
    if (expected_.empty()) expected_ = result;
    double largest = 0;
    for (const double x : expected_) largest = std::max(largest, std::fabs(x));
    for (std::size_t k = 0; k < expected_.size(); ++k)
      if (!(std::fabs(result.at(k) - expected_[k]) <= tolerance * largest)) {
        fmt::print(stderr, "{}, {}: number {} is {}, not {}\n", name_, way, k, result[k], expected_[k]);
        std::exit(1);
      }
    ways_.push_back({way, [work] { static_cast<void>(work()); }, std::numeric_limits<double>::infinity()});
  }
  void print(std::size_t elements) {
    for (int round = 0; round < 9; ++round)
      for (Way& way : ways_) {
        const double start = seconds();
        int calls = 0;
        double passed = 0;
        for (; passed < 0.02; passed = seconds() - start, ++calls) way.work();
        way.least = std::min(way.least, passed / calls);
      }
    fmt::print("{} ({} elements)\n  {:<34}{:>10.1f} ns an element\n", name_, elements, ways_[0].name,
               1e9 * ways_[0].least / static_cast<double>(elements));
    for (std::size_t k = 1; k < ways_.size(); ++k)
      fmt::print("  {:<34}{:>10.2f}\n", ways_[k].name, ways_[k].least / ways_[0].least);
    std::fflush(stdout);
  }

 private:
  struct Way {
    std::string name;
    std::function<void()> work;
    double least;
  };
  std::string name_;
  Numbers expected_;
  std::vector<Way> ways_;
};

// -- bundle adjustment: camera (rotation 3, centre 3, focal length, principal point 2, distortion 2), point 3, weight 1
using kernels::reprojection;
constexpr auto fused_reprojection = wengert::fuse(reprojection, wengert::Shape<11, 3, 1, 2>());
constexpr auto gathering_reprojection = fused_reprojection.gathering<15>();

/// Its 2 residuals, then the Jacobian, 2 x 15, worked out by hand.
void reprojection_by_hand(const double* camera, const double* point, double weight, const double* seen, double* out) {
  const double X[3] = {point[0] - camera[3], point[1] - camera[4], point[2] - camera[5]};
  const double angle2 = camera[0] * camera[0] + camera[1] * camera[1] + camera[2] * camera[2];
  const double angle = std::sqrt(angle2), c = std::cos(angle), s = std::sin(angle);
  const double w[3] = {camera[0] / angle, camera[1] / angle, camera[2] / angle};
  const double dot = w[0] * X[0] + w[1] * X[1] + w[2] * X[2];
  const double cross[3] = {w[1] * X[2] - w[2] * X[1], w[2] * X[0] - w[0] * X[2], w[0] * X[1] - w[1] * X[0]};
  double R[3], by_angle[3];
  for (int i = 0; i < 3; ++i) {
    R[i] = X[i] * c + cross[i] * s + w[i] * dot * (1 - c);
    by_angle[i] = -X[i] * s + cross[i] * c + w[i] * dot * s;
  }
  // rotation matrix (derivative in X), and derivative in the axis w: -sin [X] + (1 - cos) (w X' + dot I)
  const double rotation[3][3] = {{c + (1 - c) * w[0] * w[0], (1 - c) * w[0] * w[1] - s * w[2], (1 - c) * w[0] * w[2] + s * w[1]},
                                 {(1 - c) * w[1] * w[0] + s * w[2], c + (1 - c) * w[1] * w[1], (1 - c) * w[1] * w[2] - s * w[0]},
                                 {(1 - c) * w[2] * w[0] - s * w[1], (1 - c) * w[2] * w[1] + s * w[0], c + (1 - c) * w[2] * w[2]}};
  const double axis[3][3] = {{(1 - c) * (w[0] * X[0] + dot), (1 - c) * w[0] * X[1] + s * X[2], (1 - c) * w[0] * X[2] - s * X[1]},
                             {(1 - c) * w[1] * X[0] - s * X[2], (1 - c) * (w[1] * X[1] + dot), (1 - c) * w[1] * X[2] + s * X[0]},
                             {(1 - c) * w[2] * X[0] + s * X[1], (1 - c) * w[2] * X[1] - s * X[0], (1 - c) * (w[2] * X[2] + dot)}};
  const double inverse = 1 / R[2], u = R[0] * inverse, v = R[1] * inverse, r2 = u * u + v * v;
  const double l = 1 + camera[9] * r2 + camera[10] * r2 * r2, dl = 2 * (camera[9] + 2 * camera[10] * r2), f = camera[6];
  out[0] = weight * (u * l * f + camera[7] - seen[0]);
  out[1] = weight * (v * l * f + camera[8] - seen[1]);
  const double wf = weight * f;
  const double by_uv[2][2] = {{wf * (l + dl * u * u), wf * dl * u * v}, {wf * dl * u * v, wf * (l + dl * v * v)}};
  for (int o = 0; o < 2; ++o) {
    double* const row = out + 2 + 15 * o;
    const double by_R[3] = {by_uv[o][0] * inverse, by_uv[o][1] * inverse, -(by_uv[o][0] * u + by_uv[o][1] * v) * inverse};
    double by_w[3], along = 0, by_theta = 0;
    for (int k = 0; k < 3; ++k) {
      by_w[k] = by_R[0] * axis[0][k] + by_R[1] * axis[1][k] + by_R[2] * axis[2][k];
      const double by_X = by_R[0] * rotation[0][k] + by_R[1] * rotation[1][k] + by_R[2] * rotation[2][k];
      row[3 + k] = -by_X;
      row[11 + k] = by_X;
      by_theta += by_R[k] * by_angle[k];
      along += by_w[k] * w[k];
    }
    for (int k = 0; k < 3; ++k) row[k] = by_theta * w[k] + (by_w[k] - along * w[k]) / angle;
    const double image = o == 0 ? u : v;
    row[6] = weight * image * l;
    row[7] = o == 0 ? weight : 0;
    row[8] = o == 0 ? 0 : weight;
    row[9] = wf * image * r2;
    row[10] = wf * image * r2 * r2;
    row[14] = out[o] / weight;
  }
}

void bundle_adjustment() {
  constexpr std::size_t cameras = 21, points = 2000, observations = 8000, n = 15;
  kernels::Random random(31);
  Numbers x;
  for (std::size_t k = 0; k < cameras; ++k) {
    for (const double r : random.uniforms(6, -0.3, 0.3)) x.push_back(r);
    for (const double r : {500.0, 320.0, 240.0, -0.1, 0.02}) x.push_back(r);
  }
  for (std::size_t k = 0; k < points; ++k) {
    for (const double r : random.uniforms(2, -1, 1)) x.push_back(r);
    x.push_back(random.uniforms(1, 3, 5)[0]);
  }
  for (const double w : random.uniforms(observations, 0.5, 1)) x.push_back(w);
  const Numbers seen = random.uniforms(2 * observations, 0, 500);
  std::vector<int> indices;
  for (std::size_t e = 0; e < observations; ++e) {
    for (std::size_t k = 0; k < 11; ++k) indices.push_back(static_cast<int>(11 * (e % cameras) + k));
    for (std::size_t k = 0; k < 3; ++k) indices.push_back(static_cast<int>(11 * cameras + 3 * (e % points) + k));
    indices.push_back(static_cast<int>(11 * cameras + 3 * points + e));
  }
  const Elements elements = Elements::rows(indices, n);
  const Samples data = Samples::rows(seen, 2);
  const auto camera = [&](std::size_t e) { return &x[11 * (e % cameras)]; };
  const auto point = [&](std::size_t e) { return &x[11 * cameras + 3 * (e % points)]; };
  const auto weight = [&](std::size_t e) { return &x[11 * cameras + 3 * points + e]; };

  Row row("Jacobian of a reprojection, 2 x 15");
  // element after element: its residuals and its rows, dense; sparse rows have the same entries in the same order
  row.add("by hand", 0, [&] {
    Numbers out((2 + 2 * n) * observations);
    for (std::size_t e = 0; e < observations; ++e)
      reprojection_by_hand(camera(e), point(e), *weight(e), &seen[2 * e], &out[(2 + 2 * n) * e]);
    return out;
  });
#ifdef WENGERT_HAVE_CERES
  row.add("Jets of Ceres", 1e-12, [&] {
    using Jet = ceres::Jet<double, n>;
    Numbers out((2 + 2 * n) * observations);
    for (std::size_t e = 0; e < observations; ++e) {
      std::array<Jet, 11> c;
      std::array<Jet, 3> p;
      std::array<Jet, 1> w{Jet(*weight(e), 14)};
      for (std::size_t k = 0; k < 11; ++k) c[k] = Jet(camera(e)[k], static_cast<int>(k));
      for (std::size_t k = 0; k < 3; ++k) p[k] = Jet(point(e)[k], static_cast<int>(11 + k));
      const auto r = reprojection(c, p, w, std::array{seen[2 * e], seen[2 * e + 1]});
      for (std::size_t o = 0; o < 2; ++o) {
        out[(2 + 2 * n) * e + o] = r[o].a;
        for (std::size_t k = 0; k < n; ++k) out[(2 + 2 * n) * e + 2 + n * o + k] = r[o].v[static_cast<int>(k)];
      }
    }
    return out;
  });
#endif
  row.add("fused, one by one", 1e-12, [&] {
    Numbers out((2 + 2 * n) * observations);
    for (std::size_t e = 0; e < observations; ++e) {
      std::array<double, 11> c;
      std::array<double, 3> p;
      std::copy_n(camera(e), 11, c.begin());
      std::copy_n(point(e), 3, p.begin());
      const auto all =
          fused_reprojection.values_and_jacobian(c, p, std::array{*weight(e)}, std::array{seen[2 * e], seen[2 * e + 1]});
      for (std::size_t o = 0; o < 2; ++o) {
        out[(2 + 2 * n) * e + o] = all.values[o];
        for (std::size_t k = 0; k < n; ++k) out[(2 + 2 * n) * e + 2 + n * o + k] = all.jacobian[o][k];
      }
    }
    return out;
  });
  const auto in_order = [&](const wengert::Residuals& r) {
    Numbers out((2 + 2 * n) * observations);
    for (std::size_t e = 0; e < observations; ++e) {
      for (std::size_t o = 0; o < 2; ++o) out[(2 + 2 * n) * e + o] = r.values[2 * e + o];
      std::copy_n(&r.jacobian.value[2 * n * e], 2 * n, &out[(2 + 2 * n) * e + 2]);
    }
    return out;
  };
  const Function recorded =
      wengert::record(reprojection, Numbers(x.begin(), x.begin() + 11), Numbers{0, 0, 4}, Numbers{1}, Numbers{0, 0});
  row.add("elements, recorded", 1e-12, [&] { return in_order(residuals(recorded, x, elements, data, 1)); });
  row.add("elements, fused", 1e-12, [&] { return in_order(residuals(gathering_reprojection, x, elements, data, 1)); });
  row.add("elements, fused, 2 threads", 1e-12, [&] { return in_order(residuals(gathering_reprojection, x, elements, data, 2)); });
  row.print(observations);
}

// -- a mesh of tetrahedra
constexpr auto fused_tetrahedron = wengert::fuse(kernels::tetrahedron, wengert::Shape<12, 10>()).gathering<12>();

/// Value, gradient and upper half of the Hessian in n directions, carried forwards: the usual second-order number type.
template <std::size_t n>
struct Second {
  double value = 0;
  std::array<double, n> g{};
  std::array<double, n*(n + 1) / 2> h{};

  Second() = default;
  Second(double v) : value(v) {}
  Second(double v, std::size_t k) : value(v) { g[k] = 1; }
  /// f(x), by its first two derivatives.
  static Second of(const Second& x, double f, double df, double ddf) {
    Second r(f);
    for (std::size_t i = 0, at = 0; i < n; ++i) {
      r.g[i] = df * x.g[i];
      for (std::size_t j = i; j < n; ++j, ++at) r.h[at] = df * x.h[at] + ddf * x.g[i] * x.g[j];
    }
    return r;
  }
  friend Second operator+(const Second& x, const Second& y) { return linear(x, y, 1); }
  friend Second operator-(const Second& x, const Second& y) { return linear(x, y, -1); }
  friend Second operator*(const Second& x, const Second& y) {
    Second r(x.value * y.value);
    for (std::size_t i = 0, at = 0; i < n; ++i) {
      r.g[i] = x.value * y.g[i] + y.value * x.g[i];
      for (std::size_t j = i; j < n; ++j, ++at)
        r.h[at] = x.value * y.h[at] + y.value * x.h[at] + x.g[i] * y.g[j] + x.g[j] * y.g[i];
    }
    return r;
  }
  friend Second operator*(double a, const Second& x) { return of(x, a * x.value, a, 0); }
  friend Second operator*(const Second& x, double a) { return of(x, a * x.value, a, 0); }
  friend Second operator-(const Second& x, double a) { return of(x, x.value - a, 1, 0); }
  Second& operator+=(const Second& x) { return *this = *this + x; }
  friend Second log(const Second& x) { return of(x, std::log(x.value), 1 / x.value, -1 / (x.value * x.value)); }

 private:
  static Second linear(const Second& x, const Second& y, double a) {
    Second r(x.value + a * y.value);
    for (std::size_t i = 0; i < n; ++i) r.g[i] = x.g[i] + a * y.g[i];
    for (std::size_t k = 0; k < r.h.size(); ++k) r.h[k] = x.h[k] + a * y.h[k];
    return r;
  }
};

void tetrahedra() {
  constexpr std::size_t count = 4000, vertices = 1000, n = 12;
  kernels::Random random(32);
  Numbers x, rest;
  std::vector<int> indices;
  for (std::size_t v = 0; v < vertices; ++v) {  // the corners of unit tetrahedra in turn, shaken
    const std::size_t corner = v % 4;
    for (std::size_t k = 0; k < 3; ++k) x.push_back((corner == k + 1 ? 1 : 0) + random.uniforms(1, -0.1, 0.1)[0]);
  }
  for (std::size_t e = 0; e < count; ++e) {
    for (std::size_t corner = 0; corner < 4; ++corner) {
      const std::size_t v = (4 * ((e * 7 + corner * corner) % (vertices / 4)) + corner);
      for (std::size_t k = 0; k < 3; ++k) indices.push_back(static_cast<int>(3 * v + k));
    }
    for (const double r : {1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0 / 6}) rest.push_back(r);
  }
  const Elements elements = Elements::rows(indices, n);
  const Samples data = Samples::rows(rest, 10);
  Row row("Hessian of a tetrahedron, 12 x 12");
  const Function recorded = wengert::record(kernels::tetrahedron, Numbers{0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1},
                                            Numbers(rest.begin(), rest.begin() + 10));
  // all of them added up in one sparse matrix, whose pattern is known
  wengert::ElementHessian by_recording(recorded, elements, x.size());
  const wengert::CompressedRows pattern = by_recording(x, data, 1);
  std::vector<int> place;  // of each entry of the upper half and of its mirror image
  for (std::size_t e = 0; e < count; ++e)
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = i; j < n; ++j)
        for (const auto& [r, c] : {std::pair(i, j), std::pair(j, i)}) {
          const int a = indices[n * e + r], b = indices[n * e + c];
          const auto from = pattern.column.begin() + pattern.row_begin[static_cast<std::size_t>(a)];
          const auto to = pattern.column.begin() + pattern.row_begin[static_cast<std::size_t>(a) + 1];
          place.push_back(static_cast<int>(std::lower_bound(from, to, b) - pattern.column.begin()));
        }
  row.add("second-order numbers, forwards", 0, [&] {
    Numbers out(pattern.value.size(), 0.0);
    auto to = place.begin();
    for (std::size_t e = 0; e < count; ++e) {
      std::array<Second<n>, n> corners;
      for (std::size_t k = 0; k < n; ++k) corners[k] = Second<n>(x[static_cast<std::size_t>(indices[n * e + k])], k);
      std::array<double, 10> shape;
      std::copy_n(&rest[10 * e], 10, shape.begin());
      const Second<n> energy = kernels::tetrahedron(corners, shape);
      for (std::size_t i = 0, at = 0; i < n; ++i)
        for (std::size_t j = i; j < n; ++j, ++at) {
          out[static_cast<std::size_t>(*to++)] += energy.h[at];
          const auto mirrored = static_cast<std::size_t>(*to++);
          if (i != j) out[mirrored] += energy.h[at];
        }
    }
    return out;
  });
  wengert::ElementHessian by_fused(fused_tetrahedron, elements, x.size());
  row.add("elements, recorded", 1e-11, [&] { return by_recording(x, data, 1).value; });
  row.add("elements, fused", 1e-11, [&] { return by_fused(x, data, 1).value; });
  row.add("elements, fused, 2 threads", 1e-11, [&] { return by_fused(x, data, 2).value; });
  row.print(count);
}

// -- springs in space
constexpr auto fused_spring = wengert::fuse(kernels::spring, wengert::Shape<3, 3, 0>()).gathering<6>();

void springs() {
  constexpr std::size_t side = 60, n = side * side;
  const Numbers x = kernels::Random(33).uniforms(3 * n, 0, 1);
  std::vector<int> indices;
  std::vector<std::array<std::size_t, 2>> ends;
  for (std::size_t i = 0; i < n; ++i)
    for (const std::size_t j : {i + 1, i + side})
      if (j < n) {
        ends.push_back({i, j});
        for (const std::size_t v : {i, j})
          for (std::size_t k = 0; k < 3; ++k) indices.push_back(static_cast<int>(3 * v + k));
      }
  const Numbers length(ends.size(), 0.3);
  const Elements elements = Elements::rows(indices, 6);
  Row row("gradient of a net of springs");
  row.add("by hand", 0, [&] {
    Numbers out(1 + x.size(), 0.0);
    for (std::size_t e = 0; e < ends.size(); ++e) {
      const double* const a = &x[3 * ends[e][0]];
      const double* const b = &x[3 * ends[e][1]];
      const double d[3] = {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
      const double far = std::sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]), stretch = far - length[e];
      out[0] += 0.5 * stretch * stretch;
      for (std::size_t k = 0; k < 3; ++k) {
        const double force = stretch / far * d[k];
        out[1 + 3 * ends[e][0] + k] += force;
        out[1 + 3 * ends[e][1] + k] -= force;
      }
    }
    return out;
  });
  const auto all = [](const wengert::BatchResult& sum) {
    Numbers out{sum.value};
    out.insert(out.end(), sum.gradient.begin(), sum.gradient.end());
    return out;
  };
  const Function recorded = wengert::record(kernels::spring, Numbers{0, 0, 0}, Numbers{1, 0, 0}, 0.5);
  row.add("elements, recorded", 1e-12, [&] { return all(sum_gradient(recorded, x, elements, Samples(length), 1)); });
  row.add("elements, fused", 1e-12, [&] { return all(sum_gradient(fused_spring, x, elements, Samples(length), 1)); });
  row.add("elements, fused, 2 threads", 1e-12, [&] { return all(sum_gradient(fused_spring, x, elements, Samples(length), 2)); });
  row.print(ends.size());
}

// -- the demo's sum, element (s, d) reading mu[d] and sigma[d]
constexpr auto fused_kl = wengert::fuse(kernels::kl);

void vae_kl(std::size_t dimensions, std::size_t samples) {
  const kernels::VaeKl kernel(dimensions, samples);
  const Numbers x = kernel.point();
  // sample by sample, and dimension by dimension: then mu[d] and sigma[d] are shared by runs of elements
  std::vector<int> indices, alike;
  for (std::size_t s = 0; s < samples; ++s)
    for (std::size_t d = 0; d < dimensions; ++d)
      for (const std::size_t k : {d, dimensions + d}) indices.push_back(static_cast<int>(k));
  for (std::size_t d = 0; d < dimensions; ++d)
    for (std::size_t s = 0; s < samples; ++s)
      for (const std::size_t k : {d, dimensions + d}) alike.push_back(static_cast<int>(k));
  const Elements runs = Elements::rows(alike, 2);
  const Elements elements = Elements::rows(indices, 2);
  Row row("gradient of " + kernel.name() + " in one call");
  row.add("by hand", 0, [&] {
    Numbers out(x.size());
    kernel.gradient_by_hand(x, out);
    return out;
  });
  Numbers by_dimension(kernel.eps.size());
  for (std::size_t s = 0; s < samples; ++s)
    for (std::size_t d = 0; d < dimensions; ++d) by_dimension[d * samples + s] = kernel.eps[s * dimensions + d];
  row.add("fused batch, a call a dimension", 1e-11, [&] {
    Numbers out(x.size());
    wengert::BatchOptions options;
    options.threads = 1;
    options.standard_errors = false;
    for (std::size_t d = 0; d < dimensions; ++d) {
      const std::span<const double> column(&by_dimension[d * samples], samples);
      const Samples of_dimension(column);
      const auto mean = wengert::mean_gradient(fused_kl, std::array{x[d], x[dimensions + d]}, of_dimension, options);
      out[d] = mean.gradient[0];
      out[dimensions + d] = mean.gradient[1];
    }
    return out;
  });
  const Function recorded = wengert::record(kernels::kl, 0.5, 1.0, 0.1);
  const auto scaled = [&](wengert::BatchResult sum) {
    for (double& g : sum.gradient) g /= static_cast<double>(samples);
    return sum.gradient;
  };
  row.add("elements, recorded", 1e-11, [&] { return scaled(sum_gradient(recorded, x, elements, Samples(kernel.eps), 1)); });
  row.add("elements, fused", 1e-11, [&] { return scaled(sum_gradient(fused_kl, x, elements, Samples(kernel.eps), 1)); });
  row.add("elements alike, recorded", 1e-11, [&] { return scaled(sum_gradient(recorded, x, runs, Samples(by_dimension), 1)); });
  row.add("elements alike, fused", 1e-11,
          [&] { return scaled(sum_gradient(fused_kl.gathering<2>(), x, runs, Samples(by_dimension), 1)); });
  row.add("elements alike, fused, 2 threads", 1e-11,
          [&] { return scaled(sum_gradient(fused_kl.gathering<2>(), x, runs, Samples(by_dimension), 2)); });
  row.print(dimensions * samples);
}

}  // namespace

int main() {
  bundle_adjustment();
  tetrahedra();
  springs();
  vae_kl(64, 100);
  vae_kl(1000, 1000);
}
