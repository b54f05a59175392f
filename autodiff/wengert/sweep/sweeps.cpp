// The sweeps on plain numbers and on Dual, compiled once here rather than in every program that takes a gradient.
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

}  // namespace wengert
