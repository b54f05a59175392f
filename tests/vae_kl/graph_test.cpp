#include "question/graph.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <numbers>

#include "question/trace.hpp"
#include "support/wide.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace vae_kl;
using wengert::Dual;
using wengert::Tape;
using wengert::Var;
using wide::Wide;

struct Point {
  double mu, sigma, eps;
};
const Point points[] = {{0.5, 0.8, 0.3}, {-1, 1, -2.5}, {2, 0.3, 0}, {0, 3, 8.49}, {-40, 0.01, 1.7}};

/// log of the density of N(mean, deviation^2) at z, in long double.
long double log_density(long double z, long double mean, long double deviation) {
  const long double u = (z - mean) / deviation;
  return -u * u / 2 - std::log(deviation * std::sqrt(2 * std::numbers::pi_v<long double>));
}

TEST(Graph, ComputesTheTwoLogDensitiesAndTheirDifference) {
  for (const Point& p : points) {
    const Nodes<double> nodes = graph(p.mu, p.sigma, p.eps);
    EXPECT_DOUBLE_EQ(nodes.z, p.mu + p.sigma * p.eps);
    const double r = static_cast<double>(log_density(nodes.z, p.mu, p.sigma)),
                 s = static_cast<double>(log_density(nodes.z, 0, 1));
    // z - mu has lost what z has beyond mu: |mu| / sigma ulps of u, times u
    const double tolerance = 1e-15 * (2 + std::fabs(r) + std::fabs(p.mu / p.sigma * p.eps));
    EXPECT_NEAR(nodes.r, r, tolerance);
    EXPECT_NEAR(nodes.s, s, 1e-15 * (2 + std::fabs(s)));
    EXPECT_EQ(nodes.t, nodes.r - nodes.s);
  }
}

TEST(Graph, NamesItsNodesOnATape) {
  Tape tape;
  const Var mu = tape.variable(0.5, "mu"), sigma = tape.variable(0.8, "sigma"), eps = tape.variable(0.3, "eps");
  const Nodes<Var> nodes = graph(mu, sigma, eps);
  EXPECT_EQ(tape.find("z"), nodes.z.index());
  EXPECT_EQ(tape.find("r"), nodes.r.index());
  EXPECT_EQ(tape.find("s"), nodes.s.index());
  EXPECT_EQ(tape.find("t"), nodes.t.index());
}

// dt/dmu = z and dt/dsigma = z * eps - 1 / sigma. The two ways through z and through q's own parameters cancel: u / sigma comes
// and goes.
TEST(Graph, HasTheGradientThatTheAlgebraGives) {
  for (const Point& p : points) {
    Tape tape;
    const Var mu = tape.variable(p.mu), sigma = tape.variable(p.sigma), eps = tape.variable(p.eps);
    const wengert::Gradient g = gradient(graph(mu, sigma, eps).t);
    const double z = p.mu + p.sigma * p.eps;
    const double cancelled = std::fabs(p.eps) / p.sigma * (1 + std::fabs(p.mu) / p.sigma) + 1 / p.sigma;
    EXPECT_NEAR(g.wrt(mu), z, 1e-15 * (std::fabs(z) + cancelled));
    EXPECT_NEAR(g.wrt(sigma), z * p.eps - 1 / p.sigma, 1e-15 * (1 + std::fabs(p.eps)) * (std::fabs(z) + cancelled));
  }
}

TEST(Graph, RunsOnDualsToo) {
  const Nodes<Dual<double>> nodes = graph(Dual<double>(0.5, 1), Dual<double>(0.8), Dual<double>(0.3));
  EXPECT_DOUBLE_EQ(nodes.t.value, graph(0.5, 0.8, 0.3).t);
  EXPECT_DOUBLE_EQ(nodes.t.tangent, 0.74);
}

