#include "automorphism.h"

namespace fcn::ntt {

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

}  // namespace fcn::ntt
