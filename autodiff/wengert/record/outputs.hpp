// What a callable returns, as outputs of a recording: a Var, or ranges, tuples and matrices of them.
#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "wengert/var.hpp"

namespace wengert::detail {

template <class T>
inline constexpr bool is_tuple = false;
template <class... Ts>
inline constexpr bool is_tuple<std::tuple<Ts...>> = true;
template <class First, class Second>
inline constexpr bool is_tuple<std::pair<First, Second>> = true;

/// The Vars that a callable returned, in order: one, or those of a range, a tuple, a matrix, or ranges of them.
template <class Result>
constexpr void append_outputs(std::vector<Var>& all, const Result& result) {
  static_assert(!Number<Result>,
                "the callable returns a plain number, which no longer depends on the inputs; return a Var (was value() asked "
                "on the way, or a double declared?)");
  if constexpr (Number<Result>) {
  } else if constexpr (std::is_convertible_v<const Result&, Var>) {
    all.push_back(result);
  } else if constexpr (is_tuple<Result>) {
    std::apply([&](const auto&... part) { (append_outputs(all, part), ...); }, result);
  } else if constexpr (requires { result.begin() != result.end(); }) {
    for (const auto& part : result) append_outputs(all, part);
  } else if constexpr (requires { result.data()[result.size() - 1]; }) {
    for (std::ptrdiff_t k = 0; k < static_cast<std::ptrdiff_t>(result.size()); ++k) append_outputs(all, result.data()[k]);
  } else {
    static_assert(!sizeof(Result), "the callable must return a Var, or a range, tuple or matrix of them");
  }
}

}  // namespace wengert::detail
