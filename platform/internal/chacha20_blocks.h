// The block function of ChaCha20, sixteen blocks at a time, once for each instruction set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace fcn::platform::internal {

inline constexpr std::size_t kChaChaBlocks = 16;
inline constexpr std::size_t kChaChaBytes = 64 * kChaChaBlocks;

// Writes the key stream of 16 consecutive blocks and moves the counter on by 16; the same bytes from each.
// state: 4 constants, 8 words of key, then words 12 (low) and 13 (high) as a 64-bit counter, 2 words of
// nonce. Secret: constant time. Source: RFC 8439, section 2.3.
using ChaChaFunction = void (*)(std::uint32_t* state, std::uint8_t* out) noexcept;
void chacha20_blocks_portable(std::uint32_t* state, std::uint8_t* out) noexcept;
void chacha20_blocks_avx2(std::uint32_t* state, std::uint8_t* out) noexcept;
void chacha20_blocks_avx512(std::uint32_t* state, std::uint8_t* out) noexcept;

// Those of this build that this processor can run, fastest first; the last is the portable one.
std::span<const ChaChaFunction> available_chacha20() noexcept;
// The fastest. The processor is asked once.
ChaChaFunction best_chacha20() noexcept;

}  // namespace fcn::platform::internal
