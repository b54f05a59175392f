// What every operation of the table ought to give: value and partials as closed forms in wide precision, written from the
// mathematics and not from the rules. Wide has 113 bits and an exponent of 15, so the textbook form serves where double needs
// care: 1 - x^2 does not cancel, and x^2 + y^2 does not overflow.
//
// An operation that has no line here is still tested: its value rule is run in wide precision, and the partials come from
// extrapolated differences of that.
#pragma once

#include <array>
#include <cmath>
#include <limits>

#include "wengert/op.hpp"
#include "wide.hpp"

namespace reference {

using wide::Wide;

template <int N>
using Point = std::array<Wide, N>;

/// Derivative of f in argument k by central differences, extrapolated (Ridders) from steps that shrink towards the nearest
/// feature of f, however close it is. Good to some 25 digits where f is smooth.
template <int N, class F>
Wide derivative_by_differences(F f, Point<N> at, std::size_t k) {
  constexpr int columns = 8;
  Wide best = std::numeric_limits<double>::quiet_NaN(), smallest_error = std::numeric_limits<double>::infinity();
  const Wide x = at[k];
  const Wide size = abs(x) > Wide(1e-3) ? abs(x) : abs(x) + (x == 0 ? Wide(0.25) : Wide(0));
  std::array<Wide, columns> row{}, previous{};
  int since_best = 0;
  Wide step = size / 4;
  for (int i = 0; i < 140 && since_best < 30; ++i, step = step / 2, ++since_best) {
    Point<N> above = at, below = at;
    above[k] = x + step;
    below[k] = x - step;
    row[0] = (f(above) - f(below)) / (above[k] - below[k]);
    Wide factor = 4;
    for (int j = 1; j < columns && j <= i; ++j, factor = factor * 4) {
      row[j] = (row[j - 1] * factor - previous[j - 1]) / (factor - 1);
      const Wide error = std::max(abs(row[j] - row[j - 1]), abs(row[j] - previous[j - 1]));
      if (error < smallest_error) {
        smallest_error = error;
        best = row[j];
        since_best = 0;
      }
    }
    previous = row;
  }
  return best;
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
  static Wide partial(const Point<Rule::arity>& at, std::size_t k) {
    return derivative_by_differences<Rule::arity>(value_by_rule<Rule>, at, k);
  }
};

inline const Wide pi = 4 * atan(Wide(1));
inline Wide sign(Wide x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }
inline Wide square(Wide x) { return x * x; }
inline Wide where(bool condition) { return condition ? 1 : 0; }

#define REFERENCE(Rule, formula, ...)                                                              \
  template <>                                                                                      \
  struct Reference<wengert::ops::Rule> {                                                           \
    static constexpr int arity = wengert::ops::Rule::arity;                                        \
    static constexpr bool closed_form = true;                                                      \
    static Wide value(const Point<arity>& at) {                                                    \
      [[maybe_unused]] const Wide x = at[0], y = at[arity > 1 ? 1 : 0], z = at[arity > 2 ? 2 : 0]; \
      return formula;                                                                              \
    }                                                                                              \
    static Wide partial(const Point<arity>& at, std::size_t k) {                                   \
      [[maybe_unused]] const Wide x = at[0], y = at[arity > 1 ? 1 : 0], z = at[arity > 2 ? 2 : 0]; \
      const Wide partials[arity] = {__VA_ARGS__};                                                  \
      return partials[k];                                                                          \
    }                                                                                              \
  };

// clang-format off
REFERENCE(Add,   x + y,        1, 1)
REFERENCE(Sub,   x - y,        1, -1)
REFERENCE(Mul,   x * y,        y, x)
REFERENCE(Div,   x / y,        1 / y, -x / (y * y))
REFERENCE(Neg,   -x,           -1)
REFERENCE(Fma,   fma(x, y, z), y, x, 1)
REFERENCE(Sqrt,  sqrt(x),      1 / (2 * sqrt(x)))
REFERENCE(Cbrt,  cbrt(x),      1 / (3 * square(cbrt(x))))
REFERENCE(Exp,   exp(x),       exp(x))
REFERENCE(Exp2,  exp2(x),      exp2(x) * log(Wide(2)))
REFERENCE(Expm1, expm1(x),     exp(x))
REFERENCE(Log,   log(x),       1 / x)
REFERENCE(Log2,  log2(x),      1 / (x * log(Wide(2))))
REFERENCE(Log10, log10(x),     1 / (x * log(Wide(10))))
REFERENCE(Log1p, log1p(x),     1 / (1 + x))
REFERENCE(Pow,   pow(x, y),    y * pow(x, y - 1), pow(x, y) * log(x))
REFERENCE(Sin,   sin(x),       cos(x))
REFERENCE(Cos,   cos(x),       -sin(x))
REFERENCE(Tan,   tan(x),       1 / square(cos(x)))
REFERENCE(Asin,  asin(x),      1 / sqrt((1 - x) * (1 + x)))
REFERENCE(Acos,  acos(x),      -1 / sqrt((1 - x) * (1 + x)))
REFERENCE(Atan,  atan(x),      1 / (1 + x * x))
REFERENCE(Atan2, atan2(x, y),  y / (x * x + y * y), -x / (x * x + y * y))
REFERENCE(Sinh,  sinh(x),      cosh(x))
REFERENCE(Cosh,  cosh(x),      sinh(x))
REFERENCE(Tanh,  tanh(x),      1 / square(cosh(x)))
REFERENCE(Asinh, asinh(x),     1 / sqrt(x * x + 1))
REFERENCE(Acosh, acosh(x),     1 / sqrt((x - 1) * (x + 1)))
REFERENCE(Atanh, atanh(x),     1 / ((1 - x) * (1 + x)))
REFERENCE(Erf,   erf(x),       2 / sqrt(pi) * exp(-x * x))
REFERENCE(Erfc,  erfc(x),      -2 / sqrt(pi) * exp(-x * x))
REFERENCE(Hypot, sqrt(x * x + y * y), x / sqrt(x * x + y * y), y / sqrt(x * x + y * y))
REFERENCE(Abs,   abs(x),       sign(x))
REFERENCE(Min,   x < y ? x : y, where(x < y), where(y < x))
REFERENCE(Max,   x > y ? x : y, where(x > y), where(y > x))
REFERENCE(Floor, floor(x),     0)
REFERENCE(Ceil,  ceil(x),      0)
REFERENCE(Round, round(x),     0)
REFERENCE(Trunc, trunc(x),     0)
REFERENCE(Less,      where(x < y),  0, 0)
REFERENCE(LessEqual, where(x <= y), 0, 0)
REFERENCE(Equal,     where(x == y), 0, 0)
REFERENCE(Select,    x != 0 ? y : z, 0, where(x != 0), where(x == 0))
REFERENCE(AbsorbingProduct, x * y,  y, x)
REFERENCE(Detach,    x, 0)
// clang-format on
#undef REFERENCE

}  // namespace reference
