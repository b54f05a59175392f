// vae_kl compare: stochastic gradients of KL(q || p) beside the closed form, and a verdict.
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <cmath>
#include <numbers>
#include <optional>

#include "estimate/comparison.hpp"
#include "estimate/verdict.hpp"
#include "estimate/way_comparison.hpp"
#include "program/command.hpp"
#include "program/gnuplot.hpp"
#include "question/trace.hpp"
#include "wengert/parallel_for.hpp"

namespace vae_kl {
namespace {

/// Every node once: its value and its adjoint side by side.
std::string graph_table(const Trace& trace) {
  std::string text = "node  name    operation    arguments              value        adjoint\n";
  for (const TraceNode& node : trace.nodes)
    text += fmt::format("{:>4}  {:<6}  {:<11}  {:<14}{:>14.6g} {:>14.6g}\n", node.index,
                        node.name.empty() ? fmt::format("v{}", node.index) : node.name, node.operation,
                        fmt::format("{}", fmt::join(node.arguments, ", ")), node.value, node.adjoint);
  text += fmt::format("Rounding moves dt/dmu here by at most {:.1e}, dt/dsigma by at most {:.1e}.\n", trace.error_mu,
                      trace.error_sigma);
  return trace.cancellation.empty() ? text : text + fmt::format("Most digits were lost {}.\n", trace.cancellation);
}

std::string label(const ComparisonRow& row) { return row.parameter == "kl" ? "KL" : fmt::format("dKL/d{}", row.parameter); }

Value record(const ComparisonRow& row) {
  return {{"parameter", row.parameter},
          {"closed_form", row.closed_form},
          {"estimate", row.estimate},
          {"standard_error", row.standard_error},
          {"z", row.z}};
}

/// Names of the ways, a comma after each.
std::string way_names() {
  std::string names;
  for (const Way way : ways) names += fmt::format("{}, ", name(way));
  return names;
}

class CompareCommand final : public ReportCommand {
 public:
  CompareCommand()
      : ReportCommand(
            "compare", "Stochastic gradients of KL(q || p) beside the closed form",
            "Exit status: 0 if they agree, 1 if they differ by more than chance or the samples are too few, 2 for bad input.\n"
            "Example: vae_kl compare --mu 0.5,-1,2 --sigma 0.8,1,0.3 --samples 1e6") {}

 private:
  void declare(Options& options) override {
    parameter_options_.declare(options);
    options.sampling(sampling_);
    std::vector<std::pair<std::string, Sampling>> kinds;
    for (const Sampling kind : samplings) kinds.emplace_back(name(kind), kind);
    options.choice("--sampling", "NAME",
                   "Samples: plain (independent), antithetic (pairs eps and -eps) or sobol (scrambled Sobol' points) [plain]",
                   sampling_.sampling, kinds, " is no sampling; choose plain, antithetic or sobol");
    options.number("--fault", "F", "Plant a relative fault in the rule of log, to see when the verdict turns; try 0.0005",
                   sampling_.fault, {{-1, 1, "is too large for a fault; give one between -1 and 1"}});
    std::vector<std::pair<std::string, std::vector<Way>>> choices{{"all", {std::begin(ways), std::end(ways)}}};
    for (const Way way : ways) choices.push_back({std::string(name(way)), {way}});
    options.choice("--way", "NAME",
                   fmt::format("How the graph is run: {}or all, which compares them [{}]", way_names(), name(std::end(ways)[-1])),
                   chosen_, choices, fmt::format(" is no way; choose {}or all", way_names()));
    options.text("--plot", "FILE.svg|png",
                 "Draw the error against the number of samples, up to --samples, for all three kinds of sampling, by gnuplot",
                 plot_);
    declare_report(options);
  }

  bool shares_out() const override { return true; }

