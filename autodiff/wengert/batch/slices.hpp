// Elements in pieces: inputs are gathered, a code fills columns, and a visitor takes from these what it adds up or keeps. Inside
// the library only.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "wengert/elements.hpp"

namespace wengert::detail {

/// Where the entry (i, j) of the upper half of a matrix of n columns stands among the outputs of a Hessian's code.
constexpr std::size_t in_upper_half(std::size_t i, std::size_t j, std::size_t n) { return i * n - i * (i + 1) / 2 + j; }

/// Outputs of a code over elements, block by block.
class Slices {
 public:
  /// Elements of a block, whose outputs are added up in the order of the outputs: part of what results depend on, so fixed.
  static constexpr std::size_t block = 1u << 10;
  /// `data` is nullptr for none. Throws ShapeMismatch where they do not fit together.
  Slices(const char* name, const ElementCode& code, std::span<const double> x, const Elements& elements, const Samples* data);

  /// Takes n elements from `first` on, with the outputs c that were wanted: columns[c][0] … [n - 1].
  using Visit = std::function<void(std::size_t first, std::size_t n, std::span<double* const> columns)>;
  /// One block after the other, by one thread at a time, while the others compute what comes next: so no two add to one number,
  /// and each gets its terms in one order. `wanted` says of each output whether it is.
  void in_order(int threads, const std::vector<unsigned char>& wanted, const Visit& visit) const;
  /// In any order, several at a time: for what is kept element by element.
  void at_once(int threads, const std::vector<unsigned char>& wanted, const Visit& visit) const;

 private:
  class Columns;
  void compute(std::size_t first, std::size_t n, std::span<double* const> columns) const;
  void gather(std::size_t first, std::size_t count, double* const* columns) const;

  const ElementCode& code_;
  std::span<const double> x_;
  const Elements& elements_;
  const Samples* data_;
};

}  // namespace wengert::detail
