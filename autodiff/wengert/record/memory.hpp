// Arrays that may become large: they grow where they lie, if the system can, and ask it for large pages.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>
#include <type_traits>
#include <vector>  // std::allocator: <memory> has it too, and much besides

namespace wengert::detail {

/// malloc, or realloc of what was taken so. What is large is aligned and advised for large pages (Linux). Throws std::bad_alloc.
void* take_memory(void* old, std::size_t bytes);
/// std::bad_array_new_length, where headers may be compiled without exceptions.
[[noreturn]] void throw_too_long();

/// An array of `count` from one of which the first `used` count, and which is gone then. The rest holds anything.
// Constant evaluation knows no malloc, and may not read or assign what was never initialised; at run time untouched pages cost
// nothing.
template <class T>
constexpr T* resized(T* old, std::size_t used, std::size_t count) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (!std::is_constant_evaluated()) return static_cast<T*>(take_memory(old, count * sizeof(T)));
  T* const larger = new T[count]();
  for (std::size_t k = 0; k < used; ++k) larger[k] = old[k];
  delete[] old;
  return larger;
}
template <class T>
constexpr void give_back(T* array) {
  if (std::is_constant_evaluated())
    delete[] array;
  else
    std::free(array);
}

/// The same for containers.
template <class T>
struct LargeAllocator {
  using value_type = T;

  constexpr LargeAllocator() = default;
  template <class Other>
  constexpr LargeAllocator(const LargeAllocator<Other>&) {}

  constexpr T* allocate(std::size_t count) {
    if (std::is_constant_evaluated() || alignof(T) > alignof(std::max_align_t)) return std::allocator<T>().allocate(count);
    if (count > static_cast<std::size_t>(-1) / sizeof(T)) throw_too_long();
    return static_cast<T*>(take_memory(nullptr, count * sizeof(T)));
  }
  constexpr void deallocate(T* array, std::size_t count) {
    if (std::is_constant_evaluated() || alignof(T) > alignof(std::max_align_t))
      std::allocator<T>().deallocate(array, count);
    else
      std::free(array);
  }
  constexpr bool operator==(const LargeAllocator&) const { return true; }
};

}  // namespace wengert::detail
