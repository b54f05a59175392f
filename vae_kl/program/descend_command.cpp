// vae_kl descend: from q to p along the gradient of KL, exact and estimated.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>

#include "question/closed_form.hpp"
#include "program/commands.hpp"
#include "estimators/descent.hpp"
#include "program/gnuplot.hpp"
#include "program/input.hpp"
#include "program/options.hpp"
#include "program/output.hpp"

namespace vae_kl {
namespace {

struct DescendCommand {
  DescentOptions descent;
  std::string plot;
  ReportOptions report;
};

std::string label(const Descent& descent) {
  if (descent.estimator == Estimator::closed_form) return "closed form";
  return fmt::format("{}, batch {}", name(descent.estimator), descent.batch);
}

std::string table(const DescentOptions& options, const std::vector<Descent>& all) {
  std::string text = fmt::format(
      "Gradient descent on KL(q || p) in mu and log sigma, from mu = {}, sigma = {} (KL = {:.6g}), {} steps, rate {}, seed {}\n\n"
      "{:<10}{:<16}{:>6}  {:>12} {:>12} {:>12}\n",
      options.start.mu, options.start.sigma, closed_form::kl(options.start.mu, options.start.sigma), options.steps, options.rate,
      options.seed, "rule", "estimator", "batch", "mu", "sigma", "KL at end");
  for (const Descent& one : all) {
    const std::string batch = one.estimator == Estimator::closed_form ? "" : fmt::format("{}", one.batch);
    text += fmt::format("{:<10}{:<16}{:>6}  ", name(one.rule), name(one.estimator), batch);
    text += one.ran_away
                ? fmt::format("ran away after {} steps; a smaller --rate or a larger --batch helps\n", one.path.size() - 1)
                : fmt::format("{:>12.6f} {:>12.6f} {:>12.3g}\n", one.path.back().mu, one.path.back().sigma, one.kl());
  }
  text +=
      "\nThe goal is mu = 0, sigma = 1, KL = 0. With constant steps an estimate that still scatters there, as the total "
      "derivative does,\n"
      "keeps moving. The path derivative and the score function do not scatter where q = p, so they stop as the closed form "
      "does.\n"
      "Decaying steps and larger batches calm the others.\n";
  return text;
}

std::string json(const DescentOptions& options, const std::vector<Descent>& all) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Descent& one : all) {
    nlohmann::ordered_json path = nlohmann::ordered_json::array();
    for (const MuSigma& point : one.path) path.push_back({point.mu, point.sigma});
    list.push_back(
        {{"estimator", name(one.estimator)},
         {"batch", one.estimator == Estimator::closed_form ? nlohmann::ordered_json() : nlohmann::ordered_json(one.batch)},
         {"rule", name(one.rule)},
         {"mu", one.path.back().mu},
         {"sigma", one.path.back().sigma},
         {"kl", one.ran_away ? nlohmann::ordered_json() : nlohmann::ordered_json(one.kl())},
         {"ran_away", one.ran_away},
         {"path", std::move(path)}});
  }
  return nlohmann::ordered_json{{"start", {{"mu", options.start.mu}, {"sigma", options.start.sigma}}},
                                {"steps", options.steps},
                                {"rate", options.rate},
                                {"seed", options.seed},
                                {"descents", std::move(list)}}
             .dump() +
         "\n";
}

std::string csv(const std::vector<Descent>& all) {
  std::string text = "rule,estimator,batch,step,mu,sigma,kl\n";
  for (const Descent& one : all)
    for (std::size_t step = 0; step < one.path.size(); ++step)
      text += fmt::format("{},{},{},{},{},{},{}\n", name(one.rule), name(one.estimator),
                          one.estimator == Estimator::closed_form ? "" : fmt::format("{}", one.batch), step, one.path[step].mu,
                          one.path[step].sigma, closed_form::kl(one.path[step].mu, one.path[step].sigma));
  return text;
}

