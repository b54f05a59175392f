// For WASI, whose C++ library is built without exceptions: what would be thrown ends the program.
#ifdef __wasm__
#include <cstdio>
#include <cstdlib>
#include <typeinfo>

extern "C" void* __cxa_allocate_exception(std::size_t size) { return std::malloc(size); }
extern "C" void __cxa_free_exception(void* exception) { std::free(exception); }
extern "C" [[noreturn]] void __cxa_throw(void*, std::type_info* type, void (*)(void*)) {
  std::fprintf(stderr, "thrown: %s\n", type->name());
  std::abort();
}
#endif
