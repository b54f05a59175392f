// The quick check of tests/mutate.py: RULES of the table against reference.hpp at a few hundred points, in the ulps that they
// state. Exit status 0 if nothing is found wrong, 1 with one line of what.
#include <cmath>
#include <cstdio>
#include <random>

#include "support/reference.hpp"
#include "wengert/operations.hpp"

#ifndef RULES
#error "say which rules: -DRULES=ops::Sin,ops::Cos"
#endif

namespace {

using namespace wengert;
using wide::Wide;

std::mt19937_64 random_numbers(20240229);

/// Near 1, or of any magnitude in the domain, by turns; and 0 now and then.
double sample(const Domain& domain, int turn) {
  std::uniform_real_distribution<double> even(std::max(domain.low, -4.0), std::min(domain.high, 4.0)), exponent(-6, 6),
      coin(-1, 1);
  if (domain.low > 4 || turn % 2 == 0) return even(random_numbers);
  const double x = std::copysign(std::pow(10.0, exponent(random_numbers)), coin(random_numbers));
  return x < domain.low || x > domain.high ? even(random_numbers) : x;
}

template <class Rule>
bool wrong() {
  constexpr std::size_t arity = Rule::arity;
  int compared = 0;
  for (int turn = 0; turn < 300; ++turn) {
    double x[3] = {};
    reference::Point<Rule::arity> at;
    for (std::size_t k = 0; k < arity; ++k) {
      x[k] = sample(Rule::domain[k], turn + static_cast<int>(k) * (turn / 7));
      if (op_of<Rule> == Op::Select && k == 0) x[0] = turn % 3 == 0 ? 0 : 1;
      at[k] = x[k];
    }
    const auto complain = [&](const char* what, double found, Wide exact) {
      std::printf("%s: %s %.17g instead of %.17g at (%.17g, %.17g, %.17g)\n", Rule::name, what, found, static_cast<double>(exact),
                  x[0], x[1], x[2]);
      return true;
    };
    double value = 0, partials[3] = {};
    if constexpr (arity == 1) {
      value = Rule::template value<double>(x[0]);
      partials[0] = Rule::template partials<double>(x[0], value).x;
    } else if constexpr (arity == 2) {
      value = Rule::template value<double>(x[0], x[1]);
      const auto p = Rule::template partials<double>(x[0], x[1], value);
      partials[0] = p.x, partials[1] = p.y;
    } else {
      value = Rule::template value<double>(x[0], x[1], x[2]);
      const auto p = Rule::template partials<double>(x[0], x[1], x[2], value);
      partials[0] = p.x, partials[1] = p.y, partials[2] = p.z;
    }
    const Wide exact = reference::Reference<Rule>::value(at);
    double error = wide::ulps(value, exact);
    if constexpr (requires { Rule::scale(x[0], x[1], x[2]); })
      if (std::isfinite(value))
        error = static_cast<double>(abs(value - exact) / wide::ulp_of<double>(Rule::scale(x[0], x[1], x[2])));
    if (error > Rule::value_ulps) return complain("value", value, exact);
    if constexpr (requires { Rule::at_kink(x[0]); })
      if (Rule::at_kink(x[0])) continue;
    if constexpr (requires { Rule::precise(x[0], x[1], x[2]); })
      if (!Rule::precise(x[0], x[1], x[2])) continue;
    ++compared;
    for (std::size_t k = 0; k < arity; ++k) {
      const Wide partial = reference::Reference<Rule>::partial(at, k);
      if (is_nan(partial) && std::isnan(partials[k])) continue;
      if (wide::ulps(partials[k], partial) > Rule::partial_ulps) return complain("partial", partials[k], partial);
    }
  }
  if (compared == 0) std::printf("%s: it calls itself precise nowhere\n", Rule::name);
  return compared == 0;
}

template <class... Rules>
bool any_wrong() {
  return (wrong<Rules>() || ...);
}

}  // namespace

int main() { return any_wrong<RULES>() ? 1 : 0; }
