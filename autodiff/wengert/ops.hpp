// The table of elementary operations: op + arguments -> value and partials. Every sweep reads it; nothing else states a rule.
//
// One struct per operation. Rules are templates on the number type T (double, float, Lanes, Dual, Var), so the same line
// computes, batches, differentiates twice and records. Partials use operations of this table only: the table is closed under
// differentiation. To add an operation: write its struct here, add its name to a list in operations.hpp; sweeps and tests follow.
//
// Arguments are x, y (and z); `result` is the operation's own value.
#pragma once

#if defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ && !defined(WENGERT_ALLOW_FAST_MATH)
#error \
    "wengert: -ffast-math (or -ffinite-math-only) breaks the rules for NaN, infinities and zeros that gradients rely on; compile what \
includes wengert without it, or define WENGERT_ALLOW_FAST_MATH and read in CONVENTIONS.md what is lost"
#endif

#include <cmath>
#include <concepts>
#include <limits>
#include <numbers>
#include <type_traits>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wfloat-equal"  // what is compared here is meant to the bit

namespace wengert {

/// condition ? x : y for plain numbers; the counterpart of `select` on Var, Dual and Lanes. Exact.
template <std::floating_point T>
constexpr T select(bool condition, T x, T y) {
  return condition ? x : y;
}

/// min() and max() of plain numbers, beside those of Var, Dual and Lanes. Declared as in the standard library and more
/// constrained: so they are no choice between conversions to Var and to Operand, and win where std::min and std::max are in sight
/// too. A NaN is passed on.
template <class T>
  requires std::is_arithmetic_v<T>
constexpr T min(const T& x, const T& y) {
  return y < x || y != y ? y : x;
}
template <class T>
  requires std::is_arithmetic_v<T>
constexpr T max(const T& x, const T& y) {
  return y > x || y != y ? y : x;
}
template <class First, class Second>
  requires(std::is_arithmetic_v<First> && std::is_arithmetic_v<Second> && !std::is_same_v<First, Second>)
constexpr auto min(const First& x, const Second& y) {
  return min<std::common_type_t<First, Second>>(x, y);
}
template <class First, class Second>
  requires(std::is_arithmetic_v<First> && std::is_arithmetic_v<Second> && !std::is_same_v<First, Second>)
constexpr auto max(const First& x, const Second& y) {
  return max<std::common_type_t<First, Second>>(x, y);
}

/// adjoint * partial, but 0 where the adjoint is 0, whatever the partial: a zero adjoint carries nothing back.
template <std::floating_point T>
constexpr T absorbing_product(T adjoint, T partial) {
  return adjoint == T(0) ? T(0) : adjoint * partial;
}

namespace detail {
/// The derivative of x^y, m times in x and k < 16 times in y, from power / x^m, the power of x in it; y_less(i) is y - i.
// y (y - 1) … (y - m + 1) and its derivatives in y, then the rule of Leibniz. What is 0 by a factor stays so, whatever it is
// multiplied by; and at x = 0, where the logarithm is infinite, the highest power of it that is there decides.
template <class T, class Difference>
constexpr T pow_derivative(T power, T x, Difference y_less, T log, int m, int k) {
  T slopes[16] = {power};
  for (int i = 0; i < m; ++i) {
    const T factor = y_less(i);
    for (int j = k; j > 0; --j)
      slopes[j] = (factor == T(0) || slopes[j] == T(0) ? T(0) : slopes[j] / x * factor) + T(j) * slopes[j - 1] / x;
    slopes[0] = factor == T(0) ? T(0) : slopes[0] / x * factor;
  }
  T sum = T(0), choices = T(1);
  for (int j = 0; j <= k; ++j) {
    const T term = choices * slopes[j];
    sum = sum == T(0) ? term : log - log == T(0) ? sum * log + term : sum * log;
    choices = choices * T(k - j) / T(j + 1);
  }
  return sum;
}
}  // namespace detail

/// The derivative of pow(x, y), m times in x and k times in y, where `order`, rounded down, is m + 256 k, and k < 16; NaN for any
/// other order. At x = 0 it is the limit from above.
template <std::floating_point T>
constexpr T pow_derivative(T x, T y, T order) {
  if (!(order >= 0 && order < 4096)) return std::numeric_limits<T>::quiet_NaN();
  const int m = static_cast<int>(order) % 256, k = static_cast<int>(order) / 256;
  const T result = std::pow(x, y);
  if (result != result || (k > 0 && !(x >= 0))) return std::numeric_limits<T>::quiet_NaN();
  const auto y_less = [y](int i) { return y - T(i); };
  const T log = k > 0 ? std::log(x) : T(0);
  // x^(y - m) by division is free of the rounding of y - m, which costs up to |log x| ulps
  if (result / result == T(1) && x / x == T(1)) return detail::pow_derivative(result, x, y_less, log, m, k);
  return detail::pow_derivative(std::pow(x, y_less(m)), T(1), y_less, log, m, k);
}

/// What a unary rule returns as its partial derivatives, one per argument: that in `x`.
template <class T>
struct Partials1 {
  T x;
};
/// What a binary rule returns: those in `x` and `y`.
template <class T>
struct Partials2 {
  T x, y;
};
/// What a ternary rule returns: those in `x`, `y` and `z`.
template <class T>
struct Partials3 {
  T x, y, z;
};

/// Arguments, from `low` to `high`, in which an operation is defined and smooth, its stated kinks aside; tests sample it.
struct Domain {
  double low, high;
};

/// How an operation reads in print: its `value`, `partial_x`, `partial_y` and `partial_z`, as mathematics.
struct Formula {
  const char* value;
  const char* partial_x;
  const char* partial_y = nullptr;
  const char* partial_z = nullptr;
};

/// Special functions of plain numbers, for the rules; what they promise stands at the rules. NaN outside their domain.
namespace detail::special {
double lgamma(double x);
double tgamma(double x);
double polygamma(double n, double x);
double digamma_step(double x, double step);  // polygamma(0, x + step) - polygamma(0, x), whose digits it keeps; x > 0
double erfinv(double x);
double erfcinv(double x);
double beta(double x, double y);
double incomplete_gamma(double a, double x, double order);
double ibeta_derivative(double a, double b, double x);
double ibeta(double a, double b, double x, int in_a, int in_b);  // that many times differentiated, together at most twice
double ibetac(double a, double b, double x);
inline double ibeta(double a, double b, double x) { return ibeta(a, b, x, 0, 0); }
inline double ibeta_a(double a, double b, double x) { return ibeta(a, b, x, 1, 0); }
inline double ibeta_b(double a, double b, double x) { return ibeta(a, b, x, 0, 1); }
inline double ibeta_aa(double a, double b, double x) { return ibeta(a, b, x, 2, 0); }
inline double ibeta_ab(double a, double b, double x) { return ibeta(a, b, x, 1, 1); }
inline double ibeta_bb(double a, double b, double x) { return ibeta(a, b, x, 0, 2); }
// Of other plain numbers, to the accuracy of double.
#define WENGERT_X(function)                                                             \
  template <std::floating_point T, std::same_as<T>... Ts>                               \
  T function(T x, Ts... y) {                                                            \
    return static_cast<T>(function(static_cast<double>(x), static_cast<double>(y)...)); \
  }
// clang-format off
WENGERT_X(lgamma) WENGERT_X(tgamma) WENGERT_X(polygamma) WENGERT_X(erfinv) WENGERT_X(erfcinv) WENGERT_X(beta)
WENGERT_X(incomplete_gamma) WENGERT_X(ibeta) WENGERT_X(ibetac) WENGERT_X(ibeta_derivative) WENGERT_X(ibeta_a) WENGERT_X(ibeta_b)
WENGERT_X(ibeta_aa) WENGERT_X(ibeta_ab) WENGERT_X(ibeta_bb)
// clang-format on
#undef WENGERT_X
}  // namespace detail::special

namespace ops {

using detail::special::beta, detail::special::erfcinv, detail::special::erfinv, detail::special::ibeta, detail::special::ibeta_a,
    detail::special::ibeta_aa, detail::special::ibeta_ab, detail::special::ibeta_b, detail::special::ibeta_bb,
    detail::special::ibeta_derivative, detail::special::ibetac, detail::special::incomplete_gamma, detail::special::lgamma,
    detail::special::polygamma, detail::special::tgamma;
// Found beside the overloads for Var, Dual and Lanes, which argument-dependent lookup adds.
using std::abs, std::acos, std::acosh, std::asin, std::asinh, std::atan, std::atan2, std::atanh, std::cbrt, std::ceil, std::cos,
    std::cosh, std::erf, std::erfc, std::exp, std::exp2, std::expm1, std::floor, std::fma, std::hypot, std::log, std::log10,
    std::log1p, std::log2, std::pow, std::round, std::sin, std::sinh, std::sqrt, std::tan, std::tanh, std::trunc;

/// Ends of domains: `infinity`, `not_a_number`, `largest`, `smallest` (subnormal), `smallest_normal`.
inline constexpr double infinity = std::numeric_limits<double>::infinity();
inline constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
inline constexpr double largest = std::numeric_limits<double>::max();
inline constexpr double smallest = std::numeric_limits<double>::denorm_min();
inline constexpr double smallest_normal = std::numeric_limits<double>::min();

/// What every rule says of itself unless it says otherwise. A rule may also have
///   at_kink(double…): true where the value has a corner, a jump or a vertical tangent inside its domain, so that differences do
///   not
///     tell the derivative;
///   precise(double, double): false where the stated bounds do not hold;
///   partial_x and partial_y, beside partials: for sweeps to skip one that is costly when its argument is a constant.
template <int length>
struct Rule {
  /// How many arguments.
  static constexpr int arity = length;
  /// Value needs only + - * / and comparisons, so a compile-time tape may fold it.
  static constexpr bool arithmetic = false;
  /// Passes an argument on or drops it: its partials are 0, 1/2 or 1, and where one is 0 nothing goes back, not even an
  /// infinite adjoint (a plain product would make 0 * inf = NaN).
  static constexpr bool switching = false;
  /// Is 0 where an argument is: a partial that is 0 carries nothing back here either, but it is a number that varies, and what
  /// is carried must have its derivatives.
  static constexpr bool absorbing = false;
  /// Has an infinite partial where its value is finite, as sqrt at 0.
  static constexpr bool steep = false;
  /// Swapping x and y changes nothing.
  static constexpr bool commutative = false;
  /// Largest error of the value and of any partial over the domain in units in the last place, at double precision, counted
  /// from the exact result; glibc's own error is included. tests/record/ops_test.cpp measures both. A partial is held to it where
  /// the value is zero or a normal number (a subnormal or overflowed value has fewer digits to give), and `precise`, if the rule
  /// has one, is true.
  static constexpr double value_ulps = 1;
  static constexpr double partial_ulps = 2;
};

struct Arithmetic1 : Rule<1> {
  static constexpr bool arithmetic = true;
};
struct Arithmetic2 : Rule<2> {
  static constexpr bool arithmetic = true;
};

/// `value` where the condition holds, NaN elsewhere: a partial outside the domain must not look like a number.
template <class Condition, class T>
constexpr T inside(Condition condition, T value) {
  return select(condition, value, T(not_a_number));
}

/// f() or g() by the condition. A plain bool computes only the one that is asked for; lanes and tapes need both.
template <class Condition, class First, class Second>
constexpr auto either(Condition condition, First f, Second g) {
  if constexpr (std::is_same_v<Condition, bool>)
    return condition ? f() : g();
  else
    return select(condition, f(), g());
}

// ---- arithmetic -------------------------------------------------------------------------------------------------------------

struct Add : Arithmetic2 {
  static constexpr const char* name = "add";
  static constexpr Formula formula{"x + y", "1", "1"};
  static constexpr Domain domain[] = {{-largest, largest}, {-largest, largest}};
  static constexpr bool commutative = true;

