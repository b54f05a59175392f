#include "wengert/gradient.hpp"

namespace wengert {

void gradient(const Var& t, Gradient& result, Location at) {
  if (t.is_constant()) {
    result = Gradient();
    return;
  }
  const Seed<double> seed{Var(t.tape(), t.value(), t.index(), t.generation()), 1.0};  // copied whole, t would stall the load
  reverse_sweep(*t.tape(), t.tape()->values(), std::span(&seed, 1), result, at);
}

Gradient gradient(const Var& t, Location at) {
  Gradient result;
  gradient(t, result, at);
  return result;
}

Gradient gradient(std::span<const Seed<double>> seeds, Location at) {
  Gradient result;
  for (const auto& seed : seeds) {
    if (seed.variable.is_constant()) continue;
    reverse_sweep(*seed.variable.tape(), seed.variable.tape()->values(), seeds, result, at);
    break;
  }
  return result;
}

}  // namespace wengert
