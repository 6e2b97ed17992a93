// Coefficient by coefficient: sums in 64-bit integers, products in doubles.
#include "../internal/avx2.h"
#include "../internal/double_avx2.h"

namespace fcn::ntt {
namespace {

// a + b < 2q, to [0, q).
FCN_INLINE __m256i add_canonical(__m256i a, __m256i b, __m256i q) {
  const __m256i sum = _mm256_add_epi64(a, b), difference = _mm256_sub_epi64(sum, q);
  return choose(difference, sum, difference);
}

// As in from_integers, for the two halves of a word: 2^52 takes the lower, and 2^84, whose lowest mantissa
// bit counts 2^32, the upper.
constexpr std::uint64_t kBitsOfTwo52 = 0x4330000000000000, kBitsOfTwo84 = 0x4530000000000000;
static_assert(__builtin_bit_cast(std::uint64_t, 0x1p52) == kBitsOfTwo52);
static_assert(__builtin_bit_cast(std::uint64_t, 0x1p84) == kBitsOfTwo84);

// value = upper + lower, upper a multiple of 2^32, |value| <= 2^64, 0 <= lower < 2^32; to [0, q), for any odd
// q < 2^50.
//
// fl(upper + lower) * inverse has three roundings: it differs from value/q by less than (2^64 / q) * (3u +
// 3u^2 + u^3) < 2^13 / q, and rounding to an integer adds at most 1/2, so that the first remainder is at most
// q/2 + 2^13 in absolute value. upper - quotient*q is that less lower: an integer below 2^53, so that its FMA
// and the sum are exact. A second reduction of a number so small is off by less than q * 2^-38 from q/2.
FCN_INLINE __m256i reduce_halves(Vector upper, Vector lower, Ring ring) {
  const Vector quotient = round_to_integer(_mm256_mul_pd(_mm256_add_pd(upper, lower), ring.inverse));
  const Vector remainder = _mm256_add_pd(_mm256_fnmadd_pd(quotient, ring.q, upper), lower);
  return to_canonical(reduced(remainder, ring), ring);
}

FCN_INLINE Vector lower_half(__m256i a) {
  const __m256i bits = _mm256_blend_epi32(a, broadcast(kBitsOfTwo52), 0b10101010);
  return _mm256_sub_pd(_mm256_castsi256_pd(bits), _mm256_set1_pd(0x1p52));
}

// The upper 32 bits of a in their place, plus 2^84 - offset: exact, a multiple of 2^32 below 2^65.
FCN_INLINE Vector upper_half(__m256i a, double offset) {
  const __m256i bits = _mm256_or_si256(_mm256_srli_epi64(a, 32), broadcast(kBitsOfTwo84));
  return _mm256_sub_pd(_mm256_castsi256_pd(bits), _mm256_set1_pd(offset));
}

}  // namespace

void add_avx2(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b,
              std::size_t count) noexcept {
  const __m256i modulus = broadcast(flat(q).q);
  map([=](__m256i x, __m256i y) { return add_canonical(x, y, modulus); }, count, dst, a, b);
}

void subtract_avx2(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b,
                   std::size_t count) noexcept {
  const __m256i modulus = broadcast(flat(q).q);
  const auto subtract = [=](__m256i x, __m256i y) {
    const __m256i difference = _mm256_sub_epi64(x, y);
    return choose(difference, _mm256_add_epi64(difference, modulus), difference);
  };
  map(subtract, count, dst, a, b);
}

void negate_avx2(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, std::size_t count) noexcept {
  const __m256i modulus = broadcast(flat(q).q);
  const auto negate = [=](__m256i x) {
    const __m256i is_zero = _mm256_cmpeq_epi64(x, _mm256_setzero_si256());
    return _mm256_andnot_si256(is_zero, _mm256_sub_epi64(modulus, x));
  };
  map(negate, count, dst, a);
}

void multiply_avx2(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b,
                   std::size_t count) noexcept {
  const Ring ring = ring_of(flat(q));
  const auto multiply = [=](__m256i x, __m256i y) {
    return to_canonical(product(from_integers(x), from_integers(y), ring), ring);
  };
  map(multiply, count, dst, a, b);
}

void multiply_add_avx2(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b,
                       std::size_t count) noexcept {
  const FlatModulus modulus = flat(q);
  const Ring ring = ring_of(modulus);
  const __m256i integer_q = broadcast(modulus.q);
  const auto multiply_add = [=](__m256i sum, __m256i x, __m256i y) {
    const __m256i xy = to_canonical(product(from_integers(x), from_integers(y), ring), ring);
    return add_canonical(sum, xy, integer_q);
  };
  map(multiply_add, count, dst, dst, a, b);
}

void scalar_multiply_avx2(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, std::uint64_t scalar,
                          std::size_t count) noexcept {
  const Ring ring = ring_of(flat(q));
  const Vector factor = from_integers(broadcast(scalar));
  map([=](__m256i x) { return to_canonical(product(from_integers(x), factor, ring), ring); }, count, dst, a);
}

void scalar_multiply_add_avx2(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a,
                              std::uint64_t scalar, std::size_t count) noexcept {
  const FlatModulus modulus = flat(q);
  const Ring ring = ring_of(modulus);
  const __m256i integer_q = broadcast(modulus.q);
  const Vector factor = from_integers(broadcast(scalar));
  const auto multiply_add = [=](__m256i sum, __m256i x) {
    return add_canonical(sum, to_canonical(product(from_integers(x), factor, ring), ring), integer_q);
  };
  map(multiply_add, count, dst, dst, a);
}

void reduce_avx2(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, std::size_t count) noexcept {
  const Ring ring = ring_of(flat(q));
  map([=](__m256i x) { return reduce_halves(upper_half(x, 0x1p84), lower_half(x), ring); }, count, dst, a);
}

// Flipping the top bit adds 2^63, which the offset takes back.
void reduce_accumulator_avx2(const Modulus& q, std::uint64_t* dst, const std::int64_t* accumulator,
                             std::size_t count) noexcept {
  const Ring ring = ring_of(flat(q));
  const __m256i top_bit = broadcast(std::uint64_t{1} << 63);
  const auto reduce_signed = [=](__m256i x) {
    return reduce_halves(upper_half(_mm256_xor_si256(x, top_bit), 0x1p84 + 0x1p63), lower_half(x), ring);
  };
  map(reduce_signed, count, dst, reinterpret_cast<const std::uint64_t*>(accumulator));
}

// |a - b| < q, so that |(a - b) * scalar / q| < q, as for a product of residues.
void subtract_multiply_avx2(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a,
                            const std::uint64_t* b, std::uint64_t scalar, std::size_t count) noexcept {
  const Ring ring = ring_of(flat(q));
  const Vector factor = from_integers(broadcast(scalar));
  const auto subtract_multiply = [=](__m256i x, __m256i y) {
    const Vector difference = _mm256_sub_pd(from_integers(x), from_integers(y));
    return to_canonical(product(difference, factor, ring), ring);
  };
  map(subtract_multiply, count, dst, a, b);
}

// |x| < 2^49 after centering: x * inverse is off by at most (2^49 / q) * (2u + u^2) < 1 / (7q), so that the remainder,
// an integer, is at most q/2 + 1/7 in absolute value: less than q, and exact.
void reduce_centered_avx2(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const Modulus& from,
                          std::size_t count) noexcept {
  const Ring ring = ring_of(flat(q));
  const Vector from_q = _mm256_set1_pd(flat(from).q_double),
               half = _mm256_mul_pd(from_q, _mm256_set1_pd(0.5));
  const auto reduce = [=](__m256i word) {
    const Vector x = from_integers(word), is_upper = _mm256_cmp_pd(x, half, _CMP_GT_OQ);
    return to_canonical(reduced(_mm256_sub_pd(x, _mm256_and_pd(is_upper, from_q)), ring), ring);
  };
  map(reduce, count, dst, a);
}

}  // namespace fcn::ntt
