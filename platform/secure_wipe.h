// Overwriting memory in a way that the compiler may not remove.
#pragma once

#include <cstddef>

namespace fcn::platform {

// Sets bytes bytes to zero. memory may be null when bytes is 0.
void secure_wipe(void* memory, std::size_t bytes) noexcept;

}  // namespace fcn::platform
