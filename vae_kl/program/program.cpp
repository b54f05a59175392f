#include "program/program.hpp"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "program/commands.hpp"
#include "program/input.hpp"

namespace vae_kl {
namespace {

/// -1,2 and -.5 and -inf: a value, not an option.
bool is_negative_number(std::string_view text) {
  if (text.size() < 2 || text[0] != '-') return false;
  double number;
  return std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc::invalid_argument;
}

/// The arguments as the parser wants them: with a command in front, and values that begin with a minus tied to their option.
std::vector<std::string> arguments(int argc, const char* const* argv, const std::string& default_command) {
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

/// The error on one line, whatever it is made of.
int fail(const std::string& where, std::string message) {
  for (char& c : message)
    if (c == '\n') c = ' ';
  while (message.ends_with(' ')) message.pop_back();
  fmt::print(stderr, "{}: {}\n", where, message);
  return 2;
}

std::string usage_message(const CLI::ParseError& error, const CLI::App& program, const std::string& where,
                          const std::vector<std::string>& words) {
  if (program.get_subcommands().empty() && !words.empty() && !words[0].starts_with('-')) {
    std::string names;
    for (const CLI::App* command : program.get_subcommands({})) names += fmt::format(" {}", command->get_name());
    return fmt::format("`{}` is no command; the commands are{}", words[0], names);
  }
  return fmt::format("{}; see `{} --help`", error.what(), where);
}

}  // namespace

int run(int argc, const char* const* argv) {
  CLI::App program(
      "KL(q || p) of q = N(mu, sigma^2) and p = N(0, 1), and its gradient: by backpropagation through samples, and by hand.",
      "vae_kl");
  program.footer("Without a command, the first of these runs. `vae_kl COMMAND --help` shows a command's options and an example.");
  program.set_version_flag("--version", "vae_kl " VAE_KL_VERSION);
  program.require_subcommand(1);
  int status = 0;
  for (const auto& add : commands) add(program, status);

  const std::vector<std::string> words = arguments(argc, argv, program.get_subcommands({}).front()->get_name());
  const auto where = [&] {
    const auto chosen = program.get_subcommands();
    return chosen.empty() ? std::string("vae_kl") : "vae_kl " + chosen.front()->get_name();
  };
  try {
    program.parse(std::vector<std::string>(words.rbegin(), words.rend()));  // CLI11 takes them from the back
    return status;
  } catch (const CLI::Success& request) {  // --help, --version
    return program.exit(request);
  } catch (const CLI::ParseError& error) {
    return fail(where(), usage_message(error, program, where(), words));
  } catch (const std::bad_alloc&) {
    return fail(where(), "out of memory; give fewer dimensions");
  } catch (const std::exception& error) {
    return fail(where(), error.what());
  }
}

}  // namespace vae_kl
