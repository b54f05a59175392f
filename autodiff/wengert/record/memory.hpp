// Arrays that may become large: they grow where they lie, if the system can, and ask it for large pages.
#pragma once

#include <cstddef>
#include <new>
#include <type_traits>
#include <vector>  // std::allocator: <memory> has it too, and much besides

namespace wengert::detail {

/// An array that grows has a mapping of its own from here on (Linux), which moves with its large pages. One that is taken anew
/// each time has it later: so far malloc uses memory again that the system has given.
inline constexpr std::size_t grown_mapped_from = std::size_t{1} << 21, taken_mapped_from = std::size_t{1} << 25;
/// Memory for an array of so many bytes, with what is in the array of `old_bytes` that it grew from, which is gone then. Arrays
/// only grow. Throws std::bad_alloc, and leaves the old array.
void* take_memory(void* old, std::size_t old_bytes, std::size_t bytes, std::size_t mapped_from);
/// Gives back what take_memory returned for these two.
void give_memory_back(void* memory, std::size_t bytes, std::size_t mapped_from);
/// std::bad_array_new_length, where headers may be compiled without exceptions.
[[noreturn]] void throw_too_long();

/// An array of `count` with the entries of one of `old_count`, which is gone then. The rest holds anything.
// Constant evaluation knows no malloc, and may not read or assign what was never initialised; at run time untouched pages cost
// nothing.
template <class T>
constexpr T* resized(T* old, std::size_t old_count, std::size_t count) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (count == old_count) return old;
  if (!std::is_constant_evaluated())
    return static_cast<T*>(take_memory(old, old_count * sizeof(T), count * sizeof(T), grown_mapped_from));
  T* const larger = new T[count]();
  for (std::size_t k = 0; k < old_count; ++k) larger[k] = old[k];
  delete[] old;
  return larger;
}
template <class T>
constexpr void give_back(T* array, std::size_t count) {
  if (std::is_constant_evaluated())
    delete[] array;
  else
    give_memory_back(array, count * sizeof(T), grown_mapped_from);
}

/// The same for containers.
template <class T>
struct LargeAllocator {
  using value_type = T;

  constexpr LargeAllocator() = default;
  template <class Other>
  constexpr LargeAllocator(const LargeAllocator<Other>&) {}

  constexpr T* allocate(std::size_t count) {
    if (std::is_constant_evaluated() || !ours) return std::allocator<T>().allocate(count);
    if (count > static_cast<std::size_t>(-1) / sizeof(T)) throw_too_long();
    return static_cast<T*>(take_memory(nullptr, 0, count * sizeof(T), taken_mapped_from));
  }
  constexpr void deallocate(T* array, std::size_t count) {
    if (std::is_constant_evaluated() || !ours)
      std::allocator<T>().deallocate(array, count);
    else
      give_memory_back(array, count * sizeof(T), taken_mapped_from);
  }
  constexpr bool operator==(const LargeAllocator&) const { return true; }

 private:
  // leak checkers do not look into mappings, where a number type of the user's may keep pointers
  static constexpr bool ours = std::is_trivially_copyable_v<T> && alignof(T) <= alignof(std::max_align_t);
};

}  // namespace wengert::detail
