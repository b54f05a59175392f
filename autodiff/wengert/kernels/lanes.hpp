// Lanes<T, S>: a vector register of numbers as a number type, so that the rules of ops.hpp compute many samples at once.
//
// Inside the library only: it is to be compiled with the flags of S, in one source file per instruction set. Everything here
// carries S in its name or is static, so no function compiled for wide vectors can stand in for one of the baseline at link time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "wengert/instruction_set.hpp"
#include "wengert/kernels/lane_math.hpp"
#include "wengert/operations.hpp"
#include "wengert/sweep/chain_rule.hpp"

#pragma GCC visibility push(hidden)  // kernels leave no library
namespace wengert::detail {

template <class T, InstructionSet S>
struct LaneTypes {
  using Integer = std::conditional_t<sizeof(T) == 8, std::int64_t, std::int32_t>;
  WENGERT_VECTOR_TYPE(T, Vector, vector_bytes(S));
  WENGERT_VECTOR_TYPE(Integer, Integers, vector_bytes(S));
};

/// One truth value per lane.
template <class T, InstructionSet S>
struct LaneMask {
  typename LaneTypes<T, S>::Integers lanes;  // all bits set, or none

  friend LaneMask operator&(LaneMask x, LaneMask y) { return {x.lanes & y.lanes}; }
  friend LaneMask operator|(LaneMask x, LaneMask y) { return {x.lanes | y.lanes}; }
  friend LaneMask operator!(LaneMask x) { return {~x.lanes}; }
};

template <class T, InstructionSet S>
struct Lanes {
  using Vector = typename LaneTypes<T, S>::Vector;
  using Integers = typename LaneTypes<T, S>::Integers;
  using Mask = LaneMask<T, S>;
  static constexpr int size = vector_bytes(S) / static_cast<int>(sizeof(T));

  Vector lanes;

  Lanes() = default;
  Lanes(Vector vector) : lanes(vector) {}
  /// The same number in every lane. Subtracting zeros keeps the sign of -0.
  explicit Lanes(double x) : lanes(static_cast<T>(x) - Vector{}) {}

  static Lanes load(const T* from) {
    Lanes x;
    std::memcpy(&x.lanes, from, sizeof x.lanes);
    return x;
  }
  void store(T* to) const { std::memcpy(to, &lanes, sizeof lanes); }

  friend Lanes operator+(Lanes x, Lanes y) { return x.lanes + y.lanes; }
  friend Lanes operator-(Lanes x, Lanes y) { return x.lanes - y.lanes; }
  friend Lanes operator*(Lanes x, Lanes y) { return x.lanes * y.lanes; }
  friend Lanes operator/(Lanes x, Lanes y) { return x.lanes / y.lanes; }
  friend Lanes operator-(Lanes x) { return -x.lanes; }

  friend Mask operator<(Lanes x, Lanes y) { return {x.lanes < y.lanes}; }
  friend Mask operator>(Lanes x, Lanes y) { return {x.lanes > y.lanes}; }
  friend Mask operator<=(Lanes x, Lanes y) { return {x.lanes <= y.lanes}; }
  friend Mask operator>=(Lanes x, Lanes y) { return {x.lanes >= y.lanes}; }
  friend Mask operator==(Lanes x, Lanes y) { return {x.lanes == y.lanes}; }

  friend Lanes select(Mask condition, Lanes x, Lanes y) { return lane_math::choose(condition.lanes, x.lanes, y.lanes); }
  friend Lanes absorbing_product(Lanes adjoint, Lanes partial) {
    return select(adjoint == Lanes(0), Lanes(0), adjoint * partial);
  }

  friend Lanes sqrt(Lanes x) { return lane_math::sqrt(x.lanes); }
  friend Lanes fma(Lanes x, Lanes y, Lanes z) { return lane_math::fma(x.lanes, y.lanes, z.lanes); }

  // One by one: no vector library has them.
#define WENGERT_X(function, Rule) \
  friend Lanes function(Lanes x) { return patched(Op::Rule, x, none(), x, x); }
  WENGERT_X(erfinv, Erfinv)
  WENGERT_X(erfcinv, Erfcinv)
  WENGERT_X(lgamma, Lgamma)
  WENGERT_X(tgamma, Tgamma)
#undef WENGERT_X
  friend Lanes polygamma(Lanes x, Lanes y) { return patched(Op::Polygamma, x, none(), x, y); }
  friend Lanes beta(Lanes x, Lanes y) { return patched(Op::Beta, x, none(), x, y); }
#define WENGERT_X(Rule, function)                           \
  friend Lanes function(Lanes x, Lanes y, Lanes z) {        \
    T xs[size], ys[size], zs[size], results[size];          \
    x.store(xs);                                            \
    y.store(ys);                                            \
    z.store(zs);                                            \
    scalar_lanes(Op::Rule, results, xs, ys, zs, all_lanes); \
    return load(results);                                   \
  }
  WENGERT_SPECIAL_OPERATIONS_OF_THREE(WENGERT_X)
#undef WENGERT_X

