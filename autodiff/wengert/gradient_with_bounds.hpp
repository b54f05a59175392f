// How far off may a derivative be? gradient_with_bounds(t).wrt(x) is a Bounded: value, error, digits(). explain_cancellation(t)
// says where the digits went.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "wengert/adjoints.hpp"
#include "wengert/bounded.hpp"
#include "wengert/location.hpp"
#include "wengert/tape.hpp"
#include "wengert/var.hpp"

namespace wengert {

class Function;

/// By variable, as a Gradient: wrt(x) has a value and a bound on its error.
using GradientWithBounds = Adjoints<Bounded>;

/// The derivatives of t, each with a bound on its rounding error, taking the inputs as exact: a running error analysis to first
/// order in the unit roundoff, of the forward sweep and the reverse sweep. The values may differ in their last bits from
/// gradient(t)'s. Costs some 2.5 replayed gradients, a bare reverse sweep being a tenth of one (measured on 10^5 sines). Throws
/// StaleVariable if t's tape was cleared since, NoSecondOrder where a custom or fused operation was recorded, whose rounding is
/// not known.
GradientWithBounds gradient_with_bounds(const Var& t, Location at = Location::current());

/// The same for a function with one output, one for each input. Throws as calls of the function do.
std::vector<Bounded> gradient_with_bounds(const Function& f, std::span<const double> x);

/// Where most digits were lost.
struct Cancellation {
  Index node = -1;  ///< the node whose value, or whose adjoint, is the difference of much larger numbers; -1 for none
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
