// The automorphism in the order of a transform, eight places at a time. The lower four lanes of a block hold the even
// multiples of 2n/8, so that each half of a block comes from one half of its source.
#include "../../platform/check.h"
#include "../internal/avx2.h"
#include "../internal/flat.h"
#include "../internal/scalar.h"
#include "../internal/vector_avx2.h"

namespace fcn::ntt {
namespace {

// Lane numbers 0-7 in four 64-bit words, as pairs of 32-bit lanes within their half: l -> 2(l mod 4), 2(l mod 4) + 1.
FCN_INLINE __m256i word_pairs(__m256i lanes) {
  const __m256i twice = _mm256_slli_epi64(_mm256_and_si256(lanes, broadcast(3)), 1);
  return _mm256_or_si256(twice, _mm256_slli_epi64(_mm256_or_si256(twice, broadcast(1)), 32));
}

}  // namespace

void permute_avx2(std::uint64_t* dst, const std::uint64_t* a, const NttPermutation& permutation,
                  std::size_t first, std::size_t last) noexcept {
  const FlatPermutation p = flat(permutation);
  if (p.n < 8) return permute_scalar(dst, a, permutation, first, last);
  FCN_CHECK(first % 8 == 0 && last % 8 == 0 && last <= p.n);
  __m256i lower[8], upper[8];
  for (int c = 0; c < 8; ++c) {
    lower[c] = word_pairs(load(p.patterns + 8 * c));
    upper[c] = word_pairs(load(p.patterns + 8 * c + 4));
  }
  for (; first < last; first += 8, dst += 8) {
    const std::size_t source = p.sources[first / 8], c = source % 8,
                      odd = c % 2;  // c odd exchanges even and odd multiples
    const std::uint64_t* from = a + (source - c);
    store(dst, _mm256_permutevar8x32_epi32(load(from + 4 * odd), lower[c]));
    store(dst + 4, _mm256_permutevar8x32_epi32(load(from + 4 * (1 - odd)), upper[c]));
  }
}

}  // namespace fcn::ntt
