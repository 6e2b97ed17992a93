// The automorphism in the order of a transform, place by place.
#include "../automorphism.h"
#include "../internal/scalar.h"

namespace fcn::ntt {

void permute_scalar(std::uint64_t* dst, const std::uint64_t* a, const NttPermutation& permutation) noexcept {
  const std::size_t lanes = permutation.lanes();
  for (std::size_t block = 0; block < permutation.n() / lanes; ++block) {
    const std::uint32_t source = permutation.sources()[block];
    const std::uint64_t* pattern = permutation.patterns() + 8 * (source % 8);
    for (std::size_t lane = 0; lane < lanes; ++lane)
      dst[lanes * block + lane] = a[source / 8 * 8 + pattern[lane]];
  }
}

}  // namespace fcn::ntt
