// What depends on the compiler, and on how the caller's own file is compiled. Here alone, and in kernels/lane_math.hpp, stand
// attributes and builtins that are no C++ of the standard's (a test holds that): elsewhere they have the names given here, and
// where a compiler has no such thing (MSVC, untested) they stand for nothing.
#pragma once

#include <version>

// What has a std::vector in it is for constant evaluation too, and so for fuse(), where the standard library's vector is: that of
// libstdc++ from 12 on, but not under _GLIBCXX_DEBUG, and that of libc++ from 15 on.
#if defined(__cpp_lib_constexpr_vector) && !defined(_GLIBCXX_DEBUG)
#define WENGERT_CAN_FUSE
#define WENGERT_CONSTEXPR constexpr
#else
#define WENGERT_CONSTEXPR inline
#endif

#if defined(__GNUC__)  // clang says so, too
#define WENGERT_ALWAYS_INLINE [[gnu::always_inline]]
#define WENGERT_NOINLINE [[gnu::noinline]]
#define WENGERT_COLD [[gnu::noinline, gnu::cold]]
#define WENGERT_FLATTEN [[gnu::flatten]]
#define WENGERT_USED [[gnu::used]]
#define WENGERT_UNREACHABLE __builtin_unreachable()
#define WENGERT_COPY(to, from, bytes) __builtin_memcpy(to, from, bytes)
#define WENGERT_CPU_SUPPORTS(set) __builtin_cpu_supports(set)
#elif defined(_MSC_VER)
#define WENGERT_ALWAYS_INLINE
#define WENGERT_NOINLINE __declspec(noinline)
#define WENGERT_COLD __declspec(noinline)
#define WENGERT_FLATTEN
#define WENGERT_USED
#define WENGERT_UNREACHABLE __assume(false)
#else
#define WENGERT_ALWAYS_INLINE
#define WENGERT_NOINLINE
#define WENGERT_COLD
#define WENGERT_FLATTEN
#define WENGERT_USED
#define WENGERT_UNREACHABLE static_cast<void>(0)
#endif

// These have the same names in gcc, clang and MSVC. As functions of the standard library they would be calls where one steps.
#define WENGERT_FILE_HERE __builtin_FILE()
#define WENGERT_LINE_HERE __builtin_LINE()
#define WENGERT_WHILE_COMPILING __builtin_is_constant_evaluated()

// Vectors are the compiler's own; elsewhere, and with WENGERT_NO_VECTORS, they are arrays (kernels/plain_lanes.hpp), and batches
// of fused functions are replayed.
#if defined(__GNUC__) && !defined(WENGERT_NO_VECTORS)
#define WENGERT_VECTORS 1
#define WENGERT_VECTOR_TYPE(Number, Vector, bytes) typedef Number Vector __attribute__((vector_size(bytes)))
#else
#define WENGERT_VECTORS 0
#define WENGERT_VECTOR_TYPE(Number, Vector, bytes) using Vector = PlainLanes<Number, (bytes) / sizeof(Number)>
#endif

// A call that becomes a jump.
#if defined(__clang__) && __has_cpp_attribute(clang::musttail) && !defined(__wasm__)
#define WENGERT_TAIL_CALL [[clang::musttail]] return
#else
#define WENGERT_TAIL_CALL return  // gcc's -foptimize-sibling-calls does it, see CMakeLists.txt
#endif

// Recording an operation is some thirty instructions if they are compiled into the caller, and twice that as a call that takes
// Operands; whether a compiler inlines it should not hang on the size of the caller. Not so unoptimised, where each step stays a
// frame for the debugger, nor with -Os.
#if defined(__OPTIMIZE__) && !defined(__OPTIMIZE_SIZE__)
#define WENGERT_INLINE WENGERT_ALWAYS_INLINE
#else
#define WENGERT_INLINE
#endif
// With WENGERT_SMALL_CODE (0: not, whatever a header thinks), for files full of other libraries' templates, operations are calls,
// and most operators take references (record/small_code.hpp).
#if defined(__OPTIMIZE__) && WENGERT_SMALL_CODE
#define WENGERT_CALLS 1
#define WENGERT_OPERATION WENGERT_NOINLINE
#else
#define WENGERT_CALLS 0
#define WENGERT_OPERATION WENGERT_INLINE
#endif

// Whether a number is data, which seldom repeat, and no literal of the program, which do. Known to an optimiser alone, and where
// recording is in line; elsewhere every number may be a literal.
#if defined(__OPTIMIZE__) && !WENGERT_CALLS
#define WENGERT_IS_DATA(number) (!__builtin_constant_p(number))
#else
#define WENGERT_IS_DATA(number) false
#endif

// A product that is not contracted with a sum to one operation: that would give other special values than the two of them where
// the product overflows. Clang contracts within an expression only, so the products that are one statement are safe; gcc is told.
#if defined(__GNUC__) && !defined(__clang__) && __has_builtin(__builtin_assoc_barrier)  // from gcc 12 on
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

// Whether this file is optimised, and straight-line code on vectors worth while: asked where a call is written, since files of
// both kinds meet in one program.
#if defined(__OPTIMIZE__) && WENGERT_VECTORS
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
