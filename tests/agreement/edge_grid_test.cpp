// Every operation, every kind of operand (variable or constant, the same variable twice), at the edges of arithmetic, in every
// way of running a tape. Numbers are compared with closed forms in wide precision, and all ways with each other.
#include <fmt/core.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <limits>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "support/reference.hpp"
#include "wengert/batch.hpp"
#include "wengert/function.hpp"
#include "wengert/fuse.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace wengert;
using reference::Reference;
using wide::ulps;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double largest = std::numeric_limits<double>::max();
constexpr double smallest = std::numeric_limits<double>::denorm_min();
constexpr double smallest_normal = std::numeric_limits<double>::min();

#ifdef WENGERT_TEST_SANITIZED  // what it holds is values, which a sanitizer sees as well in a quarter of the pairs
const std::vector<double> full_grid = {0.0,       -0.0, smallest, -1e-310, 1e-200, 0.5,     -1,       2,         -1.5,
                                       1 - 1e-15, 20,   -750,     1e15,    -1e200, largest, infinity, -infinity, not_a_number};
#else
const std::vector<double> full_grid = {0.0,      -0.0,     smallest,  -smallest,   1e-310,     smallest_normal,
                                       1e-200,   -1e-200,  1e-20,     0.5,         -0.5,       1,
                                       -1,       2,        -2,        1.5,         -1.5,       2.5,
                                       3,        -3,       20,        -20,         -1 + 1e-15, 1 - 1e-15,
                                       1e15,     750,      -750,      1e200,       -1e200,     largest,
                                       -largest, infinity, -infinity, not_a_number};
#endif
/// For three arguments: the cube of the full grid would say little more for its minutes.
const std::vector<double> coarse_grid = {0.0, -0.0, smallest, 1, -2.5, 1e200, -largest, infinity, -infinity, not_a_number};

constexpr double lane_tolerance = 8;

/// Which operands are variables; the others are constants. Or all operands are one and the same variable.
struct Kind {
  unsigned variables;
  bool same = false;

  bool is_variable(int k) const { return variables >> k & 1; }
};

template <int n>
std::vector<Kind> kinds() {
  std::vector<Kind> result;
  for (unsigned mask = 1; mask < 1u << n; ++mask) result.push_back({mask});
  if (n > 1) result.push_back({(1u << n) - 1, true});
  return result;
}

template <int n>
using Point = std::array<double, n>;

/// Value, and the derivative in each variable, in order: one for each variable operand, or one for all if they are the same.
struct Outcome {
  double value;
  std::vector<double> gradient;
};

template <class Rule>
Var apply(const std::array<Var, Rule::arity>& x) {
  if constexpr (Rule::arity == 1)
    return detail::evaluate<Rule, Var>(x[0]);
  else if constexpr (Rule::arity == 2)
    return detail::evaluate<Rule, Var>(x[0], x[1]);
  else
    return detail::evaluate<Rule, Var>(x[0], x[1], x[2]);
}

/// The variables of a point: what the inputs of a recorded function are.
template <int n>
std::vector<double> inputs(const Point<n>& at, Kind kind) {
  if (kind.same) return {at[0]};
  std::vector<double> result;
  for (int k = 0; k < n; ++k)
    if (kind.is_variable(k)) result.push_back(at[k]);
  return result;
}

/// Operands made of the variables `x` and, for the rest, the numbers of the point.
template <int n>
std::array<Var, n> operands(const Point<n>& at, Kind kind, std::span<const Var> x) {
  std::array<Var, n> result;
  std::size_t next = 0;
  for (int k = 0; k < n; ++k) result[k] = kind.same ? x[0] : kind.is_variable(k) ? x[next++] : Var(at[k]);
  return result;
}

template <class Rule>
Function recorded(const Point<Rule::arity>& at, Kind kind, const std::vector<double>& where) {
  return wengert::record([&](const std::vector<Var>& x) { return apply<Rule>(operands<Rule::arity>(at, kind, x)); }, where);
}

// -- the ways of running

template <class Rule>
Outcome stepped(const Point<Rule::arity>& at, Kind kind) {
  Tape tape;
  std::vector<Var> x;
  for (const double number : inputs<Rule::arity>(at, kind)) x.push_back(tape.variable(number));
  const Var y = apply<Rule>(operands<Rule::arity>(at, kind, x));
  return {y.value(), gradient(y).wrt(x)};
}

