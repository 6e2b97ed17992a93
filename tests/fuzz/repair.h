// What a forger does, and a mutation alone never would: lengths and checksums that fit the rest of the bytes,
// of a message and of what is inside it, and headers that say whose they are.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "fv/frame.h"
#include "nn/message.h"
#include "platform/byte_order.h"
#include "platform/bytes.h"

namespace fcn::fuzz {

using Bytes = std::vector<std::uint8_t>;

// The bytes with their last 8 as the checksum of the rest, and the word at length_at as the length of what
// lies between the header and the checksum. Shorter ones stay as they are.
inline Bytes repair(const std::uint8_t* data, std::size_t size, std::size_t header_bytes,
                    std::size_t length_at) {
  Bytes bytes(data, data + size);
  if (size < header_bytes + 8) return bytes;
  platform::store_u64(&bytes[length_at], size - header_bytes - 8);
  platform::store_u64(&bytes[size - 8], platform::checksum64({bytes.data(), size - 8}));
  return bytes;
}

constexpr std::size_t kKindAt = 3, kVersionAt = 4;  // "FCN" stands before the kind; the length ends a header

// The same in place, with everything between kind and length from the header of a genuine object.
inline void forge(std::span<std::uint8_t> object, std::size_t header_bytes, fv::ByteSpan genuine) {
  if (object.size() < header_bytes + 8) return;
  const std::size_t length_at = header_bytes - 8;
  std::copy_n(genuine.begin(), kKindAt, object.begin());
  std::copy(genuine.begin() + kVersionAt, genuine.begin() + static_cast<std::ptrdiff_t>(length_at),
            object.begin() + kVersionAt);
  platform::store_u64(&object[length_at], object.size() - header_bytes - 8);
  platform::store_u64(&object[object.size() - 8], platform::checksum64(object.first(object.size() - 8)));
}

inline void forge_frame(std::span<std::uint8_t> frame, fv::ByteSpan genuine) {
  forge(frame, fv::kFrameHeaderBytes, genuine);
}

// A length at the front of bytes, made to fit them, and as many bytes; bytes becomes what follows.
inline std::span<std::uint8_t> next_part(std::span<std::uint8_t>& bytes) {
  if (bytes.size() < 8) return std::exchange(bytes, {});
  const auto length =
      static_cast<std::size_t>(std::min<std::uint64_t>(platform::load_u64(bytes.data()), bytes.size() - 8));
  platform::store_u64(bytes.data(), length);
  const std::span<std::uint8_t> part = bytes.subspan(8, length);
  bytes = bytes.subspan(8 + length);
  return part;
}

// A message of the kind that genuine has, and the frames inside it.
inline void forge_message(std::span<std::uint8_t> message, fv::ByteSpan genuine, fv::ByteSpan genuine_frame) {
  if (message.size() < nn::kMessageHeaderBytes + nn::kMessageChecksumBytes) return;
  message[kKindAt] = genuine[kKindAt];
  std::span<std::uint8_t> payload = message.subspan(
      nn::kMessageHeaderBytes, message.size() - nn::kMessageHeaderBytes - nn::kMessageChecksumBytes);
  switch (static_cast<nn::MessageKind>(genuine[kKindAt])) {
    case nn::MessageKind::kEvaluationKeys:
      forge_frame(next_part(payload), genuine_frame);
      forge_frame(next_part(payload), genuine_frame);
      break;
    case nn::MessageKind::kRequest:
    case nn::MessageKind::kAnswer:
      forge_frame(payload, genuine_frame);
      break;
    case nn::MessageKind::kClientKey:
      (void)next_part(payload);  // the spec, whose hash only a genuine one has
      forge_frame(payload, genuine_frame);
      break;
    case nn::MessageKind::kClientSpec:
      break;
  }
  forge(message, nn::kMessageHeaderBytes, genuine);
}

}  // namespace fcn::fuzz
