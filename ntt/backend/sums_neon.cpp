// Sums of products in doubles: eight terms without a reduction, eight coefficients side by side. The sums, their
// bounds and the proof are those of sums_avx2.cpp; rests and errors are computed with the opposite sign.
#include "../../platform/check.h"
#include "../internal/double_neon.h"
#include "../internal/neon.h"

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

// dst[0 .. 2 * kVectors) from the coefficients i and after.
template <int kVectors, class Term>
FCN_INLINE void sum_block(Ring ring, std::uint64_t* dst, const Term* terms, std::size_t count,
                          std::size_t i) {
  const Vector start = vdupq_n_f64(kTwo103);
  Vector sum[kVectors];  // of the terms so far, at most q/2 * (1 + 2^-47)
  for (Vector& s : sum) s = vdupq_n_f64(0);
  for (std::size_t first = 0; first < count; first += kTerms) {
    const Term* last = terms + (count - first < kTerms ? count : first + kTerms);
    Vector upper[kVectors], lower[kVectors];
    for (int v = 0; v < kVectors; ++v) {
      upper[v] = start;
      lower[v] = vdupq_n_f64(0);
    }
    for (const Term* term = terms + first; term != last; ++term) {
      for (int v = 0; v < kVectors; ++v) {
        const Vector a = left(*term, i + 2 * v), b = right(*term, i + 2 * v);
        const Vector next = vfmaq_f64(upper[v], a, b);
        const Vector minus_rest = vfmsq_f64(vsubq_f64(next, upper[v]), a, b);
        lower[v] = vsubq_f64(lower[v], minus_rest);
        upper[v] = next;
      }
    }
    for (int v = 0; v < kVectors; ++v) {
      const Vector high = reduced(vsubq_f64(upper[v], start), ring), low = reduced(lower[v], ring);
      sum[v] = reduced(vaddq_f64(vaddq_f64(high, low), sum[v]), ring);
    }
  }
  for (int v = 0; v < kVectors; ++v) store(dst + 2 * v, to_canonical(sum[v], ring));
}

template <class Term>
FCN_INLINE void sum_products(Ring ring, std::uint64_t* dst, const Term* terms, std::size_t count,
                             std::size_t n) {
  FCN_CHECK(count >= 1 && n % 4 == 0);
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) sum_block<4>(ring, dst + i, terms, count, i);
  if (i < n) sum_block<2>(ring, dst + i, terms, count, i);
}

}  // namespace

void inner_product_neon(const Modulus& q, std::uint64_t* dst, const PointwiseProduct* terms,
                        std::size_t count, std::size_t n) noexcept {
  sum_products(ring_of(flat(q)), dst, terms, count, n);
}

void linear_combination_neon(const Modulus& q, std::uint64_t* dst, const ScaledPolynomial* terms,
                             std::size_t count, std::size_t n) noexcept {
  sum_products(ring_of(flat(q)), dst, terms, count, n);
}

}  // namespace fcn::ntt
