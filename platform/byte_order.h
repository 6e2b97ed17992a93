// Little-endian words in memory, on machines of either byte order.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace fcn::platform {

// The first bytes bytes (0 .. 8) of a word; the rest of a loaded word is 0.
inline std::uint64_t load_partial(const std::uint8_t* in, std::size_t bytes) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value |= static_cast<std::uint64_t>(in[i]) << (8 * i);
  return value;
}

inline void store_partial(std::uint8_t* out, std::uint64_t value, std::size_t bytes) noexcept {
  for (std::size_t i = 0; i < bytes; ++i) out[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

// The same for whole words: one move on a little-endian machine.
inline std::uint64_t load_u64(const std::uint8_t* in) noexcept {
  if constexpr (std::endian::native != std::endian::little) return load_partial(in, 8);
  std::uint64_t value;
  std::memcpy(&value, in, 8);
  return value;
}

inline void store_u64(std::uint8_t* out, std::uint64_t value) noexcept {
  if constexpr (std::endian::native != std::endian::little) return store_partial(out, value, 8);
  std::memcpy(out, &value, 8);
}

}  // namespace fcn::platform
