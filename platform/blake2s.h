// BLAKE2s-256 (RFC 7693), unkeyed: names for parameters, models and their specs that nobody can forge.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace fcn::platform {

using Hash256 = std::array<std::uint8_t, 32>;

// Of bytes that come in pieces. Its state is not wiped: keys do not belong here.
class Blake2s {
 public:
  Blake2s() noexcept;
  void update(std::span<const std::uint8_t> bytes) noexcept;
  // Of all bytes so far; more may follow.
  Hash256 value() const noexcept;

 private:
  void compress(const std::uint8_t* block, bool last) noexcept;
  std::uint32_t state_[8];
  std::uint64_t count_ = 0;      // bytes in the blocks that were compressed
  std::uint8_t block_[64] = {};  // bytes that were not: the last block is compressed in another way
  std::size_t block_size_ = 0;   // how many, at most 64
};

Hash256 blake2s(std::span<const std::uint8_t> bytes) noexcept;

}  // namespace fcn::platform
