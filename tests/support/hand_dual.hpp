// Dual numbers written by hand, from the calculus textbook: forward mode that owes nothing to the table's rules, to hold the
// sweeps against. Works on double, on wide numbers, and on itself (second derivatives).
#pragma once

#include <array>
#include <cmath>
#include <numbers>
#include <type_traits>

#include "support/wide.hpp"
#include "wengert/operations.hpp"

namespace hand {

using wengert::Op;

template <class T>
struct Dual {
  T value = T(0), tangent = T(0);

  Dual() = default;
  Dual(T v, T d) : value(v), tangent(d) {}
  Dual(double v) : value(v) {}
};

template <class T>
using Duals = std::array<Dual<T>, 3>;

/// One operation of the table. The chain rule, spelt out for each.
template <class T>
Dual<T> compute(Op op, const Duals<T>& arguments) {
  using std::acos, std::acosh, std::asin, std::asinh, std::atan, std::atan2, std::atanh, std::cbrt, std::ceil, std::cos,
      std::cosh, std::erf, std::erfc, std::exp, std::exp2, std::expm1, std::floor, std::fma, std::hypot, std::log, std::log10,
      std::log1p, std::log2, std::pow, std::round, std::sin, std::sinh, std::sqrt, std::tan, std::tanh, std::trunc;
  // of double or wide numbers, rounded from the wide ones: nothing of the library's own
  const auto lgamma = [](const T& a) { return static_cast<T>(wide::lgamma(wide::Wide(a))); };
  const auto tgamma = [](const T& a) { return static_cast<T>(wide::tgamma(wide::Wide(a))); };
  const auto polygamma = [](const T& n, const T& a) { return static_cast<T>(wide::polygamma(wide::Wide(n), wide::Wide(a))); };
  const auto erfinv = [](const T& a) { return static_cast<T>(wide::erfinv(wide::Wide(a))); };
  const auto erfcinv = [](const T& a) { return static_cast<T>(wide::erfcinv(wide::Wide(a))); };
  const auto& [x, dx] = arguments[0];
  const auto& [y, dy] = arguments[1];
  const auto& [z, dz] = arguments[2];
  const T one = T(1), two = T(2);
  const T gauss = two / sqrt(T(4) * atan(one));  // 2 / sqrt(pi)
  switch (op) {
    case Op::Add:
      return {x + y, dx + dy};
    case Op::Sub:
      return {x - y, dx - dy};
    case Op::Mul:
    case Op::AbsorbingProduct:
      return {x * y, dx * y + x * dy};
    case Op::Div:
      return {x / y, (dx - x / y * dy) / y};
    case Op::Neg:
      return {-x, -dx};
    case Op::Fma:
      return {fma(x, y, z), dx * y + x * dy + dz};
    case Op::Sqrt:
      return {sqrt(x), dx / (two * sqrt(x))};
    case Op::Cbrt:
      return {cbrt(x), dx * cbrt(x) / (T(3) * x)};
    case Op::Exp:
      return {exp(x), dx * exp(x)};
    case Op::Exp2:
      return {exp2(x), dx * exp2(x) * log(two)};
    case Op::Expm1:
      return {expm1(x), dx * exp(x)};
    case Op::Log:
      return {log(x), dx / x};
    case Op::Log2:
      return {log2(x), dx / (x * log(two))};
    case Op::Log10:
      return {log10(x), dx / (x * log(T(10)))};
    case Op::Log1p:
      return {log1p(x), dx / (one + x)};
    case Op::Pow: {
      const T power = pow(x, y);
      return {power, dx * y * power / x + dy * power * log(x)};
    }
    case Op::PowDerivative:
      if (z == T(0)) return compute(Op::Pow, arguments);
      throw op;  // of a higher order: reference.hpp
    case Op::Sin:
      return {sin(x), dx * cos(x)};
    case Op::Cos:
      return {cos(x), -dx * sin(x)};
    case Op::Tan:
      return {tan(x), dx / (cos(x) * cos(x))};
    case Op::Asin:
      return {asin(x), dx / sqrt((one - x) * (one + x))};
    case Op::Acos:
      return {acos(x), -dx / sqrt((one - x) * (one + x))};
    case Op::Atan:
      return {atan(x), dx / (one + x * x)};
    case Op::Atan2: {
      const T square = x * x + y * y;
      return {atan2(x, y), dx * y / square - dy * x / square};
    }
    case Op::Sinh:
      return {sinh(x), dx * cosh(x)};
    case Op::Cosh:
      return {cosh(x), dx * sinh(x)};
    case Op::Tanh:
      return {tanh(x), dx / (cosh(x) * cosh(x))};
    case Op::Asinh:
      return {asinh(x), dx / sqrt(one + x * x)};
    case Op::Acosh:
      return {acosh(x), dx / sqrt((x - one) * (x + one))};
    case Op::Atanh:
      return {atanh(x), dx / ((one - x) * (one + x))};
    case Op::Erf:
      return {erf(x), dx * gauss * exp(-x * x)};
    case Op::Erfc:
      return {erfc(x), -dx * gauss * exp(-x * x)};
    case Op::Erfinv: {
      const T y = erfinv(x);
      return {y, dx / gauss * exp(y * y)};
    }
    case Op::Erfcinv: {
      const T y = erfcinv(x);
      return {y, -dx / gauss * exp(y * y)};
    }
    case Op::Polygamma:
      return {polygamma(x, y), dy * polygamma(x + one, y)};
    case Op::Lgamma:
      return {lgamma(x), dx * polygamma(T(0), x)};
    case Op::Tgamma:
      return {tgamma(x), dx * tgamma(x) * polygamma(T(0), x)};
    case Op::Beta: {
      const T value = static_cast<T>(wide::beta(wide::Wide(x), wide::Wide(y))), sum = polygamma(T(0), x + y);
      return {value, value * (dx * (polygamma(T(0), x) - sum) + dy * (polygamma(T(0), y) - sum))};
    }
    case Op::IncompleteGamma:
    case Op::Ibeta:
    case Op::Ibetac:
    case Op::IbetaDerivative:
    case Op::IbetaA:
    case Op::IbetaB:
    case Op::IbetaAA:
    case Op::IbetaAB:
    case Op::IbetaBB:
      throw op;  // in no program: reference.hpp
    case Op::Hypot: {
      const T length = hypot(x, y);
      return {length, dx * (x / length) + dy * (y / length)};
    }
    case Op::Abs:
      return x < T(0) ? Dual<T>(-x, -dx) : Dual<T>(x, dx);
    case Op::Min:
    case Op::Max:
      if (x == y) return {x, (dx + dy) / two};
      return (x < y) == (op == Op::Min) ? Dual<T>(x, dx) : Dual<T>(y, dy);
    case Op::Floor:
      return {floor(x), T(0)};
    case Op::Ceil:
      return {ceil(x), T(0)};
    case Op::Round:
      return {round(x), T(0)};
    case Op::Trunc:
      return {trunc(x), T(0)};
    case Op::Less:
      return {x < y ? one : T(0), T(0)};
    case Op::LessEqual:
      return {x <= y ? one : T(0), T(0)};
    case Op::Equal:
      return {x == y ? one : T(0), T(0)};
    case Op::Select:
      return x == T(0) ? Dual<T>(z, dz) : Dual<T>(y, dy);
    case Op::Detach:
      return {x, T(0)};
    default:
      throw op;  // a new operation of the table: write its chain rule here
  }
}

/// The machine that runs a program on these numbers.
template <class T>
struct Machine {
  static Dual<T> constant(double c) { return c; }
  static bool is_less(const Dual<T>& x, const Dual<T>& y) { return x.value < y.value; }
  static Dual<T> compute(Op op, const Duals<T>& x) { return hand::compute(op, x); }
};

}  // namespace hand
