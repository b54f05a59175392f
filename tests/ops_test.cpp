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

#include "reference.hpp"
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

template <int N>
std::string text(const std::array<double, N>& at) {
  std::string result;
  for (double x : at) result += fmt::format("{}{:.17g}", result.empty() ? "(" : ", ", x);
  return result + ")";
}

/// The largest error met, and where.
template <int N>
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

/// Largest errors of value and partials over the domain, in ulps of T, at points where the rule is held to its bounds.
template <class Rule, class T>
struct Accuracy {
  Worst<Rule::arity> value, partial;

  Accuracy() {
    constexpr int n = Rule::arity;
    std::mt19937_64 random(seed);
    std::vector<Sampler> samplers;
    for (const Domain& domain : Rule::domain) samplers.emplace_back(domain, random);
    for (int i = 0; i < points_per_operation; ++i) {
      std::array<double, n> at;
      for (int k = 0; k < n; ++k) at[k] = static_cast<T>(samplers[k]());
      if (at_kink<Rule>(at) || !comfortable(at)) continue;
      reference::Point<n> wide_at;
      for (int k = 0; k < n; ++k) wide_at[k] = at[k];
      const auto got = evaluate_rule<Rule, T>(at);
      value.meet(ulps(got.value, Reference<Rule>::value(wide_at)), at);
      // A partial written from the operation's own value has no more digits than that.
      if (got.value != 0 && !std::isnormal(got.value)) continue;
      if constexpr (requires { Rule::precise(0.0, 0.0); })
        if (!Rule::precise(at[0], at[1])) continue;
      for (int k = 0; k < n; ++k) partial.meet(ulps(got.partials[k], Reference<Rule>::partial(wide_at, k)), at);
    }
  }

  // float has the same rules but a smaller range; it is not measured near the ends of that.
  static bool comfortable(const std::array<double, Rule::arity>& at) {
    if (std::is_same_v<T, double>) return true;
    const auto in_range = [](double x) { return x == 0 || (std::abs(x) > 1e-9 && std::abs(x) < 1e9); };
    reference::Point<Rule::arity> wide_at;
    for (int k = 0; k < Rule::arity; ++k) wide_at[k] = at[k];
    bool result = in_range(static_cast<double>(Reference<Rule>::value(wide_at)));
    for (int k = 0; k < Rule::arity; ++k)
      result = result && in_range(at[k]) && in_range(static_cast<double>(Reference<Rule>::partial(wide_at, k)));
    return result;
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
             worst.value.error, TypeParam::value_ulps, text<TypeParam::arity>(worst.value.at), "", worst.partial.error,
             TypeParam::partial_ulps, text<TypeParam::arity>(worst.partial.at));
  EXPECT_LE(worst.value.error, TypeParam::value_ulps) << text<TypeParam::arity>(worst.value.at);
  EXPECT_LE(worst.partial.error, TypeParam::partial_ulps) << text<TypeParam::arity>(worst.partial.at);
}

// The float functions of libm are up to an ulp less accurate in their own ulps.
TYPED_TEST(OpsAccuracy, FloatKeepsTheSameBoundsButForOneUlpMore) {
  const Accuracy<TypeParam, float> worst;
  fmt::print("{:18} float: value {:.3f} ulp, partial {:.3f} ulp\n", TypeParam::name, worst.value.error, worst.partial.error);
  EXPECT_LE(worst.value.error, TypeParam::value_ulps + 1) << text<TypeParam::arity>(worst.value.at);
  EXPECT_LE(worst.partial.error, TypeParam::partial_ulps + 1) << text<TypeParam::arity>(worst.partial.at);
}

}  // namespace
