// vae_kl estimators: seven ways to the gradient of KL, their bias, variance and cost.
#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "program/commands.hpp"
#include "estimators/estimator_comparison.hpp"
#include "program/input.hpp"
#include "program/options.hpp"
#include "program/output.hpp"

namespace vae_kl {
namespace {

bool all_agree(const std::vector<EstimatorLine>& lines) {
  return std::all_of(lines.begin(), lines.end(), [](const EstimatorLine& line) { return line.agrees(); });
}

std::string in_errors(const ParameterLine& line, double errors) {
  return line.exact_variance > 0 ? fmt::format("{:+.2f}", errors) : std::string("exact");
}

std::string table(const EstimatorOptions& options, const std::vector<EstimatorLine>& lines) {
  std::string text = fmt::format(
      "Gradient of KL(q || p) at mu = {}, sigma = {}: {} evaluations of t for each estimator, seed {}\n\n"
      "{:<15}{:<6}{:>10} {:>10} {:>7}   {:>10} {:>10} {:>7}   {:>9} {:>7}   {:>7} {:>10}\n",
      options.mu, options.sigma, options.samples, options.seed, "estimator", "d/d", "exact", "mean", "bias", "variance", "exact",
      "apart", "sees bias", "excess", "ns", "var x time");
  for (const EstimatorLine& line : lines) {
    const auto row = [&](std::string_view first, const char* parameter, const ParameterLine& p, const std::string& cost) {
      text += fmt::format("{:<15}{:<6}{:>10.6f} {:>10.6f} {:>7}   {:>10.4g} {:>10.4g} {:>7}   {:>9.2g} {:>6.2g}%   {}{}\n", first,
                          parameter, p.exact, p.mean, in_errors(p, p.bias_in_errors), p.variance, p.exact_variance,
                          in_errors(p, p.variance_in_errors), p.power.least_bias, 100 * p.power.least_excess, cost,
                          p.agrees ? "" : "  DISAGREES");
    };
    row(name(line.estimator), "mu", line.mu, fmt::format("{:>7.1f} {:>10.3g}", line.nanoseconds, line.variance_times_time()));
    row("", "sigma", line.sigma, fmt::format("{:>18}", ""));
  }
  text += "\n";
  for (const EstimatorLine& line : lines) text += fmt::format("{:<15}{}\n", name(line.estimator), description(line.estimator));
  text += fmt::format(
      "\nbias and apart are in standard errors, by the exact law; variance is that of one draw (a pair for antithetic, {} points "
      "for quasi).\n"
      "sees: a bias of this size, or a variance in excess by this much, would be noticed with 99.9 % probability; false alarms: "
      "1 in a million.\n"
      "ns: processor time per evaluation of t, a tape recorded and swept each time. var x time: both variances together times "
      "the seconds of a "
      "draw.\n\n",
      options.block);
  text += advice(options, lines);
  text += all_agree(lines) ? "All means and variances agree with their exact laws.\n" : "NOT ALL AGREE WITH THEIR EXACT LAWS.\n";
  return text;
}

std::string json(const EstimatorOptions& options, const std::vector<EstimatorLine>& lines) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const EstimatorLine& line : lines) {
    const auto parameter = [](const ParameterLine& p) {
      return nlohmann::ordered_json{{"exact", p.exact},
                                    {"mean", p.mean},
                                    {"bias_in_standard_errors", p.bias_in_errors},
                                    {"bias_limit", p.power.mean_limit},
                                    {"variance", p.variance},
                                    {"exact_variance", p.exact_variance},
                                    {"variance_in_standard_errors", p.variance_in_errors},
                                    {"variance_limit", p.power.variance_limit},
                                    {"least_bias_seen", p.power.least_bias},
                                    {"least_relative_excess_seen", p.power.least_excess},
                                    {"agrees", p.agrees}};
    };
    list.push_back({{"estimator", name(line.estimator)},
                    {"draws", line.draws},
                    {"evaluations_per_draw", line.evaluations_per_draw},
                    {"nanoseconds_per_evaluation", line.nanoseconds},
                    {"variance_times_seconds", line.variance_times_time()},
                    {"mu", parameter(line.mu)},
                    {"sigma", parameter(line.sigma)}});
  }
  return nlohmann::ordered_json{{"mu", options.mu},
                                {"sigma", options.sigma},
                                {"samples", options.samples},
                                {"block", options.block},
                                {"seed", options.seed},
                                {"estimators", std::move(list)},
                                {"advice", advice(options, lines)},
                                {"agree", all_agree(lines)}}
             .dump(2) +
         "\n";
}

