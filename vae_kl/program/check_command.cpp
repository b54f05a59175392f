// vae_kl check: the four statements of the exercise, each as a computation that could fail.
#include <fmt/core.h>

#include <algorithm>

#include "program/command.hpp"
#include "proof/check.hpp"

namespace vae_kl {
namespace {

constexpr const char* statements[] = {
    // of (a) to (d)
    "F(q) = E_q[log p(x|z)] - KL(q || p(z)) = log p(x) - KL(q || p(z|x)), linear-Gaussian model",
    "KL(q || p) with determinant, trace and inverse = the sum over dimensions",
    "KL(q || p) = (mu^2 + sigma^2 - 1)/2 - log sigma, against numerical integration",
    "gradient of t = log q(z) - log p(z), z = mu + sigma eps, through the tape",
};

class CheckCommand final : public ReportCommand {
 public:
  CheckCommand()
      : ReportCommand("check", "Four checks: free energy, KL in many dimensions, closed form, gradient",
                      "Exit status 1 if a check fails.\nExample: vae_kl check\nExample: vae_kl check --plant c; echo $?") {}

 private:
  void declare(Options& options) override {
    options.seed(check_.seed);
    options.count("--models", "N", "Number of random models and q in (a) and (b) [200]", check_.models, 1, "1000000");
    options.choice("--plant", "a|b|c|d", "Plant a relative fault of 1e-9 in one formula of this check, to see it fail",
                   check_.fault_in, {{"a", 'a'}, {"b", 'b'}, {"c", 'c'}, {"d", 'd'}}, " is no check; choose a, b, c or d");
    declare_report(options);
  }
  bool work() override {
    lines_ = check(check_);
    return all_passed();
  }
  bool all_passed() const {
    return std::all_of(lines_.begin(), lines_.end(), [](const CheckLine& line) { return line.passed(); });
  }

  std::string table() const override {
    std::string text;
    char part = 0;
    for (const CheckLine& line : lines_) {
      if (line.part != part) {
        part = line.part;
        text += fmt::format("({}) {}\n", part, statements[part - 'a']);
      }
      text += fmt::format(
          "    {:<38} {:>5} cases  {:>10.3g} rounding bounds  {}\n"
          "      there {:.2g} apart, rounding explains up to {:.2g}: {}\n",
          line.what, line.cases, line.in_bounds, line.passed() ? "ok" : "FAILED", line.discrepancy, line.bound, line.where);
    }
    text +=
        "\nEach line states the largest discrepancy in units of what rounding alone can explain in that very case; at most 1 is "
        "agreement.\n";
    return text + (all_passed() ? "All four hold.\n" : "NOT ALL HOLD.\n");
  }
  Value json() const override { return {{"checks", records()}, {"agree", all_passed()}}; }
  std::string csv() const override {
    Value::List list = records();
    for (Value& each : list) each = each.without("statement");
    return csv_text(list);
  }
  Value::List records() const {
    Value::List list;
    for (const CheckLine& line : lines_)
      list.push_back({{"part", std::string(1, line.part)},
                      {"statement", statements[line.part - 'a']},
                      {"compared", line.what},
                      {"cases", line.cases},
                      {"largest_in_rounding_bounds", line.in_bounds},
                      {"discrepancy", line.discrepancy},
                      {"rounding_bound", line.bound},
                      {"where", line.where},
                      {"pass", line.passed()}});
    return list;
  }

  CheckOptions check_;
  std::vector<CheckLine> lines_;
};

}  // namespace

std::unique_ptr<Command> check_command() { return std::make_unique<CheckCommand>(); }

}  // namespace vae_kl
