// Reductions as one node each, against the formulas: values, gradients, Hessians, in every way of running.
#include "wengert/reductions.hpp"

#include <gmock/gmock.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>
#include <list>
#include <vector>

#include "wengert/batch.hpp"
#include "wengert/bounded.hpp"
#include "wengert/check_gradient.hpp"
#include "wengert/custom.hpp"
#include "wengert/eigen.hpp"
#include "wengert/error.hpp"
#include "wengert/function.hpp"
#include "wengert/fuse.hpp"
#include "wengert/number_type.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace wengert;

constexpr double infinity = std::numeric_limits<double>::infinity();

std::vector<Var> variables(Tape& tape, const std::vector<double>& at) {
  std::vector<Var> result;
  for (const double x : at) result.push_back(tape.variable(x));
  return result;
}
/// Some numbers of both signs, none like another.
std::vector<double> numbers(std::size_t n, double scale = 1) {
  std::vector<double> result(n);
  for (std::size_t k = 0; k < n; ++k) result[k] = scale * std::sin(1.0 + 2.3 * static_cast<double>(k));
  return result;
}
double softmax(const std::vector<double>& x, std::size_t k) {
  double sum = 0;
  for (const double y : x) sum += std::exp(y - x[k]);
  return 1 / sum;
}

TEST(Reductions, AreOneNodeWithTheDerivativesOfTheFormulas) {
  for (const std::size_t n : {1u, 2u, 3u, 79u, 80u, 81u, 1000u}) {
    for (const double scale : {1e-12, 1.0, 1e6, 1e12}) {
      const std::vector<double> at = numbers(n, scale), weights = numbers(n + 1);
      const std::vector<double> w(weights.begin() + 1, weights.end());
      Tape tape;
      const std::vector<Var> x = variables(tape, at);
      const NodeId before = tape.size();
      const Var s = sum(x), d = dot(x, w), q = squared_norm(x);
      ASSERT_EQ(tape.size(), before + 3);
      const Gradient of_s = gradient(s), of_d = gradient(d), of_q = gradient(q);
      double plain_sum = 0, plain_dot = 0, plain_square = 0;
      for (std::size_t k = 0; k < n; ++k) {
        plain_sum += at[k], plain_dot += at[k] * w[k], plain_square += at[k] * at[k];
        EXPECT_EQ(of_s.wrt(x[k]), 1);
        EXPECT_EQ(of_d.wrt(x[k]), w[k]);
        EXPECT_EQ(of_q.wrt(x[k]), 2 * at[k]);
      }
      // the same additions in the same order
      EXPECT_EQ(s.value(), plain_sum);
      EXPECT_EQ(d.value(), plain_dot);
      EXPECT_EQ(q.value(), plain_square);
    }
  }
}

TEST(Reductions, LogSumExpIsASoftmaxWhereverItsArgumentsLie) {
  for (const std::size_t n : {1u, 2u, 80u, 1000u})
    for (const double shift : {0.0, -1e3, 1e3, 1e6, -1e12}) {
      std::vector<double> at = numbers(n, 3);
      for (double& x : at) x += shift;
      Tape tape;
      const std::vector<Var> x = variables(tape, at);
      const Var t = log_sum_exp(x);
      double sum_of = 0;
      for (const double y : at) sum_of += std::exp(y - at[0]);
      // n + 4 roundings of a logarithm of up to log(n) + 6, and one of the result
      EXPECT_NEAR(t.value(), at[0] + std::log(sum_of), (static_cast<double>(n) + 4) * 2.3e-16 + 2.3e-16 * std::abs(shift));
      const Gradient g = gradient(t);
      for (std::size_t k = 0; k < n; ++k) {
        const double expected = softmax(at, k);
        EXPECT_NEAR(g.wrt(x[k]), expected, expected * (static_cast<double>(n) + 8) * 2.3e-16) << n << ' ' << shift;
      }
    }
}

