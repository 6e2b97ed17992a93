// Four blocks at a time, in the vectors of every compiler and processor.
#include <array>

#include "../byte_order.h"
#include "chacha20_blocks.h"

namespace fcn::platform::internal {
namespace {

// Word w of four consecutive blocks: 16 words of 4 lanes fill the 16 vector registers of the plainest x86-64.
// The compilers' own vectors work on every processor; left to find the vectors in loops, they are 2 to 4
// times slower.
constexpr std::size_t kLanes = 4;
#if defined(__GNUC__) && !defined(FCN_NO_VECTORS)
using Lanes [[gnu::vector_size(4 * kLanes)]] = std::uint32_t;
inline void add(Lanes& sum, const Lanes& term) noexcept {
  sum += term;
}
inline void xor_rotate(Lanes& word, const Lanes& mask, int shift) noexcept {
  word ^= mask;
  word = word << shift | word >> (32 - shift);
}
#else
using Lanes = std::array<std::uint32_t, kLanes>;
inline void add(Lanes& sum, const Lanes& term) noexcept {
  for (std::size_t i = 0; i < kLanes; ++i) sum[i] += term[i];
}
inline void xor_rotate(Lanes& word, const Lanes& mask, int shift) noexcept {
  for (std::size_t i = 0; i < kLanes; ++i) {
    const std::uint32_t mixed = word[i] ^ mask[i];
    word[i] = mixed << shift | mixed >> (32 - shift);
  }
}
#endif

inline void quarter_round(Lanes& a, Lanes& b, Lanes& c, Lanes& d) noexcept {
  add(a, b), xor_rotate(d, a, 16);
  add(c, d), xor_rotate(b, c, 12);
  add(a, b), xor_rotate(d, a, 8);
  add(c, d), xor_rotate(b, c, 7);
}

}  // namespace

void chacha20_blocks_portable(std::uint32_t* state, std::uint8_t* out) noexcept {
  for (std::size_t pass = 0; pass < kChaChaBlocks / kLanes; ++pass) {
    const std::uint64_t counter = static_cast<std::uint64_t>(state[13]) << 32 | state[12];
    Lanes start[16], x[16];
    for (std::size_t word = 0; word < 16; ++word) {
      start[word] = Lanes{state[word], state[word], state[word], state[word]};
    }
    const auto low = [=](std::uint64_t i) { return static_cast<std::uint32_t>(counter + i); };
    const auto high = [=](std::uint64_t i) { return static_cast<std::uint32_t>((counter + i) >> 32); };
    start[12] = Lanes{low(0), low(1), low(2), low(3)};
    start[13] = Lanes{high(0), high(1), high(2), high(3)};
    for (std::size_t word = 0; word < 16; ++word) x[word] = start[word];
    for (int double_round = 0; double_round < 10; ++double_round) {
      quarter_round(x[0], x[4], x[8], x[12]);
      quarter_round(x[1], x[5], x[9], x[13]);
      quarter_round(x[2], x[6], x[10], x[14]);
      quarter_round(x[3], x[7], x[11], x[15]);
      quarter_round(x[0], x[5], x[10], x[15]);
      quarter_round(x[1], x[6], x[11], x[12]);
      quarter_round(x[2], x[7], x[8], x[13]);
      quarter_round(x[3], x[4], x[9], x[14]);
    }
    for (std::size_t word = 0; word < 16; ++word) add(x[word], start[word]);
    for (std::size_t i = 0; i < kLanes; ++i) {
      for (std::size_t word = 0; word < 16; word += 2) {
        store_u64(out + 64 * i + 4 * word, static_cast<std::uint64_t>(x[word + 1][i]) << 32 | x[word][i]);
      }
    }
    out += 64 * kLanes;
    state[12] = static_cast<std::uint32_t>(counter + kLanes);
    state[13] = static_cast<std::uint32_t>((counter + kLanes) >> 32);
  }
}

}  // namespace fcn::platform::internal
