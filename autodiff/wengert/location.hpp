// Where in the user's source something was recorded: a file and a line, both known to the compiler.
#pragma once

#include "wengert/record/config.hpp"

namespace wengert {

/// A place in the source: `file` and `line`. `line == 0` means unknown. Costs nothing to make: both fields are compile-time
/// constants.
// std::source_location would do, but clang 14 has none; the builtins behind it work in every supported compiler.
struct Location {
  const char* file = "";
  unsigned line = 0;

  /// The place of the call; as a default argument, that of the caller.
  static constexpr Location current(const char* file = WENGERT_FILE_HERE, unsigned line = WENGERT_LINE_HERE) {
    return {file, line};
  }
  /// Whether it says where.
  constexpr bool known() const { return line != 0; }
};

}  // namespace wengert
