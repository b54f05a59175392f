#include "question/point.hpp"

#include <fmt/core.h>

#include "program/input.hpp"

namespace vae_kl {

void add_point_options(CLI::App& command, PointOptions& options) {
  command.add_option("--mu", options.mu, "Mean of q [0.5]")->type_name("M");
  command.add_option("--sigma", options.sigma, "Standard deviation of q, above 0 [0.8]")->type_name("S");
  command.add_option("--eps", options.eps, "The sample of N(0, 1) [0.3]")->type_name("E");
}

RecordedPoint::RecordedPoint(const PointOptions& options) {
  mu = tape.variable(parse_number(options.mu, "--mu"), "mu");
  sigma = tape.variable(parse_number(options.sigma, "--sigma"), "sigma");
  eps = tape.variable(parse_number(options.eps, "--eps"), "eps");
  if (!(sigma.value() > 0))
    throw InputError(fmt::format("--sigma: {} is a standard deviation and must be above 0", sigma.value()));
  nodes = graph(mu, sigma, eps);
}

}  // namespace vae_kl
