// Laws that tie gradients to each other, whatever they are: of sums, of compositions, of scaled and permuted inputs.
#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <cstring>
#include <functional>
#include <numeric>
#include <random>

#include "support/random_runs.hpp"
#include "wengert/function.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace wengert;

constexpr std::size_t n = 5;
using Vars = std::vector<Var>;
using Body = std::function<Var(const Vars&)>;

/// Some functions of n variables that use much of the table, with fan-out and choices.
const std::vector<Body>& bodies() {
  static const std::vector<Body> all = {
      [](const Vars& x) { return sin(x[0] * x[1]) + exp(x[2]) / (1 + x[3] * x[3]) - x[4]; },
      [](const Vars& x) { return log(1 + exp(x[0])) * tanh(x[1] - x[2]) + hypot(x[3], x[4] + 2); },
      [](const Vars& x) {
        Var sum = 0;
        for (std::size_t k = 0; k < n; ++k) sum += atan2(x[k], 1 + x[(k + 1) % n] * x[(k + 1) % n]);
        return sum * sum;
      },
      [](const Vars& x) { return select(x[0] < x[1], erf(x[2]) * x[3], max(x[3], x[4])) + pow(1 + x[4] * x[4], x[0]); },
  };
  return all;
}

std::vector<double> gradient_of(const Body& f, const std::vector<double>& at) {
  Tape tape;
  Vars x;
  for (const double number : at) x.push_back(tape.variable(number));
  return gradient(f(x)).wrt(x);
}

class Laws : public testing::Test {
 protected:
  Laws() : random_(random_runs::seed()) {}
  std::vector<double> point() {
    std::uniform_real_distribution<double> in(-1.5, 1.5);
    std::vector<double> x(n);
    for (double& number : x) number = in(random_);
    return x;
  }
  std::mt19937_64 random_;
};

/// Both sides of a law are sums of at most a few dozen rounded terms of the size given.
void expect_same(const std::vector<double>& x, const std::vector<double>& y, double size) {
  ASSERT_EQ(x.size(), y.size());
  for (std::size_t k = 0; k < x.size(); ++k) EXPECT_NEAR(x[k], y[k], 64 * 0x1p-53 * size) << "input " << k;
}
double largest(const std::vector<double>& x) {
  double result = 1;
  for (const double number : x) result = std::max(result, std::abs(number));
  return result;
}

TEST_F(Laws, TheGradientOfASumIsTheSumOfTheGradients) {
  for (int trial = 0; trial < 100; ++trial) {
    const auto x = point();
    for (const Body& f : bodies()) {
      for (const Body& g : bodies()) {
        const auto a = gradient_of(f, x), b = gradient_of(g, x);
        std::vector<double> sum(n);
        for (std::size_t k = 0; k < n; ++k) sum[k] = a[k] + b[k];
        expect_same(gradient_of([&](const Vars& v) { return f(v) + g(v); }, x), sum, largest(a) + largest(b));
      }
    }
  }
}

TEST_F(Laws, ScalingAFunctionByAPowerOfTwoScalesItsGradientExactly) {
  for (int trial = 0; trial < 100; ++trial) {
    const auto x = point();
    for (const Body& f : bodies()) {
      auto expected = gradient_of(f, x);
      for (double& number : expected) number *= 4;
      EXPECT_EQ(gradient_of([&](const Vars& v) { return 4 * f(v); }, x), expected);
    }
  }
}

TEST_F(Laws, ScalingTheInputsScalesTheGradient) {
  for (int trial = 0; trial < 100; ++trial) {
    auto x = point();
    for (const Body& f : bodies()) {
      auto expected = gradient_of(f, x);
      auto halved = x;
      for (std::size_t k = 0; k < n; ++k) {
        halved[k] = x[k] / 2;  // exact
        expected[k] *= 2;
      }
      EXPECT_EQ(gradient_of(
                    [&](const Vars& v) {
                      Vars doubled;
                      for (const Var& each : v) doubled.push_back(2 * each);
                      return f(doubled);
                    },
                    halved),
                expected);
    }
  }
}