  /// Mu and sigma, one after the other; throws what is wrong with them.
  std::vector<double> checked() const {
    const Parameters parameters = parameter_options_.checked();
    check_range(parameters);
    // Batches add up squares as they are; the stepped way scales them.
    if (!chosen_.empty() && chosen_.back() != Way::stepped && !batches_in_range(parameters))
      throw InputError(fmt::format("--way {}: squares of samples this large overflow double precision; use --way stepped",
                                   chosen_.size() > 1 ? "all" : name(chosen_.back())));
    if (sampling_.sampling == Sampling::antithetic && sampling_.samples < 4)
      throw InputError(fmt::format("--samples: {} make fewer than two antithetic pairs; give 4 or more", sampling_.samples));
    if (!plot_.empty()) {
      if (sampling_.samples < least_plotted * 4)
        throw InputError(
            fmt::format("--plot: {} samples make no curve; give --samples {} or more", sampling_.samples, least_plotted * 4));
      check_can_draw(plot_);
    }
    std::vector<double> numbers = parameters.mu;
    numbers.insert(numbers.end(), parameters.sigma.begin(), parameters.sigma.end());
    return numbers;
  }

  bool work() override {
    const std::vector<double> numbers = from_first([&] { return checked(); });
    const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2);
    parameters_ = {{numbers.begin(), middle}, {middle, numbers.end()}};
    if (chosen_.empty()) chosen_ = {batches_in_range(parameters_) ? std::end(ways)[-1] : Way::stepped};
    sampling_.threads = wengert::thread_count(sampling_.threads);
    sampling_.ranks = ranks;
    const std::uint64_t asked = sampling_.samples;
    sampling_.samples = plan(sampling_).samples();
    const std::vector<WayRun> runs = run_ways(chosen_, parameters_, sampling_, !quiet() && is_first());
    comparison_ = compare(parameters_, sampling_, runs.back().estimates);
    if (chosen_.size() > 1) between_ = compare_ways(runs, parameters_, sampling_);
    comparison_.agree = comparison_.agree && (!between_ || between_->agree);
    if (!plot_.empty()) {
      const std::string script = error_curves(asked);
      on_first([&] { draw(script, plot_); });
    }
    return comparison_.agree;
  }

  /// Error of dKL/dsigma by number of samples, in deviations of a single one: points for what it is, lines for its standard
  /// error.
  std::string error_curves(std::uint64_t most) const {
    std::string text =
        "set title 'Error of dKL/dsigma against the number of samples'\nset xlabel 'samples'\n"
        "set ylabel 'root mean square over dimensions, in deviations of one sample'\nset logscale xy\nset format x '10^{%T}'\n"
        "set format y '10^{%T}'\nset grid\nset key bottom left\n";
    std::string plots;
    for (const Sampling kind : samplings) {
      text += fmt::format("${} << END\n", name(kind));
      for (std::uint64_t samples = least_plotted; samples <= most; samples *= 4) {
        SamplingOptions sampling = sampling_;
        sampling.sampling = kind;
        sampling.samples = samples;
        const auto estimates = run_ways({chosen_.back()}, parameters_, sampling, false).front().estimates;
        const Comparison comparison = compare(parameters_, sampling, estimates);
        double error = 0, standard_error = 0;
        for (std::size_t d = 0; d < parameters_.dimensions(); ++d) {
          const ComparisonRow& row = comparison.gradient[2 * d + 1];
          const double deviation = std::hypot(parameters_.mu[d], std::numbers::sqrt2 * parameters_.sigma[d]);
          error = std::hypot(error, (row.estimate - row.closed_form) / deviation);
          standard_error = std::hypot(standard_error, row.standard_error / deviation);
        }
        const double root = std::sqrt(static_cast<double>(parameters_.dimensions()));
        text += fmt::format("{} {} {}\n", comparison.plan.samples(), error / root, standard_error / root);
      }
      text += "END\n";
      const auto color = 1 + static_cast<int>(kind);
      plots += fmt::format(
          "{}${} using 1:3 with lines linecolor {} linewidth 2 title '{}: standard error', "
          "${} using 1:2 with points linecolor {} pointtype 7 title '{}: error'",
          plots.empty() ? "plot " : ", ", name(kind), color, name(kind), name(kind), color, name(kind));
    }
    return text + plots + "\n";
  }

