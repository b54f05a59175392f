// Registers kernels and the ways to their gradients: checks every way against the adjoint written by hand, then times it.
#pragma once

#include <benchmark/benchmark.h>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ways.hpp"
#ifdef WENGERT_HAVE_ADOLC
#include "adolc_way.hpp"
#endif

/// Compares every registered way with the adjoint by hand; prints what disagrees, and returns whether all is well.
bool all_ways_agree();

/// What a way must agree with the adjoint by hand in: value and gradient to 1e-12, or the value alone, or both to single
/// precision.
enum class Check { Exactly, Value, Roughly };

/// A way that has been registered, for the check.
struct Registered {
  std::string kernel, way;
  std::function<double(std::span<const double>, std::span<double>)> run;
  std::vector<double> point;
  Check check;
};
void remember(Registered registered);

/// Adds a row's entry: `run(point, gradient)` returns the value and fills the gradient. Timed as "kernel/way".
template <class Run>
void add_way(const std::string& kernel, const std::string& way, const std::vector<double>& point, Run run,
             Check check = Check::Exactly) {
  const auto shared = std::make_shared<Run>(std::move(run));
  remember({kernel, way, [shared](std::span<const double> x, std::span<double> g) { return (*shared)(x, g); }, point, check});
  benchmark::RegisterBenchmark((kernel + "/" + way).c_str(), [shared, point](benchmark::State& state) {
    std::vector<double> x = point, gradient(point.size());
    // Once untimed: what a way keeps between calls may have been taken from the processor, or the machine, since the last time.
    benchmark::DoNotOptimize((*shared)(x, gradient));
    for (auto _ : state) {
      benchmark::DoNotOptimize(x.data());
      benchmark::DoNotOptimize((*shared)(x, gradient));
      benchmark::ClobberMemory();
    }
  });
}

/// The ways that every kernel has. `kernel` must outlive the run.
template <class Kernel>
void add_common_ways(const Kernel& kernel) {
  const auto point = kernel.point();
  add_way(kernel.name(), "by hand", point, ways::ByHand<Kernel>{kernel});  // first: the others are checked against it
  add_way(kernel.name(), "primal", point, ways::Primal<Kernel>{kernel}, Check::Value);
  add_way(kernel.name(), "op by op", point, ways::OnTape<Kernel>(kernel));
}

/// ADOL-C as a peer, where it is installed. `inner` as in ways::Adolc.
template <class Kernel, class... Inner>
void add_adolc(const Kernel& kernel, Inner... inner) {
#ifdef WENGERT_HAVE_ADOLC
  add_way(kernel.name(), "ADOL-C", kernel.point(), ways::Adolc<Kernel, Inner...>(kernel, inner...));
#else
  (void)kernel;
  ((void)inner, ...);
#endif
}

/// A kernel that lives as long as the program.
template <class Kernel, class... Sizes>
const Kernel& keep(Sizes... sizes) {
  static std::vector<std::unique_ptr<Kernel>> kept;
  return *kept.emplace_back(new Kernel{static_cast<std::size_t>(sizes)...});
}

// One function for each kernel family, each in a file of its own.
void add_vae_kl();
void add_gmm();
void add_reductions();
void add_lstm();
void add_mlp();
