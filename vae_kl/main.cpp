// The program vae_kl. What its commands do is in the library beside it, where the tests reach it too.
//
// Exit status: 0 when all is well, 1 when something that should agree does not, 2 for bad usage or input (one line on stderr says
// which value, where, and what to do).
#include <fmt/core.h>

#include <cstdio>
#include <new>

#include "program/command.hpp"

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

int main(int argc, char** argv) {
  std::string where;
  try {
    // Parse first, then run: between main and a rule the stack holds no frame of the parser.
    const std::unique_ptr<vae_kl::Command> command = vae_kl::parse(argc, argv, where);
    return command == nullptr ? 0 : command->run();
  } catch (const std::bad_alloc&) {
    return fail(where, "out of memory; give fewer dimensions");
  } catch (const std::exception& error) {
    return fail(where, error.what());
  }
}
