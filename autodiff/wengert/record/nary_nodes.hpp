// What a tape keeps of nodes with more than two arguments: the arguments, the operations of custom nodes, and the partials that
// recording a fused one leaves.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include "wengert/record/node.hpp"

namespace wengert {

class NaryOperation;

namespace detail {

class NaryIndex;
[[noreturn]] void throw_full(const char* what);

/// Arguments side by side in one list, operations by number. Custom nodes' arguments have their number before them.
class NaryNodes {
 public:
  constexpr const Index* extra_arguments(Index from) const { return extra_.data() + from; }
  const NaryOperation& nary(Index which) const { return *nary_[static_cast<std::size_t>(which)]; }
  /// The partials of a custom node at the values as recorded, where recording left them; else nullptr.
  const double* kept_partials(const Node& custom) const {
    const auto from = static_cast<std::size_t>(custom.x);
    return from < partials_.size() && partials_[from] == 1 ? &partials_[from + 1] : nullptr;
  }
  constexpr Index push_extra(std::span<const Index> arguments) {
    const Index from = grow_extra(arguments.size());
    for (std::size_t k = 0; k < arguments.size(); ++k) extra_argument(from)[k] = arguments[k];
    return from;
  }
  /// Room for `count` extra arguments, for the caller to fill: from extra_argument(returned) on.
  constexpr Index grow_extra(std::size_t count) {
    if (extra_.size() + count > std::numeric_limits<Index>::max()) throw_full("extra arguments");
    const std::size_t from = extra_.size();
    if (std::is_constant_evaluated())  // where clang does not take libstdc++'s resize
      for (std::size_t k = 0; k < count; ++k) extra_.push_back(0);
    else
      extra_.resize(from + count);
    if (from < partials_.size()) partials_[from] = 0;  // of an earlier recording
    return static_cast<Index>(from);
  }
  constexpr Index* extra_argument(Index from) { return extra_.data() + from; }
  /// Keeps the partials of a custom node whose arguments were the last to be pushed: `known[k]` is that in argument k, at the
  /// values as recorded.
  void keep_partials(std::span<const double> known) {
    if (partials_.size() < extra_.size()) [[unlikely]]
      partials_.resize(2 * extra_.size());
    double* const kept = partials_.data() + (extra_.size() - known.size());
    kept[-1] = 1;  // beside the number of arguments: yes, they are kept
    for (std::size_t k = 0; k < known.size(); ++k) kept[k] = known[k];
  }
  /// Keeps a copy of the operation, unless it has one that computes the same.
  Index adopt(const NaryOperation& operation);
  /// The same for an operation that lives as long as the program, found again by its address.
  Index adopt_static(const NaryOperation& operation) {
    for (std::size_t k = originals_.size(); k-- > 0;)
      if (originals_[k] == &operation) return static_cast<Index>(k);
    return adopt_new_static(operation);
  }

 protected:
  constexpr NaryNodes() = default;
  constexpr ~NaryNodes() {
    if (nary_index_ != nullptr) release_nary_operations();
  }
  constexpr void clear_nary() {
    extra_.clear();
    if (nary_index_ != nullptr) forget_nary_operations();
  }

  std::vector<Index> extra_;
  std::vector<double> partials_;  // beside extra_, as far as some are kept; 1 or 0 beside a node's number of arguments

 private:
  Index adopt_new_static(const NaryOperation& operation);
  void forget_nary_operations();
  void release_nary_operations();

  std::vector<const NaryOperation*> nary_;
  std::vector<const NaryOperation*> originals_;  // of nary_, where they live as long as the program
  NaryIndex* nary_index_ = nullptr;
};

}  // namespace detail
}  // namespace wengert
