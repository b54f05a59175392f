// The same text for all files, and a function of each one's own.
#include "unit.hpp"

static Unit unit() {
  wengert::Tape tape;
  const wengert::Var x = tape.variable(0.7, "x"), y = kl(x, x * x, 0.3);
  const wengert::Function f = wengert::record(kl, 0.5, 0.8, 0.3);
  const auto fused = wengert::fuse(kl)(x, x * x, 0.3);
  std::vector<double> eps;
  for (int k = 0; k < 100; ++k) eps.push_back(0.04 * k - 2);
  const double shared[] = {0.5, 0.8};
  const auto batch = wengert::sum_gradient(f, shared, eps);
  // replayed where nobody optimises, which rounds otherwise
  const auto fused_batch = wengert::sum_gradient(wengert::fuse(kl), std::to_array(shared), eps);

  Unit result{tape.keeps_locations(), tape.location(y.index()).known(), f.tape().keeps_locations(), fused_batch.value, {}};
  result.numbers = {y.value(), gradient(y).wrt(x), gradient(fused).wrt(x), by_operations(0.7), by_operations(1.7), batch.value};
  for (const double number : f.gradient(0.6, 0.9, -1.1)) result.numbers.push_back(number);
  for (const double number : batch.gradient) result.numbers.push_back(number);
  return result;
}
