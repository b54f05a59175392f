// Sizes, places and orders at the edges of the engine, each of which a fault once could hide in: expected values by hand, by the
// closed form or by the loop over samples.
#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <numeric>
#include <span>
#include <stdexcept>
#include <vector>

#include "support/allocations.hpp"
#include "wengert/cursor.hpp"
#include "wengert/custom.hpp"
#include "wengert/error.hpp"
#include "wengert/explain_nonfinite.hpp"
#include "wengert/fused_batch.hpp"
#include "wengert/vector_math.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace wengert;
using testing::ElementsAre;

constexpr double infinity = std::numeric_limits<double>::infinity();

const CustomOperation product(
    "product", 2, [](auto v) { return v[0] * v[1]; }, [](auto v, double, auto p) { p[0] = v[1], p[1] = v[0]; });
const CustomOperation guarded_root(
    "root", 1,
    [](auto v) {
      if (v[0] < 0) throw std::domain_error("root of a negative number");
      return std::sqrt(v[0]);
    },
    [](auto, double result, auto p) { p[0] = 0.5 / result; });
const CustomOperation square("square", 1, [](auto v) { return v[0] * v[0]; }, [](auto v, double, auto p) { p[0] = 2 * v[0]; });
const CustomOperation infinitely_steep("steep", 1, [](auto v) { return v[0]; }, [](auto, double, auto p) { p[0] = infinity; });

// -- transformed tapes

TEST(Holes, ADerivativeTellsThePartialsOfACustomOperationApart) {
  const Function f = record([](auto x, auto y) { return product(x, y); }, 1.0, 2.0);
  EXPECT_THAT(f.derivative().values(std::array{3.0, 4.0}), ElementsAre(12, 4, 3));
}

TEST(Holes, AHessianAsksNothingOfAnOperationThatNothingDependsOn) {
  const Function f = record(
      [](auto x) {
        square(x);
        return x * x * x;
      },
      1.0);
  EXPECT_EQ(f.hessian(std::array{2.0})(0, 0), 12);
}

TEST(Holes, AGradientInAWorkspaceIsReturned) {
  const Function f = record([](auto x, auto y) { return x * y; }, 1.0, 2.0);
  Workspace workspace;
  for (int again = 0; again < 2; ++again) EXPECT_THAT(f.gradient(std::array{3.0, 4.0}, workspace), ElementsAre(4, 3));
  EXPECT_THAT(f.gradient(std::array{5.0, 6.0}, workspace), ElementsAre(6, 5));
}

TEST(Holes, AHessianVectorRefusesADirectionOfAnotherSize) {
  const Function f = record([](auto x, auto y) { return x * y; }, 1.0, 2.0);
  for (const std::size_t size : {0u, 1u, 3u})
    EXPECT_THROW(f.hessian_vector(std::array{1.0, 2.0}, std::vector<double>(size, 1)), ShapeMismatch) << size;
}

// -- batches

TEST(Holes, ABatchWithSharedValuesThatAreNoOrdinaryNumbersIsTheLoop) {
  const Function f = record([](auto s, auto t, auto x) { return 2.5 * x / s + 7.0 * (x / t) * exp(t * 3) + 11; }, 1.0, 1.0, 1.0);
  for (const double unusual : {1e-309, 0.0, infinity})
    for (const bool in_s : {true, false}) {
      const double s = in_s ? unusual : 0.5, t = in_s ? 0.5 : unusual;
      double value = 0;
      std::vector<double> gradient(2);
      for (const double x : {1e-310, 3e-310}) {
        value += f(s, t, x);
        for (std::size_t k = 0; k < 2; ++k) gradient[k] += f.gradient(s, t, x)[k];
      }
      const BatchResult got = sum_gradient(f, std::array{s, t}, std::vector{1e-310, 3e-310});
      EXPECT_THAT(got.value, testing::NanSensitiveDoubleEq(value)) << s << " " << t;
      EXPECT_THAT(got.gradient, testing::Pointwise(testing::NanSensitiveDoubleEq(), gradient)) << s << " " << t;
    }
}

