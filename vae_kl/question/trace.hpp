// The evaluation trace: what every node of the graph is worth and, after the reverse sweep, how much t depends on it.
#pragma once

#include <nlohmann/json.hpp>
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
};

/// Records the graph at one eps and sweeps it back from t. sigma must be above 0.
Trace trace(double mu, double sigma, double eps);

/// Every node once: its value and its adjoint side by side.
std::string graph_table(const Trace& trace);
/// The table in two parts: forwards in the order of computing, then backwards from t to the inputs.
std::string trace_table(const Trace& trace);
/// {"nodes": [{"index", "name", "operation", "arguments", "value", "adjoint"}, …], "gradient": {"mu", "sigma"}}
nlohmann::ordered_json trace_json(const Trace& trace);
std::string trace_csv(const Trace& trace);

}  // namespace vae_kl
