// Coefficient by coefficient, in 52-bit integers.
#include "../internal/avx512.h"
#include "../internal/ifma_avx512.h"

namespace fcn::ntt {
namespace {

// Products of two residues modulo a q of `bits` bits, Barrett's: with c = floor(2^(bits + 51) / q), in [2^51, 2^52),
//   top = floor(2*a*b / 2^bits) < 2^(bits+1),   estimate = floor(top * c / 2^52)
// falls short of a*b/q by less than c/2^52 < 1 (the floor in top), top/2^52 < 1/2 (that in c), and 1 (its own): the
// remainder is below 2.5q.
struct Barrett {
  Ring ring;
  Vector reciprocal;
  __m128i shift;  // a * 2^(52 - bits) < 2^52, so that the upper 52 bits of its product with 2b are top
};

FCN_INLINE Barrett barrett_of(const FlatModulus& modulus) {
  return {ring_of(modulus), broadcast(modulus.barrett >> 11),
          _mm_cvtsi32_si128(static_cast<int>(52 - modulus.bits))};
}

// sum + a * b, below 3.5q for a sum in [0, q).
FCN_INLINE Vector multiply_lazy(Vector sum, Vector a, Vector b, const Barrett& q) {
  const Vector top = multiply_high(zero(), _mm512_sll_epi64(a, q.shift), _mm512_add_epi64(b, b));
  return remainder(multiply_low(sum, a, b), multiply_high(zero(), top, q.reciprocal), q.ring);
}

// For words of any size: a = upper * 2^32 + lower, both below 2^32, and 2^32 a constant modulo q.
struct WordReducer {
  Ring ring;
  Root one, two_to_32;
};

FCN_INLINE WordReducer word_reducer(const Modulus& q) {
  return {ring_of(flat(q)), root_of(shoup52_power_of_two(0, q)), root_of(shoup52_power_of_two(32, q))};
}

// a + offset, offset < q. Two products with factors below 2^32 and 2^51: their remainder is below 2.6q.
FCN_INLINE Vector reduce_word(Vector a, Vector offset, const WordReducer& q) {
  const Vector upper = _mm512_srli_epi64(a, 32);
  const Vector lower = _mm512_add_epi64(_mm512_and_si512(a, broadcast(0xffffffff)), offset);
  const Vector estimate =
      multiply_high(multiply_high(zero(), upper, q.two_to_32.quotient), lower, q.one.quotient);
  return canonical(remainder(multiply_low(lower, upper, q.two_to_32.w), estimate, q.ring), q.ring);
}

}  // namespace

void add_avx512(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b,
                std::size_t count) noexcept {
  const Vector modulus = broadcast(flat(q).q);
  map([=](Vector x, Vector y) { return subtract_once(_mm512_add_epi64(x, y), modulus); }, count, dst, a, b);
}

void subtract_avx512(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b,
                     std::size_t count) noexcept {
  const Vector modulus = broadcast(flat(q).q);
  const auto subtract = [=](Vector x, Vector y) {
    const Vector difference = _mm512_sub_epi64(x, y);  // a large number where it is negative
    return _mm512_min_epu64(difference, _mm512_add_epi64(difference, modulus));
  };
  map(subtract, count, dst, a, b);
}

void negate_avx512(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, std::size_t count) noexcept {
  const Vector modulus = broadcast(flat(q).q);
  const auto negate = [=](Vector x) {
    return _mm512_maskz_sub_epi64(_mm512_test_epi64_mask(x, x), modulus, x);  // 0 stays 0
  };
  map(negate, count, dst, a);
}

void multiply_avx512(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b,
                     std::size_t count) noexcept {
  const Barrett barrett = barrett_of(flat(q));
  map([=](Vector x, Vector y) { return canonical(multiply_lazy(zero(), x, y, barrett), barrett.ring); },
      count, dst, a, b);
}

void multiply_add_avx512(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b,
                         std::size_t count) noexcept {
  const Barrett barrett = barrett_of(flat(q));
  map([=](Vector sum, Vector x,
          Vector y) { return canonical(multiply_lazy(sum, x, y, barrett), barrett.ring); },
      count, dst, dst, a, b);
}

void scalar_multiply_avx512(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a,
                            std::uint64_t scalar, std::size_t count) noexcept {
  const Ring ring = ring_of(flat(q));
  const Root factor = root_of(shoup52(scalar, q));
  map([=](Vector x) { return subtract_once(product(x, factor, ring), ring.q); }, count, dst, a);
}

void scalar_multiply_add_avx512(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a,
                                std::uint64_t scalar, std::size_t count) noexcept {
  const Ring ring = ring_of(flat(q));
  const Root factor = root_of(shoup52(scalar, q));
  const auto multiply_add = [=](Vector sum, Vector x) {
    return canonical(_mm512_add_epi64(sum, product(x, factor, ring)), ring);
  };
  map(multiply_add, count, dst, dst, a);
}

void reduce_avx512(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, std::size_t count) noexcept {
  const WordReducer reducer = word_reducer(q);
  map([=](Vector x) { return reduce_word(x, zero(), reducer); }, count, dst, a);
}

// Flipping the top bit adds 2^63, which the offset takes back.
void reduce_accumulator_avx512(const Modulus& q, std::uint64_t* dst, const std::int64_t* accumulator,
                               std::size_t count) noexcept {
  const WordReducer reducer = word_reducer(q);
  const Vector top_bit = broadcast(std::uint64_t{1} << 63);
  const Vector offset = broadcast(flat(q).q - shoup52_power_of_two(63, q).w);
  map([=](Vector x) { return reduce_word(_mm512_xor_si512(x, top_bit), offset, reducer); }, count, dst,
      reinterpret_cast<const std::uint64_t*>(accumulator));
}

void subtract_multiply_avx512(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a,
                              const std::uint64_t* b, std::uint64_t scalar, std::size_t count) noexcept {
  const Ring ring = ring_of(flat(q));
  const Root factor = root_of(shoup52(scalar, q));
  const auto subtract_multiply = [=](Vector x, Vector y) {
    const Vector difference = _mm512_sub_epi64(_mm512_add_epi64(x, ring.q), y);  // in (0, 2q)
    return subtract_once(product(difference, factor, ring), ring.q);
  };
  map(subtract_multiply, count, dst, a, b);
}

void reduce_centered_avx512(const Modulus& q, std::uint64_t* dst, const std::uint64_t* a, const Modulus& from,
                            std::size_t count) noexcept {
  const Ring ring = ring_of(flat(q));
  const Root one = root_of(shoup52_power_of_two(0, q));
  const std::uint64_t from_q = flat(from).q;
  const Vector half = broadcast(from_q / 2), minus_from = broadcast(minus_residue(from, q));
  const auto reduce = [=](Vector x) {
    const Vector r = remainder(x, multiply_high(zero(), x, one.quotient), ring);  // in [0, 2q)
    const __mmask8 is_upper = _mm512_cmpgt_epu64_mask(x, half);
    return canonical(_mm512_mask_add_epi64(r, is_upper, r, minus_from), ring);
  };
  map(reduce, count, dst, a);
}

}  // namespace fcn::ntt
