// Boost.Math: arguments at which an algorithm goes a shorter way that has no derivative, or another one: docs/algorithms.md. A
// tape that checks for kinks stops there, and an argument that is nudged off the point has its derivative.
#include <wengert/boost.hpp>
// before Boost's
#include <gmock/gmock.h>

#include <algorithm>
#include <boost/math/special_functions.hpp>
#include <cmath>
#include <utility>
#include <wengert/wengert.hpp>

#include "like_numbers.hpp"

namespace {

using namespace wengert;
namespace bm = boost::math;

/// f with a shortcut at `at`, whose derivative in argument `lost` it loses, in this version of Boost or another.
template <std::size_t N, class F>
void shortcut(const char* name, F f, const std::array<double, N>& at, std::size_t lost, double nudge = 0x1p-50) {
  SCOPED_TRACE(name);
  const auto record = [&](Tape& tape, double by) {
    std::array<Var, N> x;
    for (std::size_t i = 0; i < N; ++i) x[i] = tape.variable(at[i]);
    std::array<Var, N> moved = x;
    moved[lost] = x[lost] * (1 + by) + (at[lost] == 0 ? by : 0);
    return std::pair(std::apply(f, moved), x[lost]);
  };
  const consumers::Difference slope = consumers::differences(f, at, lost, 1.0 / 256);
  Tape tape;
  const auto [y, x] = record(tape, 0);
  // the value is right in any case; as below
  EXPECT_NEAR(y.value(), static_cast<double>(std::apply(f, at)), 1e-13);
  const bool is_lost = std::abs(gradient(y).wrt(x) - slope.value) > 1e-3 * std::abs(slope.value);
  Tape careful;
  careful.check_kinks(true);
  if (is_lost) {
    EXPECT_THROW(record(careful, 0), AtKink);
  }
  // The nudge moves the derivative by as much; of terms that cancel, four digits less are left.
  Tape nudged;
  const auto [z, w] = record(nudged, nudge);
  EXPECT_NEAR(gradient(z).wrt(w), slope.value, std::max(1e-8, 4 * nudge) * std::abs(slope.value));
}

// Finite sums where a parameter is whole, or half of a whole number.
TEST(BoostShortcuts, SumsOfIncompleteGammaAndBeta) {
  const auto gamma_p = [](auto a, auto x) { return bm::gamma_p(a, x); };
  shortcut<2>("gamma_p of a half", gamma_p, {2.5, 3.2}, 0);
  shortcut<2>("gamma_p of a whole number", gamma_p, {3, 2}, 0);
  const auto gamma_q = [](auto a, auto x) { return bm::gamma_q(a, x); };
  shortcut<2>("gamma_q of a half", gamma_q, {2.5, 3.2}, 0);
  shortcut<2>("gamma_q of 1", gamma_q, {1, 1}, 0);
  shortcut<2>("tgamma(a, x)", [](auto a, auto x) { return bm::tgamma(a, x); }, {3, 2}, 0);
  shortcut<3>("ibeta", [](auto a, auto b, auto x) { return bm::ibeta(a, b, x); }, {2, 3, 0.3}, 0);
}

// A table instead of the function, or a recurrence of whole order.
TEST(BoostShortcuts, TablesAtWholeNumbers) {
  shortcut<1>("zeta", [](auto s) { return bm::zeta(s); }, {5}, 0);
  shortcut<1>("rising_factorial", [](auto x) { return bm::rising_factorial(x, 3); }, {5}, 0);
  shortcut<1>("falling_factorial", [](auto x) { return bm::falling_factorial(x, 3); }, {5}, 0);
  shortcut<2>("cyl_bessel_j", [](auto v, auto x) { return bm::cyl_bessel_j(v, x); }, {2, 3}, 0);
}

// A formula of fewer arguments where two are equal, or one is 0 or 1.
TEST(BoostShortcuts, FormulasOfFewerArguments) {
  shortcut<3>("ellint_rf", [](auto x, auto y, auto z) { return bm::ellint_rf(x, y, z); }, {1, 1, 2}, 1);
  shortcut<2>(
      "ellint_rc", [](auto x, auto y) { return bm::ellint_rc(x, y); }, {1, 1}, 1, 0x1p-27);  // of a quotient of differences
  shortcut<2>("owens_t", [](auto h, auto a) { return bm::owens_t(h, a); }, {1.2, 1}, 1);
  shortcut<2>("owens_t at 0", [](auto h, auto a) { return bm::owens_t(h, a); }, {2, 0}, 1);
}

// No nudge helps where the value leaves the tape for a table of doubles, static_cast<double>(z). A step of Newton's does: w e^w =
// z.
TEST(BoostShortcuts, TheLowerBranchOfLambertsWNeedsAStepOfNewtons) {
  Tape tape;
  const Var z = tape.variable(-0.3);
  EXPECT_EQ(gradient(bm::lambert_wm1(z)).wrt(z), 0);
  const auto with_step = [](auto z) {
    const auto w = bm::lambert_wm1(z);
    return w - (w - z * exp(-w)) / (1 + w);
  };
  consumers::like_numbers<1>("lambert_wm1", with_step, {{-0.3}, {-0.02}});
}

// Nor where a fraction ends as soon as the value is right: at v = 3/2 it has one term, which the terms left out are not for v's
// derivative. It is off by hundredths, and so it is close by.
TEST(BoostShortcuts, BesselFunctionsOfHalfOrderAreOffInTheOrder) {
  const auto bessel_k = [](auto v, auto x) { return bm::cyl_bessel_k(v, x); };
  const consumers::Difference slope = consumers::differences<2>(bessel_k, {1.5, 3}, 0, 1.0 / 256);
  for (const auto& [v, limit] : {std::pair(1.5, 0.02), std::pair(1.5 + 1e-6, 1e-5), std::pair(1.51, 1.0)}) {
    Tape tape;
    const Var order = tape.variable(v);
    EXPECT_NEAR(gradient(bessel_k(order, Var(3))).wrt(order), slope.value, limit * std::abs(slope.value)) << v;
  }
}

}  // namespace
