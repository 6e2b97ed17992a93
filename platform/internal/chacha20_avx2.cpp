// Eight blocks, twice: word w of each in the lanes of vector w. Compiled with flags of its own: intrinsics only, and no
// inline function that another file could share.
#include <immintrin.h>

#include "chacha20_blocks.h"

namespace fcn::platform::internal {
namespace {

#define FCN_INLINE inline __attribute__((always_inline))

using Lanes = __m256i;

template <int kShift>
FCN_INLINE Lanes rotate(Lanes x) {
  if constexpr (kShift == 16) {
    return _mm256_shuffle_epi8(x, _mm256_setr_epi8(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13, 2, 3,
                                                   0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13));
  } else if constexpr (kShift == 8) {
    return _mm256_shuffle_epi8(x, _mm256_setr_epi8(3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14, 3, 0,
                                                   1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14));
  } else {
    return _mm256_or_si256(_mm256_slli_epi32(x, kShift), _mm256_srli_epi32(x, 32 - kShift));
  }
}

FCN_INLINE void quarter_round(Lanes& a, Lanes& b, Lanes& c, Lanes& d) {
  a = _mm256_add_epi32(a, b), d = rotate<16>(_mm256_xor_si256(d, a));
  c = _mm256_add_epi32(c, d), b = rotate<12>(_mm256_xor_si256(b, c));
  a = _mm256_add_epi32(a, b), d = rotate<8>(_mm256_xor_si256(d, a));
  c = _mm256_add_epi32(c, d), b = rotate<7>(_mm256_xor_si256(b, c));
}

// A 4 x 4 transposition in each half: from lane 4 h + j of x[i], lane 4 h + i of x[j].
FCN_INLINE void transpose_halves(Lanes* x) {
  const Lanes a = _mm256_unpacklo_epi32(x[0], x[1]), b = _mm256_unpackhi_epi32(x[0], x[1]);
  const Lanes c = _mm256_unpacklo_epi32(x[2], x[3]), d = _mm256_unpackhi_epi32(x[2], x[3]);
  x[0] = _mm256_unpacklo_epi64(a, c), x[1] = _mm256_unpackhi_epi64(a, c);
  x[2] = _mm256_unpacklo_epi64(b, d), x[3] = _mm256_unpackhi_epi64(b, d);
}

FCN_INLINE void store(std::uint8_t* out, Lanes x) {
  _mm256_storeu_si256(reinterpret_cast<Lanes*>(out), x);
}

}  // namespace

void chacha20_blocks_avx2(std::uint32_t* state, std::uint8_t* out) noexcept {
  for (int pass = 0; pass < 2; ++pass, out += 64 * 8) {
    const std::uint64_t counter = static_cast<std::uint64_t>(state[13]) << 32 | state[12];
    alignas(32) std::uint32_t low[8], high[8];
    for (unsigned i = 0; i < 8; ++i) {
      low[i] = static_cast<std::uint32_t>(counter + i);
      high[i] = static_cast<std::uint32_t>((counter + i) >> 32);
    }
    Lanes start[16], x[16];
    for (int word = 0; word < 16; ++word) start[word] = _mm256_set1_epi32(static_cast<int>(state[word]));
    start[12] = _mm256_load_si256(reinterpret_cast<const Lanes*>(low));
    start[13] = _mm256_load_si256(reinterpret_cast<const Lanes*>(high));
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
    for (int word = 0; word < 16; ++word) x[word] = _mm256_add_epi32(x[word], start[word]);
    // Half h of x[4 w + j] gets words 4 w .. 4 w + 3 of block 4 h + j; then halves are joined.
    for (int w = 0; w < 4; ++w) transpose_halves(x + 4 * w);
    for (int j = 0; j < 4; ++j) {
      store(out + 64 * j, _mm256_permute2x128_si256(x[j], x[4 + j], 0x20));
      store(out + 64 * j + 32, _mm256_permute2x128_si256(x[8 + j], x[12 + j], 0x20));
      store(out + 64 * (4 + j), _mm256_permute2x128_si256(x[j], x[4 + j], 0x31));
      store(out + 64 * (4 + j) + 32, _mm256_permute2x128_si256(x[8 + j], x[12 + j], 0x31));
    }
    state[12] = static_cast<std::uint32_t>(counter + 8);
    state[13] = static_cast<std::uint32_t>((counter + 8) >> 32);
  }
}

}  // namespace fcn::platform::internal
