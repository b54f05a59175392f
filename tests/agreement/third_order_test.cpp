// Derivatives up to the third order at the edges of the operations' domains, in every way of taking them, against limits from
// mathematics, approached from inside the domain.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>

#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "support/wide.hpp"
#include "wengert/batch.hpp"
#include "wengert/function.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace wengert;

constexpr double inf = std::numeric_limits<double>::infinity();

using Point = std::vector<double>;

/// All derivatives of one order at a point: index by index, the first one slowest (n^order numbers).
struct Ways {
  const Function f;
  Point x;

  std::size_t n() const { return x.size(); }

  std::vector<double> gradient() const { return f.gradient(x); }
  std::vector<double> recorded_gradient() const {
    const auto all = f.derivative().values(x);
    return {all.begin() + 1, all.end()};
  }
  std::vector<double> hessian() const { return f.hessian(x).data; }
  std::vector<double> hessian_by_vectors() const {
    std::vector<double> result(n() * n());
    for (std::size_t k = 0; k < n(); ++k) {
      Point direction(n());
      direction[k] = 1;
      const auto column = f.hessian_vector(x, direction);
      for (std::size_t j = 0; j < n(); ++j) result[j * n() + k] = column[j];
    }
    return result;
  }
  std::vector<double> jacobian_of_the_gradient() const {
    const auto all = f.derivative().jacobian(x).data;
    return {all.begin() + static_cast<long>(n()), all.end()};
  }
  /// The function and all its derivatives of an order as outputs of one recording.
  Function recorded(int order) const {
    Function result = f;
    for (int k = 0; k < order; ++k) result = result.derivative();
    return result;
  }
  /// derivative() of derivative() of … puts values first: order by order, the highest derivatives are the rest of the rest.
  std::vector<double> twice_recorded() const {
    const auto all = recorded(2).values(x);
    return {all.end() - static_cast<long>(n() * n()), all.end()};
  }
  std::vector<double> thrice_recorded() const {
    const auto all = recorded(3).values(x);
    return {all.end() - static_cast<long>(n() * n() * n()), all.end()};
  }
  std::vector<double> jacobian_of_the_second() const {
    const auto all = recorded(2).jacobian(x).data;
    return {all.end() - static_cast<long>(n() * n() * n()), all.end()};
  }
  /// On lanes: a batch of the point, of each output of the recorded derivatives; its gradients are of one order more.
  std::vector<double> on_lanes(int order) const {
    const Function g = recorded(order - 1);
    std::size_t outputs = 1;
    for (int k = 1; k < order; ++k) outputs *= n();
    std::vector<double> result;
    for (std::size_t output = g.outputs() - outputs; output < g.outputs(); ++output) {
      const Function one = record(
          [&](const std::vector<Var>& v) {
            const auto all = forward_sweep<Var>(g.tape(), v);
            return all[g.dependents()[output]];
          },
          x);
      Point many;  // fills a register
      for (int k = 0; k < 16; ++k) many.insert(many.end(), x.begin(), x.end());
      std::vector<double> columns(n() * 16);
      BatchOptions options{.threads = 1, .standard_errors = false};
      for (std::size_t k = 0; k < n(); ++k) options.sample_gradient.push_back(std::span(columns).subspan(16 * k, 16));
      sum_gradient(one, {}, Samples::rows(many, n()), options);
      for (std::size_t k = 0; k < n(); ++k) {
        for (std::size_t j = 1; j < 16; ++j)
          EXPECT_THAT(columns[16 * k + j], testing::NanSensitiveDoubleEq(columns[16 * k])) << j;
        result.push_back(columns[16 * k]);
      }
    }
    return result;
  }
};

/// What the derivatives in one variable are, or in two: xx, xy, yy and xxx, xxy, xyy, yyy.
struct Case {
  const char* name;
  std::function<Var(const std::vector<Var>&)> f;
  Point at;
  std::vector<double> first, second, third;

  /// By all indices, the first one slowest.
  static std::vector<double> spread(const std::vector<double>& distinct, std::size_t inputs, int order) {
    if (inputs == 1) return distinct;
    std::vector<double> result;
    for (unsigned indices = 0; indices < 1u << order; ++indices)
      result.push_back(distinct[static_cast<std::size_t>(std::popcount(indices))]);
    return result;
  }
};

#define OF_X(expression, ...)           \
  Case {                                \
    #expression,                        \
        [](const std::vector<Var>& v) { \
          const Var x = v[0];           \
          return Var(expression);       \
        },                              \
        __VA_ARGS__                     \
  }
