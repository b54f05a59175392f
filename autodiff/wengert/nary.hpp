// Operations with any number of arguments whose rules stand outside the table: the user's own, and fused pieces.
#pragma once

#include <span>

namespace wengert {

class Tape;

/// A scalar function of `arity()` numbers that a tape records as one node. See custom.hpp for making one from lambdas.
class NaryOperation {
 public:
  virtual ~NaryOperation() = default;

  virtual const char* name() const = 0;
  virtual int arity() const = 0;
  virtual double value(std::span<const double> x) const = 0;
  /// Writes the partial in every argument. `result` is value(x).
  virtual void partials(std::span<const double> x, double result, std::span<double> partials) const = 0;
  /// The k-th partial as an operation of its own, for second derivatives; nullptr where there is none.
  virtual const NaryOperation* partial(int k) const = 0;

  /// Whether both compute the same: a tape keeps one copy of what it meets again.
  virtual bool same_as(const NaryOperation& other) const = 0;
  virtual const NaryOperation* clone() const = 0;
};

}  // namespace wengert
