#include "inside/kernels.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "wengert/error.hpp"

namespace {

using namespace wengert;
using namespace wengert::detail;

constexpr double inf = std::numeric_limits<double>::infinity();

constexpr Op all_operations[] = {
#define X(Rule, function) Op::Rule,
    WENGERT_OPERATIONS(X)
#undef X
};

std::vector<InstructionSet> runnable() {
  std::vector<InstructionSet> sets;
  for (const InstructionSet set : instruction_sets)
    if (supported(set)) sets.push_back(set);
  return sets;
}

/// The rule on plain numbers: what the scalar sweep computes, and with a wider T the reference for accuracy.
template <class T>
T scalar(Op op, T x, T y, T z) {
  return dispatch(op, [&]<class Rule>() -> T {
    if constexpr (Rule::arity == 1)
      return evaluate<Rule, T>(x);
    else if constexpr (Rule::arity == 2)
      return evaluate<Rule, T>(x, y);
    else
      return evaluate<Rule, T>(x, y, z);
  });
}

/// Largest error that the rule states for its value; lanes keep to it.
double stated_ulps(Op op) {
  return dispatch(op, []<class Rule>() { return static_cast<double>(Rule::value_ulps); });
}

/// Operations that round once or not at all, so that lanes must give the scalar sweep's bits.
constexpr Op exact_operations[] = {Op::Add,
                                   Op::Sub,
                                   Op::Mul,
                                   Op::Div,
                                   Op::Neg,
                                   Op::Fma,
                                   Op::Sqrt,
                                   Op::Abs,
                                   Op::Min,
                                   Op::Max,
                                   Op::Floor,
                                   Op::Ceil,
                                   Op::Round,
                                   Op::Trunc,
                                   Op::Less,
                                   Op::LessEqual,
                                   Op::Equal,
                                   Op::Select,
                                   Op::AbsorbingProduct,
                                   Op::Detach};

bool exactly_rounded(Op op) {
  return std::find(std::begin(exact_operations), std::end(exact_operations), op) != std::end(exact_operations);
}

template <class T>
using Bits = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;

/// The same bits, but for the payload of a NaN.
template <class T>
bool same(T x, T y) {
  return (std::isnan(x) && std::isnan(y)) || std::bit_cast<Bits<T>>(x) == std::bit_cast<Bits<T>>(y);
}

/// Distance from x to the exact value in units of T's last place there.
template <class T, class Wide>
double ulps(T x, Wide exact) {
  const T rounded = static_cast<T>(exact);
  if (same(x, rounded)) return 0;
  if (!std::isfinite(x) || !std::isfinite(rounded) || x == rounded) return inf;  // the last: zeros of other signs
  const T size = std::abs(rounded);
  const Wide unit = std::max(static_cast<Wide>(size) - static_cast<Wide>(std::nextafter(size, T(0))),
                             static_cast<Wide>(std::numeric_limits<T>::denorm_min()));
  return static_cast<double>(std::abs(static_cast<Wide>(x) - exact) / unit);
}

/// Arguments for a kernel, one array each.
template <class T>
struct Arguments {
  std::vector<T> x, y, z;