  template <class T>
  static constexpr T value(T x, T y) {
    return x + y;
  }
  template <class T>
  static constexpr Partials2<T> partials(T, T, T) {
    return {T(1), T(1)};
  }
};

struct Sub : Arithmetic2 {
  static constexpr const char* name = "sub";
  static constexpr Formula formula{"x - y", "1", "-1"};
  static constexpr Domain domain[] = {{-largest, largest}, {-largest, largest}};

  template <class T>
  static constexpr T value(T x, T y) {
    return x - y;
  }
  template <class T>
  static constexpr Partials2<T> partials(T, T, T) {
    return {T(1), T(-1)};
  }
};

struct Mul : Arithmetic2 {
  static constexpr const char* name = "mul";
  static constexpr Formula formula{"x * y", "y", "x"};
  static constexpr Domain domain[] = {{-largest, largest}, {-largest, largest}};
  static constexpr bool commutative = true;

  template <class T>
  static constexpr T value(T x, T y) {
    return x * y;
  }
  template <class T>
  static constexpr Partials2<T> partials(T x, T y, T) {
    return {y, x};
  }
};

struct Div : Arithmetic2 {
  static constexpr const char* name = "div";
  static constexpr Formula formula{"x / y", "1 / y", "-result / y"};
  static constexpr Domain domain[] = {{-largest, largest}, {-largest, largest}};

  template <class T>
  static constexpr T value(T x, T y) {
    return x / y;
  }
  template <class T>
  static constexpr Partials2<T> partials(T, T y, T result) {
    return {T(1) / y, -result / y};
  }
};

struct Neg : Arithmetic1 {
  static constexpr const char* name = "neg";
  static constexpr Formula formula{"-x", "-1"};
  static constexpr Domain domain[] = {{-largest, largest}};

  template <class T>
  static constexpr T value(T x) {
    return -x;
  }
  template <class T>
  static constexpr Partials1<T> partials(T, T) {
    return {T(-1)};
  }
};

/// x * y + z with one rounding.
struct Fma : Rule<3> {
  static constexpr const char* name = "fma";
  static constexpr Formula formula{"x * y + z", "y", "x", "1"};
  static constexpr Domain domain[] = {{-largest, largest}, {-largest, largest}, {-largest, largest}};