/// Paths of the first rule, one for each estimator at its first batch size, over the contours of KL.
std::string picture(const DescentOptions& options, const std::vector<Descent>& all) {
  std::vector<const Descent*> shown;
  for (const Descent& one : all)
    if (one.rule == options.rules.front() && (one.estimator == Estimator::closed_form || one.batch == options.batches.front()))
      shown.push_back(&one);
  double left = -0.5, right = 0.5, low = 0.9, high = 1.1;
  for (const Descent* one : shown)
    for (const MuSigma& point : one->path) {
      left = std::fmin(left, point.mu), right = std::fmax(right, point.mu);
      low = std::fmin(low, point.sigma), high = std::fmax(high, point.sigma);
    }
  const double margin = 0.1 * (right - left);
  std::string text = fmt::format(
      "set title 'Descent on KL(q || p), {} steps of {}: contours of KL at 0.01, 0.03, 0.1, 0.3, …'\n"
      "set xlabel 'mu'\nset ylabel 'sigma'\nset xrange [{}:{}]\nset yrange [{}:{}]\nset logscale y 2\nset key outside bottom "
      "center horizontal\n"
      "set isosamples 120,120\nset samples 120\nset contour base\nunset surface\n"
      "set cntrparam levels discrete 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100\n"
      "set table $contours\nsplot (x**2 + y**2 - 1) / 2 - log(y)\nunset table\n",
      name(options.rules.front()), options.rate, left - margin, right + margin, low / 1.3, high * 1.3);
  for (std::size_t k = 0; k < shown.size(); ++k) {
    text += fmt::format("$path{} << END\n", k);
    for (const MuSigma& point : shown[k]->path) text += fmt::format("{} {}\n", point.mu, point.sigma);
    text += "END\n";
  }
  text += "plot $contours using 1:2 with lines linecolor 'gray70' notitle";
  constexpr const char* colours[] = {"#0072b2", "#56b4e9", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#999999"};
  for (std::size_t k = shown.size(); k-- > 0;) {  // the first, as a rule the closed form, on top
    const bool closed = shown[k]->estimator == Estimator::closed_form;
    text += fmt::format(", $path{} using 1:2 with lines linewidth {} linecolor '{}' title '{}'", k, closed ? 4 : 1.5,
                        closed ? "#000000" : colours[k % std::size(colours)], label(*shown[k]));
  }
  return text +
         ", '+' using (0):(1) every ::0::0 with points pointtype 3 pointsize 2 linecolor 'black' title 'mu = 0, sigma = 1'\n";
}

std::vector<std::string> words(const std::string& text, const char* where) {
  std::vector<std::string> result;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    result.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  auto sorted = result;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) throw InputError(fmt::format("{}: `{}` is there twice; name each once", where, *twice));
  return result;
}

}  // namespace

void register_descend(CLI::App& program, int&) {
  const auto options = std::make_shared<DescendCommand>();
  DescentOptions& descent = options->descent;
  CLI::App& command = *program.add_subcommand("descend", "Gradient descent on KL, exact and stochastic, side by side");
  const auto option = [&command](const char* name, const char* help, const char* type, auto action) {
    command.add_option_function<std::string>(name, action, help)->type_name(type);
  };
  option("--mu", "Where to start [2]", "M", [&descent](const std::string& text) {
    descent.start.mu = parse_number(text, "--mu");
    if (std::fabs(descent.start.mu) > 1e6) throw InputError(fmt::format("--mu: {} is too far off; start within 1e6 of 0", text));
  });
  option("--sigma", "Standard deviation to start from [0.3]", "S", [&descent](const std::string& text) {
    descent.start.sigma = parse_number(text, "--sigma");
    if (!(descent.start.sigma > 0))
      throw InputError(fmt::format("--sigma: {} is a standard deviation and must be above 0", text));
    if (descent.start.sigma < 1e-6 || descent.start.sigma > 1e6)
      throw InputError(fmt::format("--sigma: {} is too far off; start between 1e-6 and 1e6", text));
  });
  option("--estimators",
         "Gradients: closed, total, path, score, score+baseline, antithetic, quasi [closed,total,path,score+baseline]", "NAME,…",
         [&descent](const std::string& text) {
           descent.estimators.clear();
           for (const std::string& word : words(text, "--estimators"))
             descent.estimators.push_back(estimator_named(word, "--estimators"));
         });
  option("--batch", "Samples of eps per step [1,16]", "N,…", [&descent](const std::string& text) {
    descent.batches.clear();
    for (const std::string& word : words(text, "--batch")) {
      descent.batches.push_back(parse_count(word, "--batch", 1));
      if (descent.batches.back() > 1'000'000)
        throw InputError(fmt::format("--batch: {} is too many; give at most 1000000", word));
    }
  });
  option("--rules", "Step rules: constant, decay, adam [all three]", "NAME,…", [&descent](const std::string& text) {
    descent.rules.clear();
    for (const std::string& word : words(text, "--rules")) descent.rules.push_back(rule_named(word, "--rules"));
  });
  option("--steps", "Number of steps [400]", "N", [&descent](const std::string& text) {
    descent.steps = parse_count(text, "--steps", 1);
    if (descent.steps > 10'000'000) throw InputError(fmt::format("--steps: {} is too many; give at most 1e7", text));
  });
  option("--rate", "Length of a step against the gradient [0.1]", "R", [&descent](const std::string& text) {
    descent.rate = parse_number(text, "--rate");
    if (!(descent.rate > 0)) throw InputError(fmt::format("--rate: {} is a step size and must be above 0", text));
  });
  add_seed_option(command, descent.seed);
  command
      .add_option("--plot", options->plot, "Draw the paths of the first rule and batch size over the contours of KL, by gnuplot")
      ->type_name("FILE.svg|png");
  add_report_options(command, options->report);
  command.footer("CSV and JSON hold every step.\nExample: vae_kl descend --mu 2 --sigma 0.3 --plot paths.svg");
  command.callback([options] {
    check_writable(options->report.output);
    if (!options->plot.empty()) check_can_draw(options->plot);
    const std::vector<Descent> all = descend(options->descent);
    if (!options->plot.empty()) draw(picture(options->descent, all), options->plot);
    switch (options->report.format) {
      case Format::table:
        return write_report(options->report, table(options->descent, all));
      case Format::json:
        return write_report(options->report, json(options->descent, all));
      case Format::csv:
        return write_report(options->report, csv(all));
    }
  });
}

}  // namespace vae_kl
