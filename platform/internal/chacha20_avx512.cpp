// Sixteen blocks at a time. Compiled with flags of its own: intrinsics only, and no inline function that another file
// could share.
#include <immintrin.h>

#include "chacha20_blocks.h"

namespace fcn::platform::internal {
namespace {

#define FCN_INLINE inline __attribute__((always_inline))

using Lanes = __m512i;
constexpr std::size_t kLanes = 16;

FCN_INLINE Lanes repeat(std::uint32_t word) {
  return _mm512_set1_epi32(static_cast<int>(word));
}
FCN_INLINE Lanes load(const std::uint32_t* words) {
  return _mm512_loadu_si512(words);
}
FCN_INLINE void add(Lanes& sum, Lanes term) {
  sum = _mm512_add_epi32(sum, term);
}
template <int kShift>
FCN_INLINE void xor_rotate(Lanes& word, Lanes mask) {
  word = _mm512_rol_epi32(_mm512_xor_si512(word, mask), kShift);
}

// A 4 x 4 transposition in each quarter: from lane 4 h + j of x[i], lane 4 h + i of x[j].
FCN_INLINE void transpose_quarters(Lanes* x) {
  const Lanes a = _mm512_unpacklo_epi32(x[0], x[1]), b = _mm512_unpackhi_epi32(x[0], x[1]);
  const Lanes c = _mm512_unpacklo_epi32(x[2], x[3]), d = _mm512_unpackhi_epi32(x[2], x[3]);
  x[0] = _mm512_unpacklo_epi64(a, c), x[1] = _mm512_unpackhi_epi64(a, c);
  x[2] = _mm512_unpacklo_epi64(b, d), x[3] = _mm512_unpackhi_epi64(b, d);
}

// Quarter h of x[4 w + j] gets words 4 w .. 4 w + 3 of block 4 h + j; then quarters are exchanged.
FCN_INLINE void write(std::uint8_t* out, Lanes* x) {
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
}

}  // namespace
}  // namespace fcn::platform::internal

#define FCN_CHACHA20_BLOCKS chacha20_blocks_avx512
#include "chacha20_blocks.inc"
