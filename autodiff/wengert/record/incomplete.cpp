// The incomplete gamma and beta functions of plain numbers and their derivatives in every argument. Numbers in brackets are
// equations of the NIST Digital Library of Mathematical Functions (https://dlmf.nist.gov).
//
// Both are integrals of a density [8.2.4, 8.17.1], and their derivatives in the parameters are integrals of the density times a
// polynomial in the logarithms of the variable. From x the integral goes to the side on which little is left: there the integrand
// decays as the exponential of a concave function, and for first derivatives has one sign. So nothing cancels, for any arguments,
// and Gauss and Legendre's rule of 16 points has all digits on each of a few panels.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "wengert/ops.hpp"

namespace wengert::detail::special {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// Densities are computed in it: rounding an exponent of 700 in double would cost them 700 units in the last place.
using Long = long double;

/// x - log(1 + x), where `ratio` is 1 + x: by the series of atanh where the difference would cancel.
template <class T>
T below_line(T x, T ratio) {
  if (!(std::fabs(x) < T(0.5))) return x - std::log(ratio);
  const T r = x / (2 + x), y = r * r;
  T sum = 0;
  for (int k = 21; k > 0; --k) sum = sum * y + T(1) / static_cast<T>(2 * k + 1);
  return r * (x - 2 * y * sum);
}

/// exp(x) - 1 - x.
double above_line(double x) {
  if (!(std::fabs(x) < 0.5)) return std::expm1(x) - x;
  double sum = 0;
  for (int k = 14; k > 1; --k) sum = (sum + 1) * x / k;
  return sum * x;
}

/// 1 / (gamma(x) / (sqrt(2 pi / x) (x / e)^x)), by Stirling's series [5.11.1] from 20 on.
Long inverse_of_scaled_gamma(double x) {
  if (x < 20) {
    const Long wide = x;
    const Long scale = std::sqrt(2 * std::numbers::pi_v<Long> / wide) * std::pow(wide, wide) * std::exp(-wide);
    return x < 1 ? scale * wide / std::tgamma(1 + wide) : scale / std::tgamma(wide);
  }
  constexpr double factor[] = {1.0 / 12,        -1.0 / 360, 1.0 / 1260,       -1.0 / 1680,      1.0 / 1188,
                               -691.0 / 360360, 1.0 / 156,  -3617.0 / 122400, 43867.0 / 244188, -174611.0 / 125400};
  const Long u = 1 / (static_cast<Long>(x) * x);
  Long sum = 0;
  for (int k = 10; k-- > 0;) sum = sum * u + factor[k];
  return std::exp(-sum / x);
}

/// log(x) - digamma(x): its asymptotic series [5.11.2] where that is good.
double log_less_digamma(double x) {
  if (x < 16) return std::log(x) - polygamma(0.0, x);
  constexpr double factor[] = {1.0 / 12, -1.0 / 120, 1.0 / 252, -1.0 / 240, 1.0 / 132, -691.0 / 32760, 1.0 / 12, -3617.0 / 8160};
  const double u = 1 / x / x;
  double sum = 0;
  for (int k = 8; k-- > 0;) sum = sum * u + factor[k];
  return 0.5 / x + sum * u;
}

/// The integral over s > 0 of exp(exponent(s)) factor(s). The exponent is concave, 0 at 0, and bends within 1 of 0 and of `knee`;
/// over `length` it falls by 12 or less. The factor grows as a power of s of this degree: k factors of s that share a fall of T
/// to e^-T leave T^k e^-T / k! of the whole, less than an ulp from T = 44 + 2.5 k on.
template <class Exponent, class Factor>
Long integral(Exponent exponent, Factor factor, double length, double knee, int degree = 0) {
  const double end = -44 - 2.5 * degree;
  static constexpr double node[] = {0.9894009349916499326,  0.94457502307323257608, 0.86563120238783174388,
                                    0.7554044083550030339,  0.61787624440264374845, 0.45801677765722738634,
                                    0.28160355077925891323, 0.095012509837637440185};
  static constexpr double weight[] = {0.027152459411754094852, 0.062253523938647892863, 0.09515851168249278481,
                                      0.12462897125553387205,  0.14959598881657673208,  0.16915651939500253819,
                                      0.18260341504492358887,  0.18945061045506849629};
  Long sum = 0;  // at tiny parameters beyond the range of double
  double from = 0, before = 0;
  while (before > end) {
    // half of the way to the knee, and past it as far as it lies behind
    const double way = std::max(1.0, from < knee ? 0.5 * (knee - from) : std::min(from, from - knee));
    length = std::min(length, way);
    double after = exponent(from + length);
    while (!(after >= before - 12) && length > 0) after = exponent(from + (length *= 0.5));
    if (!(from + length > from)) return not_a_number;
    const double half = 0.5 * length, middle = from + half;
    double part = 0;
    for (int i = 0; i < 8; ++i) {
      const double below = middle - half * node[i], above = middle + half * node[i];
      part += weight[i] * (std::exp(exponent(below)) * factor(below) + std::exp(exponent(above)) * factor(above));
    }
    sum += static_cast<Long>(half) * part;
    from += length;
    before = after;
    length *= 2;
  }
  return sum;
}

/// Over which -slope s - curvature s^2 / 2 falls by 12.
double length_of(double slope, double curvature) { return 24 / (std::fabs(slope) + std::sqrt(slope * slope + 24 * curvature)); }

constexpr int most = 16;  // orders

/// The k-th derivative of exp(f) over exp(f), k from 0 to `order`, from f's own from the first on: complete Bell polynomials.
std::array<double, most> bell(const std::array<double, most>& slope, int order) {
  std::array<double, most> result{1};
  for (int n = 0; n < order; ++n) {
    double choices = 1, sum = 0;
    for (int i = 0; i <= n; ++i) {
      sum += choices * result[static_cast<std::size_t>(n - i)] * slope[static_cast<std::size_t>(i)];
      choices = choices * (n - i) / (i + 1);
    }
    result[static_cast<std::size_t>(n + 1)] = sum;
  }
  return result;
}

/// x^a e^-x / gamma(a), from its largest value and how far x is from a.
Long gamma_density(double a, double x) {
  const Long wide = a, away = (static_cast<Long>(x) - wide) / wide;
  return std::sqrt(wide / (2 * std::numbers::pi_v<Long>)) * inverse_of_scaled_gamma(a) *
         std::exp(-wide * below_line(away, static_cast<Long>(x) / wide));
}

/// log(x) - digamma(a).
double log_above_digamma(double x, double a) {
  const double away = (x - a) / a;
  return (std::fabs(away) < 0.5 ? std::log1p(away) : std::log(x) - std::log(a)) + log_less_digamma(a);
}

/// What the k-th derivative of P in a is in the limit x = 0 of the derivative of order n = m - 1 of the density, to its sign.
double gamma_derivative_at_0(double a, int n, int k) {
  // the density is the sum over i of (-1)^i / (i! gamma(a)) x^(a - 1 + i); the lowest power that is left decides
  double coefficient = 1 / std::tgamma(a);
  for (int i = 0;; ++i) {
    const double power = a - 1 + i;
    double falling = 1, slope = 0;
    for (int j = 0; j < n; ++j) {
      slope = slope * (power - j) + falling;
      falling *= power - j;
    }
    const double rest = power - n, size = falling != 0 ? falling : slope;
    if (rest > 0) return 0;
    if (falling == 0 && k == 0) {
      coefficient /= -(i + 1);
      continue;
    }
    const int logs = falling != 0 ? k : k - 1;
    if (rest == 0 && logs == 0) return coefficient * size;  // falling is not 0 there
    return (coefficient * size > 0) == (logs % 2 == 0) ? infinity : -infinity;
  }
}

}  // namespace

