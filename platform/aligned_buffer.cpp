#include "aligned_buffer.h"

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

}  // namespace fcn::platform
