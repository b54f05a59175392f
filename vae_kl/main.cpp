// The program vae_kl. What its commands do is in the library beside it, where the tests reach it too.
//
// Exit status: 0 when all is well, 1 when something that should agree does not, 2 for bad usage or input (one line on stderr says
// which value, where, and what to do). Started by mpirun, all ranks end with the same status.
#include <fmt/core.h>

#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "program/command.hpp"
#include "program/launch.hpp"
#include "wengert/error.hpp"

namespace {

using vae_kl::Command;

/// The error on one line, whatever it is made of.
int fail(const std::string& where, std::string message) {
  for (char& c : message)
    if (c == '\n') c = ' ';
  while (message.ends_with(' ')) message.pop_back();
  fmt::print(stderr, "{}: {}\n", where, message);
  return 2;
}

/// What is said of an error.
std::string text_of(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return "out of memory; give fewer dimensions";
  try {
    std::rethrow_if_nested(error);  // on the rank that it comes from: what it was before it was shared
  } catch (const std::exception& inner) {
    return text_of(inner);
  } catch (...) {
  }
  return error.what();
}

/// The same program on several ranks, of which the first alone reads, writes and prints. All return the same status.
int run_on_ranks(const vae_kl::Launch& launch, int argc, char** argv, std::string& where) {
  wengert::Ranks& ranks = *launch.ranks();
  const bool first = ranks.rank() == 0;
  if (!first && std::freopen("/dev/null", "w", stdout) == nullptr) return 2;
  const auto all_know = [&](auto step) { return wengert::gather(ranks, "vae_kl", step); };
  try {
    std::unique_ptr<Command> command;
    all_know([&] {
      command = vae_kl::parse(argc, argv, where);
      return std::vector<char>();
    });
    if (command == nullptr) return 0;
    if (command->shares_out()) {
      command->ranks = &ranks;
      return command->run();
    }
    return all_know([&] { return first ? std::vector{command->run()} : std::vector<int>(); }).front();
  } catch (const wengert::Error& error) {  // all have it
    return first ? fail(where, text_of(error)) : 2;
  } catch (const std::exception& error) {  // the others know nothing of it
    launch.end_all(fail(where, fmt::format("rank {} of {}: {}", ranks.rank(), ranks.count(), text_of(error))));
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::string where;
  try {
    const vae_kl::Launch launch(argc, argv);
    if (launch.ranks() != nullptr) return run_on_ranks(launch, argc, argv, where);
    // Parse first, then run: between main and a rule the stack holds no frame of the parser.
    const std::unique_ptr<Command> command = vae_kl::parse(argc, argv, where);
    return command == nullptr ? 0 : command->run();
  } catch (const std::exception& error) {
    return fail(where, text_of(error));
  }
}
