#include "aligned_buffer.h"

#include <cstdint>
#include <new>
#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace fcn::platform {
namespace {

// Blocks from here on lie in large pages where the system gives those to who asks: reading megabytes once then takes fewer
// walks through the tables of pages.
constexpr std::size_t kLargePage = std::size_t{1} << 21;

std::align_val_t alignment(std::size_t bytes) {
  return std::align_val_t{bytes < kLargePage ? kBufferAlignment : kLargePage};
}

}  // namespace

void* aligned_allocate(std::size_t bytes) noexcept {
  if (bytes > static_cast<std::size_t>(PTRDIFF_MAX)) return nullptr;
  void* memory = ::operator new(bytes, alignment(bytes), std::nothrow);
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  if (memory != nullptr && bytes >= kLargePage) madvise(memory, bytes, MADV_HUGEPAGE);
#endif
  return memory;
}

void aligned_free(void* memory, std::size_t bytes) noexcept {
  ::operator delete(memory, alignment(bytes));
}

}  // namespace fcn::platform