  // Below 2^52 (2^23) adding and subtracting that power rounds to an integer, ties to even; above, every number is one.
  friend Lanes floor(Lanes x) {
    const Lanes m = x.magnitude();
    const Lanes nearest = with_sign((m + Lanes(first_integer)) - Lanes(first_integer), x);
    const Lanes below = with_sign(nearest - select(nearest > x, Lanes(1), Lanes(0)), x);
    return select(m < Lanes(first_integer), below, x);
  }
  friend Lanes ceil(Lanes x) { return -floor(-x); }
  friend Lanes trunc(Lanes x) { return with_sign(floor(x.magnitude()), x); }
  /// Ties away from zero, as std::round. The difference is exact.
  friend Lanes round(Lanes x) {
    const Lanes m = x.magnitude();
    const Lanes below = floor(m);
    return with_sign(select(m - below >= Lanes(0.5), below + Lanes(1), below), x);
  }

  // What SLEEF computes, and where it is trusted; elsewhere, and everywhere in a build without SLEEF, lane by lane.
#if WENGERT_LANES_BY_SLEEF
#define WENGERT_X(function, Rule, accuracy, from64, to64, from32, to32)             \
  friend Lanes function(Lanes x) {                                                  \
    const Mask trusted = (x >= either(from64, from32)) & (x <= either(to64, to32)); \
    return patched(Op::Rule, lane_math::function(x.lanes), trusted, x, x);          \
  }
  WENGERT_LANE_FUNCTIONS_OF_ONE(WENGERT_X)
#undef WENGERT_X
  friend Lanes pow(Lanes x, Lanes y) {
    const Lanes result = lane_math::pow(x.lanes, y.lanes);
    const Mask trusted = in_range(x) & in_range(result) & (y.magnitude() <= either(1e15, 1e6));
    return patched(Op::Pow, result, trusted, x, y);
  }
  friend Lanes atan2(Lanes x, Lanes y) {
    return patched(Op::Atan2, lane_math::atan2(x.lanes, y.lanes), in_range(x) & in_range(y), x, y);
  }
  friend Lanes hypot(Lanes x, Lanes y) {
    return patched(Op::Hypot, lane_math::hypot(x.lanes, y.lanes), in_range(x) & in_range(y), x, y);
  }
  /// Both at once: SLEEF reduces the argument once.
  friend void sincos(Lanes x, Lanes& sine, Lanes& cosine) {
    const auto both = lane_math::sincos(x.lanes);
    const Mask trusted = (x >= either(-1e14, -3e4)) & (x <= either(1e14, 3e4));
    sine = patched(Op::Sin, Lanes(Vector(both.x)), trusted, x, x);
    cosine = patched(Op::Cos, Lanes(Vector(both.y)), trusted, x, x);
  }
#else
#define WENGERT_X(function, Rule, ...) \
  friend Lanes function(Lanes x) { return patched(Op::Rule, x, none(), x, x); }
  WENGERT_LANE_FUNCTIONS_OF_ONE(WENGERT_X)
#undef WENGERT_X
#define WENGERT_X(function, Rule, accuracy) \
  friend Lanes function(Lanes x, Lanes y) { return patched(Op::Rule, x, none(), x, y); }
  WENGERT_LANE_FUNCTIONS_OF_TWO(WENGERT_X)
#undef WENGERT_X
  friend void sincos(Lanes x, Lanes& sine, Lanes& cosine) {
    sine = sin(x);
    cosine = cos(x);
  }
#endif

 private:
  static constexpr unsigned all_lanes = (1u << size) - 1;
  static constexpr T first_integer = sizeof(T) == 8 ? T(4503599627370496) : T(8388608);

  static Mask none() { return {Integers{}}; }
  static Lanes either(double for_double, double for_float) { return Lanes(sizeof(T) == 8 ? for_double : for_float); }
  /// Far from overflow and underflow, and not 0.
  static Mask in_range(Lanes x) { return (x.magnitude() >= either(1e-150, 1e-18)) & (x.magnitude() <= either(1e150, 1e18)); }

  static Integers sign_bit() { return (Integers)Lanes(-0.0).lanes; }
  Lanes magnitude() const { return (Vector)((Integers)lanes & ~sign_bit()); }
  /// |x| with the sign of y.
  static Lanes with_sign(Lanes x, Lanes y) {
    return (Vector)(((Integers)x.lanes & ~sign_bit()) | ((Integers)y.lanes & sign_bit()));
  }

  static Lanes patched(Op op, Lanes result, Mask trusted, Lanes x, Lanes y) {
    const unsigned others = ~lane_math::signs((Vector)trusted.lanes) & all_lanes;
    if (others != 0) [[unlikely]] {
      T xs[size], ys[size], results[size];
      x.store(xs);
      y.store(ys);
      result.store(results);
      scalar_lanes(op, results, xs, ys, xs, others);
      return load(results);
    }
    return result;
  }
};

/// As many numbers as a register holds doubles, in double.
template <class T, InstructionSet S>
Lanes<double, S> load_as_double(const T* from) {
  if constexpr (sizeof(T) == sizeof(double)) {
    return Lanes<double, S>::load(from);
  } else {
    WENGERT_VECTOR_TYPE(T, Half, vector_bytes(S) / 2);
    Half half;
    std::memcpy(&half, from, sizeof half);
    return lane_math::converted<typename Lanes<double, S>::Vector>(half);
  }
}

}  // namespace wengert::detail
#pragma GCC visibility pop
