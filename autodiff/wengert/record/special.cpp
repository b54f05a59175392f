// Special functions of plain numbers that the standard library lacks, by published formulas; numbers in brackets are equations of
// the NIST Digital Library of Mathematical Functions (https://dlmf.nist.gov).
#include <math.h>  // lgamma_r

#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "wengert/ops.hpp"

namespace wengert::detail::special {
namespace {

constexpr double pi = std::numbers::pi;
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// Bernoulli numbers B_2, B_4, …
constexpr double bernoulli[] = {1.0 / 6, -1.0 / 30,     1.0 / 42,      -1.0 / 30,       5.0 / 66,       -691.0 / 2730,
                                7.0 / 6, -3617.0 / 510, 43867.0 / 798, -174611.0 / 330, 854513.0 / 138, -236364091.0 / 2730};

/// From here on an asymptotic series with those numbers has all digits: its first term left out is below 2^-55.
constexpr double far = 16;

/// Digamma at x >= far [5.11.2].
double digamma_far(double x) {
  const double u = 1 / (x * x);
  double tail = 0;
  for (int k = 12; k-- > 0;) tail = tail * u + bernoulli[k] / (2 * k + 2);
  return std::log(x) - 0.5 / x - tail * u;
}

/// The derivative of order n >= 1 at x > 0, without its sign (-1)^(n+1): [5.15.1] up to where its asymptotic series [5.15.8] is
/// good.
double polygamma_above(int n, double x) {
  const double factorial = std::tgamma(n + 1.0), good = far + n;
  double sum = 0;
  for (; x < good; x += 1) sum += std::pow(x, -n - 1);
  // in units of n! / x^n
  double term = 1 / x / x, series = 0.5 / x + 1.0 / n;  // term: (2k+n-1)! / ((2k)! n! x^(2k)), for k = 1 on
  for (int k = 1; k <= 12; ++k) {
    term *= k == 1 ? (n + 1) / 2.0 : (2 * k + n - 1.0) * (2 * k + n - 2.0) / ((2.0 * k) * (2 * k - 1)) / (x * x);
    series += bernoulli[k - 1] * term;
  }
  // the power in two parts: by itself it may underflow where its product with the factorial does not
  return factorial * sum + factorial * std::pow(x, -(n / 2)) * series * std::pow(x, n / 2 - n);
}

/// The n-th derivative of pi cot(pi x), by polynomials in the cotangent.
double cotangent_derivative(int n, double x) {
  const double c = 1 / std::tan(pi * (x - std::round(x)));
  std::array<double, 24> polynomial{0, 1};
  double scale = pi;
  for (int order = 0; order < n; ++order) {
    std::array<double, 24> next{};
    for (std::size_t k = 1; k < polynomial.size() - 1; ++k) {
      next[k - 1] -= static_cast<double>(k) * polynomial[k];
      next[k + 1] -= static_cast<double>(k) * polynomial[k];
    }
    polynomial = next;
    scale *= pi;
  }
  double value = 0;
  for (std::size_t k = polynomial.size(); k-- > 0;) value = value * c + polynomial[k];
  return scale * value;
}

}  // namespace

namespace {
/// digamma(b) - digamma(a), where `step` is b - a. By the recurrence [5.5.2] it is the step times the sum of 1 / ((a + k)(b + k))
/// up to where the asymptotic series is good, whose differences have that factor too: nothing cancels.
double digamma_between(double a, double b, double step) {
  double near = 0;
  for (; a < far || b < far; a += 1, b += 1) near += step / a / b;  // a b may underflow
  // b^-2k - a^-2k by powers of u = a^-2 and v = b^-2, whose difference is step (a + b) u v
  const double u = 1 / (a * a), v = 1 / (b * b);
  double sum = 0, powers = 1, power_of_v = 1;  // powers: u^(k-1) + u^(k-2) v + … + v^(k-1)
  for (int k = 1; k <= 12; ++k) {
    sum += bernoulli[k - 1] / (2 * k) * powers;
    power_of_v *= v;
    powers = powers * u + power_of_v;
  }
  return near + step / a / b * (0.5 + sum * (1 / a + 1 / b)) + std::log1p(step / a);
}
}  // namespace

double digamma_step(double x, double step) { return digamma_between(x, x + step, step); }

double lgamma(double x) {
#if defined(__GLIBC__) || defined(__APPLE__)
  int sign;  // the C library's own would be one variable for all threads
  return ::lgamma_r(x, &sign);
#else
  return std::lgamma(x);
#endif
}

double tgamma(double x) { return std::tgamma(x); }

double polygamma(double order, double x) {
  if (!(order >= 0 && order < 101)) return not_a_number;
  const int n = static_cast<int>(order);
  if (x == infinity) return n == 0 ? infinity : n % 2 == 0 ? -0.0 : 0.0;
  if (x <= 0) {
    if (std::floor(x) == x || n > 20) return not_a_number;
    if (x > -0.25) {  // near the pole at 0, by the recurrence: the cotangent may overflow
      const double pole = std::tgamma(n + 1.0) / std::pow(x, n + 1);
      return polygamma(order, x + 1) - (n % 2 == 0 ? pole : -pole);
    }
    // reflection [5.15.6]
    const double mirrored = polygamma(order, 1 - x), cotangent = cotangent_derivative(n, x);
    return (n % 2 == 0 ? mirrored : -mirrored) - cotangent;
  }
  if (n == 0) {  // below far from its zero, where nothing cancels
    constexpr double zero = 1.4616321449683622, zero_rest = 9.549995429965697e-17;
    return x < far ? digamma_between(zero, x, (x - zero) - zero_rest) : digamma_far(x);
  }
  const double magnitude = polygamma_above(n, x);
  return n % 2 == 0 ? -magnitude : magnitude;
}

double erfinv(double x) {
  if (!(x >= -1 && x <= 1)) return not_a_number;
  if (x < 0) return -erfinv(-x);
  if (x > 0.5) return erfcinv(1 - x);  // the difference is exact
  // Halley's method on erf from the first terms of the series at 0; each step triples the digits
  double y = x * (0.88622692545275801 + x * x * 0.23201366653465449);
  for (int step = 0; step < 3; ++step) {
    const double off = (std::erf(y) - x) / (2 * std::numbers::inv_sqrtpi * std::exp(-y * y));
    y -= off / (1 + y * off);
  }
  return y;
}

double erfcinv(double x) {
  if (!(x >= 0 && x <= 2)) return not_a_number;
  if (x == 0) return infinity;
  if (x > 1) return -erfcinv(2 - x);
  if (x > 0.5) return erfinv(1 - x);
  // the same on log erfc, from its leading terms for large y: erfc(y) is about exp(-y^2) / (y sqrt(pi))
  const double log_x = std::log(x);
  double y = std::sqrt(-log_x - 0.5 * std::log(-log_x * pi + 0.3));
  for (int step = 0; step < 5; ++step) {
    if (x > 1e-280) {
      const double tail = std::erfc(y);
      y += std::log(tail / x) * tail / (2 * std::numbers::inv_sqrtpi * std::exp(-y * y));
    } else {  // where erfc leaves the normal numbers: its asymptotic series [7.12.1], whose derivative is -2y to one digit in
              // 10^3
      const double u = 0.5 / (y * y);
      const double series = 1 - u * (1 - 3 * u * (1 - 5 * u * (1 - 7 * u * (1 - 9 * u * (1 - 11 * u)))));
      y += (std::log(series * std::numbers::inv_sqrtpi / y) - y * y - log_x) / (2 * y);
    }
  }
  return y;
}

}  // namespace wengert::detail::special
