// Walks the table of operations: what each rule says of its own accuracy is held against references in wide precision.
// A new operation is tested by being in the table; see reference.hpp for what it is compared with.
#include "wengert/ops.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>

#include <cmath>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "support/reference.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace wengert;
using reference::Reference;
using wide::ulps;
using wide::Wide;

constexpr std::uint64_t seed = 20240607;
// A longer run: WENGERT_TEST_POINTS=1000000 wengert_ops_test
const int points_per_operation = [] {
  const char* wanted = std::getenv("WENGERT_TEST_POINTS");
  return wanted != nullptr ? std::atoi(wanted) : 20'000;
}();

/// Fewer where the reference is a series of hundreds of terms.
template <class Rule>
int points_of() {
  const bool costly = op_of<Rule> == Op::Beta || (op_of<Rule> >= Op::IncompleteGamma && op_of<Rule> <= Op::IbetaBB);
  return costly ? points_per_operation / 40 : points_per_operation;
}

/// Numbers of a domain in which accuracy is at risk: every magnitude down to the smallest and up to the ends, either sign, and
/// the neighbourhoods, down to the last place, of the ends, of 0, of +-1 and of halves and integers, where kinks lie.
class Sampler {
 public:
  Sampler(Domain domain, std::mt19937_64& random) : low_(domain.low), high_(domain.high), random_(random) {}

  double operator()() {
    for (;;) {
      const double x = candidate();
      if (x >= low_ && x <= high_) return x;
    }
  }

 private:
  double uniform(double low, double high) { return std::uniform_real_distribution<double>(low, high)(random_); }
  double sign() { return random_() % 2 ? 1 : -1; }
  double log_uniform(double lowest_exponent, double highest_exponent) {
    return std::exp2(uniform(lowest_exponent, highest_exponent));
  }
  double candidate() {
    switch (random_() % 6) {
      case 0:
        return sign() * log_uniform(-1074, 1023.999);
      case 1:
        return sign() * log_uniform(-8, 8);
      case 2:
        return uniform(low_ / 2, high_ / 2) * 2;  // the width of the whole range is no number
      case 3: {
        const double anchors[] = {low_, high_, 1, -1, std::round(uniform(-20, 20)) / 2};
        const double anchor = anchors[random_() % std::size(anchors)];
        return anchor + sign() * std::abs(anchor == 0 ? 1 : anchor) * log_uniform(-53, 0);
      }
      case 4: {
        double x = random_() % 2 ? low_ : high_;
        for (auto steps = random_() % 4; steps > 0; --steps) x = std::nextafter(x, low_ / 2 + high_ / 2);
        return x;
      }
      default:
        return sign() * log_uniform(-30, 30);
    }
  }

  double low_, high_;
  std::mt19937_64& random_;
};

template <class T, int N>
struct Evaluation {
  T value;
  std::array<T, N> partials;
};

/// Value and partials by the rule, in the arithmetic of T.
template <class Rule, class T>
Evaluation<T, Rule::arity> evaluate_rule(const std::array<double, Rule::arity>& at) {
  constexpr int n = Rule::arity;
  std::array<T, n> x;
  for (int k = 0; k < n; ++k) x[k] = static_cast<T>(at[k]);
  if constexpr (n == 1) {
    const T value = Rule::template value<T>(x[0]);
    return {value, {Rule::template partials<T>(x[0], value).x}};
  } else if constexpr (n == 2) {
    const T value = Rule::template value<T>(x[0], x[1]);
    const auto partials = Rule::template partials<T>(x[0], x[1], value);
    return {value, {partials.x, partials.y}};
  } else {
    const T value = Rule::template value<T>(x[0], x[1], x[2]);
    const auto partials = Rule::template partials<T>(x[0], x[1], x[2], value);
    return {value, {partials.x, partials.y, partials.z}};
  }
}

template <std::size_t N>
reference::Point<N> widened(const std::array<double, N>& at) {
  reference::Point<N> result;
  for (std::size_t k = 0; k < N; ++k) result[k] = at[k];
  return result;
}

template <std::size_t N>
std::string text(const std::array<double, N>& at) {
  std::string result;
  for (double x : at) result += fmt::format("{}{:.17g}", result.empty() ? "(" : ", ", x);
  return result + ")";
}

