// What depends on how the caller's own file is compiled.
#pragma once

// Recording an operation is some thirty instructions if they are compiled into the caller, and twice that as a call, since
// operands then go through memory; whether a compiler inlines it should not hang on the size of the caller. Not so unoptimised,
// where each step stays a frame for the debugger, nor where the user wants small code.
#if defined(__OPTIMIZE__) && !defined(__OPTIMIZE_SIZE__)
#define WENGERT_INLINE [[gnu::always_inline]]
#else
#define WENGERT_INLINE
#endif

// Whether a tape keeps the source line of every node unless told otherwise.
#ifndef WENGERT_KEEP_LOCATIONS
#ifdef NDEBUG
#define WENGERT_KEEP_LOCATIONS false
#else
#define WENGERT_KEEP_LOCATIONS true
#endif
#endif
