// vae_kl trace: the graph at one given sample, forwards and backwards.
#include <fmt/core.h>

#include <cmath>
#include <memory>

#include "program/commands.hpp"
#include "estimate/comparison.hpp"
#include "program/input.hpp"
#include "program/options.hpp"
#include "program/output.hpp"
#include "question/trace.hpp"

namespace vae_kl {

void register_trace(CLI::App& program, int&) {
  struct Options {
    std::string mu = "0.5", sigma = "0.8", eps = "0.3";
    ReportOptions report;
  };
  const auto options = std::make_shared<Options>();
  CLI::App& command = *program.add_subcommand("trace", "The evaluation trace at one sample: forwards, then backwards");
  command.add_option("--mu", options->mu, "Mean of q [0.5]")->type_name("M");
  command.add_option("--sigma", options->sigma, "Standard deviation of q, above 0 [0.8]")->type_name("S");
  command.add_option("--eps", options->eps, "The sample of N(0, 1) [0.3]")->type_name("E");
  add_report_options(command, options->report);
  command.footer("Example: vae_kl trace --mu 0.5 --sigma 0.8 --eps 0.3");
  command.callback([options] {
    const double mu = parse_number(options->mu, "--mu");
    const double sigma = parse_number(options->sigma, "--sigma");
    const double eps = parse_number(options->eps, "--eps");
    if (!(sigma > 0)) throw InputError(fmt::format("--sigma: {} is a standard deviation and must be above 0", sigma));
    check_range({{mu}, {sigma}});
    check_writable(options->report.output);
    const Trace result = trace(mu, sigma, eps);
    for (const TraceNode& node : result.nodes)
      if (!std::isfinite(node.value) || !std::isfinite(node.adjoint))
        throw InputError(
            fmt::format("--mu {} --sigma {} --eps {}: node {} ({}) has value {} and adjoint {}, beyond the range of "
                        "double precision; choose numbers of smaller or larger size",
                        mu, sigma, eps, node.index, node.name.empty() ? node.operation : node.name, node.value, node.adjoint));
    switch (options->report.format) {
      case Format::table:
        return write_report(options->report, trace_table(result));
      case Format::json:
        return write_report(options->report, trace_json(result).dump(2) + "\n");
      case Format::csv:
        return write_report(options->report, trace_csv(result));
    }
  });
}

}  // namespace vae_kl
