// The everyday call: gradient(t).wrt(x).
#pragma once

#include <initializer_list>
#include <span>

#include "wengert/reverse_sweep.hpp"

namespace wengert {

/// The adjoints of all nodes, by variable: wrt(x).
using Gradient = Adjoints<double>;

/// Derivatives of t in every variable it was computed from, at the recorded values: gradient(t).wrt(x). One reverse sweep,
/// O(nodes before t). The gradient of a constant is 0. Throws StaleVariable if t's tape was cleared since.
Gradient gradient(const Var& t, Location at = Location::current());

/// The same into `result`, whose memory is reused: no allocation once it is large enough.
void gradient(const Var& t, Gradient& result, Location at = Location::current());

/// Derivatives of sum(seed.adjoint * seed.variable): several dependents in one sweep. Throws as above, and ForeignVariable if
/// the dependents are on different tapes.
Gradient gradient(std::span<const Seed<double>> seeds, Location at = Location::current());
inline Gradient gradient(std::initializer_list<Seed<double>> seeds, Location at = Location::current()) {
  return gradient(std::span(seeds.begin(), seeds.size()), at);
}

}  // namespace wengert
