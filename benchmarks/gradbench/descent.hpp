// The gradient descent of the two problems with a derivative within a derivative (particle, saddle), and what differentiates
// within.
//
// Both are from Siskind and Pearlmutter, Using programming language theory to make automatic differentiation sound and efficient
// (2008); the descent, its constants among them, is that of GradBench's solver.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <span>

#include "wengert/dual.hpp"
#include "wengert/forward_sweep.hpp"
#include "wengert/reverse_sweep.hpp"
#include "wengert/tape.hpp"
#include "wengert/var.hpp"

namespace gradbench {

inline double number_of(double x) { return x; }
inline double number_of(const wengert::Dual<double>& x) { return x.value; }

/// Forward mode: a direction at a time. Of f in its first `count` arguments.
struct Forward {
  template <std::size_t count, class Callable, class T, std::size_t inputs>
  static constexpr std::array<T, count> gradient(const Callable& f, const std::array<T, inputs>& x) {
    std::array<T, count> result;
    for (std::size_t k = 0; k < count; ++k) {
      std::array<wengert::Dual<T>, inputs> y;
      for (std::size_t j = 0; j < inputs; ++j) y[j] = wengert::Dual<T>(x[j], T(j == k ? 1.0 : 0.0));
      result[k] = f(y).tangent;
    }
    return result;
  }
};
/// Reverse mode: a tape of its own, swept on numbers of type T.
struct Reverse {
  template <std::size_t count, class Callable, class T, std::size_t inputs>
  static constexpr std::array<T, count> gradient(const Callable& f, const std::array<T, inputs>& x) {
    wengert::Tape tape(false);
    std::array<wengert::Var, inputs> y;
    for (wengert::Var& variable : y) variable = tape.variable(0.5);
    const wengert::Seed<T> seed{f(y), T(1.0)};
    const auto values = wengert::forward_sweep<T>(tape, std::span<const T>(x));
    const auto adjoints = wengert::reverse_sweep<T>(tape, values, std::span<const wengert::Seed<T>>(&seed, 1));
    std::array<T, count> result;
    for (std::size_t k = 0; k < count; ++k) result[k] = adjoints[y[k].index()];
    return result;
  }
};

template <class T, std::size_t n>
double length(const std::array<T, n>& x) {
  double sum = 0;
  for (const T& entry : x) sum += number_of(entry) * number_of(entry);
  return std::sqrt(sum);
}

/// From x on downwards, until a gradient or a step is shorter than 1e-5: steps that reach lower are taken, and after ten of them
/// the next are twice as long; else half as long. f is of numbers; the gradient is of any type, and so is where it leads. Of each
/// step that is taken, `taken` is told where it began and how many times the gradient it is long.
template <class T, std::size_t n, class Objective, class Slope, class Taken>
std::array<T, n> argmin(const Objective& f, const Slope& gradient, std::array<T, n> x, const Taken& taken) {
  const auto value = [&](const std::array<T, n>& at) {
    std::array<double, n> numbers;
    for (std::size_t k = 0; k < n; ++k) numbers[k] = number_of(at[k]);
    return f(numbers);
  };
  double fx = value(x), rate = 1e-5;
  std::array<T, n> slope = gradient(x);
  for (int in_a_row = 0; length(slope) > 1e-5;) {
    if (in_a_row == 10) {
      rate *= 2;
      in_a_row = 0;
      continue;
    }
    std::array<T, n> next, step;
    for (std::size_t k = 0; k < n; ++k) {
      step[k] = rate * slope[k];
      next[k] = x[k] - step[k];
    }
    if (length(step) <= 1e-5) break;
    if (const double lower = value(next); lower < fx) {
      taken(x, rate);
      x = next;
      fx = lower;
      slope = gradient(x);
      ++in_a_row;
    } else {
      rate /= 2;
      in_a_row = 0;
    }
  }
  return x;
}
template <class T, std::size_t n, class Objective, class Slope>
std::array<T, n> argmin(const Objective& f, const Slope& gradient, const std::array<T, n>& x) {
  return argmin(f, gradient, x, [](const std::array<T, n>&, double) {});
}

}  // namespace gradbench
