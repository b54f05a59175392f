// Fused cost functions in Ceres Solver, against its own automatic differentiation of the same templates.
#include "wengert/ceres.hpp"

#include <ceres/ceres.h>
#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <memory>
#include <random>
#include <vector>

#include "support/reprojection.hpp"

namespace {

struct Reprojection {
  double u, v;
  template <class T>
  bool operator()(const T* camera, const T* point, T* residual) const {
    const auto both = reprojection(camera, point, u, v);
    residual[0] = both[0];
    residual[1] = both[1];
    return true;
  }
};
using Fused = wengert::FusedCostFunction<reprojection, 2, 9, 3>;
using Jets = ceres::AutoDiffCostFunction<Reprojection, 2, 9, 3>;

/// Cameras around points that they all see, and what they see of them.
struct Scene {
  std::vector<std::array<double, 9>> cameras;
  std::vector<std::array<double, 3>> points;
  Scene() {
    std::mt19937_64 random(1);
    std::uniform_real_distribution<double> near(-1, 1);
    for (int k = 0; k < 4; ++k)
      cameras.push_back({0.1 * near(random) + 0.05, 0.1 * near(random), 0.1 * near(random), near(random), near(random),
                         near(random) - 10, 500, 0.01 * near(random), 0.001 * near(random)});
    for (int k = 0; k < 40; ++k) points.push_back({2 * near(random), 2 * near(random), 2 * near(random)});
  }
};

TEST(FusedCostFunction, HasTheResidualsAndJacobiansOfAutoDiffCostFunction) {
  const Scene scene;
  for (const auto& camera : scene.cameras)
    for (const auto& point : scene.points) {
      const double* const blocks[] = {camera.data(), point.data()};
      double values[2][2], by_camera[2][18], by_point[2][6];
      double* first[] = {by_camera[0], by_point[0]};
      double* second[] = {by_camera[1], by_point[1]};
      ASSERT_TRUE(Fused(0.5, -0.25).Evaluate(blocks, values[0], first));
      ASSERT_TRUE(Jets(new Reprojection{0.5, -0.25}).Evaluate(blocks, values[1], second));
      // both within some ten roundings of the largest entry of a block
      const auto expect_near = [](const double* a, const double* b, int n) {
        double largest = 0;
        for (int k = 0; k < n; ++k) largest = std::fmax(largest, std::fabs(b[k]));
        for (int k = 0; k < n; ++k) EXPECT_NEAR(a[k], b[k], 32 * 0x1p-53 * largest) << k;
      };
      expect_near(values[0], values[1], 2);
      expect_near(by_camera[0], by_camera[1], 18);
      expect_near(by_point[0], by_point[1], 6);
    }
}

TEST(FusedCostFunction, ComputesWhatItIsAskedForAlone) {
  const Scene scene;
  const double* const blocks[] = {scene.cameras[0].data(), scene.points[0].data()};
  double all[2], values[2], by_camera[18], by_point[6], point_alone[6];
  double* both[] = {by_camera, by_point};
  double* second[] = {nullptr, point_alone};
  ASSERT_TRUE(Fused(0, 0).Evaluate(blocks, all, both));
  ASSERT_TRUE(Fused(0, 0).Evaluate(blocks, values, nullptr));
  EXPECT_EQ(values[0], all[0]);
  EXPECT_EQ(values[1], all[1]);
  ASSERT_TRUE(Fused(0, 0).Evaluate(blocks, values, second));
  for (int k = 0; k < 6; ++k) EXPECT_EQ(point_alone[k], by_point[k]);
}

// y = exp(0.3 x + 0.1) without noise: the least squares are 0 at the true parameters.
constexpr auto curve = [](const auto& p, auto x, auto y) { return std::array{exp(p[0] * x + p[1]) - y}; };

TEST(FusedCostFunction, FitsACurve) {
  double p[2] = {0, 0};
  ceres::Problem problem;
  for (int k = 0; k < 50; ++k) {
    const double x = 0.1 * k;
    problem.AddResidualBlock(new wengert::FusedCostFunction<curve, 1, 2>(x, std::exp(0.3 * x + 0.1)), nullptr, p);
  }
  ceres::Solver::Options options;
  options.function_tolerance = 1e-20;
  ceres::Solver::Summary summary;
  ceres::Solve(options, &problem, &summary);
  EXPECT_NEAR(p[0], 0.3, 1e-8) << summary.BriefReport();  // a cost of 1e-17 is a distance of some 1e-9
  EXPECT_NEAR(p[1], 0.1, 1e-8);
}

TEST(FusedCostFunction, AdjustsBundlesAsJetsDo) {
  const Scene truth;
  const auto adjust = [&](auto make) {
    Scene scene = truth;
    ceres::Problem problem;
    for (std::size_t c = 0; c < scene.cameras.size(); ++c)
      for (std::size_t k = 0; k < scene.points.size(); ++k) {
        const auto seen = reprojection(truth.cameras[c], truth.points[k], 0.0, 0.0);
        problem.AddResidualBlock(make(seen[0], seen[1]), nullptr, scene.cameras[c].data(), scene.points[k].data());
      }
    for (auto& camera : scene.cameras) problem.SetParameterBlockConstant(camera.data());
    for (auto& point : scene.points)
      for (double& x : point) x += 0.1;
    ceres::Solver::Options options;
    options.function_tolerance = 1e-16;
    ceres::Solver::Summary summary;
    ceres::Solve(options, &problem, &summary);
    return scene.points;
  };
  const auto fused = adjust([](double u, double v) { return new Fused(u, v); });
  const auto jets = adjust([](double u, double v) { return new Jets(new Reprojection{u, v}); });
  for (std::size_t k = 0; k < fused.size(); ++k)
    for (std::size_t j = 0; j < 3; ++j) {
      EXPECT_NEAR(fused[k][j], truth.points[k][j], 1e-7);
      EXPECT_NEAR(fused[k][j], jets[k][j], 1e-9);
    }
}

}  // namespace
