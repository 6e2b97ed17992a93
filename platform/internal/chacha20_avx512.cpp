// Sixteen blocks: word w of each in the lanes of vector w. Compiled with flags of its own: intrinsics only, and no
// inline function that another file could share.
#include <immintrin.h>

#include "chacha20_blocks.h"

namespace fcn::platform::internal {
namespace {

#define FCN_INLINE inline __attribute__((always_inline))

using Lanes = __m512i;

FCN_INLINE void quarter_round(Lanes& a, Lanes& b, Lanes& c, Lanes& d) {
  a = _mm512_add_epi32(a, b), d = _mm512_rol_epi32(_mm512_xor_si512(d, a), 16);
  c = _mm512_add_epi32(c, d), b = _mm512_rol_epi32(_mm512_xor_si512(b, c), 12);
  a = _mm512_add_epi32(a, b), d = _mm512_rol_epi32(_mm512_xor_si512(d, a), 8);
  c = _mm512_add_epi32(c, d), b = _mm512_rol_epi32(_mm512_xor_si512(b, c), 7);
}

// A 4 x 4 transposition in each quarter: from lane 4 h + j of x[i], lane 4 h + i of x[j].
FCN_INLINE void transpose_quarters(Lanes* x) {
  const Lanes a = _mm512_unpacklo_epi32(x[0], x[1]), b = _mm512_unpackhi_epi32(x[0], x[1]);
  const Lanes c = _mm512_unpacklo_epi32(x[2], x[3]), d = _mm512_unpackhi_epi32(x[2], x[3]);
  x[0] = _mm512_unpacklo_epi64(a, c), x[1] = _mm512_unpackhi_epi64(a, c);
  x[2] = _mm512_unpacklo_epi64(b, d), x[3] = _mm512_unpackhi_epi64(b, d);
}

}  // namespace

void chacha20_blocks_avx512(std::uint32_t* state, std::uint8_t* out) noexcept {
  const std::uint64_t counter = static_cast<std::uint64_t>(state[13]) << 32 | state[12];
  alignas(64) std::uint32_t low[16], high[16];
  for (unsigned i = 0; i < 16; ++i) {
    low[i] = static_cast<std::uint32_t>(counter + i);
    high[i] = static_cast<std::uint32_t>((counter + i) >> 32);
  }
  Lanes start[16], x[16];
  for (int word = 0; word < 16; ++word) start[word] = _mm512_set1_epi32(static_cast<int>(state[word]));
  start[12] = _mm512_load_si512(low);
  start[13] = _mm512_load_si512(high);
  for (int word = 0; word < 16; ++word) x[word] = start[word];
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
  for (int word = 0; word < 16; ++word) x[word] = _mm512_add_epi32(x[word], start[word]);
  // Quarter h of x[4 w + j] gets words 4 w .. 4 w + 3 of block 4 h + j; then quarters are exchanged.
  for (int w = 0; w < 4; ++w) transpose_quarters(x + 4 * w);
  for (int j = 0; j < 4; ++j) {
    const Lanes a = _mm512_shuffle_i32x4(x[j], x[4 + j], 0x44),
                b = _mm512_shuffle_i32x4(x[8 + j], x[12 + j], 0x44);
    const Lanes c = _mm512_shuffle_i32x4(x[j], x[4 + j], 0xee),
                d = _mm512_shuffle_i32x4(x[8 + j], x[12 + j], 0xee);
    _mm512_storeu_si512(out + 64 * j, _mm512_shuffle_i32x4(a, b, 0x88));
    _mm512_storeu_si512(out + 64 * (4 + j), _mm512_shuffle_i32x4(a, b, 0xdd));
    _mm512_storeu_si512(out + 64 * (8 + j), _mm512_shuffle_i32x4(c, d, 0x88));
    _mm512_storeu_si512(out + 64 * (12 + j), _mm512_shuffle_i32x4(c, d, 0xdd));
  }
  state[12] = static_cast<std::uint32_t>(counter + 16);
  state[13] = static_cast<std::uint32_t>((counter + 16) >> 32);
}

}  // namespace fcn::platform::internal
