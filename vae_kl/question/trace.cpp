#include "question/trace.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "question/graph.hpp"
#include "wengert/notation.hpp"
#include "wengert/wengert.hpp"

namespace vae_kl {
namespace {

std::string label(const TraceNode& node) { return node.name.empty() ? fmt::format("v{}", node.index) : node.name; }

}  // namespace

Trace trace(double mu, double sigma, double eps) {
  using wengert::Var;
  wengert::Tape tape;
  const Var at_mu = tape.variable(mu, "mu");
  const Var at_sigma = tape.variable(sigma, "sigma");
  const Var at_eps = tape.variable(eps, "eps");
  const Var t = graph(at_mu, at_sigma, at_eps).t;
  const wengert::Gradient gradient = wengert::gradient(t);

  Trace result{{}, gradient.wrt(at_mu), gradient.wrt(at_sigma)};
  for (wengert::Index i = 0; i < tape.size(); ++i) {
    TraceNode node{i, std::string(tape.name(i)), name(tape[i].op), {}, tape.value(i), gradient.adjoints[i]};
    const wengert::Arguments arguments = tape.arguments(i);
    for (wengert::Index k = 0; k < arguments.size(); ++k) node.arguments.push_back(label(tape, arguments[k]));
    result.nodes.push_back(std::move(node));
  }
  return result;
}

std::string graph_table(const Trace& trace) {
  std::string text = "node  name    operation    arguments              value        adjoint\n";
  for (const TraceNode& node : trace.nodes)
    text += fmt::format("{:>4}  {:<6}  {:<11}  {:<14}{:>14.6g} {:>14.6g}\n", node.index, label(node), node.operation,
                        fmt::format("{}", fmt::join(node.arguments, ", ")), node.value, node.adjoint);
  return text;
}

std::string trace_table(const Trace& trace) {
  std::string text;
  const auto line = [&](const TraceNode& node, double number) {
    text += fmt::format("{:>4}  {:<6}  {:<11}  {:<14}  {: .10g}\n", node.index, label(node), node.operation,
                        fmt::format("{}", fmt::join(node.arguments, ", ")), number);
  };
  text += "Forwards: every node from its arguments.\n\nnode  name    operation    arguments        value\n";
  for (const TraceNode& node : trace.nodes) line(node, node.value);
  text += "\nBackwards from t: the adjoint of a node is dt/dnode.\n\nnode  name    operation    arguments        adjoint\n";
  for (auto node = trace.nodes.rbegin(); node != trace.nodes.rend(); ++node) line(*node, node->adjoint);
  text += fmt::format("\nGradient: dt/dmu = {:.10g}, dt/dsigma = {:.10g}\n", trace.wrt_mu, trace.wrt_sigma);
  return text;
}

nlohmann::ordered_json trace_json(const Trace& trace) {
  nlohmann::ordered_json nodes = nlohmann::ordered_json::array();
  for (const TraceNode& node : trace.nodes)
    nodes.push_back({{"index", node.index},
                     {"name", node.name},
                     {"operation", node.operation},
                     {"arguments", node.arguments},
                     {"value", node.value},
                     {"adjoint", node.adjoint}});
  return {{"nodes", std::move(nodes)}, {"gradient", {{"mu", trace.wrt_mu}, {"sigma", trace.wrt_sigma}}}};
}

std::string trace_csv(const Trace& trace) {
  std::string text = "index,name,operation,arguments,value,adjoint\n";
  for (const TraceNode& node : trace.nodes)
    text += fmt::format("{},{},{},{},{},{}\n", node.index, node.name, node.operation, fmt::join(node.arguments, " "), node.value,
                        node.adjoint);
  return text;
}

}  // namespace vae_kl
