// Many directions through a tape at once: row[to] += factor * row[from], for rows of eight numbers. Inside the library only.
#pragma once

#include <cstddef>

#include "wengert/instruction_set.hpp"
#include "wengert/record/node.hpp"

namespace wengert::detail {

/// A number of each of several directions: one register of AVX-512, two of AVX2.
struct alignas(64) Row {
  static constexpr std::size_t size = 8;
  double number[size];
};

/// A row for each node of a tape. One that was never written is 0, and costs nothing: a direction that changes a few nodes does
/// not pass through the others.
struct Rows {
  Row* row;
  unsigned char* written;
};

/// Adds factor times one row to another.
struct RowProduct {
  NodeId to, from;
  double factor;
};

/// Does n products one after the other, each rounded twice: the same bits on every instruction set. `out` and `in` may be the
/// same rows, but no product may add a row to itself.
using RowKernel = void (*)(Rows out, Rows in, const RowProduct* products, std::size_t n);

/// With `finite`, all factors are; otherwise what is 0 adds nothing, whatever the factor.
RowKernel row_kernel(bool finite, InstructionSet set = instruction_set());

}  // namespace wengert::detail
