#include "random/sobol.hpp"

#include <array>
#include <cmath>

#include "random/random.hpp"

namespace vae_kl {
namespace {

std::uint32_t reversed(std::uint32_t x) {
  x = (x >> 16) | (x << 16);
  x = ((x & 0xff00ff00) >> 8) | ((x & 0x00ff00ff) << 8);
  x = ((x & 0xf0f0f0f0) >> 4) | ((x & 0x0f0f0f0f) << 4);
  x = ((x & 0xcccccccc) >> 2) | ((x & 0x33333333) << 2);
  return ((x & 0xaaaaaaaa) >> 1) | ((x & 0x55555555) << 1);
}

/// A permutation in which each bit depends on the lower ones alone: read from the lowest bit on, a nested uniform scramble. Laine
/// and Karras, "Stratified sampling for stochastic transparency" (2011); Burley, "Practical hash-based Owen scrambling" (2020).
std::uint32_t scrambled(std::uint32_t x, std::uint32_t seed) {
  x += seed;
  for (const std::uint32_t even : {0x6c50b47cu, 0xb82f1e52u, 0xc7afe638u, 0x8d22f6e6u}) x ^= x * even;
  return x;
}

std::array<std::uint32_t, 4> words(const SobolSequence& sequence, std::uint32_t counter, std::uint32_t purpose) {
  return philox({counter, sequence.replicate, static_cast<std::uint32_t>(sequence.stream),
                 static_cast<std::uint32_t>(sequence.stream >> 32) ^ purpose},
                {static_cast<std::uint32_t>(sequence.seed), static_cast<std::uint32_t>(sequence.seed >> 32)});
}
// Streams of fill_normals, which count dimensions, are far below these.
constexpr std::uint32_t scramble = 0xc0000000, within = 0x80000000;

// A digit of the point is a bit of i, the lowest first: with m_k = 1, direction number k is 2^-k. So i is the point read
// backwards.
std::uint32_t interval_of(std::uint32_t i, std::uint32_t seed, int log_points) {
  return log_points == 0 ? 0 : reversed(scrambled(i, seed)) >> (32 - log_points);
}

template <std::size_t size>
double polynomial(const std::array<double, size>& coefficients, double x) {
  double sum = coefficients[size - 1];
  for (std::size_t k = size - 1; k-- > 0;) sum = sum * x + coefficients[k];
  return sum;
}

}  // namespace

// Wichura, "Algorithm AS 241: the percentage points of the normal distribution" (1988), PPND16: rational functions of degree 7.
double lower_normal_quantile(double p) {
  constexpr std::array a{3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
                         4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3};
  constexpr std::array b{1.0,
                         4.2313330701600911252e1,
                         6.8718700749205790830e2,
                         5.3941960214247511077e3,
                         2.1213794301586595867e4,
                         3.9307895800092710610e4,
                         2.8729085735721942674e4,
                         5.2264952788528545610e3};
  constexpr std::array c{1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
                         3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
                         2.27238449892691845833e-2, 7.74545014278341407640e-4};
  constexpr std::array d{1.0,
                         2.05319162663775882187e0,
                         1.67638483018380384940e0,
                         6.89767334985100004550e-1,
                         1.48103976427480074590e-1,
                         1.51986665636164571966e-2,
                         5.47593808499534494600e-4,
                         1.05075007164441684324e-9};
  constexpr std::array e{6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                         2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                         2.71155556874348757815e-5, 2.01033439929228813265e-7};
  constexpr std::array f{1.0,
                         5.99832206555887937690e-1,
                         1.36929880922735805310e-1,
                         1.48753612908506148525e-2,
                         7.86869131145613259100e-4,
                         1.84631831751005468180e-5,
                         1.42151175831644588870e-7,
                         2.04426310338993978564e-15};
  const double q = p - 0.5;
  if (q >= -0.425) {
    const double r = 0.180625 - q * q;
    return q * (polynomial(a, r) / polynomial(b, r));
  }
  const double r = std::sqrt(-std::log(p));
  if (r <= 5) return -polynomial(c, r - 1.6) / polynomial(d, r - 1.6);
  return -polynomial(e, r - 5) / polynomial(f, r - 5);
}

std::uint32_t interval(const SobolSequence& sequence, std::uint32_t i) {
  return interval_of(i, words(sequence, 0, scramble)[0], sequence.log_points);
}

void fill_sobol_normals(const SobolSequence& sequence, std::uint64_t first, std::span<double> normals) {
  const std::uint32_t seed = words(sequence, 0, scramble)[0];
  const std::uint64_t last = (std::uint64_t{1} << sequence.log_points) - 1;
  const double width = std::ldexp(1.0, -sequence.log_points);
  std::array<std::uint32_t, 4> random{};  // of two points
  for (std::size_t k = 0; k < normals.size(); ++k) {
    const std::uint64_t i = first + k;
    if (k == 0 || i % 2 == 0) random = words(sequence, static_cast<std::uint32_t>(i / 2), within);
    const std::uint64_t bits = std::uint64_t{random[2 * (i % 2)]} << 32 | random[2 * (i % 2) + 1];
    // In the middle of a cell of 2^-52 of the interval, so that it is never 0 or 1, and no nearer to one than to the other. Below
    // 2^-log_points the scramble is random outright: an interval has one point, so nothing nests there.
    const double uniform = (static_cast<double>(bits >> 12) + 0.5) * 0x1p-52;
    const std::uint64_t at = interval_of(static_cast<std::uint32_t>(i), seed, sequence.log_points);
    // Measured from the nearer end, which keeps the digits of either tail.
    const bool lower = at < last - at || (at == last - at && uniform <= 0.5);
    const double p =
        lower ? (static_cast<double>(at) + uniform) * width : (static_cast<double>(last - at) + (1 - uniform)) * width;
    const double x = lower_normal_quantile(p);
    normals[k] = lower ? x : -x;
  }
}

}  // namespace vae_kl
