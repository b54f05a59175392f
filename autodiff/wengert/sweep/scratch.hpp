// What a sweep over custom nodes needs beside the rules: room for their arguments, and a watch on the tape.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <type_traits>
#include <vector>

#include "wengert/tape.hpp"

namespace wengert::detail {

/// A few numbers on the stack, many on the heap.
template <class T>
class Scratch {
 public:
  explicit Scratch(NodeId size) : size_(static_cast<std::size_t>(size)) {
    if (size_ > near_.size()) far_.resize(size_);
  }
  std::span<T> span() { return {size_ > near_.size() ? far_.data() : near_.data(), size_}; }

 private:
  std::size_t size_;
  // Plain numbers are not set to anything, so room for many costs nothing.
  std::array<T, std::is_trivially_default_constructible_v<T> ? 80 : 16> near_;
  std::vector<T> far_;
};

/// Whether a tape is still as it was: rules of the user's own run in the middle of a sweep, and must not record on what is swept.
class Unchanged {
 public:
  explicit Unchanged(const Tape& tape) : tape_(tape), size_(tape.size()), generation_(tape.generation()) {}
  explicit operator bool() const { return tape_.size() == size_ && tape_.generation() == generation_; }

 private:
  const Tape& tape_;
  NodeId size_;
  std::uint32_t generation_;
};

}  // namespace wengert::detail
