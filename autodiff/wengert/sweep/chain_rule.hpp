// The steps that every sweep is made of, for any number type: compute an operation, carry an adjoint (or a tangent) through one
// of its partials, and add it up.
#pragma once

#include "wengert/ops.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wfloat-equal"  // what is compared here is meant to the bit

namespace wengert::detail {

using wengert::absorbing_product, wengert::select;  // beside those that other headers add for types of this namespace

/// Rule's value at x…: by its value rule for numbers; types that do more (Var records, Dual differentiates) say so themselves.
template <class Rule, class T, class... Ts>
constexpr T evaluate(const Ts&... x) {
  if constexpr (requires { T::template evaluate<Rule>(x...); })
    return T::template evaluate<Rule>(x...);
  else
    return Rule::template value<T>(x...);
}

/// What goes through one partial: adjoint * partial, and 0 where the adjoint is 0. A switching rule that does not pass an
/// argument on (its partial is 0) carries nothing to it either, however large the adjoint; nor does an absorbing one, whose zero
/// keeps its derivatives. Types may have a better answer for some rules.
template <class Rule, class T>
constexpr T carry(const T& adjoint, const T& partial) {
  if constexpr (requires { T::template carry<Rule>(adjoint, partial); })
    return T::template carry<Rule>(adjoint, partial);
  else if constexpr (Rule::switching)
    return select(partial == T(0), T(0), absorbing_product(adjoint, partial));
  else if constexpr (Rule::absorbing)
    return select(partial == T(0), absorbing_product(partial, adjoint), absorbing_product(adjoint, partial));
  else
    return absorbing_product(adjoint, partial);
}

/// Whether nothing needs to be carried back. Types for which that cannot be known before running say false.
template <class T>
constexpr bool carries_nothing(const T& adjoint) {
  if constexpr (requires { adjoint.tangent; })
    return carries_nothing(adjoint.value) && carries_nothing(adjoint.tangent);
  else if constexpr (requires { adjoint.is_constant(); })
    return adjoint.is_constant() && adjoint.value() == 0;
  else if constexpr (requires { adjoint.carries_nothing(); })
    return adjoint.carries_nothing();
  else
    return adjoint == T(0);
}

/// Adds one contribution to an adjoint. On a tape that records its own sweep the first contribution is the adjoint: nothing is
/// recorded for adding it to 0.
template <class T>
constexpr void accumulate(T& adjoint, const T& contribution) {
  if constexpr (requires { adjoint.is_constant(); }) {
    if (carries_nothing(contribution)) return;
    if (carries_nothing(adjoint)) {
      adjoint = contribution;
      return;
    }
  }
  adjoint += contribution;
}

}  // namespace wengert::detail
#pragma GCC diagnostic pop
