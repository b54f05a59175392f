// Compiled with -ffast-math: refused; and with WENGERT_ALLOW_FAST_MATH, where what is asked by bits still holds.
#include <array>
#include <vector>

#include "wengert/fused_batch.hpp"
#include "wengert/wengert.hpp"

namespace {

bool recording_stops_at_an_infinity() {
  wengert::Tape tape;
  tape.check_finite(true);
  const wengert::Var x = tape.variable(0);
  try {
    log(x);
  } catch (const wengert::NonFinite&) {
    return true;
  }
  return false;
}

constexpr auto quotient = [](auto s, auto x) { return select(s > 0.0, x / s, x * x); };

/// 1.5^2, and not 1.5 times the reciprocal of 0.
bool a_batch_knows_a_shared_zero() {
  return wengert::sum_gradient(wengert::fuse(quotient), std::array{0.0}, std::vector{1.5}).value == 2.25;
}

}  // namespace

int main() { return recording_stops_at_an_infinity() && a_batch_knows_a_shared_zero() ? 0 : 1; }
