#include "secure_wipe.h"

#include <cstring>

namespace fcn::platform {

void secure_wipe(void* memory, std::size_t bytes) noexcept {
  if (bytes == 0) return;
#if defined(__GNUC__)
  std::memset(memory, 0, bytes);
  __asm__ __volatile__(""
                       :
                       : "r"(memory)
                       : "memory");  // the compiler must assume that the zeros are read here
#else
  auto* byte = static_cast<volatile unsigned char*>(memory);
  for (std::size_t i = 0; i < bytes; ++i) byte[i] = 0;
#endif
}

#if defined(__GNUC__)
__attribute__((noinline))
#endif
void wipe_stack_below() noexcept {
  unsigned char below[kWipedStackBytes];
  secure_wipe(below, sizeof below);
}

}  // namespace fcn::platform
