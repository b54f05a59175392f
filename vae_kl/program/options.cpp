#include "program/options.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "program/input.hpp"

namespace vae_kl {

void add_report_options(CLI::App& command, ReportOptions& options) {
  static const std::map<std::string, Format> formats{{"table", Format::table}, {"json", Format::json}, {"csv", Format::csv}};
  command
      .add_option_function<std::string>(
          "--format",
          [&options](const std::string& name) {
            const auto found = formats.find(name);
            if (found == formats.end())
              throw InputError(fmt::format("--format: `{}` is no format; choose table, json or csv", name));
            options.format = found->second;
          },
          "Shape of the report: table (for people), json or csv [table]")
      ->type_name("NAME");
  command.add_option("--output", options.output, "Write the report to this file, all of it or nothing [stdout]")
      ->type_name("FILE");
  command.add_flag("--quiet", options.quiet, "Print nothing; the exit status tells (--output is still written)");
}

void add_seed_option(CLI::App& command, std::uint64_t& seed) {
  command
      .add_option_function<std::string>(
          "--seed", [&seed](const std::string& text) { seed = parse_count(text, "--seed", 0); },
          "Seed of the random numbers: the same seed, the same samples [1]")
      ->type_name("S");
}

void add_sampling_options(CLI::App& command, SamplingOptions& options) {
  command
      .add_option_function<std::string>(
          "--samples", [&options](const std::string& text) { options.samples = parse_count(text, "--samples", 2); },
          "Number of samples, at least 2; 1e9 is fine [100000]")
      ->type_name("N");
  add_seed_option(command, options.seed);
  command
      .add_option_function<std::string>(
          "--threads",
          [&options](const std::string& text) {
            const std::uint64_t threads = parse_count(text, "--threads", 1);
            if (threads > 1024) throw InputError(fmt::format("--threads: {} is too many; give at most 1024", threads));
            options.threads = static_cast<int>(threads);
          },
          "Number of threads; the numbers do not depend on it [one per processor]")
      ->type_name("T");
}

void add_parameter_options(CLI::App& command, ParameterOptions& options) {
  command.add_option("--mu", options.mu, "Means of q, one per dimension, between commas [0.5,-1,2]")->type_name("M,…");
  command.add_option("--sigma", options.sigma, "Standard deviations of q, all above 0 [0.8,1,0.3]")->type_name("S,…");
  command.add_option("--params", options.file, "Read mu and sigma from a file: a line of mu,sigma per dimension")
      ->type_name("FILE.csv");
}

namespace {

void check_sigma(double sigma, const std::string& where) {
  if (!(sigma > 0)) throw InputError(fmt::format("{}: sigma = {} is a standard deviation and must be above 0", where, sigma));
}

/// Lines of mu,sigma; a first line without any number is a header.
Parameters read_parameters(const std::string& path) {
  std::string text = read_text_file(path);
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);  // the mark that some spreadsheets put in front
  Parameters parameters;
  std::size_t line = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view row = std::string_view(text).substr(begin, end - begin);
    begin = end + 1;
    ++line;
    if (row.find_first_not_of(" \t\r") == row.npos) continue;
    const std::size_t comma = row.find(',');
    const bool header = parameters.mu.empty() && row.find_first_of("0123456789") == row.npos && row.find("mu") != row.npos;
    if (header) continue;
    if (comma == row.npos || row.find(',', comma + 1) != row.npos)
      throw InputError(fmt::format("{}, line {}: a row has two columns, mu,sigma; this one has {}", path, line,
                                   1 + std::count(row.begin(), row.end(), ',')));
    const std::string at_sigma = fmt::format("{}, line {}, column 2", path, line);
    parameters.mu.push_back(parse_number(row.substr(0, comma), fmt::format("{}, line {}, column 1", path, line)));
    parameters.sigma.push_back(parse_number(row.substr(comma + 1), at_sigma));
    check_sigma(parameters.sigma.back(), at_sigma);
  }
  if (parameters.mu.empty()) throw InputError(fmt::format("{}: there is a header but no row; add rows of mu,sigma", path));
  return parameters;
}

}  // namespace

Parameters checked(const ParameterOptions& options) {
  if (!options.file.empty()) {
    if (!options.mu.empty() || !options.sigma.empty())
      throw InputError("--params: the file gives mu and sigma; leave out --mu and --sigma, or --params");
    return read_parameters(options.file);
  }
  if (options.mu.empty() && options.sigma.empty()) return {{0.5, -1, 2}, {0.8, 1, 0.3}};
  if (options.mu.empty()) throw InputError("--mu is missing: --sigma needs a mu for each dimension");
  if (options.sigma.empty()) throw InputError("--sigma is missing: --mu needs a sigma for each dimension");
  Parameters parameters{parse_numbers(options.mu, "--mu"), parse_numbers(options.sigma, "--sigma")};
  if (parameters.mu.size() != parameters.sigma.size())
    throw InputError(fmt::format("--mu has {} numbers and --sigma {}: give one of each per dimension", parameters.mu.size(),
                                 parameters.sigma.size()));
  for (std::size_t d = 0; d < parameters.sigma.size(); ++d)
    check_sigma(parameters.sigma[d], fmt::format("--sigma, number {}", d + 1));
  return parameters;
}

}  // namespace vae_kl