constexpr int nodes_recorded_at_compile_time() {
  Tape tape(false);
  const Var mu = tape.variable(0), sigma = tape.variable(0), eps = tape.variable(0);
  return kl_sample(mu, sigma, eps).index() + 1;
}

TEST(Graph, IsRecordedInConstantEvaluationNodeForNode) {
  constexpr int at_compile_time = nodes_recorded_at_compile_time();
  Tape tape;
  const Var mu = tape.variable(1), sigma = tape.variable(1), eps = tape.variable(1);
  kl_sample(mu, sigma, eps);
  EXPECT_EQ(at_compile_time, tape.size());
}

TEST(Trace, HasEveryNodeWithItsValueAndAdjoint) {
  const Trace result = trace(0.5, 0.8, 0.3);
  const auto find = [&](const std::string& name) {
    for (const TraceNode& node : result.nodes)
      if (node.name == name) return node;
    ADD_FAILURE() << "no node " << name;
    return TraceNode{};
  };
  EXPECT_DOUBLE_EQ(find("z").value, 0.74);
  EXPECT_DOUBLE_EQ(find("t").value, find("r").value - find("s").value);
  EXPECT_EQ(find("t").adjoint, 1);
  EXPECT_EQ(find("r").adjoint, 1);
  EXPECT_EQ(find("s").adjoint, -1);
  EXPECT_DOUBLE_EQ(find("z").adjoint, 0.74 - 0.3 / 0.8);  // -ds/dz = z, dr/dz = -u / sigma
  EXPECT_DOUBLE_EQ(find("mu").adjoint, 0.74);
  EXPECT_DOUBLE_EQ(find("sigma").adjoint, 0.74 * 0.3 - 1 / 0.8);
  EXPECT_DOUBLE_EQ(find("eps").adjoint, 0.8 * 0.74 - 0.3);  // sigma * z - u
  EXPECT_DOUBLE_EQ(result.wrt_mu, 0.74);
  for (std::size_t i = 0; i < result.nodes.size(); ++i) EXPECT_EQ(result.nodes[i].index, static_cast<int>(i));
}

// dt/dmu = z and dt/dsigma = z eps - 1 / sigma; at a small sigma, u / sigma cancels in dt/dmu after u = z - mu has lost digits.
TEST(Trace, BoundsTheRoundingOfItsGradient) {
  for (const auto& [mu, sigma, eps] : {std::tuple(0.5, 0.8, 0.3), std::tuple(0.1, 1e-7, 0.3), std::tuple(-1e6, 1e-3, 1.7),
                                       std::tuple(3e-12, 1e6, -0.7), std::tuple(0.0, 1.0, 0.0)}) {
    const Trace result = trace(mu, sigma, eps);
    const Wide z = Wide(mu) + Wide(sigma) * Wide(eps);
    const Wide off_mu = Wide(result.wrt_mu) - z, off_sigma = Wide(result.wrt_sigma) - (z * Wide(eps) - Wide(1) / Wide(sigma));
    EXPECT_LE(std::fabs(double(off_mu)), result.error_mu) << mu << ' ' << sigma << ' ' << eps;
    EXPECT_LE(std::fabs(double(off_sigma)), result.error_sigma) << mu << ' ' << sigma << ' ' << eps;
  }
  // dt/dmu is z + u / sigma - u / sigma, 0.1 from numbers of 3e6
  EXPECT_THAT(trace(0.1, 1e-7, 0.3).cancellation, testing::HasSubstr("in the adjoint of mu (trace.cpp:"));
  EXPECT_EQ(trace(0.5, 0.8, 0.3).cancellation, "");
  // eight digits of u are gone at sigma = 1e-7, and u / sigma^2, some 1e6, is off by as much: about 1e-17 / 1e-14
  EXPECT_GT(trace(0.1, 1e-7, 0.3).error_mu, 1e-4);
  EXPECT_LT(trace(0.5, 0.8, 0.3).error_mu, 1e-14);
}

}  // namespace
