// Bounded little-endian reading and writing, to the bit where a format packs residues.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "status.h"

namespace fcn::platform {

// Appends to a byte vector.
class ByteWriter {
 public:
  void u8(std::uint8_t value);
  void u16(std::uint16_t value);
  void u32(std::uint32_t value);
  void u64(std::uint64_t value);
  void bytes(std::span<const std::uint8_t> values);
  // values[i] in bits bits each (1 <= bits <= 64, value < 2^bits), little-endian bit order, padded to a whole byte.
  void packed(std::span<const std::uint64_t> values, unsigned bits);

  std::size_t size() const noexcept { return out_.size(); }
  const std::vector<std::uint8_t>& data() const noexcept { return out_; }
  std::vector<std::uint8_t> take() && noexcept { return std::move(out_); }

 private:
  std::vector<std::uint8_t> out_;
};

// Reads from bytes it does not own. Errors: kCorrupt, naming `what`, the offset and the bytes that are missing;
// the output is then unchanged and the reader stays where it was.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::uint8_t> in) noexcept : in_(in) {}

  Status u8(std::uint8_t& value, const char* what);
  Status u16(std::uint16_t& value, const char* what);
  Status u32(std::uint32_t& value, const char* what);
  Status u64(std::uint64_t& value, const char* what);
  Status bytes(std::span<std::uint8_t> values, const char* what);
  Status skip(std::size_t count, const char* what);
  // The inverse of ByteWriter::packed; padding bits must be zero (kCorrupt).
  Status packed(std::span<std::uint64_t> values, unsigned bits, const char* what);
  // kCorrupt unless everything was read.
  Status finish(const char* what) const;

  std::size_t offset() const noexcept { return offset_; }
  std::size_t remaining() const noexcept { return in_.size() - offset_; }

 private:
  Status need(std::size_t count, const char* what) const;

  std::span<const std::uint8_t> in_;
  std::size_t offset_ = 0;
};

// Two digits 0-9, a-f for each byte.
std::string hexadecimal(std::span<const std::uint8_t> bytes);

// Bytes that count values of bits bits take when packed.
constexpr std::size_t packed_bytes(std::size_t count, unsigned bits) noexcept {
  return (count * bits + 7) / 8;
}

// ByteWriter::packed into memory of the caller's, packed_bytes(values.size(), bits) of it.
void pack_into(std::uint8_t* out, std::span<const std::uint64_t> values, unsigned bits) noexcept;

// A 64-bit checksum. Any change confined to one 8-byte word is certain to change it; others go unnoticed
// with probability 2^-64. It finds accidents, not forgery.
std::uint64_t checksum64(std::span<const std::uint8_t> bytes) noexcept;

// The same of bytes that come in pieces.
class Checksum64 {
 public:
  void update(std::span<const std::uint8_t> bytes) noexcept;
  // Of all bytes so far; more may follow.
  std::uint64_t value() const noexcept;

 private:
  void whole_rounds(const std::uint8_t* in, std::size_t rounds) noexcept;
  std::uint64_t lanes_[4] = {1, 2, 3, 4};
  std::uint64_t count_ = 0;        // bytes
  std::uint8_t pending_[32] = {};  // the last count_ % 32 of them
};

}  // namespace fcn::platform
