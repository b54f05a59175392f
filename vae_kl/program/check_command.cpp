// vae_kl check: the four statements of the exercise, each as a computation that could fail.
#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "proof/check.hpp"
#include "program/commands.hpp"
#include "program/input.hpp"
#include "program/options.hpp"
#include "program/output.hpp"

namespace vae_kl {
namespace {

const char* statement(char part) {
  switch (part) {
    case 'a':
      return "F(q) = E_q[log p(x|z)] - KL(q || p(z)) = log p(x) - KL(q || p(z|x)), linear-Gaussian model";
    case 'b':
      return "KL(q || p) with determinant, trace and inverse = the sum over dimensions";
    case 'c':
      return "KL(q || p) = (mu^2 + sigma^2 - 1)/2 - log sigma, against numerical integration";
    default:
      return "gradient of t = log q(z) - log p(z), z = mu + sigma eps, through the tape";
  }
}

bool all_passed(const std::vector<CheckLine>& lines) {
  return std::all_of(lines.begin(), lines.end(), [](const CheckLine& line) { return line.passed(); });
}

std::string table(const std::vector<CheckLine>& lines) {
  std::string text;
  char part = 0;
  for (const CheckLine& line : lines) {
    if (line.part != part) {
      part = line.part;
      text += fmt::format("({}) {}\n", part, statement(part));
    }
    text += fmt::format("    {:<38} {:>5} cases  {:>10.3g} rounding bounds  {}\n", line.what, line.cases, line.in_bounds,
                        line.passed() ? "ok" : "FAILED");
    text +=
        fmt::format("      there {:.2g} apart, rounding explains up to {:.2g}: {}\n", line.discrepancy, line.bound, line.where);
  }
  text +=
      "\nEach line states the largest discrepancy in units of what rounding alone can explain in that very case; at most 1 is "
      "agreement.\n";
  text += all_passed(lines) ? "All four hold.\n" : "NOT ALL HOLD.\n";
  return text;
}

std::string json(const std::vector<CheckLine>& lines) {
  nlohmann::ordered_json checks = nlohmann::ordered_json::array();
  for (const CheckLine& line : lines)
    checks.push_back({{"part", std::string(1, line.part)},
                      {"statement", statement(line.part)},
                      {"compared", line.what},
                      {"cases", line.cases},
                      {"largest_in_rounding_bounds", line.in_bounds},
                      {"discrepancy", line.discrepancy},
                      {"rounding_bound", line.bound},
                      {"where", line.where},
                      {"pass", line.passed()}});
  return nlohmann::ordered_json{{"checks", std::move(checks)}, {"agree", all_passed(lines)}}.dump(2) + "\n";
}

std::string csv(const std::vector<CheckLine>& lines) {
  std::string text = "part,compared,cases,largest_in_rounding_bounds,discrepancy,rounding_bound,where,pass\n";
  for (const CheckLine& line : lines)
    text += fmt::format("{},\"{}\",{},{},{},{},\"{}\",{}\n", line.part, line.what, line.cases, line.in_bounds, line.discrepancy,
                        line.bound, line.where, line.passed());
  return text;
}

}  // namespace

void register_check(CLI::App& program, int& status) {
  struct Options {
    CheckOptions check;
    ReportOptions report;
  };
  const auto options = std::make_shared<Options>();
  CLI::App& command = *program.add_subcommand("check", "Four checks: free energy, KL in many dimensions, closed form, gradient");
  add_seed_option(command, options->check.seed);
  command
      .add_option_function<std::string>(
          "--models",
          [options](const std::string& text) {
            const std::uint64_t models = parse_count(text, "--models", 1);
            if (models > 1'000'000) throw InputError(fmt::format("--models: {} is too many; give at most 1000000", models));
            options->check.models = static_cast<int>(models);
          },
          "Number of random models and q in (a) and (b) [200]")
      ->type_name("N");
  command
      .add_option_function<std::string>(
          "--plant",
          [options](const std::string& letter) {
            if (letter.size() != 1 || letter[0] < 'a' || letter[0] > 'd')
              throw InputError(fmt::format("--plant: `{}` is no check; choose a, b, c or d", letter));
            options->check.fault_in = letter[0];
          },
          "Plant a relative fault of 1e-9 in one formula of this check, to see it fail")
      ->type_name("a|b|c|d");
  add_report_options(command, options->report);
  command.footer("Exit status 1 if a check fails.\nExample: vae_kl check\nExample: vae_kl check --plant c; echo $?");
  command.callback([options, &status] {
    check_writable(options->report.output);
    const std::vector<CheckLine> lines = check(options->check);
    if (!all_passed(lines)) status = 1;
    switch (options->report.format) {
      case Format::table:
        return write_report(options->report, table(lines));
      case Format::json:
        return write_report(options->report, json(lines));
      case Format::csv:
        return write_report(options->report, csv(lines));
    }
  });
}

}  // namespace vae_kl