/// Recorded at another point, where everything is finite.
template <class Rule>
Function recorded_elsewhere(const Point<Rule::arity>& at, Kind kind) {
  const std::vector<double> numbers = {0.5, 0.75, 0.25};
  return recorded<Rule>(at, kind, {numbers.begin(), numbers.begin() + static_cast<long>(inputs<Rule::arity>(at, kind).size())});
}

template <class Rule>
Outcome replayed(const Point<Rule::arity>& at, Kind kind) {
  const Function f = recorded_elsewhere<Rule>(at, kind);
  const auto x = inputs<Rule::arity>(at, kind);
  return {f(x), f.gradient(x)};
}

/// The gradient as a tape of its own, optimised, replayed.
template <class Rule>
Outcome recorded_gradient(const Point<Rule::arity>& at, Kind kind) {
  const auto outputs = recorded_elsewhere<Rule>(at, kind).derivative().values(inputs<Rule::arity>(at, kind));
  return {outputs[0], {outputs.begin() + 1, outputs.end()}};
}

/// The reverse sweep on Vars at the point itself, without the optimiser.
template <class Rule>
Outcome sweep_that_records(const Point<Rule::arity>& at, Kind kind) {
  const Function f = recorded_elsewhere<Rule>(at, kind);
  Tape tape;
  std::vector<Var> x;
  for (const double number : inputs<Rule::arity>(at, kind)) x.push_back(tape.variable(number));
  const Values<Var> values = forward_sweep<Var>(f.tape(), x);
  const NodeId last = f.dependents()[0];
  const Seed<Var> seed{Var(const_cast<Tape&>(f.tape()), last), 1.0};
  const auto adjoints = reverse_sweep<Var>(f.tape(), values, std::span(&seed, 1));
  Outcome result{values[last].value(), {}};
  for (const NodeId i : f.tape().independents()) result.gradient.push_back(adjoints.adjoints[i].value());
  return result;
}

/// Forward mode: one sweep of tangents for each variable.
template <class Rule>
Outcome forward_mode(const Point<Rule::arity>& at, Kind kind) {
  const Function f = recorded_elsewhere<Rule>(at, kind);
  const auto x = inputs<Rule::arity>(at, kind);
  Outcome result{};
  for (std::size_t k = 0; k < x.size(); ++k) {
    std::vector<Dual<double>> point(x.begin(), x.end());
    point[k].tangent = 1;
    const auto last = forward_sweep<Dual<double>>(f.tape(), point)[f.dependents()[0]];
    result.value = last.value;
    result.gradient.push_back(last.tangent);
  }
  return result;
}

/// The reverse sweep on numbers that carry tangents, as Hessian-vector products run it.
template <class Rule>
Outcome reverse_on_duals(const Point<Rule::arity>& at, Kind kind) {
  const Function f = recorded_elsewhere<Rule>(at, kind);
  const auto x = inputs<Rule::arity>(at, kind);
  const std::vector<Dual<double>> point(x.begin(), x.end());
  const auto values = forward_sweep<Dual<double>>(f.tape(), point);
  const NodeId last = f.dependents()[0];
  const Seed<Dual<double>> seed{Var(const_cast<Tape&>(f.tape()), last), {1.0, 0.0}};
  const auto adjoints = reverse_sweep<Dual<double>>(f.tape(), values, std::span(&seed, 1));
  Outcome result{values[last].value, {}};
  for (const NodeId i : f.tape().independents()) result.gradient.push_back(adjoints.adjoints[i].value);
  return result;
}

/// The block kernels: a batch of one sample.
template <class Rule>
Outcome batched(const Point<Rule::arity>& at, Kind kind) {
  const Function f = recorded_elsewhere<Rule>(at, kind);
  const auto x = inputs<Rule::arity>(at, kind);
  Outcome result{0, std::vector<double>(x.size())};
  BatchOptions options{.threads = 1, .standard_errors = false, .values = {&result.value, 1}};
  for (double& derivative : result.gradient) options.sample_gradient.push_back({&derivative, 1});
  sum_gradient(f, {}, Samples::rows(x, x.size()), options);
  return result;
}

/// The operation as a function for the compiler to differentiate, of its arguments or of one variable in all their places.
template <class Rule, bool same>
struct Fusable {
  template <std::same_as<Var>... Vars>
    requires(sizeof...(Vars) == (same ? 1 : Rule::arity))
  constexpr Var operator()(Vars... x) const {
    const Var all[] = {x...};
    constexpr auto at = [](std::size_t k) { return same ? 0 : k; };
    if constexpr (Rule::arity == 1)
      return detail::evaluate<Rule, Var>(all[0]);
    else if constexpr (Rule::arity == 2)
      return detail::evaluate<Rule, Var>(all[0], all[at(1)]);
    else
      return detail::evaluate<Rule, Var>(all[0], all[at(1)], all[at(2)]);
  }
};

