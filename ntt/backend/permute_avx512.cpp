// The automorphism in the order of a transform: one load, one permutation and one store for eight places.
#include "../internal/avx512.h"
#include "../internal/flat.h"
#include "../internal/scalar.h"
#include "../internal/vector_avx512.h"

namespace fcn::ntt {

void permute_avx512(std::uint64_t* dst, const std::uint64_t* a, const NttPermutation& permutation) noexcept {
  const FlatPermutation p = flat(permutation);
  if (p.n < 8) return permute_scalar(dst, a, permutation);
  for (std::size_t block = 0; block < p.n / 8; ++block) {
    const std::size_t source = p.sources[block], pattern = source % 8;
    store(dst + 8 * block,
          _mm512_permutexvar_epi64(load(p.patterns + 8 * pattern), load(a + (source - pattern))));
  }
}

}  // namespace fcn::ntt
