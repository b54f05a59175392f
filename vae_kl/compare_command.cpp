// vae_kl compare: stochastic gradients of KL(q || p) beside the closed form, and a verdict.
#include <fmt/core.h>

#include <memory>

#include "commands.hpp"
#include "comparison.hpp"
#include "estimator.hpp"
#include "options.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "random.hpp"
#include "trace.hpp"
#include "wengert/parallel_for.hpp"

namespace vae_kl {
namespace {

struct Options {
  ParameterOptions parameters;
  SamplingOptions sampling;
  ReportOptions report;
};

std::string table(const Parameters& parameters, const Comparison& comparison) {
  double eps;
  fill_normals(comparison.sampling.seed, 0, 0, {&eps, 1});
  std::string text = fmt::format(
      "q = N(mu, sigma^2), p = N(0, 1); z = mu + sigma*eps, r = log q(z), s = log p(z), t = r - s.\n"
      "The graph at the first sample of dimension 0:\n\n{}\n",
      graph_table(trace(parameters.mu[0], parameters.sigma[0], eps)));
  text += fmt::format("Mean of t and its gradient over {} samples of {} dimension{} (seed {}):\n\n{}",
                      comparison.sampling.samples, comparison.dimensions, comparison.dimensions == 1 ? "" : "s",
                      comparison.sampling.seed, comparison_table(comparison));
  return text;
}

int run(const Options& options) {
  const Parameters parameters = checked(options.parameters);
  check_range(parameters);
  check_writable(options.report.output);
  SamplingOptions sampling = options.sampling;
  sampling.threads = wengert::thread_count(sampling.threads);
  std::vector<DimensionEstimate> estimates;
  {
    Progress progress(sampling.samples * parameters.dimensions(), !options.report.quiet);
    estimates = estimate(parameters, sampling, progress);
  }
  const Comparison comparison = compare(parameters, sampling, estimates);
  switch (options.report.format) {
    case Format::table:
      write_report(options.report, table(parameters, comparison));
      break;
    case Format::json:
      write_report(options.report, comparison_json(comparison).dump(2) + "\n");
      break;
    case Format::csv:
      write_report(options.report, comparison_csv(comparison));
      break;
  }
  return comparison.agree ? 0 : 1;
}

}  // namespace

void register_compare(CLI::App& program, int& status) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = *program.add_subcommand("compare", "Stochastic gradients of KL(q || p) beside the closed form");
  add_parameter_options(command, options->parameters);
  add_sampling_options(command, options->sampling);
  add_report_options(command, options->report);
  command.footer(
      "Exit status: 0 if they agree, 1 if they differ by more than chance, 2 for bad input.\n"
      "Example: vae_kl compare --mu 0.5,-1,2 --sigma 0.8,1,0.3 --samples 1e6");
  command.callback([options, &status] { status = run(*options); });
}

}  // namespace vae_kl