  template <class T>
  static constexpr T value(T x, T y, T z) {
    return fma(x, y, z);
  }
  template <class T>
  static constexpr Partials3<T> partials(T x, T y, T, T) {
    return {y, x, T(1)};
  }
};

// ---- roots, powers, exponentials, logarithms ----------------------------------------------------------------------------------

struct Sqrt : Rule<1> {
  static constexpr bool steep = true;
  static constexpr const char* name = "sqrt";
  static constexpr Formula formula{"sqrt(x)", "1 / (2 result)"};
  static constexpr Domain domain[] = {{0, largest}};

  template <class T>
  static constexpr T value(T x) {
    return sqrt(x);
  }
  template <class T>
  static constexpr Partials1<T> partials(T, T result) {
    return {T(0.5) / result};
  }
};

struct Cbrt : Rule<1> {
  static constexpr bool steep = true;
  static constexpr const char* name = "cbrt";
  static constexpr Formula formula{"cbrt(x)", "1 / (3 result^2)"};
  static constexpr Domain domain[] = {{-largest, largest}};
  static constexpr double partial_ulps = 4;

  template <class T>
  static constexpr T value(T x) {
    // libm's root can be 3 ulps off; a Newton step puts that right. It is no number where x is 0 or infinite.
    const T root = cbrt(x);
    const T step = (root - x / (root * root)) / T(3);
    return select(step - step == T(0), root - step, root);
  }
  template <class T>
  static constexpr Partials1<T> partials(T, T result) {
    return {T(1) / (T(3) * result * result)};
  }
  // vertical
  static bool at_kink(double x) { return x == 0; }
};

struct Exp : Rule<1> {
  static constexpr const char* name = "exp";
  static constexpr Formula formula{"exp(x)", "result"};
  static constexpr Domain domain[] = {{-746, 709.78}};

  template <class T>
  static constexpr T value(T x) {
    return exp(x);
  }
  template <class T>
  static constexpr Partials1<T> partials(T, T result) {
    return {result};
  }
};

struct Exp2 : Rule<1> {
  static constexpr const char* name = "exp2";
  static constexpr Formula formula{"exp2(x)", "ln 2 * result"};
  static constexpr Domain domain[] = {{-1075, 1023.99}};

  template <class T>
  static constexpr T value(T x) {
    return exp2(x);
  }
  template <class T>
  static constexpr Partials1<T> partials(T, T result) {
    return {T(std::numbers::ln2) * result};
  }
};

struct Expm1 : Rule<1> {
  static constexpr const char* name = "expm1";
  static constexpr Formula formula{"expm1(x)", "exp(x)"};
  static constexpr Domain domain[] = {{-746, 709.78}};

  template <class T>
  static constexpr T value(T x) {
    return expm1(x);
  }
  template <class T>
  static constexpr Partials1<T> partials(T x, T) {
    // not result + 1, which is 0 at x = -40 where the partial is 4e-18
    return {exp(x)};
  }
};

struct Log : Rule<1> {
  static constexpr const char* name = "log";
  static constexpr Formula formula{"log(x)", "1 / x"};
  static constexpr Domain domain[] = {{smallest, largest}};

  template <class T>
  static constexpr T value(T x) {
    return log(x);
  }
  template <class T>
  static constexpr Partials1<T> partials(T x, T) {
    return {inside(x >= T(0), T(1) / x)};
  }
};

struct Log2 : Rule<1> {
  static constexpr const char* name = "log2";
  static constexpr Formula formula{"log2(x)", "log2(e) / x"};
  static constexpr Domain domain[] = {{smallest, largest}};

  template <class T>
  static constexpr T value(T x) {
    return log2(x);
  }
  template <class T>
  static constexpr Partials1<T> partials(T x, T) {
    return {inside(x >= T(0), T(std::numbers::log2e) / x)};
  }
};

struct Log10 : Rule<1> {
  static constexpr const char* name = "log10";
  static constexpr Formula formula{"log10(x)", "log10(e) / x"};
  static constexpr Domain domain[] = {{smallest, largest}};
  static constexpr double value_ulps = 2;

  template <class T>
  static constexpr T value(T x) {
    return log10(x);
  }
  template <class T>
  static constexpr Partials1<T> partials(T x, T) {
    return {inside(x >= T(0), T(std::numbers::log10e) / x)};
  }
};

struct Log1p : Rule<1> {
  static constexpr const char* name = "log1p";
  static constexpr Formula formula{"log1p(x)", "1 / (1 + x)"};
  static constexpr Domain domain[] = {{-1, largest}};

  template <class T>
  static constexpr T value(T x) {
    return log1p(x);
  }
  template <class T>
  static constexpr Partials1<T> partials(T x, T) {
    return {inside(x >= T(-1), T(1) / (T(1) + x))};
  }
};

/// Whether derivatives on T may be differentiated again: not on plain numbers and on lanes of them.
template <class T>
inline constexpr bool carries_derivatives = !std::is_floating_point_v<T> && !requires(const T& x) { x.lanes; };

struct Pow : Rule<2> {
  static constexpr bool steep = true;
  static constexpr const char* name = "pow";
  static constexpr Formula formula{"pow(x, y)", "y * pow(x, y - 1)", "result * log(x)"};
  static constexpr Domain domain[] = {{1e-300, 1e300}, {-300, 300}};
  static constexpr double partial_ulps = 3;

  template <class T>
  static constexpr T value(T x, T y) {
    return pow(x, y);
  }
  template <class T>
  static constexpr Partials2<T> partials(T x, T y, T result) {
    return {partial_x(x, y, result), partial_y(x, y, result)};
  }
  // One by one, so that a sweep need not pay for the logarithm where the exponent is a constant.
  template <class T>
  static constexpr T partial_x(T x, T y, T result) {
    if constexpr (requires { y.is_constant(); })
      if (y.is_constant() && one_less_is_exact(y.value())) return absorbing_product(y, pow(x, y - T(1)));
    // y = 0 makes it 0 even at x = 0
    const auto product = [&] { return absorbing_product(y, slope(x, y, result)); };
    if constexpr (carries_derivatives<T>)
      return regular_or(x, y, result, 1, product);
    else
      return product();
  }
  template <class T>
  static constexpr T partial_y(T x, T y, T result) {
    // pow(0, y) is 0 on all of y > 0, where a plain product would be 0 * -inf
    const auto product = [&] { return inside(x >= T(0), absorbing_product(result, log(x))); };
    if constexpr (carries_derivatives<T>)
      return regular_or(x, y, result, 256, product);
    else
      return product();
  }
  // |y| or |log x| away from the ends of the range, factors of a partial may pass them
  static bool precise(double x, double y) {
    return std::abs(y * std::log2(std::abs(x))) < 1000 && std::abs((y - 1) * std::log2(std::abs(x))) < 1000;
  }

