// The functions of the table over arrays, on vector lanes: vector_math::exp(x, out).
#pragma once

#include <span>

#include "wengert/operations.hpp"

namespace wengert::vector_math {

/// out[i] = op(x[i]), or op(x[i], y[i]). `out` may be an argument; it may not overlap one in any other way. Throws ShapeMismatch
/// if the sizes differ or the operation has another number of arguments. Accuracy as in block_kernels.hpp; special values as in
/// <cmath>.
void apply(Op op, std::span<const double> x, std::span<double> out);
void apply(Op op, std::span<const float> x, std::span<float> out);
void apply(Op op, std::span<const double> x, std::span<const double> y, std::span<double> out);
void apply(Op op, std::span<const float> x, std::span<const float> y, std::span<float> out);

// exp(x, out), sin(x, out), … for each unary operation of the table.
#define WENGERT_X(Rule, function)                                                                     \
  inline void function(std::span<const double> x, std::span<double> out) { apply(Op::Rule, x, out); } \
  inline void function(std::span<const float> x, std::span<float> out) { apply(Op::Rule, x, out); }
WENGERT_UNARY_OPERATIONS(WENGERT_X)
#undef WENGERT_X
// pow(x, y, out), atan2(x, y, out), … for each binary one.
#define WENGERT_X(Rule, function)                                                                     \
  inline void function(std::span<const double> x, std::span<const double> y, std::span<double> out) { \
    apply(Op::Rule, x, y, out);                                                                       \
  }                                                                                                   \
  inline void function(std::span<const float> x, std::span<const float> y, std::span<float> out) { apply(Op::Rule, x, y, out); }
WENGERT_BINARY_OPERATIONS(WENGERT_X)
#undef WENGERT_X

/// sine[i] = sin(x[i]) and cosine[i] = cos(x[i]), in half the time of the two. Either output may be x. Throws ShapeMismatch if
/// the sizes differ.
void sincos(std::span<const double> x, std::span<double> sine, std::span<double> cosine);
void sincos(std::span<const float> x, std::span<float> sine, std::span<float> cosine);

}  // namespace wengert::vector_math
