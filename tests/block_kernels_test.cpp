#include "wengert/block_kernels.hpp"

#include <gmock/gmock.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "wengert/carry.hpp"

namespace {

using namespace wengert;

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

/// The scalar sweep's value.
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

/// Operations whose every step is exactly rounded, so that lanes must give the scalar sweep's bits.
bool exactly_rounded(Op op) {
  switch (op) {
    case Op::Add:
    case Op::Sub:
    case Op::Mul:
    case Op::Div:
    case Op::Neg:
    case Op::Fma:
    case Op::Sqrt:
    case Op::Abs:
    case Op::Min:
    case Op::Max:
    case Op::Floor:
    case Op::Ceil:
    case Op::Round:
    case Op::Trunc:
    case Op::Less:
    case Op::LessEqual:
    case Op::Equal:
    case Op::Select:
    case Op::AbsorbingProduct:
    case Op::Detach:
      return true;
    default:
      return false;
  }
}

template <class T>
using Bits = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;

/// Equal, NaN for NaN; the sign of a zero counts, the payload of a NaN does not.
template <class T>
bool same(T x, T y) {
  return (std::isnan(x) && std::isnan(y)) || std::bit_cast<Bits<T>>(x) == std::bit_cast<Bits<T>>(y);
}

/// |x - y| in units of the last place of y.
template <class T>
double ulps(T x, T y) {
  if (same(x, y)) return 0;
  if (!std::isfinite(x) || !std::isfinite(y)) return inf;
  const T size = std::abs(y);
  const T unit = std::max(std::nextafter(size, std::numeric_limits<T>::infinity()) - size, std::numeric_limits<T>::denorm_min());
  return std::abs(static_cast<double>(x) - static_cast<double>(y)) / static_cast<double>(unit);
}

template <class T>
std::vector<T> special_values() {
  using limits = std::numeric_limits<T>;
  std::vector<T> values = {0,
                           limits::denorm_min(),
                           limits::min() / 2,
                           limits::min(),
                           limits::epsilon() / 4,
                           limits::epsilon(),
                           T(0.1),
                           T(0.25),
                           T(0.5),
                           T(0.5) - limits::epsilon() / 4,
                           T(0.75),
                           T(1) - limits::epsilon() / 2,
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
                           10,
                           15,
                           16,
                           26,
                           27,
                           T(88.5),
                           100,
                           T(128),
                           T(150),
                           T(700),
                           T(709.5),
                           T(710.2),
                           T(745),
                           T(1000),
                           T(1024),
                           T(1075),
                           T(8388607.5),
                           T(8388608),
                           T(16777216),
                           T(4503599627370495.5),
                           T(4503599627370496),
                           T(1e14),
                           T(1e16),
                           T(1e18),
                           T(1e19),
                           std::sqrt(limits::max()),
                           limits::max() / 2,
                           limits::max(),
                           limits::infinity()};
  const std::size_t positive = values.size();
  for (std::size_t k = 0; k < positive; ++k) values.push_back(-values[k]);
  values.push_back(limits::quiet_NaN());
  return values;
}

template <class T>
void report_special(Op op) {
  const std::vector<T> v = special_values<T>();
  std::vector<T> x, y, z;
  for (T a : v) {
    if (arity(op) == 1) {
      x.push_back(a), y.push_back(0), z.push_back(0);
      continue;
    }
    for (T b : v) x.push_back(a), y.push_back(b), z.push_back(v[(x.size() * 7) % v.size()]);
  }
  for (const InstructionSet set : runnable()) {
    std::vector<T> out(x.size());
    block_kernel<T>(op, 7, set)(out.data(), x.data(), y.data(), z.data(), x.size());
    int shown = 0;
    for (std::size_t k = 0; k < x.size(); ++k) {
      const T expected = scalar(op, x[k], y[k], z[k]);
      const double allowed = exactly_rounded(op) ? 0 : 3;
      if (!(ulps(out[k], expected) <= allowed) && shown++ < 8)
        ADD_FAILURE() << name(op) << "(" << x[k] << ", " << y[k] << ", " << z[k] << ") " << name(set) << " " << sizeof(T) << ": "
                      << out[k] << " not " << expected << " ulps " << ulps(out[k], expected);
    }
  }
}

TEST(BlockKernels, AgreeWithTheScalarSweepOnSpecialValues) {
  for (const Op op : all_operations) {
    report_special<double>(op);
    report_special<float>(op);
  }
}

}  // namespace
