#include "wengert/fused_batch.hpp"

#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <span>
#include <vector>

#include "wengert/error.hpp"

namespace {

using namespace wengert;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr auto kl = [](auto mu, auto sigma, auto eps) {
  using std::log;
  auto z = named("z", mu + sigma * eps);
  auto u = (z - mu) / sigma;
  return (-0.5 * u * u - log(sigma)) - (-0.5 * z * z);
};
// calls (exp, tanh, max) and data flow in the loop; shared work before it
constexpr auto mixed = [](auto a, auto b, auto x, auto y) {
  auto weight = exp(a) / b;
  return tanh(weight * x) * exp(-y * y * b) + select(x > y, x * a, max(y, b)) + weight * weight;
};

std::vector<double> normals(std::size_t count, unsigned seed = 1) {
  std::mt19937_64 bits(seed);
  std::normal_distribution<double> normal;
  std::vector<double> numbers(count);
  for (double& number : numbers) number = normal(bits);
  return numbers;
}

// Some twenty roundings of numbers up to ten in each sample, vector math within 1 ulp, sums in lanes and blocks.
constexpr double rounding = 1e-13;

void expect_same(const BatchResult& a, const BatchResult& b) {
  EXPECT_EQ(a.count, b.count);
  EXPECT_NEAR(a.value, b.value, rounding * (1 + std::abs(b.value)));
  EXPECT_NEAR(a.value_error, b.value_error, rounding * (1 + b.value_error));
  ASSERT_EQ(a.gradient.size(), b.gradient.size());
  ASSERT_EQ(a.gradient_error.size(), b.gradient_error.size());
  for (std::size_t k = 0; k < a.gradient.size(); ++k)
    EXPECT_NEAR(a.gradient[k], b.gradient[k], rounding * (1 + std::abs(b.gradient[k]))) << k;
  for (std::size_t k = 0; k < a.gradient_error.size(); ++k)
    EXPECT_NEAR(a.gradient_error[k], b.gradient_error[k], rounding * (1 + b.gradient_error[k])) << k;
}

TEST(FusedBatch, EqualsTheReplayedBatchOnEveryInstructionSetAndForEveryLength) {
  const Function f = record(kl, 0.5, 0.8, 0.1), g = record(mixed, 0.5, 0.8, 0.1, 0.2);
  const InstructionSet best = instruction_set();
  for (const InstructionSet set : instruction_sets) {
    if (!supported(set)) continue;
    use_instruction_set(set);
    for (const std::size_t count : {2u, 3u, 15u, 16u, 17u, 1024u, 1025u, 40'000u}) {
      SCOPED_TRACE(testing::Message() << name(set) << ", " << count << " samples");
      const auto eps = normals(count), rows = normals(2 * count, 2);
      for (const bool errors : {true, false}) {
        const BatchOptions options{.standard_errors = errors};
        expect_same(mean_gradient(fuse(kl), std::array{0.3, 1.7}, eps, options),
                    mean_gradient(f, std::array{0.3, 1.7}, eps, options));
        expect_same(sum_gradient(fuse(mixed), std::array{0.3, 1.7}, Samples::rows(rows, 2), options),
                    sum_gradient(g, std::array{0.3, 1.7}, Samples::rows(rows, 2), options));
      }
    }
  }
  use_instruction_set(best);
}

TEST(FusedBatch, EqualsTheClosedFormPerSample) {
  const std::vector<double> eps{0.4, -1.1, 2.5};
  const double mu = 0.3, sigma = 1.7;
  double dmu = 0, dsigma = 0;
  for (const double e : eps) {
    dmu += mu + sigma * e;
    dsigma += (mu + sigma * e) * e - 1 / sigma;
  }
  const BatchResult sum = sum_gradient(fuse(kl), std::array{mu, sigma}, eps);
  EXPECT_NEAR(sum.gradient[0], dmu, rounding);
  EXPECT_NEAR(sum.gradient[1], dsigma, rounding);
}

// A sum of nothing is 0; of fewer than two samples there is no standard error, and a mean of none is refused.
TEST(FusedBatch, OfNoSampleAndOfOne) {
  const double mu = 0.3, sigma = 1.7, e = 0.4;
  for (const bool errors : {true, false}) {
    const BatchOptions options{.standard_errors = errors};
    const BatchResult none = sum_gradient(fuse(kl), std::array{mu, sigma}, std::vector<double>(), options);
    EXPECT_EQ(none.value, 0);
    EXPECT_EQ(none.gradient, (std::vector<double>{0, 0}));
    const BatchResult one = sum_gradient(fuse(kl), std::array{mu, sigma}, std::vector{e}, options);
    EXPECT_NEAR(one.gradient[0], mu + sigma * e, rounding);
    EXPECT_NEAR(one.gradient[1], (mu + sigma * e) * e - 1 / sigma, rounding);
    for (const BatchResult& result : {none, one})
      for (const double error : result.gradient_error) EXPECT_TRUE(std::isnan(error));
    EXPECT_THROW(mean_gradient(fuse(kl), std::array{mu, sigma}, std::vector<double>(), options), ShapeMismatch);
  }
}

TEST(FusedBatch, MayReturnAnInputAsItIs) {
  constexpr auto shared = [](auto a, auto) { return a; };
  constexpr auto sample = [](auto, auto x) { return x; };
  const std::vector<double> xs{1, 2, 6};
  for (const BatchResult& one :
       {mean_gradient(fuse(shared), std::array{0.5}, xs), mean_gradient(record(shared, 0.0, 0.0), std::array{0.5}, xs)}) {
    EXPECT_EQ(one.value, 0.5);
    EXPECT_EQ(one.gradient, std::vector{1.0});
    EXPECT_EQ(one.gradient_error, std::vector{0.0});
  }
  for (const BatchResult& mean :
       {mean_gradient(fuse(sample), std::array{0.5}, xs), mean_gradient(record(sample, 0.0, 0.0), std::array{0.5}, xs)}) {
    EXPECT_EQ(mean.value, 3);
    EXPECT_EQ(mean.gradient, std::vector{0.0});
    EXPECT_NEAR(mean.value_error, std::sqrt(14.0 / 2 / 3), 1e-15);  // squares of -2, -1, 3 over n - 1, over n
  }
  EXPECT_EQ(mean_gradient(fuse([](auto x) { return x; }), std::array<double, 0>{}, xs).value, 3);  // the very first node
}

TEST(FusedBatch, IsTheSameBitForBitForAnyNumberOfThreads) {
  const auto eps = normals(200'003);
  const BatchResult one = mean_gradient(fuse(kl), std::array{0.3, 1.7}, eps, {.threads = 1});
  for (const int threads : {2, 3, 0}) {
    const BatchResult many = mean_gradient(fuse(kl), std::array{0.3, 1.7}, eps, {.threads = threads});
    EXPECT_EQ(one.value, many.value);
    EXPECT_EQ(one.gradient, many.gradient);
    EXPECT_EQ(one.gradient_error, many.gradient_error);
  }
}

TEST(FusedBatch, TakesSharedInputsInAnArray) {
  constexpr auto quadratic = [](std::array<Var, 3> w, auto x) { return w[0] + x * (w[1] + x * w[2]); };
  const auto x = normals(100);
  double expected = 0;
  for (const double v : x) expected += v * v;
  const BatchResult sum = sum_gradient(fuse(quadratic), std::array{1.0, 2.0, 3.0}, x);
  EXPECT_EQ(sum.gradient[0], 100);
  EXPECT_NEAR(sum.gradient[2], expected, rounding * expected);
}

// f = a x + b y of the samples (1, 2) and (3, 4): 4 a + 6 b
TEST(FusedBatch, TakesArgumentsOfAnyShapeThatIsStated) {
  constexpr auto in_arrays = [](const auto& w, const auto& x) { return w[0] * x[0] + w[1] * x[1]; };
  constexpr auto in_pieces = [](auto a, auto b, const auto& x) { return a * x[0] + b * x[1]; };
  constexpr auto across = [](auto a, const auto& rest) { return a * rest[1] + rest[0] * rest[2]; };  // b beside the sample
  constexpr auto sum = [](auto fused) {
    return sum_gradient(fused, std::array{0.5, 0.25}, Samples::rows(std::vector<double>{1, 2, 3, 4}, 2));
  };
  for (const BatchResult& total :
       {sum(fuse(in_arrays, Shape<2, 2>())), sum(fuse(in_pieces, Shape<0, 0, 2>())), sum(fuse(across, Shape<0, 3>()))}) {
    EXPECT_EQ(total.value, 3.5);
    EXPECT_EQ(total.gradient, (std::vector<double>{4, 6}));
  }
}

// More inputs, columns, steps, sums and results than are compiled in one piece (128), and samples that do not fill a tile:
// sum over k of (w_k x_k)^2, in whole numbers.
TEST(FusedBatch, OfMoreInputsAndColumnsThanAreCompiledAtOnce) {
  constexpr std::size_t n = 150, count = 37;
  constexpr auto squares = [](const auto& w, const auto& x) {
    auto sum = w[0] * w[0] * (x[0] * x[0]);
    for (std::size_t k = 1; k < n; ++k) sum = sum + w[k] * w[k] * (x[k] * x[k]);
    return sum;
  };
  std::array<double, n> w{};
  for (std::size_t k = 0; k < n; ++k) w[k] = static_cast<double>(k % 7) - 3;
  std::vector<double> rows(n * count);
  for (std::size_t k = 0; k < rows.size(); ++k) rows[k] = static_cast<double>(k * k % 11) - 5;
  std::vector<double> values(count), by_hand(count), expected(n), results(n * count);
  // gradients by sample are those of the recorded twin: the rest is asked without them
  BatchOptions options{.standard_errors = false};
  const BatchResult sum = sum_gradient(fuse(squares, Shape<n, n>()), w, Samples::rows(rows, n), options);
  const BatchResult with_errors = sum_gradient(fuse(squares, Shape<n, n>()), w, Samples::rows(rows, n));
  options.values = values;
  sum_gradient(fuse(squares, Shape<n, n>()), w, Samples::rows(rows, n), options);
  std::vector<double> by_twin(count);
  options.values = by_twin;
  for (std::size_t k = 0; k < n; ++k) options.sample_gradient.push_back(std::span(results).subspan(k * count, count));
  sum_gradient(fuse(squares, Shape<n, n>()), w, Samples::rows(rows, n), options);
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t k = 0; k < n; ++k) {
      const double x = rows[i * n + k];
      by_hand[i] += w[k] * w[k] * x * x;
      expected[k] += 2 * w[k] * x * x;
      EXPECT_EQ(results[k * count + i], 2 * w[k] * w[k] * x) << i << ' ' << k;
    }
  EXPECT_EQ(values, by_hand);
  EXPECT_EQ(by_twin, by_hand);
  // a sum is the mean, rounded, times the count
  ASSERT_EQ(sum.gradient.size(), n);
  for (std::size_t k = 0; k < n; ++k) {
    EXPECT_DOUBLE_EQ(sum.gradient[k], expected[k]) << k;
    EXPECT_DOUBLE_EQ(with_errors.gradient[k], expected[k]) << k;
  }
  EXPECT_DOUBLE_EQ(sum.value, std::accumulate(by_hand.begin(), by_hand.end(), 0.0));
}

// Each comparison, of two samples' numbers, with a shared one and with a constant, counts in a bit of its own; detach(x) x has
// the derivative x.
TEST(FusedBatch, ComparesAsCppDoes) {
  constexpr auto f = [](auto a, auto x, auto y) {
    return is_less(x, y) + 2 * is_less_equal(x, y) + 4 * is_equal(x, y) + 8 * is_less(a, x) + 16 * is_less_equal(x, a) +
           32 * is_equal(x, a) + 64 * is_less(x, 2) + 128 * is_less_equal(2, y) + 256 * is_equal(y, 2) +
           512 * select(x <= y, -x, detach(x) * y) + 0.0 * a;
  };
  const double a = 1;
  std::vector<double> rows;
  for (const double x : {-1.0, 0.0, 1.0, 2.0, 3.0})
    for (const double y : {-1.0, 0.0, 1.0, 2.0, 3.0}) rows.insert(rows.end(), {x, y});
  const std::size_t count = rows.size() / 2;
  std::vector<double> values(count), by_x(count), by_y(count);
  BatchOptions options{.standard_errors = false};
  options.values = values;
  mean_gradient(fuse(f), std::array{a}, Samples::rows(rows, 2), options);
  std::vector<double> by_twin(count);
  options.values = by_twin;
  options.sample_gradient = {by_x, by_y};
  mean_gradient(fuse(f), std::array{a}, Samples::rows(rows, 2), options);
  EXPECT_EQ(values, by_twin);
  for (std::size_t i = 0; i < count; ++i) {
    const double x = rows[2 * i], y = rows[2 * i + 1];
    const int bits = (x < y) + 2 * (x <= y) + 4 * (x == y) + 8 * (a < x) + 16 * (x <= a) + 32 * (x == a) + 64 * (x < 2) +
                     128 * (2 <= y) + 256 * (y == 2);
    EXPECT_EQ(values[i], bits + 512 * (x <= y ? -x : x * y)) << x << ' ' << y;
    EXPECT_EQ(by_x[i], x <= y ? -512 : 0) << x << ' ' << y;
    EXPECT_EQ(by_y[i], x <= y ? 0 : 512 * x) << x << ' ' << y;
  }
}

// What is no arithmetic is a call, which finds shared inputs (the first of all among them) and each of several constants in
// memory.
TEST(FusedBatch, CallsTakeSharedInputsAndConstants) {
  constexpr auto f = [](auto a, auto b, auto x) {
    return pow(x, a) + pow(b, x) + pow(x, 2.5) + atan2(x, 0.75) + hypot(x, 1.25) + atan2(a, x);
  };
  const double a = 1.75, b = 0.6;
  std::vector<double> x(29), values(x.size()), by_x(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = 0.1 + 0.17 * static_cast<double>(i);
  BatchOptions options{.standard_errors = false};
  options.values = values;
  mean_gradient(fuse(f), std::array{a, b}, x, options);  // values by the loop
  options.values = {};
  options.sample_gradient = {by_x};
  mean_gradient(fuse(f), std::array{a, b}, x, options);  // gradients by sample by the recorded twin
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double v = x[i];
    const double value =
        std::pow(v, a) + std::pow(b, v) + std::pow(v, 2.5) + std::atan2(v, 0.75) + std::hypot(v, 1.25) + std::atan2(a, v);
    const double slope = a * std::pow(v, a - 1) + std::log(b) * std::pow(b, v) + 2.5 * std::pow(v, 1.5) +
                         0.75 / (v * v + 0.75 * 0.75) + v / std::hypot(v, 1.25) - a / (a * a + v * v);
    EXPECT_NEAR(values[i], value, rounding * value) << v;
    EXPECT_NEAR(by_x[i], slope, rounding * (1 + std::abs(slope))) << v;
  }
}

TEST(FusedBatch, WritesEachSamplesValueAndItsGradientOnRequest) {
  const auto x = normals(1003);
  std::vector<double> values(x.size()), gradient(x.size());
  BatchOptions options{.standard_errors = false};
  options.values = values;
  mean_gradient(fuse(kl), std::array{0.3, 1.7}, x, options);
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(values[i], kl(0.3, 1.7, x[i]), rounding);
  options.sample_gradient = {gradient};
  mean_gradient(fuse(kl), std::array{0.3, 1.7}, x, options);
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(gradient[i], (0.3 + 1.7 * x[i]) * 1.7 - x[i], rounding * 10);
}

TEST(FusedBatch, SharedValuesThatAreNoOrdinaryNumbersGiveWhatReplayGives) {
  constexpr auto quotient = [](auto s, auto x) { return x / s; };
  const std::vector<double> tiny{1e-310, 3e-310};
  EXPECT_EQ(mean_gradient(fuse(quotient), std::array{1e-309}, tiny).value, (1e-310 / 1e-309 + 3e-310 / 1e-309) / 2);
  // 1 / s is not normal where s is huge, and infinite where it is tiny
  const std::vector<double> xs{3e-300, 7e300};
  for (const double s : {1.7e308, 1e-308, 5e-324, std::numeric_limits<double>::infinity(), 0.0})
    EXPECT_DOUBLE_EQ(sum_gradient(fuse(quotient), std::array{s}, xs).value, xs[0] / s + xs[1] / s) << s;
  constexpr auto root = [](auto s, auto x) { return x * sqrt(s); };
  EXPECT_EQ(mean_gradient(fuse(root), std::array{0.0}, std::vector{0.0, 0.0}).gradient[0], 0);
}

TEST(FusedBatch, NanInOneSampleReachesTheMean) {
  auto eps = normals(500);
  eps[123] = NAN;
  EXPECT_TRUE(std::isnan(mean_gradient(fuse(kl), std::array{0.3, 1.7}, eps).value));
}

TEST(FusedBatch, FloatLanesAgreeToFloatRounding) {
  const auto eps = normals(10'001);
  const std::vector<float> narrow(eps.begin(), eps.end());
  const BatchResult wide = mean_gradient(fuse(kl), std::array{0.3, 1.7}, eps);
  const BatchResult single = mean_gradient(fuse(kl), std::array{0.3, 1.7}, FloatSamples(narrow));
  EXPECT_NEAR(single.value, wide.value,
              2e-5);  // float sums of a hundred numbers up to ten in each lane: 100 * 6e-8 relative at worst
  for (std::size_t k = 0; k < 2; ++k) EXPECT_NEAR(single.gradient[k], wide.gradient[k], 2e-5);
}

TEST(FusedBatch, RefusesInputsThatDoNotAddUp) {
  EXPECT_THAT([] { mean_gradient(fuse(kl), std::array{0.3}, std::vector{0.4}); },
              ThrowsMessage<ShapeMismatch>(HasSubstr("3 inputs, got 1 shared and samples of 1 columns")));
  EXPECT_THROW(mean_gradient(fuse(kl), std::array{0.3, 1.7}, std::vector<double>{}), ShapeMismatch);
}

TEST(FusedBatch, PrintsWhatIsComputedOnceAndWhatForEachSample) {
  const std::string text = batch_program<2>(fuse(kl));
  EXPECT_THAT(text, HasSubstr("once"));
  EXPECT_THAT(text, testing::ContainsRegex("z +add .*for each sample"));
  EXPECT_THAT(text, testing::Not(HasSubstr("log")));  // hoisted out of the inner program
}

TEST(FusedBatch, OfInfiniteSamplesIsInfiniteHoweverMany) {
  constexpr auto f = fuse([](auto a, auto x) { return a / x; });
  constexpr double inf = std::numeric_limits<double>::infinity();
  for (const std::size_t count : {10u, 1000u, 5000u, 100000u}) {
    std::vector<double> x(count, 1.0);
    x[0] = x[count / 2] = 0;
    const BatchResult sum = sum_gradient(f, std::array{1.0}, x), mean = mean_gradient(f, std::array{1.0}, x);
    EXPECT_EQ(sum.value, inf) << count;
    EXPECT_EQ(sum.gradient[0], inf) << count;
    EXPECT_EQ(mean.value, inf) << count;
  }
}

TEST(FusedBatch, TakesSharedInputsAsASpanOfFixedSize) {
  constexpr auto f = fuse([](auto a, auto x) { return a * x; });
  std::array shared{3.0};
  const std::vector<double> samples{1.0, 2.0};
  EXPECT_EQ(mean_gradient(f, std::span(shared), samples).value, 4.5);
  EXPECT_EQ(sum_gradient(f, std::span<const double, 1>(shared), Samples(samples)).gradient[0], 3);
}

TEST(FusedBatch, ContractsNothing) {
  // -inf + inf as it is written (see Fused.ContractsNothing), in full vectors and in the rest
  constexpr auto f = fuse([](auto a, auto b, auto x) { return a * x * x + b * x; });
  for (const std::size_t count : {1u, 8u, 100u}) {
    std::vector<double> x(count, 1e308), values(count);
    BatchOptions options;
    options.values = values;
    sum_gradient(f, std::array{-1.25, 2.0}, x, options);
    for (const double value : values) EXPECT_TRUE(std::isnan(value)) << count;
  }
}

}  // namespace