TEST(Reductions, HaveSecondDerivativesInEveryWay) {
  const std::vector<double> at{0.3, -1.2, 2.5, 0};
  const std::vector<double> w{2, -3, 0.5, 7};
  const auto f = [&](const auto& x) { return dot(x, w) * squared_norm(x) + log_sum_exp(x) * sum(x); };
  // gradient and Hessian by the product rule, from the formulas for each
  double dw = 0, q = 0, s = 0, m = 0;
  for (std::size_t k = 0; k < 4; ++k) dw += at[k] * w[k], q += at[k] * at[k], s += at[k], m += std::exp(at[k]);
  const double l = std::log(m);
  const auto p = [&](std::size_t k) { return softmax(at, k); };
  const auto slope = [&](std::size_t i) { return w[i] * q + dw * 2 * at[i] + p(i) * s + l; };
  const auto curvature = [&](std::size_t i, std::size_t j) {
    return w[i] * 2 * at[j] + w[j] * 2 * at[i] + (i == j ? 2 * dw : 0.0) + (p(i) * (i == j ? 1 : 0) - p(i) * p(j)) * s + p(i) +
           p(j);
  };

  Tape tape;
  const std::vector<Var> x = variables(tape, at);
  const Var t = f(x);
  const DenseMatrix h = hessian(t, x);
  const Function recorded = record([&](const std::vector<Var>& xs) { return f(xs); }, std::vector<double>{1, 1, 1, 1});
  const DenseMatrix replayed = recorded.hessian(at);
  const Function first = recorded.derivative();
  const DenseMatrix second = first.jacobian(at);
  for (std::size_t i = 0; i < 4; ++i) {
    // sums of some ten terms of up to 50
    EXPECT_NEAR(gradient(t).wrt(x[i]), slope(i), 1e-13);
    EXPECT_NEAR(recorded.gradient(at)[i], slope(i), 1e-13);
    EXPECT_NEAR(first.values(at)[1 + i], slope(i), 1e-13);
    for (std::size_t j = 0; j < 4; ++j) {
      EXPECT_NEAR(h(i, j), curvature(i, j), 1e-13);
      EXPECT_NEAR(replayed(i, j), curvature(i, j), 1e-13);
      EXPECT_NEAR(second(1 + i, j), curvature(i, j), 1e-13);
    }
  }
}

// The third derivative of log-sum-exp of x and -x is that of log(2 cosh x): 2 (tanh^2 - 1) tanh … times sech^2.
TEST(Reductions, ThirdDerivativesAreThoseOfTheHyperbolicTangent) {
  const Function f = record([](Var x) { return log_sum_exp(std::array<Var, 2>{x, -x}); }, 0.1);
  const Function first = f.derivative(), second = first.derivative();
  for (const double x : {-3.0, -0.4, 0.0, 0.7, 5.0}) {
    const double t = std::tanh(x), sech = 1 / std::cosh(x) / std::cosh(x);
    EXPECT_NEAR(f.gradient(x)[0], t, 1e-15);
    EXPECT_NEAR(f.hessian(std::array{x})(0, 0), sech, 1e-15);
    // of the outputs value and slope, the slope's second derivative
    const double third =
        second.values(std::array{x}).size() == 4 ? first.jacobian(std::array{x})(1, 0) : std::numeric_limits<double>::quiet_NaN();
    EXPECT_NEAR(third, sech, 1e-15);
    const DenseMatrix all = second.jacobian(std::array{x});
    EXPECT_NEAR(all(all.rows - 1, 0), -2 * t * sech, 4e-15);
  }
}

TEST(Reductions, TakeAnyRangeOfVariablesAndNumbers) {
  Tape tape;
  const Var x = tape.variable(2), y = tape.variable(5);
  const std::list<Var> list{x, y};
  Eigen::Matrix<Var, Eigen::Dynamic, 1> v(2);
  v << x, y;
  const Var array[] = {x, y};
  const std::array<float, 2> floats{3, 4};
  EXPECT_EQ(gradient(dot(list, floats)).wrt(y), 4);
  EXPECT_EQ(gradient(dot(floats, v)).wrt(x), 3);
  EXPECT_EQ(gradient(dot(v, list)).wrt(x), 4);
  EXPECT_EQ(gradient(squared_norm(std::span(array))).wrt(y), 10);
  EXPECT_EQ(sum(floats), 7);
  static_assert(std::is_same_v<decltype(sum(floats)), double>);
  static_assert(std::is_same_v<decltype(dot(floats, list)), Var>);
  // constants among the variables, and nothing but constants
  const std::array<Var, 3> mixed{x, Var(3), y};
  EXPECT_EQ(gradient(squared_norm(mixed)).wrt(x), 4);
  EXPECT_EQ(squared_norm(mixed).value(), 4 + 9 + 25);
  EXPECT_TRUE(sum(std::array<Var, 2>{1, 2}).is_constant());
}

TEST(Reductions, OfNothingAreTheNeutralElement) {
  const std::vector<Var> none;
  EXPECT_EQ(sum(none).value(), 0);
  EXPECT_EQ(dot(none, std::vector<double>()).value(), 0);
  EXPECT_EQ(squared_norm(none).value(), 0);
  EXPECT_EQ(log_sum_exp(none).value(), -infinity);
}

