// The rules of reductions: operations of any number of arguments, written once for every number type, as those of the table are.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <type_traits>

#include "wengert/nary.hpp"

namespace wengert::detail {

/// The plain number inside a number of any type.
template <class T>
constexpr double value_of(const T& x) {
  if constexpr (std::is_arithmetic_v<T>)
    return static_cast<double>(x);
  else if constexpr (requires { x.value(); })
    return value_of(x.value());
  else if constexpr (requires { x.real(); })
    return value_of(x.real());
  else
    return value_of(x.value);
}

// Each rule has
//   name           as it reads in tables and errors
//   value          on number types that know nothing better than the operations it is made of; kernels/reductions.cpp has the
//   doubles error          a bound on the rounding error of that value, in units of half an ulp of 1 partial        the k-th
//   partial at x, where the value is `result`, on any number type

struct SumRule {
  static constexpr const char* name = "sum";
  template <class T>
  static T value(std::span<const T> x) {
    T sum(0);
    for (const T& number : x) sum += number;
    return sum;
  }
  static double error(std::span<const double> x, double) {
    double sum = 0;
    for (const double number : x) sum += std::fabs(number);
    return static_cast<double>(x.size()) * sum;  // Higham, Accuracy and Stability of Numerical Algorithms (2002), (4.4)
  }
  template <class T>
  static T partial(std::span<const T>, const T&, std::size_t) {
    return T(1);
  }
};

/// Of x and y, one after the other.
struct DotRule {
  static constexpr const char* name = "dot";
  template <class T>
  static T value(std::span<const T> xy) {
    const std::size_t n = xy.size() / 2;
    T sum(0);
    for (std::size_t k = 0; k < n; ++k) sum += xy[k] * xy[n + k];
    return sum;
  }
  static double error(std::span<const double> xy, double) {
    const std::size_t n = xy.size() / 2;
    double sum = 0;
    for (std::size_t k = 0; k < n; ++k) sum += std::fabs(xy[k] * xy[n + k]);
    return static_cast<double>(n) * sum;  // Higham (3.5)
  }
  template <class T>
  static T partial(std::span<const T> xy, const T&, std::size_t k) {
    const std::size_t n = xy.size() / 2;
    return k < n ? xy[n + k] : xy[k - n];
  }
};

struct SquaredNormRule {
  static constexpr const char* name = "squared_norm";
  template <class T>
  static T value(std::span<const T> x) {
    T sum(0);
    for (const T& number : x) sum += number * number;
    return sum;
  }
  static double error(std::span<const double> x, double result) { return static_cast<double>(x.size()) * result; }
  template <class T>
  static T partial(std::span<const T> x, const T&, std::size_t k) {
    return T(2) * x[k];
  }
};

struct LogSumExpRule {
  static constexpr const char* name = "log_sum_exp";
  template <class T>
  static T value(std::span<const T> x) {
    using std::exp, std::log;
    double largest = value_of(x[0]);
    for (const T& number : x) largest = std::fmax(largest, value_of(number));
    const T shift(std::isfinite(largest) ? largest : 0.0);
    T sum(0);
    for (const T& number : x) sum += exp(number - shift);
    return log(sum) + shift;
  }
  static double error(std::span<const double> x, double result) {
    return static_cast<double>(x.size()) + 4 +
           2 * std::fabs(result);  // of the sum, which is at least 1, and of what comes after it
  }
  template <class T>
  static T partial(std::span<const T> x, const T& result, std::size_t k) {
    using std::exp;
    return exp(x[k] - result);
  }
};

/// Calls visit with the rule of a reduction.
template <class Visit>
auto visit_reduction(Reduction reduction, Visit visit) {
  switch (reduction) {
    case Reduction::Sum:
      return visit(SumRule());
    case Reduction::Dot:
      return visit(DotRule());
    case Reduction::SquaredNorm:
      return visit(SquaredNormRule());
    default:
      return visit(LogSumExpRule());
  }
}

}  // namespace wengert::detail