  std::string table() const override {
    double eps;
    fill_eps(sampling_, 0, 0, 0, {&eps, 1});
    std::string text = fmt::format(
        "q = N(mu, sigma^2), p = N(0, 1); z = mu + sigma*eps, r = log q(z), s = log p(z), t = r - s.\n"
        "The graph at the first sample of dimension 0:\n\n{}\n"
        "Mean of t and its gradient over {} samples of {} dimension{} (seed {}):\n\n"
        "{:<12}{:>15}{:>15}{:>15}{:>9}\n",
        graph_table(trace(parameters_.mu[0], parameters_.sigma[0], eps)), sampling_.samples, comparison_.dimensions,
        comparison_.dimensions == 1 ? "" : "s", sampling_.seed, "", "closed form", "estimate", "standard error", "apart");
    const auto line = [&](const ComparisonRow& each) {
      text += fmt::format("{:<12}{:>15.7g}{:>15.7g}{:>15.2g}{:>9.2f}\n", label(each), each.closed_form, each.estimate,
                          each.standard_error, each.z);
    };
    for (const ComparisonRow& each : comparison_.gradient) line(each);
    line(comparison_.kl);
    return text + how_sampled() + verdict() + fault() + (between_ ? ways_table() : "");
  }

  /// Of what is not plain: which means the standard errors come from.
  std::string how_sampled() const {
    const SamplingPlan& plan = comparison_.plan;
    if (sampling_.sampling == Sampling::antithetic)
      return fmt::format(
          "\n{} antithetic pairs, eps and -eps: the standard errors are those of their means. dt/dmu = mu + sigma*eps is linear "
          "in "
          "eps,\nso each pair has the mean mu, and dKL/dmu is exact but for rounding. Of dt/dsigma, mu*eps cancels.\n",
          plan.evaluations);
    if (sampling_.sampling == Sampling::sobol)
      return fmt::format(
          "\n{} replicates of {} Sobol' point{}, each with a scramble of its own: the standard errors are those of {} "
          "independent "
          "means.\n",
          plan.replicates, plan.evaluations, plan.evaluations == 1 ? "" : "s", plan.means());
    return {};
  }

  std::string verdict() const {
    const ComparisonRow* worst = &comparison_.kl;
    for (const ComparisonRow& each : comparison_.gradient)
      if (!(std::fabs(each.z) <= std::fabs(worst->z))) worst = &each;
    if (std::isnan(comparison_.kl.z)) worst = &comparison_.kl;
    if (comparison_.too_few) {
      const auto [least, where] = least_bias_seen();
      if (sampling_.sampling != Sampling::plain)
        return fmt::format(
            "\nNO VERDICT: {} samples are too few to tell: a bias as large as the scatter of a single one could pass for "
            "chance.\n",
            sampling_.samples);
      return fmt::format(
          "\nNO VERDICT: {} samples are too few to tell. The least bias that they would show is {:.2g}, in {}; from {} samples "
          "on "
          "one\nas large as the scatter of a single sample shows.\n",
          sampling_.samples, least, where, samples_to_see(1, {1, 0}, comparison_.comparisons()));
    }
    return fmt::format(
        "\n{}: {} is {:.2f} standard errors from its closed form, the farthest of {}; chance reaches {:.3g} once in {:.0f} "
        "runs.\n",
        comparison_.agree ? "Agreement" : "DISAGREEMENT", label(*worst), std::fabs(worst->z), comparison_.comparisons(),
        comparison_.threshold, 1 / false_alarm_rate);
  }

  /// Of the rows, that which shows the smallest bias. One whose samples do not scatter would show any.
  std::pair<double, std::string> least_bias_seen() const {
    std::pair<double, std::string> least{std::numeric_limits<double>::infinity(), ""};
    for (const ComparisonRow& each : comparison_.gradient) {
      const double bias = least_bias(each.scatter, comparison_.comparisons(), comparison_.plan.means());
      if (bias < least.first) least = {bias, label(each)};
    }
    return least;
  }