TEST(Reductions, LogSumExpAtInfinity) {
  Tape tape;
  const std::vector<Var> x = variables(tape, {-infinity, 1, 2});
  const Var t = log_sum_exp(x);
  EXPECT_DOUBLE_EQ(t.value(), std::log(std::exp(1) + std::exp(2)));
  EXPECT_EQ(gradient(t).wrt(x[0]), 0);
  EXPECT_DOUBLE_EQ(gradient(t).wrt(x[1]), 1 / (1 + std::exp(1)));
  const std::vector<Var> nowhere = variables(tape, {-infinity, -infinity});
  EXPECT_EQ(log_sum_exp(nowhere).value(), -infinity);
  EXPECT_TRUE(std::isnan(gradient(log_sum_exp(nowhere)).wrt(nowhere[0])));
  EXPECT_EQ(log_sum_exp(variables(tape, {1, infinity})).value(), infinity);
  EXPECT_TRUE(std::isnan(log_sum_exp(variables(tape, {1, std::nan(""), 2})).value()));
}

TEST(Reductions, RefuseWhatAnyOperationRefuses) {
  Tape tape, other;
  const Var x = tape.variable(1), stranger = other.variable(2);
  EXPECT_THROW(sum(std::array{x, stranger}), ForeignVariable);
  EXPECT_THROW(dot(std::array{x, x}, std::array{1.0, 2.0, 3.0}), ShapeMismatch);
  const NodeId before = tape.size();
  EXPECT_THROW(log_sum_exp(std::array{x, stranger}), ForeignVariable);
  EXPECT_EQ(tape.size(), before);
  tape.clear();
  const Var fresh = tape.variable(1);
  EXPECT_THROW(sum(std::array{fresh, x}), StaleVariable);
}

TEST(Reductions, AreExpandedWhereTheCompilerRecords) {
  constexpr auto f = fuse([](auto x, auto w) { return log_sum_exp(x) * dot(x, w) + squared_norm(x) - sum(x); });
  const std::array<double, 5> x{1, 2, 0, -1, 3}, w{1, 2, 3, 4, 5};
  const Function recorded =
      record([](const auto& a, const auto& b) { return log_sum_exp(a) * dot(a, b) + squared_norm(a) - sum(a); }, x, w);
  const auto fused = f.gradient(x, w);
  std::vector<double> point(x.begin(), x.end());
  point.insert(point.end(), w.begin(), w.end());
  const std::vector<double> replayed = recorded.gradient(point);
  for (std::size_t k = 0; k < fused.size(); ++k) EXPECT_NEAR(fused[k], replayed[k], 1e-14);  // some ten roundings of up to 30
}

TEST(Reductions, RunInBatches) {
  const Function f = record([](Var a, Var b, Var x) { return log_sum_exp(std::array{a * x, b, Var(0)}); }, 0.3, 0.2, 1.0);
  const std::vector<double> xs = numbers(2500);
  const std::array at{0.3, 0.2};
  const BatchResult mean = mean_gradient(f, at, xs);
  double value = 0, by_a = 0;
  for (const double x : xs) {
    const double m = std::exp(0.3 * x) + std::exp(0.2) + 1;
    value += std::log(m) / 2500, by_a += x * std::exp(0.3 * x) / m / 2500;
  }
  EXPECT_NEAR(mean.value, value, 1e-14);
  EXPECT_NEAR(mean.gradient[0], by_a, 1e-14);
}

/// A stranger's number: what the library knows of custom operations it does not.
struct Plain : NumberType<Plain> {
  double value = 0;
  constexpr Plain(double v = 0) : value(v) {}
  template <class Rule, class... Terms>
  static constexpr Plain lift(double result, const Terms&...) {
    return result;
  }
};

