// One sample of the graph, recorded on a tape to be looked at: what `step` and `graph` work on.
#pragma once

#include "question/graph.hpp"
#include "wengert/wengert.hpp"

namespace vae_kl {

struct Point {
  double mu = 0.5, sigma = 0.8, eps = 0.3;
};

/// The graph at one point, every node with the source line that made it.
struct RecordedPoint {
  wengert::Tape tape{true};
  wengert::Var mu, sigma, eps;
  Nodes<wengert::Var> nodes;

  /// sigma must be above 0.
  explicit RecordedPoint(const Point& at)
      : mu(tape.variable(at.mu, "mu")),
        sigma(tape.variable(at.sigma, "sigma")),
        eps(tape.variable(at.eps, "eps")),
        nodes(graph(mu, sigma, eps)) {}
};

}  // namespace vae_kl
