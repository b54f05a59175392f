// std::ostream prints the library's types. <wengert/format.hpp> does the same for fmt.
//
// Templates on the stream, so that <iosfwd> is enough here and programs that print nothing do not pay for <ostream>.
#pragma once

#include <cstddef>
#include <iosfwd>

#include "wengert/dual.hpp"
#include "wengert/jacobian.hpp"
#include "wengert/location.hpp"
#include "wengert/notation.hpp"
#include "wengert/operations.hpp"
#include "wengert/reverse_sweep.hpp"
#include "wengert/var.hpp"

namespace wengert {

/// Prints the value, under the stream's settings: generic code prints the same for Var as for double, a NaN without
/// its sign.
template <class Char, class Traits>
std::basic_ostream<Char, Traits>& operator<<(std::basic_ostream<Char, Traits>& out, const Var& x) {
  return out << detail::printed(x.value());
}

/// Reads a number, a constant; where there is none, x stays what it was.
template <class Char, class Traits>
std::basic_istream<Char, Traits>& operator>>(std::basic_istream<Char, Traits>& in, Var& x) {
  double value;
  if (in >> value) x = value;
  return in;
}

/// (value, tangent)
template <class Char, class Traits, class T>
std::basic_ostream<Char, Traits>& operator<<(std::basic_ostream<Char, Traits>& out, const Dual<T>& x) {
  return out << '(' << detail::printed(x.value) << ", " << detail::printed(x.tangent) << ')';
}

/// mul
template <class Char, class Traits>
std::basic_ostream<Char, Traits>& operator<<(std::basic_ostream<Char, Traits>& out, Op op) {
  return out << name(op);
}

/// demo.cpp:12, or "unknown place"
template <class Char, class Traits>
std::basic_ostream<Char, Traits>& operator<<(std::basic_ostream<Char, Traits>& out, const Location& at) {
  if (!at.known()) return out << "unknown place";
  return out << at.file << ':' << at.line;
}

/// [[1, 2], [3, 4]], a row to a line.
template <class Char, class Traits>
std::basic_ostream<Char, Traits>& operator<<(std::basic_ostream<Char, Traits>& out, const DenseMatrix& matrix) {
  out << '[';
  for (std::size_t row = 0; row < matrix.rows; ++row) {
    out << (row == 0 ? "[" : ",\n [");
    for (std::size_t column = 0; column < matrix.columns; ++column)
      out << (column == 0 ? "" : ", ") << detail::printed(matrix(row, column));
    out << ']';
  }
  return out << ']';
}

/// {mu: 0.74, sigma: -1.028}, the adjoint of every independent by its name, or its node number. The tape must still exist; if it
/// was cleared since, says so.
template <class Char, class Traits, class T>
std::basic_ostream<Char, Traits>& operator<<(std::basic_ostream<Char, Traits>& out, const Adjoints<T>& adjoints) {
  if (adjoints.tape() == nullptr) return out << "{}";
  if (!adjoints.current()) return out << "{of a tape cleared since}";
  const char* separator = "{";
  for (const NodeId i : adjoints.tape()->independents()) {
    out << separator;
    const std::string_view name = adjoints.tape()->name(i);
    if (name.empty()) out << 'v' << i;
    for (const char c : name) out << c;
    out << ": " << detail::printed(adjoints[i]);
    separator = ", ";
  }
  return out << (*separator == '{' ? "{}" : "}");
}

/// The recorded program, as to_string(f) in notation.hpp writes it.
template <class Char, class Traits>
std::basic_ostream<Char, Traits>& operator<<(std::basic_ostream<Char, Traits>& out, const Function& f) {
  for (const char c : to_string(f)) out << c;
  return out;
}

}  // namespace wengert
