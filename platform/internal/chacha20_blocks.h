// The block function of ChaCha20, eight blocks at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace fcn::platform::internal {

inline constexpr std::size_t kChaChaBlocks = 8;
inline constexpr std::size_t kChaChaBytes = 64 * kChaChaBlocks;

// Writes the key stream of 8 consecutive blocks and moves the counter on by 8.
// state: 4 constants, 8 words of key, then words 12 (low) and 13 (high) as a 64-bit counter, 2 words of
// nonce. Secret: constant time. Source: RFC 8439, section 2.3.
void chacha20_blocks(std::array<std::uint32_t, 16>& state, std::uint8_t* out) noexcept;

}  // namespace fcn::platform::internal
