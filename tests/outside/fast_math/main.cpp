// Compiled with -ffast-math: refused; and with WENGERT_ALLOW_FAST_MATH, where what is asked by bits still holds.
#include "wengert/wengert.hpp"

int main() {
  wengert::Tape tape;
  tape.check_finite(true);
  const wengert::Var x = tape.variable(0);
  try {
    log(x);
  } catch (const wengert::NonFinite&) {
    return 0;
  }
  return 1;
}