/// The largest error met, and where.
template <std::size_t N>
struct Worst {
  double error = 0;
  std::array<double, N> at{};

  void meet(double found, const std::array<double, N>& where) {
    if (!(found <= error)) error = found, at = where;
  }
};

template <class Rule>
bool at_kink(const std::array<double, Rule::arity>& at) {
  if constexpr (requires { Rule::at_kink(0.0); })
    return Rule::at_kink(at[0]);
  else if constexpr (requires { Rule::at_kink(0.0, 0.0); })
    return Rule::at_kink(at[0], at[1]);
  else
    return false;
}

template <class Rule>
bool precise(const std::array<double, Rule::arity>& at) {
  if constexpr (requires { Rule::precise(0.0, 0.0); })
    return Rule::precise(at[0], at[1]);
  else if constexpr (requires { Rule::precise(0.0, 0.0, 0.0); })
    return Rule::precise(at[0], at[1], at[2]);
  else
    return true;
}

/// Whether arguments, value and partials are all 0 or between `least` and its inverse in magnitude.
template <class Rule>
bool in_range(const std::array<double, Rule::arity>& at, double least) {
  const auto fits = [&](double x) { return x == 0 || (std::abs(x) > least && std::abs(x) < 1 / least); };
  const auto wide_at = widened(at);
  bool result = fits(static_cast<double>(Reference<Rule>::value(wide_at)));
  for (int k = 0; k < Rule::arity; ++k)
    result = result && fits(at[k]) && fits(static_cast<double>(Reference<Rule>::partial(wide_at, k)));
  return result;
}

/// Whether the reference knows: one by differences says NaN where they are not accurate enough.
template <class Rule>
bool tells(Wide reference) {
  return Reference<Rule>::closed_form || !is_nan(reference);
}

/// In ulps of what the rule counts its errors of, where that is not the value.
template <class Rule, class T>
double value_error(T got, Wide want, const std::array<double, Rule::arity>& at) {
  if constexpr (requires { Rule::scale(0.0, 0.0, 0.0); })
    if (std::isfinite(got)) return static_cast<double>(abs(got - want) / wide::ulp_of<T>(Rule::scale(at[0], at[1], at[2])));
  return ulps(got, want);
}

/// Largest errors of value and partials over the domain, in ulps of T, at points where the rule is held to its bounds.
template <class Rule, class T>
struct Accuracy {
  Worst<Rule::arity> value, partial;
  int compared = 0;

  explicit Accuracy(int points = points_of<Rule>()) {
    constexpr int n = Rule::arity;
    std::mt19937_64 random(seed);
    std::vector<Sampler> samplers;
    for (const Domain& domain : Rule::domain) samplers.emplace_back(domain, random);
    for (int i = 0; i < points; ++i) {
      std::array<double, n> at;
      for (int k = 0; k < n; ++k) at[k] = static_cast<T>(samplers[k]());
      if (at_kink<Rule>(at)) continue;
      // float has the same rules but a smaller range; it is not measured near the ends of that
      if (std::is_same_v<T, float> && !in_range<Rule>(at, 1e-9)) continue;
      const auto wide_at = widened(at);
      const auto got = evaluate_rule<Rule, T>(at);
      value.meet(value_error<Rule>(got.value, Reference<Rule>::value(wide_at), at), at);
      // A partial written from the operation's own value has no more digits than that.
      if (got.value != 0 && !std::isnormal(got.value)) continue;
      if (!precise<Rule>(at)) continue;
      for (int k = 0; k < n; ++k) {
        const Wide want = Reference<Rule>::partial(wide_at, k);
        if (!tells<Rule>(want)) continue;
        partial.meet(ulps(got.partials[k], want), at);
        ++compared;
      }
    }
  }
};

template <class Rule>
class OpsAccuracy : public testing::Test {};

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
TYPED_TEST_SUITE(OpsAccuracy, Rules, RuleName);