TEST(Holes, ABranchAfterTheLastNodeIsGuarded) {
  const Function f = record(
      [](auto a, auto x) {
        const Var y = a * x;
        return y > 0 ? y : -y;
      },
      1.0, 1.0);
  EXPECT_EQ(sum_gradient(f, std::array{2.0}, std::vector{1.0, 3.0}).value, 8);
  EXPECT_THROW(sum_gradient(f, std::array{2.0}, std::vector{1.0, -1.0}), BranchChanged);
}

TEST(Holes, ABranchIsAskedBeforeWhatIsValidOnlyBehindIt) {
  const Function f = record([](auto a, auto x) { return x > 0 ? a * guarded_root(x) : a * x; }, 1.0, 1.0);
  EXPECT_EQ(sum_gradient(f, std::array{2.0}, std::vector{4.0, 9.0}).value, 10);
  EXPECT_THROW(sum_gradient(f, std::array{2.0}, std::vector{4.0, -9.0}), BranchChanged);
}

// The same two for a branch on a shared value, which is asked once for all samples.
TEST(Holes, ABranchOnASharedValueIsAskedWhereItWasRecorded) {
  const Function last = record(
      [](auto a, auto x) {
        const Var y = a * x;
        return a > 0 ? y : -y;
      },
      1.0, 1.0);
  EXPECT_EQ(sum_gradient(last, std::array{2.0}, std::vector{1.0, 3.0}).value, 8);
  EXPECT_THROW(sum_gradient(last, std::array{-2.0}, std::vector{1.0, 3.0}), BranchChanged);
  const Function before = record([](auto a, auto x) { return a > 0 ? guarded_root(a) * x : a * x; }, 1.0, 1.0);
  EXPECT_EQ(sum_gradient(before, std::array{4.0}, std::vector{1.0, 3.0}).value, 8);
  EXPECT_THROW(sum_gradient(before, std::array{-4.0}, std::vector{1.0, 3.0}), BranchChanged);
}

// x against a^2, which nothing but the comparison needs: computed once for all samples, and it follows a.
TEST(Holes, ABranchMayCompareWithASharedValueThatNothingElseNeeds) {
  const Function above = record([](Var a, Var x) { return x > a * a ? a * x : x; }, 2.0, 5.0);
  const Function below = record([](Var a, Var x) { return a * a < x ? a * x : x; }, 2.0, 5.0);
  const Function within = record([](Var a, Var x) { return a * x <= exp(a) ? a * x : x; }, 2.0, 3.0);
  for (const Function& f : {above, below}) {
    EXPECT_EQ(sum_gradient(f, std::array{2.0}, std::vector{5.0, 6.0}).value, 22);
    EXPECT_EQ(sum_gradient(f, std::array{2.5}, std::vector{6.5, 7.0}).gradient, std::vector{13.5});
    EXPECT_THROW(sum_gradient(f, std::array{2.5}, std::vector{5.0, 7.0}), BranchChanged);  // 6.25
    EXPECT_THROW(sum_gradient(f, std::array{-2.5}, std::vector{7.0, 6.0}), BranchChanged);
  }
  EXPECT_EQ(sum_gradient(within, std::array{2.0}, std::vector{3.0, 3.5}).value, 13);
  EXPECT_THROW(sum_gradient(within, std::array{2.0}, std::vector{3.0, 3.75}), BranchChanged);  // exp(2) is 7.39
  EXPECT_EQ(sum_gradient(within, std::array{4.0}, std::vector{13.0, 13.5}).value, 106);        // exp(4) is 54.6
  EXPECT_THROW(sum_gradient(within, std::array{4.0}, std::vector{13.0, 13.75}), BranchChanged);
}

// The output is an input, whether the first on the tape or not, of the samples or shared, or a constant.
TEST(Holes, ADependentMayBeAnInputOrAConstant) {
  const std::vector<double> x = {5, 7, -3};
  const BatchResult own = sum_gradient(record([](Var z) { return z; }, 1.0), std::span<const double>(), x);
  EXPECT_EQ(own.value, 9);
  const Function second = record([](Var, Var z) { return z; }, 1.0, 1.0), first = record([](Var a, Var) { return a; }, 1.0, 1.0),
                 none = record([](Var, Var) { return Var(4); }, 1.0, 1.0);
  EXPECT_EQ(sum_gradient(second, std::array{2.0}, x).value, 9);
  EXPECT_EQ(sum_gradient(second, std::array{2.0}, x).gradient, std::vector{0.0});
  EXPECT_EQ(sum_gradient(first, std::array{2.0}, x).value, 6);
  EXPECT_EQ(sum_gradient(first, std::array{2.0}, x).gradient, std::vector{3.0});
  EXPECT_EQ(sum_gradient(none, std::array{2.0}, x).value, 12);
  EXPECT_EQ(sum_gradient(none, std::array{2.0}, x).gradient, std::vector{0.0});
}

