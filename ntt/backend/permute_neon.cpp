// The automorphism in the order of a transform, two places at a time. Lanes 2j and 2j + 1 of a block of eight hold
// the multiples r and r + 4 of 2n/8. Their images differ by 4g = 4 modulo 8: they are again such a pair of lanes,
// in this order or the other.
#include "../../platform/check.h"
#include "../internal/flat.h"
#include "../internal/neon.h"
#include "../internal/scalar.h"
#include "../internal/vector_neon.h"

namespace fcn::ntt {
namespace {

struct Pair {
  std::size_t source;  // the first of its two lanes
  uint8x16_t order;    // of their bytes
};

FCN_INLINE Pair pair_of(std::uint64_t first_lane) {
  const std::uint64_t bytes = 0x0706050403020100, upper_half = 0x0808080808080808;
  const std::uint64_t swap = (first_lane & 1) * upper_half;
  return {
      static_cast<std::size_t>(first_lane & ~std::uint64_t{1}),
      vreinterpretq_u8_u64(vcombine_u64(vdup_n_u64(bytes ^ swap), vdup_n_u64(bytes ^ upper_half ^ swap)))};
}

}  // namespace

void permute_neon(std::uint64_t* dst, const std::uint64_t* a, const NttPermutation& permutation,
                  std::size_t first, std::size_t last) noexcept {
  const FlatPermutation p = flat(permutation);
  if (p.n < 8) return permute_scalar(dst, a, permutation, first, last);
  FCN_CHECK(first % 8 == 0 && last % 8 == 0 && last <= p.n);
  Pair pairs[8][4];
  for (std::size_t c = 0; c < 8; ++c) {
    for (std::size_t j = 0; j < 4; ++j) pairs[c][j] = pair_of(p.patterns[8 * c + 2 * j]);
  }
  for (; first < last; first += 8, dst += 8) {
    const std::size_t source = p.sources[first / 8], c = source % 8;
    for (std::size_t j = 0; j < 4; ++j) {
      const Pair& pair = pairs[c][j];
      const uint8x16_t bytes = vreinterpretq_u8_u64(load(a + (source - c) + pair.source));
      store(dst + 2 * j, vreinterpretq_u64_u8(vqtbl1q_u8(bytes, pair.order)));
    }
  }
}

}  // namespace fcn::ntt
