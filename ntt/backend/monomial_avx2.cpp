// Products with X^e, as in monomial_scalar.cpp: two segments, one of which changes its sign.
#include <cstring>

#include "../../platform/check.h"
#include "../internal/avx2.h"
#include "../internal/vector_avx2.h"

namespace fcn::ntt {
namespace {

FCN_INLINE void accumulate(std::int64_t* accumulator, const std::uint64_t* a, std::size_t count) {
  auto* sums = reinterpret_cast<std::uint64_t*>(accumulator);
  map([](__m256i sum, __m256i x) { return _mm256_add_epi64(sum, x); }, count, sums, sums, a);
}

FCN_INLINE void deduct(std::int64_t* accumulator, const std::uint64_t* a, std::size_t count) {
  auto* sums = reinterpret_cast<std::uint64_t*>(accumulator);
  map([](__m256i sum, __m256i x) { return _mm256_sub_epi64(sum, x); }, count, sums, sums, a);
}

}  // namespace

void monomial_multiply_avx2(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a,
                            std::size_t exponent, std::size_t n) noexcept {
  FCN_CHECK(exponent < 2 * n);
  const bool swapped = exponent >= n;
  const std::size_t shift = swapped ? exponent - n : exponent;
  if (swapped) {
    std::memcpy(dst, a + (n - shift), shift * sizeof(*a));
    negate_avx2(q, dst + shift, a, n - shift);
  } else {
    negate_avx2(q, dst, a + (n - shift), shift);
    std::memcpy(dst + shift, a, (n - shift) * sizeof(*a));
  }
}

void monomial_accumulate_lazy_avx2(std::int64_t* accumulator, const std::uint64_t* a, std::size_t exponent,
                                   std::size_t n) noexcept {
  FCN_CHECK(exponent < 2 * n);
  const bool swapped = exponent >= n;
  const std::size_t shift = swapped ? exponent - n : exponent;
  if (swapped) {
    accumulate(accumulator, a + (n - shift), shift);
    deduct(accumulator + shift, a, n - shift);
  } else {
    deduct(accumulator, a + (n - shift), shift);
    accumulate(accumulator + shift, a, n - shift);
  }
}

}  // namespace fcn::ntt
