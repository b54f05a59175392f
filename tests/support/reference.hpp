// What every operation of the table ought to give: value and partials as closed forms in wide precision, written from the
// mathematics and not from the rules. Wide has 113 bits and an exponent of 15, so the textbook form serves where double needs
// care: 1 - x^2 does not cancel, and x^2 + y^2 does not overflow.
//
// An operation that has no line here is still tested: its value rule is run in wide precision, and the partials come from
// extrapolated differences of that.
//
// Where mathematics leaves a choice, the conventions of autodiff/CONVENTIONS.md are written out: NaN outside a domain, halves at
// ties, 0 at the corner of hypot.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <limits>

#include "support/wide.hpp"
#include "wengert/operations.hpp"

namespace reference {

using wide::Wide;

template <std::size_t N>
using Point = std::array<Wide, N>;

/// Derivative of f in argument k by central differences, extrapolated to a step of 0 (Ridders): some 20 digits where f is smooth
/// within a hundredth of x, or of 1. The best of two first steps, by an estimate of its own error.
struct Difference {
  Wide slope, error;

  /// NaN unless the slope has 18 digits.
  Wide if_accurate() const { return error <= abs(slope) * Wide(1e-18) ? slope : Wide(std::numeric_limits<double>::quiet_NaN()); }
};

template <std::size_t N, class F>
Difference derivative_by_differences(F f, Point<N> at, int k) {
  constexpr int columns = 6;
  Wide best = std::numeric_limits<double>::quiet_NaN(), smallest_error = std::numeric_limits<double>::infinity();
  const Wide rounding = abs(f(at)) * wide::power_of_two(-110);
  for (Wide step : {abs(at[k]) / 64, Wide(1) / 64}) {
    std::array<Wide, columns> row{}, previous{};
    for (int i = 0; i < 8 && step > 0; ++i, step = step / 2) {
      Point<N> above = at, below = at;
      above[k] = at[k] + step;
      below[k] = at[k] - step;
      row[0] = (f(above) - f(below)) / (2 * step);
      Wide factor = 4;
      for (int j = 1; j < columns && j <= i; ++j, factor = factor * 4) {
        row[j] = row[j - 1] + (row[j - 1] - previous[j - 1]) / (factor - 1);
        const Wide error = std::max(abs(row[j] - row[j - 1]), abs(row[j] - previous[j - 1])) + rounding / step;
        if (error < smallest_error) smallest_error = error, best = row[j];
      }
      previous = row;
    }
  }
  return {best, smallest_error};
}

template <class Rule>
Wide value_by_rule(const Point<Rule::arity>& at) {
  if constexpr (Rule::arity == 1)
    return Rule::template value<Wide>(at[0]);
  else if constexpr (Rule::arity == 2)
    return Rule::template value<Wide>(at[0], at[1]);
  else
    return Rule::template value<Wide>(at[0], at[1], at[2]);
}

/// value(point) and partial(point, k) of an operation. This one serves operations without a closed form below.
template <class Rule>
struct Reference {
  static constexpr bool closed_form = false;
  static Wide value(const Point<Rule::arity>& at) { return value_by_rule<Rule>(at); }
  /// NaN where differences are not accurate enough to tell.
  static Wide partial(const Point<Rule::arity>& at, int k) {
    return derivative_by_differences<Rule::arity>(value_by_rule<Rule>, at, k).if_accurate();
  }
  static Wide second_partial(const Point<Rule::arity>& at, int j, int k) {
    const auto partial_j = [j](const Point<Rule::arity>& p) {
      return derivative_by_differences<Rule::arity>(value_by_rule<Rule>, p, j).slope;
    };
    return derivative_by_differences<Rule::arity>(partial_j, at, k).if_accurate();
  }
};

#define REFERENCE_LIST(...) __VA_ARGS__
#define REFERENCE_POINT [[maybe_unused]] const Wide x = at[0], y = at[arity > 1 ? 1 : 0], z = at[arity > 2 ? 2 : 0];
// The second partials of a binary operation in the order xx, xy, yy; of a ternary one xx, xy, xz, yy, yz, zz.
#define REFERENCE(Rule, formula, first, second)                        \
  template <>                                                          \
  struct Reference<wengert::ops::Rule> {                               \
    static constexpr int arity = wengert::ops::Rule::arity;            \
    static constexpr bool closed_form = true;                          \
    static Wide value(const Point<arity>& at) {                        \
      REFERENCE_POINT                                                  \
      return formula;                                                  \
    }                                                                  \
    static Wide partial(const Point<arity>& at, int k) {               \
      REFERENCE_POINT                                                  \
      const Wide partials[] = {REFERENCE_LIST first};                  \
      static_assert(std::size(partials) == arity);                     \
      return partials[k];                                              \
    }                                                                  \
    static Wide second_partial(const Point<arity>& at, int j, int k) { \
      REFERENCE_POINT                                                  \
      const Wide partials[] = {REFERENCE_LIST second};                 \
      static_assert(std::size(partials) == arity * (arity + 1) / 2);   \
      const int row = std::min(j, k), column = std::max(j, k);         \
      return partials[row * (2 * arity - row - 1) / 2 + column];       \
    }                                                                  \
  };

inline const Wide pi = 4 * atan(Wide(1)), ln2 = log(Wide(2)), ln10 = log(Wide(10));
inline Wide sign(Wide x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }
inline Wide square(Wide x) { return x * x; }
inline Wide cube(Wide x) { return x * x * x; }
inline Wide where(bool condition) { return condition ? 1 : 0; }
inline Wide radius(Wide x, Wide y) { return sqrt(x * x + y * y); }
inline const Wide nan = std::numeric_limits<double>::quiet_NaN();
inline Wide inside(bool domain, Wide x) { return domain ? x : nan; }
inline bool is_infinite(Wide x) { return abs(x) > wide::power_of_two(1024); }
/// The share of the gradient that an argument of min or max gets.
inline Wide share(bool wins, bool loses, bool ties) { return wins ? Wide(1) : loses ? Wide(0) : ties ? Wide(0.5) : nan; }
inline Wide at_origin(Wide x, Wide y, Wide there, Wide elsewhere) { return x == 0 && y == 0 ? there : elsewhere; }
/// 1 - x^2, exact for a double x.
inline Wide complement(Wide x) { return 1 - x * x; }

/// The derivative of x^y, m times in x and k times in y, m < 4: x^(y - m) times the sum over j of (k over j), the j-th derivative
/// of y (y - 1) … (y - m + 1), and log(x)^(k - j). At x = 0 and at infinity the highest power of the logarithm that is there
/// decides.
inline Wide pow_derivative(Wide x, Wide y, int m, int k) {
  const Wide falling[4][4] = {
      {1, 0, 0, 0}, {y, 1, 0, 0}, {y * (y - 1), 2 * y - 1, 2, 0}, {y * (y - 1) * (y - 2), (3 * y - 6) * y + 2, 6 * y - 6, 6}};
  if (is_nan(pow(x, y)) || (k > 0 && !(x >= 0))) return nan;
  if (k == 0 && falling[m][0] == 0) return 0;
  const Wide power = pow(x, y - m);
  if (k == 0) return power * falling[m][0];
  const Wide logarithm = log(x);
  Wide sum = 0, choices = 1;
  for (int j = 0; j <= k && j <= m; choices = choices * (k - j) / (j + 1), ++j) {
    Wide term = choices * falling[m][j];
    for (int i = j; i < k && term != 0; ++i) term = term * logarithm;
    sum = sum + term;
    if (term != 0 && is_infinite(logarithm)) break;
  }
  return power == 0 || sum == 0 ? Wide(0) : power * sum;
}
inline Wide pow_derivative(Wide x, Wide y, Wide order, int more) {
  if (!(order >= 0 && order < 4096)) return nan;
  const int code = static_cast<int>(static_cast<double>(floor(order))) + more;
  return pow_derivative(x, y, code % 256, code / 256);
}

/// The incomplete functions' series, and derivatives of the beta density in a, b and x, two in all.
inline const wide::GammaSeries& P(Wide x, Wide y) { return wide::GammaSeries::at(x, y); }
inline const wide::BetaSeries& I(Wide x, Wide y, Wide z) { return wide::BetaSeries::at(x, y, z); }
inline Wide step(Wide x, Wide y) { return polygamma(0, x) - polygamma(0, x + y); }
inline Wide h(Wide x, Wide y, Wide z, int in_a, int in_b, int in_x) {
  const wide::BetaSeries& at = I(x, y, z);
  Wide product = at.density();
  for (int k = 0; k < in_a; ++k) product *= at.slope_a();
  for (int k = 0; k < in_b; ++k) product *= at.slope_b();
  for (int k = 0; k < in_x; ++k) product *= at.slope_x();
  const Wide bend = in_a == 2          ? at.bend_a()
                    : in_b == 2        ? at.bend_b()
                    : in_x == 2        ? at.bend_x()
                    : in_a + in_b == 2 ? at.bend_ab()
                    : in_a + in_x == 2 ? 1 / z
                    : in_b + in_x == 2 ? -1 / (1 - z)
                                       : Wide(0);
  return product + at.density() * bend;
}

// clang-format off
REFERENCE(Add,   x + y,        (1, 1),                        (0, 0, 0))
REFERENCE(Sub,   x - y,        (1, -1),                       (0, 0, 0))
REFERENCE(Mul,   x * y,        (y, x),                        (0, 1, 0))
REFERENCE(Div,   x / y,        (1 / y, -x / square(y)),       (0, -1 / square(y), 2 * x / cube(y)))
REFERENCE(Neg,   -x,           (-1),                          (0))
REFERENCE(Fma,   fma(x, y, z), (y, x, 1),                     (0, 1, 0, 0, 0, 0))
REFERENCE(Sqrt,  sqrt(x),      (1 / (2 * sqrt(x))),           (-1 / (4 * x * sqrt(x))))
REFERENCE(Cbrt,  cbrt(x),      (1 / (3 * square(cbrt(x)))),   (-2 / (9 * x * square(cbrt(x)))))
REFERENCE(Exp,   exp(x),       (exp(x)),                      (exp(x)))
REFERENCE(Exp2,  exp2(x),      (exp2(x) * ln2),               (exp2(x) * square(ln2)))
REFERENCE(Expm1, expm1(x),     (exp(x)),                      (exp(x)))
REFERENCE(Log,   log(x),       (inside(x >= 0, 1 / x)),       (inside(x >= 0, -1 / square(x))))
REFERENCE(Log2,  log2(x),      (inside(x >= 0, 1 / (x * ln2))), (inside(x >= 0, -1 / (square(x) * ln2))))
REFERENCE(Log10, log10(x),     (inside(x >= 0, 1 / (x * ln10))), (inside(x >= 0, -1 / (square(x) * ln10))))
REFERENCE(Log1p, log1p(x),     (inside(x >= -1, 1 / (1 + x))), (inside(x >= -1, -1 / square(1 + x))))
REFERENCE(Pow,   pow(x, y),    (y == 0 ? Wide(0) : inside(!is_nan(pow(x, y)), x == 0 || is_infinite(x) ? y * pow(x, y - 1) : y * pow(x, y) / x),
                                inside(x >= 0 || is_nan(x), pow(x, y) == 0 ? Wide(0) : pow(x, y) * log(x))),
                               (y * (y - 1) * pow(x, y - 2), pow(x, y - 1) * (1 + y * log(x)), pow(x, y) * square(log(x))))
REFERENCE(PowDerivative, pow_derivative(x, y, z, 0), (pow_derivative(x, y, z, 1), pow_derivative(x, y, z, 256), 0),
                                (pow_derivative(x, y, z, 2), pow_derivative(x, y, z, 257), 0, pow_derivative(x, y, z, 512), 0, 0))
REFERENCE(Sin,   sin(x),       (cos(x)),                      (-sin(x)))
REFERENCE(Cos,   cos(x),       (-sin(x)),                     (-cos(x)))
REFERENCE(Tan,   tan(x),       (1 / square(cos(x))),          (2 * sin(x) / cube(cos(x))))
REFERENCE(Asin,  asin(x),      (1 / sqrt(complement(x))),     (x / (complement(x) * sqrt(complement(x)))))
REFERENCE(Acos,  acos(x),      (-1 / sqrt(complement(x))),    (-x / (complement(x) * sqrt(complement(x)))))
REFERENCE(Atan,  atan(x),      (1 / (1 + square(x))),         (-2 * x / square(1 + square(x))))
REFERENCE(Atan2, atan2(x, y),  (y / (square(x) + square(y)), -x / (square(x) + square(y))),
                               (-2 * x * y / square(square(x) + square(y)), (x - y) * (x + y) / square(square(x) + square(y)),
                                2 * x * y / square(square(x) + square(y))))
REFERENCE(Sinh,  sinh(x),      (cosh(x)),                     (sinh(x)))
REFERENCE(Cosh,  cosh(x),      (sinh(x)),                     (cosh(x)))
REFERENCE(Tanh,  tanh(x),      (1 / square(cosh(x))),         (-2 * tanh(x) / square(cosh(x))))
REFERENCE(Asinh, asinh(x),     (1 / sqrt(1 + square(x))),     (-x / ((1 + square(x)) * sqrt(1 + square(x)))))
REFERENCE(Acosh, acosh(x),     (inside(x >= 1, 1 / sqrt(square(x) - 1))), (inside(x >= 1, -x / ((square(x) - 1) * sqrt(square(x) - 1)))))
REFERENCE(Atanh, atanh(x),     (inside(abs(x) <= 1, 1 / complement(x))), (inside(abs(x) <= 1, 2 * x / square(complement(x)))))
REFERENCE(Erf,   erf(x),       (2 / sqrt(pi) * exp(-x * x)),  (-4 / sqrt(pi) * x * exp(-x * x)))
REFERENCE(Erfc,  erfc(x),      (-2 / sqrt(pi) * exp(-x * x)), (4 / sqrt(pi) * x * exp(-x * x)))
REFERENCE(Erfinv,  erfinv(x),  (sqrt(pi) / 2 * exp(square(erfinv(x)))), (pi / 2 * erfinv(x) * exp(2 * square(erfinv(x)))))
REFERENCE(Erfcinv, erfcinv(x), (-sqrt(pi) / 2 * exp(square(erfcinv(x)))), (pi / 2 * erfcinv(x) * exp(2 * square(erfcinv(x)))))
REFERENCE(Polygamma, polygamma(x, y), (0, inside(x >= 0, polygamma(x + 1, y))), (0, 0, inside(x >= 0, polygamma(x + 2, y))))
REFERENCE(Lgamma, lgamma(x),   (polygamma(0, x)),             (polygamma(1, x)))
REFERENCE(Tgamma, tgamma(x),   (tgamma(x) * polygamma(0, x)), (tgamma(x) * (square(polygamma(0, x)) + polygamma(1, x))))
REFERENCE(Beta,  beta(x, y),   (beta(x, y) * step(x, y), beta(x, y) * step(y, x)),
                               (beta(x, y) * (square(step(x, y)) + polygamma(1, x) - polygamma(1, x + y)),
                                beta(x, y) * (step(x, y) * step(y, x) - polygamma(1, x + y)),
                                beta(x, y) * (square(step(y, x)) + polygamma(1, y) - polygamma(1, x + y))))
REFERENCE(IncompleteGamma, P(x, y).value, (P(x, y).in_a, P(x, y).density(), 0),
                               (P(x, y).in_aa, P(x, y).density() * P(x, y).slope(), 0, P(x, y).density() * ((x - 1) / y - 1), 0, 0))
REFERENCE(Ibeta, I(x, y, z).value, (I(x, y, z).in_a, I(x, y, z).in_b, I(x, y, z).density()),
                               (I(x, y, z).in_aa, I(x, y, z).in_ab, I(x, y, z).density() * I(x, y, z).slope_a(), I(x, y, z).in_bb,
                                I(x, y, z).density() * I(x, y, z).slope_b(), I(x, y, z).density() * I(x, y, z).slope_x()))
REFERENCE(Ibetac, I(y, x, 1 - z).value, (-I(x, y, z).in_a, -I(x, y, z).in_b, -I(x, y, z).density()),
                               (-I(x, y, z).in_aa, -I(x, y, z).in_ab, -h(x, y, z, 1, 0, 0), -I(x, y, z).in_bb, -h(x, y, z, 0, 1, 0), -h(x, y, z, 0, 0, 1)))
REFERENCE(IbetaDerivative, I(x, y, z).density(), (h(x, y, z, 1, 0, 0), h(x, y, z, 0, 1, 0), h(x, y, z, 0, 0, 1)),
                               (h(x, y, z, 2, 0, 0), h(x, y, z, 1, 1, 0), h(x, y, z, 1, 0, 1), h(x, y, z, 0, 2, 0), h(x, y, z, 0, 1, 1), h(x, y, z, 0, 0, 2)))
REFERENCE(IbetaA, I(x, y, z).in_a, (I(x, y, z).in_aa, I(x, y, z).in_ab, h(x, y, z, 1, 0, 0)),
                               (nan, nan, h(x, y, z, 2, 0, 0), nan, h(x, y, z, 1, 1, 0), h(x, y, z, 1, 0, 1)))
REFERENCE(IbetaB, I(x, y, z).in_b, (I(x, y, z).in_ab, I(x, y, z).in_bb, h(x, y, z, 0, 1, 0)),
                               (nan, nan, h(x, y, z, 1, 1, 0), nan, h(x, y, z, 0, 2, 0), h(x, y, z, 0, 1, 1)))
REFERENCE(IbetaAA, I(x, y, z).in_aa, (nan, nan, h(x, y, z, 2, 0, 0)), (nan, nan, nan, nan, nan, nan))
REFERENCE(IbetaAB, I(x, y, z).in_ab, (nan, nan, h(x, y, z, 1, 1, 0)), (nan, nan, nan, nan, nan, nan))
REFERENCE(IbetaBB, I(x, y, z).in_bb, (nan, nan, h(x, y, z, 0, 2, 0)), (nan, nan, nan, nan, nan, nan))
REFERENCE(Hypot, hypot(x, y),  (at_origin(x, y, 0, x / radius(x, y)), at_origin(x, y, 0, y / radius(x, y))),
                               (square(y) / cube(radius(x, y)), -x * y / cube(radius(x, y)), square(x) / cube(radius(x, y))))
REFERENCE(Abs,   abs(x),       (is_nan(x) ? nan : sign(x)),   (0))
REFERENCE(Min,   is_nan(x) || is_nan(y) ? nan : x < y ? x : y,
                               (share(x < y, y < x, x == y), share(y < x, x < y, x == y)), (0, 0, 0))
REFERENCE(Max,   is_nan(x) || is_nan(y) ? nan : x > y ? x : y,
                               (share(x > y, y > x, x == y), share(y > x, x > y, x == y)), (0, 0, 0))
REFERENCE(Floor, floor(x),     (0),                           (0))
REFERENCE(Ceil,  ceil(x),      (0),                           (0))
REFERENCE(Round, round(x),     (0),                           (0))
REFERENCE(Trunc, trunc(x),     (0),                           (0))
REFERENCE(Less,      where(x < y),  (0, 0),                   (0, 0, 0))
REFERENCE(LessEqual, where(x <= y), (0, 0),                   (0, 0, 0))
REFERENCE(Equal,     where(x == y), (0, 0),                   (0, 0, 0))
REFERENCE(Select,    x != 0 ? y : z, (0, where(x != 0), where(x == 0)), (0, 0, 0, 0, 0, 0))
REFERENCE(AbsorbingProduct, x == 0 ? Wide(0) : x * y, (y, x),  (0, 1, 0))
REFERENCE(Detach,    x,            (0),                       (0))
// clang-format on
#undef REFERENCE_LIST
#undef REFERENCE_POINT
#undef REFERENCE

}  // namespace reference
