// A rule called with arguments that lie side by side, however many it has. Inside the library only.
#pragma once

#include <array>

#include "wengert/sweep/chain_rule.hpp"

namespace wengert::detail {

/// f(x, y, …) for a rule's arguments taken from an array.
template <class Rule, class F, class T>
auto spread(F f, const T* x) {
  if constexpr (Rule::arity == 1)
    return f(x[0]);
  else if constexpr (Rule::arity == 2)
    return f(x[0], x[1]);
  else
    return f(x[0], x[1], x[2]);
}

/// The rule's value at x.
template <class Rule, class T>
T value_at(const T* x) {
  return spread<Rule>([](const auto&... a) { return evaluate<Rule, T>(a...); }, x);
}

/// Its partials there, where its value is `result`: as many as it has arguments, then zeros.
template <class Rule, class T>
std::array<T, 3> partials_at(const T* x, const T& result) {
  const auto p = spread<Rule>([&](const auto&... a) { return Rule::template partials<T>(a..., result); }, x);
  if constexpr (Rule::arity == 1)
    return {p.x, T(0), T(0)};
  else if constexpr (Rule::arity == 2)
    return {p.x, p.y, T(0)};
  else
    return {p.x, p.y, p.z};
}

}  // namespace wengert::detail
