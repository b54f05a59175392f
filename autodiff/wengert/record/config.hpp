// What depends on how the caller's own file is compiled.
#pragma once

// Recording an operation is some thirty instructions if they are compiled into the caller, and twice that as a call, since
// operands then go through memory; whether a compiler inlines it should not hang on the size of the caller. Not so unoptimised,
// where each step stays a frame for the debugger, nor where the user wants small code: -Os, or WENGERT_SMALL_CODE for files full
// of other libraries' templates, which then compile in a third of the time.
#if defined(__OPTIMIZE__) && !defined(__OPTIMIZE_SIZE__) && !defined(WENGERT_SMALL_CODE)
#define WENGERT_INLINE [[gnu::always_inline]]
#else
#define WENGERT_INLINE
#endif

// Whether a number is data, which seldom repeat, and no literal of the program, which do. Known to an optimiser alone; where
// there is none, every number may be a literal.
#ifdef __OPTIMIZE__
#define WENGERT_IS_DATA(number) (!__builtin_constant_p(number))
#else
#define WENGERT_IS_DATA(number) false
#endif

// A product that is not contracted with a sum to one operation: that would give other special values than the two of them where
// the product overflows. Clang contracts within an expression only, so the products that are one statement are safe; gcc is told.
#if defined(__GNUC__) && !defined(__clang__)
#define WENGERT_ROUNDED(product) __builtin_assoc_barrier(product)
#else
#define WENGERT_ROUNDED(product) (product)
#endif
// The same for a number that gcc may put into a vector with others: there it forgets the barrier (as of version 12), but not what
// has been in a register of its own.
#if defined(__GNUC__) && !defined(__clang__) && defined(__FP_FAST_FMA)
#if defined(__x86_64__) || defined(__i386__)
#define WENGERT_ROUND(number) asm("" : "+x"(number))
#elif defined(__aarch64__)
#define WENGERT_ROUND(number) asm("" : "+w"(number))
#else
#define WENGERT_ROUND(number) asm("" : "+m"(number))
#endif
#else
#define WENGERT_ROUND(number) static_cast<void>(0)
#endif

// Whether this file is optimised: asked where a call is written, since files of both kinds meet in one program.
#ifdef __OPTIMIZE__
#define WENGERT_OPTIMISED true
#else
#define WENGERT_OPTIMISED false
#endif

// Whether a tape keeps the source line of every node unless told otherwise.
#ifndef WENGERT_KEEP_LOCATIONS
#ifdef NDEBUG
#define WENGERT_KEEP_LOCATIONS false
#else
#define WENGERT_KEEP_LOCATIONS true
#endif
#endif
