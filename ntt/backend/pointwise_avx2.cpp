// What pointwise_doubles.inc asks of AVX2: sums modulo q, and the halves of words as doubles.
#include "../internal/avx2.h"
#include "../internal/double_avx2.h"

namespace fcn::ntt {
namespace {

// a + b < 2q, to [0, q).
FCN_INLINE Words add_canonical(Words a, Words b, Words q) {
  const Words sum = add(a, b), difference = subtract(sum, q);
  return choose(difference, sum, difference);
}
FCN_INLINE Words subtract_canonical(Words a, Words b, Words q) {
  const Words difference = subtract(a, b);
  return choose(difference, add(difference, q), difference);
}
FCN_INLINE Words negate_canonical(Words a, Words q) {
  const Words is_zero = _mm256_cmpeq_epi64(a, _mm256_setzero_si256());
  return _mm256_andnot_si256(is_zero, subtract(q, a));
}

// As in from_integers, for the two halves of a word: 2^52 takes the lower, and 2^84, whose lowest mantissa
// bit counts 2^32, the upper.
constexpr std::uint64_t kBitsOfTwo52 = 0x4330000000000000, kBitsOfTwo84 = 0x4530000000000000;
static_assert(__builtin_bit_cast(std::uint64_t, 0x1p52) == kBitsOfTwo52);
static_assert(__builtin_bit_cast(std::uint64_t, 0x1p84) == kBitsOfTwo84);

FCN_INLINE Vector lower_half(Words a) {
  const Words bits = _mm256_blend_epi32(a, broadcast(kBitsOfTwo52), 0b10101010);
  return _mm256_castsi256_pd(bits) - repeat(0x1p52);
}
// The upper 32 bits of a in their place, plus 2^84 - offset: exact, a multiple of 2^32 below 2^65.
FCN_INLINE Vector upper_half(Words a, double offset = 0x1p84) {
  const Words bits = _mm256_or_si256(_mm256_srli_epi64(a, 32), broadcast(kBitsOfTwo84));
  return _mm256_castsi256_pd(bits) - repeat(offset);
}
// Flipping the top bit adds 2^63, which the offset takes back.
FCN_INLINE Vector signed_upper_half(Words a) {
  return upper_half(_mm256_xor_si256(a, broadcast(std::uint64_t{1} << 63)), 0x1p84 + 0x1p63);
}

}  // namespace
}  // namespace fcn::ntt

#include "pointwise_doubles.inc"