  void add(T a, T b, T c) { x.push_back(a), y.push_back(b), z.push_back(c); }
  std::size_t size() const { return x.size(); }
};

template <class T>
std::vector<T> run(Op op, InstructionSet set, const Arguments<T>& a, unsigned varying = 7) {
  std::vector<T> out(a.size());
  block_kernel<T>(op, varying, set)(out.data(), a.x.data(), a.y.data(), a.z.data(), a.size());
  return out;
}

template <class T>
std::vector<T> special_values() {
  using limits = std::numeric_limits<T>;
  std::vector<T> values = {0,
                           limits::denorm_min(),
                           limits::min() / 2,
                           limits::min(),
                           1 / limits::max(),
                           limits::epsilon() / 4,
                           limits::epsilon(),
                           T(1e-150),
                           T(0.1),
                           T(0.25),
                           std::nextafter(T(0.5), T(0)),
                           T(0.5),
                           T(0.75),
                           std::nextafter(T(1), T(0)),
                           1,
                           T(1) + limits::epsilon(),
                           T(1.5),
                           2,
                           T(2.5),
                           3,
                           T(3.14159265358979323846),
                           4,
                           T(4.5),
                           8,
                           T(9.5),
                           10,
                           15,
                           16,
                           26,
                           27,
                           T(87.5),
                           T(88.5),
                           T(89.2),
                           100,
                           T(103.5),
                           T(126.5),
                           T(127.5),
                           T(128),
                           T(150),
                           T(700),
                           T(708.5),
                           T(709.5),
                           T(710.2),
                           T(745),
                           T(1000),
                           T(1023.5),
                           T(1024),
                           T(1074.5),
                           T(8388607.5),
                           T(8388608),
                           T(8388609),
                           T(16777217),
                           T(4503599627370495.5),
                           T(4503599627370496),
                           T(4503599627370497),
                           T(1e14),
                           T(1e16),
                           T(1e18),
                           T(1e19),
                           T(1e30),
                           std::sqrt(limits::max()),
                           limits::max() / 2,
                           limits::max(),
                           limits::infinity()};
  const std::size_t positive = values.size();
  for (std::size_t k = 0; k < positive; ++k) values.push_back(-values[k]);
  values.push_back(limits::quiet_NaN());
  return values;
}

/// Every special value, and for two arguments every pair; the third argument takes turns.
template <class T>
Arguments<T> special_arguments(Op op) {
  const std::vector<T> values = special_values<T>();
  Arguments<T> arguments;
  for (const T a : values) {
    if (arity(op) == 1)
      arguments.add(a, 0, 0);
    else
      for (const T b : values) arguments.add(a, b, values[arguments.size() * 7 % values.size()]);
  }
  return arguments;
}

/// n points of the domain: a third spread over it evenly, a third by their exponents, a third within [-8, 8].
template <class T>
Arguments<T> domain_arguments(Op op, std::size_t n, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto draw = [&](Domain domain) {
    const double top = std::numeric_limits<T>::max() / (arity(op) == 1 ? 1 : 2);
    const double low = std::max(domain.low, -top), high = std::min(domain.high, top);
    const auto uniform = [&](double from, double to) {
      return from + (to - from) * (static_cast<double>(random() >> 11) * 0x1p-53);
    };
    switch (random() % 3) {
      case 0:
        return static_cast<T>(uniform(low / 2, high / 2) * 2);
      case 1: {
        const int exponents = std::numeric_limits<T>::max_exponent;
        const double size = std::ldexp(uniform(0.5, 1), static_cast<int>(uniform(-exponents + 2, exponents)));
        return static_cast<T>(std::clamp(random() % 2 == 0 ? size : -size, low, high));
      }
      default:
        return static_cast<T>(uniform(std::max(low, -8.0), std::min(high, 8.0)));
    }
  };
  Arguments<T> arguments;
  for (std::size_t k = 0; k < n; ++k)
    dispatch(op, [&]<class Rule>() {
      T values[3] = {};
      for (int i = 0; i < Rule::arity; ++i) values[i] = draw(Rule::domain[i]);
      arguments.add(values[0], values[1], values[2]);
    });
  return arguments;
}

template <class T>
std::string place(Op op, InstructionSet set, const Arguments<T>& a, std::size_t k) {
  const auto text = [](T x) {
    char buffer[40];
    std::snprintf(buffer, sizeof buffer, "%.17g", static_cast<double>(x));
    return std::string(buffer);
  };
  std::string result = std::string(name(op)) + "(" + text(a.x[k]);
  if (arity(op) > 1) result += ", " + text(a.y[k]);
  if (arity(op) > 2) result += ", " + text(a.z[k]);
  return result + ") in " + (sizeof(T) == 8 ? "double" : "float") + " on " + name(set);
}

class EveryOperation : public testing::TestWithParam<Op> {};

INSTANTIATE_TEST_SUITE_P(BlockKernels, EveryOperation, testing::ValuesIn(all_operations),
                         [](const auto& parameter) { return std::string(name(parameter.param)); });

/// Random bits: every exponent, NaN among them.
template <class T>
Arguments<T> random_bits(std::size_t n) {
  std::mt19937_64 random(11);
  const auto draw = [&] { return std::bit_cast<T>(static_cast<Bits<T>>(random())); };
  Arguments<T> arguments;
  for (std::size_t k = 0; k < n; ++k) {
    const T a = draw(), b = draw();
    arguments.add(a, b, draw());
  }
  return arguments;
}

// NaN, infinities, both zeros, denormals, the edges of every domain, arguments beyond SLEEF's range. Both sides are within the
// stated ulps of the exact value.
template <class T>
void expect_scalar_values(Op op, const Arguments<T>& a) {
  const double allowed = exactly_rounded(op) ? 0 : 2 * stated_ulps(op);
  for (const InstructionSet set : runnable()) {
    const std::vector<T> out = run(op, set, a);
    for (std::size_t k = 0; k < a.size(); ++k) {
      const T expected = scalar(op, a.x[k], a.y[k], a.z[k]);
      ASSERT_LE(ulps(out[k], expected), allowed) << place(op, set, a, k) << ": " << out[k] << ", scalar " << expected;
    }
  }
}

TEST_P(EveryOperation, TakesSpecialValuesAsTheScalarSweepDoes) {
  expect_scalar_values(GetParam(), special_arguments<double>(GetParam()));
  expect_scalar_values(GetParam(), special_arguments<float>(GetParam()));
}

/// How many points: fewer where one of them is a quadrature.
std::size_t points(Op op, std::size_t usual) { return op >= Op::IncompleteGamma && op <= Op::IbetaBB ? usual / 40 : usual; }

TEST_P(EveryOperation, TakesAnyBitsAsTheScalarSweepDoes) {
  expect_scalar_values(GetParam(), random_bits<double>(points(GetParam(), 20000)));
  expect_scalar_values(GetParam(), random_bits<float>(points(GetParam(), 20000)));
}

// double against long double, float against double.
template <class T, class Wide>
void expect_stated_accuracy(Op op) {
  const Arguments<T> a = domain_arguments<T>(op, points(op, 30000), 20240611);
  // the rules state theirs for double; in float 1.5 ulp is SLEEF's own bound for erfc, and the C library's for some
  const double allowed = exactly_rounded(op) ? 0.5 : sizeof(T) == 8 ? stated_ulps(op) : std::max(stated_ulps(op), 1.6);
  for (const InstructionSet set : runnable()) {
    const std::vector<T> out = run(op, set, a);
    double worst = 0;
    std::size_t where = 0;
    for (std::size_t k = 0; k < a.size(); ++k) {
      const double error = ulps(out[k], scalar<Wide>(op, a.x[k], a.y[k], a.z[k]));
      if (error > worst) worst = error, where = k;
    }
    EXPECT_LE(worst, allowed) << place(op, set, a, where) << ": " << out[where];
    testing::Test::RecordProperty(std::string(name(set)) + (sizeof(T) == 8 ? "_double" : "_float"), std::to_string(worst));
  }
}

TEST_P(EveryOperation, IsAsAccurateAsItsRuleStates) {
  expect_stated_accuracy<double, long double>(GetParam());
  expect_stated_accuracy<float, double>(GetParam());
}

template <class T>
void expect_scalar_bits(Op op) {
  const Arguments<T> a = domain_arguments<T>(op, 10000, 7);
  for (const InstructionSet set : runnable()) {
    const std::vector<T> out = run(op, set, a);
    for (std::size_t k = 0; k < a.size(); ++k)
      ASSERT_TRUE(same(out[k], scalar(op, a.x[k], a.y[k], a.z[k]))) << place(op, set, a, k);
  }
}

class ExactOperation : public testing::TestWithParam<Op> {};

INSTANTIATE_TEST_SUITE_P(BlockKernels, ExactOperation, testing::ValuesIn(exact_operations),
                         [](const auto& parameter) { return std::string(name(parameter.param)); });

TEST_P(ExactOperation, GivesTheBitsOfTheScalarSweep) {
  expect_scalar_bits<double>(GetParam());
  expect_scalar_bits<float>(GetParam());
}

/// Ordinary and special values, shuffled, so that a register holds both.
template <class T>
Arguments<T> mixed_arguments(Op op, std::size_t n) {
  const Arguments<T> special = special_arguments<T>(op);
  Arguments<T> mixed = domain_arguments<T>(op, n, 99);
  std::mt19937_64 random(5);
  for (std::size_t k = 0; k < n; ++k) {
    if (random() % 5 != 0) continue;
    const std::size_t from = random() % special.size();
    mixed.x[k] = special.x[from], mixed.y[k] = special.y[from], mixed.z[k] = special.z[from];
  }
  return mixed;
}

// A sample alone in its block is the reference for the same sample anywhere else. Written past the end is nothing.
template <class T>
void expect_position_independence(Op op, InstructionSet set) {
  const Arguments<T> a = mixed_arguments<T>(op, 1000);
  const BlockKernel<T> kernel = block_kernel<T>(op, 7, set);
  std::vector<T> alone(a.size());
  for (std::size_t k = 0; k < a.size(); ++k) kernel(&alone[k], &a.x[k], &a.y[k], &a.z[k], 1);
  std::vector<std::size_t> sizes = {1000};
  for (std::size_t n = 0; n <= 70; ++n) sizes.push_back(n);
  for (const std::size_t n : sizes)
    for (const std::size_t first : {std::size_t{0}, std::size_t{1}, std::size_t{13}}) {
      if (first + n > a.size()) continue;
      std::vector<T> out(n + 1, T(-777));
      kernel(out.data(), &a.x[first], &a.y[first], &a.z[first], n);
      for (std::size_t k = 0; k < n; ++k)
        ASSERT_TRUE(same(out[k], alone[first + k])) << place(op, set, a, first + k) << " as number " << k << " of " << n;
      ASSERT_EQ(out[n], T(-777)) << name(op) << " wrote past the end of " << n;
    }
}

TEST_P(EveryOperation, DoesNotDependOnASamplesPlaceInTheBlock) {
  for (const InstructionSet set : runnable()) {
    expect_position_independence<double>(GetParam(), set);
    expect_position_independence<float>(GetParam(), set);
  }
}

template <class T>
void expect_broadcast(Op op, InstructionSet set) {
  for (const unsigned varying : {0u, 1u, 2u, 3u, 4u, 5u, 6u})
    for (const std::size_t n : {1, 3, 16, 37}) {
      const Arguments<T> a = mixed_arguments<T>(op, n);
      Arguments<T> spread = a;
      if ((varying & varying_x) == 0) spread.x.assign(n, a.x[0]);
      if ((varying & varying_y) == 0) spread.y.assign(n, a.y[0]);
      if ((varying & varying_z) == 0) spread.z.assign(n, a.z[0]);
      const std::vector<T> expected = run(op, set, spread), out = run(op, set, a, varying);
      for (std::size_t k = 0; k < n; ++k)
        ASSERT_TRUE(same(out[k], expected[k])) << place(op, set, spread, k) << " varying " << varying;
    }
}

TEST_P(EveryOperation, ReadsAnArgumentThatDoesNotVaryFromItsFirstElement) {
  for (const InstructionSet set : runnable()) {
    expect_broadcast<double>(GetParam(), set);
    expect_broadcast<float>(GetParam(), set);
  }
}

template <class T>
void expect_in_place(Op op, InstructionSet set) {
  const Arguments<T> a = mixed_arguments<T>(op, 53);
  const std::vector<T> expected = run(op, set, a);
  for (int argument = 0; argument < arity(op); ++argument) {
    Arguments<T> overwritten = a;
    std::vector<T>& out = argument == 0 ? overwritten.x : argument == 1 ? overwritten.y : overwritten.z;
    block_kernel<T>(op, 7, set)(out.data(), overwritten.x.data(), overwritten.y.data(), overwritten.z.data(), out.size());
    for (std::size_t k = 0; k < out.size(); ++k)
      ASSERT_TRUE(same(out[k], expected[k])) << place(op, set, a, k) << " over " << argument;
  }
}

TEST_P(EveryOperation, MayOverwriteAnArgument) {
  for (const InstructionSet set : runnable()) {
    expect_in_place<double>(GetParam(), set);
    expect_in_place<float>(GetParam(), set);
  }
}

template <class T>
void expect_equal_sets(Op op) {
  const Arguments<T> a = mixed_arguments<T>(op, 5000);
  const std::vector<T> avx2 = run(op, InstructionSet::Avx2, a), avx512 = run(op, InstructionSet::Avx512, a);
  for (std::size_t k = 0; k < a.size(); ++k) ASSERT_TRUE(same(avx2[k], avx512[k])) << place(op, InstructionSet::Avx512, a, k);
}

TEST_P(EveryOperation, GivesTheSameBitsOnAvx2AndAvx512) {
  if (!supported(InstructionSet::Avx512)) GTEST_SKIP() << "no AVX-512 here";
  expect_equal_sets<double>(GetParam());
  expect_equal_sets<float>(GetParam());
}

// exp's result leaves the normal numbers below -708 (-87) and is 0 below -745 (-104); an ulp is the smallest denormal there.
TEST(BlockKernels, UnderflowGradually) {
  Arguments<double> a;
  for (int k = 0; k < 4000; ++k) a.add(-707 - 0.01 * k, 0, 0);
  Arguments<float> b;
  for (int k = 0; k < 4000; ++k) b.add(-87 - 0.005f * static_cast<float>(k), 0, 0);
  for (const InstructionSet set : runnable()) {
    const std::vector<double> wide = run(Op::Exp, set, a);
    for (std::size_t k = 0; k < a.size(); ++k)
      ASSERT_LE(ulps(wide[k], std::exp(static_cast<long double>(a.x[k]))), 1) << place(Op::Exp, set, a, k);
    const std::vector<float> narrow = run(Op::Exp, set, b);
    for (std::size_t k = 0; k < b.size(); ++k)
      ASSERT_LE(ulps(narrow[k], std::exp(static_cast<double>(b.x[k]))), 1) << place(Op::Exp, set, b, k);
  }
}

template <class T>
void expect_pairs(InstructionSet set) {
  const Arguments<T> a = mixed_arguments<T>(Op::Select, 203);  // any three numbers
  const std::vector<T>&x = a.x, &y = a.y, &z = a.z;
  const Op paired[] = {Op::Add, Op::Sub, Op::Mul, Op::AbsorbingProduct};
  for (const Op first : paired)
    for (const Op second : paired)
      for (const bool swapped : {false, true})
        for (const unsigned varying : {1u, 2u, 3u, 5u, 6u, 7u}) {
          const BlockKernel<T> pair = pair_kernel<T>(first, second, swapped, varying, set);
          ASSERT_NE(pair, nullptr);
          std::vector<T> inner(x.size()), expected(x.size()), out(x.size());
          block_kernel<T>(first, varying & 3, set)(inner.data(), x.data(), y.data(), nullptr, x.size());
          const bool z_varies = (varying & varying_z) != 0;
          if (swapped)
            block_kernel<T>(second, 2u | (z_varies ? 1u : 0u), set)(expected.data(), z.data(), inner.data(), nullptr, x.size());
          else
            block_kernel<T>(second, 1u | (z_varies ? 2u : 0u), set)(expected.data(), inner.data(), z.data(), nullptr, x.size());
          pair(out.data(), x.data(), y.data(), z.data(), x.size());
          for (std::size_t k = 0; k < x.size(); ++k)
            ASSERT_TRUE(same(out[k], expected[k]))
                << name(first) << ", " << name(second) << " swapped " << swapped << " varying " << varying << " on " << name(set);
        }
}

TEST(PairKernels, GiveTheBitsOfTheTwoKernelsOneAfterTheOther) {
  for (const InstructionSet set : runnable()) {
    expect_pairs<double>(set);
    expect_pairs<float>(set);
  }
}

TEST(PairKernels, LeaveOutWhatHasNoPair) {
  EXPECT_EQ(pair_kernel<double>(Op::Exp, Op::Mul, false, 7), nullptr);
  EXPECT_EQ(pair_kernel<double>(Op::Mul, Op::Div, false, 7), nullptr);
  EXPECT_EQ(pair_kernel<double>(Op::Mul, Op::Add, false, varying_z), nullptr);
}

TEST(BlockKernels, LeaveOutIndependentsAndCustomOperations) {
  EXPECT_EQ(block_kernel<double>(Op::Independent, 0), nullptr);
  EXPECT_EQ(block_kernel<float>(Op::Custom, 1), nullptr);
}

TEST(BlockKernels, ComputeSineAndCosineTogether) {
  for (const InstructionSet set : runnable()) {
    std::vector<double> x = special_values<double>();
    for (int k = 0; k < 1000; ++k) x.push_back(0.01 * k - 3);
    std::vector<double> sine(x.size()), cosine(x.size());
    sincos_kernel<double>(set)(sine.data(), cosine.data(), x.data(), x.size());
    for (std::size_t k = 0; k < x.size(); ++k) {
      EXPECT_LE(ulps(sine[k], std::sin(static_cast<long double>(x[k]))), 1) << x[k];
      EXPECT_LE(ulps(cosine[k], std::cos(static_cast<long double>(x[k]))), 1) << x[k];
    }
  }
}

TEST(BlockKernels, ComputeSineAndCosineOfFloats) {
  for (const InstructionSet set : runnable()) {
    std::vector<float> x = special_values<float>();
    for (int k = 0; k < 1000; ++k) x.push_back(0.01f * static_cast<float>(k) - 3);
    std::vector<float> sine(x.size()), cosine(x.size());
    sincos_kernel<float>(set)(sine.data(), cosine.data(), x.data(), x.size());
    for (std::size_t k = 0; k < x.size(); ++k) {
      EXPECT_LE(ulps(sine[k], std::sin(static_cast<double>(x[k]))), 1) << x[k];
      EXPECT_LE(ulps(cosine[k], std::cos(static_cast<double>(x[k]))), 1) << x[k];
    }
  }
}

/// Of a few numbers as of many, to the bit, and nothing is written behind them.
template <class T>
void expect_sincos_of_any_size(InstructionSet set) {
  std::vector<T> x, sine(40), cosine(40);
  for (int k = 0; k < 40; ++k) x.push_back(static_cast<T>(0.3 * k - 5));
  sincos_kernel<T>(set)(sine.data(), cosine.data(), x.data(), x.size());
  for (std::size_t n = 0; n < x.size(); ++n) {
    std::vector<T> s(n + 1, 7), c(n + 1, 9);
    sincos_kernel<T>(set)(s.data(), c.data(), std::vector<T>(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(n)).data(), n);
    for (std::size_t k = 0; k < n; ++k) {
      EXPECT_EQ(s[k], sine[k]) << k << " of " << n << " on " << name(set);
      EXPECT_EQ(c[k], cosine[k]) << k << " of " << n << " on " << name(set);
    }
    EXPECT_EQ(s[n], 7) << n << " on " << name(set);
    EXPECT_EQ(c[n], 9) << n << " on " << name(set);
  }
}

TEST(BlockKernels, ComputeSineAndCosineOfAnyNumberOfNumbers) {
  for (const InstructionSet set : runnable()) {
    expect_sincos_of_any_size<double>(set);
    expect_sincos_of_any_size<float>(set);
  }
}

template <class T>
void expect_sums() {
  std::mt19937_64 random(3);
  for (const std::size_t n : {0, 1, 5, 15, 16, 17, 64, 1000, 4096}) {
    std::vector<T> x(n);
    for (T& value : x) value = static_cast<T>(static_cast<double>(random() >> 11) * 0x1p-53 + 1);
    const double shift = 1.25;
    long double sum = 0, shifted = 0, squares = 0;
    for (const T value : x) {
      const long double d = static_cast<long double>(value) - shift;
      sum += static_cast<long double>(value), shifted += d, squares += d * d;
    }
    // the bound of the header, in units of 2^-53 of the sum of the sizes: at most 2 and 1 per element here; a square adds two
    const double roundings = (static_cast<double>(n) / 16 + 6) * 0x1p-53 * static_cast<double>(n);
    const BlockReductions<T> reference = block_reductions<T>(InstructionSet::Baseline);
    EXPECT_NEAR(reference.sum(x.data(), n), static_cast<double>(sum), 2 * roundings);
    const BlockSums sums = reference.sums(x.data(), shift, n);
    EXPECT_NEAR(sums.sum, static_cast<double>(shifted), roundings);
    EXPECT_NEAR(sums.squares, static_cast<double>(squares), roundings);
    for (const InstructionSet set : runnable()) {
      const BlockReductions<T> reductions = block_reductions<T>(set);
      EXPECT_EQ(reductions.sum(x.data(), n), reference.sum(x.data(), n)) << name(set);
      const BlockSums other = reductions.sums(x.data(), shift, n);
      EXPECT_EQ(other.sum, sums.sum) << name(set);
      EXPECT_EQ(other.squares, sums.squares) << name(set);
    }
  }
}

TEST(BlockReductions, AddUpInTheSameOrderOnEveryInstructionSet) {
  expect_sums<double>();
  expect_sums<float>();
}

TEST(BlockReductions, CarryNaNAndInfinityIntoTheSum) {
  for (const InstructionSet set : runnable())
    for (std::size_t where = 0; where < 21; ++where) {
      std::vector<double> x(21, 1.0);
      x[where] = inf;
      EXPECT_EQ(block_reductions<double>(set).sum(x.data(), x.size()), inf);
      x[where] = std::numeric_limits<double>::quiet_NaN();
      EXPECT_TRUE(std::isnan(block_reductions<double>(set).sum(x.data(), x.size())));
      EXPECT_TRUE(std::isnan(block_reductions<double>(set).sums(x.data(), 0.5, x.size()).squares));
    }
}

/// Products from rows to rows, some of them never written, with several in turn that add to the same row.
TEST(RowProducts, AddOneByOneOnEveryInstructionSet) {
  constexpr std::size_t rows = 40, n = 400;
  for (const bool finite : {true, false}) {
    std::mt19937_64 random(5);
    const auto number = [&] { return static_cast<double>(random() >> 11) * 0x1p-52 - 1; };
    const auto row = [&] { return static_cast<NodeId>(random() % rows); };
    std::vector<RowProduct> products;
    while (products.size() < n) {
      const NodeId to = row();
      for (std::size_t run = random() % 5; run-- > 0;)
        if (const NodeId from = row(); from != to) products.push_back({to, from, finite || random() % 8 != 0 ? number() : inf});
    }
    std::vector<Row> start(rows);
    for (Row& r : start)
      for (double& x : r.number) x = random() % 4 == 0 ? -0.0 : number();
    std::vector<unsigned char> started(rows);
    for (unsigned char& w : started) w = random() % 3 == 0;

    // what is 0 adds nothing where a factor may be infinite; a row's first product is stored, so that -0 stays
    std::vector<Row> expected = start;
    std::vector<unsigned char> written = started;
    for (const auto& [to, from, factor] : products) {
      const auto target = static_cast<std::size_t>(to), source = static_cast<std::size_t>(from);
      if (!written[source]) continue;
      for (std::size_t j = 0; j < Row::size; ++j) {
        const double x = expected[source].number[j], product = x == 0 && !finite ? 0.0 : x * factor;
        double& sum = expected[target].number[j];
        sum = written[target] ? sum + product : product;
      }
      written[target] = 1;
    }
    for (const InstructionSet set : runnable()) {
      std::vector<Row> out = start;
      std::vector<unsigned char> marks = started;
      const Rows both{out.data(), marks.data()};
      row_kernel(finite, set)(both, both, products.data(), products.size());
      EXPECT_EQ(marks, written) << name(set);
      for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t j = 0; marks[i] && j < Row::size; ++j)
          EXPECT_EQ(std::bit_cast<std::uint64_t>(out[i].number[j]), std::bit_cast<std::uint64_t>(expected[i].number[j]))
              << name(set) << ", row " << i << ", " << j;
    }
  }
}

}  // namespace
