// Operations with any number of arguments whose rules stand outside the table: the user's own, and fused pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace wengert {

struct Bounded;

namespace detail {
/// Operations that are known to the sweeps, on every number type: see reductions.hpp.
enum class Reduction : unsigned char { None, Sum, Dot, SquaredNorm, LogSumExp };
}  // namespace detail

/// A scalar function of `arity()` numbers that a tape records as one node. See custom.hpp for making one from lambdas.
class NaryOperation {
 public:
  virtual ~NaryOperation() = default;

  /// name(): for tables and errors. arity(): how many arguments. value(): at those.
  virtual const char* name() const = 0;
  virtual int arity() const = 0;
  virtual double value(std::span<const double> x) const = 0;
  /// Writes the partial in every argument. `result` is value(x).
  virtual void partials(std::span<const double> x, double result, std::span<double> partials) const = 0;
  /// The k-th partial as an operation of its own, for second derivatives; nullptr where there is none.
  virtual const NaryOperation* partial(int k) const = 0;

  /// What tells operations apart: two with the same identity compute the same, and a tape keeps one copy of them. `of` is an
  /// address that both share (of their common rules, say), `part` is 0, or 1 + k for the k-th partial (64 bits on
  /// every system: partials of partials begin at 2^32).
  // Not typeid: programs built without run-time type information have operations too.
  struct Identity {
    const void* of;
    std::uint64_t part = 0;
    /// Both parts.
    bool operator==(const Identity&) const = default;
  };
  /// Its own.
  virtual Identity identity() const = 0;
  /// A copy, made by new, that the tape owns.
  virtual const NaryOperation* clone() const = 0;

  /// A bound on the rounding error of value(x), for checks. Unless it is known: four units in the last place.
  virtual double value_error(std::span<const double>, double result) const { return (result < 0 ? -result : result) * 0x1p-50; }
  /// The value of numbers with bounds, and, unless `partials` is empty, each partial: as far off as the arguments' errors and the
  /// operation's own rounding may have moved them. For gradient_with_bounds; unless it is overridden it throws NoSecondOrder.
  virtual Bounded bounded(std::span<const Bounded> x, std::span<Bounded> partials) const;
  /// None for operations that are not the library's own reductions.
  virtual detail::Reduction reduction() const { return detail::Reduction::None; }
};

}  // namespace wengert
