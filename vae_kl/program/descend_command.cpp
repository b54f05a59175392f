// vae_kl descend: from q to p along the gradient of KL, exact and estimated.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "estimators/descent.hpp"
#include "estimators/gradient_laws.hpp"
#include "program/command.hpp"
#include "program/gnuplot.hpp"
#include "question/closed_form.hpp"

namespace vae_kl {
namespace {

std::string label(const Descent& descent) {
  if (descent.estimator == Estimator::closed_form) return "closed form";
  return fmt::format("{}, batch {}", name(descent.estimator), descent.batch);
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

/// The words between commas, none of them twice.
std::vector<std::string> words(const std::string& text, const char* where) {
  std::vector<std::string> result;
  for (const std::string_view word : split(text)) {
    if (std::find(result.begin(), result.end(), word) != result.end())
      throw InputError(fmt::format("{}: `{}` is there twice; name each once", where, word));
    result.emplace_back(word);
  }
  return result;
}

/// Nothing for the closed form, which draws no samples.
std::string batch(const Descent& one) {
  return one.estimator == Estimator::closed_form ? std::string() : fmt::format("{}", one.batch);
}

class DescendCommand final : public ReportCommand {
 public:
  DescendCommand()
      : ReportCommand("descend", "Gradient descent on KL, exact and stochastic, side by side",
                      "CSV and JSON hold every step.\nExample: vae_kl descend --mu 2 --sigma 0.3 --plot paths.svg") {
    indent_ = -1;
  }

 private:
  void declare(Options& options) override {
    options.number("--mu", "M", "Where to start [2]", options_.start.mu, {{-1e6, 1e6, "is too far off; start within 1e6 of 0"}});
    options.number("--sigma", "S", "Standard deviation to start from [0.3]", options_.start.sigma,
                   {deviation, {1e-6, 1e6, "is too far off; start between 1e-6 and 1e6"}});
    const auto list = [&](const char* name, const char* type, const char* help, auto& into, auto parse) {
      options.parsed(name, type, help, [=, &into](const std::string& text) {
        into.clear();
        for (const std::string& word : words(text, name)) into.push_back(parse(word, name));
      });
    };
    list("--estimators", "NAME,…",
         "Gradients: closed, total, path, score, score+baseline, antithetic, quasi [closed,total,path,score+baseline]",
         options_.estimators, estimator_named);
    list("--batch", "N,…", "Samples of eps per step [1,16]", options_.batches,
         [](const std::string& word, const char* name) { return parse_count(word, name, 1, "1000000"); });
    list("--rules", "NAME,…", "Step rules: constant, decay, adam [all three]", options_.rules, rule_named);
    options.count("--steps", "N", "Number of steps [400]", options_.steps, 1, "1e7");
    options.number("--rate", "R", "Length of a step against the gradient [0.1]", options_.rate, {step_size});
    options.seed(options_.seed);
    options.text("--plot", "FILE.svg|png", "Draw the paths of the first rule and batch size over the contours of KL, by gnuplot",
                 plot_);
    declare_report(options);
  }
  bool work() override {
    if (!plot_.empty()) check_can_draw(plot_);
    all_ = descend(options_);
    if (!plot_.empty()) draw(picture(options_, all_), plot_);
    return true;
  }

  std::string table() const override {
    std::string text = fmt::format(
        "Gradient descent on KL(q || p) in mu and log sigma, from mu = {}, sigma = {} (KL = {:.6g}), {} steps, rate {}, seed "
        "{}\n\n"
        "{:<10}{:<16}{:>6}  {:>12} {:>12} {:>12}\n",
        options_.start.mu, options_.start.sigma, closed_form::kl(options_.start.mu, options_.start.sigma), options_.steps,
        options_.rate, options_.seed, "rule", "estimator", "batch", "mu", "sigma", "KL at end");
    for (const Descent& one : all_) {
      text += fmt::format("{:<10}{:<16}{:>6}  ", name(one.rule), name(one.estimator), batch(one));
      text += one.ran_away ? fmt::format("ran away after {} steps; a smaller --rate{} helps\n", one.path.size() - 1,
                                         one.estimator == Estimator::closed_form ? "" : " or a larger --batch")
                           : fmt::format("{:>12.6f} {:>12.6f} {:>12.3g}\n", one.path.back().mu, one.path.back().sigma, one.kl());
    }
    return text + outcome();
  }

  /// What became of them, and which estimates are exact at the goal: by their laws, whatever happened here.
  std::string outcome() const {
    constexpr double near = 1e-6;
    const auto arrived = std::count_if(all_.begin(), all_.end(), [](const Descent& one) { return one.kl() <= near; });
    const auto lost = std::count_if(all_.begin(), all_.end(), [](const Descent& one) { return one.ran_away; });
    std::string scatter, settle;
    for (const Estimator estimator : options_.estimators) {
      const MuSigma variance = exact_variance(estimator, 0, 1, options_.batches.front());
      std::string& list = variance.mu + variance.sigma > 0 ? scatter : settle;
      list += fmt::format("{}{}", list.empty() ? "" : ", ", name(estimator));
    }
    std::string text = fmt::format(
        "\nThe goal is mu = 0, sigma = 1, KL = 0. Of {} ways down {} came within {} of it, {} did not, and {} ran away.\n",
        all_.size(), arrived, near, all_.size() - static_cast<std::size_t>(arrived + lost), lost);
    if (!scatter.empty())
      text += fmt::format("Estimates that still scatter there, so that steps have to shrink or batches to grow: {}.\n", scatter);
    if (!settle.empty()) text += fmt::format("Without scatter there: {}.\n", settle);
    return text;
  }
  Value json() const override {
    Value::List list;
    for (const Descent& one : all_) {
      Value::List path;
      for (const MuSigma& point : one.path) path.push_back(std::vector{point.mu, point.sigma});
      list.push_back({{"estimator", name(one.estimator)},
                      {"batch", one.estimator == Estimator::closed_form ? Value() : Value(one.batch)},
                      {"rule", name(one.rule)},
                      {"mu", one.path.back().mu},
                      {"sigma", one.path.back().sigma},
                      {"kl", one.ran_away ? Value() : Value(one.kl())},
                      {"ran_away", one.ran_away},
                      {"path", std::move(path)}});
    }
    return {{"start", {{"mu", options_.start.mu}, {"sigma", options_.start.sigma}}},
            {"steps", options_.steps},
            {"rate", options_.rate},
            {"seed", options_.seed},
            {"descents", std::move(list)}};
  }
  std::string csv() const override {
    std::string text = "rule,estimator,batch,step,mu,sigma,kl\n";
    for (const Descent& one : all_)
      for (std::size_t step = 0; step < one.path.size(); ++step) {
        const auto [mu, sigma] = one.path[step];
        text += fmt::format("{},{},{},{},{},{},{}\n", name(one.rule), name(one.estimator), batch(one), step, mu, sigma,
                            closed_form::kl(mu, sigma));
      }
    return text;
  }

  DescentOptions options_;
  std::string plot_;
  std::vector<Descent> all_;
};

}  // namespace

std::unique_ptr<Command> descend_command() { return std::make_unique<DescendCommand>(); }

}  // namespace vae_kl