TYPED_TEST(OpsAccuracy, ValueAndPartialsKeepTheBoundsThatTheRuleStates) {
  const Accuracy<TypeParam, double> worst;
  fmt::print("{:18} value {:6.3f} ulp (states {:g}) at {}\n{:18} partial {:4.3f} ulp (states {:g}) at {}\n", TypeParam::name,
             worst.value.error, TypeParam::value_ulps, text(worst.value.at), "", worst.partial.error, TypeParam::partial_ulps,
             text(worst.partial.at));
  EXPECT_LE(worst.value.error, TypeParam::value_ulps) << text(worst.value.at);
  EXPECT_LE(worst.partial.error, TypeParam::partial_ulps) << text(worst.partial.at);
  EXPECT_GT(worst.compared, 0) << "it calls itself precise nowhere";
}

// The float functions of libm are up to an ulp less accurate in their own ulps.
TYPED_TEST(OpsAccuracy, FloatKeepsTheSameBoundsButForOneUlpMore) {
  const Accuracy<TypeParam, float> worst;
  fmt::print("{:18} float: value {:.3f} ulp, partial {:.3f} ulp\n", TypeParam::name, worst.value.error, worst.partial.error);
  EXPECT_LE(worst.value.error, TypeParam::value_ulps + 1) << text(worst.value.at);
  EXPECT_LE(worst.partial.error, TypeParam::partial_ulps + 1) << text(worst.partial.at);
}

/// Second partials by the rules: the rule for the partials, run on a number that carries a tangent along argument k.
template <class Rule>
std::array<double, Rule::arity> second_partials(const std::array<double, Rule::arity>& at, int k) {
  constexpr int n = Rule::arity;
  std::array<Dual<double>, n> x;
  for (int j = 0; j < n; ++j) x[j] = {at[j], j == k ? 1.0 : 0.0};
  if constexpr (n == 1) {
    return {Rule::partials(x[0], Dual<double>::evaluate<Rule>(x[0])).x.tangent};
  } else if constexpr (n == 2) {
    const auto partials = Rule::partials(x[0], x[1], Dual<double>::evaluate<Rule>(x[0], x[1]));
    return {partials.x.tangent, partials.y.tangent};
  } else {
    const auto partials = Rule::partials(x[0], x[1], x[2], Dual<double>::evaluate<Rule>(x[0], x[1], x[2]));
    return {partials.x.tangent, partials.y.tangent, partials.z.tangent};
  }
}

/// Largest second partial, as it is and relative to the arguments: entries that are small beside both are differences of larger
/// terms, and no more accurate than those.
template <class Rule>
Wide second_scale(const reference::Point<Rule::arity>& at, int j, int k) {
  Wide plain = 0, relative = 0;
  for (int row = 0; row < Rule::arity; ++row)
    for (int column = row; column < Rule::arity; ++column) {
      const Wide entry = abs(Reference<Rule>::second_partial(at, row, column));
      plain = std::max(plain, entry);
      relative = std::max(relative, entry * abs(at[row] * at[column]));
    }
  return Rule::arity == 1 ? plain : std::max(plain, at[j] * at[k] == 0 ? Wide(0) : relative / abs(at[j] * at[k]));
}

// Partials are made of table operations, so their derivatives are as accurate as a few of those together.
TYPED_TEST(OpsAccuracy, SecondPartialsAreAccurateToFourTimesTheBoundOfTheFirst) {
  using Rule = TypeParam;
  constexpr int n = Rule::arity;
  std::mt19937_64 random(seed);
  std::vector<Sampler> samplers;
  for (const Domain& domain : Rule::domain) samplers.emplace_back(domain, random);
  Worst<n> worst;
  const int points = Reference<Rule>::closed_form ? points_of<Rule>() / 4 : 500;  // differences of differences take long
  for (int i = 0; i < points; ++i) {
    std::array<double, n> at;
    for (int k = 0; k < n; ++k) at[k] = samplers[k]();
    if (at_kink<Rule>(at) || !precise<Rule>(at)) continue;
    const auto wide_at = widened(at);
    for (int k = 0; k < n; ++k) {
      const auto got = second_partials<Rule>(at, k);
      for (int j = 0; j < n; ++j) {
        const Wide want = Reference<Rule>::second_partial(wide_at, j, k);
        if (!tells<Rule>(want) || (is_nan(want) && std::isnan(got[j]))) continue;
        EXPECT_TRUE(std::isfinite(got[j]) || !(abs(want) < Wide(1e250)) || !in_range<Rule>(at, 1e-200))
            << text(at) << " gives " << got[j] << " for " << static_cast<double>(want);
        if (!in_range<Rule>(at, 1e-9)) continue;
        const Wide unit = wide::ulp_of<double>(second_scale<Rule>(wide_at, j, k));
        worst.meet(static_cast<double>(abs(got[j] - want) / unit), at);
      }
    }
  }
  fmt::print("{:18} second partial {:.3f} ulp at {}\n", Rule::name, worst.error, text(worst.at));
  EXPECT_LE(worst.error, 4 * Rule::partial_ulps) << text(worst.at);
}