 private:
  // At base 0 the products have the right value, and derivatives that are 0 * inf, and near it those overflow on the way: there,
  // and on a tape, which may be replayed there, the operation that knows its own derivatives.
  template <class T, class Product>
  static constexpr T regular_or(T x, T y, T result, int order, Product product) {
    if constexpr (requires {
                    { x < y } -> std::same_as<bool>;
                  }) {
      const auto moderate = [](T number) { return T(1e-36) < number * number && number * number < T(1e36); };
      if (moderate(x) && moderate(result)) return product();
    }
    return pow_derivative(x, y, T(order));
  }
  // pow(x, y - 1). As result / x it is free of the rounding of y - 1, which costs up to |log x| ulps; but where the result is 0
  // or infinite, the longer way still gives it. A NaN stays one.
  template <class T>
  static constexpr T slope(T x, T y, T result) {
    return either(
        result / result == T(1), [&] { return result / x; }, [&] { return inside(result == result, pow(x, y - T(1))); });
  }
  // 1 itself aside, for which pow(x, 0) would be 1 even at a NaN
  static constexpr bool one_less_is_exact(double y) { return (y - 1) + 1 == y && y - (y - 1) == 1 && y != 1; }
};

/// A derivative of pow(x, y): m times in x and k times in y, where z, rounded down, is m + 256 k. Recorded as the partials of
/// pow, so that those have derivatives at base 0 too, where a product of a power and a logarithm would give 0 * inf.
struct PowDerivative : Rule<3> {
  static constexpr bool steep = true;
  static constexpr const char* name = "pow_derivative";
  static constexpr Formula formula{"pow_derivative(x, y, z)", "pow_derivative(x, y, z + 1)", "pow_derivative(x, y, z + 256)",
                                   "0"};
  static constexpr Domain domain[] = {{1e-300, 1e300}, {-300, 300}, {0, 0.5}};
  static constexpr double partial_ulps = 3;

  template <class T>
  static constexpr T value(T x, T y, T z) {
    return pow_derivative(x, y, z);
  }
  template <class T>
  static constexpr Partials3<T> partials(T x, T y, T z, T) {
    return {pow_derivative(x, y, z + T(1)), inside(z >= T(0), pow_derivative(x, y, z + T(256))), T(0)};
  }
  static bool precise(double x, double y, double) { return Pow::precise(x, y); }
  /// What its error is counted of: the value if none of its terms cancelled, and twice as much again for each derivative:
  /// in x three roundings of half an ulp (a quotient, a difference, a product), in y as many (a logarithm, a product, a sum).
  static double scale(double x, double y, double z) {
    if (!(z >= 0 && z < 4096)) return not_a_number;
    const int m = static_cast<int>(z) % 256, k = static_cast<int>(z) / 256;
    const double log = k > 0 ? std::abs(std::log(x)) : 0;
    return (1 + 2 * (m + k)) *
           detail::pow_derivative(std::abs(std::pow(x, y)), std::abs(x), [y](int i) { return std::abs(y - i); }, log, m, k);
  }
};

// ---- trigonometric and hyperbolic ---------------------------------------------------------------------------------------------

struct Sin : Rule<1> {
  static constexpr const char* name = "sin";
  static constexpr Formula formula{"sin(x)", "cos(x)"};
  static constexpr Domain domain[] = {{-largest, largest}};

  template <class T>
  static constexpr T value(T x) {
    return sin(x);
  }
  template <class T>
  static constexpr Partials1<T> partials(T x, T) {
    return {cos(x)};
  }
};

struct Cos : Rule<1> {
  static constexpr const char* name = "cos";
  static constexpr Formula formula{"cos(x)", "-sin(x)"};
  static constexpr Domain domain[] = {{-largest, largest}};

  template <class T>
  static constexpr T value(T x) {
    return cos(x);
  }
  template <class T>
  static constexpr Partials1<T> partials(T x, T) {
    return {-sin(x)};
  }
};

struct Tan : Rule<1> {
  static constexpr const char* name = "tan";
  static constexpr Formula formula{"tan(x)", "1 + result^2"};
  static constexpr Domain domain[] = {{-largest, largest}};
  static constexpr double partial_ulps = 2;

  template <class T>
  static constexpr T value(T x) {
    return tan(x);
  }
  template <class T>
  static constexpr Partials1<T> partials(T, T result) {
    return {T(1) + result * result};
  }
};

struct Asin : Rule<1> {
  static constexpr bool steep = true;
  static constexpr const char* name = "asin";
  static constexpr Formula formula{"asin(x)", "1 / sqrt(1 - x^2)"};
  static constexpr Domain domain[] = {{-1, 1}};

  template <class T>
  static constexpr T value(T x) {
    return asin(x);
  }
  template <class T>
  static constexpr Partials1<T> partials(T x, T) {
    // 1 - x^2 with one rounding: it does not cancel near |x| = 1, nor does its derivative near 0, as (1 - x)(1 + x) would
    return {T(1) / sqrt(fma(-x, x, T(1)))};
  }
};

struct Acos : Rule<1> {
  static constexpr bool steep = true;
  static constexpr const char* name = "acos";
  static constexpr Formula formula{"acos(x)", "-1 / sqrt(1 - x^2)"};
  static constexpr Domain domain[] = {{-1, 1}};

  template <class T>
  static constexpr T value(T x) {
    return acos(x);
  }
  template <class T>
  static constexpr Partials1<T> partials(T x, T) {
    return {T(-1) / sqrt(fma(-x, x, T(1)))};
  }
};

struct Atan : Rule<1> {
  static constexpr const char* name = "atan";
  static constexpr Formula formula{"atan(x)", "1 / (1 + x^2)"};
  static constexpr Domain domain[] = {{-largest, largest}};
  static constexpr double partial_ulps = 3;

  template <class T>
  static constexpr T value(T x) {
    return atan(x);
  }
  template <class T>
  static constexpr Partials1<T> partials(T x, T) {
    // where the 1 is far below rounding, two divisions do without the square, which would overflow (at 1e36 float is not far from
    // it)
    const T square = x * x;
    return {either(square < T(1e36), [&] { return T(1) / (T(1) + square); }, [&] { return T(1) / x / x; })};
  }
};

/// The angle of the point (y, x): atan2(x, y) takes the ordinate first, as std::atan2 does.
struct Atan2 : Rule<2> {
  static constexpr const char* name = "atan2";
  static constexpr Formula formula{"atan2(x, y)", "y / (x^2 + y^2)", "-x / (x^2 + y^2)"};
  static constexpr Domain domain[] = {{-1e308, 1e308}, {-1e308, 1e308}};
  static constexpr double partial_ulps = 4;

  template <class T>
  static constexpr T value(T x, T y) {
    return atan2(x, y);
  }
  template <class T>
  static constexpr Partials2<T> partials(T x, T y, T) {
    // dividing twice by the radius: its square would overflow at 1e200
    const T radius = hypot(x, y);
    return {y / radius / radius, -x / radius / radius};
  }
  // not where the radius, or a ratio to it on the way, is subnormal and has fewer digits
  static bool precise(double x, double y) {
    const double radius = std::hypot(x, y);
    const auto keeps_digits = [&](double side) { return side == 0 || std::abs(side / radius) >= smallest_normal; };
    return radius >= smallest_normal && keeps_digits(x) && keeps_digits(y);
  }
  // the cut, where the value jumps, and the origin
  static bool at_kink(double x, double y) { return x == 0 && y <= 0; }
};

struct Sinh : Rule<1> {
  static constexpr const char* name = "sinh";
  static constexpr Formula formula{"sinh(x)", "cosh(x)"};
  static constexpr Domain domain[] = {{-711, 711}};
  static constexpr double value_ulps = 2;

