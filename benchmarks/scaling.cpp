// How do cost and memory grow with the tape? Time per operation, bytes per operation, the peak of memory, and the time of the
// first gradient on a new tape, as columns for gnuplot: from 10^2 to 10^7 operations as nodes of their own, and from 10^3 to 10^8
// in local pieces.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <ctime>
#include <limits>

#include "wengert/local.hpp"
#include "wengert/wengert.hpp"

namespace {

/// Processor time of this process: other programs on the machine do not count.
double nanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return 1e9 * static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec);
}

/// x <- x * b + a at b = 1, two nodes a step and no constants: every adjoint is 1 along x, so no node is skipped.
wengert::Var chain(wengert::Tape& tape, wengert::NodeId nodes, wengert::Var& a) {
  a = tape.variable(0.5);
  const wengert::Var b = tape.variable(1);
  wengert::Var x = a;
  while (tape.size() + 2 <= nodes) {
    x = x * b;
    x = x + a;
  }
  return x;
}

/// The same, ten steps at a time, each as one node.
wengert::Var chain_of_pieces(wengert::Tape& tape, wengert::NodeId operations, wengert::Var& a) {
  a = tape.variable(0.5);
  const wengert::Var b = tape.variable(1);
  wengert::Var x = a;
  for (wengert::NodeId k = 0; k < operations / 20; ++k)
    x = wengert::local(
        [](auto y, auto c, auto d) {
          for (int step = 0; step < 10; ++step) {
            y = y * c;
            y = y + d;
          }
          return y;
        },
        x, b, a);
  return x;
}

/// A line for each number of operations, or none and false if a derivative is wrong: `expected` is that in a.
template <class Record, class Expected>
bool measure(wengert::NodeId least, wengert::NodeId most, Record record_on, Expected expected) {
  for (wengert::NodeId operations = least;; operations *= 10) {
    wengert::Tape tape(false);
    wengert::Gradient gradient;
    double record = std::numeric_limits<double>::infinity(), sweep = record, first = 0, check = 0;
    const int repetitions = std::clamp(20'000'000 / operations, 5, 2000);
    for (int k = 0; k < repetitions; ++k) {
      tape.clear();
      wengert::Var a;
      const double start = nanoseconds();
      const wengert::Var x = record_on(tape, operations, a);
      const double recorded = nanoseconds();
      wengert::gradient(x, gradient);
      const double swept = nanoseconds();
      record = std::min(record, recorded - start);
      sweep = std::min(sweep, swept - recorded);
      if (k == 0) first = swept - start;
      check = gradient.wrt(a);
    }
    if (check != expected(operations)) {
      fmt::print(stderr, "wengert_scaling: the derivative of the chain in a is {}, not {}\n", check, expected(operations));
      return false;
    }
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    fmt::print("{} {:.3f} {:.3f} {:.2f} {:.1f} {:.3f}\n", operations, record / operations, sweep / operations,
               static_cast<double>(tape.memory().used) / operations, static_cast<double>(usage.ru_maxrss) / 1024,
               first / operations);
    std::fflush(stdout);
    if (operations >= most) return true;
  }
}

}  // namespace

int main() {
  constexpr const char* columns = "record_ns_each  sweep_ns_each  tape_bytes_each  peak_MB  first_ns_each";
  // In both the derivative is 1 for the start of the chain and for each step. Peaks of memory only rise: the second ones say
  // nothing.
  fmt::print("# nodes  {}\n", columns);
  if (!measure(100, 10'000'000, chain, [](wengert::NodeId n) { return 1 + (n - 2) / 2; })) return 1;
  fmt::print("\n\n# operations in local pieces of 20  {}\n", columns);
  return measure(1000, 100'000'000, chain_of_pieces, [](wengert::NodeId n) { return 1 + n / 20 * 10; }) ? 0 : 1;
}
