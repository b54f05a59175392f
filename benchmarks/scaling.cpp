// How do cost and memory grow with the tape? Time per node from 10^2 to 10^7 nodes, bytes per operation, and the peak of memory,
// as columns for gnuplot.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <ctime>
#include <limits>

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

}  // namespace

int main() {
  fmt::print("# nodes  record_ns_per_node  sweep_ns_per_node  tape_bytes_per_node  peak_MB\n");
  for (wengert::NodeId nodes = 100; nodes <= 10'000'000; nodes *= 10) {
    wengert::Tape tape(false);
    tape.reserve(nodes);
    wengert::Gradient gradient;
    double record = std::numeric_limits<double>::infinity(), sweep = record, check = 0;
    const int repetitions = std::clamp(20'000'000 / nodes, 5, 2000);
    for (int k = 0; k < repetitions; ++k) {
      tape.clear();
      wengert::Var a;
      const double start = nanoseconds();
      const wengert::Var x = chain(tape, nodes, a);
      const double recorded = nanoseconds();
      wengert::gradient(x, gradient);
      const double swept = nanoseconds();
      record = std::min(record, recorded - start);
      sweep = std::min(sweep, swept - recorded);
      check = gradient.wrt(a);
    }
    const double expected = 1 + (nodes - 2) / 2;  // the start of the chain, and each of its steps
    if (check != expected) {
      fmt::print(stderr, "wengert_scaling: the derivative of the chain in a is {}, not {}\n", check, expected);
      return 1;
    }
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    fmt::print("{} {:.3f} {:.3f} {:.2f} {:.1f}\n", nodes, record / nodes, sweep / nodes,
               static_cast<double>(tape.memory().used) / nodes, static_cast<double>(usage.ru_maxrss) / 1024);
    std::fflush(stdout);
  }
}
