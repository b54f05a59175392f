// Bounds on what rounding can do to the numbers that check_gradient compares.
#pragma once

#include <span>
#include <vector>

#include "wengert/reverse_sweep.hpp"
#include "wengert/tape.hpp"

namespace wengert::detail {

inline constexpr double half_ulp = 0x1p-53;     // the most that one rounding is off, relatively
inline constexpr double underflow = 0x1p-1074;  // and absolutely, where numbers are subnormal

double partial_ulps(Op op);
/// What the detour by way of exp(y log x) adds to the error of a complex pow, in ulps.
double detour_ulps(const Tape& tape, NodeId i);

/// Bound on the rounding error of the seeded sum of dependents, to first order; or, with the values of `other`, of how far
/// rounding alone can part the two: where they are equal, they were rounded alike.
double value_rounding(const Tape& tape, const Values<double>& values, const Values<double>& adjoints,
                      const Values<double>* other = nullptr);

/// Bound on how far rounding alone can part a directional derivative by reverse sweep from the one by forward sweep, both with
/// the same partials. `ulps`, if more than 0, is added for every partial: what oracles with partials of their own may differ by.
/// `least` is what a product may be off by where it underflows.
double sweep_rounding(const Tape& tape, const Values<double>& adjoints, const Values<Dual<double>>& tangents, double ulps,
                      double least = underflow);

/// Bound on what the rounding of all values does to a directional derivative; needs the tangents of the adjoints. With `ulps`, on
/// what complex functions that are so far off do to it.
double curvature_rounding(const Tape& tape, const Values<Dual<double>>& adjoints, double ulps);

/// The directional derivative of every node, each taken as the sum of the magnitudes of its paths: nothing cancels.
std::vector<double> magnitudes_along(const Tape& tape, std::span<const double> v);

/// Bound on how far rounding can part v.(Hw) from w.(Hv), H the Hessian of the seeded sum in the tape's independents.
double hessian_rounding(const Tape& tape, std::span<const Seed<double>> seeds, std::span<const double> v,
                        std::span<const double> w);

}  // namespace wengert::detail
