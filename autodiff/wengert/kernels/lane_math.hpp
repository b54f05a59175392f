// What a vector register can do beyond + - * / and comparisons: native instructions and SLEEF's functions, as overloads on the
// compiler's vector types. Inside the library only.
//
// Everything here is static: each source file has its own copy, compiled with its own flags. Of SLEEF's variants these are the
// deterministic ones: they choose between ranges lane by lane, where the others choose for the whole register, so that a
// result would depend on its neighbours. The `finz` family uses fused multiply-add, so AVX2 and AVX-512 agree bit for bit.
#pragma once

#include "wengert/kernels/plain_lanes.hpp"
#include "wengert/operations.hpp"
#include "wengert/record/config.hpp"

#if WENGERT_VECTORS && defined(__x86_64__)
#include <immintrin.h>
#endif
#if WENGERT_VECTORS && WENGERT_HAS_SLEEF
#define WENGERT_LANES_BY_SLEEF 1
#include <sleef.h>
#endif

// X(function, rule, SLEEF's accuracy, where SLEEF is trusted: double from, to, float from, to). One ulp is u10. Outside, there
// are overflow, NaN and the edges of the domain, which the standard library decides. Trigonometric functions of large arguments
// are slower in SLEEF than one by one, since every lane then takes the long reduction.
#define WENGERT_LANE_FUNCTIONS_OF_ONE(X)                               \
  X(cbrt, Cbrt, u10, -1.7e308, 1.7e308, -3.4e38, 3.4e38)               \
  X(exp, Exp, u10, -1.7e308, 709.7, -3.4e38, 88.7)                     \
  X(exp2, Exp2, u10, -1.7e308, 1023.9, -3.4e38, 127.9)                 \
  X(expm1, Expm1, u10, -1.7e308, 709.7, -3.4e38, 88.7)                 \
  X(log, Log, u10, 2.3e-308, 1.7e308, 1.2e-38, 3.4e38)                 \
  X(log2, Log2, u10, 2.3e-308, 1.7e308, 1.2e-38, 3.4e38)               \
  X(log10, Log10, u10, 2.3e-308, 1.7e308, 1.2e-38, 3.4e38)             \
  X(log1p, Log1p, u10, -0.9999999, 1e300, -0.999, 1e37)                \
  X(sin, Sin, u10, -1e14, 1e14, -3e4, 3e4)                             \
  X(cos, Cos, u10, -1e14, 1e14, -3e4, 3e4)                             \
  X(tan, Tan, u10, -1e14, 1e14, -3e4, 3e4)                             \
  X(asin, Asin, u10, -1, 1, -1, 1)                                     \
  X(acos, Acos, u10, -1, 1, -1, 1)                                     \
  X(atan, Atan, u10, -1.7e308, 1.7e308, -3.4e38, 3.4e38)               \
  X(sinh, Sinh, u10, -708, 708, -87, 87)                               \
  X(cosh, Cosh, u10, -708, 708, -87, 87)                               \
  X(tanh, Tanh, u10, -1.7e308, 1.7e308, -3.4e38, 3.4e38)               \
  X(asinh, Asinh, u10, -1e150, 1e150, -1e18, 1e18)                     \
  X(acosh, Acosh, u10, 1, 1e150, 1, 1e18)                              \
  X(atanh, Atanh, u10, -0.9999999999, 0.9999999999, -0.99999, 0.99999) \
  X(erf, Erf, u10, -1.7e308, 1.7e308, -3.4e38, 3.4e38)                 \
  X(erfc, Erfc, u15, -1.7e308, 26, -3.4e38, 9)
// X(function, rule, accuracy)
#define WENGERT_LANE_FUNCTIONS_OF_TWO(X) \
  X(pow, Pow, u10)                       \
  X(atan2, Atan2, u10)                   \
  X(hypot, Hypot, u05)

