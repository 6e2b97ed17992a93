// Sums of products: the lower and the upper 52 bits of each product in sums of their own, 32 coefficients side by side.
//
// A product of two numbers below 2^50 adds less than 2^52 to the lower sum and less than 2^48 to the upper: 4095 of them
// and a residue stay below 2^64, and 2^60. Then twice the upper sum takes what the lower has from bit 51 on, and
//   sum = lower + 2^51 * middle + 2^83 * top,   lower < 2^51, middle < 2^32, top < 2^30
// is a sum of three products with constants below q, as in ifma_avx512.h, whose remainder is below
//   (1/2 + 2^32/2^52 + 2^30/2^52 + 3) * q < 4q.
#include "../../platform/check.h"
#include "../internal/avx512.h"
#include "../internal/ifma_avx512.h"

namespace fcn::ntt {
namespace {

constexpr std::size_t kTerms = 4095;

#include "../internal/sum_terms.inc"

FCN_INLINE Vector factor(const PointwiseProduct& term, std::size_t i, __mmask8 mask) {
  return _mm512_maskz_loadu_epi64(mask, term.b + i);
}
FCN_INLINE Vector factor(const ScaledPolynomial& term, std::size_t, __mmask8) {
  return broadcast(term.scalar);
}
FCN_INLINE Vector factor(const PairProduct& term, std::size_t i, __mmask8 mask) {
  return _mm512_maskz_loadu_epi64(mask, term.factor + i);
}

struct Powers {
  Root one, two_to_51, two_to_83;
};

FCN_INLINE Vector reduce_sum(Vector lower, Vector upper, const Powers& powers, Ring ring) {
  upper = _mm512_add_epi64(_mm512_add_epi64(upper, upper), _mm512_srli_epi64(lower, 51));
  lower = _mm512_and_si512(lower, broadcast((std::uint64_t{1} << 51) - 1));
  const Vector top = _mm512_srli_epi64(upper, 32), middle = _mm512_and_si512(upper, broadcast(0xffffffff));
  Vector estimate = multiply_high(zero(), lower, powers.one.quotient);
  estimate = multiply_high(estimate, middle, powers.two_to_51.quotient);
  estimate = multiply_high(estimate, top, powers.two_to_83.quotient);
  Vector low = multiply_low(lower, middle, powers.two_to_51.w);
  low = multiply_low(low, top, powers.two_to_83.w);
  return canonical(remainder(low, estimate, ring), ring);
}

// The coefficients i .. i + 8 * kVectors of each sum, or those in the mask when there is one vector.
template <int kVectors, bool kPrefetch, Fetch kFetch, class Term>
FCN_INLINE void sum_block(std::uint64_t* const* dst, const Term* terms, std::size_t count, std::size_t i,
                          std::size_t ahead, __mmask8 mask, const Powers& powers, Ring ring) {
  constexpr int kAll = kVectors * kSums<Term>;
  Vector lower[kAll], upper[kAll];
#pragma GCC unroll 8
  for (int v = 0; v < kAll; ++v) lower[v] = upper[v] = zero();
  for (std::size_t first = 0; first < count; first += kTerms) {
    const Term* last = terms + (count - first < kTerms ? count : first + kTerms);
    for (const Term* term = terms + first; term != last; ++term) {
      if constexpr (kPrefetch) prefetch<kFetch>(*term, i + ahead, 8 * kVectors);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        const Vector b = factor(*term, i + 8 * v, mask);
#pragma GCC unroll 2
        for (int sum = 0; sum < kSums<Term>; ++sum) {
          const Vector a = _mm512_maskz_loadu_epi64(mask, values(*term, sum) + i + 8 * v);
          lower[sum * kVectors + v] = multiply_low(lower[sum * kVectors + v], a, b);
          upper[sum * kVectors + v] = multiply_high(upper[sum * kVectors + v], a, b);
        }
      }
    }
#pragma GCC unroll 8
    for (int v = 0; v < kAll; ++v) {
      lower[v] = reduce_sum(lower[v], upper[v], powers, ring);
      upper[v] = zero();
    }
  }
#pragma GCC unroll 8
  for (int v = 0; v < kAll; ++v)
    _mm512_mask_storeu_epi64(dst[v / kVectors] + i + 8 * (v % kVectors), mask, lower[v]);
}

template <Fetch kFetch, class Term>
FCN_INLINE void sum_products(const Modulus& q, std::uint64_t* const* dst, const Term* terms,
                             std::size_t count, std::size_t n) {
  FCN_CHECK(count >= 1 && n % 4 == 0);
  const Ring ring = ring_of(flat(q));
  const Powers powers = {root_of(shoup52_power_of_two(0, q)), root_of(shoup52_power_of_two(51, q)),
                         root_of(shoup52_power_of_two(83, q))};
  constexpr int kVectors = kFetch == Fetch::kAll ? 4 : 2;
  constexpr std::size_t kBlock = 8 * kVectors;
  std::size_t i = 0;
  if (count * kSums<Term> >= kManyTerms) {
    const std::size_t ahead = words_ahead(count);
    for (; i + ahead + kBlock <= n; i += kBlock)
      sum_block<kVectors, true, kFetch>(dst, terms, count, i, ahead, 0xff, powers, ring);
  }
  for (; i + kBlock <= n; i += kBlock)
    sum_block<kVectors, false, kFetch>(dst, terms, count, i, 0, 0xff, powers, ring);
  for (; i < n; i += 8)
    sum_block<1, false, kFetch>(dst, terms, count, i, 0, n - i < 8 ? 0x0f : 0xff, powers, ring);
}

}  // namespace

void inner_product_avx512(const Modulus& q, std::uint64_t* dst, const PointwiseProduct* terms,
                          std::size_t count, std::size_t n) noexcept {
  sum_products<Fetch::kAll>(q, &dst, terms, count, n);
}

void inner_product_pair_avx512(const Modulus& q, std::uint64_t* dst_a, std::uint64_t* dst_b,
                               const PairProduct* terms, std::size_t count, std::size_t n,
                               Fetch fetch) noexcept {
  std::uint64_t* const dst[] = {dst_a, dst_b};
  if (fetch == Fetch::kAll) return sum_products<Fetch::kAll>(q, dst, terms, count, n);
  sum_products<Fetch::kFactors>(q, dst, terms, count, n);
}

void linear_combination_avx512(const Modulus& q, std::uint64_t* dst, const ScaledPolynomial* terms,
                               std::size_t count, std::size_t n) noexcept {
  sum_products<Fetch::kAll>(q, &dst, terms, count, n);
}

}  // namespace fcn::ntt