TEST_F(Laws, ComposingMultipliesJacobians) {
  for (int trial = 0; trial < 100; ++trial) {
    const auto x = point();
    // h: n -> n, each output a body of its own; f(h(x)) by the chain rule and in one go
    const auto h = [](const Vars& v) {
      Vars result;
      for (std::size_t k = 0; k < n; ++k) result.push_back(sin(v[k] * v[(k + 2) % n]) + 0.5 * v[(k + 1) % n]);
      return result;
    };
    Tape tape;
    Vars at;
    for (const double number : x) at.push_back(tape.variable(number));
    const Vars inner = h(at);
    const DenseMatrix j = jacobian(inner, at);
    std::vector<double> inner_values;
    for (const Var& each : inner) inner_values.push_back(each.value());
    for (const Body& f : bodies()) {
      const auto outer = gradient_of(f, inner_values);
      std::vector<double> chained(n);
      for (std::size_t k = 0; k < n; ++k)
        for (std::size_t i = 0; i < n; ++i) chained[k] += outer[i] * j(i, k);
      expect_same(gradient_of([&](const Vars& v) { return f(h(v)); }, x), chained, static_cast<double>(n) * 2 * largest(outer));
    }
  }
}

TEST_F(Laws, PermutingTheInputsPermutesTheGradientExactly) {
  for (int trial = 0; trial < 100; ++trial) {
    const auto x = point();
    std::array<std::size_t, n> order;
    std::iota(order.begin(), order.end(), 0u);
    std::shuffle(order.begin(), order.end(), random_);
    for (const Body& f : bodies()) {
      const auto straight = gradient_of(f, x);
      std::vector<double> shuffled(n), expected(n);
      for (std::size_t k = 0; k < n; ++k) {
        shuffled[k] = x[order[k]];
        expected[k] = straight[order[k]];
      }
      const Body permuted = [&](const Vars& v) {
        Vars back(n);
        for (std::size_t k = 0; k < n; ++k) back[order[k]] = v[k];
        return f(back);
      };
      EXPECT_EQ(gradient_of(permuted, shuffled), expected);
    }
  }
}

TEST_F(Laws, RepeatedSweepsAgreeBitForBit) {
  const auto same_bits = [](const std::vector<double>& x, const std::vector<double>& y) {
    return x.size() == y.size() && std::memcmp(x.data(), y.data(), x.size() * sizeof(double)) == 0;
  };
  for (const Body& f : bodies()) {
    const auto x = point();
    Tape tape;
    Vars at;
    for (const double number : x) at.push_back(tape.variable(number));
    const Var y = f(at);
    const auto once = gradient(y).wrt(at);
    Gradient reused;
    for (int again = 0; again < 10; ++again) {
      EXPECT_TRUE(same_bits(gradient(y).wrt(at), once));
      gradient(y, reused);
      EXPECT_TRUE(same_bits(reused.wrt(at), once));
      EXPECT_TRUE(same_bits(gradient_of(f, x), once)) << "recorded anew";
    }
    const Function replayed = record([&](const Vars& v) { return f(v); }, x);
    for (int again = 0; again < 3; ++again) EXPECT_TRUE(same_bits(replayed.gradient(x), once)) << "replayed";
  }
}

TEST_F(Laws, TheGradientInAnUnusedInputIsZeroAndChangesNothing) {
  for (const Body& f : bodies()) {
    auto x = point();
    const auto straight = gradient_of(f, x);
    x.push_back(0.25);
    const auto with_more = gradient_of([&](const Vars& v) { return f(Vars(v.begin(), v.begin() + n)); }, x);
    EXPECT_EQ(with_more.back(), 0);
    EXPECT_TRUE(std::equal(straight.begin(), straight.end(), with_more.begin()));
  }
}

}  // namespace
