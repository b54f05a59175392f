// No false alarm on random programs at scales from 1e-12 to 1e12, and a planted fault is found among them. The quick run takes
// some thousands of programs; WENGERT_LONG_RUN=1 takes a million.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <random>

#include "support/program.hpp"
#include "support/random_runs.hpp"
#include "support/var_machine.hpp"
#include "wengert/check_gradient.hpp"
#include "wengert/custom.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace wengert;
using Outcome = CheckReport::Outcome;
using program::Program;

/// A program whose inputs and value are scaled by powers of 10.
struct Scaled {
  explicit Scaled(std::uint64_t number) : random(random_runs::seed() * 1'000'003 + number) {
    do {
      std::vector<std::int16_t> inputs(1 + random() % 4);
      for (std::int16_t& input : inputs) input = static_cast<std::int16_t>(random());
      std::vector<program::Raw> steps(1 + random() % 24);
      for (program::Raw& step : steps)
        for (std::uint8_t& byte : step) byte = static_cast<std::uint8_t>(random());
      program = program::decode(inputs, steps);
    } while (is_flat() && random() % 16 != 0);  // half of all programs end in a rounding, a comparison or a constant
    for (const double input : program.inputs) {
      scale.push_back(power_of_ten());
      x.push_back(input * scale.back());
    }
    value_scale = power_of_ten();
  }
  Var operator()(std::span<const Var> at) const {
    std::vector<Var> plain;
    for (std::size_t k = 0; k < at.size(); ++k) plain.push_back(at[k] / scale[k]);
    return value_scale * program::run<Var>(program, plain, VarMachine());
  }
  bool is_flat() const {
    Tape tape;
    std::vector<Var> at;
    for (const double input : program.inputs) at.push_back(tape.variable(input));
    const Var y = program::run<Var>(program, at, VarMachine());
    if (y.is_constant()) return true;
    const Gradient g = gradient(y);
    return std::all_of(at.begin(), at.end(), [&](const Var& x) { return g.wrt(x) == 0; });
  }
  double power_of_ten() { return std::pow(10.0, static_cast<double>(random() % 24001) / 1000 - 12); }

  std::mt19937_64 random;
  Program program;
  std::vector<double> scale, x;
  double value_scale;
};

std::string text(const Scaled& f) {
  std::string result;
  for (std::size_t k = 0; k < f.scale.size(); ++k) {
    char line[64];
    std::snprintf(line, sizeof line, "input %zu times %.17g\n", k, f.scale[k]);
    result += line;
  }
  return result + program::text(f.program);
}

CustomOperation identity(double partial) {
  const CustomOperation constant("constant", 1, [partial](auto) { return partial; }, [](auto, double, auto p) { p[0] = 0; });
  return CustomOperation(
      "identity", 1, [](auto x) { return x[0]; }, [partial](auto, double, auto p) { p[0] = partial; }, {constant});
}

TEST(CheckGradient, RaisesNoFalseAlarmAtAnyScale) {
  const CustomOperation right = identity(1);
#ifdef WENGERT_TEST_SANITIZED
  const int programs = random_runs::count(2'500);  // ten times slower there
#else
  const int programs = random_runs::count(10'000);
#endif
  std::array<long, 4> outcomes{};
  double furthest = 0;
  for (int k = 0; k < programs; ++k) {
    const Scaled f(static_cast<std::uint64_t>(k));
    // every third through an operation that has no complex step: then differences are on their own
    const auto g = [&](std::span<const Var> x) { return k % 3 == 0 ? right(f(x)) : f(x); };
    const CheckReport report = check_gradient(g, f.x, {.second_order = k % 4 == 0});
    ++outcomes[static_cast<std::size_t>(report.outcome)];
    ASSERT_NE(report.outcome, Outcome::Disagrees) << "program " << k << " of seed " << random_runs::seed() << '\n'
                                                  << text(f) << report;
    if (report.worst() != nullptr) furthest = std::max(furthest, report.worst()->units());
  }
  std::printf("%d programs: %ld agree, %ld disagree, %ld refused, %ld inconclusive; furthest %.2g units\n", programs, outcomes[0],
              outcomes[1], outcomes[2], outcomes[3], furthest);
  EXPECT_LT(outcomes[2] + outcomes[3], programs / 50) << "what is not checked raises no alarm either";
}

TEST(CheckGradient, FindsHalfAPerMilleAtAnyScale) {
  const CustomOperation wrong = identity(1.0005);
  const int programs = random_runs::count(2'000);
  int found = 0, flat = 0, inconclusive = 0;
  for (int k = 0; k < programs; ++k) {
    const Scaled f(static_cast<std::uint64_t>(k));
    const CheckReport report = check_gradient([&](std::span<const Var> x) { return wrong(f(x)); }, f.x);
    bool is_zero = true;  // as far as the rounding of its paths allows to say
    for (const CheckLine& line : report.lines)
      if (line.oracle == Oracle::Differences) is_zero &= std::abs(line.found) <= 1e4 * line.expected_error;
    if (report.outcome == Outcome::Disagrees)
      ++found;
    else if (report.outcome == Outcome::Inconclusive)
      ++inconclusive;
    else if (is_zero)
      ++flat;
    else
      ADD_FAILURE() << "missed in program " << k << " of seed " << random_runs::seed() << '\n' << text(f) << report;
  }
  std::printf("%d programs with a fault of 0.05 %%: found in %d, %d inconclusive, %d flat\n", programs, found, inconclusive,
              flat);
  EXPECT_LT(inconclusive, programs / 20);
}

}  // namespace
