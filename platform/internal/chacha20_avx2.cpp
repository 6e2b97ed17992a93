// Eight blocks at a time. Compiled with flags of its own: intrinsics only, and no inline function that another file
// could share.
#include <immintrin.h>

#include "chacha20_blocks.h"

namespace fcn::platform::internal {
namespace {

#define FCN_INLINE inline __attribute__((always_inline))

using Lanes = __m256i;
constexpr std::size_t kLanes = 8;

FCN_INLINE Lanes repeat(std::uint32_t word) {
  return _mm256_set1_epi32(static_cast<int>(word));
}
FCN_INLINE Lanes load(const std::uint32_t* words) {
  return _mm256_loadu_si256(reinterpret_cast<const Lanes*>(words));
}
FCN_INLINE void store(std::uint8_t* out, Lanes x) {
  _mm256_storeu_si256(reinterpret_cast<Lanes*>(out), x);
}
FCN_INLINE void add(Lanes& sum, Lanes term) {
  sum = _mm256_add_epi32(sum, term);
}
template <int kShift>
FCN_INLINE void xor_rotate(Lanes& word, Lanes mask) {
  const Lanes x = _mm256_xor_si256(word, mask);
  if constexpr (kShift == 16) {
    word = _mm256_shuffle_epi8(x, _mm256_setr_epi8(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13, 2, 3,
                                                   0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13));
  } else if constexpr (kShift == 8) {
    word = _mm256_shuffle_epi8(x, _mm256_setr_epi8(3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14, 3, 0,
                                                   1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14));
  } else {
    word = _mm256_or_si256(_mm256_slli_epi32(x, kShift), _mm256_srli_epi32(x, 32 - kShift));
  }
}

// A 4 x 4 transposition in each half: from lane 4 h + j of x[i], lane 4 h + i of x[j].
FCN_INLINE void transpose_halves(Lanes* x) {
  const Lanes a = _mm256_unpacklo_epi32(x[0], x[1]), b = _mm256_unpackhi_epi32(x[0], x[1]);
  const Lanes c = _mm256_unpacklo_epi32(x[2], x[3]), d = _mm256_unpackhi_epi32(x[2], x[3]);
  x[0] = _mm256_unpacklo_epi64(a, c), x[1] = _mm256_unpackhi_epi64(a, c);
  x[2] = _mm256_unpacklo_epi64(b, d), x[3] = _mm256_unpackhi_epi64(b, d);
}

// Half h of x[4 w + j] gets words 4 w .. 4 w + 3 of block 4 h + j; then halves are joined.
FCN_INLINE void write(std::uint8_t* out, Lanes* x) {
  for (int w = 0; w < 4; ++w) transpose_halves(x + 4 * w);
  for (int j = 0; j < 4; ++j) {
    store(out + 64 * j, _mm256_permute2x128_si256(x[j], x[4 + j], 0x20));
    store(out + 64 * j + 32, _mm256_permute2x128_si256(x[8 + j], x[12 + j], 0x20));
    store(out + 64 * (4 + j), _mm256_permute2x128_si256(x[j], x[4 + j], 0x31));
    store(out + 64 * (4 + j) + 32, _mm256_permute2x128_si256(x[8 + j], x[12 + j], 0x31));
  }
}

}  // namespace
}  // namespace fcn::platform::internal

#define FCN_CHACHA20_BLOCKS chacha20_blocks_avx2
#include "chacha20_blocks.inc"
