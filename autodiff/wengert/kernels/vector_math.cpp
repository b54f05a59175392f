#include "wengert/vector_math.hpp"

#include <fmt/core.h>

#include "wengert/error.hpp"
#include "wengert/kernels/block_kernels.hpp"

namespace wengert::vector_math {

using detail::block_kernel, detail::sincos_kernel, detail::varying_x, detail::varying_y;
namespace {

void expect_arity(Op op, int arguments) {
  if (arity(op) != arguments)
    throw ShapeMismatch(fmt::format("vector_math: {} takes {} arguments, got {}", name(op), arity(op), arguments));
}

void expect_size(const char* function, std::size_t expected, std::size_t got) {
  if (expected != got)
    throw ShapeMismatch(
        fmt::format("vector_math::{}: arrays of {} and {} numbers; give all the same size", function, expected, got));
}

template <class T>
void apply_to_one(Op op, std::span<const T> x, std::span<T> out) {
  expect_arity(op, 1);
  expect_size(name(op), x.size(), out.size());
  block_kernel<T>(op, varying_x)(out.data(), x.data(), nullptr, nullptr, x.size());
}

template <class T>
void apply_to_two(Op op, std::span<const T> x, std::span<const T> y, std::span<T> out) {
  expect_arity(op, 2);
  expect_size(name(op), x.size(), y.size());
  expect_size(name(op), x.size(), out.size());
  block_kernel<T>(op, varying_x | varying_y)(out.data(), x.data(), y.data(), nullptr, x.size());
}

template <class T>
void sincos_of(std::span<const T> x, std::span<T> sine, std::span<T> cosine) {
  expect_size("sincos", x.size(), sine.size());
  expect_size("sincos", x.size(), cosine.size());
  sincos_kernel<T>()(sine.data(), cosine.data(), x.data(), x.size());
}

}  // namespace

void apply(Op op, std::span<const double> x, std::span<double> out) { apply_to_one(op, x, out); }
void apply(Op op, std::span<const float> x, std::span<float> out) { apply_to_one(op, x, out); }
void apply(Op op, std::span<const double> x, std::span<const double> y, std::span<double> out) { apply_to_two(op, x, y, out); }
void apply(Op op, std::span<const float> x, std::span<const float> y, std::span<float> out) { apply_to_two(op, x, y, out); }
void sincos(std::span<const double> x, std::span<double> sine, std::span<double> cosine) { sincos_of(x, sine, cosine); }
void sincos(std::span<const float> x, std::span<float> sine, std::span<float> cosine) { sincos_of(x, sine, cosine); }

}  // namespace wengert::vector_math
