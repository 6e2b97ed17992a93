#include "aligned_buffer.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <new>

namespace fcn::platform {

void* aligned_allocate(std::size_t bytes) noexcept {
  if (bytes > static_cast<std::size_t>(PTRDIFF_MAX)) return nullptr;
  return ::operator new (bytes, std::align_val_t{kBufferAlignment}, std::nothrow);
}

void aligned_free(void* memory) noexcept {
  ::operator delete (memory, std::align_val_t{kBufferAlignment});
}

namespace {

// Whole pages, or 0 where they would be more than memory has.
std::size_t whole_pages(std::size_t bytes) noexcept {
  const long reported = ::sysconf(_SC_PAGESIZE);
  const std::size_t page = reported > 0 ? static_cast<std::size_t>(reported) : 4096;
  if (bytes > static_cast<std::size_t>(PTRDIFF_MAX) - page) return 0;
  return bytes == 0 ? page : (bytes + page - 1) / page * page;
}

}  // namespace

void* pages_allocate(std::size_t bytes) noexcept {
  const std::size_t length = whole_pages(bytes);
  if (length == 0) return nullptr;
  void* memory = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  (void)::mlock(memory, length);
#if defined(MADV_DONTDUMP)
  (void)::madvise(memory, length, MADV_DONTDUMP);
#elif defined(MADV_NOCORE)
  (void)::madvise(memory, length, MADV_NOCORE);
#endif
  return memory;
}

void pages_free(void* memory, std::size_t bytes) noexcept {
  if (memory != nullptr) (void)::munmap(memory, whole_pages(bytes));  // which unlocks, too
}

}  // namespace fcn::platform
