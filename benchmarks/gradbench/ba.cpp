// ba: bundle adjustment (kernels/reprojection.hpp): residuals and their sparse Jacobian. One camera, point and weight are sent,
// which all observations have copies of; replies hold the first entries and the last.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <vector>

#include "gradbench/input.hpp"
#include "gradbench/module.hpp"
#include "kernels/reprojection.hpp"
#include "wengert/fuse.hpp"

namespace gradbench {
namespace {

constexpr std::size_t camera_size = 11, point_size = 3, inputs = camera_size + point_size + 1;
constexpr std::size_t most = std::numeric_limits<int>::max() / (2 * inputs + 1);

struct Problem {
  std::size_t cameras, points, observations;
  std::vector<double> camera, point, weight, seen;

  explicit Problem(const Json& input) {
    const Input object(input);
    cameras = object.count("n", 1);
    points = object.count("m", 1);
    observations = object.count("p", 1);
    if (observations > most)
      object.refuse("p", fmt::format("must be {} at most, so that an int counts the Jacobian's entries", most));
    const std::vector<double> one_camera = object.numbers("cam", camera_size), one_point = object.numbers("x", point_size);
    const std::vector<double> feature = object.numbers("feat", 2);
    for (std::size_t k = 0; k < cameras; ++k) camera.insert(camera.end(), one_camera.begin(), one_camera.end());
    for (std::size_t k = 0; k < points; ++k) point.insert(point.end(), one_point.begin(), one_point.end());
    weight.assign(observations, object.number("w"));
    for (std::size_t k = 0; k < observations; ++k) seen.insert(seen.end(), feature.begin(), feature.end());
  }
  template <std::size_t size>
  static std::span<const double, size> row(const std::vector<double>& all, std::size_t k) {
    return std::span<const double, size>(&all[size * k], size);
  }
  /// What observation e is about.
  auto camera_of(std::size_t e) const { return row<camera_size>(camera, e % cameras); }
  auto point_of(std::size_t e) const { return row<point_size>(point, e % points); }
  auto weight_of(std::size_t e) const { return row<1>(weight, e); }
  auto seen_at(std::size_t e) const { return row<2>(seen, e); }
};

/// Keeps the weights near 1.
constexpr auto regulariser = [](auto weight) { return 1.0 - weight * weight; };

struct Residuals {
  std::vector<double> reprojection, weight;
};

void primal(const Problem& problem, Residuals& out) {
  out.reprojection.resize(2 * problem.observations);
  out.weight.resize(problem.observations);
  for (std::size_t e = 0; e < problem.observations; ++e) {
    const auto r = kernels::reprojection(problem.camera_of(e), problem.point_of(e), problem.weight_of(e), problem.seen_at(e));
    out.reprojection[2 * e] = r[0];
    out.reprojection[2 * e + 1] = r[1];
    out.weight[e] = regulariser(problem.weight[e]);
  }
}

Json as_json(const Residuals& residuals) {
  return {{"reproj_error",
           {{"elements", std::span(residuals.reprojection).first(2)}, {"repeated", residuals.reprojection.size() / 2}}},
          {"w_err", {{"element", residuals.weight[0]}, {"repeated", residuals.weight.size()}}}};
}

constexpr auto fused_reprojection = wengert::fuse(kernels::reprojection);
constexpr auto fused_regulariser = wengert::fuse(regulariser);

/// Rows of observations, two of each, then those of weights; in compressed rows, whose pattern is worked out once.
class Jacobian {
 public:
  explicit Jacobian(Problem problem) : problem_(std::move(problem)) {
    const std::size_t p = problem_.observations, weights = camera_size * problem_.cameras + point_size * problem_.points;
    pattern_.rows = 3 * p;
    pattern_.columns = weights + p;
    pattern_.row_begin.push_back(0);
    const auto add = [&](std::size_t first, std::size_t count) {
      for (std::size_t k = 0; k < count; ++k) pattern_.column.push_back(static_cast<int>(first + k));
    };
    const auto end_row = [&] { pattern_.row_begin.push_back(static_cast<int>(pattern_.column.size())); };
    for (std::size_t e = 0; e < p; ++e)
      for (std::size_t r = 0; r < 2; ++r) {
        add(camera_size * (e % problem_.cameras), camera_size);
        add(camera_size * problem_.cameras + point_size * (e % problem_.points), point_size);
        add(weights + e, 1);
        end_row();
      }
    for (std::size_t e = 0; e < p; ++e) {
      add(weights + e, 1);
      end_row();
    }
    pattern_.value.resize(pattern_.column.size());
  }
  void operator()(wengert::CompressedRows& out) {
    if (out.value.empty()) out = pattern_;
    double* value = out.value.data();
    for (std::size_t e = 0; e < problem_.observations; ++e) {
      const auto rows =
          fused_reprojection.jacobian(problem_.camera_of(e), problem_.point_of(e), problem_.weight_of(e), problem_.seen_at(e));
      for (const auto& row : rows) value = std::copy_n(row.begin(), inputs, value);  // the rest is by what was seen
    }
    for (const double weight : problem_.weight) *value++ = fused_regulariser.gradient(weight)[0];
  }

 private:
  Problem problem_;
  wengert::CompressedRows pattern_;
};

/// The numbers of the first two rows, and the last, of each list: as GradBench wants it.
Json first_and_last(const wengert::CompressedRows& jacobian) {
  const auto part = [](const auto& all) {
    auto result = std::vector(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(2 * inputs, all.size())));
    result.push_back(all.back());
    return result;
  };
  return {{"rows", part(jacobian.row_begin)}, {"cols", part(jacobian.column)}, {"vals", part(jacobian.value)}};
}

}  // namespace

Module ba() {
  return {
      "ba",
      {{"objective",
        [](const Json& input) { return task<Residuals>([p = Problem(input)](Residuals& out) { primal(p, out); }, as_json); }},
       {"jacobian", [](const Json& input) { return task<wengert::CompressedRows>(Jacobian(Problem(input)), first_and_last); }}},
      [] {
        return std::vector<Example>{{"n 49, m 7776, p 31843",
                                     "objective",
                                     "jacobian",
                                     "a residual fused, one by one",
                                     {{"n", 49},
                                      {"m", 7776},
                                      {"p", 31843},
                                      {"cam", {0.1, -0.2, 0.3, 0.5, -0.4, 0.2, 500.0, 320.0, 240.0, -0.1, 0.02}},
                                      {"x", {0.3, -0.6, 4.0}},
                                      {"w", 0.8},
                                      {"feat", {300.0, 200.0}}}}};
      }};
}

}  // namespace gradbench
