#include "blake2s.h"

#include <algorithm>
#include <bit>

#include "byte_order.h"

namespace fcn::platform {
namespace {

// The first 32 bits of the fractions of the square roots of the first eight primes.
constexpr std::uint32_t kInitial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                       0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
// RFC 7693, 2.7: the order in which each round takes the sixteen words of a block, one hexadecimal digit a word.
constexpr std::uint64_t kOrder[10] = {
    0x0123456789abcdef, 0xea489fd61c02b753, 0xb8c052fdae367194, 0x7931dcbe265a40f8, 0x905724afe1bc683d,
    0x2c6a0b834d75fe19, 0xc51fed4a0763928b, 0xdb7ec13950f4862a, 0x6fe9b308c2d714a5, 0xa2847615fb9e3cd0};
constexpr std::uint32_t kNoKey32Bytes =
    0x01010020;  // the parameters that go into the first word of the state

std::uint32_t load_u32(const std::uint8_t* in) noexcept {
  return static_cast<std::uint32_t>(load_partial(in, 4));
}

}  // namespace

Blake2s::Blake2s() noexcept {
  std::copy_n(kInitial, 8, state_);
  state_[0] ^= kNoKey32Bytes;
}

void Blake2s::compress(const std::uint8_t* block, bool last) noexcept {
  std::uint32_t v[16];
  std::copy_n(state_, 8, v);
  std::copy_n(kInitial, 8, v + 8);
  v[12] ^= static_cast<std::uint32_t>(count_);
  v[13] ^= static_cast<std::uint32_t>(count_ >> 32);
  if (last) v[14] = ~v[14];
  for (const std::uint64_t order : kOrder) {
    // Words 2 i and 2 i + 1 of the round's order go to columns (i < 4) and diagonals of the 4 x 4 words of v.
    for (unsigned i = 0; i < 8; ++i) {
      const unsigned column = i % 4, shift = i / 4;
      std::uint32_t &a = v[column], &b = v[4 + (column + shift) % 4], &c = v[8 + (column + 2 * shift) % 4],
                    &d = v[12 + (column + 3 * shift) % 4];
      a += b + load_u32(block + 4 * (order >> (60 - 8 * i) & 15));
      d = std::rotr(d ^ a, 16);
      c += d;
      b = std::rotr(b ^ c, 12);
      a += b + load_u32(block + 4 * (order >> (56 - 8 * i) & 15));
      d = std::rotr(d ^ a, 8);
      c += d;
      b = std::rotr(b ^ c, 7);
    }
  }
  for (unsigned i = 0; i < 8; ++i) state_[i] ^= v[i] ^ v[i + 8];
}

void Blake2s::update(std::span<const std::uint8_t> bytes) noexcept {
  while (!bytes.empty()) {
    if (block_size_ == sizeof block_) {
      count_ += sizeof block_;
      compress(block_, false);
      block_size_ = 0;
    }
    const std::size_t step = std::min(bytes.size(), sizeof block_ - block_size_);
    std::copy_n(bytes.begin(), step, block_ + block_size_);
    block_size_ += step;
    bytes = bytes.subspan(step);
  }
}

Hash256 Blake2s::value() const noexcept {
  Blake2s end = *this;
  std::fill(end.block_ + block_size_, end.block_ + sizeof block_, std::uint8_t{0});
  end.count_ += block_size_;
  end.compress(end.block_, true);
  Hash256 hash;
  for (unsigned i = 0; i < 8; ++i) store_partial(&hash[4 * i], end.state_[i], 4);
  return hash;
}

Hash256 blake2s(std::span<const std::uint8_t> bytes) noexcept {
  Blake2s hash;
  hash.update(bytes);
  return hash.value();
}

}  // namespace fcn::platform
