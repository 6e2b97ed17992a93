// Products with X^e, as in monomial_scalar.cpp: two segments, one of which changes its sign.
#include "../../platform/check.h"
#include "../internal/avx512.h"
#include "../internal/scalar.h"
#include "../internal/vector_avx512.h"

namespace fcn::ntt {
namespace {

constexpr int kVectors = 8;  // sums that stay in registers: 64 coefficients

// sum += the coefficients of X^place and after in a or, where negative, in -a; for the lanes of mask, place < 2n.
FCN_INLINE Vector add_turning(Vector sum, const std::uint64_t* a, std::size_t place, bool negative,
                              __mmask8 mask, std::size_t n) {
  if (place >= n) {
    place -= n;
    negative = !negative;
  }
  const std::size_t turn = n - place < 8 ? n - place : 8;  // the lane where the sign changes
  const __mmask8 below = static_cast<__mmask8>((1u << turn) - 1);
  const Vector x = _mm512_maskz_loadu_epi64(static_cast<__mmask8>(mask & below), a + place);
  const Vector y = _mm512_maskz_expandloadu_epi64(static_cast<__mmask8>(mask & ~below), a);
  const Vector change = _mm512_sub_epi64(x, y);
  return negative ? _mm512_sub_epi64(sum, change) : _mm512_add_epi64(sum, change);
}

}  // namespace

void monomial_multiply_avx512(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a,
                              std::size_t exponent, std::size_t n) noexcept {
  monomial_multiply_by(negate_avx512, q, dst, a, exponent, n);
}

// Block by block, all terms: the sums stay in registers, and each source is read once.
void monomial_accumulate_lazy_avx512(std::int64_t* accumulator, const MonomialProduct* terms,
                                     std::size_t count, std::size_t n, std::size_t first,
                                     std::size_t last) noexcept {
  FCN_CHECK(first <= last && last <= n);
  for (; first + 8 * kVectors <= last; first += 8 * kVectors, accumulator += 8 * kVectors) {
    Vector sums[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) sums[v] = _mm512_loadu_si512(accumulator + 8 * v);
    for (const MonomialProduct* term = terms; term != terms + count; ++term) {
      FCN_CHECK(term->exponent < 2 * n);
      const std::size_t source = first + 2 * n - term->exponent, place = source & (n - 1);  // [n, 2n) negates
      const bool negative = (source & n) != 0;
      const std::uint64_t* a = term->a + place;
      if (place + 8 * kVectors > n) {
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v)
          sums[v] = add_turning(sums[v], term->a, place + 8 * v, negative, 0xff, n);
      } else if (negative) {
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) sums[v] = _mm512_sub_epi64(sums[v], load(a + 8 * v));
      } else {
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) sums[v] = _mm512_add_epi64(sums[v], load(a + 8 * v));
      }
    }
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) _mm512_storeu_si512(accumulator + 8 * v, sums[v]);
  }
  for (; first < last; first += 8, accumulator += 8) {
    const __mmask8 mask = static_cast<__mmask8>(last - first < 8 ? (1u << (last - first)) - 1 : 0xff);
    Vector sum = _mm512_maskz_loadu_epi64(mask, accumulator);
    for (const MonomialProduct* term = terms; term != terms + count; ++term) {
      FCN_CHECK(term->exponent < 2 * n);
      const std::size_t source = first + 2 * n - term->exponent;
      sum = add_turning(sum, term->a, source & (n - 1), (source & n) != 0, mask, n);
    }
    _mm512_mask_storeu_epi64(accumulator, mask, sum);
  }
}

}  // namespace fcn::ntt