template <class Rule>
Outcome fused(const Point<Rule::arity>& at, Kind kind) {
  const auto outcome = [](const auto& all) { return Outcome{all[0], {all.begin() + 1, all.end()}}; };
  if constexpr (Rule::arity == 1)
    return outcome(fuse(Fusable<Rule, false>{}).value_and_gradient(at[0]));
  else if (kind.same)
    return outcome(fuse(Fusable<Rule, true>{}).value_and_gradient(at[0]));
  else
    return outcome(std::apply([](auto... x) { return fuse(Fusable<Rule, false>{}).value_and_gradient(x...); }, at));
}

// -- what is expected

template <class Rule>
Outcome by_the_reference(const Point<Rule::arity>& at, Kind kind) {
  constexpr int n = Rule::arity;
  reference::Point<n> wide_at;
  for (int k = 0; k < n; ++k) wide_at[k] = at[k];
  std::vector<double> gradient;
  wide::Wide sum = 0;
  for (int k = 0; k < n; ++k) {
    if (kind.is_variable(k) && !kind.same) gradient.push_back(static_cast<double>(Reference<Rule>::partial(wide_at, k)));
    if (kind.same) sum += Reference<Rule>::partial(wide_at, k);
  }
  if (kind.same) gradient = {static_cast<double>(sum)};
  return {static_cast<double>(Reference<Rule>::value(wide_at)), gradient};
}

/// Whether a rule promises digits, infinities and NaNs here. It does not where `precise` says so, where the value is subnormal or
/// has overflowed, and at finite arguments beyond its domain that are still close to it (far ones give NaN).
template <class Rule>
bool promised(const Point<Rule::arity>& at, Kind kind, const Outcome& outcome) {
  const auto all = [&](auto property) { return std::all_of(at.begin(), at.end(), property); };
  const bool all_finite = all([](double x) { return std::isfinite(x); });
  if constexpr (requires { Rule::precise(0.0, 0.0); })
    if (all_finite && all([](double x) { return x != 0; }) && !Rule::precise(at[0], at[1])) return false;
  if constexpr (std::is_same_v<Rule, ops::PowDerivative>)
    if (all_finite && at[0] != 0 && at[1] != 0 && !Rule::precise(at[0], at[1], at[2])) return false;
  if (std::fpclassify(outcome.value) == FP_SUBNORMAL || (std::isinf(outcome.value) && all_finite)) return false;
  // two partials beyond the range of double do not cancel
  if (kind.same && all([](double x) { return std::abs(x) < smallest_normal && x != 0; })) return false;
  // below 0 they are differences, with zeros
  if constexpr (std::is_same_v<Rule, ops::Lgamma> || std::is_same_v<Rule, ops::Tgamma> || std::is_same_v<Rule, ops::Polygamma>)
    if (at.back() < 0 && all_finite) return false;
  // series are the reference, and derivatives of their own are given at 0 and beyond
  if constexpr (op_of<Rule> == Op::Beta || (op_of<Rule> >= Op::IncompleteGamma && op_of<Rule> <= Op::IbetaBB)) {
    for (int k = 0; k < Rule::arity; ++k)
      if (!(at[k] >= Rule::domain[k].low && at[k] <= Rule::domain[k].high)) return false;
  }
  if (std::is_same_v<Rule, ops::Atan2>) return !all([](double x) { return std::abs(x) == largest; });
  constexpr bool is_pow = std::is_same_v<Rule, ops::Pow> || std::is_same_v<Rule, ops::PowDerivative>;
  if (std::is_same_v<Rule, ops::PowDerivative> && std::isinf(at[Rule::arity > 1 ? 1 : 0])) return false;
  if (is_pow && at[0] < 0 && !all_finite) return false;  // it has no derivative there
  if (is_pow && all_finite) {
    // an infinite partial's factor overflows at a subnormal x; 1e-20 - 1 is an odd number, which matters at -0
    const double x = at[0], y = at[Rule::arity > 1 ? 1 : 0];
    return std::abs(x) >= smallest_normal || (x == 0 && !(std::signbit(x) && y == 1e-20));
  }
  return true;
}