double incomplete_gamma(double a, double x, double order) {
  if (!(order >= 0 && order < 131072) || !(a > 0) || !(x >= 0) || (a == infinity && x == infinity)) return not_a_number;
  const int code = static_cast<int>(order), m = code % 256, k = code / 256 % 256;
  const bool complement = code >= 65536;
  if (m >= most || k >= most) return not_a_number;
  const double sign = complement ? -1 : 1;
  if (a == infinity || x == infinity || (x == 0 && m == 0)) {
    if (m > 0 || k > 0) return 0;
    return (x == infinity) != complement ? 1 : 0;
  }
  if (x == 0) return sign * gamma_derivative_at_0(a, m - 1, k);

  // The derivatives in a of t^a / gamma(a) over itself, from those of its logarithm; below 1 of a t^a / gamma(1 + a), since
  // gamma's pole would cancel in them.
  const double distance = log_above_digamma(x, a), pole = a < 1 ? 1 / a : 0;
  std::array<double, most> slope{};
  for (int i = 1; i < k; ++i) slope[static_cast<std::size_t>(i)] = -polygamma(static_cast<double>(i), a < 1 ? 1 + a : a);
  const double start = a < 1 && k > 1 ? std::log(x) - polygamma(0.0, 1 + a) : distance - pole;
  const auto orders = [&](double log_ratio) {
    slope[0] = start + log_ratio;
    std::array<double, most> y = bell(slope, k);
    for (int i = k; i > 0; --i) y[static_cast<std::size_t>(i)] += i * pole * y[static_cast<std::size_t>(i - 1)];
    return y;
  };
  const auto factor_at = [&](double log_ratio) {
    return k == 0 ? 1.0 : k == 1 ? distance + log_ratio : orders(log_ratio)[static_cast<std::size_t>(k)];
  };
  const Long density = gamma_density(a, x);
  if (m > 0) {  // of x^(a - 1), its falling factorials c, and e^-x: by the rule of Leibniz, in a too
    const int n = m - 1;
    std::array<double, most> y = orders(0), c{1};  // c: the derivatives of a falling factorial in a
    if (k == 1) y[1] = distance;
    double sum = 0, choices = n % 2 == 0 ? 1 : -1;
    for (int j = 0; j <= n; ++j) {
      double term = 0, of = 1;
      for (int i = 0; i <= k; ++i) {
        term += of * c[static_cast<std::size_t>(i)] * y[static_cast<std::size_t>(k - i)];
        of = of * (k - i) / (i + 1);
      }
      sum += choices * term;
      choices *= -static_cast<double>(n - j) / (j + 1);
      for (int i = k; i >= 0; --i)
        c[static_cast<std::size_t>(i)] =
            (c[static_cast<std::size_t>(i)] * (a - 1 - j) + (i > 0 ? i * c[static_cast<std::size_t>(i - 1)] : 0)) / x;
    }
    // one term as a difference whose parts are exact
    if (n == 1)
      sum = ((a - 1) - x) / x * y[static_cast<std::size_t>(k)] + (k > 0 ? k / x * y[static_cast<std::size_t>(k - 1)] : 0);
    return sign * static_cast<double>(density / x * sum);
  }
  // with t = x e^-s or x e^s
  const bool upper = distance >= 0;
  const double away = upper ? x - a : a - x;
  const double log_x = std::log(x);
  const auto exponent = [=](double s) {
    if (upper && s > 700) return -away * s - std::exp(s + log_x);  // where exp(s) alone overflows, x is 0 beside it
    return -away * s - x * above_line(upper ? s : -s);
  };
  const auto factor = [&](double s) { return factor_at(upper ? s : -s); };
  const double knee = upper ? std::max(0.0, -log_x) : 0;
  const double part = static_cast<double>(density * integral(exponent, factor, length_of(away, x), knee, k));
  if (k == 0) return upper == complement ? part : 1 - part;
  return upper == complement ? part : -part;
}

