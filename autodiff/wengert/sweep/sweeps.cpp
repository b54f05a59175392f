// The sweeps on plain numbers, on those with bounds and on Dual, compiled once here rather than in every program that takes a
// gradient.
#include "wengert/bounded.hpp"
#include "wengert/dual.hpp"
#include "wengert/forward_sweep.hpp"
#include "wengert/operations.hpp"
#include "wengert/reverse_sweep.hpp"
#include "wengert/sweep/threaded_sweep.hpp"

// Functions that call each other at their end need an optimiser that turns these calls into jumps.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define WENGERT_PLAIN_LOOP 1
#endif
#endif
#if !defined(__OPTIMIZE__) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WENGERT_PLAIN_LOOP 1
#endif
// And arguments in registers: two doubles are handed over in memory elsewhere.
#if defined(__aarch64__) || (defined(__x86_64__) && !defined(_WIN32))
#define WENGERT_PAIRS_IN_REGISTERS 1
#endif

namespace wengert {
namespace detail {

#if WENGERT_PLAIN_LOOP
template <class T>
static constexpr bool threaded = false;
#elif WENGERT_PAIRS_IN_REGISTERS
template <class T>
static constexpr bool threaded = true;
#else
template <class T>
static constexpr bool threaded = std::is_floating_point_v<T>;
#endif

template <class T>
static void pull_back_each(const Tape& tape, const T* values, T* adjoints, NodeId end, NodeId first) {
  if constexpr (threaded<T>)
    ThreadedSweep<T>::run(tape, values, adjoints, end, first);
  else
    for (NodeId i = end; i-- > first;) pull_back(tape, values, adjoints, i);
}
// Where the loop stays, all rules are compiled into it: calling them one by one takes half as long again.
template <class T>
WENGERT_FLATTEN static void evaluate_each(const Tape& tape, T* values, NodeId first, NodeId end) {
  if constexpr (threaded<T>)
    ThreadedForwardSweep<T>::run(tape, values, first, end);
  else
    for (NodeId i = first; i < end; ++i)
      if (tape[i].op != Op::Independent) values[i] = evaluate_node(tape, values, i);
}
void evaluate_numbers(const Tape& tape, double* values, NodeId first, NodeId end) { evaluate_each(tape, values, first, end); }
void evaluate_numbers(const Tape& tape, float* values, NodeId first, NodeId end) { evaluate_each(tape, values, first, end); }
void evaluate_nodes(const Tape& tape, Bounded* values, NodeId first, NodeId end) { evaluate_each(tape, values, first, end); }

void pull_back_all(const Tape& tape, const double* values, double* adjoints, NodeId nodes, NodeId first) {
  pull_back_each(tape, values, adjoints, nodes, first);
}
void pull_back_all(const Tape& tape, const float* values, float* adjoints, NodeId nodes, NodeId first) {
  pull_back_each(tape, values, adjoints, nodes, first);
}
void pull_back_all(const Tape& tape, const Bounded* values, Bounded* adjoints, NodeId nodes) {
  pull_back_each(tape, values, adjoints, nodes, 0);
}

}  // namespace detail

#define WENGERT_INSTANTIATE(T)                                              \
  template void forward_sweep(const Tape&, std::span<const T>, Values<T>&); \
  template void reverse_sweep(const Tape&, ValuesView<T>, std::span<const Seed<T>>, Adjoints<T>&, Location);
WENGERT_INSTANTIATE(double)
WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(Dual<double>)
#undef WENGERT_INSTANTIATE

}  // namespace wengert
