// Where in the user's source something was recorded: a file and a line, both known to the compiler.
#pragma once

// Recording an operation is some thirty instructions if they are compiled into the caller, and twice that as a call, since
// operands then go through memory; whether a compiler inlines it should not hang on the size of the caller. Not so unoptimised,
// where each step stays a frame for the debugger, nor where the user wants small code.
#if defined(__OPTIMIZE__) && !defined(__OPTIMIZE_SIZE__)
#define WENGERT_INLINE [[gnu::always_inline]]
#else
#define WENGERT_INLINE
#endif

namespace wengert {

/// A place in the source. `line == 0` means unknown. Costs nothing to make: both fields are compile-time constants.
// std::source_location would do, but clang 14 has none; the builtins behind it work in every supported compiler.
struct Location {
  const char* file = "";
  unsigned line = 0;

  static constexpr Location current(const char* file = __builtin_FILE(), unsigned line = __builtin_LINE()) {
    return {file, line};
  }
  constexpr bool known() const { return line != 0; }
};

}  // namespace wengert
