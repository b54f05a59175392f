// vae_kl compare: stochastic gradients of KL(q || p) beside the closed form, and a verdict.
#include <fmt/core.h>

#include <memory>
#include <optional>

#include "program/commands.hpp"
#include "estimate/comparison.hpp"
#include "program/input.hpp"
#include "program/options.hpp"
#include "program/output.hpp"
#include "estimate/random.hpp"
#include "question/trace.hpp"
#include "estimate/way_comparison.hpp"
#include "wengert/parallel_for.hpp"

namespace vae_kl {
namespace {

struct Options {
  ParameterOptions parameters;
  SamplingOptions sampling;
  std::string way;
  ReportOptions report;
};

/// The ways to go, the fastest last; all of them if that is what was asked for.
std::vector<Way> chosen_ways(const std::string& wanted, const Parameters& parameters) {
  const bool in_range = batches_in_range(parameters);
  // Batches add up squares as they are; the stepped way scales them.
  if (wanted.empty()) return {in_range ? std::end(ways)[-1] : Way::stepped};
  std::vector<Way> chosen;
  std::string names;
  for (const Way way : ways) {
    if (wanted == name(way) || wanted == "all") chosen.push_back(way);
    names += fmt::format("{}, ", name(way));
  }
  if (chosen.empty()) throw InputError(fmt::format("--way: `{}` is no way; choose {}or all", wanted, names));
  if (!in_range && chosen.back() != Way::stepped)
    throw InputError(fmt::format("--way {}: squares of samples this large overflow double precision; use --way stepped", wanted));
  return chosen;
}

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
  const std::vector<Way> chosen = chosen_ways(options.way, parameters);
  check_writable(options.report.output);
  SamplingOptions sampling = options.sampling;
  sampling.threads = wengert::thread_count(sampling.threads);

  const std::vector<WayRun> runs = run_ways(chosen, parameters, sampling, !options.report.quiet);
  Comparison comparison = compare(parameters, sampling, runs.back().estimates);
  std::optional<WayComparison> between;
  if (chosen.size() > 1) between = compare_ways(runs, parameters, sampling);
  comparison.agree = comparison.agree && (!between || between->agree);

  switch (options.report.format) {
    case Format::table: {
      std::string text = table(parameters, comparison);
      if (between) text += "\n" + ways_table(*between);
      write_report(options.report, text);
      break;
    }
    case Format::json: {
      nlohmann::ordered_json json = comparison_json(comparison);
      if (between) json["ways"] = ways_json(*between);
      write_report(options.report, json.dump(2) + "\n");
      break;
    }
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
  std::string names;
  for (const Way way : ways) names += fmt::format("{}, ", name(way));
  command
      .add_option("--way", options->way,
                  fmt::format("How the graph is run: {}or all, which compares them [{}]", names, name(std::end(ways)[-1])))
      ->type_name("NAME");
  add_report_options(command, options->report);
  command.footer(
      "Exit status: 0 if they agree, 1 if they differ by more than chance, 2 for bad input.\n"
      "Example: vae_kl compare --mu 0.5,-1,2 --sigma 0.8,1,0.3 --samples 1e6");
  command.callback([options, &status] { status = run(*options); });
}

}  // namespace vae_kl
