#include "program/options.hpp"

#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "program/command.hpp"

namespace vae_kl {
namespace {

/// -1,2 and -.5 and -inf: a value, not an option.
bool is_negative_number(std::string_view text) {
  if (text.size() < 2 || text[0] != '-') return false;
  double number;
  return read_number(text.data(), text.data() + text.size(), number).ec != std::errc::invalid_argument;
}

/// The arguments as the parser wants them: with a command in front, and values that begin with a minus tied to their option.
std::vector<std::string> arguments(int argc, const char* const* argv, const char* default_command) {
  std::vector<std::string> result;
  for (int k = 1; k < argc; ++k) {
    const std::string_view argument = argv[k];
    if (k > 1 && is_negative_number(argument) && result.back().starts_with("--") && result.back().find('=') == std::string::npos)
      result.back() += fmt::format("={}", argument);
    else
      result.emplace_back(argument);
  }
  const bool names_command = !result.empty() && !result[0].starts_with('-');
  const bool about_program =
      !result.empty() && (result[0] == "--help" || result[0] == "-h" || result[0] == "--help-all" || result[0] == "--version");
  if (!names_command && !about_program) result.insert(result.begin(), default_command);
  return result;
}

}  // namespace

void Options::parsed(const char* name, const char* type, const std::string& help, std::function<void(const std::string&)> parse) {
  command_.add_option_function<std::string>(name, parse, help)->type_name(type);
}

void Options::refuse(const char* name, const std::string& text, const std::string& otherwise) {
  throw InputError(fmt::format("{}: `{}`{}", name, text, otherwise));
}

void Options::flag(const char* name, const char* help, bool& into) { command_.add_flag(name, into, help); }

void Options::text(const char* name, const char* type, const std::string& help, std::string& into) {
  parsed(name, type, help, [=, &into](const std::string& text) {
    if (text.find_first_not_of(" \t\r\n") == text.npos)
      throw InputError(fmt::format("{}: the value is empty; give {}, or leave the option out", name, type));
    into = text;
  });
}

void Options::number(const char* name, const char* type, const char* help, double& into, std::vector<Limits> limits) {
  parsed(name, type, help, [=, &into](const std::string& text) {
    into = parse_number(text, name);
    for (const Limits& limit : limits)
      if (!(limit.least <= into && into <= limit.most)) throw InputError(fmt::format("{}: {} {}", name, text, limit.otherwise));
  });
}

void Options::seed(std::uint64_t& into) {
  count("--seed", "S", "Seed of the random numbers: the same seed, the same samples [1]", into, 0);
}

void Options::sampling(SamplingOptions& into) {
  count("--samples", "N", "Number of samples, at least 2; 1e9 is fine [100000]", into.samples, 2);
  seed(into.seed);
  count("--threads", "T", "Number of threads; the numbers do not depend on it [one per processor]", into.threads, 1, "1024");
}

void Options::point(Point& into) {
  number("--mu", "M", "Mean of q [0.5]", into.mu);
  number("--sigma", "S", "Standard deviation of q, above 0 [0.8]", into.sigma, {deviation});
  number("--eps", "E", "The sample of N(0, 1) [0.3]", into.eps);
}

void ParameterOptions::declare(Options& options) {
  options.text("--mu", "M,…", "Means of q, one per dimension, between commas [0.5,-1,2]", mu);
  options.text("--sigma", "S,…", "Standard deviations of q, all above 0 [0.8,1,0.3]", sigma);
  options.text("--params", "FILE.csv", "Read mu and sigma from a file: a line of mu,sigma per dimension", file);
}

namespace {

void check_sigma(double sigma, const std::string& where) {
  if (!(sigma > 0)) throw InputError(fmt::format("{}: sigma = {} is a standard deviation and must be above 0", where, sigma));
}

/// Lines of mu,sigma; a first line without any number is a header.
Parameters read_parameters(const std::string& path) {
  Parameters parameters;
  for_each_row(path, [&](std::size_t line, const std::vector<std::string_view>& cells) {
    const auto has_digit = [](std::string_view cell) { return cell.find_first_of("0123456789") != cell.npos; };
    const bool header =
        parameters.mu.empty() && std::none_of(cells.begin(), cells.end(), has_digit) &&
        std::any_of(cells.begin(), cells.end(), [](std::string_view cell) { return cell.find("mu") != cell.npos; });
    if (header) return;
    const std::string row = fmt::format("{}, line {}", path, line);
    if (cells.size() != 2)
      throw InputError(fmt::format("{}: a row has two columns, mu,sigma; this one has {}", row, cells.size()));
    parameters.mu.push_back(parse_number(cells[0], row + ", column 1"));
    parameters.sigma.push_back(parse_number(cells[1], row + ", column 2"));
    check_sigma(parameters.sigma.back(), row + ", column 2");
  });
  if (parameters.mu.empty()) throw InputError(fmt::format("{}: there is a header but no row; add rows of mu,sigma", path));
  return parameters;
}

}  // namespace

Parameters ParameterOptions::checked() const {
  if (!file.empty()) {
    if (!mu.empty() || !sigma.empty())
      throw InputError("--params: the file gives mu and sigma; leave out --mu and --sigma, or --params");
    return read_parameters(file);
  }
  if (mu.empty() && sigma.empty()) return {{0.5, -1, 2}, {0.8, 1, 0.3}};
  if (mu.empty()) throw InputError("--mu is missing: --sigma needs a mu for each dimension");
  if (sigma.empty()) throw InputError("--sigma is missing: --mu needs a sigma for each dimension");
  Parameters parameters{parse_numbers(mu, "--mu"), parse_numbers(sigma, "--sigma")};
  if (parameters.mu.size() != parameters.sigma.size())
    throw InputError(fmt::format("--mu has {} numbers and --sigma {}: give one of each per dimension", parameters.mu.size(),
                                 parameters.sigma.size()));
  for (std::size_t d = 0; d < parameters.sigma.size(); ++d)
    check_sigma(parameters.sigma[d], fmt::format("--sigma, number {}", d + 1));
  return parameters;
}

std::unique_ptr<Command> parse(int argc, const char* const* argv, std::string& where) {
  where = "vae_kl";
  CLI::App program(
      "KL(q || p) of q = N(mu, sigma^2) and p = N(0, 1), and its gradient: by backpropagation through samples, and by hand.",
      where);
  program.footer("Without a command, the first of these runs. `vae_kl COMMAND --help` shows a command's options and an example.");
  program.set_version_flag("--version", "vae_kl " VAE_KL_VERSION);
  program.require_subcommand(1);
  std::vector<std::unique_ptr<Command>> all;
  std::unique_ptr<Command>* chosen = nullptr;
  for (const auto& make : commands) all.push_back(make());
  for (auto& command : all) {
    CLI::App& parser = *program.add_subcommand(command->about.name, command->about.help);
    parser.footer(command->about.footer);
    Options options(parser);
    command->declare(options);
    // Called as soon as the command's name is met, before its options.
    parser.preparse_callback([&](std::size_t) {
      chosen = &command;
      where = std::string("vae_kl ") + command->about.name;
    });
  }
  const std::vector<std::string> words = arguments(argc, argv, all.front()->about.name);
  try {
    program.parse(std::vector<std::string>(words.rbegin(), words.rend()));  // CLI11 takes them from the back
    return std::move(*chosen);
  } catch (const CLI::Success& request) {  // --help, --version
    program.exit(request);
    return nullptr;
  } catch (const CLI::ParseError& error) {
    if (chosen != nullptr || words[0].starts_with('-')) throw InputError(fmt::format("{}; see `{} --help`", error.what(), where));
    std::string names;
    for (const auto& command : all) names += fmt::format(" {}", command->about.name);
    throw InputError(fmt::format("`{}` is no command; the commands are{}", words[0], names));
  }
}

}  // namespace vae_kl