#define OF_XY(expression, ...)          \
  Case {                                \
    #expression,                        \
        [](const std::vector<Var>& v) { \
          const Var x = v[0], y = v[1]; \
          return Var(expression);       \
        },                              \
        __VA_ARGS__                     \
  }

const double ln2 = std::log(2), pi = 4 * std::atan(1);

const Case cases[] = {
    // ends of domains
    OF_X(sqrt(x), {0.0}, {inf}, {-inf}, {inf}),
    OF_X(log(x), {0.0}, {inf}, {-inf}, {inf}),
    OF_X(log2(x), {0.0}, {inf}, {-inf}, {inf}),
    OF_X(log10(x), {0.0}, {inf}, {-inf}, {inf}),
    OF_X(log1p(x), {-1}, {inf}, {-inf}, {inf}),
    OF_X(asin(x), {1}, {inf}, {inf}, {inf}),
    OF_X(asin(x), {-1}, {inf}, {-inf}, {inf}),
    OF_X(acos(x), {1}, {-inf}, {-inf}, {-inf}),
    OF_X(acos(x), {-1}, {-inf}, {inf}, {-inf}),
    OF_X(acosh(x), {1}, {inf}, {-inf}, {inf}),
    OF_X(atanh(x), {1}, {inf}, {inf}, {inf}),
    OF_X(atanh(x), {-1}, {inf}, {-inf}, {inf}),
    OF_X(erfinv(x), {1}, {inf}, {inf}, {inf}),
    OF_X(erfinv(x), {-1}, {inf}, {-inf}, {inf}),
    OF_X(erfcinv(x), {0.0}, {-inf}, {inf}, {-inf}),
    OF_X(erfcinv(x), {2}, {-inf}, {-inf}, {-inf}),
    OF_X(1 / x, {0.0}, {-inf}, {inf}, {-inf}),
    OF_X(1 / x, {-0.0}, {-inf}, {-inf}, {-inf}),
    OF_XY(x / y, {2, 0.0}, {inf, -inf}, {0, -inf, inf}, {0, 0, inf, -inf}),
    OF_XY(x / y, {0.0, 2}, {0.5, 0}, {0, -0.25, 0}, {0, 0, 0.25, 0}),
    // 0 within a domain
    OF_X(asin(x), {0.0}, {1}, {0}, {1}),
    OF_X(acos(x), {0.0}, {-1}, {0}, {-1}),
    OF_X(atan(x), {0.0}, {1}, {0}, {-2}),
    OF_X(tan(x), {0.0}, {1}, {0}, {2}),
    OF_X(sin(x), {0.0}, {1}, {0}, {-1}),
    OF_X(cos(x), {0.0}, {0}, {-1}, {0}),
    OF_X(sinh(x), {0.0}, {1}, {0}, {1}),
    OF_X(cosh(x), {0.0}, {0}, {1}, {0}),
    OF_X(tanh(x), {0.0}, {1}, {0}, {-2}),
    OF_X(asinh(x), {0.0}, {1}, {0}, {-1}),
    OF_X(atanh(x), {0.0}, {1}, {0}, {2}),
    OF_X(erf(x), {0.0}, {2 / std::sqrt(pi)}, {0}, {-4 / std::sqrt(pi)}),
    OF_X(erfc(x), {0.0}, {-2 / std::sqrt(pi)}, {0}, {4 / std::sqrt(pi)}),
    OF_X(erfinv(x), {0.0}, {std::sqrt(pi) / 2}, {0}, {pi * std::sqrt(pi) / 4}),
    OF_X(erfcinv(x), {1}, {-std::sqrt(pi) / 2}, {0}, {-pi * std::sqrt(pi) / 4}),
    OF_X(exp(x), {0.0}, {1}, {1}, {1}),
    OF_X(exp2(x), {0.0}, {ln2}, {ln2 * ln2}, {ln2 * ln2 * ln2}),
    OF_X(expm1(x), {0.0}, {1}, {1}, {1}),
    OF_X(log1p(x), {0.0}, {1}, {-1}, {2}),
    OF_XY(x* y, {0.0, 0.0}, {0, 0}, {0, 1, 0}, {0, 0, 0, 0}),
    OF_XY(fma(x, y, x), {0.0, 0.0}, {1, 0}, {0, 1, 0}, {0, 0, 0, 0}),
    OF_XY(absorbing_product(x, y), {0.0, 3}, {3, 0}, {0, 1, 0}, {0, 0, 0, 0}),
    OF_XY(hypot(x, y), {1, 0.0}, {1, 0}, {0, 0, 1}, {0, 0, -1, 0}),
    OF_XY(atan2(x, y), {0.0, 1}, {1, 0}, {0, -1, 0}, {-2, 0, 2, 0}),
    OF_XY(atan2(x, y), {0.0, -1}, {-1, 0}, {0, -1, 0}, {2, 0, -2, 0}),
    // kinks and jumps: the conventions say flat
    OF_X(abs(x), {0.0}, {0}, {0}, {0}),
    OF_X(floor(x), {1}, {0}, {0}, {0}),
    OF_X(ceil(x), {1}, {0}, {0}, {0}),
    OF_X(round(x), {0.5}, {0}, {0}, {0}),
    OF_X(trunc(x), {1}, {0}, {0}, {0}),
    OF_X(detach(x), {1}, {0}, {0}, {0}),
    OF_XY(min(x, y), {1, 1}, {0.5, 0.5}, {0, 0, 0}, {0, 0, 0, 0}),
    OF_XY(max(x, y), {1, 1}, {0.5, 0.5}, {0, 0, 0}, {0, 0, 0, 0}),
    OF_XY(is_less(x, y), {1, 1}, {0, 0}, {0, 0, 0}, {0, 0, 0, 0}),
    OF_XY(is_less_equal(x, y), {1, 1}, {0, 0}, {0, 0, 0}, {0, 0, 0, 0}),
    OF_XY(is_equal(x, y), {1, 1}, {0, 0}, {0, 0, 0}, {0, 0, 0, 0}),
    OF_XY(select(x, x* y, y), {0.0, 2}, {0, 1}, {0, 0, 0}, {0, 0, 0, 0}),
    OF_XY(select(x > 0, log(x), y), {0.0, 2}, {0, 1}, {0, 0, 0}, {0, 0, 0, 0}),
    OF_XY(select(x > 0, pow(x, y), y), {-1, 2}, {0, 1}, {0, 0, 0}, {0, 0, 0, 0}),
    // infinity
    OF_X(exp(x), {-inf}, {0}, {0}, {0}),
    OF_X(exp2(x), {-inf}, {0}, {0}, {0}),
    OF_X(expm1(x), {-inf}, {0}, {0}, {0}),
    OF_X(exp(x), {inf}, {inf}, {inf}, {inf}),
    OF_X(sinh(x), {inf}, {inf}, {inf}, {inf}),
    OF_X(cosh(x), {-inf}, {-inf}, {inf}, {-inf}),
    OF_X(sqrt(x), {inf}, {0}, {0}, {0}),
    OF_X(cbrt(x), {inf}, {0}, {0}, {0}),
    OF_X(log(x), {inf}, {0}, {0}, {0}),
    OF_X(log2(x), {inf}, {0}, {0}, {0}),
    OF_X(log10(x), {inf}, {0}, {0}, {0}),
    OF_X(log1p(x), {inf}, {0}, {0}, {0}),
    OF_X(1 / x, {inf}, {0}, {0}, {0}),
    OF_X(tanh(x), {inf}, {0}, {0}, {0}),
    OF_X(tanh(x), {-inf}, {0}, {0}, {0}),
    OF_X(atan(x), {inf}, {0}, {0}, {0}),
    OF_X(asinh(x), {inf}, {0}, {0}, {0}),
    OF_X(acosh(x), {inf}, {0}, {0}, {0}),
    OF_X(erf(x), {inf}, {0}, {0}, {0}),
    OF_X(erfc(x), {-inf}, {0}, {0}, {0}),
    OF_X(tgamma(x), {inf}, {inf}, {inf}, {inf}),
    OF_X(lgamma(x), {inf}, {inf}, {0}, {0}),
    OF_X(polygamma(0, x), {inf}, {0}, {0}, {0}),
    OF_XY(x / y, {2, inf}, {0, 0}, {0, 0, 0}, {0, 0, 0, 0}),
    // powers; with L = log x: x^(y - 1) (1 + y L), x^(y - 2) (2 y - 1 + y (y - 1) L), x^(y - 1) (2 L + y L^2), x^y L^k
    OF_XY(pow(x, y), {0.0, 0.0}, {0, -inf}, {0, inf, inf}, {0, -inf, -inf, -inf}),
    OF_XY(pow(x, y), {0.0, 0.5}, {inf, 0}, {-inf, -inf, 0}, {inf, inf, inf, 0}),
    OF_XY(pow(x, y), {0.0, 1}, {1, 0}, {0, -inf, 0}, {0, inf, inf, 0}),
    OF_XY(pow(x, y), {0.0, 1.5}, {0, 0}, {inf, 0, 0}, {-inf, -inf, 0, 0}),
    OF_XY(pow(x, y), {0.0, 2}, {0, 0}, {2, 0, 0}, {0, -inf, 0, 0}),
    OF_XY(pow(x, y), {0.0, 3}, {0, 0}, {0, 0, 0}, {6, 0, 0, 0}),
    OF_XY(pow(x, y), {0.0, 4}, {0, 0}, {0, 0, 0}, {0, 0, 0, 0}),
    OF_XY(pow(x, y), {0.0, -1}, {-inf, -inf}, {inf, inf, inf}, {-inf, -inf, -inf, -inf}),
    OF_XY(pow(x, y), {2, 0.0}, {0, ln2}, {0, 0.5, ln2* ln2}, {0, -0.25, ln2, ln2* ln2* ln2}),
    OF_XY(pow(x, y), {1, 2}, {2, 0}, {2, 1, 0}, {0, 3, 0, 0}),
    OF_X(pow(x, 0.5), {0.0}, {inf}, {-inf}, {inf}),
    OF_X(pow(x, 1), {0.0}, {1}, {0}, {0}),
    OF_X(pow(x, 1.1), {0.0}, {0}, {inf}, {-inf}),
    OF_X(pow(x, 2), {0.0}, {0}, {2}, {0}),
    OF_X(pow(x, 2.1), {0.0}, {0}, {0}, {inf}),
    OF_X(pow(x, 3), {0.0}, {0}, {0}, {6}),
    OF_X(pow(x, 3), {-2}, {12}, {-12}, {6}),
    OF_X(pow(0, x), {2}, {0}, {0}, {0}),
    OF_X(pow(0, x), {0.5}, {0}, {0}, {0}),
    OF_X(pow(x, -1), {inf}, {0}, {0}, {0}),
    OF_X(pow(x, 0.5), {inf}, {0}, {0}, {0}),
};