namespace {
// -- beta

/// x + y, and in `rest` what rounding loses of it.
Long two_sum(Long x, Long y, Long& rest) {
  const Long sum = x + y, of_y = sum - x;
  rest += (x - (sum - of_y)) + (y - of_y);
  return sum;
}

/// A point of the beta density, and how far it is from where the density without its 1 / (x (1 - x)) is largest.
struct BetaPoint {
  double a, b;
  Long x, y, off;  // y: 1 - x; off: a y - b x

  double c() const { return a + b; }
  double log_x() const { return static_cast<double>(x <= 0.5L ? std::log(x) : std::log1p(-y)); }
  BetaPoint mirrored() const { return {b, a, y, x, -off}; }

  /// log(x) - digamma(a) + digamma(a + b); it has a pole, of b / (a (a + b)), which `without_pole` lacks.
  double log_above_digammas() const {
    if (a < 16) return log_x() + digamma_step(a, b);
    const double away = static_cast<double>(-off / a);
    return (std::fabs(away) < 0.5 ? std::log1p(away) : log_x() - (std::log(a) - std::log(c()))) + log_less_digamma(a) -
           log_less_digamma(c());
  }
  double pole() const { return b / c() / a; }
  double without_pole() const { return a < 16 ? log_x() + digamma_step(1 + a, b) : log_above_digammas() - pole(); }
  /// x^a y^b / beta(a, b).
  Long density() const {
    const Long wide_a = a, wide_b = b, sum = wide_a + wide_b;
    const Long front = std::sqrt(wide_a / sum * wide_b / (2 * std::numbers::pi_v<Long>));
    const Long exponent =
        wide_a * below_line(-off / wide_a, x * sum / wide_a) + wide_b * below_line(off / wide_b, y * sum / wide_b);
    return front * inverse_of_scaled_gamma(a) * inverse_of_scaled_gamma(b) / inverse_of_scaled_gamma(c()) * std::exp(-exponent);
  }
};

BetaPoint beta_point(double a, double b, double x) {
  // of exact products, since at a = 10^12 the difference has lost 12 digits
  const double ax = a * x, bx = b * x;
  Long rest = -static_cast<Long>(std::fma(a, x, -ax)) - std::fma(b, x, -bx);
  const Long off = two_sum(two_sum(a, -ax, rest), -bx, rest);
  return {a, b, x, 1 - static_cast<Long>(x), off + rest};
}

/// The integral of the density from 0 to x, differentiated k times in a and l times in b, k + l <= 2. In s = the logit of x less
/// that of t, t / x is e^-s / w and (1 - t) / y is 1 / w, where w = y + x e^-s.
double beta_below(const BetaPoint& p, int k, int l) {
  const double a = p.a, b = p.b, x = static_cast<double>(p.x), y = static_cast<double>(p.y), off = static_cast<double>(p.off);
  const double c = p.c();
  // what x or y is small is kept apart from 1
  const bool small = x <= 0.5;
  // y (e^s - 1), up to where y is all of w
  const double log_y = std::log(y), far_out = 40 - log_y;
  const auto grown = [=](double s) { return s < 600 ? y * std::expm1(s) : y * std::exp(0.5 * s) * std::exp(0.5 * s); };
  const auto log_w = [=](double s) {
    if (small) return std::log1p(x * std::expm1(-s));
    return s < far_out ? std::log1p(grown(s)) - s : log_y;
  };
  const auto exponent = [=](double s) {
    if (s <= 1) {
      const double z = small ? x * std::expm1(-s) : y * std::expm1(s);
      return -off * s - c * ((small ? x * above_line(-s) : y * above_line(s)) - below_line(z, 1 + z));
    }
    return small || s >= far_out ? -a * s - c * log_w(s) : b * s - c * std::log1p(grown(s));
  };
  const auto log_t = [=](double s) { return small || s >= far_out ? -s - log_w(s) : -std::log1p(grown(s)); };
  const double length = length_of(off, c * x * y), knee = x > y ? std::log(x) - log_y : 0;
  const Long density = p.density();
  const auto of = [&](auto factor) { return static_cast<double>(density * integral(exponent, factor, length, knee)); };
  if (k + l == 0) return of([](double) { return 1.0; });
  const double in_a = k > 0 ? p.log_above_digammas() : 0, in_b = l > 0 ? p.mirrored().log_above_digammas() : 0;
  if (k == 1 && l == 0) return of([&](double s) { return in_a + log_t(s); });
  if (k == 0 && l == 1) return of([&](double s) { return in_b - log_w(s); });
  // second derivatives: with the squares of poles, which cancel, left out
  const BetaPoint q = p.mirrored();
  const double both = polygamma(1.0, 1 + c), half_a = p.without_pole(), half_b = q.without_pole(), pole_a = p.pole(),
               pole_b = q.pole();
  if (k == 1)
    return of([&](double s) {
      const double f = half_a + log_t(s), g = half_b - log_w(s);
      return f * g + f * pole_b + g * pole_a + (2 / c / c + both);
    });
  if (k == 2) {
    const double rest = both - polygamma(1.0, 1 + a) - 2 * pole_a / c;
    return of([&](double s) {
      const double f = half_a + log_t(s);
      return f * (f + 2 * pole_a) + rest;
    });
  }
  const double rest = both - polygamma(1.0, 1 + b) - 2 * pole_b / c;
  return of([&](double s) {
    const double g = half_b - log_w(s);
    return g * (g + 2 * pole_b) + rest;
  });
}

}  // namespace