/// The nodes of a tape that holds Rule's value and the recorded gradient of that.
template <class Rule>
constexpr NodeId nodes_with_gradient() {
  Tape tape(false), again(false);
  std::vector<Var> x;
  for (int k = 0; k < Rule::arity; ++k) tape.variable(0.5, {}, Location{});
  for (int k = 0; k < Rule::arity; ++k) x.push_back(again.variable(0.5, {}, Location{}));
  const NodeId last = tape.push(op_of<Rule>, 0, 1, 2, 0.0, Location{});
  const auto values = forward_sweep<Var>(tape, x);
  const Seed<Var> seed{Var(tape, last), 1.0};
  reverse_sweep<Var>(tape, values, std::span(&seed, 1));
  return again.size();
}

TYPED_TEST(OpsAccuracy, ValueAndPartialsCanBeRecordedDuringCompilation) {
  constexpr NodeId nodes = nodes_with_gradient<TypeParam>();
  static_assert(nodes > TypeParam::arity);
  EXPECT_EQ(nodes, nodes_with_gradient<TypeParam>()) << "as many as at run time";
}

// -- the measurement itself

// A slip in a closed form would be charged to the rule, or hide one. Away from kinks and ends the differences have 20 digits.
TYPED_TEST(OpsAccuracy, ClosedFormsAgreeWithDifferencesOfEachOther) {
  using Rule = TypeParam;
  if (!Reference<Rule>::closed_form || std::is_same_v<Rule, ops::Detach>)
    GTEST_SKIP() << Rule::name << (Reference<Rule>::closed_form ? " hides its derivative on purpose" : " has no closed form");
  constexpr int n = Rule::arity;
  std::mt19937_64 random(seed);
  const int points = points_of<Rule>() < points_per_operation ? 5 : 50;
  for (int i = 0; i < points; ++i) {
    reference::Point<n> at;
    for (int k = 0; k < n; ++k)
      at[k] = (Rule::domain[k].low >= 1 ? 1 : 0) + std::uniform_real_distribution<double>(0.1, 0.45)(random);
    if (n == 2 && abs(at[0] - at[n - 1]) < Wide(0.02)) continue;
    for (int k = 0; k < n; ++k) {
      const Wide slope = reference::derivative_by_differences<n>(Reference<Rule>::value, at, k).slope;
      const Wide known = Reference<Rule>::partial(at, k);
      if (is_nan(known)) continue;  // there is none
      EXPECT_LE(abs(known - slope), Wide(1e-17)) << static_cast<double>(at[0]);
      for (int j = 0; j < n; ++j) {
        const auto partial = [j](const reference::Point<n>& p) { return Reference<Rule>::partial(p, j); };
        const Wide bend = reference::derivative_by_differences<n>(partial, at, k).slope;
        const Wide of_second = Reference<Rule>::second_partial(at, j, k);
        EXPECT_LE(is_nan(of_second) ? Wide(0) : abs(of_second - bend), Wide(1e-15)) << static_cast<double>(at[0]);
      }
    }
  }
}

using std::exp, std::log1p, std::tanh;

/// An operation that reference.hpp knows nothing of, as a newly added one.
struct Softplus : ops::Rule<1> {
  static constexpr Domain domain[] = {{-700, 700}};
  static constexpr double value_ulps = 3;
  static constexpr double partial_ulps = 3;

  template <class T>
  static T value(T x) {
    return select(x > T(0), x + log1p(exp(-x)), log1p(exp(x)));
  }
  template <class T>
  static Partials1<T> partials(T x, T) {
    return {select(x > T(0), T(1) / (T(1) + exp(-x)), exp(x) / (T(1) + exp(x)))};
  }
};
struct SoftplusWithAWrongPartial : Softplus {
  template <class T>
  static Partials1<T> partials(T x, T) {
    return {T(1.0005) / (T(1) + exp(-x))};
  }
};
/// The textbook's form, which is right and not accurate.
struct TanhThatCancels : ops::Tanh {
  template <class T>
  static constexpr Partials1<T> partials(T, T result) {
    return {T(1) - result * result};
  }
};

