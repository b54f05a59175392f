// The evaluation trace: what every node of the graph is worth and, after the reverse sweep, how much t depends on it.
#pragma once

#include <string>
#include <vector>

namespace vae_kl {

struct TraceNode {
  int index;
  std::string name;                    ///< empty for a node that has none
  std::string operation;               ///< "independent", "mul", …
  std::vector<std::string> arguments;  ///< a name, "v5" for a node without one, or a number
  double value, adjoint;
};

struct Trace {
  std::vector<TraceNode> nodes;
  double wrt_mu, wrt_sigma;
  std::string text;  ///< the library's evaluation trace
};

/// Records the graph at one eps and sweeps it back from t. sigma must be above 0.
Trace trace(double mu, double sigma, double eps);

/// The library's evaluation trace, with how to read it before and the gradient after.
std::string trace_table(const Trace& trace);

}  // namespace vae_kl