  template <class T>
  static constexpr T value(T x) {
    return sinh(x);
  }
  template <class T>
  static constexpr Partials1<T> partials(T x, T) {
    return {cosh(x)};
  }
};

struct Cosh : Rule<1> {
  static constexpr const char* name = "cosh";
  static constexpr Formula formula{"cosh(x)", "sinh(x)"};
  static constexpr Domain domain[] = {{-711, 711}};
  static constexpr double value_ulps = 2;

  template <class T>
  static constexpr T value(T x) {
    return cosh(x);
  }
  template <class T>
  static constexpr Partials1<T> partials(T x, T) {
    return {sinh(x)};
  }
};

struct Tanh : Rule<1> {
  static constexpr const char* name = "tanh";
  static constexpr Formula formula{"tanh(x)", "1 - result^2"};
  static constexpr Domain domain[] = {{-largest, largest}};
  static constexpr double value_ulps = 3;
  static constexpr double partial_ulps = 5;

  template <class T>
  static constexpr T value(T x) {
    return tanh(x);
  }
  template <class T>
  static constexpr Partials1<T> partials(T x, T result) {
    // 1 - result^2 has cancelled to 0 by x = 20, where the partial is 1.7e-17
    const T square = result * result;
    return {either(square < T(0.25), [&] { return T(1) - square; }, [&] { return far_out(exp(T(-2) * abs(x))); })};
  }

 private:
  // 1 / cosh(x)^2 from exp(-2|x|), which may underflow where cosh overflows; so do its derivatives
  template <class T>
  static constexpr T far_out(T power) {
    return T(4) * power / ((T(1) + power) * (T(1) + power));
  }
};

struct Asinh : Rule<1> {
  static constexpr const char* name = "asinh";
  static constexpr Formula formula{"asinh(x)", "1 / sqrt(1 + x^2)"};
  static constexpr Domain domain[] = {{-largest, largest}};
  static constexpr double value_ulps = 2;

  template <class T>
  static constexpr T value(T x) {
    return asinh(x);
  }
  template <class T>
  static constexpr Partials1<T> partials(T x, T) {
    // where the 1 is far below rounding it is left out: hypot has no derivative at infinity, and this has
    const T size = abs(x);
    return {either(size < T(1e18), [&] { return T(1) / hypot(T(1), x); }, [&] { return T(1) / size; })};
  }
};

struct Acosh : Rule<1> {
  static constexpr bool steep = true;
  static constexpr const char* name = "acosh";
  static constexpr Formula formula{"acosh(x)", "1 / sqrt(x^2 - 1)"};
  static constexpr Domain domain[] = {{1, largest}};
  static constexpr double value_ulps = 2;
  static constexpr double partial_ulps = 3;

  template <class T>
  static constexpr T value(T x) {
    return acosh(x);
  }
  template <class T>
  static constexpr Partials1<T> partials(T x, T) {
    // two roots: the product (x - 1)(x + 1) overflows, and is positive again below -1; two divisions: in the derivative of a
    // product, a root that is 0 at x = 1 would meet an infinity
    return {T(1) / sqrt(x - T(1)) / sqrt(x + T(1))};
  }
};

struct Atanh : Rule<1> {
  static constexpr const char* name = "atanh";
  static constexpr Formula formula{"atanh(x)", "1 / (1 - x^2)"};
  static constexpr Domain domain[] = {{-1, 1}};
  static constexpr double value_ulps = 2;

  template <class T>
  static constexpr T value(T x) {
    return atanh(x);
  }
  template <class T>
  static constexpr Partials1<T> partials(T x, T) {
    const T complement = fma(-x, x, T(1));
    return {inside(complement >= T(0), T(1) / complement)};
  }
};

// ---- error function -----------------------------------------------------------------------------------------------------------

/// exp(-x^2). The rounding error of x^2, some 256 ulps of the result at x = 26, is caught by an fma and put back.
template <class T>
constexpr T exp_of_minus_square(T x) {
  const T square = x * x;
  const T lost = fma(x, x, -square);
  const T power = exp(-square);
  return select(square > T(800), T(0), power - power * lost);
}

/// exp(x^2), as accurate. Infinite x, the ends of the inverses of erf, have their derivatives too: a zero in the denominator that
/// is a constant would lose them.
template <class T>
constexpr T exp_of_square(T x) {
  return either(x * x < T(800), [&] { return T(1) / exp_of_minus_square(x); }, [&] { return exp(x * x); });
}

struct Erf : Rule<1> {
  static constexpr const char* name = "erf";
  static constexpr Formula formula{"erf(x)", "2/sqrt(pi) exp(-x^2)"};
  static constexpr Domain domain[] = {{-largest, largest}};
  static constexpr double value_ulps = 2;

  template <class T>
  static constexpr T value(T x) {
    return erf(x);
  }
  template <class T>
  static constexpr Partials1<T> partials(T x, T) {
    return {T(2 * std::numbers::inv_sqrtpi) * exp_of_minus_square(x)};
  }
};

struct Erfc : Rule<1> {
  static constexpr const char* name = "erfc";
  static constexpr Formula formula{"erfc(x)", "-2/sqrt(pi) exp(-x^2)"};
  static constexpr Domain domain[] = {{-largest, largest}};
  static constexpr double value_ulps = 4;

  template <class T>
  static constexpr T value(T x) {
    return erfc(x);
  }
  template <class T>
  static constexpr Partials1<T> partials(T x, T) {
    return {T(-2 * std::numbers::inv_sqrtpi) * exp_of_minus_square(x)};
  }
};

struct Erfinv : Rule<1> {
  static constexpr bool steep = true;
  static constexpr const char* name = "erfinv";
  static constexpr Formula formula{"erfinv(x)", "sqrt(pi)/2 exp(result^2)"};
  static constexpr Domain domain[] = {{-1, 1}};
  static constexpr double value_ulps = 4;
  static constexpr double partial_ulps = 400;  // the error of the value, times twice its square

  template <class T>
  static constexpr T value(T x) {
    return erfinv(x);
  }
  template <class T>
  static constexpr Partials1<T> partials(T, T result) {
    return {T(1 / (2 * std::numbers::inv_sqrtpi)) * exp_of_square(result)};
  }
};

struct Erfcinv : Rule<1> {
  static constexpr bool steep = true;
  static constexpr const char* name = "erfcinv";
  static constexpr Formula formula{"erfcinv(x)", "-sqrt(pi)/2 exp(result^2)"};
  static constexpr Domain domain[] = {{0, 2}};
  static constexpr double value_ulps = 4;
  static constexpr double partial_ulps = 4000;  // likewise; the value goes up to 27

  template <class T>
  static constexpr T value(T x) {
    return erfcinv(x);
  }
  template <class T>
  static constexpr Partials1<T> partials(T, T result) {
    return {T(-1 / (2 * std::numbers::inv_sqrtpi)) * exp_of_square(result)};
  }
};

// ---- gamma function -----------------------------------------------------------------------------------------------------------

/// The derivative of order n (rounded down; 0 to 100) of the digamma function. polygamma(0, x) is digamma, polygamma(1, x)
/// trigamma. NaN at the poles 0, -1, -2, … Below 0, where it is a difference of two terms, as accurate as the larger one.
struct Polygamma : Rule<2> {
  static constexpr const char* name = "polygamma";
  static constexpr Formula formula{"polygamma(x, y)", "0", "polygamma(x + 1, y)"};
  static constexpr Domain domain[] = {{0.1, 0.9}, {1e-60, 1e60}};
  static constexpr double value_ulps = 8;
  static constexpr double partial_ulps = 8;

