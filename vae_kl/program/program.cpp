#include "program/program.hpp"

#include <fmt/core.h>

#include <cstdio>
#include <new>
#include <vector>

#include "program/command.hpp"

namespace vae_kl {
namespace {

/// The error on one line, whatever it is made of.
int fail(const std::string& where, std::string message) {
  for (char& c : message)
    if (c == '\n') c = ' ';
  while (message.ends_with(' ')) message.pop_back();
  fmt::print(stderr, "{}: {}\n", where, message);
  return 2;
}

}  // namespace

int run(int argc, const char* const* argv) {
  std::string where;
  try {
    std::vector<std::unique_ptr<Command>> all;
    for (const auto& make : commands) all.push_back(make());
    // Parse first, then run: below a command the stack holds no frame of the parser.
    Command* const command = parse(argc, argv, all, where);
    return command == nullptr ? 0 : command->run();
  } catch (const std::bad_alloc&) {
    return fail(where, "out of memory; give fewer dimensions");
  } catch (const std::exception& error) {
    return fail(where, error.what());
  }
}

}  // namespace vae_kl
