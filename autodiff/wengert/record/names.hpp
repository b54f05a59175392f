// Names of nodes, for readers: tables, errors, pictures.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "wengert/record/config.hpp"
#include "wengert/values.hpp"

namespace wengert::detail {

/// Names in one buffer, found by node in logarithmic time.
class Names {
 public:
  /// Empty for a node without a name.
  WENGERT_CONSTEXPR std::string_view name(NodeId i) const {
    if (names_.empty()) return {};  // most programs that a compiler steps through have none
    const std::size_t k = position(i);
    if (k == names_.size() || names_[k].node != i) return {};
    return {name_text_.data() + names_[k].begin, static_cast<std::size_t>(names_[k].length)};
  }
  /// The last node of that name, or -1.
  WENGERT_CONSTEXPR NodeId find(std::string_view wanted) const {
    for (std::size_t k = names_.size(); k-- > 0;)
      if (name(names_[k].node) == wanted) return names_[k].node;
    return -1;
  }
  WENGERT_CONSTEXPR void set_name(NodeId i, std::string_view name) {
    const auto begin = static_cast<NodeId>(name_text_.size());
    for (const char c : name) name_text_.push_back(c);
    const std::size_t k = position(i);
    const Name entry{i, begin, static_cast<NodeId>(name.size())};
    if (k == names_.size() || names_[k].node != i) {
      names_.push_back(entry);  // and then to its place: insert() takes the compiler long, in every program
      for (std::size_t m = names_.size() - 1; m > k; --m) names_[m] = names_[m - 1];
    }
    names_[k] = entry;
  }

 protected:
  WENGERT_CONSTEXPR void clear_names() {
    names_.clear();
    name_text_.clear();
  }
  struct Name {
    NodeId node, begin, length;
  };
  std::vector<Name> names_;  // by node
  std::vector<char> name_text_;

 private:
  /// Position of the first name at or after node i.
  WENGERT_CONSTEXPR std::size_t position(NodeId i) const {
    std::size_t low = 0, high = names_.size();
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      names_[middle].node < i ? low = middle + 1 : high = middle;
    }
    return low;
  }
};

}  // namespace wengert::detail
