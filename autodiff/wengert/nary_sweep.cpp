#include "wengert/nary_sweep.hpp"

namespace wengert {

Var record(const NaryOperation& operation, std::span<const Var> x, Location at) {
  const auto count = static_cast<Index>(x.size());
  Scratch<double> values(count);
  Tape* tape = nullptr;
  for (std::size_t k = 0; k < x.size(); ++k) {
    values.span()[k] = x[k].value();
    if (tape == nullptr && !x[k].is_constant()) tape = x[k].tape();
  }
  const double value = operation.value(values.span());
  if (tape == nullptr) return value;
  Scratch<Index> entries(count + 1);
  entries.span()[0] = count;
  for (std::size_t k = 0; k < x.size(); ++k) entries.span()[k + 1] = index_on(*tape, x[k], operation.name(), at);
  const Index which = tape->adopt(operation);
  return Var(*tape, tape->push(Op::Custom, tape->push_extra(entries.span()), which, value, at), value);
}

}  // namespace wengert