  /// The planted fault: which row shows it first, and how many samples that takes.
  struct Planted {
    const ComparisonRow* row;
    double bias;
    std::uint64_t samples;  ///< of Sobol' points, in replicates as large as these
  };
  Planted planted() const {
    Planted first{nullptr, 0, 0};
    for (std::size_t d = 0; d < parameters_.dimensions(); ++d) {
      const ComparisonRow& row = comparison_.gradient[2 * d + 1];
      const double bias = -sampling_.fault / parameters_.sigma[d];  // t holds -log(sigma)
      const std::uint64_t in_a_mean = comparison_.plan.samples() / comparison_.plan.means();
      const std::uint64_t samples = samples_to_see(bias, row.scatter, comparison_.comparisons()) * in_a_mean;
      if (first.row == nullptr || (samples > 0 && (first.samples == 0 || samples < first.samples))) first = {&row, bias, samples};
    }
    return first;
  }
  std::string fault() const {
    if (sampling_.fault == 0) return {};
    const auto [row, bias, samples] = planted();
    return fmt::format(
        "\nPlanted: the derivative of log is off by the factor 1 + {}, which moves {} by {:.3g}. {} samples show a bias of "
        "{:.2g}\n"
        "or more there (999 times in 1000); {}.\n",
        sampling_.fault, label(*row), bias, sampling_.samples,
        least_bias(row->scatter, comparison_.comparisons(), comparison_.plan.means()),
        samples == 0 ? "no number of samples shows this one, which is smaller than rounding"
                     : fmt::format("this one takes {}{}", samples,
                                   sampling_.sampling == Sampling::sobol
                                       ? fmt::format(" in replicates of {}", comparison_.plan.evaluations)
                                       : ""));
  }

  std::string ways_table() const {
    std::string text = fmt::format("\n{:<10}{:>14}{:>14}{:>24}\n", "way", "ns a sample", "samples/s", "roundings from stepped");
    for (const WayRow& row : between_->rows)
      text += fmt::format("{:<10}{:>14.2f}{:>14.3g}{:>24.2g}\n", name(row.way), row.nanoseconds, 1e9 / row.nanoseconds,
                          row.difference);
    text += fmt::format("Random numbers take {:.2f} ns of it on one thread.\n", between_->random_nanoseconds);
    return text + (between_->agree
                       ? fmt::format("The ways agree to rounding (at most {:.0f}).\n", between_->allowed)
                       : fmt::format("DISAGREEMENT between the ways: more than {:.0f} roundings.\n", between_->allowed));
  }

  Value json() const override {
    Value report{{"samples", sampling_.samples},
                 {"seed", sampling_.seed},
                 {"threads", sampling_.threads},
                 {"dimensions", comparison_.dimensions},
                 {"kl", record(comparison_.kl).without("parameter")},
                 {"gradient", gradient()},
                 {"worst_z", comparison_.worst_z},
                 {"threshold", comparison_.threshold},
                 {"agree", comparison_.agree}};
    if (sampling_.sampling != Sampling::plain)
      report.add("sampling", {{"kind", name(sampling_.sampling)},
                              {"means", comparison_.plan.means()},
                              {"samples_in_each", comparison_.plan.samples() / comparison_.plan.means()}});
    if (comparison_.too_few && sampling_.sampling == Sampling::plain)
      report.add("too_few_samples", {{"least_bias_seen", least_bias_seen().first},
                                     {"samples_needed", samples_to_see(1, {1, 0}, comparison_.comparisons())}});
    if (sampling_.fault != 0) {
      const auto [row, bias, samples] = planted();
      report.add("fault",
                 {{"relative", sampling_.fault}, {"parameter", row->parameter}, {"bias", bias}, {"samples_needed", samples}});
    }
    if (between_) {
      Value::List rows;
      for (const WayRow& row : between_->rows)
        rows.push_back({{"way", name(row.way)}, {"nanoseconds_per_sample", row.nanoseconds}, {"difference", row.difference}});
      report.add("ways", std::move(rows));
    }
    return report;
  }
  std::string csv() const override {
    Value::List rows = gradient();
    rows.push_back(record(comparison_.kl));
    return csv_text(rows);
  }
  Value::List gradient() const {
    Value::List rows;
    for (const ComparisonRow& each : comparison_.gradient) rows.push_back(record(each));
    return rows;
  }

  static constexpr std::uint64_t least_plotted = 128;

  ParameterOptions parameter_options_;
  SamplingOptions sampling_;
  std::string plot_;
  std::vector<Way> chosen_;  ///< the fastest last
  Parameters parameters_;
  Comparison comparison_;
  std::optional<WayComparison> between_;
};

}  // namespace

std::unique_ptr<Command> compare_command() { return std::make_unique<CompareCommand>(); }

}  // namespace vae_kl
