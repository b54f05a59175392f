#include "wengert/record/memory.hpp"

#include <cstdint>
#include <cstdlib>
#include <cstring>

#if defined(__linux__)
#include <sys/mman.h>
#define WENGERT_MAPS_MEMORY 1
#endif
// Sanitizers watch what malloc gives.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#undef WENGERT_MAPS_MEMORY
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#undef WENGERT_MAPS_MEMORY
#endif

namespace wengert::detail {
namespace {

void* reallocated(void* old, std::size_t bytes) {
  void* const memory = std::realloc(old, bytes == 0 ? 1 : bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

#ifdef WENGERT_MAPS_MEMORY
// A page fault costs a microsecond or more, whatever the size of the page.
constexpr std::size_t large_page = std::size_t{1} << 21;

std::size_t whole_pages(std::size_t bytes) { return (bytes + large_page - 1) / large_page * large_page; }

/// Address space for so many bytes, from the beginning of a large page on: a mapping that moves there keeps its large pages,
/// where one that moves anywhere has them broken up. Null where there is none.
void* place(std::size_t size) {
  void* const all = mmap(nullptr, size + large_page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (all == MAP_FAILED) return nullptr;
  const std::size_t before = (large_page - reinterpret_cast<std::uintptr_t>(all) % large_page) % large_page;
  char* const first = static_cast<char*>(all) + before;
  if (before > 0) munmap(all, before);
  if (before < large_page) munmap(first + size, large_page - before);
  return first;
}

void* new_mapping(std::size_t size) {
  void* const memory = place(size);
  if (memory == nullptr) throw std::bad_alloc();
  if (mprotect(memory, size, PROT_READ | PROT_WRITE) != 0) {
    munmap(memory, size);
    throw std::bad_alloc();
  }
  madvise(memory, size, MADV_HUGEPAGE);  // as it comes: refused, nothing is lost
  return memory;
}

void* grown_mapping(void* old, std::size_t old_size, std::size_t size) {
  void* memory = mremap(old, old_size, size, 0);  // where it lies, if there is room
  if (memory != MAP_FAILED) return memory;
  if (void* const there = place(size); there != nullptr) {
    memory = mremap(old, old_size, size, MREMAP_MAYMOVE | MREMAP_FIXED, there);
    if (memory != MAP_FAILED) return memory;
    munmap(there, size);
  }
  memory = mremap(old, old_size, size, MREMAP_MAYMOVE);  // address space may be limited
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return memory;
}
#endif

}  // namespace

void* take_memory(void* old, std::size_t old_bytes, std::size_t bytes, std::size_t mapped_from) {
#ifdef WENGERT_MAPS_MEMORY
  if (bytes >= mapped_from) {
    if (bytes > static_cast<std::size_t>(-1) / 2) throw std::bad_alloc();
    const std::size_t size = whole_pages(bytes);
    if (old_bytes >= mapped_from) return whole_pages(old_bytes) == size ? old : grown_mapping(old, whole_pages(old_bytes), size);
    void* const memory = new_mapping(size);
    if (old_bytes > 0) std::memcpy(memory, old, old_bytes);
    std::free(old);
    return memory;
  }
  void* const memory = reallocated(old, bytes);
  // Some of this size are mappings too, which are advised as a whole, from their first page to their last.
  constexpr std::size_t page = 4096;
  if (bytes >= large_page / 2) {
    char* const first = static_cast<char*>(memory) - reinterpret_cast<std::uintptr_t>(memory) % page;
    const auto size = static_cast<std::size_t>(static_cast<char*>(memory) + bytes - first);
    madvise(first, (size + page - 1) / page * page, MADV_HUGEPAGE);
  }
  return memory;
#else
  static_cast<void>(old_bytes);
  static_cast<void>(mapped_from);
  return reallocated(old, bytes);
#endif
}

void give_memory_back(void* memory, std::size_t bytes, std::size_t mapped_from) {
#ifdef WENGERT_MAPS_MEMORY
  if (bytes >= mapped_from) {
    munmap(memory, whole_pages(bytes));
    return;
  }
#else
  static_cast<void>(bytes);
  static_cast<void>(mapped_from);
#endif
  std::free(memory);
}

void throw_too_long() { throw std::bad_array_new_length(); }

}  // namespace wengert::detail
