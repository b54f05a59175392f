#include "wengert/tape.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <unordered_map>

#include "wengert/nary.hpp"

namespace wengert {

std::uint32_t Tape::first_generation() {
  // No two tapes have the same, so that a variable of another tape, or of one that is gone, is refused by its generation alone.
  // Blocks of 16 let clear() count on without asking here. Never 0, which is a constant's; after 2^32 it begins again.
  static std::atomic<std::uint32_t> blocks{0};
  return blocks.fetch_add(1, std::memory_order_relaxed) * generations_at_a_time + 1;
}

namespace detail {

/// Where each operation stands in the tape's list.
class NaryIndex {
 public:
  struct Hash {
    std::size_t operator()(const NaryOperation::Identity& id) const {
      return std::hash<const void*>()(id.of) ^ static_cast<std::size_t>(id.part * 0x9E3779B97F4A7C15u);
    }
  };
  std::unordered_map<NaryOperation::Identity, NodeId, Hash> place;
  std::vector<unsigned char> used;  // since the last clear(), or kept for good
};

}  // namespace detail

void detail::NaryNodes::release_nary_operations() {
  for (const NaryOperation* operation : nary_) delete operation;
  delete nary_index_;
}

void detail::NaryNodes::forget_nary_operations() {
  NaryIndex& index = *nary_index_;
  const auto stays = [&](std::size_t k) { return index.used[k] || (k < originals_.size() && originals_[k] != nullptr); };
  std::size_t kept = 0;
  while (kept < nary_.size() && stays(kept)) ++kept;
  if (kept == nary_.size()) {  // as it is mostly
    std::fill(index.used.begin(), index.used.end(), 0);
    return;
  }
  index.place.clear();
  kept = 0;
  for (std::size_t k = 0; k < nary_.size(); ++k) {
    if (!stays(k)) {
      delete nary_[k];
      continue;
    }
    nary_[kept] = nary_[k];
    if (k < originals_.size()) originals_[kept] = originals_[k];
    index.place[nary_[kept]->identity()] = static_cast<NodeId>(kept);
    ++kept;
  }
  nary_.resize(kept);
  originals_.resize(std::min(originals_.size(), kept));
  index.used.assign(kept, 0);
}

NodeId detail::NaryNodes::adopt(const NaryOperation& operation) {
  if (nary_index_ == nullptr) nary_index_ = new detail::NaryIndex;
  const auto [place, is_new] = nary_index_->place.try_emplace(operation.identity(), static_cast<NodeId>(nary_.size()));
  if (is_new) {
    nary_.push_back(operation.clone());
    nary_index_->used.push_back(0);
  }
  nary_index_->used[static_cast<std::size_t>(place->second)] = 1;
  return place->second;
}

NodeId detail::NaryNodes::adopt_new_static(const NaryOperation& operation) {
  const NodeId which = adopt(operation);
  originals_.resize(nary_.size());
  originals_[static_cast<std::size_t>(which)] = &operation;
  return which;
}

Tape::Memory Tape::memory() const {
  const auto bytes = []<class T>(const std::vector<T>& list) {
    return Memory{list.size() * sizeof(T), list.capacity() * sizeof(T)};
  };
  const auto of = [](NodeId count) { return static_cast<std::size_t>(count); };
  Memory sum{of(size_) * sizeof(Node) + of(size_ + constants_) * sizeof(double),
             of(capacity_) * (sizeof(Node) + sizeof(double)) + of(constant_capacity_) * sizeof(double)};
  sum.used += of(extra_size_) * sizeof(NodeId);
  sum.reserved += of(extra_capacity_) * sizeof(NodeId);
  for (const Memory& part : {bytes(independents_), bytes(guards_), bytes(names_), bytes(name_text_), bytes(locations_)}) {
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
WENGERT_USED const Operation operations[] = {
#define WENGERT_X(Rule, function) {ops::Rule::name, ops::Rule::formula, ops::Rule::arity, ops::Rule::switching},
    WENGERT_OPERATIONS(WENGERT_X)
#undef WENGERT_X
        {"independent", {"", ""}, 0, 0},
    {"custom", {"", ""}, 0, 0}};

}  // namespace debugger

}  // namespace wengert
