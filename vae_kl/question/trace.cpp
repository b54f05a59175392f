#include "question/trace.hpp"

#include <fmt/core.h>

#include "question/graph.hpp"
#include "wengert/evaluation_trace.hpp"
#include "wengert/forward_sweep.hpp"
#include "wengert/gradient_with_bounds.hpp"
#include "wengert/notation.hpp"
#include "wengert/wengert.hpp"

namespace vae_kl {

Trace trace(double mu, double sigma, double eps) {
  using wengert::Var;
  wengert::Tape tape(true);  // with the source line of every node
  const Var at_mu = tape.variable(mu, "mu");
  const Var at_sigma = tape.variable(sigma, "sigma");
  const Var at_eps = tape.variable(eps, "eps");
  const Var t = graph(at_mu, at_sigma, at_eps).t;
  const wengert::Gradient gradient = wengert::gradient(t);

  const wengert::GradientWithBounds bounds = gradient_with_bounds(t);
  const std::vector<wengert::Bounded> point{{mu, 0.0}, {sigma, 0.0}, {eps, 0.0}};
  const wengert::Values<wengert::Bounded> values = forward_sweep(tape, std::span(point));
  Trace result{{},
               gradient.wrt(at_mu),
               gradient.wrt(at_sigma),
               bounds.wrt(at_mu).error,
               bounds.wrt(at_sigma).error,
               {},
               evaluation_trace(tape, gradient, {.width = 0, .digits = 10})};
  if (const auto lost = explain_cancellation(t); lost.node >= 0 && lost.digits_after < 8) {
    const std::string_view file = lost.location.file;
    result.cancellation = fmt::format(
        "in the {} of {} ({}:{}): of {:.1f} digits that went in {:.1f} are left", lost.on_the_way_back ? "adjoint" : "value",
        label(tape, lost.node), file.substr(file.rfind('/') + 1), lost.location.line, lost.digits_before, lost.digits_after);
  }
  for (wengert::NodeId i = 0; i < tape.size(); ++i) {
    TraceNode node{i,
                   std::string(tape.name(i)),
                   name(tape[i].op),
                   {},
                   tape.value(i),
                   gradient.adjoints[i],
                   values[i].error,
                   bounds.adjoints[i].error};
    const wengert::Arguments arguments = tape.arguments(i);
    for (wengert::NodeId k = 0; k < arguments.size(); ++k) node.arguments.push_back(label(tape, arguments[k]));
    result.nodes.push_back(std::move(node));
  }
  return result;
}

std::string trace_table(const Trace& trace, bool bounds) {
  std::string text = fmt::format(
      "Forwards, from the first line to the last: the value of every node, from those of its arguments.\n"
      "Backwards from t, from the last line to the first: the adjoint of a node is dt/dnode.\n\n{}\n"
      "Gradient: dt/dmu = {:.10g}, dt/dsigma = {:.10g}\n",
      trace.text, trace.wrt_mu, trace.wrt_sigma);
  if (!bounds) return text;
  text += fmt::format(
      "\nHow far rounding may have moved each number, mu, sigma and eps being exact:\n\nnode  name  {:>17} {:>8}  {:>17} {:>8}\n",
      "value", "off by", "adjoint", "off by");
  for (const TraceNode& node : trace.nodes)
    text += fmt::format("{:<4}  {:<5} {:>17.10g} {:>8.1e}  {:>17.10g} {:>8.1e}\n", fmt::format("v{}", node.index), node.name,
                        node.value, node.value_error, node.adjoint, node.adjoint_error);
  text += fmt::format("\nGradient: dt/dmu is off by at most {:.1e}, dt/dsigma by at most {:.1e}\n", trace.error_mu,
                      trace.error_sigma);
  return trace.cancellation.empty() ? text : text + fmt::format("Most digits were lost {}.\n", trace.cancellation);
}

}  // namespace vae_kl
