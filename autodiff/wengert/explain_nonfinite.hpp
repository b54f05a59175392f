// First cause: where a NaN or an infinity entered, on the way to a value or on the way back to a gradient.
#pragma once

#include <cstdint>
#include <string>

#include "wengert/location.hpp"
#include "wengert/tape.hpp"
#include "wengert/var.hpp"

namespace wengert {

/// Where the first NaN or infinity appeared.
struct NonFiniteOrigin {
  /// In the forward sweep, in the reverse sweep, or in neither.
  enum class Where : std::uint8_t {
    nowhere,  ///< all are finite
    value,    ///< in a value
    adjoint   ///< in an adjoint, at values that are finite
  };

  /// Where it appeared.
  Where where = Where::nowhere;
  /// value: the node whose value is not finite though all its arguments' are (or an independent given so).
  /// adjoint: the node whose rule sent something that is not finite though its own adjoint is, or that received a sum that
  /// overflowed.
  NodeId node = -1;
  NodeId argument = -1;  ///< adjoint: the node that received it
  double value = 0;      ///< what appeared
  Location location;     ///< of `node`, where the tape kept it
  std::string message;   ///< all of it in words, with operands and partials
};

/// Finds what made t, or else its gradient, NaN or infinite: only nodes that such a number really came through count, so a
/// logarithm of -1 in the branch of a select that was not chosen is no cause. O(nodes). Throws StaleVariable if t's tape was
/// cleared since.
NonFiniteOrigin explain_nonfinite(const Var& t, Location at = Location::current());

/// The same at the values of a forward sweep. Throws ShapeMismatch if they are not of t's tape.
NonFiniteOrigin explain_nonfinite(const Var& t, ValuesView<double> values, Location at = Location::current());

}  // namespace wengert
