// Residues as 52-bit integers, eight at a time: arithmetic modulo q < 2^50 with the 52-bit multiply-adds of AVX-512 IFMA.
// Only for *_avx512.cpp.
//
// multiply_low and multiply_high add the lower and the upper 52 bits of a product of two 52-bit numbers to 64 bits; they
// ignore what lies above bit 51 of their factors. 4q < 2^52.
//
// Product of a < 2^52 and a constant w < q with quotient = floor(w * 2^52 / q), Shoup's:
//   estimate = floor(a * quotient / 2^52),   r = a*w - estimate*q
// a*w/q - a*quotient/2^52 is in [0, a/2^52), and the floor takes off less than 1: r is in [0, 2q). It is known modulo
// 2^52 from the lower halves of a*w and of estimate * (2^52 - q), and 2q < 2^52: one mask.
//
// A sum of products a_i*w_i is reduced at once: the estimates add up, each short by less than a_i/2^52 + 1, and so does
// the remainder, as long as it is below 2^52. A term w = 1 with quotient floor(2^52 / q) reduces a_i alone.
// Source: Harvey, "Faster arithmetic for number-theoretic transforms" (2014), section 2, with 2^52 for the word.
#pragma once

#include "flat.h"
#include "vector_avx512.h"

namespace fcn::ntt {
namespace {

struct Ring {
  Vector q, twice_q, minus_q, mask;  // q, 2q, 2^52 - q, 2^52 - 1
};

struct Root {
  Vector w, quotient;
};

FCN_INLINE Ring ring_of(const FlatModulus& modulus) {
  constexpr std::uint64_t kTwo52 = std::uint64_t{1} << 52;
  return {broadcast(modulus.q), broadcast(2 * modulus.q), broadcast(kTwo52 - modulus.q),
          broadcast(kTwo52 - 1)};
}

FCN_INLINE Root root_of(const Shoup52& constant) {
  return {broadcast(constant.w), broadcast(constant.quotient)};
}

// sum + the lower, or upper, 52 bits of a * b.
FCN_INLINE Vector multiply_low(Vector sum, Vector a, Vector b) {
  return _mm512_madd52lo_epu64(sum, a, b);
}
FCN_INLINE Vector multiply_high(Vector sum, Vector a, Vector b) {
  return _mm512_madd52hi_epu64(sum, a, b);
}
FCN_INLINE Vector zero() {
  return _mm512_setzero_si512();
}

// low - estimate * q, which is in [0, 2^52), from the lower 52 bits of both. low: any bits above.
FCN_INLINE Vector remainder(Vector low, Vector estimate, Ring ring) {
  return _mm512_and_si512(multiply_low(low, estimate, ring.minus_q), ring.mask);
}

// a < 2^52. Out: a * w in [0, 2q).
FCN_INLINE Vector product(Vector a, Root root, Ring ring) {
  const Vector estimate = multiply_high(zero(), a, root.quotient);
  return remainder(multiply_low(zero(), a, root.w), estimate, ring);
}

// a < 4q, to [0, q).
FCN_INLINE Vector canonical(Vector a, Ring ring) {
  return subtract_once(subtract_once(a, ring.twice_q), ring.q);
}

}  // namespace
}  // namespace fcn::ntt
