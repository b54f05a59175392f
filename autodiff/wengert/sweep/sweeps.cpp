// The sweeps on plain numbers and on Dual, compiled once here rather than in every program that takes a gradient.
#include <cstdint>

#include "wengert/dual.hpp"
#include "wengert/forward_sweep.hpp"
#include "wengert/operations.hpp"
#include "wengert/reverse_sweep.hpp"

namespace wengert {

#define INSTANTIATE(T)                                                      \
  template void forward_sweep(const Tape&, std::span<const T>, Values<T>&); \
  template void reverse_sweep(const Tape&, ValuesView<T>, std::span<const Seed<T>>, Adjoints<T>&, Location);
INSTANTIATE(double)
INSTANTIATE(float)
INSTANTIATE(Dual<double>)
#undef INSTANTIATE

// What a debugger asks for (autodiff/debugger). It stands here so that it is linked wherever a gradient is taken.
namespace debugger {

/// The table of operations by Op, as plain data: a debugger reads it without running anything.
struct Operation {
  const char* name;
  Formula formula;
  std::int64_t arity, switching;
};
extern const Operation operations[];
[[gnu::used]] const Operation operations[] = {
#define X(Rule, function) {ops::Rule::name, ops::Rule::formula, ops::Rule::arity, ops::Rule::switching},
    WENGERT_OPERATIONS(X)
#undef X
        {"independent", {"", ""}, 0, 0},
    {"custom", {"", ""}, 0, 0}};

}  // namespace debugger

}  // namespace wengert
