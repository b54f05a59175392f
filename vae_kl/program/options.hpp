// Groups of options that several commands share, and what they fill in.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace vae_kl {

enum class Format { table, json, csv };

/// --format table|json|csv, --output FILE, --quiet: where the report goes and what it looks like.
struct ReportOptions {
  Format format = Format::table;
  std::string output;  ///< empty for stdout
  bool quiet = false;  ///< nothing on stdout: the exit status tells
};
void add_report_options(CLI::App& command, ReportOptions& options);

/// --samples, --seed, --threads.
struct SamplingOptions {
  std::uint64_t samples = 100'000;
  std::uint64_t seed = 1;
  int threads = 0;  ///< 0 for one per processor
};
void add_sampling_options(CLI::App& command, SamplingOptions& options);
void add_seed_option(CLI::App& command, std::uint64_t& seed);

/// q = N(mu, sigma^2) in each dimension.
struct Parameters {
  std::vector<double> mu, sigma;

  std::size_t dimensions() const { return mu.size(); }
};
/// --mu, --sigma and --params. Fills in `parameters` when the command's callback calls `checked`.
struct ParameterOptions {
  std::string mu, sigma, file;
};
void add_parameter_options(CLI::App& command, ParameterOptions& options);
/// The parameters that the options mean: the file's, those of --mu and --sigma, or mu = 0.5,-1,2 and sigma = 0.8,1,0.3.
/// Throws InputError: lengths that differ, sigma <= 0, and all that can be wrong with numbers and files.
Parameters checked(const ParameterOptions& options);

}  // namespace vae_kl