// Values that are recorded side by side and summed afterwards are computed one by one in a batch, since they die young then; not
// past a branch that asks for the last of them.
TEST(Holes, ABranchIsAskedWhenItsOperandsAreThere) {
  const auto f = [](auto a, auto x) {
    std::vector<Var> v;
    for (int k = 0; k < 30; ++k) v.push_back(sin(a * x + k));
    Var sum = v.back() > 0 ? Var(1) : Var(2);
    for (const Var& each : v) sum += each * each;
    return sum;
  };
  const double a = 0.5, at = 0.3, other = at + 2 * std::acos(-1.0);
  double value = 0;
  for (const double x : {at, at + 0.25}) {
    value += std::sin(a * x + 29) > 0 ? 1 : 2;
    for (int k = 0; k < 30; ++k) value += std::pow(std::sin(a * x + k), 2);
  }
  const Function recorded = record(f, a, at);
  EXPECT_NEAR(sum_gradient(recorded, std::array{a}, std::vector{at, at + 0.25}).value, value, 1e-12);
  EXPECT_THROW(sum_gradient(recorded, std::array{a}, std::vector{at, other}), BranchChanged);
}

constexpr auto shifted = [](auto a, auto x) { return a + x * x; };

TEST(Holes, StandardErrorsFarFromZeroAreThoseNearIt) {
  std::vector<double> x;
  for (int k = 0; k < 1000; ++k) x.push_back(std::sin(k));
  const Function f = record(shifted, 1.0, 1.0);
  const auto near = mean_gradient(f, std::array{1.0}, x), far = mean_gradient(f, std::array{1e9}, x);
  const auto fused_near = mean_gradient(fuse(shifted), std::array{1.0}, x),
             fused_far = mean_gradient(fuse(shifted), std::array{1e9}, x);
  // the variance of sin^2 over its phase is 1/8; values near 1e9 are rounded to 1e-7
  EXPECT_NEAR(near.value_error, std::sqrt(0.125 / 1000), 1e-4);
  EXPECT_NEAR(far.value_error, near.value_error, 1e-5 * near.value_error);
  EXPECT_NEAR(fused_near.value_error, near.value_error, 1e-12);
  EXPECT_NEAR(fused_far.value_error, near.value_error, 1e-5 * near.value_error);
}

// -- sizes at the edges

TEST(Holes, SineAndCosineOfFewNumbersWriteNoFurther) {
  for (const std::size_t size : {1u, 2u, 3u, 7u, 9u}) {
    std::vector<double> x(size), s(size + 1, 7), c(size + 1, 7);
    std::iota(x.begin(), x.end(), 1.25);
    vector_math::sincos(x, std::span(s).first(size), std::span(c).first(size));
    for (std::size_t k = 0; k < size; ++k) {
      EXPECT_DOUBLE_EQ(s[k], std::sin(x[k]));
      EXPECT_DOUBLE_EQ(c[k], std::cos(x[k]));
    }
    EXPECT_EQ(s[size], 7);
    EXPECT_EQ(c[size], 7);
  }
}

constexpr auto without_shared = [](auto x) { return exp(x) * x; };
constexpr auto long_one = [](auto a, auto x) {
  auto s = a * x;
  for (int k = 1; k < 80; ++k) s = s + sin(s) * (0.01 * k);
  return s;
};
/// All of its work on shared inputs, in more steps than a fold may have.
constexpr auto long_before = [](auto a, auto x) {
  auto s = a;
  for (int k = 0; k < 300; ++k) s = s * 0.5 + a;
  return s * x;
};
constexpr auto weighted = []<class T, std::size_t columns>(const std::array<T, 1>& a, const std::array<T, columns>& x) {
  T s = a[0] * x[0];
  for (std::size_t k = 1; k < x.size(); ++k) s = s + static_cast<double>(k) * x[k];
  return s;
};
constexpr auto of_70 = []<class T>(const std::array<T, 1>& a, const std::array<T, 70>& x) { return weighted(a, x); };
constexpr auto of_300 = []<class T>(const std::array<T, 1>& a, const std::array<T, 300>& x) { return weighted(a, x); };

