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

// Whether a number is data, which seldom repeat, and no literal of the program, which do. Known to an optimiser alone; where there
// is none, every number may be a literal.
#ifdef __OPTIMIZE__
#define WENGERT_IS_DATA(number) (!__builtin_constant_p(number))
#else
#define WENGERT_IS_DATA(number) false
#endif

// Keeps a product from being contracted with a sum to one operation: that would give other special values than the two of them
// where the product overflows. It costs no instruction.
#if defined(__GNUC__) && !defined(__clang__) && (defined(__x86_64__) || defined(__i386__)) && defined(__FMA__)
#define WENGERT_ROUNDED(product) asm("" : "+x"(product))
#elif defined(__GNUC__) && !defined(__clang__) && defined(__aarch64__)
#define WENGERT_ROUNDED(product) asm("" : "+w"(product))
#else
#define WENGERT_ROUNDED(product) static_cast<void>(0)
#endif

// Whether a tape keeps the source line of every node unless told otherwise.
#ifndef WENGERT_KEEP_LOCATIONS
#ifdef NDEBUG
#define WENGERT_KEEP_LOCATIONS false
#else
#define WENGERT_KEEP_LOCATIONS true
#endif
#endif
