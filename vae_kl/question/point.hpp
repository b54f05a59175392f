// One sample of the graph, recorded on a tape to be looked at: what `step` and `graph` work on.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "question/graph.hpp"
#include "wengert/wengert.hpp"

namespace vae_kl {

/// --mu, --sigma, --eps: where the graph is recorded.
struct PointOptions {
  std::string mu = "0.5", sigma = "0.8", eps = "0.3";
};
void add_point_options(CLI::App& command, PointOptions& options);

/// The graph at one point, every node with the source line that made it.
struct RecordedPoint {
  wengert::Tape tape{true};
  wengert::Var mu, sigma, eps;
  Nodes<wengert::Var> nodes;

  /// Throws InputError if an option is no finite number, or sigma not above 0.
  explicit RecordedPoint(const PointOptions& options);
};

}  // namespace vae_kl