TEST(Reductions, RunOnAnyNumberTypeByTheOperationsTheyAreMadeOf) {
  Tape tape;
  const std::vector<Var> x = variables(tape, {1, -2, 3});
  const std::vector<Var> reduced{sum(x), dot(x, std::vector<double>{4, 5, 6}), squared_norm(x), log_sum_exp(x),
                                 dot(x, std::array{x[0] - x[2], x[1], x[2]})};
  const std::vector<Plain> point{2.0, 3.0, -1.0};
  const auto values = forward_sweep<Plain>(tape, std::span<const Plain>(point));
  EXPECT_EQ(values[reduced[0].index()].value, 4);
  EXPECT_EQ(values[reduced[1].index()].value, 8 + 15 - 6);
  EXPECT_EQ(values[reduced[2].index()].value, 4 + 9 + 1);
  EXPECT_DOUBLE_EQ(values[reduced[3].index()].value, std::log(std::exp(2) + std::exp(3) + std::exp(-1)));
  const auto by_x = [&](const Var& t) {
    const Seed<Plain> seed{t, 1.0};
    const Adjoints<Plain> adjoints = reverse_sweep<Plain>(tape, values, std::span(&seed, 1));
    return std::vector{adjoints.wrt(x[0]).value, adjoints.wrt(x[1]).value, adjoints.wrt(x[2]).value};
  };
  EXPECT_EQ(by_x(reduced[0]), (std::vector<double>{1, 1, 1}));
  EXPECT_EQ(by_x(reduced[1]), (std::vector<double>{4, 5, 6}));
  EXPECT_EQ(by_x(reduced[2]), (std::vector<double>{4, 6, -2}));
  for (std::size_t k = 0; k < 3; ++k) EXPECT_DOUBLE_EQ(by_x(reduced[3])[k], softmax({2, 3, -1}, k));
  EXPECT_EQ(by_x(reduced[4]), (std::vector<double>{2 * 2 + 1, 2 * 3, -2 + 2 * -1}));
  const std::vector<Plain> beyond{1e4, -infinity, 1e4};  // shifted by the largest: nothing overflows
  EXPECT_DOUBLE_EQ(forward_sweep<Plain>(tape, std::span<const Plain>(beyond))[reduced[3].index()].value, 1e4 + std::log(2));
}

// The bounds of Higham, Accuracy and Stability of Numerical Algorithms (2nd edition, 3.5): n units in the last place of the sum
// of magnitudes; of log_sum_exp a few of the result besides.
TEST(Reductions, AreAsFarOffAsTheirBoundsSayAtMost) {
  const double unit = 0x1p-53;
  for (const std::size_t n : {1u, 2u, 5u, 300u})
    for (const double scale : {1e-12, 0.1, 1e6, 1e12}) {
      const std::vector<double> at = numbers(2 * n, scale);
      Tape tape;
      const std::vector<Var> xs = variables(tape, at);
      const std::span<const Var> x(xs.data(), n), y(xs.data() + n, n);
      const Var d = dot(x, y), q = squared_norm(x), l = log_sum_exp(x);
      std::vector<Bounded> point;
      for (const double number : at) point.emplace_back(number, 0.0);
      const auto values = forward_sweep<Bounded>(tape, std::span<const Bounded>(point));
      long double exact_dot = 0, exact_square = 0, sum = 0, magnitudes = 0, largest = at[0];
      for (std::size_t k = 0; k < n; ++k) largest = std::max<long double>(largest, at[k]);
      for (std::size_t k = 0; k < n; ++k) {
        const long double product = static_cast<long double>(at[k]) * at[n + k];
        exact_dot += product, magnitudes += std::fabs(product);
        exact_square += static_cast<long double>(at[k]) * at[k];
        sum += std::exp(at[k] - largest);
      }
      const auto expect = [&](const Var& t, long double exact, long double most) {
        const Bounded got = values[t.index()];
        EXPECT_GE(got.error, std::fabs(got.value - exact)) << n << ' ' << scale;
        EXPECT_LE(got.error, most * (1 + 1e-10L)) << n << ' ' << scale;
      };
      const long double count = static_cast<long double>(n), log_of = largest + std::log(sum);
      expect(d, exact_dot, count * unit * magnitudes);
      expect(q, exact_square, count * unit * exact_square);
      expect(l, log_of, (count + 4 + 2 * std::fabs(log_of)) * unit);
    }
}

TEST(Reductions, TakeTwelveBytesAVariable) {
  Tape tape;
  const std::vector<Var> x = variables(tape, numbers(100000));
  const std::size_t before = tape.memory().used;
  log_sum_exp(x);
  EXPECT_LE(tape.memory().used - before, 100000 * 12 + 64);
  const std::vector<double> w = numbers(100000);
  const std::size_t then = tape.memory().used;
  for (int k = 0; k < 3; ++k) dot(x, w);  // the row of numbers is kept once
  EXPECT_LE(tape.memory().used - then, 100000 * (3 * (12 + 4) + 8) + 256);
}

TEST(Reductions, HoldUnderCheckGradientWhereTheyCancel) {
  const std::vector<double> at = numbers(200);
  std::vector<double> both = at;
  for (const double x : at) both.push_back(-x);
  const auto f = [](const std::vector<Var>& x) { return exp(sum(x)) + log_sum_exp(x) * squared_norm(x); };
  EXPECT_TRUE(check_gradient(f, both));
}

}  // namespace
