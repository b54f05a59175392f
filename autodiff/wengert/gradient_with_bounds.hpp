// How far off may a derivative be? gradient_with_bounds(t).wrt(x) is a Bounded: value, error, digits(). explain_cancellation(t)
// says where the digits went.
#pragma once

#include <string>

#include "wengert/adjoints.hpp"
#include "wengert/bounded.hpp"
#include "wengert/location.hpp"
#include "wengert/tape.hpp"
#include "wengert/var.hpp"

namespace wengert {

/// By variable, as a Gradient: wrt(x) has a value and a bound on its error.
using GradientWithBounds = Adjoints<Bounded>;

/// The derivatives of t, each with a bound on its rounding error, taking the inputs as exact: a running error analysis to first
/// order in the unit roundoff, of the forward sweep and the reverse sweep. The values may differ in their last bits from
/// gradient(t)'s. Where rounding decided which way a comparison went, or on which side of a kink or jump an argument lies, they
/// are of the side that was taken. Fused and local pieces are analysed with what is in them, custom operations by what is stated
/// of them; throws NoSecondOrder where a custom operation was recorded of which nothing is stated, StaleVariable if t's tape was
/// cleared since. Of a Function it is f.gradient_with_bounds(x).
///
/// Costs 2 to 6 gradients of the same program as a Function, of local pieces 2 to 4, of fused ones, whose own gradients are
/// compiled, 4 to 11 (benchmarks/bounds.cpp). It takes and gives back 32 bytes a node each time.
GradientWithBounds gradient_with_bounds(const Var& t, Location at = Location::current());

/// Where most digits were lost.
struct Cancellation {
  NodeId node = -1;  ///< the node whose value, or whose adjoint, is the difference of much larger numbers; -1 for none
  bool on_the_way_back = false;  ///< whether it is the adjoint
  double digits_before = 0;      ///< decimal digits that were right in what went in …
  double digits_after = 0;       ///< … and in what came out
  Location location;             ///< of `node`, where the tape kept it
  std::string message;           ///< all of it in words
};

/// Finds the node that cost the most digits on the way to the gradient of t: in its value, or in its adjoint, the sum of what
/// reached it. Less than a digit is no loss. Costs and throws as gradient_with_bounds.
Cancellation explain_cancellation(const Var& t, Location at = Location::current());

}  // namespace wengert
