// hello: x^2 and its derivative. Nothing to be timed, but a way to try the protocol.
#include <fmt/core.h>

#include <stdexcept>

#include "gradbench/module.hpp"
#include "wengert/fuse.hpp"

namespace gradbench {
namespace {

constexpr auto square = wengert::fuse([](auto x) { return x * x; });

double number(const Json& input) {
  if (!input.is_number()) throw std::invalid_argument(fmt::format("the input must be a number, and is {}", input.type_name()));
  return input.get<double>();
}

}  // namespace

Module hello() {
  return {
      "hello",
      {{"square", [](const Json& input) { return task<double>([x = number(input)](double& y) { y = x * x; }); }},
       {"double", [](const Json& input) { return task<double>([x = number(input)](double& y) { y = square.gradient(x)[0]; }); }}},
      [] { return std::vector<Example>{{"", "square", "double", "fused", Json(3.0)}}; }};
}

}  // namespace gradbench
