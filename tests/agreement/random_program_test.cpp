// Random programs over the whole table: every way of running them against wide arithmetic, within derived bounds.
#include <gmock/gmock.h>
#include <rapidcheck.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <map>

#include "support/program_checks.hpp"
#include "support/random_runs.hpp"
#include "wengert/gradient_with_bounds.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace wengert;
using program::Bounded;
using program::Program;
using program::tame;

const bool configured = (random_runs::configure(4000), true);

Program generate() {
  const auto count = *rc::gen::inRange<std::size_t>(1, program::most_inputs + 1);
  const auto inputs = *rc::gen::container<std::vector<std::int16_t>>(count, rc::gen::arbitrary<std::int16_t>());
  const auto byte = rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, 256));  // the whole range at every size
  const auto steps = *rc::gen::container<std::vector<std::tuple<int, int, int, int>>>(rc::gen::tuple(byte, byte, byte, byte));
  std::vector<program::Raw> raw;
  for (const auto& [op, x, y, z] : steps)
    raw.push_back({static_cast<std::uint8_t>(op), static_cast<std::uint8_t>(x), static_cast<std::uint8_t>(y),
                   static_cast<std::uint8_t>(z)});
  return program::decode(inputs, raw);
}

/// A program recorded on a tape.
struct Recorded {
  explicit Recorded(const Program& p) {
    for (const double number : p.inputs) x.push_back(tape.variable(number));
    y = program::run<Var>(p, x, VarMachine());
  }
  Tape tape;
  std::vector<Var> x;
  Var y;
};

/// What the comparisons saw, printed at the end: a bound that nothing comes near would prove little.
struct Tally {
  explicit Tally(const char* name) : what(name) {}
  long programs = 0, comparisons = 0, steps = 0, longest = 0, branches = 0, too_wild = 0, other_branch = 0;
  double furthest = 0, sum = 0;
  std::map<Op, long> operations;

  void count(const Program& p) {
    ++programs;
    steps += static_cast<long>(p.steps.size());
    longest = std::max(longest, static_cast<long>(p.steps.size()));
    for (const auto& step : p.steps) step.branch ? ++branches : ++operations[step.op];
  }
  /// Fails the property if anything was found.
  void add(const program::Findings& found, const Program& p) {
    if (!found.text.empty()) {
      RC_LOG() << program::text(p) << found.text;
      RC_FAIL("beyond the bound");
    }
    comparisons += found.comparisons;
    too_wild += found.skipped;
    furthest = std::max(furthest, found.furthest);
    sum += found.sum;
  }
  ~Tally() {
    if (programs > 0)
      std::printf(
          "%s: %ld programs, %ld steps (longest %ld), %ld branches, %ld comparisons, %ld too wild to bound, %ld through another "
          "branch; "
          "errors in units of their bound: mean %.2g, largest %.2g\n",
          what, programs, steps, longest, branches, comparisons, too_wild, other_branch,
          comparisons > 0 ? sum / static_cast<double>(comparisons) : 0, furthest);
  }

  const char* what;
};

/// Fails the property unless |computed - exact| <= bound.
void compare(Tally& tally, const char* what, double computed, wide::Wide exact, wide::Wide bound, const Program& p) {
  program::Findings found;
  found.compare(what, computed, exact, bound);
  tally.add(found, p);
}

TEST(RandomPrograms, ReverseAndForwardSweepsStayWithinTheBoundOfRounding) {
  static Tally tally("recorded");
  EXPECT_TRUE(rc::check([] {
    const Program p = generate();
    tally.count(p);
    const Bounded exact = program::bounded(p, p.inputs);
    const std::size_t inputs = p.inputs.size();
    if (!tame(exact, inputs)) {
      ++tally.too_wild;
      return;
    }
    const Recorded r(p);
    compare(tally, "value", r.y.value(), exact.value, exact.value_error.rules, p);
    const Gradient g = gradient(r.y);
    for (std::size_t j = 0; j < inputs; ++j) {
      compare(tally, "reverse sweep", g.wrt(r.x[j]), exact.tangent[j], exact.tangent_error[j].rules, p);

      std::vector<Dual<double>> point;
      std::vector<hand::Dual<double>> by_hand;
      for (std::size_t k = 0; k < inputs; ++k) {
        point.emplace_back(p.inputs[k], k == j ? 1.0 : 0.0);
        by_hand.emplace_back(p.inputs[k], k == j ? 1.0 : 0.0);
      }
      const auto forward = forward_sweep<Dual<double>>(r.tape, std::span<const Dual<double>>(point));
      const double tangent = r.y.is_constant() ? 0 : forward[r.y.index()].tangent;
      compare(tally, "forward sweep", tangent, exact.tangent[j], exact.tangent_error[j].rules, p);
      const double hand = program::run<hand::Dual<double>>(p, by_hand, hand::Machine<double>()).tangent;
      compare(tally, "dual numbers by hand", hand, exact.tangent[j], exact.tangent_error[j].loose, p);
    }
  }));
  EXPECT_LT(tally.too_wild, tally.programs / 50) << "programs that cannot be bounded prove nothing";
  EXPECT_GT(tally.furthest, 0.01) << "a bound that nothing comes near hides errors";
  for (const Op op : program::all_operations) {
    if (!program::is_decoded(op)) continue;
    EXPECT_GT(tally.operations[op], 20) << name(op) << " hardly ever occurs";
  }
}