std::string text(const std::vector<double>& numbers) { return fmt::format("({})", fmt::join(numbers, ", ")); }
/// For what says which case a test is of.
void PrintTo(const Case& c, std::ostream* out) { *out << c.name << " at " << text(c.at); }

class ThirdOrder : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Edges, ThirdOrder, testing::ValuesIn(cases));

TEST_P(ThirdOrder, EveryWayOfTakingADerivativeGivesTheLimit) {
  const Case& c = GetParam();
  Point elsewhere;
  for (std::size_t k = 0; k < c.at.size(); ++k) elsewhere.push_back(0.5 + 0.25 * static_cast<double>(k));
  const Ways ways{record(c.f, elsewhere), c.at};
  const auto expect = [&](const char* way, int order, const std::vector<double>& got, const std::vector<double>& distinct) {
    const auto want = Case::spread(distinct, c.at.size(), order);
    ASSERT_EQ(got.size(), want.size()) << way;
    for (std::size_t k = 0; k < want.size(); ++k)
      EXPECT_LE(wide::ulps(got[k], want[k]), 16)
          << fmt::format("{} at {}, {}, order {}: {}, not {}", c.name, text(c.at), way, order, text(got), text(want));
  };
  expect("reverse", 1, ways.gradient(), c.first);
  expect("recorded gradient", 1, ways.recorded_gradient(), c.first);
  expect("batch", 1, ways.on_lanes(1), c.first);
  expect("forward over reverse", 2, ways.hessian(), c.second);
  expect("hessian_vector", 2, ways.hessian_by_vectors(), c.second);
  expect("gradient of the gradient", 2, ways.jacobian_of_the_gradient(), c.second);
  expect("recorded twice", 2, ways.twice_recorded(), c.second);
  expect("batch of the gradient", 2, ways.on_lanes(2), c.second);
  expect("gradient of what is recorded twice", 3, ways.jacobian_of_the_second(), c.third);
  expect("recorded thrice", 3, ways.thrice_recorded(), c.third);
  expect("batch of what is recorded twice", 3, ways.on_lanes(3), c.third);
}

}  // namespace
