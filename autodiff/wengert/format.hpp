// fmt prints the library's types: fmt::print("{:.3f}", t). The one public header that needs more than the standard library.
//
// A format specification applies to every number inside: {:.3f} on a DenseMatrix formats its elements.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string_view>

#include "wengert/dual.hpp"
#include "wengert/error.hpp"
#include "wengert/jacobian.hpp"
#include "wengert/location.hpp"
#include "wengert/notation.hpp"
#include "wengert/operations.hpp"
#include "wengert/reverse_sweep.hpp"
#include "wengert/var.hpp"

/// The value: generic code prints the same for Var as for double, a NaN without its sign.
template <>
struct fmt::formatter<wengert::Var> : fmt::formatter<double> {
  template <class Context>
  auto format(const wengert::Var& x, Context& context) const {
    return fmt::formatter<double>::format(wengert::detail::printed(x.value()), context);
  }
};

/// (value, tangent)
template <class T>
struct fmt::formatter<wengert::Dual<T>> : fmt::formatter<T> {
  template <class Context>
  auto format(const wengert::Dual<T>& x, Context& context) const {
    context.advance_to(fmt::format_to(context.out(), "("));
    context.advance_to(fmt::formatter<T>::format(wengert::detail::printed(x.value), context));
    context.advance_to(fmt::format_to(context.out(), ", "));
    context.advance_to(fmt::formatter<T>::format(wengert::detail::printed(x.tangent), context));
    return fmt::format_to(context.out(), ")");
  }
};

/// mul; the specification is that of a string, as in {:>8}.
template <>
struct fmt::formatter<wengert::Op> : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(wengert::Op op, Context& context) const {
    return fmt::formatter<std::string_view>::format(wengert::name(op), context);
  }
};

/// demo.cpp:12, or "unknown place"
template <>
struct fmt::formatter<wengert::Location> {
  constexpr auto parse(fmt::format_parse_context& context) const { return context.begin(); }
  template <class Context>
  auto format(const wengert::Location& at, Context& context) const {
    if (!at.known()) return fmt::format_to(context.out(), "unknown place");
    return fmt::format_to(context.out(), "{}:{}", at.file, at.line);
  }
};

/// [[1, 2], [3, 4]], a row to a line.
template <>
struct fmt::formatter<wengert::DenseMatrix> : fmt::formatter<double> {
  template <class Context>
  auto format(const wengert::DenseMatrix& matrix, Context& context) const {
    context.advance_to(fmt::format_to(context.out(), "["));
    for (std::size_t row = 0; row < matrix.rows; ++row) {
      context.advance_to(fmt::format_to(context.out(), "{}", row == 0 ? "[" : ",\n ["));
      for (std::size_t column = 0; column < matrix.columns; ++column) {
        if (column > 0) context.advance_to(fmt::format_to(context.out(), ", "));
        context.advance_to(fmt::formatter<double>::format(wengert::detail::printed(matrix(row, column)), context));
      }
      context.advance_to(fmt::format_to(context.out(), "]"));
    }
    return fmt::format_to(context.out(), "]");
  }
};

/// {mu: 0.74, sigma: -1.028}, the adjoint of every independent by its name, or its node number. The tape must still exist; if it
/// was cleared since, says so.
template <class T>
struct fmt::formatter<wengert::Adjoints<T>> : fmt::formatter<T> {
  template <class Context>
  auto format(const wengert::Adjoints<T>& adjoints, Context& context) const {
    if (adjoints.tape() == nullptr) return fmt::format_to(context.out(), "{{}}");
    if (!adjoints.current()) return fmt::format_to(context.out(), "{{of a tape cleared since}}");
    const char* separator = "";
    context.advance_to(fmt::format_to(context.out(), "{{"));
    for (const wengert::NodeId i : adjoints.tape()->independents()) {
      const std::string_view name = adjoints.tape()->name(i);
      context.advance_to(name.empty() ? fmt::format_to(context.out(), "{}v{}: ", separator, i)
                                      : fmt::format_to(context.out(), "{}{}: ", separator, name));
      context.advance_to(fmt::formatter<T>::format(wengert::detail::printed(adjoints[i]), context));
      separator = ", ";
    }
    return fmt::format_to(context.out(), "}}");
  }
};

/// The recorded program, as to_string(f) in notation.hpp writes it; the specification is that of a string.
template <>
struct fmt::formatter<wengert::Function> : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(const wengert::Function& f, Context& context) const {
    return fmt::formatter<std::string_view>::format(to_string(f), context);
  }
};