/// Whether a step has constants alone for arguments: what it is rounded to is a constant of the tape, and its rounding unknown
/// there.
bool computes_among_constants(const Program& p) {
  std::vector<bool> constant(p.inputs.size());
  for (const program::Step& step : p.steps) {
    const auto is_constant = [&](std::size_t k) {
      return step.arguments[k] < 0 || constant[static_cast<std::size_t>(step.arguments[k])];
    };
    bool all = true;
    for (std::size_t k = 0; k < static_cast<std::size_t>(arity(step.op)); ++k) all &= is_constant(k);
    if (all && !step.branch) return true;
    constant.push_back(step.branch && (is_constant(1) || is_constant(2)));  // it may pass one on
  }
  return false;
}

TEST(RandomPrograms, BoundsOnTheRoundingOfDerivativesHoldAndAreOfUse) {
  static Tally tally("with bounds");
  static std::vector<double> ratios;  // of the bound and the error, where there is one
  EXPECT_TRUE(rc::check([] {
    const Program p = generate();
    tally.count(p);
    const Bounded exact = program::bounded(p, p.inputs);
    if (!tame(exact, p.inputs.size())) {
      ++tally.too_wild;
      return;
    }
    if (computes_among_constants(p)) return;
    const Recorded r(p);
    if (r.y.is_constant()) return;
    const GradientWithBounds g = gradient_with_bounds(r.y);
    for (std::size_t j = 0; j < p.inputs.size(); ++j) {
      const wengert::Bounded derivative = g.wrt(r.x[j]);
      // the reference is off by its own last bits, far below double's
      compare(tally, "bound", derivative.value, exact.tangent[j],
              wide::Wide(derivative.error) + exact.magnitude[j] * wide::Wide(0x1p-100), p);
      const double error = static_cast<double>(wide::abs(wide::Wide(derivative.value) - exact.tangent[j]));
      if (error > 0) ratios.push_back(derivative.error / error);
    }
  }));
  ASSERT_GT(ratios.size(), 200u);
  std::nth_element(ratios.begin(), ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() / 2), ratios.end());
  EXPECT_LE(ratios[ratios.size() / 2], 30);
  RecordProperty("median of bound over error", std::to_string(ratios[ratios.size() / 2]));
}

TEST(RandomPrograms, ReplaysAtNewInputsAreRightOrRefused) {
  static Tally tally("replayed");
  EXPECT_TRUE(rc::check([] {
    const Program p = generate();
    tally.count(p);
    const Recorded r(p);
    std::vector<double> x = p.inputs;
    const auto shift = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(-1000, 1001));
    for (std::size_t k = 0; k < x.size(); ++k) x[k] += shift * (k % 2 == 0 ? 5e-4 : -3e-4);
    std::vector<bool> recorded_way, way;
    program::bounded(p, p.inputs, &recorded_way);
    const Bounded exact = program::bounded(p, x, &way);
    Values<double> values;
    if (!exact.defined) {
      ++tally.too_wild;
      return;
    }
    if (way != recorded_way) {
      ++tally.other_branch;
      try {
        forward_sweep(r.tape, std::span<const double>(x), values);
      } catch (const BranchChanged&) {
        return;
      }
      RC_ASSERT(r.tape.guards().empty());  // the branch was among constants, or never recorded
      return;
    }
    if (!tame(exact, x.size())) {
      ++tally.too_wild;
      return;
    }
    try {
      forward_sweep(r.tape, std::span<const double>(x), values);
    } catch (const BranchChanged& error) {
      RC_LOG() << program::text(p) << error.what() << '\n';
      RC_FAIL("refused, though every branch goes the recorded way");
    }
    if (r.y.is_constant()) return;
    compare(tally, "replayed value", values[r.y.index()], exact.value, exact.value_error.rules, p);
    const Seed<double> seed{r.y, 1};
    const auto g = reverse_sweep<double>(r.tape, values, std::span(&seed, 1));
    for (std::size_t j = 0; j < x.size(); ++j)
      compare(tally, "replayed gradient", g.wrt(r.x[j]), exact.tangent[j], exact.tangent_error[j].rules, p);
  }));
  EXPECT_LT(tally.too_wild, tally.programs / 10);
}