  template <class T>
  static constexpr T value(T x, T y) {
    return polygamma(x, y);
  }
  template <class T>
  static constexpr Partials2<T> partials(T x, T y, T) {
    return {T(0), inside(x >= T(0), polygamma(x + T(1), y))};
  }
};

/// log |gamma(x)|.
struct Lgamma : Rule<1> {
  static constexpr const char* name = "lgamma";
  static constexpr Formula formula{"lgamma(x)", "polygamma(0, x)"};
  static constexpr Domain domain[] = {{1e-300, 1e300}};
  static constexpr double value_ulps = 8;
  static constexpr double partial_ulps = 8;

  template <class T>
  static constexpr T value(T x) {
    return lgamma(x);
  }
  template <class T>
  static constexpr Partials1<T> partials(T x, T) {
    return {polygamma(T(0), x)};
  }
};

struct Tgamma : Rule<1> {
  static constexpr const char* name = "tgamma";
  static constexpr Formula formula{"tgamma(x)", "tgamma(x) polygamma(0, x)"};
  static constexpr Domain domain[] = {{1e-150, 171}};
  static constexpr double value_ulps = 8;
  static constexpr double partial_ulps = 16;

  template <class T>
  static constexpr T value(T x) {
    return tgamma(x);
  }
  template <class T>
  static constexpr Partials1<T> partials(T x, T result) {
    // at infinity the derivatives of polygamma are 0, those of the product are not
    return {result * either(x < T(infinity), [&] { return polygamma(T(0), x); }, [&] { return x; })};
  }
};

/// The beta function gamma(x) gamma(y) / gamma(x + y), for x, y > 0. A partial is as accurate as the digammas whose difference it
/// has.
struct Beta : Rule<2> {
  static constexpr const char* name = "beta";
  static constexpr Formula formula{"beta(x, y)", "result (polygamma(0, x) - polygamma(0, x + y))",
                                   "result (polygamma(0, y) - polygamma(0, x + y))"};
  static constexpr Domain domain[] = {{0.25, 16}, {0.25, 16}};
  static constexpr bool commutative = true;
  static constexpr double value_ulps = 4;
  static constexpr double partial_ulps = 2000;

  template <class T>
  static constexpr T value(T x, T y) {
    return beta(x, y);
  }
  template <class T>
  static constexpr Partials2<T> partials(T x, T y, T result) {
    // at an infinity, where it is 0, so are they
    const T sum = polygamma(T(0), x + y);
    return {absorbing_product(result, polygamma(T(0), x) - sum), absorbing_product(result, polygamma(T(0), y) - sum)};
  }
};

// ---- incomplete gamma and beta functions --------------------------------------------------------------------------------------

/// P(x, y), the regularised lower incomplete gamma function of parameter x > 0 at y >= 0, and its derivatives: m < 16 times in y
/// and k < 16 times in x, where z, rounded down, is m + 256 k; and with 65536 more of Q = 1 - P, the upper one. NaN for any other
/// z. Where y is 0, the limit from above. Derivatives beyond the first have terms of both signs, and are as accurate as these.
struct IncompleteGamma : Rule<3> {
  static constexpr bool steep = true;
  static constexpr const char* name = "incomplete_gamma";
  static constexpr Formula formula{"incomplete_gamma(x, y, z)", "incomplete_gamma(x, y, z + 256)",
                                   "incomplete_gamma(x, y, z + 1)", "0"};
  static constexpr Domain domain[] = {{0.05, 30}, {0.01, 30}, {0, 0.5}};
  static constexpr double value_ulps = 8;
  static constexpr double partial_ulps = 32;

  template <class T>
  static constexpr T value(T x, T y, T z) {
    return incomplete_gamma(x, y, z);
  }
  template <class T>
  static constexpr Partials3<T> partials(T x, T y, T z, T) {
    return {inside(z >= T(0), incomplete_gamma(x, y, z + T(256))), inside(z >= T(0), incomplete_gamma(x, y, z + T(1))), T(0)};
  }
  /// What the error of a value is counted of: its largest term, where it is known.
  static double scale(double x, double y, double z) {
    const int code = z >= 0 && z < 131072 ? static_cast<int>(z) % 65536 : 0;
    const double value = std::abs(incomplete_gamma(x, y, z)), density = incomplete_gamma(x, y, 1.0);
    if (code < 2) return value;
    if (code == 2) return density * (x + 1 + y) / y;
    if (code == 256) return 4 * value;
    if (code == 257) return density * (std::abs(std::log(y)) + std::abs(polygamma(0.0, x)));
    if (code != 512) return infinity;
    const double tail = min(incomplete_gamma(x, y, 0.0), incomplete_gamma(x, y, 65536.0));
    return 8 * (value + std::abs(incomplete_gamma(x, y, 256.0)) + polygamma(1.0, max(1.0, x)) * tail);
  }
};

/// The density whose integral from 0 to z is ibeta(x, y, z): z^(x - 1) (1 - z)^(y - 1) / beta(x, y). At 0 and 1 its own
/// derivative in z is infinite or NaN.
struct IbetaDerivative : Rule<3> {
  static constexpr bool steep = true;
  static constexpr const char* name = "ibeta_derivative";
  static constexpr Formula formula{"ibeta_derivative(x, y, z)", "result (log(z) - polygamma(0, x) + polygamma(0, x + y))",
                                   "result (log(1 - z) - polygamma(0, y) + polygamma(0, x + y))",
                                   "result ((x - 1) / z - (y - 1) / (1 - z))"};
  static constexpr Domain domain[] = {{0.1, 10}, {0.1, 10}, {0.01, 0.7}};
  static constexpr double value_ulps = 8;
  static constexpr double partial_ulps = 64;

  template <class T>
  static constexpr T value(T x, T y, T z) {
    return ibeta_derivative(x, y, z);
  }
  template <class T>
  static constexpr Partials3<T> partials(T x, T y, T z, T result) {
    return {absorbing_product(result, log_slope(x, x + y, log(z))), absorbing_product(result, log_slope(y, x + y, log1p(-z))),
            result * ((x - T(1)) / z - (y - T(1)) / (T(1) - z))};
  }
  // not near a zero of a partial
  static bool precise(double x, double y, double z) {
    const auto clear = [](double u, double v, double w) {
      return std::abs(u + v + w) > 0.1 * (std::abs(u) + std::abs(v) + std::abs(w));
    };
    const double of_sum = polygamma(0.0, x + y);
    return clear(std::log(z), -polygamma(0.0, x), of_sum) && clear(std::log1p(-z), -polygamma(0.0, y), of_sum) &&
           clear((x - 1) / z, -(y - 1) / (1 - z), 0);
  }
  /// The slope of its logarithm in a parameter, where `log` is that of z or of 1 - z.
  template <class T>
  static constexpr T log_slope(T parameter, T sum, T log) {
    return log - polygamma(T(0), parameter) + polygamma(T(0), sum);
  }
};

/// I_z(x, y), the regularised incomplete beta function for x, y >= 1e-290 and z from 0 to 1, differentiated `in_x` and `in_y`
/// times, in all at most twice. Of a second derivative there are no derivatives in x and y: NaN.
template <int in_x, int in_y>
struct IncompleteBeta : Rule<3> {
  static constexpr bool steep = true;
  static constexpr Domain domain[] = {{0.1, 10}, {0.1, 10}, {0.01, 0.7}};
  static constexpr double value_ulps = in_x + in_y == 0 ? 8 : 64;
  static constexpr double partial_ulps = in_x + in_y == 2 ? 256 : 64;

