// Each file's tapes keep source lines as that file asks, and all compute the same.
#include <cmath>
#include <cstdio>

#include "unit.hpp"

int main() {
  const Unit debug = debug_unit(), release = release_unit(), small = small_unit();
  const bool keeps = debug.tape_keeps && debug.tape_knows_lines && debug.function_keeps;
  const bool does_not = !release.tape_keeps && !release.tape_knows_lines && !release.function_keeps;
  const bool same = debug.numbers == release.numbers && release.numbers == small.numbers &&
                    std::abs(debug.fused_batch - release.fused_batch) < 1e-10 && small.fused_batch - release.fused_batch == 0;
  std::printf("debug keeps lines: %d, release does not: %d, the same numbers: %d\n", keeps, does_not, same);
  for (std::size_t k = 0; k < debug.numbers.size(); ++k)
    std::printf("%a %a %a\n", debug.numbers[k], release.numbers[k], small.numbers[k]);
  return keeps && does_not && same ? 0 : 1;
}