TEST(RandomPrograms, TheRecordedGradientIsTheGradient) {
  static Tally tally("gradient recorded");
  EXPECT_TRUE(rc::check([] {
    const Program p = generate();
    tally.count(p);
    const Recorded r(p);
    if (r.y.is_constant()) return;
    const Bounded exact = program::bounded(p, p.inputs);
    if (!tame(exact, p.inputs.size())) {
      ++tally.too_wild;
      return;
    }
    const NodeId size = r.tape.size();
    // the reverse sweep on Vars: the gradient, on a tape of its own
    Tape second;
    std::vector<Var> x;
    for (const double number : p.inputs) x.push_back(second.variable(number));
    const auto values = forward_sweep<Var>(r.tape, std::span<const Var>(x));
    const Seed<Var> seed{r.y, Var(1.0)};
    const auto adjoints = reverse_sweep<Var>(r.tape, values, std::span(&seed, 1));
    for (std::size_t j = 0; j < x.size(); ++j)
      compare(tally, "recorded gradient", adjoints.wrt(r.x[j]).value(), exact.tangent[j], exact.tangent_error[j].rules, p);
    RC_ASSERT(r.tape.size() == size);
  }));
}

// What a tape remembers of recordings before (variables it began with, constants, operations, memory) changes nothing: to the
// bit.
TEST(RandomPrograms, ATapeThatHeldOthersRecordsAsANewOneDoes) {
  static Tally tally("on a used tape");
  static Tape used;
  EXPECT_TRUE(rc::check([] {
    const Program p = generate();
    tally.count(p);
    const Recorded fresh(p);
    const bool cleared = *rc::gen::inRange(0, 3) != 0;  // or it goes on behind the last program
    if (cleared) used.clear();
    std::vector<Var> x;
    for (const double number : p.inputs) x.push_back(used.variable(number));
    const Var y = program::run<Var>(p, x, VarMachine());
    const auto same = [](double one, double other) {
      RC_ASSERT(std::bit_cast<std::uint64_t>(one) == std::bit_cast<std::uint64_t>(other) ||
                (std::isnan(one) && std::isnan(other)));
    };
    same(y.value(), fresh.y.value());
    RC_ASSERT(y.is_constant() == fresh.y.is_constant());
    if (y.is_constant()) return;
    const Gradient g = gradient(y), expected = gradient(fresh.y);
    for (std::size_t j = 0; j < x.size(); ++j) same(g.wrt(x[j]), expected.wrt(fresh.x[j]));
    tally.comparisons += static_cast<long>(x.size());
    if (!cleared) return;
    const auto values = forward_sweep(used, std::span<const double>(p.inputs));
    same(values[y.index()], fresh.y.value());
  }));
  EXPECT_GT(tally.comparisons, tally.programs / 2) << "results that are constants have no derivatives to compare";
}

TEST(RandomPrograms, EveryWayOfRunningARecordedFunctionAgrees) {
  static Tally tally("function, derivative, optimised, batch");
  EXPECT_TRUE(rc::check([] {
    const Program p = generate();
    if (*rc::gen::inRange(0, 4) != 0) return;  // a derivative costs more than a sweep: one program in four
    tally.count(p);
    std::vector<double> other = p.inputs;
    const auto shift = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(-1000, 1001));
    for (std::size_t k = 0; k < other.size(); ++k) other[k] += shift * (k % 2 == 0 ? 1e-4 : -3e-5);
    tally.add(program::check_everywhere(p, other), p);
  }));
}

}  // namespace