  template <class T>
  static constexpr T value(T x, T y, T z) {
    if constexpr (in_x == 0 && in_y == 0)
      return ibeta(x, y, z);
    else if constexpr (in_x + in_y == 1)
      return in_x == 1 ? ibeta_a(x, y, z) : ibeta_b(x, y, z);
    else
      return in_x == 2 ? ibeta_aa(x, y, z) : in_x == 1 ? ibeta_ab(x, y, z) : ibeta_bb(x, y, z);
  }
  template <class T>
  static constexpr Partials3<T> partials(T x, T y, T z, T) {
    const T density = ibeta_derivative(x, y, z);
    if constexpr (in_x + in_y == 2) {
      const T none = polygamma(T(-1), x);  // NaN, but no constant: clang computes nothing of that while compiling
      return {none, none, absorbing_product(density, bend(x, y, z))};
    } else if constexpr (in_x == 1) {
      return {ibeta_aa(x, y, z), ibeta_ab(x, y, z), absorbing_product(density, IbetaDerivative::log_slope(x, x + y, log(z)))};
    } else if constexpr (in_y == 1) {
      return {ibeta_ab(x, y, z), ibeta_bb(x, y, z), absorbing_product(density, IbetaDerivative::log_slope(y, x + y, log1p(-z)))};
    } else {
      return {ibeta_a(x, y, z), ibeta_b(x, y, z), density};
    }
  }
  // not near a zero of a partial
  static bool precise(double x, double y, double z)
    requires(in_x + in_y > 0)
  {
    if (!IbetaDerivative::precise(x, y, z)) return false;
    const auto clear = [&]<int k, int l>(IncompleteBeta<k, l>) {
      return std::abs(ibeta(x, y, z, k, l)) > 0.1 * IncompleteBeta<k, l>::scale(x, y, z);
    };
    if (in_x + in_y == 1) return clear(IncompleteBeta<2, 0>()) && clear(IncompleteBeta<1, 1>()) && clear(IncompleteBeta<0, 2>());
    return std::abs(bend(x, y, z)) > 0.1 * (polygamma(1.0, x) + polygamma(1.0, y));
  }
  /// What the error of a second derivative is counted of: the size of its terms.
  static double scale(double x, double y, double z)
    requires(in_x + in_y == 2)
  {
    const double tail = min(ibeta(x, y, z), ibetac(x, y, z));
    const double least = in_x == 2 ? max(1.0, x) : in_y == 2 ? max(1.0, y) : x + y;
    return std::abs(ibeta(x, y, z, in_x, in_y)) + std::abs(ibeta_a(x, y, z)) + std::abs(ibeta_b(x, y, z)) +
           polygamma(1.0, least) * tail;
  }

 private:
  /// A second derivative of the density in x and y, over it.
  template <class T>
  static constexpr T bend(T x, T y, T z) {
    const T sum = x + y, both = polygamma(T(1), sum);
    const auto in_the_first = [&] { return IbetaDerivative::log_slope(x, sum, log(z)); };
    const auto in_the_second = [&] { return IbetaDerivative::log_slope(y, sum, log1p(-z)); };
    if constexpr (in_x == 1) return in_the_first() * in_the_second() + both;
    const T slope = in_x == 2 ? in_the_first() : in_the_second();
    return slope * slope - polygamma(T(1), in_x == 2 ? x : y) + both;
  }
};

struct Ibeta : IncompleteBeta<0, 0> {
  static constexpr const char* name = "ibeta";
  static constexpr Formula formula{"ibeta(x, y, z)", "ibeta_a(x, y, z)", "ibeta_b(x, y, z)", "ibeta_derivative(x, y, z)"};
};
/// What is missing of it to 1, to all digits where that is little.
struct Ibetac : IncompleteBeta<0, 0> {
  static constexpr const char* name = "ibetac";
  static constexpr Formula formula{"1 - ibeta(x, y, z)", "-ibeta_a(x, y, z)", "-ibeta_b(x, y, z)", "-ibeta_derivative(x, y, z)"};

  template <class T>
  static constexpr T value(T x, T y, T z) {
    return ibetac(x, y, z);
  }
  template <class T>
  static constexpr Partials3<T> partials(T x, T y, T z, T) {
    return {-ibeta_a(x, y, z), -ibeta_b(x, y, z), -ibeta_derivative(x, y, z)};
  }
};
/// Derivatives of ibeta in x, in y, and the second ones.
struct IbetaA : IncompleteBeta<1, 0> {
  static constexpr const char* name = "ibeta_a";
  static constexpr Formula formula{"ibeta_a(x, y, z)", "ibeta_aa(x, y, z)", "ibeta_ab(x, y, z)",
                                   "the derivative of ibeta_derivative(x, y, z) in x"};
};
struct IbetaB : IncompleteBeta<0, 1> {
  static constexpr const char* name = "ibeta_b";
  static constexpr Formula formula{"ibeta_b(x, y, z)", "ibeta_ab(x, y, z)", "ibeta_bb(x, y, z)",
                                   "the derivative of ibeta_derivative(x, y, z) in y"};
};
struct IbetaAA : IncompleteBeta<2, 0> {
  static constexpr const char* name = "ibeta_aa";
  static constexpr Formula formula{"ibeta_aa(x, y, z)", "none", "none",
                                   "the second derivative of ibeta_derivative(x, y, z) in x"};
};
struct IbetaAB : IncompleteBeta<1, 1> {
  static constexpr const char* name = "ibeta_ab";
  static constexpr Formula formula{"ibeta_ab(x, y, z)", "none", "none", "the derivative of ibeta_derivative(x, y, z) in x and y"};
};
struct IbetaBB : IncompleteBeta<0, 2> {
  static constexpr const char* name = "ibeta_bb";
  static constexpr Formula formula{"ibeta_bb(x, y, z)", "none", "none",
                                   "the second derivative of ibeta_derivative(x, y, z) in y"};
};

// ---- lengths, extremes, roundings ---------------------------------------------------------------------------------------------

struct Hypot : Rule<2> {
  static constexpr const char* name = "hypot";
  static constexpr Formula formula{"hypot(x, y)", "x / result", "y / result"};
  static constexpr Domain domain[] = {{-largest, largest}, {-largest, largest}};
  static constexpr bool commutative = true;

  template <class T>
  static constexpr T value(T x, T y) {
    return hypot(x, y);
  }
  template <class T>
  static constexpr Partials2<T> partials(T x, T y, T result) {
    return {select(result == T(0), T(0), x / result), select(result == T(0), T(0), y / result)};
  }
  static bool at_kink(double x, double y) { return x == 0 && y == 0; }
};

struct Abs : Arithmetic1 {
  static constexpr const char* name = "abs";
  static constexpr Formula formula{"|x|", "sign(x)"};
  static constexpr Domain domain[] = {{-largest, largest}};
  static constexpr bool switching = true;

