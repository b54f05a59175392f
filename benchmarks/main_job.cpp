// The main job of vae_kl, random numbers included: mean and standard error of t, dt/dmu and dt/dsigma over fresh samples of one
// dimension.
//
//   wengert_main_job [options of Google Benchmark]
//
// The textbook loop stands for what one would write without the library: std::mt19937_64, std::normal_distribution, and the
// gradient worked out by hand. All are compiled with the flags of the build, as programs are.
#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include <cmath>
#include <random>
#include <set>
#include <vector>

#include "estimate/estimator.hpp"
#include "random/random.hpp"
#include "wengert/instruction_set.hpp"
#include "wengert/parallel_for.hpp"

namespace {

constexpr double mu = 0.5, sigma = 0.8;

void report(benchmark::State& state, std::size_t samples) {
  const double all = static_cast<double>(samples) * static_cast<double>(state.iterations());
  state.counters["ns_per_sample"] = benchmark::Counter(all * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void textbook(benchmark::State& state) {
  constexpr std::size_t samples = 1'000'000;
  std::mt19937_64 generator(1);
  std::normal_distribution<double> normal;
  for (auto _ : state) {
    double sums[3] = {}, squares[3] = {};
    for (std::size_t i = 0; i < samples; ++i) {
      const double eps = normal(generator);
      const double z = mu + sigma * eps;
      const double x[3] = {0.5 * (z * z - eps * eps) - std::log(sigma), z, z * eps - 1 / sigma};
      for (int k = 0; k < 3; ++k) sums[k] += x[k], squares[k] += x[k] * x[k];
    }
    benchmark::DoNotOptimize(sums);
    benchmark::DoNotOptimize(squares);
  }
  report(state, samples);
}

void random_numbers(benchmark::State& state, wengert::InstructionSet set) {
  wengert::use_instruction_set(set);
  std::vector<double> block(1024);
  std::uint64_t first = 0;
  for (auto _ : state) {
    vae_kl::fill_normals(1, 0, first, block);
    benchmark::DoNotOptimize(block.data());
    first += block.size();
  }
  report(state, block.size());
}

void job(benchmark::State& state, vae_kl::Way way, wengert::InstructionSet set, int threads) {
  wengert::use_instruction_set(set);
  const std::size_t samples = way == vae_kl::Way::stepped ? 100'000 : 10'000'000;
  for (auto _ : state) {
    vae_kl::Progress silent(1, false);
    benchmark::DoNotOptimize(vae_kl::estimate({{mu}, {sigma}}, {samples, 1, threads}, way, silent));
  }
  report(state, samples);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::RegisterBenchmark("textbook", textbook)->Unit(benchmark::kMillisecond);
  for (const wengert::InstructionSet set : wengert::instruction_sets)
    if (supported(set)) benchmark::RegisterBenchmark(fmt::format("random_numbers/{}", name(set)).c_str(), random_numbers, set);
  for (const vae_kl::Way way : vae_kl::ways)
    for (const wengert::InstructionSet set : wengert::instruction_sets)
      for (const int threads : std::set{1, wengert::thread_count(0)}) {
        if (!supported(set)) continue;
        auto* const job_of_way = benchmark::RegisterBenchmark(
            fmt::format("{}/{}/threads:{}", name(way), name(set), threads).c_str(), job, way, set, threads);
        job_of_way->Unit(benchmark::kMillisecond);
        if (threads > 1) job_of_way->UseRealTime();  // on one thread processor time, which other programs do not add to
      }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
