#include "bytes.h"

#include <algorithm>
#include <array>

#include "byte_order.h"
#include "wide.h"

namespace fcn::platform {
namespace {

constexpr std::uint64_t low_mask(unsigned bits) noexcept {
  return ~std::uint64_t{0} >> (64 - bits);
}

// The multiplier of the checksum: floor(2^64 / golden ratio), that is the x with x^2 + 2^64 x just below
// 2^128.
constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15u;
static_assert(multiply_high(kGolden, kGolden) <= ~kGolden &&
              multiply_high(kGolden + 1, kGolden + 1) > ~(kGolden + 1));

// A bijection of 64-bit words: an odd factor, an xor-shift, an odd factor.
constexpr std::uint64_t mix(std::uint64_t x) noexcept {
  x *= kGolden;
  x ^= x >> 32;
  return x * kGolden;
}

}  // namespace

void ByteWriter::u8(std::uint8_t value) {
  out_.push_back(value);
}
void ByteWriter::u16(std::uint16_t value) {
  out_.resize(out_.size() + 2);
  store_partial(out_.data() + out_.size() - 2, value, 2);
}
void ByteWriter::u32(std::uint32_t value) {
  out_.resize(out_.size() + 4);
  store_partial(out_.data() + out_.size() - 4, value, 4);
}
void ByteWriter::u64(std::uint64_t value) {
  out_.resize(out_.size() + 8);
  store_u64(out_.data() + out_.size() - 8, value);
}
void ByteWriter::bytes(std::span<const std::uint8_t> values) {
  out_.insert(out_.end(), values.begin(), values.end());
}

void ByteWriter::packed(std::span<const std::uint64_t> values, unsigned bits) {
  const std::size_t total = packed_bytes(values.size(), bits);
  out_.resize(out_.size() + total);
  pack_into(out_.data() + out_.size() - total, values, bits);
}

void pack_into(std::uint8_t* out, std::span<const std::uint64_t> values, unsigned bits) noexcept {
  FCN_CHECK(bits >= 1 && bits <= 64);
  FCN_CHECK_BOUND(values, values.size(), 0, low_mask(bits));
  std::uint64_t word = 0;  // bits not written yet
  unsigned held = 0;       // how many, below 64
  for (const std::uint64_t value : values) {
    word |= value << held;
    held += bits;
    if (held >= 64) {
      store_u64(out, word);
      out += 8;
      held -= 64;
      word = held == 0 ? 0 : value >> (bits - held);
    }
  }
  store_partial(out, word, (held + 7) / 8);
}

Status ByteReader::need(std::size_t count, const char* what) const {
  if (count <= remaining()) return {};
  return corrupt(
      concat(what, ": at offset ", offset_, ", ", count, " bytes needed but ", remaining(), " left"));
}

Status ByteReader::u8(std::uint8_t& value, const char* what) {
  FCN_RETURN_IF_ERROR(need(1, what));
  value = in_[offset_];
  offset_ += 1;
  return {};
}
Status ByteReader::u16(std::uint16_t& value, const char* what) {
  FCN_RETURN_IF_ERROR(need(2, what));
  value = static_cast<std::uint16_t>(load_partial(in_.data() + offset_, 2));
  offset_ += 2;
  return {};
}
Status ByteReader::u32(std::uint32_t& value, const char* what) {
  FCN_RETURN_IF_ERROR(need(4, what));
  value = static_cast<std::uint32_t>(load_partial(in_.data() + offset_, 4));
  offset_ += 4;
  return {};
}
Status ByteReader::u64(std::uint64_t& value, const char* what) {
  FCN_RETURN_IF_ERROR(need(8, what));
  value = load_u64(in_.data() + offset_);
  offset_ += 8;
  return {};
}
Status ByteReader::bytes(std::span<std::uint8_t> values, const char* what) {
  FCN_RETURN_IF_ERROR(need(values.size(), what));
  std::copy_n(in_.begin() + static_cast<std::ptrdiff_t>(offset_), values.size(), values.begin());
  offset_ += values.size();
  return {};
}

Status ByteReader::skip(std::size_t count, const char* what) {
  FCN_RETURN_IF_ERROR(need(count, what));
  offset_ += count;
  return {};
}

Status ByteReader::packed(std::span<std::uint64_t> values, unsigned bits, const char* what) {
  FCN_CHECK(bits >= 1 && bits <= 64);
  const std::size_t total = packed_bytes(values.size(), bits);
  FCN_RETURN_IF_ERROR(need(total, what));
  const std::uint8_t* in = in_.data() + offset_;
  const unsigned used_in_last = static_cast<unsigned>(values.size() * bits % 8);
  if (used_in_last != 0 && (in[total - 1] >> used_in_last) != 0) {
    return corrupt(concat(what, ": at offset ", offset_ + total - 1, ", padding bits are not zero"));
  }
  // Each value from the eight bytes that it begins in, and the one after them, which only widths above 57 bits reach.
  const std::uint64_t mask = low_mask(bits);
  std::size_t i = 0, bit = 0;
  if (bits <= 57 && total >= 8) {  // those with eight bytes left
    const std::size_t whole = std::min(values.size(), (8 * (total - 8) + 7) / bits + 1);
    for (; i < whole; ++i, bit += bits) values[i] = load_u64(in + bit / 8) >> (bit % 8) & mask;
  }
  for (; i < values.size(); ++i, bit += bits) {
    const std::size_t byte = bit / 8, left = total - byte;
    const unsigned shift = bit % 8;
    std::uint64_t value = (left >= 8 ? load_u64(in + byte) : load_partial(in + byte, left)) >> shift;
    if (shift + bits > 64) value |= static_cast<std::uint64_t>(in[byte + 8]) << (64 - shift);
    values[i] = value & mask;
  }
  offset_ += total;
  return {};
}

Status ByteReader::finish(const char* what) const {
  if (remaining() == 0) return {};
  return corrupt(concat(what, ": ", remaining(), " bytes too many from offset ", offset_));
}

std::string hexadecimal(std::span<const std::uint8_t> bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

// Word i of 8 bytes (the last one filled up with zeros) goes to lane i mod 4 as lane = mix(lane ^ word), so
// equal words keep unequal lanes unequal, and a changed word changes its lane for good.
void Checksum64::whole_rounds(const std::uint8_t* in, std::size_t rounds) noexcept {
  std::array<std::uint64_t, 4> lanes;
  std::copy_n(lanes_, 4, lanes.begin());
  for (; rounds != 0; in += 32, --rounds) {
    for (std::size_t lane = 0; lane < 4; ++lane) lanes[lane] = mix(lanes[lane] ^ load_u64(in + 8 * lane));
  }
  std::copy_n(lanes.begin(), 4, lanes_);
}

void Checksum64::update(std::span<const std::uint8_t> bytes) noexcept {
  const std::uint8_t* in = bytes.data();
  std::size_t left = bytes.size();
  const std::size_t held = count_ % sizeof pending_;
  count_ += left;
  if (held != 0) {
    const std::size_t step = std::min(left, sizeof pending_ - held);
    std::copy_n(in, step, pending_ + held);
    if (held + step < sizeof pending_) return;
    whole_rounds(pending_, 1);
    in += step;
    left -= step;
  }
  whole_rounds(in, left / sizeof pending_);
  std::copy_n(in + left / sizeof pending_ * sizeof pending_, left % sizeof pending_, pending_);
}

std::uint64_t Checksum64::value() const noexcept {
  std::array<std::uint64_t, 4> lanes;
  std::copy_n(lanes_, 4, lanes.begin());
  const std::uint8_t* in = pending_;
  std::size_t left = count_ % sizeof pending_;
  for (std::size_t lane = 0; left != 0; ++lane) {
    const std::size_t step = std::min<std::size_t>(left, 8);
    lanes[lane] = mix(lanes[lane] ^ load_partial(in, step));
    in += step;
    left -= step;
  }
  std::uint64_t sum = count_;
  for (const std::uint64_t lane : lanes) sum = mix(sum ^ lane);
  return sum ^ sum >> 32;
}

std::uint64_t checksum64(std::span<const std::uint8_t> bytes) noexcept {
  Checksum64 checksum;
  checksum.update(bytes);
  return checksum.value();
}

}  // namespace fcn::platform