std::string csv(const std::vector<EstimatorLine>& lines) {
  std::string text =
      "estimator,parameter,draws,evaluations_per_draw,exact,mean,bias_in_standard_errors,variance,exact_variance,variance_in_"
      "standard_errors,"
      "nanoseconds_per_evaluation,variance_times_seconds,agrees\n";
  for (const EstimatorLine& line : lines)
    for (const bool of_sigma : {false, true}) {
      const ParameterLine& p = of_sigma ? line.sigma : line.mu;
      text += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{}\n", name(line.estimator), of_sigma ? "sigma" : "mu", line.draws,
                          line.evaluations_per_draw, p.exact, p.mean, p.bias_in_errors, p.variance, p.exact_variance,
                          p.variance_in_errors, line.nanoseconds, line.variance_times_time(), p.agrees);
    }
  return text;
}

}  // namespace

void register_estimators(CLI::App& program, int& status) {
  struct Options {
    EstimatorOptions compare;
    ReportOptions report;
  };
  const auto options = std::make_shared<Options>();
  EstimatorOptions& compare = options->compare;
  CLI::App& command =
      *program.add_subcommand("estimators", "Seven gradient estimators: bias, variance and cost against exact laws");
  const auto moderate = [](const std::string& text, const char* where, double least, double most) {
    const double number = parse_number(text, where);
    if (!(number >= least && number <= most))
      throw InputError(fmt::format("{}: {} is out of range; the laws here hold in double precision from {} to {}", where, number,
                                   least, most));
    return number;
  };
  command
      .add_option_function<std::string>(
          "--mu", [&compare, moderate](const std::string& text) { compare.mu = moderate(text, "--mu", -1e6, 1e6); },
          "Mean of q [0.5]")
      ->type_name("M");
  command
      .add_option_function<std::string>(
          "--sigma",
          [&compare, moderate](const std::string& text) {
            const double sigma = parse_number(text, "--sigma");
            if (!(sigma > 0)) throw InputError(fmt::format("--sigma: {} is a standard deviation and must be above 0", sigma));
            compare.sigma = moderate(text, "--sigma", 1e-6, 1e6);
          },
          "Standard deviation of q [0.8]")
      ->type_name("S");
  command
      .add_option_function<std::string>(
          "--samples",
          [&compare](const std::string& text) {
            compare.samples = parse_count(text, "--samples", 100);
            if (compare.samples > 1'000'000'000'000)
              throw InputError(fmt::format("--samples: {} would take days; give at most 1e12", compare.samples));
          },
          "Evaluations of t for each estimator, at least 100 [100000]")
      ->type_name("N");
  command
      .add_option_function<std::string>(
          "--block",
          [&compare](const std::string& text) {
            compare.block = parse_count(text, "--block", 2);
            if (compare.block > 4096) throw InputError(fmt::format("--block: {} is too many; give at most 4096", compare.block));
          },
          "Points in one draw of quasi-Monte Carlo, 2 to 4096 [64]")
      ->type_name("N");
  add_seed_option(command, compare.seed);
  add_report_options(command, options->report);
  command.footer(
      "Exit status 1 if a mean or a variance disagrees with its exact law.\nExample: vae_kl estimators --mu 0.5 --sigma 0.8");
  command.callback([options, &compare, &status] {
    if (compare.samples < 2 * compare.block)
      throw InputError(fmt::format("--samples: {} are fewer than two draws of {} points; give more, or a smaller --block",
                                   compare.samples, compare.block));
    check_writable(options->report.output);
    std::vector<EstimatorLine> lines;
    {
      Progress progress(estimators.size() * compare.samples, !options->report.quiet);
      lines = compare_estimators(compare, progress);
    }
    if (!all_agree(lines)) status = 1;
    switch (options->report.format) {
      case Format::table:
        return write_report(options->report, table(compare, lines));
      case Format::json:
        return write_report(options->report, json(compare, lines));
      case Format::csv:
        return write_report(options->report, csv(lines));
    }
  });
}

}  // namespace vae_kl