double beta(double a, double b) {
  if (!(a > 0) || !(b > 0)) return not_a_number;
  if (a == infinity || b == infinity) return 0;
  if (a > b) std::swap(a, b);  // to the bit
  // at the density's largest value
  const Long wide_a = a, wide_b = b, sum = wide_a + wide_b;
  const Long root = std::sqrt(2 * std::numbers::pi_v<Long> / wide_a * sum / wide_b);
  const Long power = std::exp(-(wide_a * std::log1p(wide_b / wide_a) + wide_b * std::log1p(wide_a / wide_b)));
  return static_cast<double>(root * inverse_of_scaled_gamma(a + b) / inverse_of_scaled_gamma(a) / inverse_of_scaled_gamma(b) *
                             power);
}

namespace {
/// Of parameters: beyond these, a reciprocal of one or a sum of two may overflow. A larger one is as good as infinite beside one
/// that is not large.
constexpr double smallest = 1e-290, largest = 1e290;
bool outside(double a, double b, double x) {
  return !(a >= smallest) || !(b >= smallest) || !(x >= 0 && x <= 1) || (std::max(a, b) > largest && std::min(a, b) > 1e250);
}

/// ibeta's derivative of these orders, or where both are 0 and for `complement` what is missing to 1.
double incomplete_beta(double a, double b, double x, int k, int l, bool complement) {
  if (outside(a, b, x)) return not_a_number;
  if (x == 0 || x == 1 || a > largest || b > largest) {
    if (k + l > 0) return 0;
    return (x == 1 || (x > 0 && b > largest)) != complement ? 1 : 0;
  }
  const BetaPoint p = beta_point(a, b, x);
  const auto part = [&](bool below) { return below ? beta_below(p, k, l) : beta_below(p.mirrored(), l, k); };
  // to the side on which the logarithm keeps its sign
  const bool below = l > k ? p.mirrored().log_above_digammas() > 0 : p.log_above_digammas() < 0;
  const double this_side = part(below);
  if (k + l > 0) return below ? this_side : -this_side;
  if (this_side <= 0.5) return below == complement ? 1 - this_side : this_side;
  const double other_side = part(!below);  // what is left has its digits only by itself
  return below == complement ? other_side : 1 - other_side;
}
}  // namespace

double ibeta(double a, double b, double x, int in_a, int in_b) { return incomplete_beta(a, b, x, in_a, in_b, false); }
double ibetac(double a, double b, double x) { return incomplete_beta(a, b, x, 0, 0, true); }

double ibeta_derivative(double a, double b, double x) {
  if (outside(a, b, x)) return not_a_number;
  if (x == 0) return a < 1 ? infinity : a > 1 ? 0 : b;
  if (x == 1) return b < 1 ? infinity : b > 1 ? 0 : a;
  if (a > largest || b > largest) return 0;
  const BetaPoint p = beta_point(a, b, x);
  return static_cast<double>(p.density() / x / p.y);
}

}  // namespace wengert::detail::special
