// The automorphism in the order of a transform: one load, one permutation and one store for eight places.
#include "../../platform/check.h"
#include "../internal/avx512.h"
#include "../internal/flat.h"
#include "../internal/scalar.h"
#include "../internal/vector_avx512.h"

namespace fcn::ntt {

void permute_avx512(std::uint64_t* dst, const std::uint64_t* a, const NttPermutation& permutation,
                    std::size_t first, std::size_t last) noexcept {
  const FlatPermutation p = flat(permutation);
  if (p.n < 8) return permute_scalar(dst, a, permutation, first, last);
  FCN_CHECK(first % 8 == 0 && last % 8 == 0 && last <= p.n);
  for (; first < last; first += 8, dst += 8) {
    const std::size_t source = p.sources[first / 8], pattern = source % 8;
    store(dst, _mm512_permutexvar_epi64(load(p.patterns + 8 * pattern), load(a + (source - pattern))));
  }
}

}  // namespace fcn::ntt
