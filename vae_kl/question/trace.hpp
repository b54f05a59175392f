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
  double value_error, adjoint_error;  ///< bounds on their rounding errors, mu, sigma and eps being exact
};

struct Trace {
  std::vector<TraceNode> nodes;
  double wrt_mu, wrt_sigma;
  double error_mu, error_sigma;  ///< bounds on their rounding errors
  std::string cancellation;      ///< the node that cost the most digits, in words; empty where more than eight are left
  std::string text;              ///< the library's evaluation trace
};

/// Records the graph at one eps and sweeps it back from t. sigma must be above 0.
Trace trace(double mu, double sigma, double eps);

/// The library's evaluation trace, with how to read it before and the gradient after; with `bounds`, then the same nodes with
/// what rounding may have done to each.
std::string trace_table(const Trace& trace, bool bounds = false);

}  // namespace vae_kl
