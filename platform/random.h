// Randomness: 32 bytes from the operating system, stretched by ChaCha20.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "byte_order.h"
#include "status.h"

namespace fcn::platform {

using Seed = std::array<std::uint8_t, 32>;

// Fills out with unpredictable bytes (getrandom). Errors: kUnavailable when the system gives none;
// there is no weaker fallback, and out is then zero.
Status os_random(std::span<std::uint8_t> out);

// A fresh seed from os_random.
Result<Seed> random_seed();

// The ChaCha20 stream cipher's key stream as a generator. Same seed and stream, same bytes, on every machine.
// Secret: wiped when it dies; constant time. Move-only, so that a stream cannot be used twice by accident.
// Source: RFC 8439; the 96-bit nonce is the stream number (64 bits, little-endian) after a zero word, and the 32-bit
// block counter starts at 0 and carries into that zero word, so a stream is 2^70 bytes long.
class ChaCha20 {
 public:
  explicit ChaCha20(const Seed& seed, std::uint64_t stream = 0) noexcept;
  ChaCha20(ChaCha20&& other) noexcept;
  ChaCha20& operator=(ChaCha20&& other) noexcept;
  ChaCha20(const ChaCha20&) = delete;
  ChaCha20& operator=(const ChaCha20&) = delete;
  ~ChaCha20();

  // The next out.size() bytes of the stream.
  void fill(std::span<std::uint8_t> out) noexcept;
  // The next 8 bytes of the stream as a little-endian number.
  std::uint64_t next_u64() noexcept {
    if (sizeof buffer_ - used_ < 8) return next_u64_across_refill();
    used_ += 8;
    return load_u64(buffer_.data() + used_ - 8);
  }

 private:
  static constexpr std::size_t kBlocksAtOnce = 16;
  void refill() noexcept;
  std::uint64_t next_u64_across_refill() noexcept;

  std::array<std::uint32_t, 16> state_;
  alignas(64) std::array<std::uint8_t, 64 * kBlocksAtOnce> buffer_;
  std::size_t used_;
};

}  // namespace fcn::platform
