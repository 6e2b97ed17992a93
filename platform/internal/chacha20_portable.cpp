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
template <int kShift>
inline void xor_rotate(Lanes& word, const Lanes& mask) noexcept {
  word ^= mask;
  word = word << kShift | word >> (32 - kShift);
}
#else
using Lanes = std::array<std::uint32_t, kLanes>;
inline void add(Lanes& sum, const Lanes& term) noexcept {
  for (std::size_t i = 0; i < kLanes; ++i) sum[i] += term[i];
}
template <int kShift>
inline void xor_rotate(Lanes& word, const Lanes& mask) noexcept {
  for (std::size_t i = 0; i < kLanes; ++i) {
    const std::uint32_t mixed = word[i] ^ mask[i];
    word[i] = mixed << kShift | mixed >> (32 - kShift);
  }
}
#endif

inline Lanes repeat(std::uint32_t word) noexcept {
  return Lanes{word, word, word, word};
}
inline Lanes load(const std::uint32_t* words) noexcept {
  return Lanes{words[0], words[1], words[2], words[3]};
}

inline void write(std::uint8_t* out, const Lanes* x) noexcept {
  for (std::size_t i = 0; i < kLanes; ++i) {
    for (std::size_t word = 0; word < 16; word += 2) {
      store_u64(out + 64 * i + 4 * word, static_cast<std::uint64_t>(x[word + 1][i]) << 32 | x[word][i]);
    }
  }
}

}  // namespace
}  // namespace fcn::platform::internal

#define FCN_CHACHA20_BLOCKS chacha20_blocks_portable
#include "chacha20_blocks.inc"
