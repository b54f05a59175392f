#include "wengert/batch.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include "wengert/custom.hpp"
#include "wengert/error.hpp"
#include "wengert/instruction_set.hpp"

namespace {

using namespace wengert;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// The demo's graph, with a piece that depends on shared inputs alone.
constexpr auto kl = [](auto mu, auto sigma, auto eps) {
  using std::log;
  auto z = mu + sigma * eps;
  auto u = (z - mu) / sigma;
  return (-0.5 * u * u - log(sigma)) - (-0.5 * z * z);
};

std::vector<double> normals(std::size_t count, unsigned seed = 1) {
  std::mt19937_64 bits(seed);
  std::normal_distribution<double> normal;
  std::vector<double> numbers(count);
  for (double& number : numbers) number = normal(bits);
  return numbers;
}

/// The textbook loop over the recorded function: what a batch must equal.
BatchResult one_by_one(const Function& f, std::vector<double> shared, const std::vector<double>& rows, std::size_t columns) {
  BatchResult result;
  result.count = rows.size() / columns;
  const double n = static_cast<double>(result.count);
  std::vector<std::vector<double>> all(1 + shared.size());
  for (std::size_t i = 0; i < result.count; ++i) {
    std::vector<double> x = shared;
    x.insert(x.end(), rows.begin() + static_cast<std::ptrdiff_t>(i * columns),
             rows.begin() + static_cast<std::ptrdiff_t>((i + 1) * columns));
    all[0].push_back(f(x));
    const auto g = f.gradient(x);
    for (std::size_t k = 0; k < shared.size(); ++k) all[1 + k].push_back(g[k]);
  }
  for (std::size_t k = 0; k < all.size(); ++k) {
    long double sum = 0, squares = 0;
    for (const double v : all[k]) sum += v;
    for (const double v : all[k]) squares += (v - sum / n) * (v - sum / n);
    const double mean = static_cast<double>(sum / n), error = static_cast<double>(std::sqrt(squares / (n * (n - 1))));
    (k == 0 ? result.value : result.gradient.emplace_back()) = mean;
    (k == 0 ? result.value_error : result.gradient_error.emplace_back()) = error;
  }
  return result;
}

// Rounding: a sample's value takes some ten operations on numbers up to ten, the sum in lanes and blocks a few tens of
// roundings of the mean; errors of a relative 1e-13 would be a bug.
constexpr double rounding = 1e-13;

void expect_same(const BatchResult& a, const BatchResult& b, bool errors = true) {
  EXPECT_EQ(a.count, b.count);
  EXPECT_NEAR(a.value, b.value, rounding * (1 + std::abs(b.value)));
  ASSERT_EQ(a.gradient.size(), b.gradient.size());
  for (std::size_t k = 0; k < a.gradient.size(); ++k)
    EXPECT_NEAR(a.gradient[k], b.gradient[k], rounding * (1 + std::abs(b.gradient[k]))) << k;
  if (!errors) return;
  EXPECT_NEAR(a.value_error, b.value_error, rounding * (1 + b.value_error));
  for (std::size_t k = 0; k < a.gradient.size(); ++k)
    EXPECT_NEAR(a.gradient_error[k], b.gradient_error[k], rounding * (1 + b.gradient_error[k])) << k;
}

TEST(Batch, MeanGradientEqualsTheLoopOverSamplesWithItsStandardErrors) {
  const Function f = record(kl, 0.5, 0.8, 0.1);
  for (const std::size_t count : {2u, 3u, 17u, 64u, 1000u, 4097u}) {
    const auto eps = normals(count);
    expect_same(mean_gradient(f, std::array{0.3, 1.7}, eps), one_by_one(f, {0.3, 1.7}, eps, 1));
  }
}

TEST(Batch, EveryInstructionSetAgrees) {
  const Function f = record(kl, 0.5, 0.8, 0.1);
  const auto eps = normals(1001);
  const InstructionSet best = instruction_set();
  for (const InstructionSet set : instruction_sets) {
    if (!supported(set)) continue;
    use_instruction_set(set);
    expect_same(mean_gradient(f, std::array{0.3, 1.7}, eps), one_by_one(f, {0.3, 1.7}, eps, 1));
  }
  use_instruction_set(best);
}

TEST(Batch, IsTheSameBitForBitForAnyNumberOfThreads) {
  const Function f = record(kl, 0.5, 0.8, 0.1);
  const auto eps = normals(200'003);
  const BatchResult one = mean_gradient(f, std::array{0.3, 1.7}, eps, {.threads = 1});
  for (const int threads : {2, 3, 7, 0}) {
    const BatchResult many = mean_gradient(f, std::array{0.3, 1.7}, eps, {.threads = threads});
    EXPECT_EQ(one.value, many.value);
    EXPECT_EQ(one.gradient, many.gradient);
    EXPECT_EQ(one.value_error, many.value_error);
    EXPECT_EQ(one.gradient_error, many.gradient_error);
  }
}

TEST(Batch, SumGradientComputesSharedWorkOnceAndStillEqualsTheLoop) {
  // exp(a) * b and its derivatives are shared work; each row has three columns
  const Function f = record(
      [](auto a, auto b, auto x, auto y, auto z) {
        auto weight = exp(a) * b + log(b);
        return weight * x + sin(y * b) * z + weight * weight;
      },
      0.2, 1.3, 0.1, 0.2, 0.3);
  const auto rows = normals(3 * 500);
  BatchResult expected = one_by_one(f, {0.7, 1.1}, rows, 3);
  const double n = static_cast<double>(expected.count);
  expected.value *= n;
  for (double& g : expected.gradient) g *= n;
  const BatchResult sum = sum_gradient(f, std::array{0.7, 1.1}, Samples::rows(rows, 3));
  expect_same(sum, expected, false);
  EXPECT_TRUE(sum.gradient_error.empty());
  expect_same(mean_gradient(f, std::array{0.7, 1.1}, Samples::rows(rows, 3)), one_by_one(f, {0.7, 1.1}, rows, 3));
}

TEST(Batch, ReadsRowsColumnsAndGeneratedSamplesAlike) {
  const Function f = record([](auto a, auto x, auto y) { return a * x * x - y * exp(a * y); }, 0.5, 0.1, 0.2);
  const auto rows = normals(2 * 3000);
  std::vector<double> columns(rows.size());
  for (std::size_t i = 0; i < 3000; ++i) {
    columns[i] = rows[2 * i];
    columns[3000 + i] = rows[2 * i + 1];
  }
  const auto generated = Samples::generated(3000, 2, [&](std::size_t first, std::size_t count, double* const* out) {
    for (std::size_t k = 0; k < count; ++k)
      for (std::size_t c = 0; c < 2; ++c) out[c][k] = rows[2 * (first + k) + c];
  });
  const std::array shared{-0.4};
  const BatchResult by_rows = mean_gradient(f, shared, Samples::rows(rows, 2));
  for (const Samples& samples : {Samples::columns(columns, 2), generated}) {
    const BatchResult other = mean_gradient(f, shared, samples);
    EXPECT_EQ(by_rows.value, other.value);
    EXPECT_EQ(by_rows.gradient, other.gradient);
  }
}

TEST(Batch, GivesEachSamplesValueAndOwnGradientAsColumns) {
  // log-sum-exp over x: the gradient is the softmax
  const Function f = record([](auto x) { return exp(x); }, 0.0);
  const auto x = normals(777);
  std::vector<double> values(x.size()), gradient(x.size());
  BatchOptions options;
  options.standard_errors = false;
  options.values = values;
  options.sample_gradient = {gradient};
  const BatchResult sum = sum_gradient(f, {}, x, options);
  double total = 0;
  for (const double v : x) total += std::exp(v);
  EXPECT_NEAR(std::log(sum.value), std::log(total), rounding);
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_NEAR(values[i], std::exp(x[i]), 4e-16 * std::exp(x[i]));  // 2 ulp: one of the lanes, one of libm
    EXPECT_EQ(gradient[i], values[i]);
  }
}

TEST(Batch, ExtremeSharedValuesTakeTheCarefulProgram) {
  const Function f = record([](auto s, auto x) { return x / s; }, 1.0, 1.0);
  // 1/s overflows, x/s does not; and s = 0 divides as IEEE says
  const std::vector<double> tiny{1e-310, 3e-310};
  EXPECT_EQ(mean_gradient(f, std::array{1e-309}, tiny, {.standard_errors = false}).value,
            (1e-310 / 1e-309 + 3e-310 / 1e-309) / 2);
  EXPECT_EQ(mean_gradient(f, std::array{0.0}, std::vector{1.0, 2.0}).value, INFINITY);
  // 1/s is subnormal: x * (1/s) would be off by 1e-15 and more
  const std::vector<double> huge{1e308, 1.1e308};
  EXPECT_EQ(mean_gradient(f, std::array{1.7e308}, huge, {.standard_errors = false}).value,
            (1e308 / 1.7e308 + 1.1e308 / 1.7e308) / 2);
  // x sqrt(s) at s = 0: an infinite partial meets a zero adjoint in one sample only
  const Function g = record([](auto s, auto x) { return x * sqrt(s); }, 1.0, 1.0);
  EXPECT_EQ(mean_gradient(g, std::array{0.0}, std::vector{0.0, 0.0}).gradient[0], 0);
  EXPECT_EQ(sum_gradient(g, std::array{0.0}, std::vector{0.0, 1.0}).gradient[0], INFINITY);
}

TEST(Batch, ABranchThatASampleWouldTakeDifferentlyNamesTheSample) {
  const Function f = record([](auto a, auto x) { return x > 0 ? a * x : -x; }, 1.0, 1.0);
  std::vector<double> x(1000, 0.5);
  EXPECT_EQ(mean_gradient(f, std::array{2.0}, x).value, 1);
  x[613] = -3;
  EXPECT_THAT(
      [&] { mean_gradient(f, std::array{2.0}, x); },
      ThrowsMessage<BranchChanged>(testing::AllOf(HasSubstr("0 < -3 is false"), HasSubstr("in sample 613 of the batch"))));
  x[613] = NAN;
  EXPECT_THROW(mean_gradient(f, std::array{2.0}, x), BranchChanged);
  const Function shared = record([](auto a, auto x1) { return a > 0 ? a * x1 : x1; }, 1.0, 1.0);
  EXPECT_THROW(mean_gradient(shared, std::array{-1.0}, std::vector{1.0}), BranchChanged);
  EXPECT_THROW(sum_gradient(shared, std::array{-1.0}, std::vector{1.0}), BranchChanged);
}

TEST(Batch, SelectFollowsEachSample) {
  const Function f = record([](auto a, auto x) { return select(x > 0, a * log(x), a * a); }, 1.0, 1.0);
  const std::vector<double> x{1, -1, std::exp(1.0), -2};
  const BatchResult sum = sum_gradient(f, std::array{3.0}, x);
  EXPECT_DOUBLE_EQ(sum.value, 3 + 18);
  EXPECT_DOUBLE_EQ(sum.gradient[0], 1 + 12);
}

TEST(Batch, OfADerivativeOfPowers) {
  const Function slope = record([](auto a, auto x) { return pow(x, a); }, 1.5, 2.0).derivative().output(2);  // in x
  const std::vector<double> xs{0.25, 1.0, 3.0};
  for (const double a : {-1.5, 1.0, 2.0, 2.5}) {
    long double value = 0, gradient = 0;
    for (const long double x : xs) {
      value += a * std::pow(x, a - 1.0L);
      gradient += std::pow(x, a - 1.0L) * (1 + a * std::log(x));
    }
    const BatchResult sum = sum_gradient(slope, std::array{a}, xs);
    EXPECT_NEAR(sum.value, static_cast<double>(value), 1e-14 * std::abs(sum.value));  // ten roundings of terms of one sign
    EXPECT_NEAR(sum.gradient[0], static_cast<double>(gradient), 1e-12) << a;          // terms up to 50
  }
}

TEST(Batch, OfManyPowers) {  // each power's derivatives are several operations here
  constexpr int powers = 1000;
  const auto exponent = [](auto a, int k) { return a * (0.002 * (k - 300)); };
  const Function f = record(
      [&](auto a, auto x) {
        Var sum = 0;
        for (int k = 0; k < powers; ++k) sum += pow(x, exponent(a, k));
        return sum;
      },
      1.0, 2.0);
  const std::vector<double> xs{0.25, 3.0};
  long double value = 0, gradient = 0;
  for (const long double x : xs)
    for (int k = 0; k < powers; ++k) {
      value += std::pow(x, exponent(1.5L, k));
      gradient += std::pow(x, exponent(1.5L, k)) * std::log(x) * exponent(1.0L, k);
    }
  const BatchResult sum = sum_gradient(f, std::array{1.5}, xs);
  EXPECT_NEAR(sum.value, static_cast<double>(value), 1e-13 * sum.value);  // sums of a thousand terms of one sign
  EXPECT_NEAR(sum.gradient[0], static_cast<double>(gradient), 1e-12 * std::abs(sum.gradient[0]));
}

TEST(Batch, CustomOperationsAreReplayedSampleBySample) {
  const CustomOperation cube(
      "cube", 1, [](auto x) { return x[0] * x[0] * x[0]; }, [](auto x, double, auto partials) { partials[0] = 3 * x[0] * x[0]; });
  const Function f = record([&](auto a, auto x) { return cube(a * x); }, 1.0, 1.0);
  const auto x = normals(300);
  expect_same(mean_gradient(f, std::array{1.5}, x), one_by_one(f, {1.5}, x, 1));
}

TEST(Batch, FloatLanesAgreeWithDoubleToFloatRounding) {
  const Function f = record(kl, 0.5, 0.8, 0.1);
  const auto eps = normals(10'000);
  const std::vector<float> narrow(eps.begin(), eps.end());
  const BatchResult wide = mean_gradient(f, std::array{0.3, 1.7}, eps), single = mean_gradient(f, std::array{0.3, 1.7}, narrow);
  EXPECT_NEAR(single.value, wide.value, 1e-5);  // some ten float roundings (6e-8) of numbers up to ten
  for (std::size_t k = 0; k < 2; ++k) EXPECT_NEAR(single.gradient[k], wide.gradient[k], 1e-5);
}

TEST(Batch, ProgressIsToldAndMayEndTheBatch) {
  const Function f = record(kl, 0.5, 0.8, 0.1);
  const auto eps = normals(3'000'000);
  std::vector<std::size_t> seen;
  BatchOptions options;
  options.progress = [&](std::size_t done) {
    seen.push_back(done);
    return seen.size() < 2;
  };
  const BatchResult part = mean_gradient(f, std::array{0.3, 1.7}, eps, options);
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(part.count, seen[1]);
  const std::vector<double> first(eps.begin(), eps.begin() + static_cast<std::ptrdiff_t>(seen[1]));
  EXPECT_EQ(part.value, mean_gradient(f, std::array{0.3, 1.7}, first).value);
  // and where all samples are one block
  seen.clear();
  mean_gradient(f, std::array{0.3, 1.7}, std::vector(eps.begin(), eps.begin() + 5), options);
  EXPECT_EQ(seen, (std::vector<std::size_t>{5}));
}

TEST(Batch, ASingleSampleHasNoStandardErrorAndNoSampleNoMean) {
  const Function f = record(kl, 0.5, 0.8, 0.1);
  const BatchResult one = mean_gradient(f, std::array{0.3, 1.7}, std::vector{0.4});
  EXPECT_DOUBLE_EQ(one.value, f(0.3, 1.7, 0.4));
  EXPECT_TRUE(std::isnan(one.value_error));
  EXPECT_THAT([&] { mean_gradient(f, std::array{0.3, 1.7}, std::vector<double>{}); },
              ThrowsMessage<ShapeMismatch>(HasSubstr("no samples")));
  EXPECT_EQ(sum_gradient(f, std::array{0.3, 1.7}, std::vector<double>{}).gradient, (std::vector<double>{0, 0}));
}

TEST(Batch, RefusesInputsThatDoNotAddUp) {
  const Function f = record(kl, 0.5, 0.8, 0.1);
  EXPECT_THAT([&] { mean_gradient(f, std::array{0.3}, std::vector{0.4}); },
              ThrowsMessage<ShapeMismatch>(HasSubstr("3 inputs, got 1 shared and samples of 1 columns")));
  EXPECT_THROW(Samples::rows(std::vector{1.0, 2.0, 3.0}, 2), ShapeMismatch);
  std::vector<double> values(3);
  EXPECT_THAT([&] { mean_gradient(f, std::array{0.3, 1.7}, std::vector{0.4}, {.sample_gradient = {values, values}}); },
              ThrowsMessage<ShapeMismatch>(HasSubstr("options.sample_gradient has 2 columns, the samples have 1")));
  EXPECT_THROW(mean_gradient(f, std::array{0.3, 1.7}, std::vector{0.4}, {.values = values}), ShapeMismatch);
  EXPECT_THAT([&] { mean_gradient(f, std::array{0.3, 1.7}, std::vector{0.4}, {.sample_gradient = {values}}); },
              ThrowsMessage<ShapeMismatch>(HasSubstr("a column of options.sample_gradient")));
  const Function two = record([](auto a, auto x) { return std::array{a * x, a + x}; }, 1.0, 1.0);
  EXPECT_THAT([&] { mean_gradient(two, std::array{0.3}, std::vector{0.4}); },
              ThrowsMessage<ShapeMismatch>(AllOf(HasSubstr("mean_gradient"), HasSubstr("that of f.output(k)"))));
}

TEST(Batch, GivesEachSamplesValueBesideTheGradientInSharedInputs) {
  const Function f = record([](auto a, auto b, auto x) { return a * x + b; }, 1.0, 1.0, 1.0);
  std::vector<double> x, expected, values(1000);
  for (int k = 0; k < 1000; ++k) x.push_back(k % 8), expected.push_back(3 * (k % 8) + 5);
  const BatchResult sum = sum_gradient(f, std::array{3.0, 5.0}, x, {.values = values});
  EXPECT_EQ(values, expected);
  EXPECT_EQ(sum.gradient, (std::vector<double>{3500, 1000}));
}

TEST(Batch, ABranchOnAValueThatOneOperationTakes) {
  const Function f = record(
      [](auto a, auto x) {
        const auto y = a * x;
        return y > 0 ? y + a : y - a;
      },
      1.0, 1.0);
  EXPECT_EQ(sum_gradient(f, std::array{2.0}, std::vector{1.0, 3.0}).value, 12);
  EXPECT_EQ(sum_gradient(f, std::array{2.0}, std::vector{1.0, 3.0}).gradient[0], 6);
  EXPECT_THROW(sum_gradient(f, std::array{2.0}, std::vector{1.0, -3.0}), BranchChanged);
}

TEST(Batch, NanInOneSampleReachesTheMean) {
  const Function f = record(kl, 0.5, 0.8, 0.1);
  auto eps = normals(500);
  eps[123] = NAN;
  EXPECT_TRUE(std::isnan(mean_gradient(f, std::array{0.3, 1.7}, eps).value));
  eps[0] = INFINITY;
  EXPECT_TRUE(std::isnan(mean_gradient(f, std::array{0.3, 1.7}, eps).gradient[0]));
}

// Real use: a row's function recorded once and summed over the data equals the tape that records everything.
TEST(Batch, ASmallPerceptronEqualsTheTapeThatRecordsEverything) {
  constexpr std::size_t in = 3, hidden = 4, weights = hidden * (in + 2) + 1, rows = 50;
  const auto loss = [](const std::vector<Var>& w, const std::array<Var, in + 1>& row) {
    std::size_t k = 0;
    Var out = w[weights - 1];
    for (std::size_t h = 0; h < hidden; ++h) {
      Var sum = w[k++];
      for (std::size_t i = 0; i < in; ++i) sum += w[k++] * row[i];
      out += w[k++] * tanh(sum);
    }
    const Var miss = out - row[in];
    return miss * miss;
  };
  const auto w = normals(weights, 3), data = normals(rows * (in + 1), 4);
  const Function f = record(loss, w, std::array<double, in + 1>{});
  const Function everything = record(
      [&](const std::vector<Var>& v) {
        Var sum = 0;
        for (std::size_t r = 0; r < rows; ++r)
          sum += loss(v, {Var(data[4 * r]), Var(data[4 * r + 1]), Var(data[4 * r + 2]), Var(data[4 * r + 3])});
        return sum;
      },
      w);
  const BatchResult sum = sum_gradient(f, w, Samples::rows(data, in + 1));
  EXPECT_NEAR(sum.value, everything(w), 1e-12 * everything(w));
  const auto expected = everything.gradient(w);
  for (std::size_t k = 0; k < weights; ++k) EXPECT_NEAR(sum.gradient[k], expected[k], 1e-12 * (1 + std::abs(expected[k]))) << k;
}

// A two-component Gaussian mixture in one dimension: shared work is the weights' normaliser and the precisions.
TEST(Batch, AMixtureEqualsTheTapeThatRecordsEverything) {
  const auto log_likelihood = [](const std::vector<Var>& p, Var x) {  // a0 a1 m0 m1 logs0 logs1
    const Var normaliser = log(exp(p[0]) + exp(p[1]));
    const Var u = (x - p[2]) * exp(-p[4]), v = (x - p[3]) * exp(-p[5]);
    const Var a = p[0] - p[4] - 0.5 * u * u, b = p[1] - p[5] - 0.5 * v * v;
    const Var top = max(a, b);
    return top + log(exp(a - top) + exp(b - top)) - normaliser;
  };
  const std::vector<double> p{0.1, -0.3, -1, 1.5, 0.2, -0.4};
  const auto x = normals(400, 5);
  const Function f = record(log_likelihood, p, 0.0);
  const Function everything = record(
      [&](const std::vector<Var>& v) {
        Var sum = 0;
        for (const double xi : x) sum += log_likelihood(v, xi);
        return sum;
      },
      p);
  const BatchResult sum = sum_gradient(f, p, x);
  EXPECT_NEAR(sum.value, everything(p), 1e-12 * std::abs(everything(p)));
  const auto expected = everything.gradient(p);
  for (std::size_t k = 0; k < p.size(); ++k) EXPECT_NEAR(sum.gradient[k], expected[k], 1e-12 * (1 + std::abs(expected[k]))) << k;
}

// Parts whose means are further apart than the largest number.
TEST(Batch, OfSamplesFromOneEndOfTheRangeToTheOther) {
  const Function f = record([](auto a, auto x) { return a * x; }, 1.0, 1.0);
  constexpr std::size_t part = 65536;
  for (const std::size_t parts : {2u, 3u, 4u, 7u}) {
    std::vector<double> xs(parts * part, -0x1p1023);
    std::fill_n(xs.begin(), part, 0x1p1023);
    const BatchResult mean = mean_gradient(f, std::array{1.0}, xs);
    const double expected = 0x1p1023 / static_cast<double>(parts) * (2 - static_cast<double>(parts));
    EXPECT_NEAR(mean.value, expected, 1e-14 * 0x1p1023) << parts;  // some roundings of parts' means
    EXPECT_NEAR(mean.gradient[0], expected, 1e-14 * 0x1p1023) << parts;
  }
}

TEST(Batch, OfInfiniteSamplesIsInfiniteHoweverMany) {
  const Function f = record([](Var a, Var x) { return a / x; }, 1.0, 1.0);
  constexpr double inf = std::numeric_limits<double>::infinity();
  for (const std::size_t count : {10u, 1000u, 2000u, 5000u, 100000u})
    for (const std::size_t zeros : {1u, 2u, 5u}) {
      std::vector<double> x(count, 1.0);
      for (std::size_t k = 0; k < zeros; ++k) x[k * count / zeros] = 0;
      const BatchResult sum = sum_gradient(f, std::array{1.0}, x), mean = mean_gradient(f, std::array{1.0}, x);
      EXPECT_EQ(sum.value, inf) << count << " samples, " << zeros << " zeros";
      EXPECT_EQ(sum.gradient[0], inf) << count << " samples, " << zeros << " zeros";
      EXPECT_EQ(mean.value, inf);
      EXPECT_EQ(mean.gradient[0], inf);
      EXPECT_TRUE(std::isnan(mean.value_error)) << "an infinite sample has no spread";
    }
  std::vector<double> both(5000, 1.0);
  both[7] = 0.0, both[4000] = -0.0;  // +inf and -inf: no number
  EXPECT_TRUE(std::isnan(sum_gradient(f, std::array{1.0}, both).value));
}

}  // namespace
