// What can be told of derivatives without numbers: which arguments an operation varies with, and which two of them together.
// Inside the library only.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "wengert/operations.hpp"
#include "wengert/sweep/chain_rule.hpp"
#include "wengert/tape.hpp"

namespace wengert::detail {

/// The partials of an operation of the table, at as many of the arguments as it has; `result` is its value there.
template <class T>
struct RulePartials {
  const std::array<T, 3>& x;
  const T& result;

  template <class Rule>
  std::array<T, 3> operator()() const {
    if constexpr (Rule::arity == 1) {
      const auto p = Rule::template partials<T>(x[0], result);
      return {p.x};
    } else if constexpr (Rule::arity == 2) {
      const auto p = Rule::template partials<T>(x[0], x[1], result);
      return {p.x, p.y};
    } else {
      const auto p = Rule::template partials<T>(x[0], x[1], x[2], result);
      return {p.x, p.y, p.z};
    }
  }
};
/// Its value.
template <class T>
struct RuleValue {
  const std::array<T, 3>& x;

  template <class Rule>
  T operator()() const {
    if constexpr (Rule::arity == 1)
      return evaluate<Rule, T>(x[0]);
    else if constexpr (Rule::arity == 2)
      return evaluate<Rule, T>(x[0], x[1]);
    else
      return evaluate<Rule, T>(x[0], x[1], x[2]);
  }
};

/// Read from the rules: each partial is recorded, and what it depends on looked up on the tape.
struct Structure {
  bool first[3] = {};      ///< the partial in argument k is not 0 everywhere
  bool second[3][3] = {};  ///< the partial in argument k varies with argument j
  bool curved = false;     ///< one of them does
};
const Structure& structure_of(Op op);

/// Columns in ascending order, for each row.
using Pattern = std::vector<std::vector<Index>>;

/// Which independents (by their number) each dependent varies with. One sweep over sets of independents; where these stay small,
/// O(nodes).
Pattern jacobian_pattern(const Tape& tape, std::span<const Index> dependents);
/// Which two independents meet in an operation that is not linear in them. Symmetric. Costs likewise, and an entry for each two
/// that meet.
Pattern hessian_pattern(const Tape& tape, Index dependent);

}  // namespace wengert::detail