TEST(Holes, AFusedBatchNeedsNoSharedInputs) {
  const std::vector<double> x{0.5, 1.5, -0.25};
  double sum = 0;
  for (const double v : x) sum += std::exp(v) * v;
  EXPECT_NEAR(sum_gradient(fuse(without_shared), std::array<double, 0>{}, x).value, sum, 1e-14);
}

TEST(Holes, AFusedBatchOfManyNodesIsTheReplayedOne) {
  const std::vector<double> x{0.5, 1.5, -0.25};
  const Function f = record(long_one, 1.0, 1.0);
  const auto fused = sum_gradient(fuse(long_one), std::array{0.3}, x), replayed = sum_gradient(f, std::array{0.3}, x);
  EXPECT_NEAR(fused.value, replayed.value, 1e-12);
  EXPECT_NEAR(fused.gradient[0], replayed.gradient[0], 1e-10);
}

TEST(Holes, AFusedBatchMayDoManyStepsOnSharedInputs) {
  // s = a / 2^300 + 2 a (1 - 2^-300), which is 2 a to the last place
  const auto got = sum_gradient(fuse(long_before), std::array{0.75}, std::vector{1.0, 2.0});
  EXPECT_DOUBLE_EQ(got.value, 4.5);
  EXPECT_DOUBLE_EQ(got.gradient[0], 6);
}

template <class Callable>
void expect_all_columns_are_read(Callable callable, int columns) {
  std::vector<double> rows(2 * static_cast<std::size_t>(columns), 1.0);
  rows[static_cast<std::size_t>(columns)] = 3;
  const auto got = sum_gradient(fuse(callable), std::array{2.0}, Samples::rows(rows, static_cast<std::size_t>(columns)));
  EXPECT_EQ(got.value, 2 * 1 + 2 * 3 + columns * (columns - 1));
  EXPECT_EQ(got.gradient[0], 4);
}

TEST(Holes, AFusedBatchTakesMoreThan64ColumnsAndMoreThan256) {
  expect_all_columns_are_read(of_70, 70);
  expect_all_columns_are_read(of_300, 300);
}

constexpr auto many_inputs = [](const auto& x) {
  auto s = x[0] * x[1];
  for (std::size_t k = 2; k < x.size(); ++k) s = s + x[k];
  return s;
};

TEST(Holes, AFusedFunctionTakesMoreThan256Inputs) {
  std::array<double, 260> x;
  x.fill(0.5);
  x[259] = 7;
  const auto all = fuse(many_inputs).value_and_gradient(x);
  EXPECT_EQ(all[0], 0.25 + 257 * 0.5 + 7);
  EXPECT_EQ(all[1], 0.5);
  EXPECT_EQ(all[260], 1);
}

constexpr auto of_span = fuse([](const auto& v) { return v[0] * v[1]; });
constexpr auto with_a_span_inside = [](const auto& x) { return of_span(std::span(x).template first<2>()) + x[2]; };

TEST(Holes, ASpanMayBePassedOnWithinAFusedFunction) {
  const auto all = fuse(with_a_span_inside).value_and_gradient(std::array{3.0, 4.0, 5.0});
  EXPECT_THAT(all, ElementsAre(17, 4, 3, 1));
}

// -- looking inside

TEST(Holes, ExplainNonfiniteFollowsTheChosenSideOfASelect) {
  Tape tape;
  const Var x = tape.variable(-1);
  const Var not_chosen = log(x), too_big = exp(-800 * x);
  const Var t = select(x > 0, not_chosen, too_big) + 1;
  EXPECT_EQ(explain_nonfinite(t).node, too_big.index());
}

