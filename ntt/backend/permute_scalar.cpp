// The automorphism in the order of a transform, place by place.
#include "../../platform/check.h"
#include "../automorphism.h"
#include "../internal/scalar.h"

namespace fcn::ntt {

void permute_scalar(std::uint64_t* dst, const std::uint64_t* a, const NttPermutation& permutation,
                    std::size_t first, std::size_t last) noexcept {
  const std::size_t lanes = permutation.lanes();
  FCN_CHECK(first % lanes == 0 && last % lanes == 0 && last <= permutation.n());
  for (; first < last; first += lanes, dst += lanes) {
    const std::uint32_t source = permutation.sources()[first / lanes];
    const std::uint64_t* pattern = permutation.patterns() + 8 * (source % 8);
    for (std::size_t lane = 0; lane < lanes; ++lane) dst[lane] = a[source / 8 * 8 + pattern[lane]];
  }
}

}  // namespace fcn::ntt
