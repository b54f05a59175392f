// vae_kl estimators: seven ways to the gradient of KL, their bias, variance and cost.
#include <fmt/core.h>

#include <algorithm>

#include "estimators/estimator_comparison.hpp"
#include "program/command.hpp"

namespace vae_kl {
namespace {

std::string in_errors(const ParameterLine& line, double errors) {
  return line.exact_variance > 0 ? fmt::format("{:+.2f}", errors) : std::string("exact");
}

Value record(const ParameterLine& p) {
  return {{"exact", p.exact},
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
}

class EstimatorsCommand final : public ReportCommand {
 public:
  EstimatorsCommand()
      : ReportCommand("estimators", "Seven gradient estimators: bias, variance and cost against exact laws",
                      "Exit status 1 if a mean or a variance disagrees with its exact law.\n"
                      "Example: vae_kl estimators --mu 0.5 --sigma 0.8") {}

 private:
  void declare(Options& options) override {
    options.number("--mu", "M", "Mean of q [0.5]", options_.mu,
                   {{-1e6, 1e6, "is out of range; the laws here hold in double precision from -1000000 to 1000000"}});
    options.number("--sigma", "S", "Standard deviation of q [0.8]", options_.sigma,
                   {deviation, {1e-6, 1e6, "is out of range; the laws here hold in double precision from 1e-06 to 1000000"}});
    options.count("--samples", "N", "Evaluations of t for each estimator, at least 100 [100000]", options_.samples, 100, "1e12");
    options.count("--block", "N", "Points in one draw of quasi-Monte Carlo, 2 to 4096 [64]", options_.block, 2, "4096");
    options.seed(options_.seed);
    declare_report(options);
  }
  bool work() override {
    if (options_.samples < 2 * options_.block)
      throw InputError(fmt::format("--samples: {} are fewer than two draws of {} points; give more, or a smaller --block",
                                   options_.samples, options_.block));
    Progress progress(static_cast<double>(estimators.size() * options_.samples), !quiet());
    lines_ = compare_estimators(options_, progress);
    return all_agree();
  }
  bool all_agree() const {
    return std::all_of(lines_.begin(), lines_.end(), [](const EstimatorLine& line) { return line.agrees(); });
  }

  std::string table() const override {
    std::string text = fmt::format(
        "Gradient of KL(q || p) at mu = {}, sigma = {}: {} evaluations of t for each estimator, seed {}\n\n"
        "{:<15}{:<6}{:>10} {:>10} {:>7}   {:>10} {:>10} {:>7}   {:>9} {:>7}   {:>7} {:>10}\n",
        options_.mu, options_.sigma, options_.samples, options_.seed, "estimator", "d/d", "exact", "mean", "bias", "variance",
        "exact", "apart", "sees bias", "excess", "ns", "var x time");
    for (const EstimatorLine& line : lines_) {
      const auto row = [&](std::string_view first, const char* parameter, const ParameterLine& p, const std::string& cost) {
        text += fmt::format("{:<15}{:<6}{:>10.6f} {:>10.6f} {:>7}   {:>10.4g} {:>10.4g} {:>7}   {:>9.2g} {:>6.2g}%   {}{}\n",
                            first, parameter, p.exact, p.mean, in_errors(p, p.bias_in_errors), p.variance, p.exact_variance,
                            in_errors(p, p.variance_in_errors), p.power.least_bias, 100 * p.power.least_excess, cost,
                            p.agrees ? "" : "  DISAGREES");
      };
      row(name(line.estimator), "mu", line.mu, fmt::format("{:>7.1f} {:>10.3g}", line.nanoseconds, line.variance_times_time()));
      row("", "sigma", line.sigma, fmt::format("{:>18}", ""));
    }
    text += "\n";
    for (const EstimatorLine& line : lines_) text += fmt::format("{:<15}{}\n", name(line.estimator), description(line.estimator));
    text += fmt::format(
        "\nbias and apart are in standard errors, by the exact law; variance is that of one draw (a pair for antithetic, {} "
        "points "
        "for quasi).\n"
        "sees: a bias of this size, or a variance in excess by this much, would be noticed with 99.9 % probability; false "
        "alarms: "
        "1 in a million.\n"
        "ns: processor time per evaluation of t, a tape recorded and swept each time. var x time: both variances together times "
        "the seconds of a draw.\n\n",
        options_.block);
    text += advice(options_, lines_);
    return text +
           (all_agree() ? "All means and variances agree with their exact laws.\n" : "NOT ALL AGREE WITH THEIR EXACT LAWS.\n");
  }
  Value json() const override {
    Value::List list;
    for (const EstimatorLine& line : lines_)
      list.push_back({{"estimator", name(line.estimator)},
                      {"draws", line.draws},
                      {"evaluations_per_draw", line.evaluations_per_draw},
                      {"nanoseconds_per_evaluation", line.nanoseconds},
                      {"variance_times_seconds", line.variance_times_time()},
                      {"mu", record(line.mu)},
                      {"sigma", record(line.sigma)}});
    return {
        {"mu", options_.mu},     {"sigma", options_.sigma},       {"samples", options_.samples},        {"block", options_.block},
        {"seed", options_.seed}, {"estimators", std::move(list)}, {"advice", advice(options_, lines_)}, {"agree", all_agree()}};
  }
  std::string csv() const override {
    Value::List list;
    for (const EstimatorLine& line : lines_)
      for (const ParameterLine* p : {&line.mu, &line.sigma})
        list.push_back({{"estimator", name(line.estimator)},
                        {"parameter", p == &line.mu ? "mu" : "sigma"},
                        {"draws", line.draws},
                        {"evaluations_per_draw", line.evaluations_per_draw},
                        {"exact", p->exact},
                        {"mean", p->mean},
                        {"bias_in_standard_errors", p->bias_in_errors},
                        {"variance", p->variance},
                        {"exact_variance", p->exact_variance},
                        {"variance_in_standard_errors", p->variance_in_errors},
                        {"nanoseconds_per_evaluation", line.nanoseconds},
                        {"variance_times_seconds", line.variance_times_time()},
                        {"agrees", p->agrees}});
    return csv_text(list);
  }

  EstimatorOptions options_;
  std::vector<EstimatorLine> lines_;
};

}  // namespace

std::unique_ptr<Command> estimators_command() { return std::make_unique<EstimatorsCommand>(); }

}  // namespace vae_kl