TEST(Holes, ContributionsInMidSweepAreOfNodesThatWerePassed) {
  Tape tape;
  const Var x = tape.variable(2), a = x * x, b = sin(x), t = a + b;
  Cursor cursor = Cursor::reverse(t);
  cursor.run_to(b);
  const auto parts = cursor.contributions_to(x.index());
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_EQ(parts[0].from, b.index());
  EXPECT_DOUBLE_EQ(parts[0].amount, std::cos(2));
  cursor.run_to(a);
  EXPECT_EQ(cursor.contributions_to(x.index()).size(), 3u);
}

TEST(Holes, AZeroAdjointContributesNothingThroughAnInfinitePartialOfACustomOperation) {
  Tape tape;
  const Var x = tape.variable(1), y = infinitely_steep(x), t = 0 * y + x;
  Cursor cursor = Cursor::reverse(t);
  cursor.run_to(y);
  ASSERT_EQ(cursor.adjoint(), 0);
  for (const Contribution& c : cursor.contributions()) EXPECT_EQ(c.amount, 0);
  EXPECT_EQ(gradient(t).wrt(x), 1);
}

// -- memory

TEST(Holes, ARecordingOfVariablesInReservedMemoryAllocatesNothing) {
  Tape tape(false);
  tape.variable(1);
  tape.clear();
  tape.reserve(2001);
  const auto chain = [&] {
    Var sum = tape.variable(0.5);
    for (int i = 1; i < 1000; ++i) sum = sum * sum + sum;
  };
  EXPECT_EQ(allocations_of(chain), 0u);
  EXPECT_EQ(tape.size(), 1999);
}

TEST(Holes, MemoryReservedIsNoLessThanUsedAfterGrowth) {
  for (const bool locations : {false, true}) {
    Tape tape(locations);
    Var x = tape.variable(1);
    for (int k = 0; k < 10000; ++k) {
      x = fma(x, x, x);
      EXPECT_GE(tape.memory().reserved, tape.memory().used);
    }
  }
}

constexpr auto two_names = [](auto x, auto y) { return named("first", x * y) + named("second", sin(x)); };

TEST(Holes, EveryFrozenNodeKeepsItsName) {
  const std::string text = fuse(two_names).program();
  EXPECT_THAT(text, testing::HasSubstr("first"));
  EXPECT_THAT(text, testing::HasSubstr("second"));
}

// select(select(c, k, l) == m, y, z): of constants the optimiser may ask for c alone; where one of them varies it may not, nor
// where the choice is compared by <.
TEST(Holes, AChoiceAmongConstantsIsTheConditionItself) {
  enum class Varies { Nothing, First, Second, Number };
  for (const double k : {1.0, 2.0})
    for (const double l : {1.0, 2.0})
      for (const double m : {1.0, 2.0, 3.0})
        for (const Varies what : {Varies::Nothing, Varies::First, Varies::Second, Varies::Number})
          for (const auto asked : {0, 1, 2}) {
            const auto f = [&](Var v, Var c, Var y, Var z) {
              const Var first = what == Varies::First ? v : Var(k), second = what == Varies::Second ? v : Var(l),
                        number = what == Varies::Number ? v : Var(m), choice = select(is_less(0, c), first, second);
              const Var condition = asked == 0   ? is_equal(choice, number)
                                    : asked == 1 ? is_equal(number, choice)
                                                 : is_less(choice, number);
              return select(condition, y * y, z * z);
            };
            const Function recorded = wengert::record(f, 1.0, 1.0, 3.0, 5.0), derivative = recorded.derivative();
            for (const double c : {1.0, -1.0})
              for (const double v : {1.0, 2.0, 3.0}) {
                const double first = what == Varies::First ? v : k, second = what == Varies::Second ? v : l,
                             number = what == Varies::Number ? v : m;
                const double choice = c > 0 ? first : second;
                const bool holds = asked == 2 ? choice < number : choice == number;
                EXPECT_EQ(derivative.values(std::vector<double>{v, c, 3, 5}),
                          (std::vector<double>{holds ? 9.0 : 25.0, 0, 0, holds ? 6.0 : 0.0, holds ? 0.0 : 10.0}))
                    << k << ' ' << l << ' ' << m << ' ' << c << ' ' << v << ' ' << static_cast<int>(what) << ' ' << asked;
              }
          }
}

}  // namespace
