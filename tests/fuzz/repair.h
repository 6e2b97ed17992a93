// What a forger does, and a mutation alone never would: lengths and checksums that fit the rest of the bytes.
#pragma once

#include <cstdint>
#include <vector>

#include "platform/byte_order.h"
#include "platform/bytes.h"

namespace fcn::fuzz {

using Bytes = std::vector<std::uint8_t>;

// The bytes with their last 8 as the checksum of the rest, and the word at length_at as the length of what lies between
// the header and the checksum. Shorter ones stay as they are.
inline Bytes repair(const std::uint8_t* data, std::size_t size, std::size_t header_bytes,
                    std::size_t length_at) {
  Bytes bytes(data, data + size);
  if (size < header_bytes + 8) return bytes;
  platform::store_u64(&bytes[length_at], size - header_bytes - 8);
  platform::store_u64(&bytes[size - 8], platform::checksum64({bytes.data(), size - 8}));
  return bytes;
}

}  // namespace fcn::fuzz