// Where a partial is infinite though the value is finite, the rule says that it is steep: forward mode may not be chosen for it.
TYPED_TEST(OpsAccuracy, SteepRulesSaySo) {
  using Rule = TypeParam;
  bool steep = false;
  const double edges[] = {-INFINITY, -2, -1, -0.5, -0.0, 0.0, 0.5, 1, 2, INFINITY};
  const auto look = [&](double value, auto... partials) {
    if (std::isfinite(value)) steep |= (std::isinf(partials) || ...);
  };
  for (const double x : edges)
    for (const double y : edges)
      for (const double z : edges) {
        if (!std::isfinite(x) || !std::isfinite(y) || !std::isfinite(z)) continue;  // an argument is some operation's value
        if constexpr (Rule::arity == 1) {
          const double value = Rule::template value<double>(x);
          look(value, static_cast<double>(Rule::template partials<double>(x, value).x));
        } else if constexpr (Rule::arity == 2) {
          const double value = Rule::template value<double>(x, y);
          const auto partials = Rule::template partials<double>(x, y, value);
          look(value, static_cast<double>(partials.x), static_cast<double>(partials.y));
        } else if constexpr (requires { Rule::template value<double>(x, y, z); }) {
          const double value = Rule::template value<double>(x, y, z);
          const auto partials = Rule::template partials<double>(x, y, z, value);
          look(value, static_cast<double>(partials.x), static_cast<double>(partials.y), static_cast<double>(partials.z));
        }
      }
  EXPECT_LE(steep, Rule::steep) << Rule::name;
}

TEST(OpsMeasurement, HoldsAnOperationWithoutAClosedFormAgainstItsOwnValueInWidePrecision) {
  const Accuracy<Softplus, double> worst(2000);
  EXPECT_LE(worst.value.error, Softplus::value_ulps) << text(worst.value.at);
  EXPECT_LE(worst.partial.error, Softplus::partial_ulps) << text(worst.partial.at);
  EXPECT_GT(worst.compared, 1000) << "of 2000 points";
  EXPECT_GT(worst.partial.error, 0.4);  // half an ulp is met by any 2000 roundings
}

TEST(OpsMeasurement, FindsAPartialThatIsWrongByOnePartInTwoThousand) {
  const Accuracy<SoftplusWithAWrongPartial, double> worst(2000);
  EXPECT_GT(worst.partial.error, 1e12);
}
}  // namespace

template <>
struct reference::Reference<TanhThatCancels> : reference::Reference<wengert::ops::Tanh> {};

namespace {
TEST(OpsMeasurement, FindsAPartialThatIsRightButCancels) {
  const Accuracy<TanhThatCancels, double> worst;
  EXPECT_LE(worst.value.error, TanhThatCancels::value_ulps);
  EXPECT_GT(worst.partial.error, 1e12);
}

namespace with_both {
using namespace wengert;
using namespace std;
double of_numbers() { return max(1.0, 2.0) + min(3.0, 4.0); }
double of_vars(Var x, Var y) { return max(x, y).value() + min(x, 1.0).value(); }
}  // namespace with_both

TEST(MinAndMax, OfPlainNumbersAreNumbersWhateverIsInSight) {
  static_assert(std::is_same_v<decltype(wengert::max(1.0, 2.0)), double> &&
                std::is_same_v<decltype(wengert::min(1, 2.5)), double>);
  EXPECT_EQ(wengert::max(1.0, 2.0), 2);
  EXPECT_EQ(wengert::min(1, 2.5), 1);
  EXPECT_EQ(wengert::max(3u, 2u), 3u);
  EXPECT_TRUE(std::isnan(wengert::max(1.0, std::nan(""))) && std::isnan(wengert::min(std::nan(""), 1.0)));
  EXPECT_EQ(with_both::of_numbers(), 5);
  EXPECT_EQ(with_both::of_vars(2, 3), 4);
}

}  // namespace
