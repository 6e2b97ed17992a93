#include "automorphism.h"

#include <bit>

#include "internal/bit_reverse.h"

namespace fcn::ntt {

using internal::bit_reverse;

// X^i becomes X^(g*i mod 2n), and X^n = -1. g is odd, so i -> g*i mod n is a permutation: every place is
// written once.
void apply_automorphism(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, std::size_t g,
                        std::size_t n) noexcept {
  FCN_CHECK(g % 2 == 1 && g < 2 * n);
  std::size_t exponent = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t negate = 0 - static_cast<std::uint64_t>((exponent & n) != 0);
    dst[exponent & (n - 1)] = (negate_mod(a[i], q) & negate) | (a[i] & ~negate);
    exponent = (exponent + g) & (2 * n - 1);
  }
}

platform::Result<NttPermutation> NttPermutation::create(std::size_t n, std::size_t g) {
  if (!std::has_single_bit(n) || n < 4 || n > 65536) {
    return platform::invalid_argument(platform::concat("n = ", n, " is not a power of two in [4, 65536]"));
  }
  if (g % 2 == 0 || g >= 2 * n) {
    return platform::invalid_argument(platform::concat("g = ", g, " is not odd and below 2n = ", 2 * n));
  }
  NttPermutation permutation;
  permutation.n_ = n;
  const std::size_t lanes = permutation.lanes(), blocks = n / lanes, step = 2 * n / lanes;
  const unsigned log2_lanes = static_cast<unsigned>(std::countr_zero(lanes));
  const unsigned log2_blocks = static_cast<unsigned>(std::countr_zero(blocks));
  FCN_ASSIGN_OR_RETURN(permutation.sources_, platform::AlignedBuffer<std::uint32_t>::create(blocks));
  FCN_ASSIGN_OR_RETURN(permutation.patterns_, platform::AlignedBuffer<std::uint64_t>::create(8 * lanes));
  for (std::size_t block = 0; block < blocks; ++block) {
    const std::size_t exponent = g * (2 * bit_reverse(block, log2_blocks) + 1) % (2 * n);
    const std::size_t source = bit_reverse(exponent % step / 2, log2_blocks);
    permutation.sources_[block] = static_cast<std::uint32_t>(lanes * source + exponent / step);
  }
  for (std::size_t c = 0; c < lanes; ++c) {
    for (std::size_t lane = 0; lane < lanes; ++lane)
      permutation.patterns_[8 * c + lane] =
          bit_reverse((g * bit_reverse(lane, log2_lanes) + c) % lanes, log2_lanes);
  }
  return permutation;
}

}  // namespace fcn::ntt
