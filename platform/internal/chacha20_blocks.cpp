#include "chacha20_blocks.h"

#include "byte_order.h"

namespace fcn::platform::internal {
namespace {

// Lanes of one pass: 16 words of 4 lanes are what 16 vector registers hold. Compilers turn each loop over the lanes
// into vector instructions.
constexpr std::size_t kLanes = 4;
using Lanes = std::uint32_t[kLanes];

inline void add_xor_rotate(Lanes& sum, const Lanes& term, Lanes& word, int shift) noexcept {
  for (std::size_t i = 0; i < kLanes; ++i) {
    sum[i] += term[i];
    const std::uint32_t mixed = word[i] ^ sum[i];
    word[i] = mixed << shift | mixed >> (32 - shift);
  }
}

inline void quarter_round(Lanes& a, Lanes& b, Lanes& c, Lanes& d) noexcept {
  add_xor_rotate(a, b, d, 16);
  add_xor_rotate(c, d, b, 12);
  add_xor_rotate(a, b, d, 8);
  add_xor_rotate(c, d, b, 7);
}

}  // namespace

void chacha20_blocks(std::array<std::uint32_t, 16>& state, std::uint8_t* out) noexcept {
  for (std::size_t pass = 0; pass < kChaChaBlocks / kLanes; ++pass) {
    const std::uint64_t counter = static_cast<std::uint64_t>(state[13]) << 32 | state[12];
    Lanes start[16], x[16];
    for (std::size_t word = 0; word < 16; ++word) {
      for (std::size_t i = 0; i < kLanes; ++i) start[word][i] = state[word];
    }
    for (std::size_t i = 0; i < kLanes; ++i) {
      start[12][i] = static_cast<std::uint32_t>(counter + i);
      start[13][i] = static_cast<std::uint32_t>((counter + i) >> 32);
    }
    for (std::size_t word = 0; word < 16; ++word) {
      for (std::size_t i = 0; i < kLanes; ++i) x[word][i] = start[word][i];
    }
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
    for (std::size_t i = 0; i < kLanes; ++i) {
      for (std::size_t word = 0; word < 16; word += 2) {
        const std::uint32_t low = x[word][i] + start[word][i], high = x[word + 1][i] + start[word + 1][i];
        store_u64(out + 64 * i + 4 * word, static_cast<std::uint64_t>(high) << 32 | low);
      }
    }
    out += 64 * kLanes;
    state[12] = static_cast<std::uint32_t>(counter + kLanes);
    state[13] = static_cast<std::uint32_t>((counter + kLanes) >> 32);
  }
}

}  // namespace fcn::platform::internal
