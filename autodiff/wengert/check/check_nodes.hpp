// What check_gradient asks of single nodes: partials, kinks, rounding, guilt. Inside the library only.
#pragma once

#include <string>
#include <vector>

#include "wengert/reverse_sweep.hpp"
#include "wengert/tape.hpp"

namespace wengert {

/// Whether a dependent depends on node i, by i.
std::vector<bool> nodes_in_use(const Tape& tape, std::span<const Var> dependents);

/// Partials of node i in its arguments, by its rule, at the tape's values.
std::vector<double> partials_of(const Tape& tape, Index i);

/// A sentence on the first node or guard that is exactly at its kink; empty if none is.
std::string find_kink(const Tape& tape, const std::vector<bool>& in_use);

/// Whether two recordings took the same way: same operations, branches, and sides of every kink.
bool same_way(const Tape& tape, const Tape& other);

/// Bound on the rounding error of the seeded sum of dependents, to first order.
double value_rounding(const Tape& tape, const Values<double>& adjoints);

/// Bound on how far rounding alone can part a directional derivative by reverse sweep from the one by forward sweep, both with
/// the same partials. `ulps`, if more than 0, is added for every partial: what oracles with partials of their own may differ by.
double sweep_rounding(const Tape& tape, const Values<double>& adjoints, const Values<Dual<double>>& tangents, double ulps);

/// Bound on what the rounding of all values does to a directional derivative; needs the tangents of the adjoints.
double curvature_rounding(const Tape& tape, const Values<Dual<double>>& adjoints, double ulps);

/// Bound on how far rounding can part v.(Hw) from w.(Hv), H the Hessian of the seeded sum in the tape's independents.
double hessian_rounding(const Tape& tape, std::span<const Seed<double>> seeds, std::span<const double> v,
                        std::span<const double> w);

/// The first node whose partials disagree with differences of its value, as a sentence; -1 if there is none.
Index find_wrong_partial(const Tape& tape, const std::vector<bool>& in_use, bool second_order, std::string& why);

/// The first node that uses a constant which two recordings at different inputs do not agree on; -1 if there is none.
Index find_stale_constant(const Tape& tape, const Tape& other, std::string& why);

}  // namespace wengert
