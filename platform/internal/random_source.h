// Reading the operating system's randomness through a function that a test can replace.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "../status.h"

namespace fcn::platform::internal {

// Writes at most bytes bytes to out; returns how many, or a negative number with errno set.
using SystemSource = std::ptrdiff_t (*)(void* out, std::size_t bytes);

// Fills out from source in pieces of at most 256 bytes; tries again after EINTR.
// Errors: kUnavailable with the system's reason; out is then zero.
Status fill_from(SystemSource source, std::span<std::uint8_t> out);

}  // namespace fcn::platform::internal