#pragma GCC visibility push(hidden)  // kernels leave no library
namespace wengert::detail {

/// Computes the operation in the lanes whose bit is set, one at a time, by the rules of ops.hpp on plain numbers. It is compiled
/// for the baseline.
template <class T>
void scalar_lanes(Op op, T* result, const T* x, const T* y, const T* z, unsigned lanes);

namespace lane_math {

#if WENGERT_VECTORS
static inline double fma(double x, double y, double z) { return __builtin_fma(x, y, z); }
static inline float fma(float x, float y, float z) { return __builtin_fmaf(x, y, z); }
static inline double sqrt(double x) { return __builtin_sqrt(x); }
static inline float sqrt(float x) { return __builtin_sqrtf(x); }
static inline bool signbit(double x) { return __builtin_signbit(x) != 0; }
/// Lane by lane x where the mask is set, y elsewhere.
template <class Mask, class Vector>
static inline Vector choose(Mask mask, Vector x, Vector y) {
  return mask ? x : y;
}
template <class To, class From>
static inline To converted(From x) {
  return __builtin_convertvector(x, To);
}
#else
using std::fma, std::sqrt, std::signbit;
template <class Mask, class Vector>
static inline Vector choose(Mask mask, Vector x, Vector y) {
  for (unsigned k = 0; k < sizeof x / sizeof x[0]; ++k) x[k] = mask[k] != 0 ? x[k] : y[k];
  return x;
}
template <class To, class From>
static inline To converted(From x) {
  To result;
  for (unsigned k = 0; k < sizeof x / sizeof x[0]; ++k) result[k] = x[k];
  return result;
}
#endif
/// Lane by lane, where the compiler makes one instruction of it or there is none.
template <class Vector>
static inline Vector fma_by_lane(Vector x, Vector y, Vector z) {
  for (unsigned k = 0; k < sizeof x / sizeof x[0]; ++k) x[k] = fma(x[k], y[k], z[k]);
  return x;
}

// signs: one bit per lane.
#if WENGERT_VECTORS && defined(__x86_64__)
static inline __m128d sqrt(__m128d x) { return _mm_sqrt_pd(x); }
static inline __m128 sqrt(__m128 x) { return _mm_sqrt_ps(x); }
static inline __m128d fma(__m128d x, __m128d y, __m128d z) { return fma_by_lane(x, y, z); }
static inline __m128 fma(__m128 x, __m128 y, __m128 z) { return fma_by_lane(x, y, z); }
static inline unsigned signs(__m128d x) { return static_cast<unsigned>(_mm_movemask_pd(x)); }
static inline unsigned signs(__m128 x) { return static_cast<unsigned>(_mm_movemask_ps(x)); }
#if defined(__AVX2__)
static inline __m256d sqrt(__m256d x) { return _mm256_sqrt_pd(x); }
static inline __m256 sqrt(__m256 x) { return _mm256_sqrt_ps(x); }
static inline __m256d fma(__m256d x, __m256d y, __m256d z) { return _mm256_fmadd_pd(x, y, z); }
static inline __m256 fma(__m256 x, __m256 y, __m256 z) { return _mm256_fmadd_ps(x, y, z); }
static inline unsigned signs(__m256d x) { return static_cast<unsigned>(_mm256_movemask_pd(x)); }
static inline unsigned signs(__m256 x) { return static_cast<unsigned>(_mm256_movemask_ps(x)); }
#endif
#if defined(__AVX512DQ__)
// gcc 12 warns of an uninitialised value inside _mm512_sqrt_pd; the masked form, with every lane on, is the same instruction
static inline __m512d sqrt(__m512d x) { return _mm512_maskz_sqrt_pd(0xff, x); }
static inline __m512 sqrt(__m512 x) { return _mm512_maskz_sqrt_ps(0xffff, x); }
static inline __m512d fma(__m512d x, __m512d y, __m512d z) { return _mm512_fmadd_pd(x, y, z); }
static inline __m512 fma(__m512 x, __m512 y, __m512 z) { return _mm512_fmadd_ps(x, y, z); }
static inline unsigned signs(__m512d x) { return _mm512_movepi64_mask(_mm512_castpd_si512(x)); }
static inline unsigned signs(__m512 x) { return _mm512_movepi32_mask(_mm512_castps_si512(x)); }
#endif
#else
WENGERT_VECTOR_TYPE(double, Doubles, 16);
WENGERT_VECTOR_TYPE(float, Floats, 16);
template <class Vector>
static inline Vector sqrt_by_lane(Vector x) {
  for (unsigned k = 0; k < sizeof x / sizeof x[0]; ++k) x[k] = sqrt(x[k]);
  return x;
}
template <class Vector>
static inline unsigned signs_by_lane(Vector x) {
  unsigned bits = 0;
  for (unsigned k = 0; k < sizeof x / sizeof x[0]; ++k) bits |= static_cast<unsigned>(signbit(x[k])) << k;
  return bits;
}
static inline Doubles sqrt(Doubles x) { return sqrt_by_lane(x); }
static inline Floats sqrt(Floats x) { return sqrt_by_lane(x); }
static inline Doubles fma(Doubles x, Doubles y, Doubles z) { return fma_by_lane(x, y, z); }
static inline Floats fma(Floats x, Floats y, Floats z) { return fma_by_lane(x, y, z); }
static inline unsigned signs(Doubles x) { return signs_by_lane(x); }
static inline unsigned signs(Floats x) { return signs_by_lane(x); }
#endif

#if WENGERT_LANES_BY_SLEEF

#define WENGERT_ONE(Vector, function, sleef) \
  static inline Vector function(Vector x) { return sleef(x); }
#define WENGERT_TWO(Vector, function, sleef) \
  static inline Vector function(Vector x, Vector y) { return sleef(x, y); }

#if defined(__x86_64__)
#define WENGERT_X(function, Rule, accuracy, ...)                             \
  WENGERT_ONE(__m128d, function, Sleef_cinz_##function##d2_##accuracy##sse2) \
  WENGERT_ONE(__m128, function, Sleef_cinz_##function##f4_##accuracy##sse2)
WENGERT_LANE_FUNCTIONS_OF_ONE(WENGERT_X)
#undef WENGERT_X
#define WENGERT_X(function, Rule, accuracy)                                  \
  WENGERT_TWO(__m128d, function, Sleef_cinz_##function##d2_##accuracy##sse2) \
  WENGERT_TWO(__m128, function, Sleef_cinz_##function##f4_##accuracy##sse2)
WENGERT_LANE_FUNCTIONS_OF_TWO(WENGERT_X)
#undef WENGERT_X
static inline auto sincos(__m128 x) { return Sleef_cinz_sincosf4_u10sse2(x); }
static inline auto sincos(__m128d x) { return Sleef_cinz_sincosd2_u10sse2(x); }
#if defined(__AVX2__)
#define WENGERT_X(function, Rule, accuracy, ...)                             \
  WENGERT_ONE(__m256d, function, Sleef_finz_##function##d4_##accuracy##avx2) \
  WENGERT_ONE(__m256, function, Sleef_finz_##function##f8_##accuracy##avx2)
WENGERT_LANE_FUNCTIONS_OF_ONE(WENGERT_X)
#undef WENGERT_X
#define WENGERT_X(function, Rule, accuracy)                                  \
  WENGERT_TWO(__m256d, function, Sleef_finz_##function##d4_##accuracy##avx2) \
  WENGERT_TWO(__m256, function, Sleef_finz_##function##f8_##accuracy##avx2)
WENGERT_LANE_FUNCTIONS_OF_TWO(WENGERT_X)
#undef WENGERT_X
static inline auto sincos(__m256 x) { return Sleef_finz_sincosf8_u10avx2(x); }
static inline auto sincos(__m256d x) { return Sleef_finz_sincosd4_u10avx2(x); }
#endif
#if defined(__AVX512F__)
#define WENGERT_X(function, Rule, accuracy, ...)                                \
  WENGERT_ONE(__m512d, function, Sleef_finz_##function##d8_##accuracy##avx512f) \
  WENGERT_ONE(__m512, function, Sleef_finz_##function##f16_##accuracy##avx512f)
WENGERT_LANE_FUNCTIONS_OF_ONE(WENGERT_X)
#undef WENGERT_X
#define WENGERT_X(function, Rule, accuracy)                                     \
  WENGERT_TWO(__m512d, function, Sleef_finz_##function##d8_##accuracy##avx512f) \
  WENGERT_TWO(__m512, function, Sleef_finz_##function##f16_##accuracy##avx512f)
WENGERT_LANE_FUNCTIONS_OF_TWO(WENGERT_X)
#undef WENGERT_X
static inline auto sincos(__m512 x) { return Sleef_finz_sincosf16_u10avx512f(x); }
static inline auto sincos(__m512d x) { return Sleef_finz_sincosd8_u10avx512f(x); }
#endif
#elif defined(__aarch64__)
#define WENGERT_X(function, Rule, accuracy, ...)                                    \
  WENGERT_ONE(float64x2_t, function, Sleef_finz_##function##d2_##accuracy##advsimd) \
  WENGERT_ONE(float32x4_t, function, Sleef_finz_##function##f4_##accuracy##advsimd)
WENGERT_LANE_FUNCTIONS_OF_ONE(WENGERT_X)
#undef WENGERT_X
#define WENGERT_X(function, Rule, accuracy)                                         \
  WENGERT_TWO(float64x2_t, function, Sleef_finz_##function##d2_##accuracy##advsimd) \
  WENGERT_TWO(float32x4_t, function, Sleef_finz_##function##f4_##accuracy##advsimd)
WENGERT_LANE_FUNCTIONS_OF_TWO(WENGERT_X)
#undef WENGERT_X
static inline auto sincos(float32x4_t x) { return Sleef_finz_sincosf4_u10advsimd(x); }
static inline auto sincos(float64x2_t x) { return Sleef_finz_sincosd2_u10advsimd(x); }
#endif
#undef WENGERT_ONE
#undef WENGERT_TWO

#endif

}  // namespace lane_math
}  // namespace wengert::detail
#pragma GCC visibility pop
