// Little-endian words in memory, on machines of either byte order.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fcn::platform::internal {

// Written as shifts, which compilers turn into one load or store where the machine is little-endian.
inline std::uint64_t load_u64(const std::uint8_t* in) noexcept {
  return static_cast<std::uint64_t>(in[0]) | static_cast<std::uint64_t>(in[1]) << 8 |
         static_cast<std::uint64_t>(in[2]) << 16 | static_cast<std::uint64_t>(in[3]) << 24 |
         static_cast<std::uint64_t>(in[4]) << 32 | static_cast<std::uint64_t>(in[5]) << 40 |
         static_cast<std::uint64_t>(in[6]) << 48 | static_cast<std::uint64_t>(in[7]) << 56;
}

inline void store_u64(std::uint8_t* out, std::uint64_t value) noexcept {
  out[0] = static_cast<std::uint8_t>(value);
  out[1] = static_cast<std::uint8_t>(value >> 8);
  out[2] = static_cast<std::uint8_t>(value >> 16);
  out[3] = static_cast<std::uint8_t>(value >> 24);
  out[4] = static_cast<std::uint8_t>(value >> 32);
  out[5] = static_cast<std::uint8_t>(value >> 40);
  out[6] = static_cast<std::uint8_t>(value >> 48);
  out[7] = static_cast<std::uint8_t>(value >> 56);
}

// The first bytes bytes (0 .. 8) of a word; the rest of a loaded word is 0.
inline std::uint64_t load_partial(const std::uint8_t* in, std::size_t bytes) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value |= static_cast<std::uint64_t>(in[i]) << (8 * i);
  return value;
}

inline void store_partial(std::uint8_t* out, std::uint64_t value, std::size_t bytes) noexcept {
  for (std::size_t i = 0; i < bytes; ++i) out[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

}  // namespace fcn::platform::internal
