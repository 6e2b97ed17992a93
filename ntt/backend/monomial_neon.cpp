// Products with X^e, as in monomial_scalar.cpp: two segments, one of which changes its sign.
#include <cstring>

#include "../../platform/check.h"
#include "../internal/neon.h"
#include "../internal/vector_neon.h"

namespace fcn::ntt {
namespace {

constexpr std::size_t kBlock = 32;  // coefficients whose sums stay in 16 of the 32 registers

// sums += a, or -= a, over one block.
template <bool kNegative>
FCN_INLINE void add_block(uint64x2_t (&sums)[kBlock / 2], const std::uint64_t* a) {
  for (std::size_t v = 0; v < kBlock / 2; ++v) {
    const uint64x2_t x = load(a + 2 * v);
    sums[v] = kNegative ? vsubq_u64(sums[v], x) : vaddq_u64(sums[v], x);
  }
}

// sums[i] += the coefficient of X^(first + i) in X^exponent a, for i < count <= n.
FCN_INLINE void add_range(std::int64_t* sums, const MonomialProduct& term, std::size_t first,
                          std::size_t count, std::size_t n) {
  const std::size_t source = first + 2 * n - term.exponent,
                    place = source & (n - 1);                      // modulo 2n: [n, 2n) negates
  const std::size_t turn = n - place < count ? n - place : count;  // where the sign changes
  const std::int64_t sign = (source & n) != 0 ? -1 : 0;
  for (std::size_t i = 0; i < turn; ++i)
    sums[i] += (static_cast<std::int64_t>(term.a[place + i]) ^ sign) - sign;
  for (std::size_t i = turn; i < count; ++i) {
    sums[i] += (static_cast<std::int64_t>(term.a[place + i - n]) ^ ~sign) - ~sign;
  }
}

}  // namespace

void monomial_multiply_neon(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a,
                            std::size_t exponent, std::size_t n) noexcept {
  FCN_CHECK(exponent < 2 * n);
  const bool swapped = exponent >= n;
  const std::size_t shift = swapped ? exponent - n : exponent;
  if (swapped) {
    std::memcpy(dst, a + (n - shift), shift * sizeof(*a));
    negate_neon(q, dst + shift, a, n - shift);
  } else {
    negate_neon(q, dst, a + (n - shift), shift);
    std::memcpy(dst + shift, a, (n - shift) * sizeof(*a));
  }
}

// Block by block, all terms: the sums stay in registers, and each source is read once.
void monomial_accumulate_lazy_neon(std::int64_t* accumulator, const MonomialProduct* terms, std::size_t count,
                                   std::size_t n, std::size_t first, std::size_t last) noexcept {
  FCN_CHECK(first <= last && last <= n);
  for (; first + kBlock <= last; first += kBlock, accumulator += kBlock) {
    auto* words = reinterpret_cast<std::uint64_t*>(accumulator);
    uint64x2_t sums[kBlock / 2];
    for (std::size_t v = 0; v < kBlock / 2; ++v) sums[v] = load(words + 2 * v);
    std::int64_t edge[kBlock] = {};  // from the terms that wrap inside the block
    bool has_edge = false;
    for (const MonomialProduct* term = terms; term != terms + count; ++term) {
      FCN_CHECK(term->exponent < 2 * n);
      const std::size_t source = first + 2 * n - term->exponent, place = source & (n - 1);
      if (place + kBlock > n) {
        add_range(edge, *term, first, kBlock, n);
        has_edge = true;
      } else if ((source & n) != 0) {
        add_block<true>(sums, term->a + place);
      } else {
        add_block<false>(sums, term->a + place);
      }
    }
    if (has_edge) add_block<false>(sums, reinterpret_cast<const std::uint64_t*>(edge));
    for (std::size_t v = 0; v < kBlock / 2; ++v) store(words + 2 * v, sums[v]);
  }
  for (const MonomialProduct* term = terms; first < last && term != terms + count; ++term) {
    add_range(accumulator, *term, first, last - first, n);
  }
}

}  // namespace fcn::ntt
