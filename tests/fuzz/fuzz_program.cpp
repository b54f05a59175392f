// libFuzzer target: bytes become a program, inputs and other inputs, and every way of running the program must agree with forward
// mode by hand and with wide arithmetic.
//
//   byte 0                 number of inputs, 1 to 4
//   2 bytes an input       little-endian, / 8192
//   1 byte                 how far the other inputs are from these
//   4 bytes a step         see program::Raw
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "support/program_checks.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 1024) return 0;  // 250 steps: longer ones only repeat themselves, slowly
  const std::size_t inputs = 1 + data[0] % program::most_inputs;
  std::size_t at = 1;
  std::vector<std::int16_t> x;
  for (std::size_t k = 0; k < inputs && at + 1 < size; ++k, at += 2)
    x.push_back(static_cast<std::int16_t>(data[at] | data[at + 1] << 8));
  const double shift = at < size ? (data[at++] - 128) * 1e-3 : 0;
  std::vector<program::Raw> steps;
  for (; at + 4 <= size; at += 4) steps.push_back({data[at], data[at + 1], data[at + 2], data[at + 3]});

  const program::Program p = program::decode(x, steps);
  std::vector<double> other = p.inputs;
  for (std::size_t k = 0; k < other.size(); ++k) other[k] += k % 2 == 0 ? shift : -shift / 3;
  const program::Findings found = program::check_everywhere(p, other);
  if (found.text.empty()) return 0;
  std::fprintf(stderr, "%s%s", program::text(p).c_str(), found.text.c_str());
  std::abort();
}
