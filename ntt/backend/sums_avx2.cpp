// Sums of products in doubles: eight terms without a reduction, sixteen coefficients side by side.
//
// A product of a < 2^50 and b < q < 2^50 is split at bit 51: the upper part joins the sum `upper`, which starts at 2^103
// and stays in [2^103, 2^104), where a double counts in steps of 2^51; the rest joins `lower`.
//   next = fl(upper + a*b)          one rounding: off by at most 2^50
//   rest = a*b - (next - upper)     an integer of at most 2^50: the FMA is exact, as is next - upper
// A term adds at most (2^50 - 1) * (q - 1) + 2^50 < 2^50 * q to upper, eight terms less than 2^53 * q < 2^103; and lower
// is at most 8 * 2^50 = 2^53 in absolute value: exact all the way.
//
// Then, with upper less 2^103: upper * inverse has two roundings, off by at most 2^53 * (2u + u^2) < 2.1, so that the
// remainder is below 2.6q < 2^52, exact. lower, at most 2^53, leaves by the same argument at most q/2 + 2.1, exact.
// Their sum with the terms before is at most 3.7q + 2.1, below 8q; reduced once more, it is at most q/2 * (1 + 2^-47).
#include "../../platform/check.h"
#include "../internal/avx2.h"
#include "../internal/double_avx2.h"

namespace fcn::ntt {
namespace {

constexpr std::size_t kTerms = 8;
constexpr double kTwo103 = 0x1p103;

FCN_INLINE Vector left(const PointwiseProduct& term, std::size_t i) {
  return from_integers(load(term.a + i));
}
FCN_INLINE Vector right(const PointwiseProduct& term, std::size_t i) {
  return from_integers(load(term.b + i));
}
FCN_INLINE Vector left(const ScaledPolynomial& term, std::size_t i) {
  return from_integers(load(term.a + i));
}
FCN_INLINE Vector right(const ScaledPolynomial& term, std::size_t) {
  return from_integers(broadcast(term.scalar));
}

// Many terms are more streams than the processor foresees: it is told four blocks before.
constexpr std::size_t kBlock = 16, kAhead = 4 * kBlock, kManyTerms = 5;
FCN_INLINE void prefetch_block(const std::uint64_t* a) {
  for (std::size_t i = 0; i < kBlock; i += 8) _mm_prefetch(a + i, _MM_HINT_T0);
}
FCN_INLINE void prefetch(const PointwiseProduct& term, std::size_t i) {
  prefetch_block(term.a + i);
  prefetch_block(term.b + i);
}
FCN_INLINE void prefetch(const ScaledPolynomial& term, std::size_t i) {
  prefetch_block(term.a + i);
}

// dst[0 .. 4 * kVectors) from the coefficients i and after.
template <int kVectors, bool kPrefetch, class Term>
FCN_INLINE void sum_block(Ring ring, std::uint64_t* dst, const Term* terms, std::size_t count,
                          std::size_t i) {
  const Vector start = _mm256_set1_pd(kTwo103);
  Vector sum[kVectors];  // of the terms so far, at most q/2 * (1 + 2^-47)
  for (Vector& s : sum) s = _mm256_setzero_pd();
  for (std::size_t first = 0; first < count; first += kTerms) {
    const Term* last = terms + (count - first < kTerms ? count : first + kTerms);
    Vector upper[kVectors], lower[kVectors];
    for (int v = 0; v < kVectors; ++v) {
      upper[v] = start;
      lower[v] = _mm256_setzero_pd();
    }
    for (const Term* term = terms + first; term != last; ++term) {
      if constexpr (kPrefetch) prefetch(*term, i + kAhead);
      for (int v = 0; v < kVectors; ++v) {
        const Vector a = left(*term, i + 4 * v), b = right(*term, i + 4 * v);
        const Vector next = _mm256_fmadd_pd(a, b, upper[v]);
        lower[v] = _mm256_add_pd(lower[v], _mm256_fmsub_pd(a, b, _mm256_sub_pd(next, upper[v])));
        upper[v] = next;
      }
    }
    for (int v = 0; v < kVectors; ++v) {
      const Vector high = reduced(_mm256_sub_pd(upper[v], start), ring), low = reduced(lower[v], ring);
      sum[v] = reduced(_mm256_add_pd(_mm256_add_pd(high, low), sum[v]), ring);
    }
  }
  for (int v = 0; v < kVectors; ++v) store(dst + 4 * v, to_canonical(sum[v], ring));
}

template <class Term>
FCN_INLINE void sum_products(Ring ring, std::uint64_t* dst, const Term* terms, std::size_t count,
                             std::size_t n) {
  FCN_CHECK(count >= 1 && n % 4 == 0);
  std::size_t i = 0;
  if (count >= kManyTerms) {
    for (; i + kAhead + kBlock <= n; i += kBlock) sum_block<kBlock / 4, true>(ring, dst + i, terms, count, i);
  }
  for (; i + kBlock <= n; i += kBlock) sum_block<kBlock / 4, false>(ring, dst + i, terms, count, i);
  for (; i < n; i += 4) sum_block<1, false>(ring, dst + i, terms, count, i);
}

}  // namespace

void inner_product_avx2(const Modulus& q, std::uint64_t* dst, const PointwiseProduct* terms,
                        std::size_t count, std::size_t n) noexcept {
  sum_products(ring_of(flat(q)), dst, terms, count, n);
}

void linear_combination_avx2(const Modulus& q, std::uint64_t* dst, const ScaledPolynomial* terms,
                             std::size_t count, std::size_t n) noexcept {
  sum_products(ring_of(flat(q)), dst, terms, count, n);
}

}  // namespace fcn::ntt