std::string text(std::span<const double> numbers) {
  std::string result;
  for (double x : numbers) result += fmt::format("{}{}", result.empty() ? "(" : ", ", x);
  return result + ")";
}

/// Equal to `tolerance` ulps; 0 and -0 are equal, so are two NaNs.
void expect_same(const char* way, const char* operation, std::span<const double> at, Kind kind, const Outcome& got,
                 const Outcome& want, double value_tolerance, double gradient_tolerance) {
  const auto where = [&] {
    return fmt::format("{} {} at {}, variables {:b}{}", way, operation, text(at), kind.variables, kind.same ? ", the same" : "");
  };
  EXPECT_LE(ulps(got.value, want.value), value_tolerance) << where() << ": " << got.value << ", not " << want.value;
  ASSERT_EQ(got.gradient.size(), want.gradient.size()) << where();
  for (std::size_t k = 0; k < got.gradient.size(); ++k)
    EXPECT_LE(ulps(got.gradient[k], want.gradient[k]), gradient_tolerance)
        << where() << ": derivative " << got.gradient[k] << ", not " << want.gradient[k];
}

template <class Rule, class Visitor>
void for_each_cell(Visitor visit) {
  constexpr int n = Rule::arity;
  const auto& grid = n == 3 ? coarse_grid : full_grid;
  for (const Kind kind : kinds<n>()) {
    std::size_t cells = 1;
    for (int k = 0; k < (kind.same ? 1 : n); ++k) cells *= grid.size();
    for (std::size_t cell = 0; cell < cells; ++cell) {
      Point<n> at;
      std::size_t rest = cell;
      for (int k = 0; k < n; ++k) {
        at[k] = kind.same && k > 0 ? at[0] : grid[rest % grid.size()];
        rest /= grid.size();
      }
      visit(at, kind);
    }
  }
}

template <class Rule>
class EdgeGrid : public testing::Test {};

#define X(Rule, function) , ops::Rule
template <class First, class... Rest>
using Without = testing::Types<Rest...>;
using Rules = Without<void WENGERT_OPERATIONS(X)>;
#undef X

struct RuleName {
  template <class Rule>
  static std::string GetName(int) {
    return Rule::name;
  }
};
TYPED_TEST_SUITE(EdgeGrid, Rules, RuleName);

TYPED_TEST(EdgeGrid, ValueAndGradientAreThoseOfTheReferenceForEveryKindOfOperand) {
  using Rule = TypeParam;
  for_each_cell<Rule>([](const Point<Rule::arity>& at, Kind kind) {
    const Outcome got = stepped<Rule>(at, kind);
    if (!promised<Rule>(at, kind, got)) return;
    const Outcome want = by_the_reference<Rule>(at, kind);
    const bool tells = std::none_of(want.gradient.begin(), want.gradient.end(), [](double d) { return std::isnan(d); });
    if (!Reference<Rule>::closed_form && !tells) return;  // differences do not know
    // one more ulp for rounding the reference to double, and twice the bound for the sum of two partials
    expect_same("stepped", Rule::name, at, kind, got, want, Rule::value_ulps + 1, (kind.same ? 2 : 1) * Rule::partial_ulps + 1);
  });
}

TYPED_TEST(EdgeGrid, EveryWayOfRunningAgreesWithTheSteppedOne) {
  using Rule = TypeParam;
  for_each_cell<Rule>([](const Point<Rule::arity>& at, Kind kind) {
    const Outcome want = stepped<Rule>(at, kind);
    const auto agrees = [&](const char* way, const Outcome& got, double more = 0) {
      // without a promise there are fewer digits to agree upon, but the same infinities and NaNs
      const double tolerance = promised<Rule>(at, kind, want) ? 2 * Rule::partial_ulps : 1e12;
      expect_same(way, Rule::name, at, kind, got, want, more, tolerance + more);
    };
    agrees("replayed", replayed<Rule>(at, kind));
    agrees("recorded gradient", recorded_gradient<Rule>(at, kind));
    agrees("sweep that records", sweep_that_records<Rule>(at, kind));
    agrees("forward mode", forward_mode<Rule>(at, kind));
    agrees("reverse on duals", reverse_on_duals<Rule>(at, kind));
    if (kind.variables + 1 == 1u << Rule::arity) agrees("fused", fused<Rule>(at, kind));
    // vector functions are not the standard library's, and have errors of their own
    agrees("batched", batched<Rule>(at, kind), lane_tolerance);
  });
}

}  // namespace
