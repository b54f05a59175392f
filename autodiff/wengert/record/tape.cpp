#include "wengert/tape.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "wengert/nary.hpp"
#include "wengert/var.hpp"

namespace wengert {

std::uint32_t Tape::first_generation() {
  // Far apart for two tapes at one address, so that a variable of a tape that is gone is refused by its successor.
  static std::atomic<std::uint32_t> tapes{0};
  return (tapes.fetch_add(1, std::memory_order_relaxed) + 1) * 0x9E3779B9u;
}

void Tape::release_nary_operations() {
  for (const NaryOperation* operation : nary_) delete operation;
}

Index Tape::adopt(const NaryOperation& operation) {
  for (std::size_t k = nary_.size(); k-- > 0;)
    if (nary_[k]->same_as(operation)) return static_cast<Index>(k);
  nary_.push_back(operation.clone());
  return static_cast<Index>(nary_.size() - 1);
}

Index Tape::adopt_new_static(const NaryOperation& operation) {
  const Index which = adopt(operation);
  originals_.resize(nary_.size());
  originals_[static_cast<std::size_t>(which)] = &operation;
  return which;
}

Tape::Memory Tape::memory() const {
  const auto bytes = []<class T>(const std::vector<T>& list) {
    return Memory{list.size() * sizeof(T), list.capacity() * sizeof(T)};
  };
  const auto of = [](Index count) { return static_cast<std::size_t>(count); };
  Memory sum{of(size_) * sizeof(Node) + of(size_ + constants_) * sizeof(double),
             of(capacity_) * (sizeof(Node) + sizeof(double)) + of(constant_capacity_) * sizeof(double)};
  sum.used += std::min(partials_.size(), extra_.size()) * sizeof(double);
  sum.reserved += partials_.capacity() * sizeof(double);
  for (const Memory& part :
       {bytes(independents_), bytes(extra_), bytes(guards_), bytes(names_), bytes(name_text_), bytes(locations_)}) {
    sum.used += part.used;
    sum.reserved += part.reserved;
  }
  return sum;
}

// What a debugger asks for (autodiff/debugger). It stands here so that it is linked wherever there
// is a tape, whatever the optimiser makes of the sweeps.
namespace debugger {

/// The table of operations by Op, as plain data: a debugger reads it without running anything.
struct Operation {
  const char* name;
  Formula formula;
  std::int64_t arity, switching;
};
extern const Operation operations[];
[[gnu::used]] const Operation operations[] = {
#define WENGERT_X(Rule, function) {ops::Rule::name, ops::Rule::formula, ops::Rule::arity, ops::Rule::switching},
    WENGERT_OPERATIONS(WENGERT_X)
#undef WENGERT_X
        {"independent", {"", ""}, 0, 0},
    {"custom", {"", ""}, 0, 0}};

}  // namespace debugger

}  // namespace wengert
