#include "wengert/record/memory.hpp"

#include <cstdint>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace wengert::detail {

void* take_memory(void* old, std::size_t bytes) {
  void* const memory = std::realloc(old, bytes == 0 ? 1 : bytes);
  if (memory == nullptr) throw std::bad_alloc();
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  // A page fault costs a microsecond or more, whatever the size of the page. What is this large lies in a mapping of its own, as
  // a rule, which realloc moves by its pages, without copying: if it is one mapping, so all of it is advised, from its first page
  // to its last.
  constexpr std::size_t page = 4096, large = std::size_t{1} << 20;
  if (bytes >= large) {
    char* const first = static_cast<char*>(memory) - reinterpret_cast<std::uintptr_t>(memory) % page;
    const auto size = static_cast<std::size_t>(static_cast<char*>(memory) + bytes - first);
    madvise(first, (size + page - 1) / page * page, MADV_HUGEPAGE);  // as it comes: refused, nothing is lost
  }
#endif
  return memory;
}

void throw_too_long() { throw std::bad_array_new_length(); }

}  // namespace wengert::detail