  template <class T>
  static constexpr T value(T x) {
    return select(x > T(0), x, T(0) - x);
  }
  template <class T>
  static constexpr Partials1<T> partials(T x, T) {
    // the last branch is 0 at a zero and NaN at a NaN
    return {select(x > T(0), T(1), select(x < T(0), T(-1), T(0) * x))};
  }
  static bool at_kink(double x) { return x == 0; }
};

/// 1 if the first argument wins, 0 if the second does, 1/2 at a tie, NaN if either is NaN.
template <class Condition, class T>
constexpr T share(Condition first_wins, Condition second_wins, Condition tie, T x, T y) {
  return select(first_wins, T(1), select(second_wins, T(0), select(tie, T(0.5), x + y)));
}

struct Min : Arithmetic2 {
  static constexpr const char* name = "min";
  static constexpr Formula formula{"min(x, y)", "1 where x < y", "1 where y < x"};
  static constexpr Domain domain[] = {{-largest, largest}, {-largest, largest}};
  static constexpr bool switching = true;
  static constexpr bool commutative = true;

  template <class T>
  static constexpr T value(T x, T y) {
    // x + y is NaN when neither is below the other and they are not equal
    return select(x < y, x, select(y <= x, y, x + y));
  }
  template <class T>
  static constexpr Partials2<T> partials(T x, T y, T) {
    return {share(x < y, y < x, x == y, x, y), share(y < x, x < y, x == y, x, y)};
  }
  static bool at_kink(double x, double y) { return x == y; }
};

struct Max : Arithmetic2 {
  static constexpr const char* name = "max";
  static constexpr Formula formula{"max(x, y)", "1 where x > y", "1 where y > x"};
  static constexpr Domain domain[] = {{-largest, largest}, {-largest, largest}};
  static constexpr bool switching = true;
  static constexpr bool commutative = true;

  template <class T>
  static constexpr T value(T x, T y) {
    return select(x > y, x, select(y >= x, y, x + y));
  }
  template <class T>
  static constexpr Partials2<T> partials(T x, T y, T) {
    return {share(x > y, y > x, x == y, x, y), share(y > x, x > y, x == y, x, y)};
  }
  static bool at_kink(double x, double y) { return x == y; }
};

/// What the four roundings share: a derivative of 0, and a jump at `at_kink`.
struct Rounding : Rule<1> {
  static constexpr Domain domain[] = {{-largest, largest}};
  static constexpr bool switching = true;

  template <class T>
  static constexpr Partials1<T> partials(T, T) {
    return {T(0)};
  }
};

struct Floor : Rounding {
  static constexpr const char* name = "floor";
  static constexpr Formula formula{"floor(x)", "0"};

  template <class T>
  static constexpr T value(T x) {
    return floor(x);
  }
  static bool at_kink(double x) { return x == std::floor(x); }
};

struct Ceil : Rounding {
  static constexpr const char* name = "ceil";
  static constexpr Formula formula{"ceil(x)", "0"};

  template <class T>
  static constexpr T value(T x) {
    return ceil(x);
  }
  static bool at_kink(double x) { return x == std::floor(x); }
};

struct Round : Rounding {
  static constexpr const char* name = "round";
  static constexpr Formula formula{"round(x)", "0"};

  template <class T>
  static constexpr T value(T x) {
    return round(x);
  }
  static bool at_kink(double x) { return 2 * x == std::floor(2 * x) && x != std::floor(x); }
};

struct Trunc : Rounding {
  static constexpr const char* name = "trunc";
  static constexpr Formula formula{"trunc(x)", "0"};

  template <class T>
  static constexpr T value(T x) {
    return trunc(x);
  }
  static bool at_kink(double x) { return x != 0 && x == std::trunc(x); }
};

// ---- comparison and choice ----------------------------------------------------------------------------------------------------

/// A truth value as a number: 1 or 0. Its derivative is 0.
struct Comparison : Arithmetic2 {
  static constexpr Domain domain[] = {{-largest, largest}, {-largest, largest}};
  static constexpr bool switching = true;

  template <class T>
  static constexpr Partials2<T> partials(T, T, T) {
    return {T(0), T(0)};
  }
  static bool at_kink(double x, double y) { return x == y; }
};

struct Less : Comparison {
  static constexpr const char* name = "is_less";
  static constexpr Formula formula{"x < y", "0", "0"};

  template <class T>
  static constexpr T value(T x, T y) {
    return select(x < y, T(1), T(0));
  }
};

struct LessEqual : Comparison {
  static constexpr const char* name = "is_less_equal";
  static constexpr Formula formula{"x <= y", "0", "0"};

  template <class T>
  static constexpr T value(T x, T y) {
    return select(x <= y, T(1), T(0));
  }
};

struct Equal : Comparison {
  static constexpr const char* name = "is_equal";
  static constexpr Formula formula{"x == y", "0", "0"};
  static constexpr bool commutative = true;

  template <class T>
  static constexpr T value(T x, T y) {
    return select(x == y, T(1), T(0));
  }
};

/// y where x (a truth value) is not 0, z where it is. Follows the data in a replay, where a branch would not.
struct Select : Rule<3> {
  static constexpr const char* name = "select";
  static constexpr Formula formula{"x ? y : z", "0", "1 where x", "1 where not x"};
  static constexpr Domain domain[] = {{0, 1}, {-largest, largest}, {-largest, largest}};
  static constexpr bool arithmetic = true;
  static constexpr bool switching = true;

  template <class T>
  static constexpr T value(T x, T y, T z) {
    return select(x == T(0), z, y);
  }
  template <class T>
  static constexpr Partials3<T> partials(T x, T, T, T) {
    return {T(0), select(x == T(0), T(0), T(1)), select(x == T(0), T(1), T(0))};
  }
};

// ---- differentiation's own ----------------------------------------------------------------------------------------------------

/// x * y, but 0 where x is 0: the product of an adjoint x and a partial y. Recorded when a gradient is recorded.
struct AbsorbingProduct : Arithmetic2 {
  static constexpr const char* name = "absorbing_product";
  static constexpr Formula formula{"x ? x * y : 0", "y", "x"};
  static constexpr Domain domain[] = {{-largest, largest}, {-largest, largest}};
  static constexpr bool absorbing = true;  // where x is 0, y has no say, however large the adjoint

  template <class T>
  static constexpr T value(T x, T y) {
    return absorbing_product(x, y);
  }
  template <class T>
  static constexpr Partials2<T> partials(T x, T y, T) {
    return {y, x};
  }
};

/// x, with nothing carried back: a value that differentiation takes for a constant.
struct Detach : Arithmetic1 {
  static constexpr const char* name = "detach";
  static constexpr Formula formula{"x", "0"};
  static constexpr Domain domain[] = {{-largest, largest}};
  static constexpr bool switching = true;

  template <class T>
  static constexpr T value(T x) {
    return x;
  }
  template <class T>
  static constexpr Partials1<T> partials(T, T) {
    return {T(0)};
  }
};

}  // namespace ops
}  // namespace wengert
#pragma GCC diagnostic pop
